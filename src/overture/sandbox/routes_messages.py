"""Direct messages: sending one, and reading the events of an account or of one conversation."""

import base64
import bisect
import json
from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from overture.sandbox import answers, instants, messages, parameters, profiles, refusals
from overture.sandbox.admission import Call, Refused
from overture.sandbox.messages import Message, Origin

LONGEST_TEXT = 10_000
MOST_EVENTS = 100
_KEPT = 30 * 24 * 60 * 60 * 1000  # X shows thirty days of events
_KNOWN = (
    "max_results", "pagination_token", "event_types", "dm_event.fields", "expansions", "user.fields",
    "media.fields", "post.fields", "tweet.fields",
)  # fmt: skip
_EVENT_TYPES = frozenset({"MessageCreate", "ParticipantsJoin", "ParticipantsLeave"})
# sender_id and participant_ids stand in X's guides, not in its document; the platform takes both.
_EVENT_FIELDS = frozenset(
    {
        "attachments", "created_at", "dm_conversation_id", "entities", "event_type", "id",
        "participant_ids", "referenced_posts", "referenced_tweets", "sender_id", "text",
    }
)  # fmt: skip
_EXPANSIONS = frozenset(
    {"attachments.media_keys", "participant_ids", "referenced_posts", "referenced_tweets.id", "sender_id"}
)
_TOKEN_MARK = b"ov"


def send(call: Call) -> Response:
    """`POST /2/dm_conversations/with/{participant_id}/messages`."""
    recipient_id = parameters.user_id(call.path, "participant_id")
    text = _text(call.body)
    recipient = call.platform.by_id(recipient_id)
    if recipient is None:
        problem = f"Could not find user with participant_id: [{recipient_id}]."
        raise Refused(refusals.invalid("participant_id", recipient_id, problem))
    if recipient.id == call.account.id:
        problem = "You cannot send a Direct Message to yourself."
        raise Refused(refusals.invalid("participant_id", recipient_id, problem))
    refusal = call.platform.refusal(call.account, recipient)
    if refusal is not None:
        raise Refused(refusals.TABLE[refusal])
    message = call.platform.accept(call.account, recipient, text, Origin.API)
    data = {
        "dm_conversation_id": messages.conversation_id(message.sender, message.recipient),
        "dm_event_id": str(message.id),
    }
    return answers.shown({"data": data}, status=201)


def events(call: Call) -> Response:
    """`GET /2/dm_events`."""
    return _events(call, call.platform.mailbox(call.account))


def conversation_events(call: Call) -> Response:
    """`GET /2/dm_conversations/with/{participant_id}/dm_events`."""
    other = parameters.user_id(call.path, "participant_id")
    return _events(call, call.platform.conversation(call.account.id, other))


def problem_with(text: str) -> str | None:
    """Say why the platform does not take `text`; None takes it."""
    if not text.strip():
        return "The text can not be empty"
    if len(text) > LONGEST_TEXT:
        return f"The text is longer than {LONGEST_TEXT} characters"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "The text is not valid Unicode"
    return None


def _text(body: bytes) -> str:
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(refusals.invalid("", "", "The body is not valid JSON")) from None
    if not isinstance(sent, dict):
        raise Refused(refusals.invalid("", "", "The body is not a JSON object"))
    for name in sent:
        if name == "attachments":
            raise Refused(refusals.invalid(name, "", "The media of [attachments] was not uploaded by this user"))
        if name != "text":
            raise Refused(refusals.invalid(name, "", f"The field [{name}] is not one of [text,attachments]"))
    text = sent.get("text")
    if not isinstance(text, str):
        raise Refused(refusals.invalid("text", "", "At least one of [text,attachments] is required; text is a string"))
    problem = problem_with(text)
    if problem is not None:
        raise Refused(refusals.invalid("text", text[:100], problem))
    return text


def _events(call: Call, kept: Sequence[Message]) -> Response:
    query = call.query
    parameters.only(query, _KNOWN)
    most = parameters.count(query, "max_results", default=MOST_EVENTS, most=MOST_EVENTS)
    fields = parameters.choices(query, "dm_event.fields", _EVENT_FIELDS)
    expansions = parameters.choices(query, "expansions", _EXPANSIONS)
    user_fields = parameters.choices(query, "user.fields", profiles.KNOWN_FIELDS)
    types = parameters.choices(query, "event_types", _EVENT_TYPES)
    end = len(kept)
    if "pagination_token" in query:
        end = bisect.bisect_left(kept, _before(query["pagination_token"]), key=lambda message: message.id)
    first = bisect.bisect_left(kept, call.moment - _KEPT, key=lambda message: message.moment)
    if types and "MessageCreate" not in types:
        end = first
    start = max(first, end - most)
    page = kept[start:end][::-1]
    meta: dict[str, Any] = {"result_count": len(page)}
    if start > first:
        meta["next_token"] = _token(page[-1].id)
    shown: dict[str, Any] = {"meta": meta}
    if page:
        with_sender = "sender_id" in expansions or "sender_id" in fields
        shown["data"] = [_event(message, fields, with_sender=with_sender) for message in page]
    if page and "sender_id" in expansions:
        senders = dict.fromkeys(message.sender for message in page)
        members = (call.platform.by_id(sender) for sender in senders)
        users = [profiles.shown(call.platform, call.account, member, user_fields) for member in members if member]
        shown["includes"] = {"users": users}
    return answers.shown(shown)


def _event(message: Message, fields: Sequence[str], *, with_sender: bool) -> dict[str, Any]:
    event: dict[str, Any] = {"id": str(message.id), "event_type": "MessageCreate", "text": message.text}
    if "created_at" in fields:
        event["created_at"] = instants.text_of(message.moment)
    if "dm_conversation_id" in fields:
        event["dm_conversation_id"] = messages.conversation_id(message.sender, message.recipient)
    if with_sender:
        event["sender_id"] = message.sender
    return event


def _token(before: int) -> str:
    """Name the page that begins below an event. Ids stay put, so new messages do not shift the pages."""
    return base64.b32hexencode(_TOKEN_MARK + before.to_bytes(8, "big")).decode().lower()


def _before(token: str) -> int:
    try:
        decoded = base64.b32hexdecode(token.upper())
    except ValueError:
        decoded = b""
    if len(decoded) != len(_TOKEN_MARK) + 8 or not decoded.startswith(_TOKEN_MARK):
        message = f"The `pagination_token` query parameter value [{token}] is not valid"
        raise Refused(refusals.invalid("pagination_token", token, message))
    return int.from_bytes(decoded[len(_TOKEN_MARK) :], "big")
