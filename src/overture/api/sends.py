"""Sending a message by hand."""

from typing import Annotated, Any, Literal

from fastapi import Request, Response
from pydantic import Field

from overture.actions import recipients, sending
from overture.actions.context import Context
from overture.api import bodies, idempotency, messages, refusals, routing, threads
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.message_parts import MessageAnswer
from overture.api.messages import Content
from overture.api.threads import ThreadAnswer

router = routing.router("Messages", route_class=routing.KeyedRoute)
_Id = Annotated[str, Field(max_length=64)]


class ToThread(bodies.Body):
    """The other side of a thread."""

    type: Literal["thread"] = Field(description="Always `thread`.", examples=["thread"])
    thread_id: _Id = Field(description="Id of the thread.", examples=["r0mdbz3k91yq0c8f4w2n7xhs"])


class ToContact(bodies.Body):
    """The profile a contact has on the account's platform."""

    type: Literal["contact"] = Field(description="Always `contact`.", examples=["contact"])
    account_link_id: _Id = Field(description="The account that sends.", examples=["a0mdbz3k91yq0c8f4w2n7xhs"])
    contact_id: _Id = Field(description="Id of the contact.", examples=["o0mdbz3k91yq0c8f4w2n7xhs"])


class ToProfile(bodies.Body):
    """Somebody on the account's platform."""

    type: Literal["profile"] = Field(description="Always `profile`.", examples=["profile"])
    account_link_id: _Id = Field(description="The account that sends.", examples=["a0mdbz3k91yq0c8f4w2n7xhs"])
    platform: Annotated[str, Field(max_length=64)] = Field(
        description="Key of the account's platform.", examples=["twitter"]
    )
    platform_id: Annotated[str, Field(min_length=1, max_length=255)] = Field(
        description="The platform's id of the person.", examples=["1900000000000000042"]
    )


class SendMessage(bodies.Body):
    """What is to be said to whom."""

    target: Annotated[ToThread | ToContact | ToProfile, Field(discriminator="type")] = Field(
        description="To whom, and from which account.",
        examples=[{"type": "thread", "threadId": "r0mdbz3k91yq0c8f4w2n7xhs"}],
    )
    content: Content = Field(
        description="The text, as it is sent; as long as the platform takes.",
        examples=["We are open until six on Sunday."],
    )
    reply_to_message_id: _Id | None = Field(
        default=None,
        description="The message it answers in particular, where the platform can show that; X's API cannot.",
        examples=[None, "g0mdbz3k91yq0c8f4w2n7xhs"],
    )


class SentAnswer(bodies.Answer):
    """A message the platform has taken."""

    message: MessageAnswer = Field(description="The message.")
    thread: ThreadAnswer = Field(description="Its thread, which it may have made.")


def refused(*codes: str) -> dict[str, Any]:
    """Declare how an operation refuses that sends a message, beside these codes."""
    return refusals.of(
        *codes,
        "accountLinkNotFound",
        "contactNotFound",
        "messageNotFound",
        "threadNotFound",
        "accountLinkDisconnected",
        "sendInProgress",
        "sendingStopped",
        "capabilityNotSupported",
        "contentRejected",
        "platformNotSupported",
        "profileAmbiguous",
        "recipientUnavailable",
        "platformRateLimited",
        "platformError",
        "sendUnconfirmed",
        "platformUnavailable",
    )


def key_of(request: Request) -> sending.Key | None:
    """Return the key of a call that sends a message."""
    key = getattr(request.state, "key", None)
    return None if key is None else sending.Key(value=key[0], fingerprint=key[1])


def answer(context: Context, sent: sending.Sent) -> SentAnswer:
    """Put a message that was sent into wire form."""
    return SentAnswer(message=messages.answer(context, sent.message), thread=threads.answer(context, sent.thread))


@router.post(
    "/messages",
    status_code=201,
    summary="Send a message",
    responses={200: {"model": SentAnswer, "description": "The message an earlier call with the same key has sent."}},
    openapi_extra=refused(),
)
async def send_message(
    context: CurrentContext, actor: CurrentActor, body: SendMessage, request: Request, response: Response
) -> SentAnswer:
    """Send a message by hand. It leaves at once, at any hour, inside the limits of the account and the budget of its
    app, and to nobody who is suppressed or whom the contact policy keeps from being written to.

    With an `Idempotency-Key` the call may be repeated: it answers 200 with the message that was sent, 409
    `sendInProgress` while it is on its way, and 502 `sendUnconfirmed` while nobody knows whether it has left. What
    provably did not leave is tried again. After `sendUnconfirmed` the conversation is read, and the message shows in
    its thread if it has left; it is never sent again by itself.
    """
    draft = sending.Draft(target=_target(body), content=body.content, reply_to=body.reply_to_message_id)
    sent = await sending.send(context, actor, draft=draft, key=key_of(request))
    if sent.is_replay:
        response.status_code = 200
        response.headers[idempotency.REPLAYED] = "true"
    return answer(context, sent)


def _target(body: SendMessage) -> recipients.Target:
    match body.target:
        case ToThread(thread_id=thread_id):
            return recipients.InThread(thread_id=thread_id)
        case ToContact(account_link_id=account_id, contact_id=contact_id):
            return recipients.OfContact(account_id=account_id, contact_id=contact_id)
        case ToProfile() as profile:
            return recipients.OnPlatform(
                account_id=profile.account_link_id, platform=profile.platform, platform_id=profile.platform_id
            )
