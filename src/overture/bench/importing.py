"""An import of people nobody knows onto a list, against staging and dedupe of the same file run bare."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

from overture import clock, ids
from overture.actions import context as contexts
from overture.actions import imports as import_actions
from overture.actions import lists as list_actions
from overture.actions.context import Actor, Context
from overture.actions.imports import NewImport
from overture.bench import crowd, noop
from overture.bench.workplace import Workplace
from overture.channels.registry import Registry
from overture.core.words import MergeStrategy
from overture.engine.chores import Chore
from overture.engine.imports import Importer
from overture.secrets import KEY_BYTES, Sealer
from overture.store.pool import Connection, Pool

_READY, _RUN = "bench_import", "bench_import_run"
_HEADER = b"user id,company,city\n"
_FIRST_ID = 1_000_000_000
_ROWS_AT_ONCE = 10_000
_STAGE = "CREATE TEMP TABLE staged (line bigserial, platform_id text, company text, city text)"
_PEOPLE = """
    INSERT INTO profile (team_id, id, platform, platform_id, created_at)
    SELECT $1, $2 || lpad(to_hex(min(line)), 8, '0'), $3, platform_id, $4 FROM staged
     GROUP BY platform_id ORDER BY min(line)
    ON CONFLICT (team_id, platform, platform_id) DO NOTHING
"""
_LEADS = """
    INSERT INTO list_lead (team_id, list_id, profile_id, data, added_at, updated_at)
    SELECT $1, $2, p.id, jsonb_build_object($3::text, s.company, $4::text, s.city), $6, $6
      FROM (SELECT DISTINCT ON (platform_id) platform_id, company, city FROM staged ORDER BY platform_id, line DESC) s
      JOIN profile p ON p.team_id = $1 AND p.platform = $5 AND p.platform_id = s.platform_id
     ORDER BY p.id
    ON CONFLICT (team_id, list_id, profile_id) DO NOTHING
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """Seconds to take the file in, to work it off, and for the bare statements over as many rows."""

    rows: int
    upload_seconds: float
    seconds: float
    bare_seconds: float


class ImportWrong(Exception):
    """The import did not add every row."""


async def measure(workplace: Workplace, *, rows: int, say: Callable[[str], None]) -> Imported:
    """Import `rows` people into an empty list, and stage, dedupe and insert the same file bare.

    Raises:
        ImportWrong: a row was left over.
    """
    await workplace.make(_READY)
    async with workplace.connected(_READY) as connection:
        made = await crowd.make(connection, sealer=_sealer(), accounts=1)
        await connection.execute("VACUUM ANALYZE")
    say(f"a file of {rows:,} rows, taken in and worked off")
    async with workplace.copied(_READY, _RUN), workplace.pooled(_RUN) as pool:
        upload_seconds, seconds = await _import(pool, contexts.operator(made.team_id), rows)
    say("the same file staged and deduplicated by bare statements")
    async with workplace.copied(_READY, _RUN), workplace.connected(_RUN) as connection:
        bare_seconds = await _bare(connection, made.team_id, rows)
    await workplace.drop(_READY)
    return Imported(rows=rows, upload_seconds=upload_seconds, seconds=seconds, bare_seconds=bare_seconds)


def _sealer() -> Sealer:
    return Sealer([bytes(KEY_BYTES)])


def _lines(rows: int) -> Iterator[bytes]:
    for start in range(0, rows, _ROWS_AT_ONCE):
        numbers = range(start, min(start + _ROWS_AT_ONCE, rows))
        # No order: the ids of a real file have none that suits an index.
        yield b"".join(
            b"%d,Company %d,City %d\n" % (_FIRST_ID + number * 7_919 % 1_000_000_007, number, number % 1_000)
            for number in numbers
        )


async def _import(pool: Pool, actor: Actor, rows: int) -> tuple[float, float]:
    registry = Registry([noop.NoopChannel()])
    context = Context(pool=pool, clock=clock.WallClock(), channels=registry, sealer=_sealer(), wake=lambda: None)
    made = await list_actions.create(context, actor, name="Bench", description=None)
    new = NewImport(platform=noop.PLATFORM, file_name="bench.csv", mapping=None, merge_strategy=MergeStrategy.OVERWRITE)

    async def pieces() -> AsyncIterator[bytes]:
        yield _HEADER
        for piece in _lines(rows):
            yield piece

    began = time.perf_counter()
    job = await import_actions.create(context, actor, list_id=made.id, pieces=pieces(), describe=lambda: new)
    kept = time.perf_counter()
    importer = Importer(pool=pool, clock=clock.WallClock(), channels=registry, sealer=_sealer())
    await importer.work(Chore(team_id=actor.team_id, key=job.id), halt=asyncio.Event())
    ended = time.perf_counter()
    job = await import_actions.get(context, actor, list_id=made.id, job_id=job.id)
    if job.added_count != rows:
        raise ImportWrong(f"the import added {job.added_count:,} of {rows:,} rows")
    return kept - began, ended - kept


async def _bare(connection: Connection, team_id: str, rows: int) -> float:
    list_id, company, city = ids.new("l"), "custom_" + ids.new("f"), "custom_" + ids.new("f")
    await connection.execute(_STAGE)

    async def content() -> AsyncIterator[bytes]:
        for piece in _lines(rows):
            yield piece

    began = time.perf_counter()
    async with connection.transaction():
        await connection.copy_to_table(
            "staged", source=content(), columns=["platform_id", "company", "city"], format="csv"
        )
        await connection.execute("ANALYZE staged")
        await connection.execute(_PEOPLE, team_id, ids.batch("u"), noop.PLATFORM, crowd.START)
        await connection.execute(_LEADS, team_id, list_id, company, city, noop.PLATFORM, crowd.START)
    return time.perf_counter() - began
