"""The members of a team."""

from fastapi import Request
from pydantic import Field

from overture.actions import invitations, members
from overture.actions.invitations import Invitation
from overture.api import bodies, refusals, routing
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.paging import CurrentPage, Page
from overture.core.words import MemberRole
from overture.store.members import Member

router = routing.router("Members", route_class=routing.SecretRoute)


class MemberAnswer(bodies.Answer):
    """One person of the team."""

    id: str = Field(description="Id of the member.", examples=["m0mdbz3k91yq0c8f4w2n7xhs"])
    name: str = Field(description="Name of the person.", examples=["Ana Ruiz"])
    email: str | None = Field(description="Address of the person, where it is known.", examples=["ana@example.com"])
    image_url: None = Field(default=None, description="Members have no picture: null.", examples=[None])
    role: MemberRole = Field(description="What the member may do.", examples=["owner"])
    created_at: bodies.Instant = Field(description="When the person joined the team.")


class NewMember(bodies.Body):
    """Somebody who joins the team."""

    name: bodies.Name = Field(description="Name of the person.", examples=["Ben Okafor"])
    email: bodies.Email | None = Field(
        default=None,
        description="The address to sign in with; left out or null: chosen with the password.",
        examples=["ben@example.com"],
    )
    role: bodies.Choice[MemberRole] = Field(
        default=MemberRole.USER, description="What the member may do.", examples=["user"]
    )


class ChangeMember(bodies.Body):
    """What to change of a member; what is left out stays."""

    role: bodies.Choice[MemberRole] = bodies.unset(description="What the member may do from now on.", examples=["user"])


class InvitationAnswer(bodies.Answer):
    """A one-time address at which a member chooses a password."""

    url: str = Field(
        description="The address, shown this once; it serves once.",
        examples=["https://overture.example/welcome#ovt_9rF2uYk0bWq7…"],
    )
    ends_at: bodies.Instant = Field(description="Until when it serves.")


class NewMemberAnswer(bodies.Answer):
    """Somebody who has joined the team just now."""

    member: MemberAnswer = Field(description="The member.")
    invitation: InvitationAnswer = Field(description="What to send them, so that they can sign in.")


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


@router.post("/members", status_code=201, summary="Add a member", openapi_extra=refusals.of("forbidden"))
async def add_member(
    request: Request, context: CurrentContext, actor: CurrentActor, body: NewMember
) -> NewMemberAnswer:
    """Add a person to the team. Owners add anybody, admins all but owners.

    Overture writes to nobody: send them the one-time address.
    """
    member, invitation = await members.add(context, actor, name=body.name, email=body.email, role=body.role)
    return NewMemberAnswer(member=answer(member), invitation=_invitation(request, invitation))


@router.patch("/members/{member_id}", summary="Change a member", openapi_extra=refusals.of("forbidden", "lastOwner"))
async def change_member(
    context: CurrentContext, actor: CurrentActor, member_id: str, body: ChangeMember
) -> MemberAnswer:
    """Give a member another role, as an owner; it holds from the next call of their sessions and tokens on.

    Whoever becomes an owner loses the tokens and the invitation from before: admins may know their secrets.
    """
    given = body.given()
    if "role" not in given:
        return answer(await members.get(context, actor, member_id=member_id))
    return answer(await members.change_role(context, actor, member_id=member_id, role=given["role"]))


@router.delete(
    "/members/{member_id}",
    status_code=204,
    summary="Remove a member",
    openapi_extra=refusals.of("forbidden", "lastOwner"),
)
async def remove_member(context: CurrentContext, actor: CurrentActor, member_id: str) -> None:
    """Remove a person from the team, as an owner: their sessions, tokens and invitation let nobody in any more.

    Contacts and threads they looked after are nobody's, automations that give people to them are switched off. Their
    name stays beside the messages they sent, and in the audit.
    """
    await members.remove(context, actor, member_id=member_id)


@router.post(
    "/members/{member_id}/invitation",
    status_code=201,
    summary="Invite a member anew",
    openapi_extra=refusals.of("forbidden"),
)
async def invite_member(
    request: Request, context: CurrentContext, actor: CurrentActor, member_id: str
) -> InvitationAnswer:
    """Make a one-time address for a member who lost the password or the first one; former ones open nothing any more.

    Owners invite anybody, admins all but owners, and everybody themselves. Until then the password there is serves on.
    """
    return _invitation(request, await invitations.invite(context, actor, member_id=member_id))


def _invitation(request: Request, made: Invitation) -> InvitationAnswer:
    public_url: str = request.app.state.public_url
    return InvitationAnswer(url=f"{public_url}{invitations.PATH}#{made.secret}", ends_at=made.ends_at)


def answer(member: Member) -> MemberAnswer:
    """Put a member into its wire form."""
    return MemberAnswer(
        id=member.id,
        name=member.name,
        email=member.email,
        role=MemberRole(member.role),
        created_at=member.created_at,
    )
