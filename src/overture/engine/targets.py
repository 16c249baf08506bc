"""What events tell of the leads of a campaign: the campaign is what they are about, the person is named."""

from collections.abc import Mapping
from typing import Any

from overture.core.words import EventType
from overture.store import outbox


def held(*, campaign_id: str, profile_id: str, reason: str) -> outbox.NewEvent:
    """Tell that a lead waits for somebody to decide, or for what is missing."""
    return _event(EventType.TARGET_HELD, campaign_id, {"profileId": profile_id, "reason": reason})


def failed(*, campaign_id: str, profile_id: str, reason: str) -> outbox.NewEvent:
    """Tell that the platform takes nothing more for a lead that was contacted."""
    return _event(EventType.TARGET_FAILED, campaign_id, {"profileId": profile_id, "reason": reason})


def replied(*, campaign_id: str, profile_id: str, thread_id: str, message_id: str) -> outbox.NewEvent:
    """Tell that a lead answered, and with which message."""
    data = {"profileId": profile_id, "threadId": thread_id, "messageId": message_id}
    return _event(EventType.TARGET_REPLIED, campaign_id, data)


def written_to(
    *, campaign_id: str, profile_id: str, thread_id: str, message_id: str, step_number: int, is_first: bool
) -> outbox.NewEvent:
    """Tell that the platform took a message to a lead: the first, or one that follows it."""
    kind = EventType.TARGET_CONTACTED if is_first else EventType.TARGET_FOLLOW_UP_SENT
    data = {"profileId": profile_id, "threadId": thread_id, "messageId": message_id, "stepNumber": step_number}
    return _event(kind, campaign_id, data)


def _event(kind: EventType, campaign_id: str, data: Mapping[str, Any]) -> outbox.NewEvent:
    return outbox.NewEvent(type=kind, object_type="campaign", object_id=campaign_id, data=data)
