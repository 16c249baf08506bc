"""The plan: which account writes to which lead, written by one statement over all leads that wait for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from overture.store import assess_queue
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Sender:
    """An account of a campaign with what it may send; `can_send` is false while it is offline or paused."""

    account_id: str
    can_send: bool
    hourly_limit: int
    daily_limit: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """How many leads share a reach set and an account; `account_id` None = waiting for the plan."""

    reach_id: int
    account_id: str | None
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Slice:
    """Leads of one reach set that go to one account, as many as `count`, taken from `source` (None = the queue)."""

    reach_id: int
    source: str | None
    account_id: str
    count: int


async def settings(connection: Connection, *, team_id: str, campaign_id: str) -> Mapping[str, Any] | None:
    """Return the campaign's rate, zone and hours, and whether it is active; None if it is gone."""
    row = await connection.fetchrow(
        """
        SELECT hourly_message_rate AS rate, schedule_timezone AS zone, schedule_hours AS hours,
               status = 'active' AS is_active
          FROM campaign WHERE team_id = $1 AND id = $2 AND deleted_at IS NULL
        """,
        team_id,
        campaign_id,
    )
    return None if row is None else dict(row)


async def senders(connection: Connection, *, team_id: str, campaign_id: str) -> list[Sender]:
    """Return the accounts that belong to the campaign."""
    rows = await connection.fetch(
        """
        SELECT a.id AS account_id, a.status = 'active' AS can_send, a.hourly_limit, a.daily_limit
          FROM campaign_account ca JOIN account_link a ON a.team_id = $1 AND a.id = ca.account_id
         WHERE ca.team_id = $1 AND ca.campaign_id = $2 AND ca.is_member AND a.deleted_at IS NULL ORDER BY a.id
        """,
        team_id,
        campaign_id,
    )
    return [Sender(**row) for row in rows]


async def reach_sets(connection: Connection, *, team_id: str, campaign_id: str) -> dict[int, frozenset[str]]:
    """Return the campaign's sets of accounts by number."""
    rows = await connection.fetch(
        "SELECT id, account_ids FROM reach_set WHERE team_id = $1 AND campaign_id = $2", team_id, campaign_id
    )
    return {row["id"]: frozenset(row["account_ids"]) for row in rows}


async def counts(connection: Connection, *, team_id: str, campaign_id: str) -> list[Count]:
    """Count the leads that wait for the plan and those planned but not contacted, by reach set and account."""
    rows = await connection.fetch(
        """
        SELECT reach_id, NULL AS account_id, count(*) AS count FROM plan_queue
         WHERE team_id = $1 AND campaign_id = $2 GROUP BY reach_id
        UNION ALL
        SELECT l.reach_id, d.account_id, count(*) FROM campaign_account ca
          JOIN lead_due d ON d.team_id = $1 AND d.account_id = ca.account_id AND d.campaign_id = $2 AND d.is_first
          JOIN lead l ON l.team_id = $1 AND l.id = d.lead_id
         WHERE ca.team_id = $1 AND ca.campaign_id = $2 GROUP BY l.reach_id, d.account_id
        """,
        team_id,
        campaign_id,
    )
    return [Count(**row) for row in rows]


async def loads(connection: Connection, *, team_id: str, campaign_id: str) -> dict[str, int]:
    """Return how many leads each account has still to write to for the first time."""
    rows = await connection.fetch(
        """
        SELECT ca.account_id, (SELECT count(*) FROM lead_due d
                 WHERE d.team_id = $1 AND d.account_id = ca.account_id AND d.campaign_id = $2 AND d.is_first) AS count
          FROM campaign_account ca WHERE ca.team_id = $1 AND ca.campaign_id = $2
        """,
        team_id,
        campaign_id,
    )
    return {row["account_id"]: row["count"] for row in rows}


