"""Outlives the test session by a moment: stops its database server and removes its files, however it ended.

Run as a program with the server's directory. It waits until its standard input closes, which happens when the
session ends, is terminated or is killed.
"""

import shutil
import sys
import time
from pathlib import Path

PATIENCE_SECONDS = 30


def main(directory: Path) -> None:
    """Wait for the end of the session, then leave nothing behind."""
    sys.stdin.buffer.read()
    if (directory / "postgres.lock").exists():
        _stop(directory)
    shutil.rmtree(directory, ignore_errors=True)


def _stop(directory: Path) -> None:
    from overture.store import embedded  # noqa: PLC0415 - most sessions need no server and should not wait for this

    server = embedded.Embedded(directory)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            # Workers of a killed session may hold the directory for a moment longer.
            server.start()
            server.stop()
            return
        except embedded.DirectoryInUse:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
