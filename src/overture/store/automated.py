"""The automations that an event may set off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Automation:
    """One automation that is switched on."""

    campaign_id: str
    trigger: str
    action: str
    action_data: Mapping[str, Any]


async def enabled(connection: Connection, *, team_id: str, campaign_ids: Sequence[str]) -> list[Automation]:
    """Return the automations of these campaigns that are switched on, oldest first."""
    rows = await connection.fetch(
        """
        SELECT campaign_id, trigger, action, action_data FROM automation
         WHERE team_id = $1 AND campaign_id = ANY($2::text[]) AND enabled ORDER BY campaign_id, id
        """,
        team_id,
        list(campaign_ids),
    )
    return [Automation(**row) for row in rows]
