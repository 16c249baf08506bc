"""Everything a pool is asked, as transactions, and the same asked again by nobody but the database's client."""

import asyncio
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from overture.bench.workplace import Workplace
from overture.store.pool import Connection, Pool

_ENDS = ("COMMIT", "ROLLBACK;")
_SKIPPING = "SKIP LOCKED"
_LOOKED_AHEAD = 8
"""Among so many transactions that wait is one looked for that may begin."""


@dataclass(kw_only=True, slots=True)
class Transaction:
    """Statements with their arguments. `after` transactions had ended before this one began; `place` = it ended as."""

    begin: str | None
    after: int
    statements: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    end: str | None = None
    place: int = -1

    @property
    def turn(self) -> Hashable:
        """What it takes by turns with others: it skips what they hold, and side by side might get what was theirs."""
        if self.begin is None:
            return None
        return next(((query, given[0]) for query, given in self.statements if _SKIPPING in query and given), None)


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


class _Queue:
    """Transactions to repeat, in the order in which they began, and which of them have ended."""

    def __init__(self, transactions: Sequence[Transaction]) -> None:
        self._waiting = list(transactions)
        self._last = max(transaction.place for transaction in transactions)
        places = {transaction.place for transaction in transactions}
        self._has_ended = [place not in places for place in range(self._last + 1)]
        self._reached = 0
        self._turn_of = {transaction.place: transaction.turn for transaction in transactions}
        self._turns: set[Hashable] = set()
        self._changed = asyncio.Event()

    @property
    def is_done(self) -> bool:
        """Whether all have ended."""
        return self._reached > self._last

    async def next(self) -> Transaction | None:
        """Take the first that may begin: all have ended that had when it began, and it is its turn; None = no more."""
        while self._waiting:
            for number, transaction in enumerate(self._waiting[:_LOOKED_AHEAD]):
                turn = self._turn_of[transaction.place]
                if transaction.after <= self._reached and turn not in self._turns:
                    if turn is not None:
                        self._turns.add(turn)
                    return self._waiting.pop(number)
            self._changed.clear()
            await self._changed.wait()
        return None

    def end(self, transaction: Transaction) -> None:
        """Note that one has ended."""
        self._turns.discard(self._turn_of[transaction.place])
        self._has_ended[transaction.place] = True
        while not self.is_done and self._has_ended[self._reached]:
            self._reached += 1
        self._changed.set()

    async def until_done(self) -> None:
        """Wait until all have ended."""
        while not self.is_done:
            self._changed.clear()
            await self._changed.wait()


async def replay(
    workplace: Workplace, database: str, transactions: Sequence[Transaction], *, connections: int
) -> float:
    """Ask everything again over `connections` connections; return the seconds it took.

    A transaction may begin once all have ended that had ended when it first began; one that skips what others hold,
    once these have ended, too. Of the next few the first that may is taken. Every statement is prepared beforehand.
    """
    waiting = _Queue(transactions)
    queries = list(dict.fromkeys(query for one in transactions for query, _ in one.statements))
    async with asyncio.TaskGroup() as tasks:
        ready = [asyncio.Event() for _ in range(connections)]
        start = asyncio.Event()
        for event in ready:
            tasks.create_task(_work(workplace, database, queries, waiting, event, start))
        for event in ready:
            await event.wait()
        began = time.perf_counter()
        start.set()
        await waiting.until_done()
        return time.perf_counter() - began


async def _work(
    workplace: Workplace,
    database: str,
    queries: Sequence[str],
    waiting: _Queue,
    ready: asyncio.Event,
    start: asyncio.Event,
) -> None:
    async with workplace.connected(database) as connection:
        prepared = {query: await connection.prepare(query) for query in queries}
        ready.set()
        await start.wait()
        while (transaction := await waiting.next()) is not None:
            await _repeat(connection, prepared, transaction)
            waiting.end(transaction)


async def _repeat(connection: Connection, prepared: dict[str, Any], transaction: Transaction) -> None:
    if transaction.begin is not None:
        await connection.execute(transaction.begin)
    for query, arguments in transaction.statements:
        await prepared[query].fetch(*arguments)
    if transaction.end is not None:
        await connection.execute(transaction.end)
