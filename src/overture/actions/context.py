"""What every action works with: the database, engine time, the platforms, and who asks."""

from collections.abc import Callable
from dataclasses import dataclass

from overture.channels.registry import Registry
from overture.clock import EngineClock
from overture.core.words import ActorType, MemberRole
from overture.secrets import Sealer
from overture.store.pool import Pool
from overture.store.tokens import Token


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
    """Who asks, in which team: a token or a member's session; without one, the operator who runs the program.

    `member_id` is whom the token acts for; it may do what that member's role allows. The session of a member has an id
    as tokens have.
    """

    team_id: str
    token_id: str | None
    name: str
    member_id: str | None = None
    role: MemberRole = MemberRole.USER
    is_session: bool = False

    @property
    def type(self) -> ActorType:
        """What kind of actor it is."""
        if self.is_session:
            return ActorType.MEMBER
        return ActorType.OPERATOR if self.token_id is None else ActorType.TOKEN

    @property
    def id(self) -> str | None:
        """The id of the token, or of the member whose session it is; None of the operator."""
        return self.member_id if self.is_session else self.token_id


def holder(token: Token) -> Actor:
    """Return whom a token, or a session, stands for."""
    return Actor(
        team_id=token.team_id,
        token_id=token.id,
        name=token.name,
        member_id=token.member_id,
        role=MemberRole(token.role or MemberRole.USER),
        is_session=token.ends_at is not None,
    )


OPERATOR_NAME = "Operator"
"""How acts of the operator are signed: nobody knows who sits at the command line."""


def operator(team_id: str) -> Actor:
    """Return the operator, acting in a team: whoever holds the machine may do what an owner may."""
    return Actor(team_id=team_id, token_id=None, name=OPERATOR_NAME, role=MemberRole.OWNER)
