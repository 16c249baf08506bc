"""X's direct-message events, and the messages of this program made from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from overture.channels.port import ChannelError, InboxMessage, Names
from overture.channels.x import answers, limits, profiles

PARAMETERS: Mapping[str, str] = {
    "dm_event.fields": "created_at,dm_conversation_id,event_type,id,text",
    # The sender comes by the expansion: X's document no longer lists `sender_id` among the fields.
    "expansions": "sender_id",
    "event_types": "MessageCreate",
    "max_results": str(limits.EVENTS_PER_PAGE),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One message as X lists it. `number` orders events; `participants` is None in a group."""

    number: int
    sender_id: str
    conversation_id: str | None
    participants: frozenset[str] | None
    text: str
    sent_at: datetime
    sender: Names | None = None


def page(body: Mapping[str, Any]) -> tuple[list[Event], str | None]:
    """Return the messages of one page, as ordered by X, and the token of the next page.

    Raises:
        ChannelError: `unavailable`, the list or a message in it cannot be read; skipping could hide a reply.
    """
    meta = body.get("meta")
    items = body.get("data", [] if isinstance(meta, Mapping) else None)
    if not isinstance(items, list):
        # An empty list has its `meta`; silence must not pass for "nothing was sent".
        raise ChannelError("unavailable", "the answer holds no list of events")
    token = meta.get("next_token") if isinstance(meta, Mapping) else None
    senders = _senders(body.get("includes"))
    read = [_event(item, senders) for item in items if _is_message(item)]
    return read, token if isinstance(token, str) and token else None


def message(event: Event, *, own_id: str) -> InboxMessage | None:
    """Return `event` as a message between the account `own_id` and one other person; None for any other."""
    is_inbound = event.sender_id != own_id
    if event.participants is not None and own_id in event.participants:
        other_id = next(iter(event.participants - {own_id}), own_id)
    elif event.conversation_id is None and is_inbound:
        other_id = event.sender_id
    else:
        return None
    return InboxMessage(
        platform_id=str(event.number),
        conversation_id=event.conversation_id,
        sender_id=event.sender_id,
        other_id=other_id,
        is_inbound=is_inbound,
        text=event.text,
        sent_at=event.sent_at,
        other=event.sender if is_inbound else None,
    )


def names(user: object, *, username: str, display_name: str) -> Names | None:
    """Return what X calls a user, by the names of the fields it is told in; None where it is not told."""
    if not isinstance(user, Mapping):
        return None
    told = user.get(username)
    if not isinstance(told, str) or not profiles.is_username(told):
        return None
    return Names(username=told, display_name=profiles.name(user.get(display_name)))


def _senders(includes: object) -> dict[str, Names]:
    users = includes.get("users") if isinstance(includes, Mapping) else None
    told = [user for user in users if isinstance(user, Mapping)] if isinstance(users, list) else []
    found = {answers.identifier(user.get("id")): names(user, username="username", display_name="name") for user in told}
    return {user_id: name for user_id, name in found.items() if user_id is not None and name is not None}


def _is_message(item: object) -> bool:
    return not isinstance(item, Mapping) or item.get("event_type", "MessageCreate") == "MessageCreate"


def _event(item: object, senders: Mapping[str, Names]) -> Event:
    if not isinstance(item, Mapping):
        raise ChannelError("unavailable", "an event is not an object")
    event_id = answers.identifier(item.get("id"))
    sender_id = answers.identifier(item.get("sender_id"))
    sent_at = _instant(item.get("created_at"))
    if event_id is None or sender_id is None or sent_at is None:
        raise ChannelError("unavailable", f"event {event_id} lacks its id, its sender or its time")
    conversation_id = item.get("dm_conversation_id")
    conversation_id = conversation_id if isinstance(conversation_id, str) and conversation_id else None
    text = item.get("text")
    return Event(
        number=int(event_id),
        sender_id=sender_id,
        conversation_id=conversation_id,
        participants=_participants(conversation_id),
        text=answers.legible(text) if isinstance(text, str) else "",
        sent_at=sent_at,
        sender=senders.get(sender_id),
    )


def _participants(conversation_id: str | None) -> frozenset[str] | None:
    # A conversation of two is named by both user ids, smaller first; a group has a number of its own.
    parts = (conversation_id or "").split("-")
    return frozenset(parts) if len(parts) == 2 else None


def _instant(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        return None
    return instant.astimezone(UTC) if instant.tzinfo is not None else None
