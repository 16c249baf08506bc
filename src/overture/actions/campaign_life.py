"""Start, pause and delete a campaign."""

from datetime import datetime

from overture.actions import audit, campaign_access, preflight
from overture.actions.context import Actor, Context
from overture.core.words import AuditAction, CampaignStatus, ObjectType
from overture.engine import pacemaker
from overture.errors import Conflict, Unprocessable
from overture.store import budgets, campaigns, gates, outbox, persons
from overture.store.campaigns import Campaign, State
from overture.store.pool import Connection


async def enable(context: Context, actor: Actor, *, campaign_id: str) -> Campaign:
    """Start or resume a campaign; an enabled one that runs or is complete stays as it is.

    Raises:
        NotFound: no such campaign.
        Unprocessable: `preflightFailed`, with what stands in the way.
    """
    now = await context.clock.now()
    keys = {"team_id": actor.team_id, "campaign_id": campaign_id}
    async with context.pool.acquire() as connection, connection.transaction():
        state = await campaign_access.lock_with_accounts(connection, actor, campaign_id=campaign_id)
        if state.status in {CampaignStatus.ACTIVE, CampaignStatus.COMPLETED}:
            return await campaign_access.read(connection, actor, campaign_id=campaign_id)
        issues = await preflight.errors(connection, context, actor, campaign_id=campaign_id)
        if issues:
            raise Unprocessable(
                "The campaign cannot start: " + " ".join(issue.message for issue in issues),
                code="preflightFailed",
                details={"issues": [issue.as_json() for issue in issues]},
            )
        if state.pause_code is not None:
            await budgets.retry(connection, **keys)
        await campaigns.start(connection, **keys, now=now)
        await pacemaker.refresh_campaign(connection, **keys, now=now)
        await gates.change_campaign(connection, **keys, is_open=True, now=now)
        started = await campaign_access.read(connection, actor, campaign_id=campaign_id)
        kinds = ["campaign.started"]
        if state.status == CampaignStatus.PAUSED:
            kinds.append("campaign.resumed")
        await _record(connection, actor, AuditAction.CAMPAIGN_ENABLED, state, started, now=now)
        await _tell(connection, actor, campaign_id, kinds, now=now)
    context.wake()
    return started


async def disable(context: Context, actor: Actor, *, campaign_id: str) -> Campaign:
    """Pause a campaign until somebody enables it: once this returns no new attempt begins.

    Its accounts are left alone, or a pause would wait for whatever they have under way: the gate keeps them from it.

    Raises:
        NotFound: no such campaign.
    """
    now = await context.clock.now()
    keys = {"team_id": actor.team_id, "campaign_id": campaign_id}
    async with context.pool.acquire() as connection, connection.transaction():
        state = await campaign_access.lock(connection, actor, campaign_id=campaign_id)
        if state.status != CampaignStatus.PAUSED or state.enabled:
            await campaigns.pause(connection, **keys, now=now)
            await gates.change_campaign(connection, **keys, is_open=False, now=now)
        paused = await campaign_access.read(connection, actor, campaign_id=campaign_id)
        if state.status != CampaignStatus.PAUSED or state.enabled:
            await _record(connection, actor, AuditAction.CAMPAIGN_DISABLED, state, paused, now=now)
        if state.status != CampaignStatus.PAUSED:
            await _tell(connection, actor, campaign_id, ["campaign.paused"], now=now)
    context.wake()
    return paused


async def delete(context: Context, actor: Actor, *, campaign_id: str) -> None:
    """Hide a campaign and keep its history; whom it was about to write to is free for others.

    Raises:
        NotFound: no such campaign.
        Conflict: `campaignActive`.
    """
    now = await context.clock.now()
    keys = {"team_id": actor.team_id, "campaign_id": campaign_id}
    async with context.pool.acquire() as connection, connection.transaction():
        state = await campaign_access.lock_with_accounts(connection, actor, campaign_id=campaign_id)
        if state.status == CampaignStatus.ACTIVE:
            raise Conflict("The campaign is active. Disable it first.", code="campaignActive")
        engaged = await campaigns.delete(connection, **keys, now=now)
        await persons.free(connection, team_id=actor.team_id, lead_ids=engaged, unanswered_at=now, now=now)
        await gates.change_campaign(connection, **keys, is_open=False, now=now)
        await _record(connection, actor, AuditAction.CAMPAIGN_DELETED, state, None, now=now)
    context.wake()


async def _record(
    connection: Connection, actor: Actor, action: AuditAction, before: State, after: Campaign | None, *, now: datetime
) -> None:
    await audit.record(
        connection,
        actor,
        action=action,
        object_type=ObjectType.CAMPAIGN,
        object_id=before.id,
        now=now,
        before={"name": before.settings.name, "status": before.status, "enabled": before.enabled},
        after=None
        if after is None
        else {"name": after.settings.name, "status": after.status, "enabled": after.enabled},
    )


async def _tell(connection: Connection, actor: Actor, campaign_id: str, kinds: list[str], *, now: datetime) -> None:
    events = [outbox.NewEvent(type=kind, object_type="campaign", object_id=campaign_id, data={}) for kind in kinds]
    await outbox.append(connection, team_id=actor.team_id, now=now, events=events)
