"""Databases to test on: where their server lies, and how one with the schema is made."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from overture import clock
from overture.store import migrate
from overture.store.pool import Connection, Pool


async def make_template(server_url: str, name: str) -> None:
    """Make a database that holds the current schema and nothing else, once."""
    draft = f"{name}_draft"
    async with connected(server_url) as connection:
        await connection.execute("SELECT pg_advisory_lock(hashtext($1))", name)
        if await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
            return
        await connection.execute(f'DROP DATABASE IF EXISTS "{draft}" WITH (FORCE)')
        await connection.execute(f'CREATE DATABASE "{draft}"')
        async with connected(with_database(server_url, draft)) as inside:
            await migrate.migrate(inside, now=clock.wall_now())
        # Renamed at last: a template of that name is always whole.
        await connection.execute(f'ALTER DATABASE "{draft}" RENAME TO "{name}"')


async def configure(url: str, *settings: str) -> None:
    """Change settings of a server for good, each as `name = value`."""
    async with connected(url) as connection:
        for setting in settings:
            await connection.execute(f"ALTER SYSTEM SET {setting}")
        await connection.execute("SELECT pg_reload_conf()")


WITHOUT_DURABILITY = ("fsync = off", "full_page_writes = off", "max_wal_size = '512MB'")
"""Tests kill processes, never the machine: waiting for the disk would prove nothing."""


def roomy_memory() -> Path | None:
    """Find a large enough folder in memory: a database is 500 files, made ten times slower on a disk."""
    folder = Path("/dev/shm")
    if os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > 4 * 1024**3:
        return folder
    return None


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    """One plain connection, closed at the end."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


def with_database(url: str, name: str) -> str:
    """Return the address of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def until_one_waits(pool: Pool) -> None:
    """Wait until somebody waits for a lock in this database; others of the server have tests of their own."""
    waits = """
        SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')
    """
    async with asyncio.timeout(5):
        while not await pool.fetchval(waits):  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.01)
