"""The team a token opens."""

from pydantic import Field

from overture.actions import teams
from overture.api import bodies, routing
from overture.api.auth import CurrentActor, CurrentContext
from overture.store.teams import Team

router = routing.router("Team")


class TeamAnswer(bodies.Answer):
    """A team and its settings."""

    id: str = Field(description="Id of the team.", examples=["t0mdbz3k91yq0c8f4w2n7xhs"])
    name: str = Field(description="Name of the team.", examples=["Ruiz & Partners"])
    currency: str = Field(description="Currency of valuations, ISO 4217.", examples=["USD"])
    allow_parallel_campaigns: bool = Field(
        description="Whether two campaigns may be mid-sequence with the same person.", examples=[False]
    )
    recontact_after_days: int = Field(
        description="Days until a person who did not answer may be written to again.", examples=[30]
    )
    stopped_at: bodies.Instant | None = Field(description="Since when all sending is stopped; null = it is not.")
    created_at: bodies.Instant = Field(description="When the team was made.")


@router.get("/team", summary="Get the team")
async def get_team(context: CurrentContext, actor: CurrentActor) -> TeamAnswer:
    """Return the team the token belongs to."""
    return _answer(await teams.get(context, actor))


def _answer(team: Team) -> TeamAnswer:
    return TeamAnswer(
        id=team.id,
        name=team.name,
        currency=team.currency,
        allow_parallel_campaigns=team.allow_parallel_campaigns,
        recontact_after_days=team.recontact_after_days,
        stopped_at=team.stopped_at,
        created_at=team.created_at,
    )
