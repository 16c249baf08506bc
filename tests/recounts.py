"""What came of campaigns, counted once more from the leads and the ledger, and compared with what was kept."""

from typing import Any

_DIFFERENCES = """
WITH kept AS (
    SELECT 'lead' AS what, campaign_id, hour, account_id AS part, contacted AS one, followed_up AS two, answered
      FROM lead_result
    UNION ALL
    SELECT 'step', campaign_id, hour, step_id::text, sum(sent), 0, sum(answered) FROM step_result GROUP BY 2, 3, 4
    UNION ALL
    SELECT 'option', campaign_id, hour, concat_ws('/', step_id, segment, option), sum(sent), 0, sum(answered)
      FROM option_result GROUP BY 2, 3, 4
), facts AS (
    SELECT 'lead' AS what, campaign_id, account_id AS part, contacted_at AS at, 1 AS one, 0 AS two, 0 AS answered
      FROM lead
    UNION ALL SELECT 'lead', campaign_id, account_id, followed_up_at, 0, 1, 0 FROM lead
    UNION ALL SELECT 'lead', campaign_id, account_id, replied_at, 0, 0, 1 FROM lead
    UNION ALL SELECT 'step', campaign_id, step_id, accepted_at, 1, 0, 0 FROM attempt WHERE campaign_id IS NOT NULL
    UNION ALL SELECT 'step', campaign_id, step_id, answered_at, 0, 0, 1 FROM attempt WHERE campaign_id IS NOT NULL
    UNION ALL
    SELECT 'option', a.campaign_id, concat_ws('/', a.step_id, p.pick ->> 0, p.pick ->> 1), f.at, f.one, 0, f.answered
      FROM attempt a
     CROSS JOIN LATERAL jsonb_array_elements(a.choices) AS p (pick)
     CROSS JOIN LATERAL (VALUES (a.accepted_at, 1, 0), (a.answered_at, 0, 1)) AS f (at, one, answered)
     WHERE a.campaign_id IS NOT NULL
), counted AS (
    SELECT what, campaign_id, to_timestamp(floor(extract(epoch FROM at) / 3600) * 3600) AS hour, part,
           sum(one) AS one, sum(two) AS two, sum(answered) AS answered
      FROM facts WHERE at IS NOT NULL GROUP BY 1, 2, 3, 4
)
SELECT what, campaign_id, hour, part, to_jsonb(kept) AS kept, to_jsonb(counted) AS counted
  FROM kept FULL JOIN counted USING (what, campaign_id, hour, part)
 WHERE (coalesce(kept.one, 0), coalesce(kept.two, 0), coalesce(kept.answered, 0))
       <> (coalesce(counted.one, 0), coalesce(counted.two, 0), coalesce(counted.answered, 0))
"""

_FACTS = """
SELECT l.id, l.followed_up_at IS NOT NULL AS was_followed_up, l.replied_at IS NOT NULL AS has_answered,
       count(a.id) AS messages, count(a.answered_at) AS answered,
       bool_and(a.answered_at = l.replied_at) FILTER (WHERE a.answered_at IS NOT NULL) IS NOT FALSE AS is_same
  FROM lead l LEFT JOIN attempt a ON a.team_id = l.team_id AND a.lead_id = l.id AND a.state = 'accepted'
 WHERE l.contacted_at IS NOT NULL GROUP BY l.team_id, l.id
"""


async def miscounted(connection: Any) -> list[str]:
    """Say where what was kept of any campaign differs from a recount."""
    found = [
        f"{row['what']} {row['part']} of {row['campaign_id']} in {row['hour']}: {row['kept']} kept, {row['counted']}"
        for row in await connection.fetch(_DIFFERENCES)
    ]
    for row in await connection.fetch(_FACTS):
        if row["was_followed_up"] != (row["messages"] > 1):
            found.append(f"lead {row['id']} has {row['messages']} messages; followed up: {row['was_followed_up']}")
        if row["answered"] != row["has_answered"] or not row["is_same"]:
            found.append(f"lead {row['id']} answered: {row['has_answered']}; at {row['answered']} messages")
    return found
