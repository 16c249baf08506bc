"""Everything in one process: database, API, engine and, for trials, the sandbox platform."""

import asyncio
import importlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import httpx
import structlog

from overture import clock, first_start, main, processes, sandbox_server, serving
from overture.actions import invitations
from overture.actions.context import Context
from overture.clock import WallClock
from overture.engine.conductor import Conductor
from overture.engine.posting import Poster
from overture.errors import StartError
from overture.sandbox import accounts as sandbox_accounts
from overture.settings import Settings
from overture.store import conducting, teams, virtual
from overture.store.pool import Pool
from overture.store.virtual import VirtualClock

_log = structlog.get_logger(__name__)
_RETRY_SECONDS = 0.5
CONDUCTOR_GRACE_SECONDS = 0.5
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class VirtualTime:
    """A clock of our own: where it starts (None = the present), and how many times as fast as the machine's it may
    go (None = as fast as the work allows)."""

    start: datetime | None
    speed: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What `overture up` was asked for."""

    host: str
    port: int
    crowd: sandbox_server.Crowd | None
    virtual_time: VirtualTime | None


async def run(settings: Settings, options: Options, say: Say) -> None:
    """Run until told to stop; whatever is here ends in the reverse order of its start: API, engine, sandbox, database.

    Args:
        settings: the data directory, and an external database if there is one.
        options: what to serve where, and on which clock.
        say: tells the operator one line.

    Raises:
        StartError: and the other errors of a start, each in plain words.
    """
    stopping = processes.stop_signal()
    async with AsyncExitStack() as stack:
        api_port, sandbox_port = _take_ports(stack, options)
        if options.virtual_time is not None and options.crowd is None:
            await _require_sandbox(settings.platform_urls["twitter"])
        # Loading the API takes as long as starting the database: both at once.
        loading = asyncio.create_task(asyncio.to_thread(importlib.import_module, "overture.api.app"))
        pool = await _database(stack, settings)
        if stopping.is_set():
            return
        keys = main.keys_of(settings, may_create=True)
        reached = await _settle_time(stack, pool, options.virtual_time)
        await main.settle_delivery(settings, pool)
        engine_clock = WallClock() if reached is None else VirtualClock(pool)
        parts = await stack.enter_async_context(
            main.parts_of(
                pool,
                keys=keys,
                engine_clock=engine_clock,
                is_dry=settings.dry_run,
                refusals=main.refusals_of(settings),
                poster=Poster(allows_private=settings.webhooks_to_private_networks),
                x_price_list=main.x_price_list_of(settings),
                x_likes=settings.x_likes,
                wish=main.wish_of(settings, listening=serving.url(api_port)),
            )
        )
        tasks: list[asyncio.Task[None]] = []
        urls = settings.platform_urls
        beside = None
        if sandbox_port is not None and options.crowd is not None:
            sandbox = sandbox_server.make(
                options.crowd, record=settings.sandbox_record, start=reached, may_like=settings.x_likes
            )
            tasks.append(await stack.enter_async_context(sandbox_server.served(sandbox, sandbox_port)))
            urls = {platform: serving.url(sandbox_port) for platform in urls}
            beside = httpx.ASGITransport(app=sandbox)
            if isinstance(engine_clock, VirtualClock):
                await _finish_step(urls["twitter"], engine_clock)
        engine = parts.engine()
        context = parts.context(engine.wake)
        entry = await first_start.enter(context, settings.token_file)
        if sandbox_port is not None:
            await first_start.link_sandbox(
                context,
                entry.actor,
                base_url=urls["twitter"],
                sending=sandbox_accounts.DEFAULT,
                # A virtual clock stands still until everything is done, and a stream never is.
                tells=reached is None,
            )
        tasks.append(await stack.enter_async_context(main.working(engine)))
        if options.virtual_time is not None and isinstance(engine_clock, VirtualClock):
            # The clock of a sandbox in this process is moved without a socket between: it is moved before every step.
            client = await stack.enter_async_context(
                httpx.AsyncClient(base_url=urls["twitter"], timeout=10.0, transport=beside)
            )
            conductor = Conductor(
                pool=pool,
                engine=engine,
                clock=engine_clock,
                move_platform=lambda instant: _move_sandbox(client, instant),
                speed=options.virtual_time.speed,
            )
            tasks.append(await stack.enter_async_context(_conducting(conductor)))
        await loading
        from overture.api import app as api  # noqa: PLC0415 - loaded above, beside the start of the database
        from overture.api import page  # noqa: PLC0415 - the same

        application = api.create_app(
            context,
            platform_urls=urls,
            call_limits=settings.call_limits,
            cors_origins=settings.browser_origins,
            public_url=settings.public_address(serving.url(api_port)),
            allows_private_webhooks=settings.webhooks_to_private_networks,
        )
        tasks.append(await stack.enter_async_context(serving.served(application, api_port)))
        for line in _announcement(settings, options, entry, api_port, sandbox_port, reached):
            say(line)
        if page.is_built():
            for line in await _welcome(context, entry, settings.public_address(serving.url(api_port))):
                say(line)
        say("Ctrl-C stops it.")
        await processes.until(stopping, tasks)
        say("Stopping.")


def _take_ports(stack: AsyncExitStack, options: Options) -> tuple[socket.socket, socket.socket | None]:
    api_port = stack.enter_context(serving.listen(options.host, options.port))
    if options.crowd is None:
        return api_port, None
    beside = options.port + 1 if options.port else 0
    return api_port, stack.enter_context(serving.listen(options.host, beside))


async def _database(stack: AsyncExitStack, settings: Settings) -> Pool:
    dsn = await stack.enter_async_context(main.own_database(settings))
    pool = await stack.enter_async_context(main.pool_of(dsn, role="up"))
    await main.prepare_schema(settings, pool)
    return pool


async def _settle_time(stack: AsyncExitStack, pool: Pool, asked: VirtualTime | None) -> datetime | None:
    """Return the instant the virtual clock stands at, None in real time; data never pass from one to the other.

    Raises:
        StartError: the data belong to the other kind of time, or another process moves their clock.
    """
    async with pool.acquire() as connection:
        reached = await virtual.read(connection)
        has_data = bool(await teams.read_all(connection))
    if asked is None:
        if reached is None:
            return None
        raise StartError(
            f"These data were made in virtual time, which stands at {reached.isoformat()}: real time would jump over "
            "what is due in between. Go on with --speed N, or choose another data directory with --data."
        )
    if reached is None and has_data:
        raise StartError(
            "These data were made in real time and cannot go on in virtual time. Leave out --start and --speed, or "
            "choose another data directory with --data."
        )
    holder = await stack.enter_async_context(pool.acquire())
    if not await conducting.claim(holder):
        raise StartError("Another Overture process moves the clock of this database. Stop that one first.")
    return await virtual.start(holder, asked.start or clock.wall_now().replace(microsecond=0))


async def _require_sandbox(base_url: str) -> None:
    """Make sure that a platform is a sandbox: nobody real may be written to in virtual time.

    Raises:
        StartError: it is not, or it does not answer.
    """
    try:
        async with httpx.AsyncClient(base_url=base_url, timeout=10.0) as client:
            response = await client.get("/_sandbox/health")
            if response.status_code == 200 and response.json() == {"ok": True}:
                return
    except (httpx.HTTPError, ValueError) as error:
        _log.info("no_sandbox", base_url=base_url, error=repr(error))
    raise StartError(
        f"Virtual time is for the sandbox alone, and {base_url} is none. Add --sandbox, or set OVERTURE_X_BASE_URL to "
        "a sandbox that runs."
    )


async def _finish_step(base_url: str, engine_clock: VirtualClock) -> None:
    """Catch up with the sandbox: a kill between the conductor's two moves leaves it one step ahead of us."""
    async with httpx.AsyncClient(base_url=base_url, timeout=10.0) as client:
        response = await client.get("/_sandbox/clock")
        response.raise_for_status()
    await engine_clock.move(datetime.fromisoformat(response.json()["now"]))


