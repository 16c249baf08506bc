"""Release: a person decides what becomes of a lead that is held."""

from datetime import datetime
from enum import StrEnum

from overture.actions import audit, campaign_access, campaign_leads, people
from overture.actions.context import Actor, Context
from overture.core import sequence
from overture.core.identifiers import Identifier
from overture.core.words import AuditAction, CampaignStatus, LeadState, ObjectType
from overture.engine import complete, pacemaker
from overture.errors import Conflict
from overture.store import duties, held, leads, outlines, persons, progress
from overture.store.held import Held
from overture.store.pool import Connection


class Decision(StrEnum):
    """What a person decides: send the step (again), pass over it, or stop the lead."""

    RESEND = "resend"
    SKIP = "skip"
    STOP = "stop"


async def release(
    context: Context, actor: Actor, *, campaign_id: str, identifier: Identifier, decision: Decision
) -> None:
    """Let a held lead go on as decided.

    Raises:
        NotFound: no such campaign, or no such lead in it.
        Conflict: `leadNotHeld`; `sendInProgress` while a message to it is on its way.
        Unprocessable: `platformNotSupported`.
    """
    people.require_channel(context, identifier.platform)
    now = await context.clock.now()
    keys = {"team_id": actor.team_id, "campaign_id": campaign_id}
    async with context.pool.acquire() as connection, connection.transaction():
        state = await campaign_access.lock_with_accounts(connection, actor, campaign_id=campaign_id)
        lead = await _lock(connection, actor, campaign_id, identifier, now)
        await held.decide_attempts(connection, team_id=actor.team_id, lead_id=lead.lead_id)
        if decision is Decision.STOP:
            await _stop(connection, actor, lead, "stopped", now)
        else:
            await _go_on(connection, actor, campaign_id, lead, now, skips=decision is Decision.SKIP)
        for kind in ("assess", "plan"):
            await duties.want(connection, team_id=actor.team_id, kind=kind, key=campaign_id, due_at=now)
        if state.status == CampaignStatus.ACTIVE:
            await pacemaker.refresh_campaign(connection, **keys, now=now)
        await audit.record(
            connection,
            actor,
            action=AuditAction.LEAD_RELEASED,
            object_type=ObjectType.CAMPAIGN,
            object_id=campaign_id,
            now=now,
            before={"profileId": lead.profile_id, "state": LeadState.HELD, "reason": lead.reason},
            after={"profileId": lead.profile_id, "action": decision},
        )
    await complete.check(context.pool, team_id=actor.team_id, campaign_ids=[campaign_id], now=now)
    context.wake()


async def _lock(connection: Connection, actor: Actor, campaign_id: str, identifier: Identifier, now: datetime) -> Held:
    found = await people.find(connection, actor, identifiers=[identifier])
    lead = None
    if identifier in found:
        lead = await leads.find(
            connection, team_id=actor.team_id, campaign_id=campaign_id, profile_id=found[identifier], now=now
        )
    if lead is None:
        raise campaign_leads.not_found(identifier)
    locked = await held.lock(connection, team_id=actor.team_id, lead_id=lead.id)
    if locked is None:
        raise Conflict(f"The lead is {lead.state}, not held: there is nothing to release.", code="leadNotHeld")
    if locked.is_under_way:
        raise Conflict("A message to this lead is on its way: try again in a few seconds.", code="sendInProgress")
    return locked


async def _go_on(
    connection: Connection, actor: Actor, campaign_id: str, lead: Held, now: datetime, *, skips: bool
) -> None:
    rank, since = lead.rank, lead.since or now
    stored = await outlines.steps(connection, team_id=actor.team_id, versions=[(campaign_id, lead.version)])
    steps = [sequence.parse_step(step) for step in stored.get((campaign_id, lead.version), [])]
    due = sequence.message_due(steps, rank, since)
    if skips and due is not None:
        rank, since = due.step.rank + 1, now
        due = sequence.message_due(steps, rank, since)
        if due is None:
            if lead.is_contacted:
                await progress.finish(connection, team_id=actor.team_id, lead_ids=[lead.lead_id])
                await persons.release(connection, team_id=actor.team_id, lead_ids=[lead.lead_id], unanswered_at=now)
            else:
                await _stop(connection, actor, lead, "skipped", now)
            return
    await held.go_on(
        connection,
        team_id=actor.team_id,
        campaign_id=campaign_id,
        held=lead,
        rank=rank,
        since=since,
        due_at=max(now, due.at) if due is not None else now,
    )


async def _stop(connection: Connection, actor: Actor, lead: Held, reason: str, now: datetime) -> None:
    stop = progress.Stop(lead_id=lead.lead_id, state=LeadState.CANCELED, reason=reason)
    await progress.stop_if_open(connection, team_id=actor.team_id, stops=[stop])
    freed = await persons.release(connection, team_id=actor.team_id, lead_ids=[lead.lead_id], unanswered_at=None)
    await persons.unpark(connection, team_id=actor.team_id, profile_ids=freed, due_at=now)
