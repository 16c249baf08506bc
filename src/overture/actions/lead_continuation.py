"""Continuation: somebody judges that what a person wrote is no answer, and lets their lead go on."""

from datetime import datetime

from overture.actions import audit, campaign_access, lead_choice, lead_restore, people
from overture.actions.context import Actor, Context
from overture.core import lifecycle
from overture.core.identifiers import Identifier
from overture.core.words import AuditAction, LeadState, ObjectType
from overture.engine import complete, sync
from overture.errors import Conflict, NotFound
from overture.store import lead_acts, returns
from overture.store.lead_acts import Act
from overture.store.pool import Connection
from overture.store.returns import Standing


async def go_on(context: Context, actor: Actor, *, campaign_id: str, identifier: Identifier, message_id: str) -> None:
    """Let a lead that was stopped by an answer go on where it stood; it counts no more as one who answered.

    Args:
        context: what actions work with.
        actor: who does it.
        campaign_id: the campaign.
        identifier: whose lead.
        message_id: the last message of the person that was read: whoever wrote since may have answered after all.

    Raises:
        NotFound: no such campaign, no such lead in it, or no such message of the person.
        Conflict: `leadNotReplied`; `newerMessage`, the person wrote since; `leadKeptOut`, a rule forbids it;
            `sendInProgress`.
        Unprocessable: `platformNotSupported`.
    """
    people.require_channel(context, identifier.platform)
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        await campaign_access.lock_with_accounts(connection, actor, campaign_id=campaign_id)
        lead_id = await lead_choice.one(connection, actor, campaign_id=campaign_id, identifier=identifier)
        (found,) = await lead_restore.lock(connection, actor, campaign_id, [lead_id], now)
        if LeadState(found.state) in lifecycle.SENDABLE_STATES:
            return
        if not found.is_answered:
            raise _not_answered(found)
        until = await _judged(connection, actor, found.profile_id, message_id)
        if found.obstacle is not None:
            raise lead_restore.kept_out(found.obstacle)
        await _continue(connection, actor, campaign_id, found, until, now)
    context.wake()


async def _judged(connection: Connection, actor: Actor, profile_id: str, message_id: str) -> datetime:
    """Return when the person wrote last, if that is what was read."""
    latest = await returns.latest(connection, team_id=actor.team_id, profile_id=profile_id, message_id=message_id)
    if latest is None or not latest.knows:
        raise NotFound("message", message_id, hint="Name the last message the person wrote.")
    if latest.message_id != message_id:
        raise Conflict(
            "The person has written since: read that first.",
            code="newerMessage",
            details={"messageId": latest.message_id},
        )
    return latest.at


async def _continue(
    connection: Connection, actor: Actor, campaign_id: str, found: Standing, until: datetime, now: datetime
) -> None:
    keys = {"team_id": actor.team_id, "campaign_id": campaign_id}
    await returns.pass_over(connection, team_id=actor.team_id, lead_id=found.lead_id, until=until)
    await sync.resume_returned(connection, **keys, now=now, lead_ids=[found.lead_id])
    await lead_acts.record(
        connection,
        team_id=actor.team_id,
        act="continued",
        decision=None,
        by=actor.name,
        at=now,
        leads=[Act(lead_id=found.lead_id, state=found.state, reason=found.reason)],
    )
    await audit.record(
        connection,
        actor,
        action=AuditAction.LEAD_CONTINUED,
        object_type=ObjectType.CAMPAIGN,
        object_id=campaign_id,
        now=now,
        after={"profileId": found.profile_id},
    )
    await complete.reopen(connection, **keys, now=now)


def _not_answered(found: Standing) -> Conflict:
    state = LeadState(found.state)
    return Conflict(
        f"The lead is {state}: it was not stopped by an answer.",
        code="leadNotReplied",
        details={"state": state, "reason": found.reason},
    )
