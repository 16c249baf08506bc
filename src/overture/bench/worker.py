"""A worker as a process of its own over a platform that accepts everything: `python -m overture.bench.worker`."""

import json
import resource
import sys
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

import uvloop

from overture import logs, main, processes
from overture.bench import crowd
from overture.bench.noop import HurryingClock, NoopChannel
from overture.channels.registry import Registry
from overture.engine import sending
from overture.secrets import KEY_BYTES, Sealer

READY = "ready"
_STATUS = Path("/proc/self/status")


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What a worker is to do: on which database, by which clock, and how its platform behaves.

    `since` is when the wall stood as the engine's clock began, in ISO form; `first_id` is the first of the numbers
    that its messages get.
    """

    dsn: str
    since: str
    speed: float
    delay: float
    shows_lost: bool
    first_id: int

    def clock(self) -> HurryingClock:
        """Return the clock that everybody on the database goes by."""
        return HurryingClock(start=crowd.START, since=datetime.fromisoformat(self.since), speed=self.speed)

    def encoded(self) -> str:
        """Return it as one argument of a command."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """What a worker tells at its end: its memory in bytes before it began and at its most."""

    bytes_before: int
    bytes_most: int


async def _work(order: Order) -> None:
    # Engine time hurries on here while messages are under way, as it does nowhere else.
    sending.OLDEST_DECISION = timedelta(days=10_000)
    channel = NoopChannel(first_id=order.first_id, delay=order.delay, shows_lost=order.shows_lost)
    async with main.pool_of(order.dsn, role="worker") as pool:
        parts = main.Parts(
            pool=pool, clock=order.clock(), channels=Registry([channel]), sealer=Sealer([bytes(KEY_BYTES)])
        )
        engine = parts.engine()
        stopping = processes.stop_signal()
        before = _most_bytes()
        async with main.working(engine) as task:
            _tell(READY)
            await processes.until(stopping, [task])
    _tell(json.dumps(asdict(Ended(bytes_before=before, bytes_most=_most_bytes()))))


def _tell(line: str) -> None:
    """Tell a line to whoever started us."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _most_bytes() -> int:
    """Return the most memory this program has ever had; the system's own count includes who started it."""
    if _STATUS.exists():
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


if __name__ == "__main__":
    logs.configure("WARNING", json=False)
    uvloop.run(_work(Order(**json.loads(sys.argv[1]))))