async def place(
    connection: Connection, *, team_id: str, campaign_id: str, now: datetime, slices: Sequence[Slice]
) -> int:
    """Give queued leads their accounts, in one statement; return how many. Leads of no slice stay queued.

    Within a reach set the leads are numbered, and the number falls into the account's share of the set. They are
    written in the order of the key, so that neighbours in the index come together.
    """
    shares: dict[int, list[Slice]] = {}
    for part in slices:
        if part.source is None:
            shares.setdefault(part.reach_id, []).append(part)
    if not shares:
        return 0
    reach_ids, accounts, bounds = [], [], []
    for reach_id, parts in shares.items():
        reach_ids.append(reach_id)
        accounts.append([part.account_id for part in parts])
        edges = [1]
        for part in parts:
            edges.append(edges[-1] + part.count)
        bounds.append(edges)
    result = await connection.execute(
        """
        WITH share AS (
            SELECT v.reach_id, v.accounts, v.bounds
              FROM jsonb_to_recordset($4) AS v (reach_id int, accounts text[], bounds bigint[])
        ), taken AS (
            DELETE FROM plan_queue q USING share s
             WHERE q.team_id = $1 AND q.campaign_id = $2 AND q.reach_id = s.reach_id
            RETURNING q.lead_id, q.reach_id
        ), numbered AS (
            SELECT lead_id, reach_id, row_number() OVER (PARTITION BY reach_id ORDER BY lead_id) AS number FROM taken
        )
        INSERT INTO lead_due (team_id, account_id, campaign_id, is_first, due_at, lead_id, planned_at)
        SELECT $1, s.accounts[width_bucket(n.number, s.bounds)] AS account_id, $2, true, $3, n.lead_id, $3
          FROM numbered n JOIN share s ON s.reach_id = n.reach_id
         ORDER BY account_id, n.lead_id
        """,
        team_id,
        campaign_id,
        now,
        [
            {"reach_id": reach_id, "accounts": names, "bounds": edges}
            for reach_id, names, edges in zip(reach_ids, accounts, bounds, strict=True)
        ],
    )
    return int(result.rsplit(" ", 1)[1])


async def move(
    connection: Connection, *, team_id: str, campaign_id: str, slices: Sequence[Slice], at: datetime
) -> None:
    """Move planned leads between accounts; the last to be served go first, so that shown next sends stay.

    One that is being claimed at this moment stays.
    """
    for part in slices:
        if part.source is None or part.source == part.account_id:
            continue
        await connection.execute(
            """
            WITH chosen AS (
                SELECT d.lead_id FROM lead_due d
                  JOIN lead l ON l.team_id = $1 AND l.id = d.lead_id AND l.reach_id = $4
                 WHERE d.team_id = $1 AND d.account_id = $3 AND d.campaign_id = $2 AND d.is_first
                 ORDER BY d.due_at DESC, d.lead_id DESC LIMIT $6 FOR UPDATE OF d SKIP LOCKED
            ), turned AS (
                INSERT INTO lead_turn (team_id, lead_id, at, state, was, account_id)
                SELECT $1, lead_id, $7, 'ready', $3, $5 FROM chosen
            )
            UPDATE lead_due d SET account_id = $5 FROM chosen WHERE d.team_id = $1 AND d.lead_id = chosen.lead_id
            """,
            team_id,
            campaign_id,
            part.source,
            part.reach_id,
            part.account_id,
            part.count,
            at,
        )


