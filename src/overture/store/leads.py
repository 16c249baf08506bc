"""The leads of a campaign: added by hand, read page by page, mended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from overture import ids
from overture.store import assess_queue, people, scopes, selections
from overture.store.lead_filters import Filters
from overture.store.people import Profile
from overture.store.pool import Connection
from overture.store.scopes import Rules

MOST_AHEAD = 1000
"""So many leads ahead of another are counted; the number stands for itself and everything above."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewLead:
    """A profile to add, with its values by column id."""

    profile_id: str
    data: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Lead:
    """A lead as people see it. `data` holds what was set on the lead itself, not what its lists say.

    `due_at` is None when no account has it planned; `ahead` counts who is served before it. `is_engaged_elsewhere`:
    another campaign has the person now; `left_alone_until`: one that ended unanswered keeps others away until then.
    `open_attempt`: its message is on its way (`intent`), or nobody knows yet what became of it (`unknown`).
    """

    id: str
    profile: Profile
    state: str
    reason: str | None
    account_id: str | None
    step: Mapping[str, Any] | None
    data: Mapping[str, Any]
    contacted_at: datetime | None
    replied_at: datetime | None
    due_at: datetime | None
    is_parked: bool
    is_engaged_elsewhere: bool
    left_alone_until: datetime | None
    ahead: int | None
    open_attempt: str | None


_REASON = scopes.KEPT_OUT.format(facts="f", lead="l")

# Who comes before is counted in the order of the plan's index: asked for any order, the planner would read the plan.
_LEADS = f"""
    SELECT {people.COLUMNS}, l.id AS lead_id, l.state, l.reason, l.data, l.contacted_at, l.replied_at, d.due_at,
           coalesce(l.account_id, d.account_id, k.account_id, o.account_id) AS account_id,
           k.lead_id IS NOT NULL AS is_parked,
           NOT m.allow_parallel_campaigns AND coalesce(n.engaged_lead_id <> l.id, false) AS is_engaged_elsewhere,
           CASE WHEN NOT m.allow_parallel_campaigns AND n.engaged_lead_id IS DISTINCT FROM l.id
                THEN n.unanswered_end_at + make_interval(hours => 24 * m.recontact_after_days) END AS left_alone_until,
           CASE WHEN s.id IS NOT NULL
                THEN jsonb_build_object('id', s.id, 'rank', s.rank, 'type', s.type, 'version', s.version) END AS step,
           CASE WHEN d.lead_id IS NOT NULL THEN least(a.count, {MOST_AHEAD}) END AS ahead,
           o.state AS open_attempt
      FROM lead l
      JOIN profile p ON p.team_id = l.team_id AND p.id = l.profile_id
      JOIN campaign c ON c.team_id = l.team_id AND c.id = l.campaign_id
      JOIN team m ON m.team_id = l.team_id
      LEFT JOIN person n ON n.team_id = l.team_id AND n.profile_id = l.profile_id
      LEFT JOIN lead_due d ON d.team_id = l.team_id AND d.lead_id = l.id
      LEFT JOIN lead_parked k ON k.team_id = l.team_id AND k.profile_id = l.profile_id AND k.lead_id = l.id
      LEFT JOIN sequence_step s ON s.team_id = l.team_id AND s.campaign_id = l.campaign_id
           AND s.version = coalesce(l.sequence_version, c.sequence_version) AND s.rank = l.rank
           AND l.state IN ('assessing', 'ready', 'inSequence', 'held')
      LEFT JOIN attempt o ON o.team_id = l.team_id AND o.lead_id = l.id AND o.state IN ('intent', 'unknown')
           AND d.lead_id IS NULL AND l.state IN ('ready', 'inSequence')
      LEFT JOIN LATERAL (
         SELECT count(*) AS count FROM (
            (SELECT FROM lead_due x
              WHERE x.team_id = d.team_id AND x.account_id = d.account_id AND x.campaign_id = d.campaign_id
                AND x.is_first = false AND x.due_at <= CASE WHEN d.is_first THEN $3 ELSE d.due_at END
                AND (d.is_first OR (x.due_at, x.lead_id) < (d.due_at, d.lead_id))
              ORDER BY x.due_at, x.lead_id LIMIT {MOST_AHEAD})
            UNION ALL
            (SELECT FROM lead_due x
              WHERE x.team_id = d.team_id AND x.account_id = d.account_id AND x.campaign_id = d.campaign_id
                AND x.is_first = true AND d.is_first AND (x.due_at, x.lead_id) < (d.due_at, d.lead_id)
              ORDER BY x.due_at, x.lead_id LIMIT {MOST_AHEAD})
         ) before
      ) a ON d.lead_id IS NOT NULL
     WHERE l.team_id = $1 AND l.campaign_id = $2
"""


