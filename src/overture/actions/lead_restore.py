"""Restore: people let leads go on that had been taken out of a campaign or stopped in it."""

from collections.abc import Sequence
from datetime import datetime

from overture.actions import campaign_access, lead_choice, people
from overture.actions.context import Actor, Context
from overture.actions.lead_choice import Choice
from overture.core import lifecycle
from overture.core.identifiers import Identifier
from overture.core.words import AuditAction, LeadState
from overture.engine import complete, sync
from overture.errors import Conflict
from overture.store import duties, lead_acts, returns, scopes
from overture.store.lead_acts import Act
from overture.store.pool import Connection
from overture.store.returns import Standing

_GOING = lifecycle.SENDABLE_STATES | {LeadState.ASSESSING}
_REMEDIES = {
    LeadState.HELD: "It is held: release it.",
    LeadState.EXCLUDED: "Change the rules of the campaign, or record consent; it comes in by itself.",
    LeadState.REMOVED: "Its lists have let it go: add it to one of them, or to the campaign itself.",
    LeadState.UNREACHABLE: "No account reaches this person: add one that does.",
}
_OBSTACLES = {
    "suppressed": "The person asked to be left alone; an owner may undo that first.",
    "answeredElsewhere": "The person has written to the team since: go on in that conversation.",
    "excludedList": "The person is on a list this campaign excludes: take them off it first.",
    "contacted": "The campaign excludes people the team has contacted: change its rules first.",
    "mutual": "The campaign excludes people the team talks with: change its rules first.",
    "consentMissing": "No consent is recorded for this person: record it first.",
}


async def restore(context: Context, actor: Actor, *, campaign_id: str, identifier: Identifier) -> None:
    """Let one lead go on where it stood; no step it has had is sent again. One that goes on already stays as it is.

    Raises:
        NotFound: no such campaign, or no such lead in it.
        Conflict: `leadNotRestorable`, it was neither stopped nor taken out; `leadKeptOut`, a rule forbids it;
            `sendInProgress`.
        Unprocessable: `platformNotSupported`.
    """
    people.require_channel(context, identifier.platform)
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        await campaign_access.lock_with_accounts(connection, actor, campaign_id=campaign_id)
        lead_id = await lead_choice.one(connection, actor, campaign_id=campaign_id, identifier=identifier)
        (found,) = await lock(connection, actor, campaign_id, [lead_id], now)
        if not found.is_out:
            if found.state in _GOING:
                return
            raise _not_out(found)
        if found.obstacle is not None:
            raise kept_out(found.obstacle)
        await _restore(connection, actor, campaign_id, [found], now)
    context.wake()


async def restore_all(context: Context, actor: Actor, *, campaign_id: str, choice: Choice) -> int:
    """Let all leads that are meant, and may, go on where they stood; return how many.

    Raises:
        NotFound: no such campaign.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        await campaign_access.lock_with_accounts(connection, actor, campaign_id=campaign_id)
        lead_ids = await lead_choice.all_of(connection, actor, campaign_id=campaign_id, choice=choice)
        found = await lock(connection, actor, campaign_id, lead_ids, now)
        back = [lead for lead in found if lead.is_out and lead.obstacle is None]
        await _restore(connection, actor, campaign_id, back, now)
    context.wake()
    return len(back)


async def lock(
    connection: Connection, actor: Actor, campaign_id: str, lead_ids: Sequence[str], now: datetime
) -> list[Standing]:
    """Lock leads of a locked campaign, and tell whether each may go on."""
    keys = {"team_id": actor.team_id, "campaign_id": campaign_id}
    rules = await scopes.rules(connection, **keys)
    assert rules is not None
    return await returns.lock(connection, **keys, rules=rules, lead_ids=lead_ids, now=now)


async def _restore(
    connection: Connection, actor: Actor, campaign_id: str, back: Sequence[Standing], now: datetime
) -> None:
    if not back:
        return
    keys = {"team_id": actor.team_id, "campaign_id": campaign_id}
    lead_ids = [lead.lead_id for lead in back]
    await returns.restore(connection, **keys, lead_ids=lead_ids)
    await sync.resume_returned(connection, **keys, now=now, lead_ids=lead_ids)
    await duties.want(connection, team_id=actor.team_id, kind="assess", key=campaign_id, due_at=now)
    await lead_acts.record(
        connection,
        team_id=actor.team_id,
        act="restored",
        decision=None,
        by=actor.name,
        at=now,
        leads=[Act(lead_id=lead.lead_id, state=lead.state, reason=lead.reason) for lead in back],
    )
    await lead_choice.record(
        connection,
        actor,
        action=AuditAction.LEADS_RESTORED,
        campaign_id=campaign_id,
        profile_ids=[lead.profile_id for lead in back],
        now=now,
    )
    await complete.reopen(connection, **keys, now=now)


def _not_out(found: Standing) -> Conflict:
    state = LeadState(found.state)
    remedy = _REMEDIES.get(state, "It has ended: nothing more is sent to it in this campaign.")
    return Conflict(
        f"The lead is {state}: it was neither stopped nor taken out by hand. {remedy}",
        code="leadNotRestorable",
        details={"state": state, "reason": found.reason},
    )


def kept_out(obstacle: str) -> Conflict:
    """Return the error for a lead that something forbids to go on."""
    if obstacle == "sendInProgress":
        return Conflict("A message to this lead is on its way: try again in a few minutes.", code=obstacle)
    return Conflict(f"The lead cannot go on. {_OBSTACLES[obstacle]}", code="leadKeptOut", details={"reason": obstacle})
