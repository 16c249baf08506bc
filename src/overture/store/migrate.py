"""The schema: plain SQL files, applied in order, each once and whole.

A file is named `NNNN_name.sql`, counted from 0001 without gaps, and is never changed after a release: what
changes the schema is the next file. A migration leaves the previous release working, so that programs of two
neighbouring releases can share a database while they are exchanged.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import asyncpg

from overture.store.pool import Connection

DIRECTORY = Path(__file__).parent / "migrations"
# How many migrations a database may be ahead of the program that uses it.
ACCEPTS_AHEAD = 1
# Any constant will do, as long as all releases use the same one.
_LOCK_KEY = 0x6F766572_74757265
_FILE_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")


class MigrationError(Exception):
    """The schema cannot be brought up to date or used; the text says why and what to do."""


class MigrationsInvalid(MigrationError):
    """The migration files themselves are wrong: a gap, a number twice, a strange name."""


class MigrationChanged(MigrationError):
    """A migration was applied in another form than the file has now."""


class MigrationFailed(MigrationError):
    """A migration's SQL was refused; nothing of that migration was kept."""


class SchemaTooNew(MigrationError):
    """The database belongs to a release too far ahead of this program."""


class SchemaTooOld(MigrationError):
    """The database lacks migrations this program needs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Migration:
    """One migration file."""

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """The SHA-256 of the text, in hexadecimal."""
        return hashlib.sha256(self.sql.encode()).hexdigest()

    def __str__(self) -> str:
        return f"{self.version:04}_{self.name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """Where a database stands against this program: version numbers, 0 for an empty database."""

    current: int
    known: int
    pending: tuple[int, ...]


def load(directory: Path = DIRECTORY) -> tuple[Migration, ...]:
    """Read the migration files of `directory` in order.

    Raises:
        MigrationsInvalid: names or numbers are wrong.
    """
    migrations: list[Migration] = []
    for path in sorted(directory.glob("*.sql")):
        match = _FILE_NAME.fullmatch(path.name)
        if match is None:
            raise MigrationsInvalid(f"{path.name} is no name of a migration; use NNNN_name.sql.")
        # Text mode turns CRLF into LF, so that a checkout on another system gives the same checksum.
        sql = path.read_text(encoding="utf-8")
        migrations.append(Migration(version=int(match[1]), name=match[2], sql=sql))
    for expected, migration in enumerate(migrations, start=1):
        if migration.version != expected:
            raise MigrationsInvalid(
                f"Migrations are numbered from 0001 without gaps, each number once: {migration} stands where "
                f"{expected:04} was expected."
            )
    return tuple(migrations)


async def migrate(connection: Connection, *, now: datetime, directory: Path = DIRECTORY) -> list[int]:
    """Apply what is pending, each migration in its own transaction; return the versions applied now.

    Programs that migrate at the same moment wait for each other. The connection must not be in a transaction.

    Args:
        connection: to the database; its role must be allowed to create tables.
        now: wall time, kept with each migration.
        directory: where the migration files are.

    Raises:
        MigrationError: one of its kinds; what was applied before it stays applied.
    """
    migrations = load(directory)
    applied: list[int] = []
    while True:
        # Read committed: each statement must see what the holder of the lock before us has done.
        async with connection.transaction(isolation="read_committed"):
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK_KEY)
            await connection.execute(
                "CREATE TABLE IF NOT EXISTS schema_migration ("
                " version integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL,"
                " applied_at timestamptz NOT NULL)"
            )
            pending = _pending(migrations, await _recorded(connection))
            if not pending:
                return applied
            await _apply(connection, pending[0], now)
        applied.append(pending[0].version)


async def status(connection: Connection, *, directory: Path = DIRECTORY) -> Status:
    """Tell where the database stands.

    Raises:
        MigrationsInvalid: the files themselves are wrong.
    """
    migrations = load(directory)
    recorded = await _recorded(connection)
    return Status(
        current=max(recorded, default=0),
        known=len(migrations),
        pending=tuple(migration.version for migration in migrations if migration.version not in recorded),
    )


async def require(connection: Connection, *, directory: Path = DIRECTORY) -> None:
    """Check that this program can work with the schema as it is; for programs that do not migrate themselves.

    Raises:
        SchemaTooOld: migrations are pending.
        SchemaTooNew: the database is more than `ACCEPTS_AHEAD` migrations ahead.
        MigrationChanged: a migration was applied in another form.
    """
    migrations = load(directory)
    recorded = await _recorded(connection)
    if _pending(migrations, recorded):
        raise SchemaTooOld(
            f"The database has schema {max(recorded, default=0)}; this program needs {len(migrations)}. "
            "Run `overture migrate` with this release."
        )


def _pending(migrations: Sequence[Migration], recorded: Mapping[int, str]) -> list[Migration]:
    """Compare files with the record; return the migrations still to be applied, in order."""
    current, known = max(recorded, default=0), len(migrations)
    if current > known + ACCEPTS_AHEAD:
        raise SchemaTooNew(
            f"The database has schema {current}; this program knows {known} and works with at most "
            f"{known + ACCEPTS_AHEAD}. Use a newer release of Overture."
        )
    for migration in migrations:
        checksum = recorded.get(migration.version)
        if checksum is not None and checksum != migration.checksum:
            raise MigrationChanged(
                f"Migration {migration} was applied to this database in another form than this program "
                "carries. Use the release that made the database, or an unaltered copy of this one."
            )
        if checksum is None and migration.version < current:
            raise MigrationChanged(
                f"The database has schema {current} but its record lacks migration {migration}. "
                "Restore the table schema_migration from a backup."
            )
    return [migration for migration in migrations if migration.version not in recorded]


async def _recorded(connection: Connection) -> dict[int, str]:
    if await connection.fetchval("SELECT to_regclass('schema_migration') IS NULL"):
        return {}
    rows = await connection.fetch("SELECT version, checksum FROM schema_migration")
    return {row["version"]: row["checksum"] for row in rows}


async def _apply(connection: Connection, migration: Migration, now: datetime) -> None:
    try:
        await connection.execute(migration.sql)
    except asyncpg.PostgresError as error:
        raise MigrationFailed(f"Migration {migration} failed and was undone: {error}") from error
    if not connection.is_in_transaction():
        raise MigrationFailed(f"Migration {migration} ended its transaction: it may not COMMIT or ROLLBACK.")
    await connection.execute(
        "INSERT INTO schema_migration (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)",
        migration.version,
        migration.name,
        migration.checksum,
        now,
    )
