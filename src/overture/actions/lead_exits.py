"""Exits: people take leads out of a campaign, for good or from where they stand in its sequence."""

from collections.abc import Sequence
from datetime import datetime

from overture.actions import campaign_access, lead_choice, people
from overture.actions.context import Actor, Context
from overture.actions.lead_choice import Choice
from overture.actions.people import Named
from overture.core.identifiers import Identifier
from overture.core.words import AuditAction, LeadState
from overture.engine import complete
from overture.errors import Conflict
from overture.store import exits, lead_acts, persons, progress, selections
from overture.store.exits import Exit
from overture.store.lead_acts import Act
from overture.store.lead_filters import Filters
from overture.store.pool import Connection


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
        choice = Choice(named=named, filters=Filters())
        lead_ids = await lead_choice.all_of(connection, actor, campaign_id=campaign_id, choice=choice)
        gone = await exits.remove(connection, team_id=actor.team_id, campaign_id=campaign_id, lead_ids=lead_ids)
        await _follow(connection, actor, campaign_id, AuditAction.LEADS_REMOVED, gone, now)
    await _end(context, actor, campaign_id, now)
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
        lead_id = await lead_choice.one(connection, actor, campaign_id=campaign_id, identifier=identifier)
        await _cancel(connection, actor, campaign_id, [lead_id], now)
        state = await selections.state(connection, team_id=actor.team_id, lead_id=lead_id)
        if state != LeadState.CANCELED:
            raise Conflict(
                f"The lead is {state}: nothing more is sent to it, so there is nothing to cancel.",
                code="leadEnded",
                details={"state": state},
            )
    await _end(context, actor, campaign_id, now)


async def cancel_all(context: Context, actor: Actor, *, campaign_id: str, choice: Choice) -> int:
    """Stop the sequences of all leads that are meant and have not ended; return how many were stopped.

    Raises:
        NotFound: no such campaign.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        await campaign_access.lock_with_accounts(connection, actor, campaign_id=campaign_id)
        lead_ids = await lead_choice.all_of(connection, actor, campaign_id=campaign_id, choice=choice)
        stopped = await _cancel(connection, actor, campaign_id, lead_ids, now)
    await _end(context, actor, campaign_id, now)
    return len(stopped)


async def _cancel(
    connection: Connection, actor: Actor, campaign_id: str, lead_ids: Sequence[str], now: datetime
) -> list[Exit]:
    stopped = await exits.cancel(connection, team_id=actor.team_id, campaign_id=campaign_id, lead_ids=lead_ids)
    await _follow(connection, actor, campaign_id, AuditAction.LEADS_CANCELED, stopped, now)
    return stopped


async def _follow(
    connection: Connection, actor: Actor, campaign_id: str, action: AuditAction, gone: Sequence[Exit], now: datetime
) -> None:
    """Take leads that are out off the plan, let others have their persons, and write the act down."""
    if not gone:
        return
    await progress.unplan(connection, team_id=actor.team_id, lead_ids=[lead.lead_id for lead in gone])
    for was_tried in (True, False):
        await persons.free(
            connection,
            team_id=actor.team_id,
            lead_ids=[lead.lead_id for lead in gone if lead.was_tried is was_tried],
            unanswered_at=now if was_tried else None,
            now=now,
        )
    await lead_acts.record(
        connection,
        team_id=actor.team_id,
        act="removed" if action is AuditAction.LEADS_REMOVED else "canceled",
        decision=None,
        by=actor.name,
        at=now,
        leads=[Act(lead_id=lead.lead_id, state=lead.state, reason=lead.reason) for lead in gone],
    )
    await lead_choice.record(
        connection,
        actor,
        action=action,
        campaign_id=campaign_id,
        profile_ids=[lead.profile_id for lead in gone],
        now=now,
    )


async def _end(context: Context, actor: Actor, campaign_id: str, now: datetime) -> None:
    """Do what can only be done once leads are out: complete the campaign."""
    await complete.check(context.pool, team_id=actor.team_id, campaign_ids=[campaign_id], now=now)
    context.wake()
