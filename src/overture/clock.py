"""The two clocks. Engine time drives hours, pace, delays and records; wall time drives leases and time-outs."""

from datetime import UTC, datetime
from typing import Protocol


class EngineClock(Protocol):
    """Engine time: the wall clock, or in virtual runs an instant kept in the database."""

    async def now(self) -> datetime:
        """Return the engine's present instant, in UTC."""
        ...


class WallClock:
    """Engine time for real operation: the machine's clock."""

    async def now(self) -> datetime:
        """Return the machine's present instant, in UTC."""
        return wall_now()


def wall_now() -> datetime:
    """Return wall time in UTC: leases, heartbeats and call time-outs use nothing else."""
    return datetime.now(UTC)
