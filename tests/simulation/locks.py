"""Orders of locks: two transactions that lock the same rows in different orders may wait for each other.

The database tells so only where they meet. Here it shows wherever both have come by in one history, unless something
that both had locked before keeps them apart.
"""

import functools
import itertools
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import overture

Row = str
"""A row as the name of its table and its primary key."""

_SOURCE = f"{Path(overture.__file__).parent}/"
_FRAMES = 4
_MOST_ROWS = 400
"""Transactions that lock more are left out: every row is compared with every other."""

_KEYS = """
SELECT c.relname AS name, string_agg(format('t.%I::text', a.attname), ' || '' '' || ' ORDER BY k.place) AS key
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indrelid AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
 CROSS JOIN LATERAL unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attribute, place)
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attribute
 WHERE i.indisprimary GROUP BY c.relname ORDER BY c.relname
"""
# Who locks, changes or deletes a row leaves the number of the transaction on it, where others see it.
_ROWS_OF = """
SELECT me.backend_xid::text AS number, '{name} ' || {key} AS row FROM {name} t JOIN me ON t.xmax = me.backend_xid
"""
_ME = "WITH me AS MATERIALIZED (SELECT backend_xid FROM pg_stat_activity WHERE pid = $1)"
_NUMBER_OF = "SELECT backend_xid::text AS number, NULL AS row FROM me"

_WRITTEN = re.compile(r"(?:INSERT\s+INTO|UPDATE)\s+(\w+)")
_DELETED = re.compile(r"DELETE\s+FROM\s+(\w+)")
_READ = re.compile(r"(?:FROM|JOIN)\s+(\w+)")
_LOCKED = re.compile(r"FOR\s+(KEY\s+SHARE|SHARE|NO\s+KEY\s+UPDATE|UPDATE)")
_ENDS = ("COMMIT", "ROLLBACK")


class Strength(IntEnum):
    """How a row is locked, by the name of the clause.

    Numbered so that the sum of two tells whether they keep each other out:
    https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-ROWS
    """

    KEY_SHARE = 1
    SHARE = 2
    NO_KEY_UPDATE = 3
    UPDATE = 4


_KEEP_OUT = 5


class Lock(NamedTuple):
    """A row that is locked, and how."""

    row: Row
    strength: Strength


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What one statement of a transaction has locked that the ones before it had not."""

    place: str
    locks: frozenset[Lock]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pair:
    """Where one row was locked, then another, and all that had been locked by the end of the first statement."""

    first: str
    then: str
    strengths: tuple[Strength, Strength]
    by_then: frozenset[Lock]


@dataclass(kw_only=True, slots=True)
class _Open:
    number: str
    steps: list[Step] = field(default_factory=list)
    rows: set[Row] = field(default_factory=set)


class Recorder:
    """Notes what the transactions of a history lock, by a session that looks at the rows: `fetch` asks it."""

    def __init__(self, fetch: Callable[..., Sequence[Any]]) -> None:
        self._fetch = fetch
        self._tables = {table["name"]: _ROWS_OF.format(name=table["name"], key=table["key"]) for table in fetch(_KEYS)}
        self._open: dict[int, _Open] = {}
        self._ended: set[tuple[Step, ...]] = set()

    def note(self, pid: int, statement: str) -> None:
        """Look what a session has locked with the statement it has just finished."""
        if statement.startswith(_ENDS):
            self._end(pid)
            return
        strengths = _strengths(statement)
        tables = [self._tables[name] for name in sorted(strengths) if name in self._tables]
        if not tables:
            return
        found = self._fetch(_ME + " UNION ALL ".join([*tables, _NUMBER_OF]), pid)
        number = next((row["number"] for row in found), None)
        if pid in self._open and self._open[pid].number != number:
            self._end(pid)
        if number is None:
            return
        now = self._open.setdefault(pid, _Open(number=number))
        rows = {str(row["row"]) for row in found if row["row"] is not None}
        new = frozenset(Lock(row, strengths[_table(row)]) for row in rows - now.rows)
        if new:
            now.rows |= rows
            now.steps.append(Step(place=_place(), locks=new))

    def crossings(self) -> list[str]:
        """Say which rows were locked in two orders, and where."""
        return crossings(self._ended)

    def _end(self, pid: int) -> None:
        ended = self._open.pop(pid, None)
        if ended is not None and 1 < len(ended.rows) <= _MOST_ROWS:
            self._ended.add(tuple(ended.steps))


def crossings(transactions: Iterable[Sequence[Step]]) -> list[str]:
    """Say which rows two of the transactions lock in different orders though nothing keeps them apart, and where.

    What one statement locks is taken for locked at once: it sees to the order itself.
    """
    pairs: defaultdict[tuple[Row, Row], set[_Pair]] = defaultdict(set)
    for steps in transactions:
        by_then: frozenset[Lock] = frozenset()
        for number, first in enumerate(steps):
            by_then |= first.locks
            for then in steps[number + 1 :]:
                for one, other in itertools.product(first.locks, then.locks):
                    strengths = (one.strength, other.strength)
                    pair = _Pair(first=first.place, then=then.place, strengths=strengths, by_then=by_then)
                    pairs[one.row, other.row].add(pair)
    found = set()
    for (row, later), forth in pairs.items():
        back = pairs.get((later, row)) if row < later else None
        for here, there in itertools.product(forth, back or ()):
            if _may_meet(here, there):
                found.add(
                    f"{_table(row)} before {_table(later)}: {here.first}, then {here.then}; "
                    f"the other way round: {there.first}, then {there.then}"
                )
    return sorted(found)


def _may_meet(here: _Pair, there: _Pair) -> bool:
    """Whether each could wait for the row that the other has, and nothing that both have by then prevents it."""
    (first, then), (later, before) = here.strengths, there.strengths
    had = dict(there.by_then)
    return (
        first + before >= _KEEP_OUT
        and then + later >= _KEEP_OUT
        and not any(row in had and strength + had[row] >= _KEEP_OUT for row, strength in here.by_then)
    )


def _table(row: Row) -> str:
    return row.partition(" ")[0]


@functools.cache
def _strengths(statement: str) -> Mapping[str, Strength]:
    """Say by table how a statement locks rows; those that are only referred to are left out."""
    found: dict[str, Strength] = {}
    clauses = [Strength["_".join(words.split())] for words in _LOCKED.findall(statement)]
    for pattern, strength in (
        *((_READ, clause) for clause in clauses),
        (_WRITTEN, Strength.NO_KEY_UPDATE),
        (_DELETED, Strength.UPDATE),
    ):
        for name in pattern.findall(statement):
            found[name] = max(strength, found.get(name, strength))
    return found


def _place() -> str:
    """Name the innermost functions of Overture that are being run."""
    frame: FrameType | None = sys._getframe(1)
    names: list[str] = []
    while frame is not None and len(names) < _FRAMES:
        name = frame.f_code.co_filename
        if name.startswith(_SOURCE):
            names.append(f"{name.removeprefix(_SOURCE).removesuffix('.py')}.{frame.f_code.co_name}")
        frame = frame.f_back
    return " < ".join(names)
