"""Reach: which accounts may write to which profiles, and the queue of leads for which that is not known yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.core.words import ReadEndpoint
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class QueuedLead:
    """A lead to be assessed. `verdicts` holds what is known, by account; `inbound` the accounts it has written to.

    `awaits_lookup`: nothing but its username is known yet, by which nobody is asked whether they can be written to.
    `further`: the account the plan asks about, of a lead that others reach.
    """

    lead_id: str
    profile_id: str
    platform_id: str
    account_status: str
    awaits_lookup: bool
    tries: int
    further: str | None
    has_consent: bool
    verdicts: Mapping[str, str]
    inbound: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Asker:
    """An account that can be asked whom it reaches, in plan order.

    `rest_until`: the platform takes no look-ups of it before.
    """

    account_id: str
    platform: str
    base_url: str
    sealed_token: bytes
    status: str
    contact_policy: str
    rest_until: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What one check of one account and one profile said."""

    profile_id: str
    account_id: str
    verdict: str


async def askers(connection: Connection, *, team_id: str, campaign_id: str) -> list[Asker]:
    """Return the campaign's accounts in plan order."""
    rows = await connection.fetch(
        """
        SELECT a.id AS account_id, a.platform, f.base_url, a.sealed_token, a.status, f.contact_policy, e.rest_until
          FROM campaign_account ca
          JOIN account_link a ON a.team_id = $1 AND a.id = ca.account_id AND a.deleted_at IS NULL
          JOIN platform_app f ON f.team_id = $1 AND f.id = a.app_id
          LEFT JOIN endpoint_rest e ON e.team_id = $1 AND e.account_id = a.id AND e.endpoint = $3
         WHERE ca.team_id = $1 AND ca.campaign_id = $2 AND ca.is_member
         ORDER BY ca.position, a.id
        """,
        team_id,
        campaign_id,
        ReadEndpoint.PROFILES,
    )
    return [Asker(**row) for row in rows]


async def queued(
    connection: Connection, *, team_id: str, campaign_id: str, after: str, fresh_since: datetime, count: int
) -> list[QueuedLead]:
    """Return queued leads behind `after`, with the verdicts about them that are younger than `fresh_since`."""
    rows = await connection.fetch(
        """
        SELECT q.lead_id, q.profile_id, f.platform_id, f.account_status, f.awaits_lookup, q.tries,
               q.account_id AS further,
               coalesce(o.consent_at IS NOT NULL, false) AS has_consent,
               coalesce((SELECT jsonb_object_agg(v.account_id, v.verdict) FROM verdict v
                          WHERE v.team_id = $1 AND v.profile_id = q.profile_id AND v.at >= $4), '{}') AS verdicts,
               coalesce((SELECT array_agg(t.account_id::text) FROM campaign_account ca
                           JOIN thread t ON t.team_id = $1 AND t.account_id = ca.account_id
                                AND t.profile_id = q.profile_id AND t.last_inbound_at IS NOT NULL
                          WHERE ca.team_id = $1 AND ca.campaign_id = $2), '{}') AS inbound
          FROM (SELECT * FROM assess_queue WHERE team_id = $1 AND campaign_id = $2 AND lead_id > $3
                 ORDER BY lead_id LIMIT $5) q
          JOIN profile f ON f.team_id = $1 AND f.id = q.profile_id
          LEFT JOIN contact o ON o.team_id = $1 AND o.id = f.contact_id
         ORDER BY q.lead_id
        """,
        team_id,
        campaign_id,
        after,
        fresh_since,
        count,
    )
    return [QueuedLead(**row) for row in rows]


async def save_verdicts(connection: Connection, *, team_id: str, now: datetime, verdicts: Sequence[Verdict]) -> None:
    """Store what look-ups said."""
    ordered = sorted(verdicts, key=lambda verdict: (verdict.profile_id, verdict.account_id))
    await connection.execute(
        """
        INSERT INTO verdict (team_id, profile_id, account_id, verdict, at)
        SELECT $1, v.profile_id, v.account_id, v.verdict, $2
          FROM unnest($3::text[], $4::text[], $5::text[]) AS v (profile_id, account_id, verdict)
        ON CONFLICT (team_id, profile_id, account_id) DO UPDATE SET verdict = excluded.verdict, at = excluded.at
        """,
        team_id,
        now,
        [verdict.profile_id for verdict in ordered],
        [verdict.account_id for verdict in ordered],
        [verdict.verdict for verdict in ordered],
    )


