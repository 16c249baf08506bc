"""What every action works with: the database, engine time, the platforms, and who asks."""

from collections.abc import Callable
from dataclasses import dataclass

from overture.channels.registry import Registry
from overture.clock import EngineClock
from overture.core.words import ActorType, MemberRole
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
    """Who asks, in which team: a token; without one, the operator who runs the program.

    `member_id` is whom the token acts for; it may do what that member's role allows.
    """

    team_id: str
    token_id: str | None
    name: str
    member_id: str | None = None
    role: MemberRole = MemberRole.USER

    @property
    def type(self) -> ActorType:
        """What kind of actor it is."""
        return ActorType.OPERATOR if self.token_id is None else ActorType.TOKEN


OPERATOR_NAME = "Operator"
"""How acts of the operator are signed: nobody knows who sits at the command line."""


def operator(team_id: str) -> Actor:
    """Return the operator, acting in a team: whoever holds the machine may do what an owner may."""
    return Actor(team_id=team_id, token_id=None, name=OPERATOR_NAME, role=MemberRole.OWNER)
