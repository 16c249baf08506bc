"""What a program needs to find its ids in v1: plain arrays, the palette, the team."""

from typing import Literal

from pydantic import Field

from overture.actions import accounts, members, statuses, tags, teams
from overture.api import bodies
from overture.api import statuses as v2_statuses
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.statuses import StatusAnswer
from overture.api.v1 import routing
from overture.core import names
from overture.core.words import AccountStatus, MemberRole

router = routing.router("Team")
_ALL = 1_000_000


class AccountAnswer(bodies.Answer):
    """One account link."""

    id: str = Field(description="Id of the account link.", examples=["a0mdbz3k91yq0c8f4w2n7xhs"])
    platform: str = Field(description="Key of the platform.", examples=["twitter"])
    platform_id: str = Field(description="The platform's id of the account.", examples=["1900000000000000001"])
    name: str = Field(description="Shown name.", examples=["Ana Ruiz"])
    username: str = Field(description="Username, without @.", examples=["ana"])
    image: str | None = Field(description="Address of the picture.", examples=["https://example.com/pictures/ana.jpg"])
    created_at: bodies.Instant = Field(description="When it was linked.")
    status: AccountStatus = Field(
        description="`offline` must be authorised again; `paused` is held back.", examples=["active"]
    )
    synced_at: bodies.Instant | None = Field(description="When its messages were first read to the end.")


class MemberAnswer(bodies.Answer):
    """One person of the team."""

    id: str = Field(description="Id of the member.", examples=["m0mdbz3k91yq0c8f4w2n7xhs"])
    user_id: str = Field(
        description="There are no users apart from members: the same id.", examples=["m0mdbz3k91yq0c8f4w2n7xhs"]
    )
    name: str = Field(description="Name of the person.", examples=["Ana Ruiz"])
    email: str = Field(description="Address of the person; empty where it is not known.", examples=["ana@example.com"])
    image: None = Field(default=None, description="Members have no picture: null.", examples=[None])
    role: MemberRole = Field(description="What the member may do.", examples=["owner"])
    created_at: bodies.Instant = Field(description="When the person joined the team.")
    updated_at: None = Field(default=None, description="Not kept: null.", examples=[None])


class TagAnswer(bodies.Answer):
    """One tag."""

    id: str = Field(description="Id of the tag.", examples=["h0mdbz3k91yq0c8f4w2n7xhs"])
    name: str = Field(description="Name of the tag.", examples=["VIP"])
    color: str = Field(description="Colour, `#rrggbb`.", examples=["#7950f2"])


class TeamAnswer(bodies.Answer):
    """The team."""

    id: str = Field(description="Id of the team.", examples=["t0mdbz3k91yq0c8f4w2n7xhs"])
    name: str = Field(description="Name of the team.", examples=["Ruiz & Partners"])
    slug: str = Field(description="The name in lower-case letters, digits and hyphens.", examples=["ruiz-partners"])
    image: None = Field(default=None, description="Teams have no picture: null.", examples=[None])
    created_at: bodies.Instant = Field(description="When the team was made.")
    updated_at: None = Field(default=None, description="Not kept: null.", examples=[None])
    currency: str = Field(description="Currency of valuations, ISO 4217.", examples=["USD"])
    allow_support_access: Literal[False] = Field(
        default=False, description="There is no vendor who could: false.", examples=[False]
    )


@router.get("/team", summary="Get the team")
async def get_team(context: CurrentContext, actor: CurrentActor) -> TeamAnswer:
    """Return the team the token belongs to."""
    team = await teams.get(context, actor)
    slug = names.slug(team.name) or team.id
    return TeamAnswer(id=team.id, name=team.name, slug=slug, created_at=team.created_at, currency=team.currency)


@router.get("/account-links", summary="List account links")
async def list_account_links(context: CurrentContext, actor: CurrentActor) -> list[AccountAnswer]:
    """Return all account links of the team in the order they were linked."""
    rows = await accounts.read_page(context, actor, platforms=[], statuses=[], after=None, count=_ALL)
    return [
        AccountAnswer(
            id=account.id,
            platform=account.platform,
            platform_id=account.platform_id,
            name=account.display_name or account.username or account.platform_id,
            username=account.username or "",
            image=account.avatar_url,
            created_at=account.created_at,
            status=AccountStatus(account.status),
            synced_at=account.synced_at,
        )
        for account in rows
    ]


@router.get("/members", summary="List members")
async def list_members(context: CurrentContext, actor: CurrentActor) -> list[MemberAnswer]:
    """Return all members of the team, the oldest first."""
    return [
        MemberAnswer(
            id=member.id,
            user_id=member.id,
            name=member.name,
            email=member.email or "",
            role=MemberRole(member.role),
            created_at=member.created_at,
        )
        for member in await members.read_page(context, actor, after=None, limit=_ALL)
    ]


@router.get("/tags", summary="List tags")
async def list_tags(context: CurrentContext, actor: CurrentActor) -> list[TagAnswer]:
    """Return all tags in the team's order."""
    rows = await tags.read_page(context, actor, after=None, limit=_ALL)
    return [TagAnswer(id=tag.id, name=tag.name, color=tag.color) for tag in rows]


@router.get("/statuses", summary="List statuses")
async def list_statuses(context: CurrentContext, actor: CurrentActor) -> list[StatusAnswer]:
    """Return all statuses in the order of the board."""
    return [v2_statuses.answer(row) for row in await statuses.read_page(context, actor, after=None, count=_ALL)]


routing.take_over(router, v2_statuses.router, v2_statuses.list_colors, "/colors")
