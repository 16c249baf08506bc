"""Exits: people take leads out of a campaign, for good or from where they stand in its sequence."""

from collections.abc import Sequence
from datetime import datetime

from overture.actions import audit, campaign_access, campaign_leads, people
from overture.actions.context import Actor, Context
from overture.actions.people import Named
from overture.core.identifiers import Identifier
from overture.core.words import AuditAction, LeadState, ObjectType
from overture.engine import complete
from overture.errors import Conflict
from overture.store import exits, leads, paces, persons, progress
from overture.store.exits import Exit
from overture.store.pool import Connection

_MOST_NAMED = 100
"""So many people an entry of the audit names; it counts all of them."""


async def remove(context: Context, actor: Actor, *, campaign_id: str, named: Sequence[Named]) -> int:
    """Take leads out: once this returns nothing new is sent to them, and no list brings them back.

    Their history stays; added by hand again, they go on where they stood. Leads that have ended stay as they are.

    Returns:
        How many were taken out.

    Raises:
        NotFound: no such campaign.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        await campaign_access.lock_with_accounts(connection, actor, campaign_id=campaign_id)
        found = await people.find(connection, actor, identifiers=[one.identifier for one in named])
        gone = await exits.remove(
            connection,
            team_id=actor.team_id,
            campaign_id=campaign_id,
            profile_ids=sorted(set(found.values())),
        )
        await _follow(connection, actor, campaign_id, AuditAction.LEADS_REMOVED, gone, now)
    await complete.check(context.pool, team_id=actor.team_id, campaign_ids=[campaign_id], now=now)
    context.wake()
    return len(gone)


async def cancel(context: Context, actor: Actor, *, campaign_id: str, identifier: Identifier) -> None:
    """Stop the sequence of one lead; a lead that is stopped already stays so.

    Raises:
        NotFound: no such campaign, or no such lead in it.
        Conflict: `leadEnded`, it gets nothing more as it is.
        Unprocessable: `platformNotSupported`.
    """
    people.require_channel(context, identifier.platform)
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        await campaign_access.lock_with_accounts(connection, actor, campaign_id=campaign_id)
        profile_id = await _known(connection, actor, identifier)
        stopped = await exits.cancel(
            connection, team_id=actor.team_id, campaign_id=campaign_id, profile_ids=[profile_id]
        )
        await _follow(connection, actor, campaign_id, AuditAction.LEADS_CANCELED, stopped, now)
        lead = await leads.find(
            connection, team_id=actor.team_id, campaign_id=campaign_id, profile_id=profile_id, now=now
        )
        if lead is None:
            raise campaign_leads.not_found(identifier)
        if lead.state != LeadState.CANCELED:
            raise Conflict(
                f"The lead is {lead.state}: nothing more is sent to it, so there is nothing to cancel.",
                code="leadEnded",
                details={"state": lead.state},
            )
    await complete.check(context.pool, team_id=actor.team_id, campaign_ids=[campaign_id], now=now)
    context.wake()


async def _known(connection: Connection, actor: Actor, identifier: Identifier) -> str:
    found = await people.find(connection, actor, identifiers=[identifier])
    if identifier not in found:
        raise campaign_leads.not_found(identifier)
    return found[identifier]


async def _follow(
    connection: Connection, actor: Actor, campaign_id: str, action: AuditAction, gone: Sequence[Exit], now: datetime
) -> None:
    """Take leads that are out off the plan, let others have their persons, and write the act down."""
    if not gone:
        return
    await progress.unplan(connection, team_id=actor.team_id, lead_ids=[lead.lead_id for lead in gone])
    freed: list[str] = []
    for was_tried in (True, False):
        freed += await persons.release(
            connection,
            team_id=actor.team_id,
            lead_ids=[lead.lead_id for lead in gone if lead.was_tried is was_tried],
            unanswered_at=now if was_tried else None,
        )
    waiting = await persons.unpark(connection, team_id=actor.team_id, profile_ids=freed, due_at=now)
    if waiting:
        await paces.wake(connection, team_id=actor.team_id, account_ids=waiting, at=now)
    await audit.record(
        connection,
        actor,
        action=action,
        object_type=ObjectType.CAMPAIGN,
        object_id=campaign_id,
        now=now,
        after={"count": len(gone), "profileIds": sorted(lead.profile_id for lead in gone)[:_MOST_NAMED]},
    )
