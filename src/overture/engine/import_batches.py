"""The file of an import, batch by batch: kept pieces in, rows out, the next batch read ahead."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import NamedTuple

from overture.core import csvfile, lead_rows
from overture.core.csvfile import Record
from overture.core.lead_rows import Layout, LeadRow
from overture.store import imports
from overture.store.imports import Reading
from overture.store.pool import Pool


class Row(NamedTuple):
    """A record of the file and what it says; a text tells why it is not taken."""

    record: Record
    said: LeadRow | str


async def read(
    pool: Pool, *, team_id: str, job_id: str, reading: Reading, layout: Layout, size: int
) -> AsyncGenerator[list[Row]]:
    """Read a job's file from where the job is, in batches of `size` rows; blank rows are passed over.

    The next batch is read while the database is busy with the one before.
    """
    batches = _batches(pool, team_id, job_id, reading, layout, size)

    async def following() -> list[Row] | None:
        return await anext(batches, None)

    upcoming = asyncio.create_task(following())
    try:
        while (rows := await upcoming) is not None:
            upcoming = asyncio.create_task(following())
            yield rows
    finally:
        upcoming.cancel()
        await asyncio.gather(upcoming, return_exceptions=True)
        await batches.aclose()


async def _batches(
    pool: Pool, team_id: str, job_id: str, reading: Reading, layout: Layout, size: int
) -> AsyncGenerator[list[Row]]:
    reader = csvfile.Reader(
        delimiter=reading.delimiter, encoding=reading.encoding, offset=reading.offset, line=reading.line
    )
    number, start = divmod(reading.offset, imports.CHUNK_BYTES)
    batch: list[Row] = []
    content: bytes | None = b""
    while content is not None:
        async with pool.acquire() as connection:
            content = await imports.read_chunk(connection, team_id=team_id, job_id=job_id, number=number)
        if content is None:
            reader.close()
        else:
            reader.feed(content[start:])
        number, start = number + 1, 0
        records = reader.records()
        # In a thread: sends and answers wait for this one.
        while await asyncio.to_thread(_fill, batch, records, layout, size):
            yield batch
            batch = []
    if batch:
        yield batch


def _fill(batch: list[Row], records: Iterator[Record], layout: Layout, size: int) -> bool:
    """Read rows into a batch; tell whether it is full."""
    for record in records:
        if not record.is_blank:
            said = record.problem if record.problem is not None else lead_rows.read(layout, record)
            batch.append(Row(record, said))
        if len(batch) == size:
            return True
    return False
