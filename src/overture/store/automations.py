"""Automations: what a campaign does by itself when something happens to a lead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Automation:
    """One automation; `action_data` names what it acts with, such as `{"statusId": ...}`."""

    id: str
    trigger: str
    action: str
    action_data: Mapping[str, str]
    enabled: bool


async def all_of(connection: Connection, *, team_id: str, campaign_id: str) -> list[Automation]:
    """Return the automations of a campaign, oldest first."""
    rows = await connection.fetch(
        """
        SELECT id, trigger, action, action_data, enabled FROM automation
         WHERE team_id = $1 AND campaign_id = $2 ORDER BY id
        """,
        team_id,
        campaign_id,
    )
    return [Automation(**row) for row in rows]


async def insert(
    connection: Connection,
    *,
    team_id: str,
    campaign_id: str,
    automations: Sequence[Automation],
    now: datetime,
) -> None:
    """Insert new automations."""
    await connection.execute(
        """
        INSERT INTO automation (team_id, campaign_id, id, trigger, action, action_data, enabled, created_at)
        SELECT $1, $2, v.*, $8
          FROM unnest($3::text[], $4::text[], $5::text[], $6::jsonb[], $7::boolean[]) AS v
        """,
        team_id,
        campaign_id,
        [automation.id for automation in automations],
        [automation.trigger for automation in automations],
        [automation.action for automation in automations],
        [dict(automation.action_data) for automation in automations],
        [automation.enabled for automation in automations],
        now,
    )


async def update(connection: Connection, *, team_id: str, campaign_id: str, automation: Automation) -> None:
    """Store an edited automation."""
    await connection.execute(
        """
        UPDATE automation SET trigger = $4, action = $5, action_data = $6, enabled = $7
         WHERE team_id = $1 AND campaign_id = $2 AND id = $3
        """,
        team_id,
        campaign_id,
        automation.id,
        automation.trigger,
        automation.action,
        dict(automation.action_data),
        automation.enabled,
    )


async def delete(connection: Connection, *, team_id: str, campaign_id: str, automation_id: str) -> bool:
    """Delete an automation; tell whether there was one."""
    done: str = await connection.execute(
        "DELETE FROM automation WHERE team_id = $1 AND campaign_id = $2 AND id = $3",
        team_id,
        campaign_id,
        automation_id,
    )
    return done != "DELETE 0"


async def switch_off_assigning(connection: Connection, *, team_id: str, member_id: str) -> list[str]:
    """Switch off the automations that give people to a member; return those that were on."""
    rows = await connection.fetch(
        """
        WITH switched AS (
            UPDATE automation SET enabled = false
             WHERE team_id = $1 AND action = 'assign' AND action_data ->> 'memberId' = $2 AND enabled
            RETURNING id
        )
        SELECT id FROM switched ORDER BY id
        """,
        team_id,
        member_id,
    )
    return [row["id"] for row in rows]


async def known(connection: Connection, *, team_id: str, table: str, identifiers: Sequence[str]) -> set[str]:
    """Return those of `identifiers` that exist in `table` (status, tag or member); they stay until we commit."""
    assert table in ("status", "tag", "member")
    present = " AND removed_at IS NULL" if table == "member" else ""
    rows = await connection.fetch(
        f"SELECT id FROM {table} WHERE team_id = $1 AND id = ANY($2::text[]){present} ORDER BY id FOR KEY SHARE",
        team_id,
        list(identifiers),
    )
    return {row["id"] for row in rows}
