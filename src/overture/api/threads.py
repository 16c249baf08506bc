"""Threads: conversations between the team's accounts and people."""

from datetime import datetime
from typing import Annotated, Literal, cast

from fastapi import Query
from pydantic import Field

from overture.actions import threads
from overture.actions.context import Context
from overture.actions.threads import ThreadChanges, ThreadExpansion, View
from overture.api import accounts, bodies, contacts, members, profiles, refusals, routing
from overture.api.accounts import AccountAnswer
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.contacts import ContactAnswer
from overture.api.members import MemberAnswer
from overture.api.paging import CurrentPage, Page
from overture.api.profiles import ProfileAnswer
from overture.api.wanted_threads import LatestFirst, WantedThreads
from overture.core import text
from overture.core.words import Direction, TypingIndicators
from overture.store.folders import Place

router = routing.router("Threads")
_Expand = Annotated[
    list[ThreadExpansion],
    Query(description="What to show beside its id.", max_length=4, examples=[["profile", "contact"]]),
]


class ChangeThread(bodies.Body):
    """What to change of a thread; what is left out stays."""

    archived: bool = bodies.unset(description="Puts it into the archive, or back into the inbox.", examples=[True])
    unread: bool = bodies.unset(description="Marks it unread, or takes the mark off.", examples=[True])
    assignee_id: str | None = bodies.unset(
        description="The member who looks after it; null: whoever looks after the contact.",
        examples=["m0mdbz3k91yq0c8f4w2n7xhs"],
    )
    typing_indicators: bodies.Choice[TypingIndicators] = bodies.unset(
        description="Whether the other side is shown that somebody types, where the platform can show it.",
        examples=["disabled"],
    )


class LastMessageAnswer(bodies.Answer):
    """The latest message of a thread."""

    id: str = Field(description="Id of the message.", examples=["g0mdbz3k91yq0c8f4w2n7xhs"])
    direction: Direction = Field(description="`inbound`: the other side wrote it.", examples=["inbound"])
    created_at: bodies.Instant = Field(description="When it was sent.")


class ActivityAnswer(bodies.Answer):
    """What happened last in a thread."""

    preview: str | None = Field(description="One line of it.", examples=["Sounds good, tell me more"])
    direction: Direction = Field(description="Whose act it was; `outbound`: the account's.", examples=["inbound"])
    at: bodies.Instant = Field(description="When it happened.")


class ThreadAnswer(bodies.Answer):
    """One conversation between an account and a person."""

    id: str = Field(description="Id of the thread.", examples=["r0mdbz3k91yq0c8f4w2n7xhs"])
    platform: str = Field(description="Key of the platform.", examples=["twitter"])
    platform_id: str | None = Field(
        description="The platform's id of the conversation; null before the first message there.",
        examples=["1000000000000000001-1900000000000000042"],
    )
    account_link_id: str = Field(description="The team's side.", examples=["a0mdbz3k91yq0c8f4w2n7xhs"])
    account_link: AccountAnswer | None = Field(
        description="The account link; null unless expanded, and once it is disconnected."
    )
    profile_id: str = Field(description="The other side.", examples=["u0mdbz3k91yq0c8f4w2n7xhs"])
    profile: ProfileAnswer | None = Field(description="The profile; null unless expanded.")
    contact_id: str = Field(description="Contact of the other side.", examples=["o0mdbz3k91yq0c8f4w2n7xhs"])
    contact: ContactAnswer | None = Field(description="The contact; null unless expanded.")
    assignee_id: str | None = Field(
        description="The member who looks after it: its own, or else the contact's.",
        examples=["m0mdbz3k91yq0c8f4w2n7xhs"],
    )
    assignee: MemberAnswer | None = Field(description="The member; null unless expanded.")
    is_request: bool = Field(
        description="Whether it is a request nobody has accepted yet, where the platform tells.", examples=[False]
    )
    acceptance_state: Literal["required", "notRequired", "unknown"] = Field(
        description="Whether it has to be accepted before it is answered; X does not tell.", examples=["unknown"]
    )
    archived: bool = Field(description="Whether it is in the archive.", examples=[False])
    unread: bool = Field(description="Whether somebody marked it unread.", examples=[False])
    restrictions: list[str] = Field(
        description="Capabilities of the account that it does not have in this conversation.", examples=[[]]
    )
    syncing: bool = Field(description="Whether older messages are still being read.", examples=[False])
    typing_indicators: TypingIndicators = Field(
        description="Whether the other side is shown that somebody types.", examples=["teamDefault"]
    )
    last_message: LastMessageAnswer | None = Field(description="The latest message; null: there is none.")
    activity: ActivityAnswer | None = Field(description="What happened last; null: nothing yet.")
    created_at: bodies.Instant = Field(description="When the team first heard of the conversation.")


