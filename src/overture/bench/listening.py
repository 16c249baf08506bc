"""Listening: programs of a measurement that take calls on a port of their own."""

import asyncio
import socket
import subprocess
import time

READY_SECONDS = 60.0
_LOOK_SECONDS = 0.1


def free_port() -> int:
    """Return a port that nobody has at this moment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


async def has_begun(process: "subprocess.Popen[bytes]", port: int) -> bool:
    """Wait until a program takes calls on its port; False if it ends before, or takes too long."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(_LOOK_SECONDS)
            continue
        writer.close()
        return True
    return False