async def add(
    connection: Connection,
    *,
    team_id: str,
    campaign_id: str,
    rules: Rules,
    leads: Sequence[NewLead],
    now: datetime,
) -> int:
    """Add leads by hand, each as the rules let it in; return how many are new or were taken back.

    One that is there already stays as it is, but from now on also when its lists let it go.
    """
    arguments = (
        team_id,
        campaign_id,
        now,
        rules.exclude_contacted,
        rules.exclude_mutuals,
        rules.needs_consent,
        [lead.profile_id for lead in leads],
        [dict(lead.data) for lead in leads],
    )
    await connection.execute(
        """
        WITH kept AS (
            SELECT id FROM lead
             WHERE team_id = $1 AND campaign_id = $2 AND profile_id = ANY($3::text[])
               AND (NOT is_direct OR is_deleted_by_hand)
             ORDER BY id FOR NO KEY UPDATE
        )
        UPDATE lead l SET is_direct = true, is_deleted_by_hand = false FROM kept
         WHERE l.team_id = $1 AND l.id = kept.id
        """,
        team_id,
        campaign_id,
        [lead.profile_id for lead in leads],
    )
    returned: int = await connection.fetchval(_TAKE_BACK, *arguments)
    added: int = await connection.fetchval(_INSERT, *arguments, ids.batch("d"))
    return returned + added


_GIVEN = f"""
    given AS (SELECT * FROM unnest($7::text[], $8::jsonb[]) AS g (profile_id, data)),
    affected AS (SELECT profile_id FROM given),
    facts AS ({scopes.FACTS})
"""

# Whoever had left comes back to where they were: to be assessed, or on in their sequence.
_TAKE_BACK = f"""
    WITH {_GIVEN}, back AS (
        SELECT l.id, l.profile_id, g.data, CASE WHEN {_REASON} IS NULL THEN back.reason ELSE {_REASON} END AS reason,
               CASE WHEN {_REASON} IS NULL THEN back.state ELSE 'excluded' END AS state
          FROM facts f
          JOIN given g ON g.profile_id = f.profile_id
          JOIN lead l ON l.team_id = $1 AND l.campaign_id = $2 AND l.profile_id = f.profile_id
         CROSS JOIN {scopes.RETURNED.format(lead="l")}
         WHERE l.state = 'removed' AND $3::timestamptz IS NOT NULL ORDER BY l.id FOR NO KEY UPDATE OF l
    ), changed AS (
        UPDATE lead l SET state = back.state, reason = back.reason, data = l.data || back.data
          FROM back WHERE l.team_id = $1 AND l.id = back.id
    ), queued AS (
        INSERT INTO assess_queue (team_id, campaign_id, lead_id, profile_id)
        SELECT $1, $2, id, profile_id FROM back WHERE state = 'assessing' ORDER BY id {assess_queue.ANEW}
    )
    SELECT count(*) FROM back
"""

_INSERT = f"""
    WITH {_GIVEN}, fresh AS (
        SELECT f.profile_id, g.data, row_number() OVER (ORDER BY f.profile_id) AS number, {_REASON} AS reason
          FROM facts f
          JOIN given g ON g.profile_id = f.profile_id
          LEFT JOIN lead l ON l.team_id = $1 AND l.campaign_id = $2 AND l.profile_id = f.profile_id
         WHERE l.id IS NULL
    ), added AS (
        INSERT INTO lead (team_id, id, campaign_id, profile_id, state, reason, is_direct, data, joined_at)
        SELECT $1, $9 || lpad(to_hex(number), 8, '0'), $2, profile_id,
               CASE WHEN reason IS NULL THEN 'assessing' ELSE 'excluded' END, reason, true, data, $3
          FROM fresh ORDER BY number
        ON CONFLICT (team_id, campaign_id, profile_id) DO NOTHING
        RETURNING id, profile_id, state
    ), queued AS (
        INSERT INTO assess_queue (team_id, campaign_id, lead_id, profile_id)
        SELECT $1, $2, id, profile_id FROM added WHERE state = 'assessing'
    )
    SELECT count(*) FROM added
"""


