"""Contacts: what a team notes about people, and their consent."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypedDict

from overture.actions import audit, people, statuses, tags
from overture.actions.context import Actor, Context
from overture.core.identifiers import Identifier
from overture.core.words import AuditAction, ObjectType
from overture.errors import NotFound
from overture.store import automations, consents, contacts, duties, gates, members, outbox
from overture.store import statuses as stored_statuses
from overture.store import tags as stored_tags
from overture.store.contacts import Consent, Contact
from overture.store.members import Member
from overture.store.pool import Connection
from overture.store.statuses import Status
from overture.store.tags import Tag

_AUDITED = ("status_id", "notes", "valuation", "assignee_id")


class Expansion(StrEnum):
    """What may be shown beside its id."""

    STATUS = "status"
    TAGS = "tags"
    ASSIGNEE = "assignee"


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """A contact with what was asked to be shown beside its ids; None where it was not, or there is none."""

    contact: Contact
    status: Status | None
    tags: Sequence[Tag] | None
    assignee: Member | None


@dataclass(frozen=True, kw_only=True, slots=True)
class NewConsent:
    """On what ground a person agreed, and a sentence or link that shows it."""

    basis: str
    evidence: str


class ContactChanges(TypedDict, total=False):
    """What to change; what is absent stays, None clears. `status` by id or by name."""

    status: str | None
    notes: str | None
    valuation: Decimal | None
    assignee_id: str | None
    consent: NewConsent | None


async def page(
    context: Context,
    actor: Actor,
    *,
    identifiers: Sequence[Identifier],
    expand: Collection[Expansion],
    after: str | None,
    limit: int,
) -> list[View]:
    """Return the contacts of the profiles the team knows among `identifiers`, by id; nobody is looked up or made.

    Raises:
        Unprocessable: `platformNotSupported`.
    """
    for platform in {one.platform for one in identifiers}:
        people.require_channel(context, platform)
    async with context.pool.acquire() as connection:
        found = await people.find(connection, actor, identifiers=identifiers)
        wanted = await contacts.ids_of(connection, team_id=actor.team_id, profile_ids=list(found.values()))
        shown = [contact_id for contact_id in wanted if after is None or contact_id > after][:limit]
        rows = await contacts.read(connection, team_id=actor.team_id, contact_ids=shown)
        return await views(connection, actor, rows, expand)


async def get(context: Context, actor: Actor, *, contact_id: str, expand: Collection[Expansion] = ()) -> View:
    """Return a contact.

    Raises:
        NotFound: there is none.
    """
    async with context.pool.acquire() as connection:
        found = await _read(connection, actor, contact_id)
        (view,) = await views(connection, actor, [found], expand)
    return view


async def change(context: Context, actor: Actor, *, contact_id: str, changes: ContactChanges) -> View:
    """Note something about a contact. Consent lets leads in that wait for it; without it none is written to first.

    Raises:
        NotFound: no such contact, status or member.
    """
    if not changes:
        return await get(context, actor, contact_id=contact_id)
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        values = await _values(connection, actor, changes, now)
        before = await _lock(connection, actor, contact_id, now)
        after = replace(before, **values)
        if "consent" in changes and _is_same_consent(before.consent, after.consent):
            after = replace(after, consent=before.consent)
        if after != before:
            after = replace(after, updated_at=now)
            await contacts.save(connection, team_id=actor.team_id, contact=after)
            if after.consent != before.consent:
                await _follow_consent(connection, actor, before, after, now)
            old, new = audit.differences(audit.state(before, *_AUDITED), audit.state(after, *_AUDITED))
            if new:
                await audit.record(
                    connection,
                    actor,
                    action=AuditAction.CONTACT_CHANGED,
                    object_type=ObjectType.CONTACT,
                    object_id=after.id,
                    now=now,
                    before=_plain(old),
                    after=_plain(new),
                )
            await outbox.append(connection, team_id=actor.team_id, now=now, events=events(before, after))
        (view,) = await views(connection, actor, [after], ())
    context.wake()
    return view


async def change_tag(context: Context, actor: Actor, *, contact_id: str, reference: str, is_added: bool) -> View:
    """Add a tag, by id or by name, to a contact, or take it off; doing so twice changes nothing.

    Raises:
        NotFound: no such contact or tag.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        tag = await tags.find(connection, actor.team_id, reference)
        await _require(connection, actor, "tag", tag.id)
        found = await _lock(connection, actor, contact_id, now)
        changed = await contacts.change_tags(
            connection, team_id=actor.team_id, now=now, changes=[(found.id, tag.id, is_added)]
        )
        events = [_event("contact.tagsChanged", found.id, {"tagIds": tag_ids}) for _, tag_ids in changed]
        after = await _read(connection, actor, contact_id)
        if changed:
            await audit.record(
                connection,
                actor,
                action=AuditAction.CONTACT_CHANGED,
                object_type=ObjectType.CONTACT,
                object_id=found.id,
                now=now,
                before=audit.state(found, "tag_ids"),
                after=audit.state(after, "tag_ids"),
            )
        (view,) = await views(connection, actor, [after], ())
        await outbox.append(connection, team_id=actor.team_id, now=now, events=events)
    return view


async def _read(connection: Connection, actor: Actor, contact_id: str) -> Contact:
    found = await contacts.read(connection, team_id=actor.team_id, contact_ids=[contact_id])
    if not found:
        raise NotFound("contact", contact_id)
    return found[0]