async def reach_ids(
    connection: Connection, *, team_id: str, campaign_id: str, sets: Sequence[tuple[str, ...]]
) -> dict[tuple[str, ...], int]:
    """Return the number of each set of accounts in this campaign, given to it now if it is new."""
    wanted = sorted(set(sets))
    for accounts in wanted:
        await connection.execute(
            """
            INSERT INTO reach_set (team_id, campaign_id, id, account_ids)
            SELECT $1::text, $2::text, coalesce(max(id), 0) + 1, $3::text[]
              FROM reach_set WHERE team_id = $1 AND campaign_id = $2
            ON CONFLICT (team_id, campaign_id, account_ids) DO NOTHING
            """,
            team_id,
            campaign_id,
            list(accounts),
        )
    rows = await connection.fetch(
        "SELECT id, account_ids FROM reach_set WHERE team_id = $1 AND campaign_id = $2", team_id, campaign_id
    )
    return {tuple(row["account_ids"]): row["id"] for row in rows}


async def make_ready(
    connection: Connection, *, team_id: str, campaign_id: str, reached: Sequence[tuple[str, int]]
) -> None:
    """Make leads given as (lead, reach number) ready and queue them for the plan."""
    await connection.execute(
        """
        WITH v AS (
            SELECT l.id, v.reach_id FROM unnest($3::text[], $4::int[]) AS v (lead_id, reach_id)
              JOIN lead l ON l.team_id = $1 AND l.id = v.lead_id AND l.state = 'assessing'
             ORDER BY l.id FOR NO KEY UPDATE OF l
        ), made AS (
            UPDATE lead l SET state = 'ready', reason = NULL, reach_id = v.reach_id
              FROM v WHERE l.team_id = $1 AND l.id = v.id RETURNING l.id, v.reach_id
        )
        INSERT INTO plan_queue (team_id, campaign_id, lead_id, reach_id)
        SELECT $1, $2, id, reach_id FROM made ON CONFLICT DO NOTHING
        """,
        team_id,
        campaign_id,
        [lead_id for lead_id, _ in reached],
        [reach_id for _, reach_id in reached],
    )


async def widen(connection: Connection, *, team_id: str, campaign_id: str, reached: Sequence[tuple[str, int]]) -> None:
    """Note which accounts reach leads, given as (lead, reach number), while they wait for their first message."""
    await connection.execute(
        """
        WITH v AS (
            SELECT l.id, v.reach_id FROM unnest($3::text[], $4::int[]) AS v (lead_id, reach_id)
              JOIN lead l ON l.team_id = $1 AND l.id = v.lead_id AND l.state = 'ready'
             ORDER BY l.id FOR NO KEY UPDATE OF l
        ), queued AS (
            UPDATE plan_queue q SET reach_id = v.reach_id
              FROM v WHERE q.team_id = $1 AND q.campaign_id = $2 AND q.lead_id = v.id
        )
        UPDATE lead l SET reach_id = v.reach_id FROM v WHERE l.team_id = $1 AND l.id = v.id
        """,
        team_id,
        campaign_id,
        [lead_id for lead_id, _ in reached],
        [reach_id for _, reach_id in reached],
    )


async def leave_queue(
    connection: Connection, *, team_id: str, campaign_id: str, assessed: Sequence[str], further: Sequence[str]
) -> None:
    """Take leads out of the queue: `assessed`, and `further`, asked about through one account more.

    Of the latter one may have lost all its accounts meanwhile, and stands here to be assessed: it stays.
    """
    await connection.execute(
        """
        DELETE FROM assess_queue
         WHERE team_id = $1 AND campaign_id = $2
           AND (lead_id = ANY($3::text[]) OR lead_id = ANY($4::text[]) AND account_id IS NOT NULL)
        """,
        team_id,
        campaign_id,
        list(assessed),
        list(further),
    )


async def count_try(connection: Connection, *, team_id: str, campaign_id: str, lead_ids: Sequence[str]) -> None:
    """Note that the platform did not say anything definite about these leads."""
    await connection.execute(
        """
        UPDATE assess_queue SET tries = tries + 1
         WHERE team_id = $1 AND campaign_id = $2 AND lead_id = ANY($3::text[])
        """,
        team_id,
        campaign_id,
        list(lead_ids),
    )