async def page(
    connection: Connection,
    *,
    team_id: str,
    campaign_id: str,
    filters: Filters,
    after: str | None,
    limit: int,
    now: datetime,
) -> list[Lead]:
    """Return up to `limit` leads that a filter lets through after the profile `after`, by profile id."""
    lead_ids = await selections.page(
        connection, team_id=team_id, campaign_id=campaign_id, filters=filters, after=after, limit=limit
    )
    rows = await connection.fetch(
        f"{_LEADS} AND l.id = ANY ($4::text[]) ORDER BY l.profile_id", team_id, campaign_id, now, lead_ids
    )
    return [_lead(row) for row in rows]


async def find(
    connection: Connection, *, team_id: str, campaign_id: str, profile_id: str, now: datetime
) -> Lead | None:
    """Return the lead of a profile."""
    row = await connection.fetchrow(_LEADS + " AND l.profile_id = $4", team_id, campaign_id, now, profile_id)
    return None if row is None else _lead(row)


async def set_values(
    connection: Connection, *, team_id: str, lead_id: str, values: Mapping[str, Any], cleared: Sequence[str]
) -> None:
    """Set and clear values on a lead."""
    await connection.execute(
        "UPDATE lead SET data = (data - $4::text[]) || $3 WHERE team_id = $1 AND id = $2",
        team_id,
        lead_id,
        dict(values),
        list(cleared),
    )


async def mend(
    connection: Connection, *, team_id: str, campaign_id: str, lead_ids: Sequence[str] | None, now: datetime
) -> bool:
    """Let leads held for a missing value or a long text try again, all of them or those named; tell whether any did.

    The caller has locked the campaign's accounts; those with work again have to be woken, the queues to be served.
    Mostly none is held, which the counters know without a look at the leads.
    """
    held: int = await connection.fetchval(
        "SELECT coalesce(sum(held), 0)::bigint FROM campaign_counter WHERE team_id = $1 AND campaign_id = $2",
        team_id,
        campaign_id,
    )
    if held == 0:
        return False
    count: int = await connection.fetchval(
        f"""
        WITH mended AS (
            SELECT id, profile_id, account_id, contacted_at, reach_id, reason FROM lead
             WHERE team_id = $1 AND campaign_id = $2 AND state = 'held'
               AND (reason LIKE 'variableMissing:%' OR reason = 'textTooLong')
               AND ($3::text[] IS NULL OR id = ANY($3::text[]))
             ORDER BY id FOR NO KEY UPDATE
        ), changed AS (
            UPDATE lead l
               SET reason = NULL, state = CASE WHEN m.contacted_at IS NOT NULL THEN 'inSequence'
                                               WHEN m.reach_id IS NOT NULL THEN 'ready' ELSE 'assessing' END
              FROM mended m WHERE l.team_id = $1 AND l.id = m.id
            RETURNING l.id, l.state, m.reason
        ), turned AS (
            INSERT INTO lead_turn (team_id, lead_id, at, state, was) SELECT $1, id, $4, state, reason FROM changed
        ), due AS (
            INSERT INTO lead_due (team_id, account_id, campaign_id, is_first, due_at, lead_id)
            SELECT $1, account_id, $2, false, $4, id FROM mended WHERE contacted_at IS NOT NULL
            ON CONFLICT (team_id, lead_id) DO NOTHING
        ), planned AS (
            INSERT INTO plan_queue (team_id, campaign_id, lead_id, reach_id)
            SELECT $1, $2, id, reach_id FROM mended WHERE contacted_at IS NULL AND reach_id IS NOT NULL
            ON CONFLICT DO NOTHING
        ), assessed AS (
            INSERT INTO assess_queue (team_id, campaign_id, lead_id, profile_id)
            SELECT $1, $2, id, profile_id FROM mended WHERE contacted_at IS NULL AND reach_id IS NULL ORDER BY id
            {assess_queue.ANEW}
        )
        SELECT count(*) FROM mended
        """,
        team_id,
        campaign_id,
        None if lead_ids is None else list(lead_ids),
        now,
    )
    return count > 0


def _lead(row: Any) -> Lead:
    return Lead(
        id=row["lead_id"],
        profile=people.of_row(row),
        **{name: row[name] for name in Lead.__dataclass_fields__ if name not in {"id", "profile"}},
    )
