"""What X pushes: the challenge an address has to answer, signatures, and the events in X's envelope.

https://docs.x.com/x-api/activity/introduction
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from overture.channels.port import Credentials, InboxMessage, Pushed, Telling
from overture.channels.x import answers, events, telling
from overture.channels.x.client import CallFailed, Client, Unopened
from overture.core import hidden
from overture.core.words import PushedKind

SIGNATURE = "x-twitter-webhooks-signature"
CHALLENGE = "crc_token"

_TOKEN = re.compile(r"[A-Za-z0-9_.~+/=-]{1,256}")
"""A challenge is answered with what the secret makes of it, just as a post is signed: whoever could choose any text
here could have posts signed. None that passes is a JSON object."""

_EVENT_ID = re.compile(r"[!-~]{1,128}")
_ID_DIGITS = 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_MILLISECONDS = 253_370_764_800_000  # the year 9999: later, no calendar here goes


class Push:
    """Has X tell by itself what happens, and reads what it posts to a hook."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def answer(self, secret: str, query: Mapping[str, str]) -> Mapping[str, str] | None:
        """Return the answer to X's challenge; None where the query is none."""
        token = query.get(CHALLENGE, "")
        return {"response_token": _signed(secret, token.encode())} if _TOKEN.fullmatch(token) else None

    def is_genuine(self, secret: str, body: bytes, headers: Mapping[str, str]) -> bool:
        """Tell whether a post is X's, by the signature over its bytes."""
        given = headers.get(SIGNATURE, "")
        return hmac.compare_digest(_signed(secret, body).encode(), given.encode("utf-8", "replace"))

    def read(self, body: bytes, *, now: datetime) -> list[Pushed]:
        """Return what an envelope tells of accounts; `now` dates what bears no time.

        Kinds nobody asked for, our own messages and those in groups are left out. A message that cannot be read is a
        hint that somebody may have written.
        """
        try:
            envelope = json.loads(body)
        except (ValueError, RecursionError):
            return []
        data = envelope.get("data") if isinstance(envelope, Mapping) else None
        if not isinstance(data, Mapping):
            return []
        payload = data.get("payload")
        payload = payload if isinstance(payload, Mapping) else {}
        match data.get("event_type"):
            case "dm.received":
                return list(_messages(data, payload))
            case "chat.received":
                return list(_hidden(data, payload, now))
            case "oauth.revoke":
                # Whether the account still lets us in is found out by using what it has granted.
                return list(_hint(data))
            case _:
                return []

    async def listen(self, app: Credentials) -> AsyncIterator[bytes]:
        """Yield the lines of X's stream as they come; empty ones tell that it is open.

        Raises:
            ChannelError: it does not open, or breaks off.
        """
        try:
            async for line in self._client.lines(app, "/2/activity/stream"):
                yield line
        except Unopened as refused:
            raise answers.read_error(answers.refused(refused.answer, now=None)) from refused
        except CallFailed as failure:
            raise answers.read_error(failure.outcome) from failure

    async def keep(self, app: Credentials, *, address: str | None, tag: str, own_ids: Sequence[str]) -> Telling:
        """Have X tell of these accounts alone, by posts to `address`.

        Raises:
            ChannelError: X refuses the app or the address, or does not answer.
        """
        return await telling.keep(self._client, app, address=address, tag=tag, own_ids=own_ids)


def _messages(data: Mapping[str, Any], payload: Mapping[str, Any]) -> Iterator[Pushed]:
    own_id = _own_id(data)
    told = payload.get("direct_message_events")
    for event in told if isinstance(told, list) and told else [None]:
        if isinstance(event, Mapping) and event.get("type", "message_create") != "message_create":
            continue
        message, recipient_id = _message(event, payload.get("users"))
        if message is None:
            yield from _hint(data)
        elif recipient_id == (own_id or recipient_id):
            yield Pushed(
                event_id=f"message:{message.platform_id}",
                kind=PushedKind.MESSAGE,
                own_id=recipient_id,
                message=message,
            )


