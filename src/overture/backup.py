"""`overture backup` and `overture restore`: everything in one file, and back into an empty database."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from importlib import metadata
from pathlib import Path

from overture import clock, main
from overture.errors import StartError
from overture.secrets import KeyUnusable, SealBroken, Sealer
from overture.settings import Settings
from overture.store import binaries, checkup, dumps, migrate, restored, server_user, virtual
from overture.store.binaries import Binaries
from overture.store.dumps import Header
from overture.store.pool import Pool

Say = Callable[[str], None]
HISTORY = timedelta(days=30)
"""How far back platforms show messages: X, the only one so far, 30 days."""


async def back_up(settings: Settings, *, file: Path, say: Say) -> None:
    """Write everything the database holds at one instant to a file, while everything goes on.

    Raises:
        StartError: there is no database yet.
        MigrationError: its schema is not this program's.
        DumpFailed: the file or the database refuses.
    """
    programs = _programs(settings)
    async with (
        main.any_database(settings) as dsn,
        main.pool_of(dsn, size=1) as pool,
        pool.acquire() as connection,
    ):
        await migrate.require(connection)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            header = Header(
                release=metadata.version("overture"),
                schema=(await migrate.status(connection)).current,
                made_at=await virtual.read(connection) or clock.wall_now(),
            )
            snapshot: str = await connection.fetchval("SELECT pg_export_snapshot()")
            size = await asyncio.to_thread(dumps.write, programs, dsn, snapshot=snapshot, header=header, file=file)
    say(f"Backed up to {file}: {size} bytes, schema {header.schema}, as of {header.made_at:%Y-%m-%d %H:%M:%S} UTC.")
    kept = "OVERTURE_SECRET_KEY" if settings.secret_key is not None else str(settings.key_file.absolute())
    say(f"Keep beside it, but not with it: the secret key ({kept}). Without it accounts must be linked again.")


async def restore(settings: Settings, *, file: Path, stopped: bool, say: Say) -> None:
    """Restore a backup into an empty database; nothing is sent before the platform was asked what was sent since.

    Raises:
        DatabaseUnreachable: the database does not answer.
        StartError: it is not empty, or the backup is of a newer schema.
        DumpFailed: the backup is none or damaged, or the database refuses it.
    """
    header = dumps.read_header(file)
    known = len(migrate.load())
    if header.schema > known:
        raise StartError(
            f"{file} has schema {header.schema}, of Overture {header.release}; this program knows {known}. Restore it "
            "with that release or a newer one."
        )
    programs = _programs(settings)
    async with main.own_database(settings) as dsn, main.pool_of(dsn, size=1) as pool:
        async with pool.acquire() as connection:
            if not await restored.is_empty(connection):
                raise StartError(
                    "The database is not empty: a backup is restored into an empty one only. Name a new data "
                    "directory with --data, or an empty database in OVERTURE_DATABASE_URL."
                )
        at_last = restored.HOLD.format(since=header.made_at.isoformat())
        await asyncio.to_thread(dumps.restore, programs, dsn, file=file, at_last=at_last)
        await _finish(settings, pool, header, stopped=stopped, say=say)


async def _finish(settings: Settings, pool: Pool, header: Header, *, stopped: bool, say: Say) -> None:
    async with pool.acquire() as connection:
        await migrate.migrate(connection, now=clock.wall_now())
        now = await virtual.read(connection) or clock.wall_now()
        is_old = now - header.made_at > HISTORY
        if stopped or is_old:
            await restored.stop_all(connection, now=now)
        accounts = await checkup.accounts(connection)
    say(
        f"Restored the state of {header.made_at:%Y-%m-%d %H:%M:%S} UTC. Make sure the old installation is off for good."
    )
    if accounts:
        say(
            f"Nothing is sent until the inboxes of all {len(accounts)} accounts were read to their heads: what was "
            "sent since the backup is on the platform alone. `overture status` shows how many are left."
        )
    if is_old:
        say(
            f"The backup is older than {HISTORY.days} days, and platforms show no more: who was written to before that "
            "cannot be known. So all sending is stopped; POST /api/v2/team/resume lets a team go on."
        )
    elif stopped:
        say("All sending is stopped: POST /api/v2/team/resume lets a team go on.")
    for trouble in _sealed_away(settings, accounts):
        say(trouble)


def _sealed_away(settings: Settings, accounts: list[checkup.AccountState]) -> list[str]:
    """Say it where the accounts' tokens cannot be opened with the key there is."""
    if not accounts:
        return []
    advice = "Put the secret key of the backed-up installation there before you start, or link the accounts anew."
    try:
        sealer = Sealer(main.keys_of(settings, may_create=False))
        sealer.open(accounts[0].sealed_token, context=f"{accounts[0].team_id}:{accounts[0].id}")
    except (StartError, KeyUnusable, SealBroken) as error:
        return [f"The accounts' tokens cannot be opened: {error} {advice}"]
    return []


def _programs(settings: Settings) -> Binaries:
    return binaries.find(server_user.choose(settings.data / "postgres"))
