"""Sessions: members sign in to the page, and out again."""

from typing import Annotated

from fastapi import Request, Response
from pydantic import Field, StringConstraints

from overture.actions import invitations, sessions
from overture.actions.sessions import Session
from overture.api import bodies, members, refusals, routing, session_cookie
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.members import MemberAnswer

router = routing.router("Sessions")
open_router = routing.router("Sessions", route_class=routing.OpenRoute)

_EXAMPLE_PASSWORD = "a long sentence of your own"  # noqa: S105 - shown in the documents
_Text = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class SignIn(bodies.Body):
    """Who signs in."""

    email: _Text = Field(description="The member's address; case does not matter.", examples=["ana@example.com"])
    password: _Text = Field(description="The member's password.", examples=[_EXAMPLE_PASSWORD])


class Acceptance(bodies.Body):
    """With what somebody who is invited will sign in."""

    invitation: _Text = Field(description="What follows `#` in the one-time address.", examples=["ovt_9rF2uYk0bWq7…"])
    email: _Text | None = Field(
        default=None,
        description="The address to sign in with; left out or null: the one that is known of the member.",
        examples=["ana@example.com"],
    )
    password: _Text = Field(description="The password to be, of 12 to 200 characters.", examples=[_EXAMPLE_PASSWORD])


class PasswordChange(bodies.Body):
    """Another password."""

    current_password: _Text = Field(description="The password there is.", examples=[_EXAMPLE_PASSWORD])
    new_password: _Text = Field(
        description="The password to be, of 12 to 200 characters.", examples=["another sentence of your own"]
    )


class SessionTeam(bodies.Answer):
    """The team that is worked in."""

    id: str = Field(description="Id of the team.", examples=["t0mdbz3k91yq0c8f4w2n7xhs"])
    name: str = Field(description="Name of the team.", examples=["My team"])


class SessionAnswer(bodies.Answer):
    """Who works, and in which team."""

    member: MemberAnswer | None = Field(description="The member; null: a token that acts for nobody asks.")
    team: SessionTeam = Field(description="The team.")
    ends_at: bodies.Instant | None = Field(
        description="When the session ends at the latest, 7 days without use end it sooner; null: a token asks."
    )


@open_router.post("/session", status_code=201, summary="Sign in")
async def sign_in(request: Request, response: Response, context: CurrentContext, body: SignIn) -> SessionAnswer:
    """Begin a session: the answer sets a cookie that lets the browser in, in place of a token, as the member.

    Calls by a session that change something need the header `X-Overture-Session: 1`, and must come from a page at the
    server's own address. Ten wrong tries at one address, or fifty from one network address, within 15 minutes are the
    most.
    """
    session_cookie.require_own_origin(request)
    session, secret = await sessions.sign_in(context, email=body.email, password=body.password, origin=_origin(request))
    session_cookie.put(request, response, secret)
    return _answer(session)


@open_router.post(
    "/session/invitation",
    status_code=201,
    summary="Accept an invitation",
    openapi_extra=refusals.of("invitationNotFound", "emailTaken"),
)
async def accept_invitation(
    request: Request, response: Response, context: CurrentContext, body: Acceptance
) -> SessionAnswer:
    """Choose the address and password to sign in with, and begin a session; the member's other sessions end.

    The first start of Overture, `overture password` and `POST /members` make the one-time addresses; each serves once,
    and for three days.
    """
    session_cookie.require_own_origin(request)
    session, secret = await invitations.accept(
        context, invitation=body.invitation, email=body.email, password=body.password, origin=_origin(request)
    )
    session_cookie.put(request, response, secret)
    return _answer(session)


@router.get("/session", summary="Tell who works")
async def get_session(request: Request, context: CurrentContext, actor: CurrentActor) -> SessionAnswer:
    """Return the member whose session, or whose token, this call is made with."""
    return _answer(await sessions.read(context, actor, ends_at=request.state.session_ends_at))


@router.delete("/session", status_code=204, summary="Sign out", openapi_extra=refusals.of("forbidden"))
async def sign_out(request: Request, response: Response, context: CurrentContext, actor: CurrentActor) -> None:
    """End the session this call is made with; a token is revoked instead (`DELETE /tokens/{token_id}`)."""
    await sessions.sign_out(context, actor)
    session_cookie.drop(request, response)


@router.put("/session/password", summary="Change one's password", openapi_extra=refusals.of("forbidden"))
async def change_password(context: CurrentContext, actor: CurrentActor, body: PasswordChange) -> bodies.Success:
    """Choose another password; the member's other sessions end."""
    await sessions.change_password(context, actor, current=body.current_password, new=body.new_password)
    return bodies.Success()


def _origin(request: Request) -> str:
    return "" if request.client is None else request.client.host


def _answer(session: Session) -> SessionAnswer:
    return SessionAnswer(
        member=None if session.member is None else members.answer(session.member),
        team=SessionTeam(id=session.team.id, name=session.team.name),
        ends_at=session.ends_at,
    )
