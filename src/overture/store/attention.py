"""What needs a person's attention in a team, found among what is stored anyway."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something that needs attention: what, of which object, how much of it, since when; `told` is what was noted.

    `total` is how many there are, also of those that were not asked for.
    """

    code: str
    object_type: str
    object_id: str
    name: str
    count: int
    told: str | None
    since: datetime | None
    total: int


async def read(
    connection: Connection,
    *,
    team_id: str,
    now: datetime,
    failed_since: datetime,
    parts: int,
    long_seconds: int,
    by_hand: str,
    most: int,
) -> Sequence[Finding]:
    """Return what needs attention, the most pressing first.

    Args:
        connection: the connection.
        team_id: the team.
        now: engine time.
        failed_since: imports that failed after this still count.
        parts: a window with no more left than one part in so many counts as near its end.
        long_seconds: windows shorter than this come back too soon to be told of.
        by_hand: why webhooks are off that a person switched off.
        most: how many to return.
    """
    rows = await connection.fetch(
        """
        WITH found (urgency, code, object_type, object_id, name, count, told, since) AS (
            SELECT 0, 'teamStopped', 'team', team_id, name, 1, NULL, stopped_at
              FROM team WHERE team_id = $1 AND stopped_at IS NOT NULL
            UNION ALL
            SELECT 1, 'accountOffline', 'accountLink', id, coalesce('@' || username, platform_id), 1, offline_code,
                   offline_at
              FROM account_link WHERE team_id = $1 AND deleted_at IS NULL AND status = 'offline'
            UNION ALL
            SELECT 2, 'appPaused', 'platformApp', b.app_id, f.platform, 1, b.pause_code, NULL
              FROM app_budget b JOIN platform_app f ON f.team_id = $1 AND f.id = b.app_id
             WHERE b.team_id = $1 AND b.paused_until > $2
            UNION ALL
            SELECT 3, 'campaignPaused', 'campaign', id, name, 1, pause_message, pause_since
              FROM campaign WHERE team_id = $1 AND deleted_at IS NULL AND status = 'paused' AND pause_code IS NOT NULL
            UNION ALL
            SELECT 4, 'leadsHeld', 'campaign', c.id, c.name, h.count, NULL, NULL
              FROM (SELECT campaign_id, sum(held)::bigint AS count FROM campaign_counter
                     WHERE team_id = $1 GROUP BY campaign_id HAVING sum(held) > 0) h
              JOIN campaign c ON c.team_id = $1 AND c.id = h.campaign_id AND c.deleted_at IS NULL
            UNION ALL
            SELECT 5, 'accountPaused', 'accountLink', id, coalesce('@' || username, platform_id), 1,
                   array_to_string(pause_reasons, ', '), NULL
              FROM account_link
             WHERE team_id = $1 AND deleted_at IS NULL AND status = 'paused' AND pause_reasons <> '{manual}'
            UNION ALL
            SELECT 6, 'webhookFailing', 'webhook', id, url, 1, CASE WHEN enabled THEN NULL ELSE disabled_reason END,
                   failing_since
              FROM webhook
             WHERE team_id = $1 AND failing_since IS NOT NULL AND (enabled OR disabled_reason <> $7)
            UNION ALL
            SELECT 7, 'importFailed', 'importJob', id, file_name, 1, error, completed_at
              FROM import_job WHERE team_id = $1 AND status = 'failed' AND completed_at > $3
            UNION ALL
            SELECT 8, 'budgetLow', CASE scope WHEN 'app' THEN 'platformApp' ELSE 'accountLink' END, owner, name,
                   min(remaining), NULL, min(resets_at)
              FROM (SELECT w.scope, CASE w.scope WHEN 'app' THEN k.app_id ELSE k.id END AS owner,
                           CASE w.scope WHEN 'app' THEN k.platform ELSE coalesce('@' || k.username, k.platform_id) END
                           AS name, w.remaining, w.resets_at
                      FROM budget_window w
                      JOIN account_link k ON k.team_id = $1 AND k.id = w.account_id AND k.deleted_at IS NULL
                     WHERE w.team_id = $1 AND w.endpoint = 'send' AND w.seconds >= $5 AND w.resets_at > $2
                       AND w.remaining * $4 <= w.allowed) b
             GROUP BY scope, owner, name
        )
        SELECT code, object_type, object_id, name, count, told, since, count(*) OVER () AS total
          FROM found ORDER BY urgency, since NULLS LAST, object_id LIMIT $6
        """,
        team_id,
        now,
        failed_since,
        parts,
        long_seconds,
        most,
        by_hand,
    )
    return [Finding(**row) for row in rows]
