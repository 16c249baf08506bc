"""A team's settings, and the switch that stops all its sending."""

from dataclasses import replace
from datetime import datetime
from typing import Any, TypedDict

from overture.actions import audit
from overture.actions.context import Actor, Context
from overture.core import instants
from overture.core.words import AuditAction, ObjectType
from overture.errors import NotFound
from overture.store import gates, paces, persons, plans, restored, teams, wakeups
from overture.store.pool import Connection
from overture.store.teams import Team


class TeamChanges(TypedDict, total=False):
    """What to change; what is left out stays."""

    name: str
    currency: str
    allow_parallel_campaigns: bool
    recontact_after_days: int


async def change(context: Context, actor: Actor, *, changes: TeamChanges) -> Team:
    """Change settings; the next message of every campaign follows them."""
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        if changes.keys() & {"allow_parallel_campaigns", "recontact_after_days"}:
            await paces.lock_team(connection, team_id=actor.team_id)
        before = await _lock(connection, actor)
        after = replace(before, **changes)
        if after == before:
            return before
        await teams.save(connection, team=after)
        if _is_looser(before, after):
            await _free_waiting(connection, actor, now)
        await gates.touch_team(connection, team_id=actor.team_id)
        await _record(connection, actor, AuditAction.TEAM_CHANGED, before, after, now)
    context.wake()
    return after


async def stop(context: Context, actor: Actor) -> Team:
    """Stop all sending: once this returned no attempt begins; what is on its way arrives. Campaigns keep their state.

    Stopping a stopped team changes nothing.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        before = await _lock(connection, actor)
        if before.stopped_at is not None:
            return before
        after = replace(before, stopped_at=now)
        await teams.save(connection, team=after)
        await gates.change_team(connection, team_id=actor.team_id, is_open=False)
        await _record(connection, actor, AuditAction.TEAM_STOPPED, before, after, now)
    return after


async def resume(context: Context, actor: Actor) -> Team:
    """Let a stopped team send again: the pace simply goes on, and what was missed is not made up for.

    Resuming a team that is not stopped changes nothing.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        await paces.lock_team(connection, team_id=actor.team_id)
        before = await _lock(connection, actor)
        if before.stopped_at is None:
            return before
        after = replace(before, stopped_at=None)
        await teams.save(connection, team=after)
        await wakeups.give_team(connection, team_id=actor.team_id, at=now)
        # A restored team goes on once its accounts have caught up; the last of them opens the gate.
        is_open = not await restored.is_waited_for(connection, team_id=actor.team_id)
        await gates.change_team(connection, team_id=actor.team_id, is_open=is_open)
        await _record(connection, actor, AuditAction.TEAM_RESUMED, before, after, now)
    context.wake()
    return after


def _is_looser(before: Team, after: Team) -> bool:
    """Whether people who had to wait for another campaign may have to wait no more."""
    is_shorter = after.recontact_after_days < before.recontact_after_days
    return is_shorter or (after.allow_parallel_campaigns and not before.allow_parallel_campaigns)


async def _free_waiting(connection: Connection, actor: Actor, now: datetime) -> None:
    """Let every lead that waits for its person ask anew; one that still has to wait is put back."""
    await persons.unpark_all(connection, team_id=actor.team_id, due_at=now)
    await plans.hasten_first(connection, team_id=actor.team_id, due_at=now)
    await wakeups.give_team(connection, team_id=actor.team_id, at=now)


async def _lock(connection: Connection, actor: Actor) -> Team:
    team = await teams.lock(connection, team_id=actor.team_id)
    if team is None:
        raise NotFound("team", actor.team_id)
    return team


async def _record(
    connection: Connection, actor: Actor, action: AuditAction, before: Team, after: Team, now: datetime
) -> None:
    old, new = audit.differences(_wire(before), _wire(after))
    await audit.record(
        connection,
        actor,
        action=action,
        object_type=ObjectType.TEAM,
        object_id=actor.team_id,
        now=now,
        before=old,
        after=new,
    )


def _wire(team: Team) -> dict[str, Any]:
    return {
        "name": team.name,
        "currency": team.currency,
        "allowParallelCampaigns": team.allow_parallel_campaigns,
        "recontactAfterDays": team.recontact_after_days,
        "stoppedAt": None if team.stopped_at is None else instants.written(team.stopped_at),
    }
