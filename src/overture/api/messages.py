"""Messages: what was said in a thread."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field

from overture.actions import messages
from overture.actions.context import Context
from overture.actions.messages import MessageExpansion, View
from overture.api import accounts, bodies, message_parts, refusals, routing, threads
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.message_parts import AttachmentAnswer, MessageAnswer, ReactionAnswer
from overture.api.paging import CurrentPage, Page
from overture.api.wanted_threads import Order
from overture.core import hidden
from overture.core.words import Direction

router = routing.router("Messages")
Content = Annotated[str, Field(min_length=1, max_length=100_000, pattern=r"\S")]
Emoji = Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[^\x00-\x7F\s]+$|^[0-9#*]\uFE0F?\u20E3$")]
_Expand = Annotated[
    list[MessageExpansion], Query(description="What to show beside its id.", max_length=4, examples=[["sentBy"]])
]
_UNCHANGEABLE = refusals.of("capabilityNotSupported")


class EditMessage(bodies.Body):
    """A new text for a message."""

    content: Content = Field(description="The text.", examples=["We are open until six on Sunday."])


class React(bodies.Body):
    """A reaction to a message."""

    emoji: Emoji = Field(description="One emoji.", examples=["👍"])


class DeletionAnswer(bodies.Answer):
    """A message that was deleted."""

    message_id: str = Field(description="Id of the message.", examples=["g0mdbz3k91yq0c8f4w2n7xhs"])
    scope: Literal["self", "all"] = Field(description="For whom it was deleted.", examples=["all"])
    deleted_at: bodies.Instant = Field(description="When.")


class ReactionsAnswer(bodies.Answer):
    """The reactions to a message."""

    reactions: list[ReactionAnswer] = Field(description="All of them.")
    version: int = Field(description="Rises with every change.", examples=[1])


class TextAnswer(bodies.Answer):
    """A text a message had."""

    content: str = Field(description="The text.", examples=["We are open on Sunday."])
    created_at: bodies.Instant = Field(description="Since when.")
    origin: Literal["inbox", "api", "platform"] | None = Field(
        description="Where it was written: here by a member or campaign, through the API, or on the platform.",
        examples=["api"],
    )


class MessageDeletedAnswer(bodies.Answer):
    """That a message was deleted."""

    deleted_at: bodies.Instant = Field(description="When.")
    scope: Literal["self", "all"] = Field(description="For whom.", examples=["all"])
    origin: Literal["inbox", "api", "platform"] | None = Field(description="Where.", examples=["platform"])


class HistoryAnswer(bodies.Answer):
    """What became of a message."""

    versions: list[TextAnswer] = Field(description="Every text it had, the first one first.")
    deletion: MessageDeletedAnswer | None = Field(description="That it was deleted; null: not as far as is known.")
    times: Literal["platform", "observed"] = Field(
        description="Whether the times are the platform's, or when a change was noticed.", examples=["platform"]
    )


@router.get("/threads/{thread_id}/messages", summary="List messages")
async def list_messages(
    context: CurrentContext,
    actor: CurrentActor,
    paging: CurrentPage,
    thread_id: str,
    order: Annotated[Order, Query(description="`desc`: the latest first.", examples=["asc"])] = "desc",
    expand: _Expand = [],  # noqa: B006 - FastAPI copies it
) -> Page[MessageAnswer]:
    """Return the messages of a thread, also those that were sent outside of Overture. While the thread is `syncing`,
    older ones may be missing.
    """
    after = None
    if paging.after is not None:
        instant, last_id = paging.after
        after = (datetime.fromisoformat(str(instant)), str(last_id))
    rows = await messages.page(
        context,
        actor,
        thread_id=thread_id,
        descending=order == "desc",
        expand=expand,
        after=after,
        limit=paging.fetch,
    )
    shown, cursor = paging.cut(rows, lambda view: (view.message.sent_at.isoformat(), view.message.id))
    return Page(data=[answer(context, view) for view in shown], next_cursor=cursor)


@router.get("/messages/{message_id}", summary="Get a message")
async def get_message(
    context: CurrentContext,
    actor: CurrentActor,
    message_id: str,
    expand: _Expand = [],  # noqa: B006 - FastAPI copies it
) -> MessageAnswer:
    """Return one message."""
    return answer(context, await messages.get(context, actor, message_id=message_id, expand=expand))


@router.patch("/messages/{message_id}", summary="Edit a message", openapi_extra=_UNCHANGEABLE)
async def edit_message(
    context: CurrentContext,
    actor: CurrentActor,
    message_id: str,
    body: EditMessage,  # noqa: ARG001 - what the platform would be told
) -> MessageAnswer:
    """Edit a message, where the platform can. X cannot: the call is refused."""
    await messages.refuse(context, actor, message_id=message_id, capability="message:edit")


@router.delete("/messages/{message_id}", summary="Delete a message", openapi_extra=_UNCHANGEABLE)
async def delete_message(
    context: CurrentContext,
    actor: CurrentActor,
    message_id: str,
    scope: Annotated[
        Literal["self", "all"],
        Query(description="`self`: for the account alone. `all`: for everybody.", examples=["all"]),
    ],
) -> DeletionAnswer:
    """Delete or take back a message, where the platform can. X's API cannot: the call is refused."""
    capability = "message:unsend" if scope == "all" else "message:delete:self"
    await messages.refuse(context, actor, message_id=message_id, capability=capability)


