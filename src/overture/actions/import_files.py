"""The file of an import while it arrives: kept in pieces at once, so that no more than one piece is in memory."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from overture.core import recoding
from overture.store import imports
from overture.store.pool import Connection

_HEAD_BYTES = recoding.SAMPLE_BYTES


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A file that is kept: how it begins, and what was seen while it went by."""

    head: bytes
    size: int
    encoding: str
    newlines: int
    returns: int
    ends_with_line: bool

    @property
    def is_whole(self) -> bool:
        """Whether the head is all there is."""
        return len(self.head) == self.size

    def rows_behind(self, offset: int) -> int:
        """Return how many rows there are behind `offset`, which lies in the head: an upper bound."""
        before = self.head[:offset]
        rest = max(self.newlines - before.count(b"\n"), self.returns - before.count(b"\r"))
        return rest + (self.size > offset and not self.ends_with_line)


async def take(connection: Connection, *, team_id: str, job_id: str, pieces: AsyncIterator[bytes]) -> Taken:
    """Keep a file in pieces for a job, in the transaction that is open."""
    keeper = _Keeper(connection, team_id, job_id)
    recoder = recoding.Recoder()
    async for piece in pieces:
        await keeper.keep(recoder.feed(piece))
    await keeper.keep(recoder.close())
    return await keeper.finish(recoder.encoding)


class _Keeper:
    def __init__(self, connection: Connection, team_id: str, job_id: str) -> None:
        self._connection = connection
        self._team_id = team_id
        self._job_id = job_id
        self._rest = bytearray()
        self._count = 0
        self._head = b""
        self._size = self._newlines = self._returns = 0
        self._last = b""

    async def keep(self, content: bytes) -> None:
        if not content:
            return
        self._head += content[: _HEAD_BYTES - len(self._head)]
        self._size += len(content)
        self._newlines += content.count(b"\n")
        self._returns += content.count(b"\r")
        self._last = content[-1:]
        self._rest += content
        while len(self._rest) >= imports.CHUNK_BYTES:
            await self._write(bytes(self._rest[: imports.CHUNK_BYTES]))
            del self._rest[: imports.CHUNK_BYTES]

    async def finish(self, encoding: str) -> Taken:
        if self._rest:
            await self._write(bytes(self._rest))
        return Taken(
            head=self._head,
            size=self._size,
            encoding=encoding,
            newlines=self._newlines,
            returns=self._returns,
            ends_with_line=self._last in (b"\n", b"\r"),
        )

    async def _write(self, content: bytes) -> None:
        await imports.insert_chunk(
            self._connection, team_id=self._team_id, job_id=self._job_id, number=self._count, content=content
        )
        self._count += 1
