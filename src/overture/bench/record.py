"""Everything a pool is asked, as transactions, and the same asked again by nobody but the database's client."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from overture.bench.workplace import Workplace
from overture.store.pool import Connection, Pool

_ENDS = ("COMMIT", "ROLLBACK;")


@dataclass(kw_only=True, slots=True)
class Transaction:
    """Statements with their arguments. `after` transactions had ended before this one began; `place` = it ended as."""

    begin: str | None
    after: int
    statements: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    end: str | None = None
    place: int = -1


class Recorder:
    """Keeps what the connections of a pool are asked."""

    def __init__(self) -> None:
        self._begun: list[Transaction] = []
        self._ended = 0

    async def attach(self, pool: Pool) -> None:
        """Listen to every connection the pool may have; they are opened now."""
        held = [await pool.acquire() for _ in range(pool.get_max_size())]
        for connection in held:
            connection.add_query_logger(self._listener())
        for connection in held:
            await pool.release(connection)

    def transactions(self) -> list[Transaction]:
        """Return what has ended so far, in the order in which it began."""
        return [transaction for transaction in self._begun if transaction.place >= 0]

    def _listener(self) -> Callable[[Any], None]:
        current: Transaction | None = None

        def listen(asked: Any) -> None:
            nonlocal current
            query = asked.query
            if query.startswith("BEGIN"):
                current = self._begin(query)
            elif current is None:
                single = self._begin(None)
                single.statements.append((query, asked.args))
                self._end(single)
            elif query.startswith(_ENDS):
                current.end = query
                self._end(current)
                current = None
            else:
                current.statements.append((query, asked.args))

        return listen

    def _begin(self, query: str | None) -> Transaction:
        transaction = Transaction(begin=query, after=self._ended)
        self._begun.append(transaction)
        return transaction

    def _end(self, transaction: Transaction) -> None:
        transaction.place = self._ended
        self._ended += 1


class _Progress:
    """How far a replay is: how many of the transactions that ended first have ended again, without a gap."""

    def __init__(self, count: int) -> None:
        self._has_ended = [False] * count
        self._reached = 0
        self._changed = asyncio.Event()

    async def until(self, count: int) -> None:
        while self._reached < count:
            self._changed.clear()
            await self._changed.wait()

    def end(self, place: int) -> None:
        self._has_ended[place] = True
        while self._reached < len(self._has_ended) and self._has_ended[self._reached]:
            self._reached += 1
        self._changed.set()


async def replay(
    workplace: Workplace, database: str, transactions: Sequence[Transaction], *, connections: int
) -> float:
    """Ask everything again over `connections` connections; return the seconds it took.

    Each transaction begins, in the recorded order, once all have ended that had ended when it first began. Every
    statement is prepared beforehand.
    """
    places = sorted(transaction.place for transaction in transactions)
    progress = _Progress(places[-1] + 1)
    for place in set(range(places[-1] + 1)).difference(places):
        progress.end(place)
    queries = list(dict.fromkeys(query for one in transactions for query, _ in one.statements))
    async with asyncio.TaskGroup() as tasks:
        ready = [asyncio.Event() for _ in range(connections)]
        start = asyncio.Event()
        waiting = iter(transactions)
        for event in ready:
            tasks.create_task(_work(workplace, database, queries, waiting, progress, event, start))
        for event in ready:
            await event.wait()
        began = time.perf_counter()
        start.set()
        await progress.until(places[-1] + 1)
        return time.perf_counter() - began


async def _work(
    workplace: Workplace,
    database: str,
    queries: Sequence[str],
    waiting: Iterator[Transaction],
    progress: _Progress,
    ready: asyncio.Event,
    start: asyncio.Event,
) -> None:
    async with workplace.connected(database) as connection:
        prepared = {query: await connection.prepare(query) for query in queries}
        ready.set()
        await start.wait()
        for transaction in waiting:
            await progress.until(transaction.after)
            await _repeat(connection, prepared, transaction)
            progress.end(transaction.place)


async def _repeat(connection: Connection, prepared: dict[str, Any], transaction: Transaction) -> None:
    if transaction.begin is not None:
        await connection.execute(transaction.begin)
    for query, arguments in transaction.statements:
        await prepared[query].fetch(*arguments)
    if transaction.end is not None:
        await connection.execute(transaction.end)
