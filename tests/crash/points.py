"""Points: where a process may be struck, found by watching every statement and every platform call it makes.

A point is named after the code that writes, not after a list kept here: what the engine writes tomorrow is a point
tomorrow.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import asyncpg
import httpx

import overture
from overture.channels.x.client import Client

_PACKAGE = Path(overture.__file__).parent
_WRITE = re.compile(r"\b(INSERT|UPDATE|DELETE|COMMIT|MERGE|TRUNCATE)\b")
_LOCK = re.compile(r"\bFOR (NO KEY )?UPDATE\b")
_TARGET = re.compile(r"\b(?:INSERT INTO|UPDATE|DELETE FROM) (\w+)")
_IDS = re.compile(r"\d{6,}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """The `count`-th time (from 1) that a process comes to what `label` names, before it or after it."""

    label: str
    count: int
    is_after: bool

    def __str__(self) -> str:
        return f"{'after' if self.is_after else 'before'} {self.label} ({self.count})"


@dataclass(kw_only=True, slots=True)
class Watch:
    """Counts what a process does; at `point` it calls `strike`."""

    point: Point | None
    strike: Callable[[], None]
    counts: dict[str, int] = field(default_factory=dict)

    def begin(self, label: str) -> int:
        """Count one that begins; struck here if the point lies before it."""
        count = self.counts[label] = self.counts.get(label, 0) + 1
        self._pass(label, count, is_after=False)
        return count

    def end(self, label: str, count: int) -> None:
        """Struck here if the point lies after the `count`-th."""
        self._pass(label, count, is_after=True)

    def _pass(self, label: str, count: int, *, is_after: bool) -> None:
        if self.point == Point(label=label, count=count, is_after=is_after):
            self.strike()


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Watch all that is written and all platforms that are called by this process."""
    create_pool = partial(asyncpg.create_pool, connection_class=_connection_class(watch))
    exchange = Client._exchange

    async def call(client: Client, request: httpx.Request) -> httpx.Response:
        label = f"platform {request.method} {_IDS.sub('…', request.url.path)}"
        count = watch.begin(label)
        response = await exchange(client, request)
        watch.end(label, count)
        return response

    with mock.patch.object(asyncpg, "create_pool", create_pool), mock.patch.object(Client, "_exchange", call):
        yield


def _connection_class(watch: Watch) -> type[asyncpg.Connection[asyncpg.Record]]:
    class Watched(asyncpg.Connection):
        """Tells the watch of every write."""

        async def execute(self, *args: Any, **options: Any) -> Any:
            """Run a statement."""
            return await _run(watch, str(args[0]), super().execute, args, options)

        async def executemany(self, *args: Any, **options: Any) -> Any:
            """Run a statement for many rows."""
            return await _run(watch, str(args[0]), super().executemany, args, options)

        async def fetch(self, *args: Any, **options: Any) -> Any:
            """Run a statement that answers with rows."""
            return await _run(watch, str(args[0]), super().fetch, args, options)

        async def fetchval(self, *args: Any, **options: Any) -> Any:
            """Run a statement that answers with a value."""
            return await _run(watch, str(args[0]), super().fetchval, args, options)

        async def fetchrow(self, *args: Any, **options: Any) -> Any:
            """Run a statement that answers with a row."""
            return await _run(watch, str(args[0]), super().fetchrow, args, options)

        async def copy_records_to_table(self, *args: Any, **options: Any) -> Any:
            """Copy rows."""
            return await _run(watch, "INSERT by COPY", super().copy_records_to_table, args, options)

        async def copy_to_table(self, *args: Any, **options: Any) -> Any:
            """Copy rows."""
            return await _run(watch, "INSERT by COPY", super().copy_to_table, args, options)

    return Watched


async def _run(
    watch: Watch, statement: str, call: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]
) -> Any:
    label = _label(statement)
    if label is None:
        return await call(*args, **options)
    count = watch.begin(label)
    result = await call(*args, **options)
    watch.end(label, count)
    return result


def _label(statement: str) -> str | None:
    """Name a write after the function that asked for it and its tables, a commit after whose transaction it ends."""
    plain = _LOCK.sub("", statement)
    if not _WRITE.search(plain):
        return None
    if statement.startswith("COMMIT"):
        return f"{_caller(('engine', 'actions'))} commits"
    return f"{_caller(('store', 'engine'))} writes {' '.join(_TARGET.findall(plain)) or 'rows'}"


def _caller(rooms: tuple[str, ...]) -> str:
    frame = sys._getframe(2)
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(_PACKAGE):
            place = path.relative_to(_PACKAGE)
            if place.parts[0] in rooms and place.name != "pool.py":
                return f"{'.'.join(place.with_suffix('').parts)}.{frame.f_code.co_name}"
        frame = frame.f_back  # type: ignore[assignment] # None above the last one ends the loop
    return "somebody else"
