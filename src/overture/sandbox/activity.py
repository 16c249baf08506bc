"""What the platform tells by itself: webhooks, subscriptions, and the events that meet them."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from overture.sandbox import instants, messages
from overture.sandbox.messages import Message
from overture.sandbox.platform import Member
from overture.sandbox.signatures import CONSUMER_SECRET

BEARER = "sandbox-bearer"
"""The app's own token, for everybody to know."""

MOST_WEBHOOKS = 1
MOST_SUBSCRIPTIONS = 1_500
TYPES = frozenset({"dm.received", "chat.received", "oauth.revoke"})
"""The events it knows of; X has more, and no answer among them."""


class Problem(StrEnum):
    """Why a webhook or a subscription is not taken, in X's words."""

    CRC = "CrcValidationFailed"
    URL = "UrlValidationFailed"
    DUPLICATE_URL = "DuplicateUrlFailed"
    WEBHOOK_LIMIT = "WebhookLimitExceeded"
    DUPLICATE = "DuplicateSubscription"
    SUBSCRIPTION_LIMIT = "SubscriptionLimitExceeded"


class NotTaken(Exception):
    """Something the platform does not take."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhook:
    """An address events are posted to. `created` is in milliseconds since 1970."""

    id: str
    url: str
    is_valid: bool
    created: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription:
    """One kind of event of one account, and where it goes: to a webhook, or without one into the stream."""

    id: str
    event_type: str
    user_id: str
    tag: str | None
    webhook_id: str | None
    created: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that happened to an account."""

    id: str
    type: str
    user_id: str
    payload: Mapping[str, Any]


class Activity:
    """The webhooks and subscriptions of one app, and the numbers of events. They last as long as the process."""

    def __init__(self) -> None:
        self.webhooks: dict[str, Webhook] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self._last = 0

    def add_webhook(self, url: str, moment: int) -> Webhook:
        """Add a webhook whose address has proved to be the app's.

        Raises:
            NotTaken: it is there already, or is one too many.
        """
        if any(webhook.url == url for webhook in self.webhooks.values()):
            raise NotTaken(Problem.DUPLICATE_URL)
        if len(self.webhooks) >= MOST_WEBHOOKS:
            raise NotTaken(Problem.WEBHOOK_LIMIT)
        webhook = Webhook(id=self.next_id(moment), url=url, is_valid=True, created=moment)
        self.webhooks[webhook.id] = webhook
        return webhook

    def mark(self, webhook: Webhook, *, is_valid: bool) -> None:
        """Note whether a webhook has proved itself again; one that was removed meanwhile stays so."""
        if webhook.id in self.webhooks:
            self.webhooks[webhook.id] = replace(webhook, is_valid=is_valid)

    def remove_webhook(self, webhook_id: str) -> bool:
        """Remove a webhook with its subscriptions; tell whether there was one."""
        for subscription in list(self.subscriptions.values()):
            if subscription.webhook_id == webhook_id:
                del self.subscriptions[subscription.id]
        return self.webhooks.pop(webhook_id, None) is not None

    def subscribe(
        self, *, event_type: str, user_id: str, tag: str | None, webhook_id: str | None, moment: int
    ) -> Subscription:
        """Subscribe to one kind of event of one account.

        Raises:
            NotTaken: it is there already, or is one too many.
        """
        if len(self.subscriptions) >= MOST_SUBSCRIPTIONS:
            raise NotTaken(Problem.SUBSCRIPTION_LIMIT)
        wanted = (event_type, user_id, webhook_id)
        if any((each.event_type, each.user_id, each.webhook_id) == wanted for each in self.subscriptions.values()):
            raise NotTaken(Problem.DUPLICATE)
        subscription = Subscription(
            id=self.next_id(moment),
            event_type=event_type,
            user_id=user_id,
            tag=tag,
            webhook_id=webhook_id,
            created=moment,
        )
        self.subscriptions[subscription.id] = subscription
        return subscription

    def meeting(self, event: Event) -> Iterator[Subscription]:
        """Yield the subscriptions an event meets."""
        for subscription in self.subscriptions.values():
            if (subscription.event_type, subscription.user_id) == (event.type, event.user_id):
                yield subscription

    def next_id(self, moment: int) -> str:
        """Return an id that nothing else here has."""
        self._last = messages.next_id(moment, self._last)
        return str(self._last)


def told(event: Event, subscription: Subscription) -> dict[str, Any]:
    """Put an event into the envelope in which a subscription gets it."""
    data: dict[str, Any] = {
        "filter": {"user_id": event.user_id},
        "event_type": event.type,
        "event_uuid": event.id,
        "payload": dict(event.payload),
    }
    if subscription.tag is not None:
        data["tag"] = subscription.tag
    return {"data": data}


def message_payload(message: Message, members: Iterable[Member]) -> dict[str, Any]:
    """Show a direct message between two members in the old form, in which X pushes them."""
    return {
        "direct_message_events": [
            {
                "type": "message_create",
                "id": str(message.id),
                "created_timestamp": str(message.moment),
                "message_create": {
                    "target": {"recipient_id": message.recipient},
                    "sender_id": message.sender,
                    "message_data": {
                        "text": message.text,
                        "entities": {"hashtags": [], "symbols": [], "user_mentions": [], "urls": []},
                    },
                },
            }
        ],
        "users": {one.id: {"id": one.id, "name": one.name, "screen_name": one.username} for one in members},
    }


def hidden_payload(sender: str, recipient: str, number: str, moment: int) -> dict[str, Any]:
    """Show a message of X Chat as X pushes it: all but its text, which only its two sides can open."""
    return {
        "id": number,
        "conversation_id": messages.conversation_id(sender, recipient),
        "sender_id": sender,
        "created_at": instants.text_of(moment),
        "encoded_event": base64.b64encode(hashlib.blake2b(number.encode()).digest()).decode(),
    }


def signature(body: bytes) -> str:
    """Return what the app's consumer secret makes of bytes: the signature of a post, or the answer to a challenge."""
    digest = hmac.new(CONSUMER_SECRET.encode(), body, hashlib.sha256).digest()
    return "sha256=" + base64.b64encode(digest).decode()
