"""Forgetting: a person is erased, for good; nobody of the team writes to them again."""

from dataclasses import replace
from datetime import datetime

from overture.actions import audit, contacts
from overture.actions.contacts import View
from overture.actions.context import Actor, Context
from overture.core.words import AuditAction, MemberRole, ObjectType, SuppressionSource
from overture.engine import complete, suppress
from overture.errors import Conflict, Forbidden
from overture.store import duties, erasures, list_leads, lists, merges, outbox
from overture.store.pool import Connection
from overture.store.suppressions import New


async def forget(context: Context, actor: Actor, *, contact_id: str) -> View:
    """Erase everything that tells who a person is, what was noted and what was said, and suppress them.

    Who is forgotten already stays so, and is erased of what came since. Counters, the times of what was sent, and that
    a step was sent stay.

    Raises:
        Forbidden: whoever asks acts neither for an owner nor for an admin.
        NotFound: no such contact.
        Conflict: `sendInProgress`, a message is on its way.
    """
    if actor.role not in (MemberRole.OWNER, MemberRole.ADMIN):
        raise Forbidden("Only an owner or admin of the team may have somebody forgotten; use a token of one.")
    now = await context.clock.now()
    view = await contacts.get(context, actor, contact_id=contact_id)
    profile_ids = [profile.id for profile in view.contact.profiles]
    async with context.pool.acquire() as connection, connection.transaction():
        await merges.hold_off(connection, team_id=actor.team_id)
        await erasures.lock(connection, team_id=actor.team_id, profile_ids=profile_ids)
        await _take_off_lists(connection, actor, profile_ids, now)
        _, ended = await suppress.begin(
            connection,
            team_id=actor.team_id,
            new=[New(profile_id=profile_id, note=None) for profile_id in profile_ids],
            source=SuppressionSource.FORGOTTEN,
            by=actor.name,
            at=now,
        )
        if await erasures.is_under_way(connection, team_id=actor.team_id, profile_ids=profile_ids):
            raise Conflict("A message to this person is on its way: try again in a minute.", code="sendInProgress")
        await _erase(connection, actor, contact_id, profile_ids, now)
        await audit.record(
            connection,
            actor,
            action=AuditAction.CONTACT_FORGOTTEN,
            object_type=ObjectType.CONTACT,
            object_id=contact_id,
            now=now,
        )
        blank = replace(view.contact, status_id=None, tag_ids=(), notes=None, valuation=None, assignee_id=None)
        await outbox.append(connection, team_id=actor.team_id, now=now, events=contacts.events(view.contact, blank))
    await complete.check(context.pool, team_id=actor.team_id, campaign_ids=ended, now=now)
    context.wake()
    return await contacts.get(context, actor, contact_id=contact_id)


async def _take_off_lists(connection: Connection, actor: Actor, profile_ids: list[str], now: datetime) -> None:
    following: list[str] = []
    for list_id in await erasures.lists(connection, team_id=actor.team_id, profile_ids=profile_ids):
        await lists.lock(connection, team_id=actor.team_id, list_id=list_id)
        gone = await list_leads.remove(connection, team_id=actor.team_id, list_id=list_id, profile_ids=profile_ids)
        await list_leads.log_change(
            connection,
            team_id=actor.team_id,
            list_id=list_id,
            profile_ids=sorted(gone),
            growth=-len(gone),
            now=now,
        )
        following += await list_leads.campaigns_following(connection, team_id=actor.team_id, list_id=list_id)
    await duties.want_syncs(connection, team_id=actor.team_id, campaign_ids=following, due_at=now)


async def _erase(connection: Connection, actor: Actor, contact_id: str, profile_ids: list[str], now: datetime) -> None:
    team_id = actor.team_id
    await erasures.erase_leads(connection, team_id=team_id, profile_ids=profile_ids)
    await erasures.erase_notes(connection, team_id=team_id, contact_id=contact_id, at=now)
    await erasures.erase_traces(connection, team_id=team_id, profile_ids=profile_ids)
    await erasures.remember(connection, team_id=team_id, profile_ids=profile_ids, by=actor.name, at=now)
    await erasures.erase_profiles(connection, team_id=team_id, profile_ids=profile_ids)
    await erasures.erase_history(connection, team_id=team_id, contact_id=contact_id, profile_ids=profile_ids)
