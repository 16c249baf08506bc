"""The API and the engine as processes of their own, over one external database, on any number of machines."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from overture import main, processes, serving
from overture.api import app as api
from overture.clock import WallClock
from overture.engine.posting import Poster
from overture.errors import StartError
from overture.settings import Settings

WORKER_IDLE_SECONDS = 60.0
"""How long a worker that was stopped, or cut off, may keep the rows of a transaction from the others."""


async def serve(settings: Settings, *, host: str, port: int, say: Callable[[str], None]) -> None:
    """Serve the API over an external database until told to stop.

    Raises:
        StartError: and the other errors of a start, each in plain words.
    """
    stopping = processes.stop_signal()
    with serving.listen(host, port) as listening:
        address = serving.url(listening)
        async with _parts(settings, "api") as parts:
            app = api.create_app(
                parts.context(),
                platform_urls=settings.platform_urls,
                call_limits=settings.call_limits,
                cors_origins=settings.browser_origins,
                public_url=settings.public_address(address),
                allows_private_webhooks=settings.webhooks_to_private_networks,
            )
            async with serving.served(app, listening) as task:
                say(f"Overture's API is ready: {address}/api/v2 (documentation: {address}/docs). Ctrl-C stops it.")
                await processes.until(stopping, [task])


async def work(settings: Settings, *, say: Callable[[str], None]) -> None:
    """Run the engine over an external database until told to stop.

    Raises:
        StartError: and the other errors of a start, each in plain words.
    """
    stopping = processes.stop_signal()
    async with (
        _parts(settings, "worker", idle_seconds=WORKER_IDLE_SECONDS) as parts,
        main.working(parts.engine()) as task,
    ):
        dry = " in a dry run, and delivers nothing" if settings.dry_run else ""
        say(f"An Overture worker is at work{dry}. Ctrl-C stops it.")
        await processes.until(stopping, [task])


@asynccontextmanager
async def _parts(settings: Settings, role: str, *, idle_seconds: float | None = None) -> AsyncIterator[main.Parts]:
    """Yield the parts of a process that shares an external database with others, in real time.

    Raises:
        StartError: no database is set, or it holds a virtual run.
    """
    dsn = settings.external_database
    if dsn is None:
        raise StartError(
            "Processes that run apart share one database: set OVERTURE_DATABASE_URL, as in "
            "postgresql://user:password@host/overture. For everything in one process use `overture up`."
        )
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(main.pool_of(dsn, role=role, idle_seconds=idle_seconds))
        await main.prepare_schema(settings, pool)
        instant = await main.virtual_instant(pool)
        if instant is not None:
            raise StartError(
                f"This database holds a run in virtual time, which stands at {instant.isoformat()}: real time would "
                "jump over what is due in between. Go on with `overture up --speed N`, or use another database."
            )
        await main.settle_delivery(settings, pool)
        keys = _common_keys(settings)
        parts = main.parts_of(
            pool,
            keys=keys,
            engine_clock=WallClock(),
            is_dry=settings.dry_run,
            refusals=main.refusals_of(settings),
            poster=Poster(allows_private=settings.webhooks_to_private_networks),
            x_price_list=main.x_price_list_of(settings),
            x_likes=settings.x_likes,
            wish=main.wish_of(settings, listening=None),
        )
        yield await stack.enter_async_context(parts)


def _common_keys(settings: Settings) -> list[bytes]:
    try:
        return main.keys_of(settings, may_create=False)
    except StartError as error:
        raise StartError(
            f"{error} Processes that run apart need one secret key in common: set OVERTURE_SECRET_KEY to the same "
            "value for all. For a new installation make one: openssl rand -base64 32"
        ) from error
