"""The surroundings of events: everything that one of the first version shows beside what happened."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from overture.store import accounts, contacts, conversations, messages, statuses, tags, told
from overture.store.accounts import Account
from overture.store.contacts import Contact
from overture.store.conversations import Thread
from overture.store.messages import Message
from overture.store.outbox import Event
from overture.store.people import Profile
from overture.store.pool import Connection
from overture.store.statuses import Status
from overture.store.tags import Tag
from overture.store.told import ToldCampaign


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What is around one event, as it is now; None where that has nothing to do with it, or is gone.

    `last` is the latest message of the thread, `profile` the person, and `contact` what the team notes about them.
    """

    campaign: ToldCampaign | None
    message: Message | None
    thread: Thread | None
    last: Message | None
    account: Account | None
    contact: Contact | None
    profile: Profile | None
    label: Tag | Status | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Concerned:
    """The ids an event names, by kind."""

    campaign: str | None
    message: str | None
    thread: str | None
    contact: str | None
    profile: str | None
    tag: str | None
    status: str | None


async def of(connection: Connection, *, team_id: str, events: Sequence[Event]) -> list[Surroundings]:
    """Return what is around each of these events, each kind read by one statement."""
    named = [_concerned(event) for event in events]
    known_threads = {
        thread.id: thread
        for thread in await conversations.read(
            connection, team_id=team_id, thread_ids=_all(one.thread for one in named), also_deleted=True
        )
    }
    known_messages = await messages.read(
        connection,
        team_id=team_id,
        message_ids=_all(
            [*(one.message for one in named), *(thread.last.id for thread in known_threads.values() if thread.last)]
        ),
        also_deleted=True,
    )
    known_accounts = await accounts.of_ids(
        connection,
        team_id=team_id,
        account_ids=_all(thread.account_id for thread in known_threads.values()),
        also_disconnected=True,
    )
    known_contacts = await _contacts(connection, team_id, named, known_threads.values())
    of_profile = {profile.id: contact for contact in known_contacts.values() for profile in contact.profiles}
    known_campaigns = await told.campaigns(
        connection, team_id=team_id, campaign_ids=_all(one.campaign for one in named)
    )
    known_labels: dict[str, Tag | Status] = {
        **await tags.of_ids(connection, team_id=team_id, tag_ids=_all(one.tag for one in named)),
        **await statuses.of_ids(connection, team_id=team_id, status_ids=_all(one.status for one in named)),
    }
    found = []
    for one in named:
        thread = known_threads.get(one.thread or "")
        profile_id = one.profile or (thread.profile_id if thread is not None else None)
        contact = of_profile.get(profile_id or "") or known_contacts.get(one.contact or "")
        found.append(
            Surroundings(
                campaign=known_campaigns.get(one.campaign or ""),
                message=known_messages.get(one.message or ""),
                thread=thread,
                last=known_messages.get(thread.last.id) if thread is not None and thread.last is not None else None,
                account=known_accounts.get(thread.account_id) if thread is not None else None,
                contact=contact,
                profile=None if contact is None else _profile(contact, profile_id),
                label=known_labels.get(one.tag or one.status or ""),
            )
        )
    return found


async def _contacts(
    connection: Connection, team_id: str, named: Sequence[_Concerned], threads: Iterable[Thread]
) -> dict[str, Contact]:
    profile_ids = _all([*(one.profile for one in named), *(thread.profile_id for thread in threads)])
    contact_ids = await contacts.ids_of(connection, team_id=team_id, profile_ids=profile_ids)
    wanted = _all([*contact_ids, *(one.contact for one in named)])
    return {contact.id: contact for contact in await contacts.read(connection, team_id=team_id, contact_ids=wanted)}


def _concerned(event: Event) -> _Concerned:
    kind, object_id, data = event.object_type, event.object_id, event.data
    return _Concerned(
        campaign=object_id if kind == "campaign" else None,
        message=object_id if kind == "message" else data.get("messageId"),
        thread=object_id if kind == "thread" else data.get("threadId"),
        contact=object_id if kind == "contact" else None,
        profile=data.get("profileId"),
        tag=object_id if kind == "tag" else None,
        status=object_id if kind == "status" else None,
    )


def _profile(contact: Contact, profile_id: str | None) -> Profile:
    """Return the profile that is meant; of a contact as a whole the oldest."""
    return next((profile for profile in contact.profiles if profile.id == profile_id), contact.profiles[0])


def _all(identifiers: Iterable[str | None]) -> list[str]:
    return sorted({identifier for identifier in identifiers if identifier is not None})
