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
from overture.channels.x import answers, telling
from overture.channels.x.client import CallFailed, Client, Unopened
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

    def read(self, body: bytes) -> list[Pushed]:
        """Return what an envelope tells of accounts.

        Kinds nobody asked for, our own messages and those in groups are left out. A message that cannot be read is
        told of as such: somebody may have written.
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
        if data.get("event_type") == "dm.received":
            return list(_messages(data, payload))
        return []

    async def listen(self, app: Credentials) -> AsyncIterator[list[Pushed]]:
        """Yield what X's stream tells, as it does; empty lists tell that it is open.

        Raises:
            ChannelError: it does not open, or breaks off.
        """
        try:
            async for line in self._client.lines(app, "/2/activity/stream"):
                yield self.read(line) if line else []
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
    subscribed = data.get("filter")
    own_id = _user_id(subscribed.get("user_id")) if isinstance(subscribed, Mapping) else None
    events = payload.get("direct_message_events")
    for event in events if isinstance(events, list) and events else [None]:
        if isinstance(event, Mapping) and event.get("type", "message_create") != "message_create":
            continue
        message, recipient_id = _message(event)
        if message is None:
            if own_id is not None:
                yield Pushed(event_id=f"unreadable:{_event_id(data)}", kind=PushedKind.UNREADABLE, own_id=own_id)
        elif recipient_id == (own_id or recipient_id):
            yield Pushed(
                event_id=f"message:{message.platform_id}",
                kind=PushedKind.MESSAGE,
                own_id=recipient_id,
                message=message,
            )


def _message(event: object) -> tuple[InboxMessage | None, str]:
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
    low, high = sorted((int(sender_id), int(recipient_id)))
    message = InboxMessage(
        platform_id=message_id,
        conversation_id=f"{low}-{high}",
        sender_id=sender_id,
        other_id=sender_id,
        is_inbound=True,
        text=answers.legible(text) if isinstance(text, str) else "",
        sent_at=sent_at,
    )
    return message, recipient_id


def _user_id(value: object) -> str | None:
    """Return one of X's numbers, None where `value` is none: of a user, or of a message."""
    number = answers.identifier(value)
    return number if number is not None and len(number) <= _ID_DIGITS else None


def _event_id(data: Mapping[str, Any]) -> str:
    value = data.get("event_uuid")
    return value if isinstance(value, str) and _EVENT_ID.fullmatch(value) else "unnamed"


def _instant(value: object) -> datetime | None:
    number = answers.identifier(value)
    if number is None or len(number) > _ID_DIGITS or int(number) > _LATEST_MILLISECONDS:
        return None
    return _EPOCH + timedelta(milliseconds=int(number))


def _signed(secret: str, content: bytes) -> str:
    digest = hmac.new(secret.encode(), content, hashlib.sha256).digest()
    return "sha256=" + base64.b64encode(digest).decode()