class ThreadDeletedAnswer(bodies.Answer):
    """What was deleted."""

    scope: Literal["remoteAndLocal", "local"] = Field(
        description="`local`: the conversation stays on the platform.", examples=["local"]
    )


class TypingAnswer(bodies.Answer):
    """What became of it."""

    status: Literal["sent", "skipped"] = Field(description="Whether the other side was shown it.", examples=["sent"])
    reason: Literal["rateLimited", "disabled"] | None = Field(
        description="Why it was skipped; null: it was not.", examples=[None, "disabled"]
    )


@router.get("/threads", summary="List threads")
async def list_threads(
    context: CurrentContext,
    actor: CurrentActor,
    paging: CurrentPage,
    wanted: WantedThreads,
    order: LatestFirst = "desc",
    expand: _Expand = [],  # noqa: B006 - FastAPI copies it
) -> Page[ThreadAnswer]:
    """Return threads in the order of what was said last in them; every filter narrows the folder.

    What a filter names and there is not lets nothing through.
    """
    after = None
    if paging.after is not None:
        instant, last_id = paging.after
        after = Place(at=datetime.fromisoformat(str(instant)), id=str(last_id))
    found, places = await threads.page(
        context,
        actor,
        wanted=wanted,
        descending=order == "desc",
        expand=expand,
        after=after,
        limit=paging.fetch,
    )
    shown, cursor = paging.cut(places, lambda place: (place.at.isoformat(), place.id))
    # One that was deleted between the two looks is left out.
    kept = {place.id for place in shown}
    return Page(data=[answer(context, view) for view in found if view.thread.id in kept], next_cursor=cursor)


@router.get("/threads/{thread_id}", summary="Get a thread")
async def get_thread(
    context: CurrentContext,
    actor: CurrentActor,
    thread_id: str,
    expand: _Expand = [],  # noqa: B006 - FastAPI copies it
) -> ThreadAnswer:
    """Return one thread."""
    return answer(context, await threads.get(context, actor, thread_id=thread_id, expand=expand))


@router.patch("/threads/{thread_id}", summary="Change a thread", openapi_extra=refusals.of("memberNotFound"))
async def change_thread(
    context: CurrentContext, actor: CurrentActor, thread_id: str, body: ChangeThread
) -> ThreadAnswer:
    """Archive a thread or bring it back, mark it unread, or give it to a member."""
    changes = cast(ThreadChanges, body.given())
    return answer(context, await threads.change(context, actor, thread_id=thread_id, changes=changes))


@router.delete("/threads/{thread_id}", summary="Delete a thread")
async def delete_thread(context: CurrentContext, actor: CurrentActor, thread_id: str) -> ThreadDeletedAnswer:
    """Take a thread out of sight. The conversation stays on the platform, and its record here; the next message in it
    brings it back.
    """
    await threads.delete(context, actor, thread_id=thread_id)
    return ThreadDeletedAnswer(scope="local")


@router.post(
    "/threads/{thread_id}/typing",
    summary="Show that somebody types",
    openapi_extra=refusals.of("capabilityNotSupported"),
)
async def show_typing(context: CurrentContext, actor: CurrentActor, thread_id: str) -> TypingAnswer:
    """Let the other side see that somebody types, where the platform can show it. X cannot: the call is refused."""
    await threads.show_typing(context, actor, thread_id=thread_id)


def answer(context: Context, view: View) -> ThreadAnswer:
    """Put a thread into its wire form."""
    thread, last = view.thread, view.thread.last
    return ThreadAnswer(
        id=thread.id,
        platform=thread.platform,
        platform_id=thread.platform_id,
        account_link_id=thread.account_id,
        account_link=None if view.account is None else accounts.answer(context, view.account),
        profile_id=thread.profile_id,
        profile=None if view.profile is None else profiles.answer(view.profile),
        contact_id=thread.contact_id,
        contact=None if view.contact is None else contacts.answer(view.contact),
        assignee_id=thread.assignee_id,
        assignee=None if view.assignee is None else members.answer(view.assignee),
        is_request=False,
        acceptance_state="unknown",
        archived=thread.archived,
        unread=thread.unread,
        restrictions=[],
        syncing=thread.is_syncing,
        typing_indicators=TypingIndicators(thread.typing_indicators),
        last_message=None
        if last is None
        else LastMessageAnswer(id=last.id, direction=Direction(last.direction), created_at=last.at),
        activity=None
        if last is None
        else ActivityAnswer(preview=text.preview(last.content), direction=Direction(last.direction), at=last.at),
        created_at=thread.created_at,
    )