async def ask_again(
    connection: Connection, *, team_id: str, campaign_id: str, reach_ids: Sequence[int], at: datetime
) -> int:
    """Send uncontacted leads whose known accounts cannot send back to be assessed with the others; return how many."""
    count: int = await connection.fetchval(
        f"""
        WITH stranded AS (
            SELECT l.id, l.profile_id FROM lead l
             WHERE l.team_id = $1 AND l.campaign_id = $2 AND l.state = 'ready' AND l.reach_id = ANY($3::int[])
               AND NOT EXISTS (SELECT FROM attempt t WHERE t.team_id = $1 AND t.lead_id = l.id
                                  AND t.state IN ('intent', 'unknown'))
             ORDER BY l.id FOR NO KEY UPDATE
        ), unplanned AS (
            DELETE FROM lead_due d USING stranded s WHERE d.team_id = $1 AND d.lead_id = s.id
        ), unqueued AS (
            DELETE FROM plan_queue q USING stranded s WHERE q.team_id = $1 AND q.campaign_id = $2 AND q.lead_id = s.id
        ), persons AS (
            SELECT profile_id FROM person
             WHERE team_id = $1 AND profile_id IN (
                   SELECT k.profile_id FROM lead_parked k
                     JOIN stranded s ON s.profile_id = k.profile_id AND s.id = k.lead_id WHERE k.team_id = $1)
             ORDER BY profile_id FOR NO KEY UPDATE
        ), unparked AS (
            DELETE FROM lead_parked k USING stranded s JOIN persons USING (profile_id)
             WHERE k.team_id = $1 AND k.profile_id = s.profile_id AND k.lead_id = s.id
        ), again AS (
            UPDATE lead l SET state = 'assessing', reach_id = NULL FROM stranded s WHERE l.team_id = $1 AND l.id = s.id
        ), turned AS (
            INSERT INTO lead_turn (team_id, lead_id, at, state, was)
            SELECT $1, id, $4, 'assessing', 'accountsAway' FROM stranded
        ), queued AS (
            INSERT INTO assess_queue (team_id, campaign_id, lead_id, profile_id)
            SELECT $1, $2, id, profile_id FROM stranded ORDER BY id {assess_queue.ANEW}
        )
        SELECT count(*) FROM stranded
        """,
        team_id,
        campaign_id,
        list(reach_ids),
        at,
    )
    return count


async def ask_further(
    connection: Connection, *, team_id: str, campaign_id: str, slices: Sequence[Slice], fresh_since: datetime
) -> int:
    """Have planned leads asked about through one account more, those that would be moved first; return how many.

    Left out are those about whom the account has been asked since `fresh_since`, and those it may not write to.
    """
    asked = 0
    for part in slices:
        result = await connection.execute(
            """
            INSERT INTO assess_queue (team_id, campaign_id, lead_id, profile_id, account_id)
            SELECT $1::text, $2::text, d.lead_id, l.profile_id, $5::text
              FROM lead_due d
              JOIN lead l ON l.team_id = $1 AND l.id = d.lead_id AND l.reach_id = $4
              JOIN account_link k ON k.team_id = $1 AND k.id = $5
              JOIN platform_app f ON f.team_id = $1 AND f.id = k.app_id
              JOIN profile p ON p.team_id = $1 AND p.id = l.profile_id AND p.platform = k.platform
             WHERE d.team_id = $1 AND d.account_id = $3 AND d.campaign_id = $2 AND d.is_first
               AND NOT EXISTS (SELECT FROM verdict v WHERE v.team_id = $1 AND v.profile_id = l.profile_id
                                  AND v.account_id = $5 AND v.at >= $7)
               AND (f.contact_policy = 'anyoneReachable'
                    OR EXISTS (SELECT FROM contact o WHERE o.team_id = $1 AND o.id = p.contact_id
                                  AND o.consent_at IS NOT NULL)
                    OR EXISTS (SELECT FROM thread t WHERE t.team_id = $1 AND t.account_id = $5
                                  AND t.profile_id = l.profile_id AND t.last_inbound_at IS NOT NULL))
             ORDER BY d.due_at DESC, d.lead_id DESC LIMIT $6
            ON CONFLICT DO NOTHING
            """,
            team_id,
            campaign_id,
            part.source,
            part.reach_id,
            part.account_id,
            part.count,
            fresh_since,
        )
        asked += int(result.rsplit(" ", 1)[1])
    return asked


async def hasten_first(connection: Connection, *, team_id: str, due_at: datetime) -> None:
    """Make first messages that were put off until later due at `due_at`."""
    await connection.execute(
        "UPDATE lead_due SET due_at = $2 WHERE team_id = $1 AND is_first AND due_at > $2", team_id, due_at
    )
