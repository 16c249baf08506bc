"""What every action works with: the database, engine time, the platforms, and who asks."""

from collections.abc import Callable
from dataclasses import dataclass

from overture.channels.registry import Registry
from overture.clock import EngineClock
from overture.secrets import Sealer
from overture.store.pool import Pool


@dataclass(frozen=True, kw_only=True)
class Context:
    """The parts of this process an action may use. `wake` tells the engine, if it runs here, that work has come."""

    pool: Pool
    clock: EngineClock
    channels: Registry
    sealer: Sealer
    wake: Callable[[], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who asks: the team a token opens, and the token."""

    team_id: str
    token_id: str
    name: str
