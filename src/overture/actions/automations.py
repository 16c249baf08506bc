"""Automations of a campaign: add, change, remove."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypedDict

from overture import ids
from overture.actions import audit, campaign_access
from overture.actions.context import Actor, Context
from overture.core.words import Action, AuditAction, ObjectType, Trigger
from overture.errors import InvalidRequest, NotFound, Path
from overture.store import automations, campaigns
from overture.store.automations import Automation
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class NewAutomation:
    """An automation to add; `data` in wire form, such as `{"statusId": ...}`."""

    trigger: Trigger
    action: Action
    data: Mapping[str, str]
    enabled: bool = True


_AUDITED = ("id", "trigger", "action", "action_data", "enabled")


class AutomationChanges(TypedDict, total=False):
    """What to change of an automation; what is absent stays."""

    trigger: Trigger
    action: Action
    action_data: Mapping[str, str]
    enabled: bool


# What an action acts with: the key in its data, and the table and kind of what the key names.
_OBJECTS: Mapping[Action, tuple[str, str]] = {
    Action.SET_STATUS: ("statusId", "status"),
    Action.ADD_TAG: ("tagId", "tag"),
    Action.REMOVE_TAG: ("tagId", "tag"),
    Action.ASSIGN: ("memberId", "member"),
}


async def insert(
    connection: Connection,
    actor: Actor,
    *,
    campaign_id: str,
    new: Sequence[NewAutomation],
    now: datetime,
    path: Path = (),
) -> list[Automation]:
    """Check and insert automations; `path` leads to their array in the request.

    Raises:
        InvalidRequest: data that does not fit the action.
        NotFound: a status, tag or member the team does not have.
    """
    for index, automation in enumerate(new):
        where = (*path, index) if path else ()
        await _check(connection, actor, automation.action, automation.data, where)
    made = [
        Automation(
            id=automation_id,
            trigger=automation.trigger,
            action=automation.action,
            action_data=automation.data,
            enabled=automation.enabled,
        )
        for automation_id, automation in zip(ids.many("x", len(new)), new, strict=True)
    ]
    await automations.insert(connection, team_id=actor.team_id, campaign_id=campaign_id, automations=made, now=now)
    return made


async def create(context: Context, actor: Actor, *, campaign_id: str, new: NewAutomation) -> Automation:
    """Add an automation.

    Raises:
        NotFound: no such campaign, or a status, tag or member the team does not have.
        InvalidRequest: data that does not fit the action.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        await campaign_access.lock(connection, actor, campaign_id=campaign_id)
        (made,) = await insert(connection, actor, campaign_id=campaign_id, new=[new], now=now)
        await audit.record(
            connection,
            actor,
            action=AuditAction.AUTOMATION_CREATED,
            object_type=ObjectType.CAMPAIGN,
            object_id=campaign_id,
            now=now,
            after=audit.state(made, *_AUDITED),
        )
        await campaigns.touch(connection, team_id=actor.team_id, campaign_id=campaign_id, now=now)
    return made


async def change(
    context: Context, actor: Actor, *, campaign_id: str, automation_id: str, changes: AutomationChanges
) -> Automation:
    """Change an automation.

    Raises:
        NotFound: no such campaign or automation, or a status, tag or member the team does not have.
        InvalidRequest: data that does not fit the action.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        await campaign_access.lock(connection, actor, campaign_id=campaign_id)
        present = await automations.all_of(connection, team_id=actor.team_id, campaign_id=campaign_id)
        found = next((one for one in present if one.id == automation_id), None)
        if found is None:
            raise NotFound("automation", automation_id)
        changed = replace(found, **changes)
        if changed == found:
            return found
        # One whose status was deleted can still be switched off.
        if changed.enabled or (changed.action, changed.action_data) != (found.action, found.action_data):
            await _check(connection, actor, Action(changed.action), changed.action_data, ())
        await automations.update(connection, team_id=actor.team_id, campaign_id=campaign_id, automation=changed)
        await audit.record(
            connection,
            actor,
            action=AuditAction.AUTOMATION_CHANGED,
            object_type=ObjectType.CAMPAIGN,
            object_id=campaign_id,
            now=now,
            before=audit.state(found, *_AUDITED),
            after=audit.state(changed, *_AUDITED),
        )
        await campaigns.touch(connection, team_id=actor.team_id, campaign_id=campaign_id, now=now)
    return changed


async def delete(context: Context, actor: Actor, *, campaign_id: str, automation_id: str) -> None:
    """Remove an automation.

    Raises:
        NotFound: no such campaign or automation.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        await campaign_access.lock(connection, actor, campaign_id=campaign_id)
        was_there = await automations.delete(
            connection, team_id=actor.team_id, campaign_id=campaign_id, automation_id=automation_id
        )
        if not was_there:
            raise NotFound("automation", automation_id)
        await audit.record(
            connection,
            actor,
            action=AuditAction.AUTOMATION_DELETED,
            object_type=ObjectType.CAMPAIGN,
            object_id=campaign_id,
            now=now,
            before={"id": automation_id},
        )
        await campaigns.touch(connection, team_id=actor.team_id, campaign_id=campaign_id, now=now)


async def copy(connection: Connection, actor: Actor, *, source_id: str, campaign_id: str, now: datetime) -> None:
    """Give a campaign the automations of another."""
    present = await automations.all_of(connection, team_id=actor.team_id, campaign_id=source_id)
    copies = [
        replace(automation, id=automation_id)
        for automation_id, automation in zip(ids.many("x", len(present)), present, strict=True)
    ]
    await automations.insert(connection, team_id=actor.team_id, campaign_id=campaign_id, automations=copies, now=now)


async def _check(connection: Connection, actor: Actor, action: Action, data: Mapping[str, str], path: Path) -> None:
    key, table = _OBJECTS[action]
    if set(data) != {key}:
        needs = f"The action {action.value} takes exactly {{{key}}}."
        raise InvalidRequest([((*path, "actionData"), needs)])
    identifier = data[key]
    found = await automations.known(connection, team_id=actor.team_id, table=table, identifiers=[identifier])
    if identifier not in found:
        raise NotFound(table, identifier)
