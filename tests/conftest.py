"""Databases for tests: one server a session, shared by all workers, and a fresh database for each test.

`OVERTURE_TEST_DATABASE_URL` names another server to use; its role must be allowed to create databases.
"""

import asyncio
import fcntl
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest
from tests import databases

from overture.store import embedded, migrate
from overture.store.pool import Pool, open_pool

# Set by the process that starts the session; its xdist workers inherit it.
_DIRECTORY = "OVERTURE_TEST_SERVER_DIRECTORY"
_EXTERNAL = "OVERTURE_TEST_DATABASE_URL"
_guard = pytest.StashKey[subprocess.Popen[bytes]]()


def pytest_configure(config: pytest.Config) -> None:
    """Prepare a place for the session's server and the guard that removes it; it starts when needed."""
    if _DIRECTORY in os.environ or _EXTERNAL in os.environ:
        return
    # Not below pytest's own folder: that is closed to the user the server runs as when we are root.
    directory = Path(tempfile.mkdtemp(prefix="overture-tests-", dir=databases.roomy_memory()))
    directory.chmod(0o711)
    os.environ[_DIRECTORY] = str(directory)
    config.stash[_guard] = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("server_guard.py")), str(directory)],
        stdin=subprocess.PIPE,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _interrupt)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the session's server."""
    guard = config.stash.get(_guard, None)
    if guard is not None:
        guard.communicate()
        del config.stash[_guard], os.environ[_DIRECTORY]


@pytest.fixture(scope="session")
def server_url() -> str:
    """The address of the session's server: a database to connect to while making others."""
    external = os.environ.get(_EXTERNAL)
    if external is not None:
        return external
    directory = Path(os.environ[_DIRECTORY])
    server = embedded.Embedded(directory)
    with _alone(directory / "tests.lock"):
        url = server.running()
        if url is None:
            url = server.start()
            # No worker holds it, as others may still need it when this one ends. The guard stops it.
            server.detach()
            _in_thread(databases.configure(url, *databases.WITHOUT_DURABILITY))
    return url


@pytest.fixture(scope="session")
def template(server_url: str) -> str:
    """The name of a database that holds the current schema and nothing else."""
    migrations = migrate.load()
    digest = hashlib.sha256("".join(migration.checksum for migration in migrations).encode()).hexdigest()
    name = f"overture_test_template_{digest[:16]}"
    _in_thread(databases.make_template(server_url, name))
    return name


@pytest.fixture
async def database_url(server_url: str, template: str) -> AsyncIterator[str]:
    """The address of a fresh database with the current schema, dropped after the test."""
    name = f"overture_test_{uuid.uuid4().hex}"
    async with databases.connected(server_url) as connection:
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
    try:
        yield databases.with_database(server_url, name)
    finally:
        async with databases.connected(server_url) as connection:
            await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
async def empty_database_url(server_url: str) -> AsyncIterator[str]:
    """The address of a fresh database without any schema, dropped after the test."""
    name = f"overture_test_{uuid.uuid4().hex}"
    async with databases.connected(server_url) as connection:
        await connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield databases.with_database(server_url, name)
    finally:
        async with databases.connected(server_url) as connection:
            await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Pool]:
    """A pool of connections to a fresh database with the current schema."""
    pool = await open_pool(database_url)
    try:
        yield pool
    finally:
        pool.terminate()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let one worker at a time in."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _in_thread(work: Coroutine[None, None, None]) -> None:
    """Run a coroutine apart from the event loops of pytest-asyncio."""
    with ThreadPoolExecutor(max_workers=1) as executor:
        executor.submit(asyncio.run, work).result()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
