"""Admissions: the calls that wait to be counted at the same time are counted by one statement.

A team's count is one row, which calls lock in turn; those of one process need not wait for each other.
"""

import asyncio
from collections.abc import Sequence

from overture import clock
from overture.store import quotas
from overture.store.pool import Pool
from overture.store.quotas import Admission

_Key = tuple[bytes, str]
_Place = asyncio.Future[Admission | None]


class Admissions:
    """Counts the calls of one process, for each token and bucket as many at once as wait."""

    def __init__(self, pool: Pool, limits: Sequence[int]) -> None:
        self._pool = pool
        self.limits = limits
        self._waiting: dict[_Key, list[_Place]] = {}
        self._counting: dict[_Key, asyncio.Task[None]] = {}

    async def admit(self, *, digest: bytes, bucket: str) -> Admission | None:
        """Look a token up and count a call; None for a token that opens nothing."""
        key = (digest, bucket)
        place: _Place = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(place)
        if key not in self._counting:
            self._counting[key] = asyncio.create_task(self._count(key))
        return await place

    async def _count(self, key: _Key) -> None:
        """Count what waits, and what has come meanwhile, until nothing waits."""
        try:
            while places := self._waiting.pop(key, []):
                try:
                    await self._answer(key, places)
                except Exception as error:
                    for place in _open(places):
                        place.set_exception(error)
        finally:
            del self._counting[key]

    async def _answer(self, key: _Key, places: Sequence[_Place]) -> None:
        digest, bucket = key
        async with self._pool.acquire() as connection:
            counted = await quotas.admit(
                connection,
                digest=digest,
                bucket=bucket,
                calls=len(places),
                limits=self.limits,
                wall_now=clock.wall_now(),
            )
        for place, admission in zip(places, counted, strict=True):
            if not place.done():
                place.set_result(admission)


def _open(places: Sequence[_Place]) -> list[_Place]:
    """Return the places whose calls have not been given up."""
    return [place for place in places if not place.done()]
