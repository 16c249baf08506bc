"""Choice: which leads of a campaign a call means, one by its name or any number by names or a filter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from overture.actions import audit, people
from overture.actions.context import Actor
from overture.actions.people import Named
from overture.core.identifiers import Identifier
from overture.core.words import AuditAction, ObjectType
from overture.errors import NotFound
from overture.store import selections
from overture.store.lead_filters import Filters
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """The leads that are meant: those `named`, or, where that is None, those the filter lets through."""

    named: Sequence[Named] | None
    filters: Filters


async def one(connection: Connection, actor: Actor, *, campaign_id: str, identifier: Identifier) -> str:
    """Return the lead a person is in a campaign.

    Raises:
        NotFound: the campaign has no such lead.
    """
    found = await _named(connection, actor, campaign_id, [identifier])
    if not found:
        raise not_found(identifier)
    return found[0]


async def all_of(connection: Connection, actor: Actor, *, campaign_id: str, choice: Choice) -> list[str]:
    """Return all leads that are meant; names that are no lead of the campaign count for nothing."""
    if choice.named is not None:
        return await _named(connection, actor, campaign_id, [name.identifier for name in choice.named])
    return await selections.filtered(connection, team_id=actor.team_id, campaign_id=campaign_id, filters=choice.filters)


def not_found(identifier: Identifier) -> NotFound:
    """Return the error for a lead the campaign has not."""
    hint = "Leads are named by platform id; for another identifier say by=username or by=externalId."
    return NotFound("lead", identifier.value, place="campaign", hint=hint)


async def record(
    connection: Connection,
    actor: Actor,
    *,
    action: AuditAction,
    campaign_id: str,
    profile_ids: Sequence[str],
    now: datetime,
    decided: Mapping[str, Any] | None = None,
) -> None:
    """Write down an act on leads of a campaign: how many, the first of them, and what was decided."""
    await audit.record(
        connection,
        actor,
        action=action,
        object_type=ObjectType.CAMPAIGN,
        object_id=campaign_id,
        now=now,
        after={"count": len(profile_ids), "profileIds": sorted(profile_ids)[: audit.MOST_NAMED], **(decided or {})},
    )


async def _named(
    connection: Connection, actor: Actor, campaign_id: str, identifiers: Sequence[Identifier]
) -> list[str]:
    found = await people.find(connection, actor, identifiers=identifiers)
    return await selections.named(
        connection, team_id=actor.team_id, campaign_id=campaign_id, profile_ids=sorted(set(found.values()))
    )
