"""Release: a person decides what becomes of leads that are held."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from overture.actions import audit, campaign_access, lead_choice, people
from overture.actions.context import Actor, Context
from overture.actions.lead_choice import Choice
from overture.core import sequence
from overture.core.identifiers import Identifier
from overture.core.words import AuditAction, CampaignStatus, LeadState, ObjectType
from overture.engine import complete, pacemaker
from overture.errors import Conflict
from overture.store import duties, held, lead_acts, outlines, persons, progress, restored, selections
from overture.store.campaigns import State
from overture.store.held import Held, Move
from overture.store.lead_acts import Act
from overture.store.pool import Connection


class Decision(StrEnum):
    """What a person decides: send the step (again), pass over it, or stop the lead."""

    RESEND = "resend"
    SKIP = "skip"
    STOP = "stop"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Fates:
    """What becomes of held leads: they go on, have had everything, or are stopped and why."""

    moves: list[Move] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    stops: list[progress.Stop] = field(default_factory=list)


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
    async with context.pool.acquire() as connection, connection.transaction():
        campaign = await campaign_access.lock_with_accounts(connection, actor, campaign_id=campaign_id)
        lead_id = await lead_choice.one(connection, actor, campaign_id=campaign_id, identifier=identifier)
        lead = await _lock(connection, actor, lead_id)
        await _release(connection, actor, campaign_id, campaign, [lead], decision, now)
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
    await _end(context, actor, campaign_id, now)


async def release_all(context: Context, actor: Actor, *, campaign_id: str, choice: Choice, decision: Decision) -> int:
    """Let all leads that are meant and held go on as decided; return how many.

    Those with a message on its way stay held.

    Raises:
        NotFound: no such campaign.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        campaign = await campaign_access.lock_with_accounts(connection, actor, campaign_id=campaign_id)
        lead_ids = await lead_choice.all_of(connection, actor, campaign_id=campaign_id, choice=choice)
        found = await held.lock(connection, team_id=actor.team_id, lead_ids=lead_ids)
        released = [lead for lead in found if not lead.is_under_way]
        if released:
            await _release(connection, actor, campaign_id, campaign, released, decision, now)
            await lead_choice.record(
                connection,
                actor,
                action=AuditAction.LEADS_RELEASED,
                campaign_id=campaign_id,
                profile_ids=[lead.profile_id for lead in released],
                now=now,
                decided={"action": decision},
            )
    await _end(context, actor, campaign_id, now)
    return len(released)


async def _end(context: Context, actor: Actor, campaign_id: str, now: datetime) -> None:
    """Do what can only be done once leads are let go: complete the campaign."""
    await complete.check(context.pool, team_id=actor.team_id, campaign_ids=[campaign_id], now=now)
    context.wake()


async def _lock(connection: Connection, actor: Actor, lead_id: str) -> Held:
    locked = await held.lock(connection, team_id=actor.team_id, lead_ids=[lead_id])
    if not locked:
        state = await selections.state(connection, team_id=actor.team_id, lead_id=lead_id)
        raise Conflict(f"The lead is {state}, not held: there is nothing to release.", code="leadNotHeld")
    if locked[0].is_under_way:
        raise Conflict("A message to this lead is on its way: try again in a few seconds.", code="sendInProgress")
    return locked[0]


async def _release(
    connection: Connection,
    actor: Actor,
    campaign_id: str,
    campaign: State,
    leads: Sequence[Held],
    decision: Decision,
    now: datetime,
) -> None:
    """Let locked leads go on as decided, and have everything follow that waits for them."""
    team_id = actor.team_id
    # All at once: those whose sequence is through and those who are stopped are freed one after the other.
    await persons.lock(connection, team_id=team_id, profile_ids=[lead.profile_id for lead in leads])
    await held.decide_attempts(connection, team_id=team_id, lead_ids=[lead.lead_id for lead in leads])
    await restored.let_go(connection, team_id=team_id, profile_ids=[lead.profile_id for lead in leads])
    fates = await _fates(connection, actor, campaign_id, leads, decision, now)
    await held.go_on(connection, team_id=team_id, campaign_id=campaign_id, moves=fates.moves)
    await progress.finish(connection, team_id=team_id, lead_ids=fates.finished, at=now)
    await progress.stop_if_open(connection, team_id=team_id, stops=fates.stops, at=now)
    stopped = [stop.lead_id for stop in fates.stops]
    await persons.free(connection, team_id=team_id, lead_ids=fates.finished, unanswered_at=now, now=now)
    await persons.free(connection, team_id=team_id, lead_ids=stopped, unanswered_at=None, now=now)
    await lead_acts.record(
        connection,
        team_id=team_id,
        act="released",
        decision=decision,
        by=actor.name,
        at=now,
        leads=[Act(lead_id=lead.lead_id, state=LeadState.HELD, reason=lead.reason) for lead in leads],
    )
    for kind in ("assess", "plan"):
        await duties.want(connection, team_id=team_id, kind=kind, key=campaign_id, due_at=now)
    if campaign.status == CampaignStatus.ACTIVE:
        await pacemaker.refresh_campaign(connection, team_id=team_id, campaign_id=campaign_id, now=now)


async def _fates(
    connection: Connection,
    actor: Actor,
    campaign_id: str,
    leads: Sequence[Held],
    decision: Decision,
    now: datetime,
) -> _Fates:
    fates = _Fates()
    if decision is Decision.STOP:
        fates.stops.extend(_stop(lead, "stopped") for lead in leads)
        return fates
    versions = sorted({(campaign_id, lead.version) for lead in leads})
    stored = await outlines.steps(connection, team_id=actor.team_id, versions=versions)
    steps = {version: [sequence.parse_step(step) for step in found] for (_, version), found in stored.items()}
    for lead in leads:
        rank, since = lead.rank, lead.since or now
        due = sequence.message_due(steps.get(lead.version, []), rank, since)
        if decision is Decision.SKIP and due is not None:
            rank, since = due.step.rank + 1, now
            due = sequence.message_due(steps[lead.version], rank, since)
            if due is None and lead.is_contacted:
                fates.finished.append(lead.lead_id)
                continue
            if due is None:
                fates.stops.append(_stop(lead, "skipped"))
                continue
        move = Move(
            lead_id=lead.lead_id,
            account_id=lead.account_id or lead.tried_by,
            rank=rank,
            since=since,
            due_at=max(now, due.at) if due is not None else now,
        )
        fates.moves.append(move)
    return fates


def _stop(lead: Held, reason: str) -> progress.Stop:
    return progress.Stop(lead_id=lead.lead_id, state=LeadState.CANCELED, reason=reason)
