"""The form of an event in the first version: with the whole of what it is about, as the vendor's v1 wrote it.

The value that changed is the one the event tells; all else is as it is when the delivery is made.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from overture.core import entities, instants, prospects, whole_events
from overture.core.words import Direction, EventType, EventVersion, TypingIndicators
from overture.engine.surroundings import Surroundings
from overture.store.accounts import Account
from overture.store.contacts import Contact
from overture.store.conversations import Thread
from overture.store.messages import Message
from overture.store.outbox import Event
from overture.store.people import Profile
from overture.store.statuses import Status
from overture.store.tags import Tag
from overture.store.told import ToldCampaign

Wire = dict[str, Any]


def written(event: Event, around: Surroundings, *, team_id: str, now: datetime) -> Wire:
    """Return an event in wire form."""
    return envelope(
        event_id=event.id,
        seq=event.seq,
        team_id=team_id,
        kind=whole_events.NAMES[EventType(event.type)],
        at=event.created_at,
        data=_data(event, around, team_id, now),
    )


def envelope(*, event_id: str, seq: int, team_id: str, kind: str, at: datetime, data: Mapping[str, Any]) -> Wire:
    """Return what is around the data of every event."""
    return {
        "id": event_id,
        "seq": seq,
        "teamId": team_id,
        "type": kind,
        "timestamp": instants.written(at),
        "version": EventVersion.WHOLE.value,
        "data": dict(data),
    }


def _data(event: Event, around: Surroundings, team_id: str, now: datetime) -> Wire:
    prospect = _prospect(event, around, now)
    match event.type.partition(".")[0]:
        case "campaign":
            return {"campaign": _campaign(around.campaign)}
        case "target":
            return {
                "campaign": _campaign(around.campaign),
                "thread": _thread(event, around, prospect),
                "message": _message(around.message, around, team_id),
                "prospect": prospect,
            }
        case "message":
            return {
                "message": _message(around.message, around, team_id),
                "thread": _thread(event, around, prospect),
                "accountLink": _account(around.account),
                "prospect": prospect,
            }
        case "thread":
            more = {name: event.data[name] for name in ("assigneeId",) if name in event.data}
            return {"thread": _thread(event, around, prospect), "prospect": prospect, **more}
        case "contact":
            return {"prospect": prospect}
        case label:
            return {label: _label(event, around.label)}


def _campaign(campaign: ToldCampaign | None) -> Wire | None:
    if campaign is None:
        return None
    contacted_through = campaign.contacted - campaign.contacted_open
    return {
        "id": campaign.id,
        "name": campaign.name,
        "description": campaign.description,
        "status": campaign.status,
        "dryRun": campaign.dry_run,
        "targetsCount": campaign.targets,
        "contactedCount": campaign.contacted,
        "repliesCount": campaign.answered,
        "completionRate": contacted_through / campaign.targets if campaign.targets else 0.0,
        "replyRate": campaign.answered / campaign.contacted if campaign.contacted else 0.0,
        "createdAt": instants.written(campaign.created_at),
        "updatedAt": instants.written(campaign.updated_at),
        "pausedAt": _instant(campaign.paused_at),
        "completedAt": _instant(campaign.completed_at),
        "lastStartedAt": _instant(campaign.last_started_at),
    }


def _thread(event: Event, around: Surroundings, prospect: Wire | None) -> Wire | None:
    thread, last = around.thread, around.last
    if thread is None:
        return None
    tells = event.data if event.object_type == "thread" else {}
    is_done = {EventType.THREAD_ARCHIVED: True, EventType.THREAD_UNARCHIVED: False}.get(
        EventType(event.type), thread.archived
    )
    latest_at = None if thread.last is None else thread.last.at
    return {
        "id": thread.id,
        "platform": thread.platform,
        "platformId": thread.platform_id,
        "done": is_done,
        "assigneeId": tells.get("assigneeId", thread.assignee_id),
        "lastMessageTimestamp": _instant(latest_at),
        "computedSortTimestamp": instants.written(latest_at or thread.created_at),
        "createdAt": instants.written(thread.created_at),
        "status": "active",
        "variant": "unencrypted",
        "accountLinkId": thread.account_id,
        "isSyncing": thread.is_syncing,
        "isRequest": False,
        "typingIndicatorsEnabled": _indicates(thread),
        "lastMessage": None
        if last is None
        else {
            "id": last.id,
            "content": last.content,
            "authorId": _author(last, around.profile),
            "createdAt": instants.written(last.sent_at),
            "userId": last.member_id,
            "campaignId": last.campaign_id,
        },
        "prospect": prospect,
    }


def _indicates(thread: Thread) -> bool | None:
    own = {TypingIndicators.ENABLED: True, TypingIndicators.DISABLED: False}
    return own.get(TypingIndicators(thread.typing_indicators))


def _message(message: Message | None, around: Surroundings, team_id: str) -> Wire | None:
    if message is None:
        return None
    return {
        "id": message.id,
        "platform": message.platform,
        "platformId": message.platform_id,
        "teamId": team_id,
        "threadId": message.thread_id,
        "userId": message.member_id,
        "authorId": _author(message, around.profile),
        "content": message.content,
        "campaignId": message.campaign_id,
        "origin": _origin(message),
        "replyData": None,
        "forwardData": None,
        "entities": _entities(message),
        "attachment": None,
        "reactions": [],
        "isEncrypted": False,
        "isEdited": False,
        "createdAt": instants.written(message.sent_at),
        "updatedAt": None,
        "deletedAt": None,
        "platformDeletedAt": None,
    }


def _author(message: Message, profile: Profile | None) -> str | None:
    """Return the account link, or the platform's id of the other side."""
    if message.direction == Direction.OUTBOUND:
        return message.account_id
    return None if profile is None else profile.platform_id