async def _move_sandbox(client: httpx.AsyncClient, instant: datetime) -> None:
    """Move the sandbox's clock; one that runs elsewhere may be gone for a while."""
    while True:
        try:
            response = await client.post("/_sandbox/clock", json={"now": instant.isoformat()})
            response.raise_for_status()
            return
        except httpx.TransportError as error:
            _log.warning("sandbox_gone", error=repr(error))
            await asyncio.sleep(_RETRY_SECONDS)


@asynccontextmanager
async def _conducting(conductor: Conductor) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(conductor.run())
    try:
        yield task
    finally:
        conductor.stop()
        await processes.end(task, grace_seconds=CONDUCTOR_GRACE_SECONDS)


def _announcement(
    settings: Settings,
    options: Options,
    entry: first_start.Entry,
    api_port: socket.socket,
    sandbox_port: socket.socket | None,
    reached: datetime | None,
) -> list[str]:
    address = serving.url(api_port)
    lines = ["Overture is ready.", f"  API      {address}/api/v2 (documentation: {address}/docs)"]
    if entry.new_token is not None:
        lines.append(f"  Token    {entry.new_token} (kept in {settings.token_file})")
    elif entry.is_token_open:
        lines.append(f"  Token    in {settings.token_file}")
    else:
        lines.append(f"  Token    the one in {settings.token_file} opens nothing; make one: overture token create")
    if sandbox_port is not None:
        lines.append(
            f"  Sandbox  {serving.url(sandbox_port)} (accounts {sandbox_server.account_names()}; "
            f"record in {settings.sandbox_record})"
        )
    if reached is not None and options.virtual_time is not None:
        speed = options.virtual_time.speed
        pace = "as fast as the work allows" if speed is None else f"{speed:g} times as fast as real time"
        lines.append(f"  Clock    {reached.isoformat()}, {pace}")
    if settings.dry_run:
        lines.append("  Dry run  campaigns only simulate sending: nothing is delivered")
    return lines


async def _welcome(context: Context, entry: first_start.Entry, address: str) -> list[str]:
    """Say where the page is and, as long as nobody can sign in, where the owner chooses a password."""
    lines = [f"  Page     {address}"]
    invitation = await invitations.invite_first(context, entry.actor)
    if invitation is not None:
        until = f"{invitation.ends_at:%Y-%m-%d %H:%M} UTC"
        lines.append(f"  Sign in  first choose a password, once, until {until}:")
        lines.append(f"           {address}{invitations.PATH}#{invitation.secret}")
    return lines
