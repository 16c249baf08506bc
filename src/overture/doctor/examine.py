"""The doctor's whole look: at the installation, and at X where that is asked for."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

from overture import main
from overture.actions import teams
from overture.actions.context import operator
from overture.api import callbacks, hooks
from overture.channels.x.checkup import Checkup
from overture.channels.x.client import Client
from overture.doctor import installation, x
from overture.doctor.finding import Finding, problem
from overture.doctor.x import Around, Ask
from overture.errors import NotFound, StartError
from overture.secrets import KeyUnusable
from overture.settings import DEFAULT_PUBLIC_URL, Settings

_SECONDS = 10.0


async def examine(settings: Settings, *, asks_x: bool, team_id: str | None, ask: Ask) -> AsyncIterator[Finding]:
    """Yield findings as they are made; what rests on something broken is left out.

    `ask` is asked before anything is sent. `team_id` leaves only that team to be looked at on X.

    Raises:
        NotFound: there is no such team.
    """
    is_sound = True
    async for finding in installation.examine(settings):
        is_sound &= not (finding.is_problem and finding.place in ("database", "schema"))
        yield finding
    if asks_x and is_sound:
        async for finding in _of_x(settings, team_id, ask):
            yield finding


async def _of_x(settings: Settings, team_id: str | None, ask: Ask) -> AsyncIterator[Finding]:
    async with AsyncExitStack() as stack:
        try:
            keys = main.keys_of(settings, may_create=False)
            refusals = main.refusals_of(settings)
            prices = main.x_price_list_of(settings)
        except (StartError, KeyUnusable) as error:
            yield problem("x", str(error))
            return
        dsn = await stack.enter_async_context(main.any_database(settings))
        pool = await stack.enter_async_context(main.pool_of(dsn, size=4))
        clock = await main.current_clock(pool)
        parts = main.parts_of(
            pool,
            keys=keys,
            engine_clock=clock,
            is_dry=settings.dry_run,
            refusals=refusals,
            x_price_list=prices,
            x_likes=settings.x_likes,
        )
        context = (await stack.enter_async_context(parts)).context()
        client = Client(timeout=_SECONDS, transport=None)
        stack.push_async_callback(client.close)
        around = Around(
            public_url=None if settings.public_url is None else settings.public_address(DEFAULT_PUBLIC_URL),
            hook=hooks.PATH,
            callback=f"{settings.public_address(DEFAULT_PUBLIC_URL)}{callbacks.PATH}",
            is_dry=settings.dry_run,
        )
        known = await teams.read_all(context)
        chosen = [team for team in known if team_id in (None, team.id)]
        if team_id is not None and not chosen:
            raise NotFound("team", team_id)
        for team in chosen:
            if len(chosen) > 1:
                yield Finding(place="x", text=f"{team.name} ({team.id}):")
            look = x.Examination(context, operator(team.id), checkup=Checkup(client), around=around, ask=ask)
            async for finding in look.findings():
                yield finding
