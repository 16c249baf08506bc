"""The composition root: settings become a database, channels, keys and clocks, and these become processes."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import structlog

from overture import clock, processes, secrets
from overture.actions.context import Context
from overture.channels.dry import DryChannel
from overture.channels.registry import Registry
from overture.channels.x import prices
from overture.channels.x import refusals as x_refusals
from overture.channels.x.channel import XChannel
from overture.channels.x.refusals import RefusalsUnusable, Row
from overture.clock import EngineClock, WallClock
from overture.core import costs
from overture.core.costs import PriceList
from overture.core.words import AnswerWay
from overture.engine.listening import POLL_ALONE, Wish
from overture.engine.posting import Poster
from overture.engine.supervisor import Engine
from overture.errors import StartError
from overture.secrets import Sealer
from overture.settings import Settings
from overture.store import delivery, migrate, virtual
from overture.store.embedded import Embedded
from overture.store.pool import Pool, open_pool, program_name
from overture.store.server_user import EmbeddedError
from overture.store.virtual import VirtualClock

_log = structlog.get_logger(__name__)

POOL_SIZE = 20
_CLOSE_SECONDS = 0.5
_REVIVAL_SECONDS = 2.0
ENGINE_GRACE_SECONDS = 2.0
"""How long an engine that stops waits for the platform's answers. What is cut off stays an open intent: the next
engine reads the conversation."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What every process is made of."""

    pool: Pool
    clock: EngineClock
    channels: Registry
    sealer: Sealer
    poster: Poster | None = None
    wish: Wish = POLL_ALONE

    def context(self, wake: Callable[[], None] = lambda: None) -> Context:
        """Return what actions work with; `wake` tells an engine in this process that work has come."""
        return Context(pool=self.pool, clock=self.clock, channels=self.channels, sealer=self.sealer, wake=wake)

    def engine(self) -> Engine:
        """Make an engine."""
        return Engine(
            pool=self.pool,
            clock=self.clock,
            channels=self.channels,
            sealer=self.sealer,
            poster=self.poster,
            wish=self.wish,
            draws=random.Random(),  # noqa: S311 - draws spread the pace; nothing rests on their secrecy
        )


@asynccontextmanager
async def own_database(settings: Settings) -> AsyncIterator[str]:
    """Yield the address of the database: the operator's, or the embedded one, which runs as long as we do.

    An embedded one that breaks down, as when its disk is full, is started again as soon as that works.
    """
    if settings.external_database is not None:
        yield settings.external_database
        return
    server = Embedded(settings.data)
    try:
        dsn = await asyncio.to_thread(server.start)
        keeping = asyncio.create_task(_keep_alive(server))
        try:
            yield dsn
        finally:
            keeping.cancel()
            await asyncio.wait([keeping])
    finally:
        await asyncio.to_thread(server.stop)


async def _keep_alive(server: Embedded) -> None:
    while True:
        await asyncio.sleep(_REVIVAL_SECONDS)
        # Shielded: a start that is under way at our end must not go on beside the stop.
        reviving = asyncio.create_task(asyncio.to_thread(server.revive))
        try:
            if await asyncio.shield(reviving):
                _log.warning("database_started_again")
        except (EmbeddedError, OSError) as error:
            _log.error("database_does_not_start", error=str(error))
        except asyncio.CancelledError:
            await asyncio.wait([reviving])
            raise


@asynccontextmanager
async def any_database(settings: Settings, *, may_create: bool = False) -> AsyncIterator[str]:
    """Yield the address of the database for a short command: a running embedded server is used as it is.

    Raises:
        StartError: no database has been made yet, and `may_create` does not allow it.
    """
    if settings.external_database is None and not await is_stopped(settings, may_create=may_create):
        yield Embedded(settings.data).dsn
        return
    async with own_database(settings) as dsn:
        yield dsn


async def is_stopped(settings: Settings, *, may_create: bool = False) -> bool:
    """Tell whether the embedded database is there but not running; False for an external one.

    Raises:
        StartError: no database has been made yet, and `may_create` does not allow it.
        EmbeddedError: the data directory cannot be looked into.
    """
    if settings.external_database is not None:
        return False
    if not may_create and not (settings.data / "postgres").exists():
        raise StartError(
            f"There is no database in {settings.data.absolute()} yet. Start `overture up` there first, or name "
            "another data directory with --data."
        )
    return await asyncio.to_thread(Embedded(settings.data).running) is None


@asynccontextmanager
async def pool_of(
    dsn: str, *, size: int = POOL_SIZE, role: str = "command", idle_seconds: float | None = None
) -> AsyncIterator[Pool]:
    """Yield connections to the database; at the end, connections still at work are cut off.

    `role` is what `overture status` calls this process.
    """
    pool = await open_pool(dsn, size=size, name=program_name(role), idle_seconds=idle_seconds)
    try:
        yield pool
    finally:
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await pool.close()
        except TimeoutError:
            pool.terminate()


async def prepare_schema(settings: Settings, pool: Pool) -> None:
    """Bring the embedded database's schema up to date; only look at an external one's.

    Raises:
        MigrationError: the schema is not one this program can work with.
    """
    async with pool.acquire() as connection:
        if settings.external_database is None:
            await migrate.migrate(connection, now=clock.wall_now())
        await migrate.require(connection)


