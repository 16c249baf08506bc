"""What the operator does once, from the command line: migrate, make, list and revoke tokens, invite a member."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from overture import clock, first_start, main
from overture.actions import invitations, members, teams, tokens
from overture.actions.context import Context, operator
from overture.errors import NotFound, StartError
from overture.secrets import KEY_BYTES
from overture.settings import DEFAULT_PUBLIC_URL, Settings
from overture.store import migrate as schema
from overture.store.teams import Team

Say = Callable[[str], None]


async def migrate(settings: Settings, *, say: Say) -> None:
    """Apply pending migrations; the embedded database is made if there is none.

    Raises:
        MigrationError: one of its kinds.
    """
    async with (
        main.any_database(settings, may_create=True) as dsn,
        main.pool_of(dsn, size=1) as pool,
        pool.acquire() as connection,
    ):
        applied = await schema.migrate(connection, now=clock.wall_now())
        status = await schema.status(connection)
    done = f"Applied {', '.join(f'{version:04}' for version in applied)}." if applied else "Nothing to do."
    say(f"{done} The database has schema {status.current}.")


async def create_token(settings: Settings, *, team_id: str | None, name: str, say: Say) -> None:
    """Make a token, and the first team if there is none.

    Raises:
        StartError: there are several teams and none was named.
        NotFound: there is no such team.
    """
    async with _context(settings) as context:
        known = await teams.read_all(context)
        if not known and team_id is None:
            await main.settle_delivery(settings, context.pool)
            known = [await teams.create(context, name=first_start.TEAM_NAME, owner_name=first_start.OWNER_NAME)]
        team = _choose(known, team_id)
        token, secret = await tokens.create(context, operator(team.id), name=name)
    say(secret)
    say(f"Keep it: it is not shown again. It opens {team.name} ({team.id}); its id is {token.id}.")


async def list_tokens(settings: Settings, *, team_id: str | None, say: Say) -> None:
    """List the tokens of all teams, or of one.

    Raises:
        NotFound: there is no such team.
    """
    async with _context(settings) as context:
        known = await teams.read_all(context)
        chosen = known if team_id is None else [_choose(known, team_id)]
        known_tokens = {team.id: await tokens.read_all(context, team_id=team.id) for team in chosen}
    for team in chosen:
        say(f"{team.name} ({team.id})")
        for token in known_tokens[team.id]:
            state = "open" if token.revoked_at is None else f"revoked {token.revoked_at:%Y-%m-%d %H:%M} UTC"
            say(f"  {token.id}  made {token.created_at:%Y-%m-%d %H:%M} UTC  {state}  {token.name}")
    if not any(known_tokens.values()):
        say("No tokens. Make one: overture token create")


async def revoke_token(settings: Settings, *, token_id: str, say: Say) -> None:
    """Make a token open nothing from now on.

    Raises:
        NotFound: no team has such a token.
    """
    async with _context(settings) as context:
        for team in await teams.read_all(context):
            if token_id in {token.id for token in await tokens.read_all(context, team_id=team.id)}:
                await tokens.revoke(context, operator(team.id), token_id=token_id)
                say(f"{token_id} opens nothing any more.")
                return
    raise StartError(f"There is no token {token_id!r}. See: overture token list")


async def invite(settings: Settings, *, team_id: str | None, member: str | None, say: Say) -> None:
    """Print a one-time address at which a member, named by id or address, chooses a password; the first owner if None.

    Raises:
        StartError: there is no team, or there are several and none was named.
        NotFound: there is no such team or member.
    """
    async with _context(settings) as context:
        known = await teams.read_all(context)
        if not known and team_id is None:
            raise StartError("There is no team yet. Make one: overture token create")
        actor = operator(_choose(known, team_id).id)
        named = await members.named(context, actor, reference=member)
        made = await invitations.invite(context, actor, member_id=named.id)
    say(f"{settings.public_address(DEFAULT_PUBLIC_URL)}{invitations.PATH}#{made.secret}")
    say(f"{named.name} chooses a password there: once, until {made.ends_at:%Y-%m-%d %H:%M} UTC.")
    if settings.public_url is None:
        say("If Overture is not reached at that address, put its own in front, or set OVERTURE_PUBLIC_URL.")


@asynccontextmanager
async def _context(settings: Settings) -> AsyncIterator[Context]:
    async with AsyncExitStack() as stack:
        dsn = await stack.enter_async_context(main.any_database(settings))
        pool = await stack.enter_async_context(main.pool_of(dsn, size=2))
        await main.prepare_schema(settings, pool)
        # Tokens are hashed, not sealed: nothing is ever sealed with this key.
        parts = main.parts_of(pool, keys=[os.urandom(KEY_BYTES)], engine_clock=await main.current_clock(pool))
        yield (await stack.enter_async_context(parts)).context()


def _choose(known: list[Team], team_id: str | None) -> Team:
    if team_id is None and len(known) == 1:
        return known[0]
    if team_id is None:
        names = ", ".join(f"{team.name} ({team.id})" for team in known)
        raise StartError(f"There are several teams: {names}. Name one with --team ID.")
    found = next((team for team in known if team.id == team_id), None)
    if found is None:
        raise NotFound("team", team_id)
    return found
