"""The installation, looked at from end to end."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

from overture import clock, main
from overture.actions.accounts import MANUAL
from overture.doctor.finding import Finding, problem
from overture.errors import StartError
from overture.secrets import KeyUnusable, SealBroken, Sealer
from overture.settings import Settings
from overture.store import checkup, delivery, migrate, seals, virtual
from overture.store.pool import DatabaseUnreachable, Pool
from overture.store.server_user import EmbeddedError

CLOCK_TOLERANCE = timedelta(seconds=5)
INBOX_PATIENCE = timedelta(hours=3)


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Yield findings as they are made; what rests on something broken is left out."""
    async with AsyncExitStack() as stack:
        try:
            is_stopped = await main.is_stopped(settings)
            dsn = await stack.enter_async_context(main.any_database(settings))
            pool = await stack.enter_async_context(main.pool_of(dsn, size=2))
        except (StartError, EmbeddedError, DatabaseUnreachable) as error:
            yield problem("database", str(error))
            return
        yield await _database(settings, pool, is_stopped=is_stopped)
        schema = await _schema(settings, pool)
        yield schema
        yield await _clock(pool)
        if schema.is_problem:
            return
        for finding in [
            *await _delivery(settings, pool),
            *await _teams(pool),
            *await _accounts(settings, pool, is_stopped=is_stopped),
            *await _duties(pool),
            *await _former_keys(settings, pool),
            *_refusals(settings),
        ]:
            yield finding


def _refusals(settings: Settings) -> list[Finding]:
    """Tell what the operator adds to the table of X's refusals."""
    try:
        own = main.refusals_of(settings)
    except StartError as error:
        return [problem("refusals", str(error))]
    if settings.x_refusals is None:
        return []
    return [Finding(place="refusals", text=f"{len(own)} of your own, from {settings.x_refusals}.")]


async def _database(settings: Settings, pool: Pool, *, is_stopped: bool) -> Finding:
    where = "external"
    if settings.external_database is None:
        where = f"embedded, in {settings.data}" + (" (stopped; started for this look)" if is_stopped else "")
    async with pool.acquire() as connection:
        return Finding(place="database", text=f"PostgreSQL {await checkup.version(connection)}, {where}.")


async def _schema(settings: Settings, pool: Pool) -> Finding:
    async with pool.acquire() as connection:
        status = await migrate.status(connection)
        try:
            await migrate.require(connection)
        except migrate.SchemaTooOld as error:
            advice = "" if settings.external_database else " (`overture up` does so by itself)"
            return problem("schema", f"{error}{advice}")
        except migrate.MigrationError as error:
            return problem("schema", str(error))
    return Finding(place="schema", text=f"version {status.current}, as this program needs it.")


async def _clock(pool: Pool) -> Finding:
    async with pool.acquire() as connection:
        instant = await virtual.read(connection) if await checkup.has_schema(connection) else None
        before = clock.wall_now()
        theirs = await checkup.instant(connection)
        after = clock.wall_now()
    apart = max(before - theirs, theirs - after, timedelta())
    if apart > CLOCK_TOLERANCE:
        seconds = round(apart.total_seconds())
        return problem(
            "clock", f"This machine and the database's are {seconds} s apart: set both by a time server (NTP)."
        )
    if instant is not None:
        return Finding(place="clock", text=f"virtual, at {instant.isoformat()}; `overture up --speed N` goes on.")
    return Finding(place="clock", text="real time; this machine and the database agree.")


async def _delivery(settings: Settings, pool: Pool) -> list[Finding]:
    """Say of a dry run that it is one; what delivers is as it should be."""
    async with pool.acquire() as connection:
        is_dry = await delivery.read(connection)
    if is_dry is None or is_dry == settings.dry_run:
        return [Finding(place="delivery", text="a dry run: nothing is delivered.")] if is_dry else []
    if is_dry:
        return [problem("delivery", "This database holds dry runs. Set OVERTURE_DRY_RUN=1 for every process.")]
    return [problem("delivery", "OVERTURE_DRY_RUN is set, but this database delivers. Leave the setting out.")]


async def _teams(pool: Pool) -> list[Finding]:
    async with pool.acquire() as connection:
        open_tokens = await checkup.open_tokens(connection)
    if not open_tokens:
        return [problem("teams", "There is no team yet. Start `overture up`, or make a token: overture token create")]
    closed = [name for name, count in open_tokens if count == 0]
    if closed:
        return [problem("teams", f"No token opens {', '.join(closed)}. Make one: overture token create --team ID")]
    return [Finding(place="teams", text=f"{len(open_tokens)}, each with a token that opens it.")]


async def _accounts(settings: Settings, pool: Pool, *, is_stopped: bool) -> list[Finding]:
    async with pool.acquire() as connection:
        now = await virtual.read(connection) or clock.wall_now()
        accounts = await checkup.accounts(connection)
    if not accounts:
        return [Finding(place="accounts", text="none is linked yet; link one with POST /api/v2/account-links.")]
    try:
        sealer = Sealer(main.keys_of(settings, may_create=False))
    except (StartError, KeyUnusable) as error:
        advice = "Put the key there that sealed them, or link the accounts anew."
        return [problem("accounts", f"Their tokens cannot be opened. {error} {advice}")]
    problems = [
        problem("accounts", f"@{account.username}{text}")
        for account in accounts
        if (text := _trouble(account, sealer, None if is_stopped else now)) is not None
    ]
    return problems or [Finding(place="accounts", text=f"{len(accounts)} linked, all in order.")]


def _trouble(account: checkup.AccountState, sealer: Sealer, now: datetime | None) -> str | None:
    """Say what is wrong with an account. Where nothing is at work (`now` is None) no inbox need be read."""
    try:
        sealer.open(account.sealed_token, context=f"{account.team_id}:{account.id}")
    except SealBroken as error:
        return f": {error}"
    if account.status == "offline":
        return " is offline: the platform refuses its token. Link it again with a new one."
    if account.status == "paused" and list(account.pause_reasons) != [MANUAL]:
        reasons = ", ".join(account.pause_reasons)
        return (
            f" is paused ({reasons}). Overture tries it again a day after it stopped. Look into it on the platform; "
            "set its status to active to try at once."
        )
    if now is not None and account.status == "active" and now - account.read_at > INBOX_PATIENCE:
        return (
            f": its inbox was last read to the end at {account.read_at.isoformat()}. Make sure that `overture up` or "
            "`overture worker` runs and that the platform answers."
        )
    return None


async def _duties(pool: Pool) -> list[Finding]:
    async with pool.acquire() as connection:
        broken = await checkup.broken_duties(connection)
    if not broken:
        return [Finding(place="engine", text="nothing it does by itself has broken.")]
    return [
        problem("engine", f"{kind} of {key} broke: {error}. It is tried again by itself; if it stays, report it.")
        for kind, key, error in broken
    ]


async def _former_keys(settings: Settings, pool: Pool) -> list[Finding]:
    """Say of keys that are being replaced whether they are needed still."""
    try:
        keys = main.keys_of(settings, may_create=False)
    except (StartError, KeyUnusable):
        return []
    if len(keys) == 1:
        return []
    async with pool.acquire() as connection:
        counts = [await seals.count_former(connection, place, mark=Sealer(keys).mark) for place in seals.PLACES]
    if sum(counts):
        return [problem("keys", f"{sum(counts)} secrets are sealed under a former key: run `overture rotate-key`.")]
    return [Finding(place="keys", text="nothing is sealed under a former key; leave those out.")]
