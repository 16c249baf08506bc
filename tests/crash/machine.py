"""A database server that can be killed and comes back."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import databases, server_guard

from overture.store import embedded


class Machine:
    """The server in one directory; `url` is its address, the same after every start."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._server = embedded.Embedded(directory)
        self.url = self._server.dsn

    def start(self) -> None:
        """Start it, also after it was killed."""
        self._server.detach()
        self._server.start()

    def stop(self) -> None:
        """Stop it."""
        self._server.stop()

    def postmaster(self) -> int:
        """Return the number of its first process, the parent of all others."""
        return int((self._directory / "postgres" / "postmaster.pid").read_text(encoding="ascii").split()[0])


@contextmanager
def machine() -> Iterator[Machine]:
    """Start a server; nothing of it is left after the block, or after this process however it ends."""
    directory = Path(tempfile.mkdtemp(prefix="overture-crash-", dir=databases.roomy_memory()))
    directory.chmod(0o711)
    guard = subprocess.Popen(
        [sys.executable, server_guard.__file__, str(directory)],
        stdin=subprocess.PIPE,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        started = Machine(directory)
        started.start()
        # What a killed process leaves behind does not wait for a disk; only a machine without power would.
        asyncio.run(databases.configure(started.url, *databases.WITHOUT_DURABILITY))
        yield started
        started.stop()
    finally:
        guard.communicate()
        shutil.rmtree(directory, ignore_errors=True)