def _origin(message: Message) -> str:
    if message.token_id is not None:
        return "api"
    return "external" if message.attempt_id is None else "internal"


def _entities(message: Message) -> Wire:
    found = entities.find(message.content)

    def at(one: entities.Entity) -> Wire:
        return {"indices": {"start": one.start, "end": one.end}}

    return {
        "urls": [{"url": one.value, "displayUrl": entities.shown(one.value), **at(one)} for one in found.links],
        "mentions": [{"username": one.value, **at(one)} for one in found.mentions],
        "hashtags": [{"tag": one.value, **at(one)} for one in found.hashtags],
        "cashtags": [{"symbol": one.value, **at(one)} for one in found.cashtags],
    }


def _account(account: Account | None) -> Wire | None:
    if account is None:
        return None
    return {
        "id": account.id,
        "platform": account.platform,
        "platformId": account.platform_id,
        "name": account.display_name or account.username or account.platform_id,
        "username": account.username or "",
        "image": account.avatar_url,
        "createdAt": instants.written(account.created_at),
        "status": account.status,
        "syncedAt": _instant(account.synced_at),
    }


def _prospect(event: Event, around: Surroundings, now: datetime) -> Wire | None:
    profile, contact = around.profile, around.contact
    if profile is None or contact is None:
        return None
    fields = prospects.fields(
        profile_id=profile.id,
        platform=profile.platform,
        platform_id=profile.platform_id,
        username=profile.username,
        display_name=profile.display_name,
        bio=profile.bio,
        location=profile.location,
        website=profile.website,
        avatar_url=profile.avatar_url,
        is_protected=profile.is_protected,
        follower_count=profile.follower_count,
        following_count=profile.following_count,
        post_count=profile.post_count,
        like_count=profile.like_count,
        listed_count=profile.listed_count,
        first_seen_at=profile.created_at,
        looked_up_at=profile.looked_up_at,
        now=now,
    )
    shown = {name: instants.written(value) if isinstance(value, datetime) else value for name, value in fields.items()}
    return {**shown, "context": _noted(event, contact)}


def _noted(event: Event, contact: Contact) -> Wire:
    tells = event.data if event.object_type == "contact" else {}
    valuation = None if contact.valuation is None else float(contact.valuation)
    return {
        "tags": tells.get("tagIds", list(contact.tag_ids)),
        "statusId": tells.get("statusId", contact.status_id),
        "valuation": tells.get("valuation", valuation),
        "notes": tells.get("notes", contact.notes),
        "assigneeId": tells.get("assigneeId", contact.assignee_id),
    }


def _label(event: Event, label: Tag | Status | None) -> Wire:
    """Return a tag or status; of one that is deleted what its event tells."""
    fields = {"id": event.object_id, "name": event.data.get("name"), "color": event.data.get("color")}
    if label is not None:
        fields |= {"name": label.name, "color": label.color}
    if event.object_type == "status":
        created_at = event.data.get("createdAt") if label is None else instants.written(label.created_at)
        fields["createdAt"] = created_at
    return fields


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else instants.written(instant)