def _hidden(data: Mapping[str, Any], payload: Mapping[str, Any], now: datetime) -> Iterator[Pushed]:
    """Yield a message of X Chat: who wrote, and nothing of what."""
    own_id = _own_id(data)
    conversation_id = payload.get("conversation_id")
    parts = conversation_id.replace(":", "-").split("-") if isinstance(conversation_id, str) else []
    others = [part for part in parts if part != own_id and _user_id(part)]
    sender_id = _user_id(payload.get("sender_id")) or (others[0] if len(others) == 1 else None)
    if own_id is None or sender_id is None:
        yield from _hint(data)
        return
    if sender_id == own_id or (len(parts) == 1 and parts[0] != sender_id):
        return  # written by the account itself, or in a group
    message_id = payload.get("id")
    known_by = message_id if isinstance(message_id, str) and _EVENT_ID.fullmatch(message_id) else _event_id(data)
    low, high = sorted((int(sender_id), int(own_id)))
    yield Pushed(
        event_id=f"chat:{known_by}",
        kind=PushedKind.MESSAGE,
        own_id=own_id,
        message=InboxMessage(
            platform_id=hidden.platform_id(known_by),
            conversation_id=f"{low}-{high}",
            sender_id=sender_id,
            other_id=sender_id,
            is_inbound=True,
            text=hidden.CONTENT,
            sent_at=_written_at(payload.get("created_at")) or now,
        ),
    )


def _hint(data: Mapping[str, Any]) -> Iterator[Pushed]:
    own_id = _own_id(data)
    if own_id is not None:
        yield Pushed(event_id=f"hint:{_event_id(data)}", kind=PushedKind.HINT, own_id=own_id)


def _own_id(data: Mapping[str, Any]) -> str | None:
    subscribed = data.get("filter")
    return _user_id(subscribed.get("user_id")) if isinstance(subscribed, Mapping) else None


def _written_at(value: object) -> datetime | None:
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else None
        return instant.astimezone(UTC) if instant is not None and instant.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _message(event: object, users: object) -> tuple[InboxMessage | None, str]:
    """Return a direct message in the form of X's older API, and who received it."""
    created = event.get("message_create") if isinstance(event, Mapping) else None
    if not isinstance(event, Mapping) or not isinstance(created, Mapping):
        return None, ""
    target, said = created.get("target"), created.get("message_data")
    message_id, sender_id = _user_id(event.get("id")), _user_id(created.get("sender_id"))
    recipient_id = _user_id(target.get("recipient_id")) if isinstance(target, Mapping) else None
    sent_at = _instant(event.get("created_timestamp"))
    if message_id is None or sender_id is None or recipient_id is None or sent_at is None:
        return None, ""
    text = said.get("text") if isinstance(said, Mapping) else None
    sender = users.get(sender_id) if isinstance(users, Mapping) else None
    low, high = sorted((int(sender_id), int(recipient_id)))
    message = InboxMessage(
        platform_id=message_id,
        conversation_id=f"{low}-{high}",
        sender_id=sender_id,
        other_id=sender_id,
        is_inbound=True,
        text=answers.legible(text) if isinstance(text, str) else "",
        sent_at=sent_at,
        other=events.names(sender, username="screen_name", display_name="name"),
    )
    return message, recipient_id


def _user_id(value: object) -> str | None:
    """Return one of X's numbers, None where `value` is none: of a user, or of a message."""
    number = answers.identifier(value)
    return number if number is not None and len(number) <= _ID_DIGITS else None


def _event_id(data: Mapping[str, Any]) -> str:
    value = data.get("event_uuid")
    if isinstance(value, str) and _EVENT_ID.fullmatch(value):
        return value
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def _instant(value: object) -> datetime | None:
    number = answers.identifier(value)
    if number is None or len(number) > _ID_DIGITS or int(number) > _LATEST_MILLISECONDS:
        return None
    return _EPOCH + timedelta(milliseconds=int(number))


def _signed(secret: str, content: bytes) -> str:
    digest = hmac.new(secret.encode(), content, hashlib.sha256).digest()
    return "sha256=" + base64.b64encode(digest).decode()