async def settle_delivery(settings: Settings, pool: Pool) -> None:
    """Make sure that a dry run stays one, and that what delivers does: the first start on a database decides.

    Raises:
        StartError: the database is of the other kind.
    """
    async with pool.acquire() as connection:
        is_dry = await delivery.decide(connection, is_dry=settings.dry_run)
    if is_dry and not settings.dry_run:
        raise StartError(
            "This database holds dry runs: nobody in it was really written to. Set OVERTURE_DRY_RUN=1, or use another "
            "data directory or database to deliver."
        )
    if settings.dry_run and not is_dry:
        raise StartError(
            "OVERTURE_DRY_RUN is set, but this database delivers: what a dry run writes down would be taken for what "
            "happened. Use another data directory or database for it, or leave the setting out."
        )


@asynccontextmanager
async def parts_of(
    pool: Pool,
    *,
    keys: list[bytes],
    engine_clock: EngineClock,
    is_dry: bool = False,
    refusals: tuple[Row, ...] = (),
    poster: Poster | None = None,
    x_price_list: PriceList = prices.PUBLISHED,
    x_likes: bool = False,
    wish: Wish = POLL_ALONE,
) -> AsyncIterator[Parts]:
    """Yield the parts of a process around an open pool.

    `is_dry` lets it send no messages; `refusals` are the operator's; without a `poster` its engine serves no webhooks.
    `wish`: by which way answers are to come.
    """
    channel = XChannel(timeout=10.0, refusals=refusals, price_list=x_price_list, likes=x_likes)
    channels = Registry([DryChannel(channel) if is_dry else channel])
    try:
        yield Parts(pool=pool, clock=engine_clock, channels=channels, sealer=Sealer(keys), poster=poster, wish=wish)
    finally:
        await channels.close()


def wish_of(settings: Settings, *, listening: str | None) -> Wish:
    """Return by which way answers are to come; `listening`: where this process answers, None where it does not.

    Raises:
        StartError: X is to post to an address nobody has told.
    """
    if settings.x_answers == "poll":
        return POLL_ALONE
    address = None if listening is None and settings.public_url is None else settings.public_address(listening or "")
    if settings.x_answers == "webhook" and address is None:
        raise StartError("OVERTURE_X_ANSWERS is webhook: set OVERTURE_PUBLIC_URL to where X reaches the API.")
    # X posts to HTTPS alone, and to no other port. A sandbox on this machine takes what `webhook` insists on.
    parts = urlsplit(address or "")
    is_reached = parts.scheme == "https" and parts.port in (None, 443)
    if address is not None and (settings.x_answers == "webhook" or (settings.x_answers == "auto" and is_reached)):
        return Wish(way=AnswerWay.WEBHOOK, public_url=address)
    return Wish(way=AnswerWay.STREAM)


def x_price_list_of(settings: Settings) -> PriceList:
    """Return what the operator pays X: what the file says that is set, else what X has published.

    Raises:
        StartError: the file cannot be read, or holds no price list.
    """
    if settings.x_prices is None:
        return prices.PUBLISHED
    try:
        return costs.parse(settings.x_prices.read_text("utf-8"))
    except (OSError, UnicodeError, costs.PriceListInvalid) as error:
        raise StartError(f"OVERTURE_X_PRICES: {settings.x_prices} is no price list: {error}.") from error


def refusals_of(settings: Settings) -> tuple[Row, ...]:
    """Return what the operator knows of X's refusals beyond what this program knows.

    Raises:
        StartError: the file that is set makes no sense.
    """
    if settings.x_refusals is None:
        return ()
    try:
        return x_refusals.load(settings.x_refusals)
    except RefusalsUnusable as error:
        raise StartError(f"OVERTURE_X_REFUSALS is not right. {error}") from error


def keys_of(settings: Settings, *, may_create: bool) -> list[bytes]:
    """Return the keys that seal account tokens.

    Args:
        settings: they may hold the keys; otherwise the data directory does.
        may_create: make a key file if there is none. Processes that run apart must not: each would have its own.

    Raises:
        KeyUnusable: the keys are malformed, or the key file is open to others.
        StartError: there is no key.
    """
    if settings.secret_key is not None:
        return secrets.parse_keys(settings.secret_key.get_secret_value())
    try:
        if may_create or settings.key_file.exists():
            return secrets.load_or_create_keys(settings.key_file)
    except OSError as error:
        raise StartError(f"The key file {settings.key_file} cannot be used: {error}.") from error
    raise StartError(f"OVERTURE_SECRET_KEY is not set, and there is no key file {settings.key_file}.")


async def current_clock(pool: Pool) -> EngineClock:
    """Return the clock this database runs on."""
    return WallClock() if await virtual_instant(pool) is None else VirtualClock(pool)


async def virtual_instant(pool: Pool) -> datetime | None:
    """Return the instant a virtual run has reached; None where time is real."""
    async with pool.acquire() as connection:
        return await virtual.read(connection)


@asynccontextmanager
async def working(engine: Engine) -> AsyncIterator[asyncio.Task[None]]:
    """Run an engine; yields the task that ends only when it breaks. At the end it is given a moment to settle."""
    task = asyncio.create_task(engine.run())
    try:
        yield task
    finally:
        engine.stop()
        await processes.end(task, grace_seconds=ENGINE_GRACE_SECONDS)
