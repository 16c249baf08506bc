"""The team a token opens."""

from typing import Annotated, Literal, cast

from pydantic import Field

from overture.actions import team_settings, teams
from overture.actions.team_settings import TeamChanges
from overture.api import bodies, routing
from overture.api.auth import CurrentActor, CurrentContext
from overture.core import names
from overture.store.teams import Team

router = routing.router("Team")


class ChangeTeam(bodies.Body):
    """What to change of a team; what is left out stays."""

    name: bodies.Name = bodies.unset(description="Name of the team.", examples=["Ruiz & Partners"])
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = bodies.unset(
        description="Currency of valuations, ISO 4217; amounts are not converted.", examples=["EUR"]
    )
    allow_parallel_campaigns: bool = bodies.unset(
        description="Whether two campaigns may be mid-sequence with the same person.", examples=[False]
    )
    recontact_after_days: int = bodies.unset(
        ge=0, le=3650, description="Days until a person who did not answer may be written to again.", examples=[30]
    )


class TeamAnswer(bodies.Answer):
    """A team and its settings."""

    id: str = Field(description="Id of the team.", examples=["t0mdbz3k91yq0c8f4w2n7xhs"])
    name: str = Field(description="Name of the team.", examples=["Ruiz & Partners"])
    slug: str = Field(description="The name in lower-case letters, digits and hyphens.", examples=["ruiz-partners"])
    image_url: None = Field(default=None, description="Teams have no picture: null.", examples=[None])
    allow_support_access: Literal[False] = Field(
        default=False, description="There is no vendor who could: false.", examples=[False]
    )
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


@router.patch("/team", summary="Change the team")
async def change_team(context: CurrentContext, actor: CurrentActor, body: ChangeTeam) -> TeamAnswer:
    """Change settings of the team; the next message of every campaign follows them."""
    return _answer(await team_settings.change(context, actor, changes=cast(TeamChanges, body.given())))


async def stop_team(context: CurrentContext, actor: CurrentActor) -> TeamAnswer:
    """Stop all sending: once this returns no message leaves any account; what is on its way arrives.

    Campaigns keep their status; inboxes are read on. This call is served also when the rate limit is used up.
    """
    return _answer(await team_settings.stop(context, actor))


router.add_api_route(
    "/team/stop", stop_team, methods=["POST"], summary="Stop all sending", route_class_override=routing.UrgentRoute
)


@router.post("/team/resume", summary="Resume sending")
async def resume_team(context: CurrentContext, actor: CurrentActor) -> TeamAnswer:
    """Let a stopped team send again: the pace goes on where it is, and what was missed is not made up for."""
    return _answer(await team_settings.resume(context, actor))


def _answer(team: Team) -> TeamAnswer:
    return TeamAnswer(
        id=team.id,
        name=team.name,
        slug=names.slug(team.name) or team.id,
        currency=team.currency,
        allow_parallel_campaigns=team.allow_parallel_campaigns,
        recontact_after_days=team.recontact_after_days,
        stopped_at=team.stopped_at,
        created_at=team.created_at,
    )
