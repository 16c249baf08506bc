"""Automate: what a team wants done when something happens to a lead, in the transaction in which it happens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.core.words import Action, Trigger
from overture.store import automated, outbox
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Triggered:
    """Something that happened to a campaign's lead."""

    campaign_id: str
    profile_id: str
    trigger: Trigger


async def run(
    connection: Connection,
    *,
    team_id: str,
    now: datetime,
    triggered: Sequence[Triggered],
    events: list[outbox.NewEvent],
) -> None:
    """Run the automations that `triggered` sets off, and add what they changed to `events`."""
    if not triggered:
        return
    wanted = await automated.enabled(
        connection, team_id=team_id, campaign_ids=sorted({event.campaign_id for event in triggered})
    )
    if not wanted:
        return
    actions = [
        (event.profile_id, automation)
        for event in triggered
        for automation in wanted
        if automation.campaign_id == event.campaign_id and automation.trigger == event.trigger
    ]
    if not actions:
        return
    contacts = await automated.ensure_contacts(
        connection, team_id=team_id, now=now, profile_ids=[profile_id for profile_id, _ in actions]
    )
    for profile_id, automation in actions:
        contact_id = contacts[profile_id]
        data = automation.action_data
        match automation.action:
            case Action.SET_STATUS:
                changed = await automated.set_status(
                    connection, team_id=team_id, contact_id=contact_id, status_id=data["statusId"], now=now
                )
                kind, value = "contact.statusChanged", {"statusId": data["statusId"]}
            case Action.ADD_TAG | Action.REMOVE_TAG:
                tags = await automated.change_tag(
                    connection,
                    team_id=team_id,
                    contact_id=contact_id,
                    tag_id=data["tagId"],
                    is_added=automation.action == Action.ADD_TAG,
                    now=now,
                )
                changed = tags is not None
                kind, value = "contact.tagsChanged", {"tagIds": tags}
            case _:
                changed = await automated.assign(
                    connection, team_id=team_id, contact_id=contact_id, member_id=data["memberId"], now=now
                )
                kind, value = "contact.assigneeChanged", {"assigneeId": data["memberId"]}
        if changed:
            events.append(outbox.NewEvent(type=kind, object_type="contact", object_id=contact_id, data=value))