async def _lock(connection: Connection, actor: Actor, contact_id: str, now: datetime) -> Contact:
    """Return a contact whose row is there and locked."""
    found = await _read(connection, actor, contact_id)
    await contacts.ensure(
        connection, team_id=actor.team_id, now=now, profile_ids=[profile.id for profile in found.profiles]
    )
    return await _read(connection, actor, contact_id)


async def _values(connection: Connection, actor: Actor, changes: ContactChanges, now: datetime) -> dict[str, Any]:
    """Return the changes as fields of a contact; statuses and members are held before the contact is."""
    values: dict[str, Any] = {name: changes[name] for name in ("notes", "valuation") if name in changes}
    if "status" in changes:
        reference = changes["status"]
        values["status_id"] = None
        if reference is not None:
            values["status_id"] = (await statuses.find(connection, actor.team_id, reference)).id
            await _require(connection, actor, "status", values["status_id"])
    if "assignee_id" in changes:
        values["assignee_id"] = changes["assignee_id"]
        if changes["assignee_id"] is not None:
            await _require(connection, actor, "member", changes["assignee_id"])
    if "consent" in changes:
        new = changes["consent"]
        values["consent"] = new and Consent(basis=new.basis, evidence=new.evidence, at=now, by=actor.name)
    return values


async def _require(connection: Connection, actor: Actor, kind: str, identifier: str) -> None:
    if not await automations.known(connection, team_id=actor.team_id, table=kind, identifiers=[identifier]):
        raise NotFound(kind, identifier)


async def _follow_consent(connection: Connection, actor: Actor, before: Contact, after: Contact, now: datetime) -> None:
    """Write the consent down, and let campaigns look at the person anew.

    Where it is withdrawn the gate of the team is touched: a claim that read it earlier writes no intent after this.
    """
    profile_ids = [profile.id for profile in after.profiles]
    concerned = consents.relying_campaigns if after.consent is None else consents.waiting_campaigns
    campaign_ids = await concerned(connection, team_id=actor.team_id, profile_ids=profile_ids)
    await duties.want_syncs(connection, team_id=actor.team_id, campaign_ids=campaign_ids, due_at=now)
    if after.consent is None:
        await gates.touch_team(connection, team_id=actor.team_id)
    await audit.record(
        connection,
        actor,
        action=AuditAction.CONSENT_WITHDRAWN if after.consent is None else AuditAction.CONSENT_RECORDED,
        object_type=ObjectType.CONTACT,
        object_id=after.id,
        now=now,
        before=_consent_state(before.consent),
        after=_consent_state(after.consent),
    )


def _is_same_consent(before: Consent | None, after: Consent | None) -> bool:
    if before is None or after is None:
        return before is after
    return (before.basis, before.evidence) == (after.basis, after.evidence)


def _consent_state(consent: Consent | None) -> dict[str, Any] | None:
    return None if consent is None else {"basis": consent.basis, "evidence": consent.evidence}


def events(before: Contact, after: Contact) -> list[outbox.NewEvent]:
    """Return one event for each value that changed; for other actions too."""
    values: Mapping[str, tuple[str, Any, Any]] = {
        "contact.statusChanged": ("statusId", before.status_id, after.status_id),
        "contact.tagsChanged": ("tagIds", list(before.tag_ids), list(after.tag_ids)),
        "contact.notesChanged": ("notes", before.notes, after.notes),
        "contact.valuationChanged": ("valuation", _number(before.valuation), _number(after.valuation)),
        "contact.assigneeChanged": ("assigneeId", before.assignee_id, after.assignee_id),
    }
    return [_event(kind, after.id, {name: new}) for kind, (name, old, new) in values.items() if old != new]


def _event(kind: str, contact_id: str, data: Mapping[str, Any]) -> outbox.NewEvent:
    return outbox.NewEvent(type=kind, object_type="contact", object_id=contact_id, data=data)


def _plain(state: Mapping[str, Any]) -> dict[str, Any]:
    return {name: float(value) if isinstance(value, Decimal) else value for name, value in state.items()}


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


async def views(
    connection: Connection, actor: Actor, rows: Sequence[Contact], expand: Collection[Expansion]
) -> list[View]:
    """Put beside each contact what was asked for, in one statement for each kind; for other actions too."""
    known_statuses: Mapping[str, Status] = {}
    known_tags: Mapping[str, Tag] = {}
    known_members: Mapping[str, Member] = {}
    if Expansion.STATUS in expand:
        wanted = [row.status_id for row in rows if row.status_id is not None]
        known_statuses = await stored_statuses.of_ids(connection, team_id=actor.team_id, status_ids=wanted)
    if Expansion.TAGS in expand:
        wanted = [tag_id for row in rows for tag_id in row.tag_ids]
        known_tags = await stored_tags.of_ids(connection, team_id=actor.team_id, tag_ids=wanted)
    if Expansion.ASSIGNEE in expand:
        wanted = [row.assignee_id for row in rows if row.assignee_id is not None]
        known_members = await members.of_ids(connection, team_id=actor.team_id, member_ids=wanted)
    return [
        View(
            contact=row,
            status=known_statuses.get(row.status_id or ""),
            tags=[known_tags[tag_id] for tag_id in row.tag_ids if tag_id in known_tags]
            if Expansion.TAGS in expand
            else None,
            assignee=known_members.get(row.assignee_id or ""),
        )
        for row in rows
    ]
