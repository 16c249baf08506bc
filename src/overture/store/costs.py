"""Costs: how much of what a platform bills each app has used, by UTC day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from overture.core.words import CostKind
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Used:
    """Units of one kind that a team's apps on a platform have used on one day."""

    day: date
    kind: CostKind
    units: int


async def count(
    connection: Connection, *, team_id: str, kind: CostKind, units: Mapping[str, int], now: datetime
) -> None:
    """Count units by account against their apps, on the day of `now` (engine time).

    In a transaction this comes after all locks but the team's number of events: the apps of a team are few.
    """
    used = {account_id: count for account_id, count in units.items() if count > 0}
    if not used:
        return
    await connection.execute(
        """
        INSERT INTO app_cost AS c (team_id, app_id, day, kind, units)
        SELECT $1, a.app_id, $2, $3, sum(v.units)
          FROM unnest($4::text[], $5::bigint[]) AS v (account_id, units)
          JOIN account_link a ON a.team_id = $1 AND a.id = v.account_id
         GROUP BY a.app_id ORDER BY a.app_id
        ON CONFLICT (team_id, app_id, day, kind) DO UPDATE SET units = c.units + excluded.units
        """,
        team_id,
        now.astimezone(UTC).date(),
        kind,
        list(used),
        list(used.values()),
    )


async def used(connection: Connection, *, team_id: str, platform: str) -> list[Used]:
    """Return what was used on a platform by day and kind, the days in order."""
    rows = await connection.fetch(
        """
        SELECT c.day, c.kind, sum(c.units)::bigint AS units
          FROM platform_app p JOIN app_cost c ON c.team_id = $1 AND c.app_id = p.id
         WHERE p.team_id = $1 AND p.platform = $2
         GROUP BY c.day, c.kind ORDER BY c.day, c.kind
        """,
        team_id,
        platform,
    )
    return [Used(day=row["day"], kind=CostKind(row["kind"]), units=row["units"]) for row in rows]
