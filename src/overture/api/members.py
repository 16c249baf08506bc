"""The members of a team."""

from pydantic import Field

from overture.actions import members
from overture.api import bodies, routing
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.paging import CurrentPage, Page
from overture.core.words import MemberRole
from overture.store.members import Member

router = routing.router("Members")


class MemberAnswer(bodies.Answer):
    """One person of the team."""

    id: str = Field(description="Id of the member.", examples=["m0mdbz3k91yq0c8f4w2n7xhs"])
    name: str = Field(description="Name of the person.", examples=["Ana Ruiz"])
    email: str | None = Field(description="Address of the person, where it is known.", examples=["ana@example.com"])
    image_url: None = Field(default=None, description="Members have no picture: null.", examples=[None])
    role: MemberRole = Field(description="What the member may do.", examples=["owner"])
    created_at: bodies.Instant = Field(description="When the person joined the team.")


@router.get("/members", summary="List members")
async def list_members(context: CurrentContext, actor: CurrentActor, paging: CurrentPage) -> Page[MemberAnswer]:
    """Return the members of the team, the oldest first."""
    rows = await members.read_page(context, actor, after=paging.after_id, limit=paging.fetch)
    shown, cursor = paging.cut(rows, lambda member: (member.id,))
    return Page(data=[answer(member) for member in shown], next_cursor=cursor)


@router.get("/members/{member_id}", summary="Get a member")
async def get_member(context: CurrentContext, actor: CurrentActor, member_id: str) -> MemberAnswer:
    """Return one member."""
    return answer(await members.get(context, actor, member_id=member_id))


def answer(member: Member) -> MemberAnswer:
    """Put a member into its wire form."""
    return MemberAnswer(
        id=member.id,
        name=member.name,
        email=member.email,
        role=MemberRole(member.role),
        created_at=member.created_at,
    )
