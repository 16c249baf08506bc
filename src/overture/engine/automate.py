"""Automate: what a team wants done when something happens to a lead, in the transaction in which it happens."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from overture.core.words import Action, Trigger
from overture.store import automated, automations, contacts, outbox
from overture.store.automated import Automation
from overture.store.pool import Connection

_DATA: Mapping[Action, tuple[str, str]] = {
    Action.SET_STATUS: ("status", "statusId"),
    Action.ADD_TAG: ("tag", "tagId"),
    Action.REMOVE_TAG: ("tag", "tagId"),
    Action.ASSIGN: ("member", "memberId"),
}


class Triggered(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a campaign's lead."""

    campaign_id: str
    profile_id: str
    trigger: Trigger


@dataclass(kw_only=True, slots=True)
class _Wanted:
    """What is to hold of each contact in the end: of two automations that contradict each other the later one."""

    statuses: dict[str, str] = field(default_factory=dict)
    assignees: dict[str, str] = field(default_factory=dict)
    tags: dict[tuple[str, str], bool] = field(default_factory=dict)


async def run(
    connection: Connection,
    *,
    team_id: str,
    now: datetime,
    triggered: Sequence[Triggered],
    events: list[outbox.NewEvent],
) -> None:
    """Run the automations that `triggered` sets off, one statement for each kind of change, and add what they changed
    to `events`.
    """
    if not triggered:
        return
    enabled = await automated.enabled(
        connection, team_id=team_id, campaign_ids=sorted({event.campaign_id for event in triggered})
    )
    actions = [
        (event.profile_id, automation)
        for event in triggered
        for automation in enabled
        if automation.campaign_id == event.campaign_id and automation.trigger == event.trigger
    ]
    if not actions:
        return
    known = await _known(connection, team_id, [automation for _, automation in actions])
    actions = [(profile_id, one) for profile_id, one in actions if _object(one) in known]
    ids = await contacts.ensure(
        connection, team_id=team_id, now=now, profile_ids=[profile_id for profile_id, _ in actions]
    )
    wanted = _fold([(ids[profile_id], automation) for profile_id, automation in actions])
    events += await _change(connection, team_id, wanted, now)


async def _known(connection: Connection, team_id: str, wanted: Sequence[Automation]) -> set[tuple[str, str]]:
    """Return which statuses, tags and members there still are; they stay until this is committed."""
    named: dict[str, set[str]] = {}
    for automation in wanted:
        table, identifier = _object(automation)
        named.setdefault(table, set()).add(identifier)
    return {
        (table, identifier)
        for table in sorted(named)
        for identifier in await automations.known(
            connection, team_id=team_id, table=table, identifiers=sorted(named[table])
        )
    }


def _object(automation: Automation) -> tuple[str, str]:
    """Return the table and the id of what an automation acts with."""
    table, key = _DATA[Action(automation.action)]
    return table, automation.action_data[key]


def _fold(actions: Sequence[tuple[str, Automation]]) -> _Wanted:
    wanted = _Wanted()
    for contact_id, automation in actions:
        _, identifier = _object(automation)
        match automation.action:
            case Action.SET_STATUS:
                wanted.statuses[contact_id] = identifier
            case Action.ASSIGN:
                wanted.assignees[contact_id] = identifier
            case _:
                wanted.tags[contact_id, identifier] = automation.action == Action.ADD_TAG
    return wanted


async def _change(connection: Connection, team_id: str, wanted: _Wanted, now: datetime) -> list[outbox.NewEvent]:
    events: list[outbox.NewEvent] = []
    if wanted.statuses:
        given = await contacts.set_statuses(
            connection, team_id=team_id, now=now, statuses=list(wanted.statuses.items())
        )
        events += _events("contact.statusChanged", given, lambda status_id: {"statusId": status_id})
    if wanted.tags:
        changes = [(contact_id, tag_id, is_added) for (contact_id, tag_id), is_added in wanted.tags.items()]
        tagged = await contacts.change_tags(connection, team_id=team_id, now=now, changes=changes)
        events += _events("contact.tagsChanged", tagged, lambda tag_ids: {"tagIds": tag_ids})
    if wanted.assignees:
        assigned = await contacts.assign(connection, team_id=team_id, now=now, assignees=list(wanted.assignees.items()))
        events += _events("contact.assigneeChanged", assigned, lambda member_id: {"assigneeId": member_id})
    return events


def _events(
    kind: str, changed: Sequence[tuple[str, Any]], data: Callable[[Any], Mapping[str, Any]]
) -> list[outbox.NewEvent]:
    return [
        outbox.NewEvent(type=kind, object_type="contact", object_id=contact_id, data=data(value))
        for contact_id, value in sorted(changed)
    ]
