"""Callers: programs that read the API over real HTTP, each call after the answer to the one before."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from overture.bench import listening
from overture.secrets import KEY_BYTES

_COMMAND = (sys.executable, "-c", "from overture.cli import app; app()")


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """How long calls took, in seconds: half of them at most `median`, 99 of 100 at most `p99`."""

    calls: int
    rate: float
    median: float
    p99: float


class ReadFailed(Exception):
    """The server did not answer as it should."""


@asynccontextmanager
async def server(dsn: str) -> AsyncIterator[int]:
    """Run `overture api` on the database, with limits that are counted and never reached; yields its port."""
    port = listening.free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OVERTURE_")}
    process = subprocess.Popen(  # noqa: S603, ASYNC220 - our own program; starting it blocks for a moment only
        [*_COMMAND, "api", "--host", "127.0.0.1", "--port", str(port)],
        env={
            **kept,
            "OVERTURE_DATABASE_URL": dsn,
            "OVERTURE_SECRET_KEY": bytes(KEY_BYTES).hex(),
            "OVERTURE_RATE_LIMITS": "100000000/100000000/100000000",
            "OVERTURE_LOG_LEVEL": "error",
        },
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        if not await listening.has_begun(process, port):
            raise ReadFailed("the API did not come up")
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
        process.kill()
        process.wait()


async def load(port: int, token: str, paths: Sequence[str], *, connections: int, seconds: float) -> Spread:
    """Call the paths in turn over so many connections, each waiting for its answer, after a warm-up."""
    await _clients(port, token, paths, connections=connections, seconds=seconds / 4)
    began = time.perf_counter()
    times = await _clients(port, token, paths, connections=connections, seconds=seconds)
    return spread(times, time.perf_counter() - began)


async def _clients(port: int, token: str, paths: Sequence[str], *, connections: int, seconds: float) -> list[float]:
    deadline = time.perf_counter() + seconds
    clients = [_client(port, token, [*paths[number:], *paths[:number]], deadline) for number in range(connections)]
    return [one for times in await asyncio.gather(*clients) for one in times]


async def _client(port: int, token: str, paths: Sequence[str], deadline: float) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times: list[float] = []
    try:
        while time.perf_counter() < deadline:
            path = paths[len(times) % len(paths)]
            began = time.perf_counter()
            writer.write(f"GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(_length(head))
            times.append(time.perf_counter() - began)
    finally:
        writer.close()
    return times


def _length(head: bytes) -> int:
    lines = head.decode("latin-1").split("\r\n")
    if " 200 " not in lines[0]:
        raise ReadFailed(f"a call was answered with {lines[0]}")
    return next(int(line.partition(":")[2]) for line in lines if line.lower().startswith("content-length:"))


def spread(times: Sequence[float], seconds: float) -> Spread:
    ordered = sorted(times)
    if not ordered:
        raise ReadFailed("no call was answered in time")
    return Spread(
        calls=len(ordered),
        rate=len(ordered) / seconds,
        median=ordered[len(ordered) // 2],
        p99=ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)],
    )