@router.get("/messages/{message_id}/history", summary="Get the history of a message")
async def get_history(context: CurrentContext, actor: CurrentActor, message_id: str) -> HistoryAnswer:
    """Return every text a message had. X's API tells of no edit and no deletion: there is one, as it was first seen."""
    view = await messages.get(context, actor, message_id=message_id)
    version = TextAnswer(content=view.message.content, created_at=view.message.sent_at, origin=_origin(view))
    return HistoryAnswer(versions=[version], deletion=None, times="platform")


@router.post("/messages/{message_id}/reactions", summary="React to a message", openapi_extra=_UNCHANGEABLE)
async def react(
    context: CurrentContext,
    actor: CurrentActor,
    message_id: str,
    body: React,  # noqa: ARG001 - what the platform would be told
) -> ReactionsAnswer:
    """React to a message, where the platform can. X's API cannot: the call is refused."""
    await messages.refuse(context, actor, message_id=message_id, capability="message:react")


@router.delete("/messages/{message_id}/reactions", summary="Take a reaction back", openapi_extra=_UNCHANGEABLE)
async def take_reaction_back(
    context: CurrentContext,
    actor: CurrentActor,
    message_id: str,
    emoji: Annotated[Emoji, Query(description="The emoji.", examples=["👍"])],  # noqa: ARG001 - what the platform would be told
) -> ReactionsAnswer:
    """Take a reaction back, where the platform can. X's API cannot: the call is refused."""
    await messages.refuse(context, actor, message_id=message_id, capability="message:react")


@router.get("/messages/{message_id}/attachments/{index}", summary="Get an attachment")
async def get_attachment(
    context: CurrentContext,
    actor: CurrentActor,
    message_id: str,
    index: str,
) -> AttachmentAnswer:
    """Return an attachment. Those of X are not read, so that there is none."""
    await messages.find_attachment(context, actor, message_id=message_id, index=index)


def answer(context: Context, view: View) -> MessageAnswer:
    """Put a message into its wire form."""
    message = view.message
    return MessageAnswer(
        id=message.id,
        thread_id=message.thread_id,
        thread=None if view.thread is None else threads.answer(context, view.thread),
        account_link_id=message.account_id,
        account_link=None if view.account is None else accounts.answer(context, view.account),
        platform=message.platform,
        platform_id=message.platform_id,
        direction=Direction(message.direction),
        sent_by=message_parts.sent_by(view),
        content=message.content,
        entities=message_parts.named_in(message.platform, message.content),
        attachments=[],
        forwarded=None,
        reactions=[],
        edited_at=None,
        deleted_at=None,
        created_at=message.sent_at,
        platform_data={"_tag": message.platform, "encrypted": hidden.is_hidden(message.platform_id)},
        reply_to=None,
    )


def _origin(view: View) -> Literal["inbox", "api", "platform"]:
    if view.message.token_id is not None:
        return "api"
    return "platform" if view.message.attempt_id is None else "inbox"
