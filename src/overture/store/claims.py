"""Claims: which accounts may be served now, and which lead each of them writes to next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class TeamRules:
    """A team's rules of contact, and its gate."""

    allow_parallel_campaigns: bool
    recontact_after_days: int
    is_team_open: bool
    team_revision: int


class LeasedAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account this worker holds until `lease_until` (wall time), with what decides whether it may send."""

    account_id: str
    app_id: str
    platform: str
    platform_id: str
    base_url: str
    contact_policy: str
    sealed_token: bytes
    hourly_limit: int
    daily_limit: int
    fence: int
    last_end: datetime
    rest_until: datetime
    app_paused_until: datetime
    app_rest_until: datetime
    hourly_room: int
    daily_room: int
    read_at: datetime
    is_open: bool
    gate_revision: int
    rules: TeamRules


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """One account, until when (wall time) somebody else may be sending from it, and when it wakes."""

    account: LeasedAccount
    lease_until: datetime
    wake_at: datetime


class Pick(msgspec.Struct, frozen=True, kw_only=True):
    """The lead an account writes to next, for the campaign it served longest ago."""

    account_id: str
    campaign_id: str
    lead_id: str
    is_first: bool
    due_at: datetime
    draw: float
    opening_draw: float
    pair_last_end: datetime | None
    room: int
    gate_revision: int


class DueLead(msgspec.Struct, frozen=True, kw_only=True):
    """A picked lead, locked, with the person's profile."""

    lead_id: str
    campaign_id: str
    profile_id: str
    state: str
    sequence_version: int | None
    rank: int
    since: datetime | None
    data: Mapping[str, Any]
    platform_id: str
    username: str | None
    display_name: str | None
    bio: str | None
    location: str | None
    website: str | None
    follower_count: int | None
    has_consent: bool
    last_inbound_at: datetime | None
    sent_texts: Sequence[str]
    unplaced_texts: Sequence[str]
    planned_at: datetime | None


RESUMABLE = """
    campaign c WHERE c.status = 'paused' AND c.enabled AND c.pause_code IS NOT NULL AND c.deleted_at IS NULL
           AND EXISTS (
               SELECT FROM campaign_account p
                 JOIN account_link a ON a.team_id = c.team_id AND a.id = p.account_id
                 JOIN app_budget b ON b.team_id = c.team_id AND b.app_id = a.app_id
                WHERE p.team_id = c.team_id AND p.campaign_id = c.id AND p.is_member
                  AND a.status = 'active' AND b.paused_until <= $1)
"""
"""The campaigns Overture paused itself and whose cause has ended at `$1` (engine time)."""


async def due_teams(
    connection: Connection, *, now: datetime, count: int, but_not: Sequence[str]
) -> tuple[list[str], list[tuple[str, str]]]:
    """Return teams that may have something to send, least recently served first, and campaigns to take up again.

    Teams in `but_not` are passed over.

    The latter, as (team, campaign), are those Overture paused itself and whose cause has ended.
    """
    rows = await connection.fetch(
        f"""
        (SELECT team_id, NULL::text AS campaign_id FROM team_due
          WHERE next_at <= $1 AND team_id <> ALL($3::text[]) ORDER BY last_served LIMIT $2)
        UNION ALL
        SELECT c.team_id, c.id FROM {RESUMABLE}
        """,
        now,
        count,
        list(but_not),
    )
    teams = [row["team_id"] for row in rows if row["campaign_id"] is None]
    return teams, [(row["team_id"], row["campaign_id"]) for row in rows if row["campaign_id"] is not None]


async def served_team(connection: Connection, *, team_id: str, wall_now: datetime) -> None:
    """Note that a team was served, and when it may next have something to send.

    The row is locked before the accounts are looked at: whoever takes wake-ups up lowers the account first and waits
    for this row then.
    """
    await connection.execute("SELECT FROM team_due WHERE team_id = $1 FOR NO KEY UPDATE", team_id)
    await connection.execute(
        """
        UPDATE team_due SET last_served = $2, next_at = coalesce(
               (SELECT wake_at FROM account_pace WHERE team_id = $1 ORDER BY wake_at LIMIT 1), 'infinity')
         WHERE team_id = $1
        """,
        team_id,
        wall_now,
    )


async def served_part_of_team(connection: Connection, *, team_id: str, wall_now: datetime) -> None:
    """Note that some of a team was served and more is due: others go first. Who holds the row notes it, too."""
    await connection.execute(
        """
        UPDATE team_due SET last_served = $2
         WHERE team_id = (SELECT team_id FROM team_due WHERE team_id = $1 FOR NO KEY UPDATE SKIP LOCKED)
        """,
        team_id,
        wall_now,
    )


async def lease_accounts(
    connection: Connection,
    *,
    team_id: str,
    now: datetime,
    wall_now: datetime,
    count: int,
) -> list[LeasedAccount]:
    """Take up to `count` accounts that are due and that no other worker holds, longest due first.

    They are held by their row locks; the lease and the raised fence are written once it is known whether an account
    sends (`paces.spend_accounts`) or not (`release_accounts`), each exactly once.
    """
    rows = await connection.fetch(
        f"""
        WITH taken AS MATERIALIZED (
            SELECT * FROM account_pace
             WHERE team_id = $1 AND wake_at <= $2 AND lease_until <= $3
             ORDER BY wake_at, account_id LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED
        )
        {_TAKEN.format(more="")}
        """,
        team_id,
        now,
        wall_now,
        count,
    )
    return _leased(rows)


async def hold_account(connection: Connection, *, team_id: str, account_id: str) -> Held | None:
    """Take one account, whoever has it in hand is waited for; None if there is none.

    Only its row is held: look at `lease_until` before sending anything.
    """
    rows = await connection.fetch(
        f"""
        WITH taken AS MATERIALIZED (
            SELECT * FROM account_pace WHERE team_id = $1 AND account_id = $2 FOR NO KEY UPDATE
        )
        {_TAKEN.format(more=", p.lease_until, p.wake_at")}
        """,
        team_id,
        account_id,
    )
    if not rows:
        return None
    return Held(account=_leased(rows)[0], lease_until=rows[0]["lease_until"], wake_at=rows[0]["wake_at"])


_TAKEN = """
        SELECT p.account_id, a.app_id, a.platform, a.platform_id, f.base_url, f.contact_policy, a.sealed_token,
               a.hourly_limit, a.daily_limit, p.fence + 1 AS fence, p.last_end, p.rest_until,
               b.paused_until AS app_paused_until, b.rest_until AS app_rest_until,
               p.hourly_room, p.daily_room, p.read_at, g.open AS is_open, g.revision AS gate_revision,
               t.allow_parallel_campaigns, t.recontact_after_days, s.open AS is_team_open,
               s.revision AS team_revision{more}
          FROM taken p
         CROSS JOIN LATERAL (SELECT * FROM account_link WHERE team_id = $1 AND id = p.account_id LIMIT 1) a
          JOIN platform_app f ON f.team_id = $1 AND f.id = a.app_id
          JOIN app_budget b ON b.team_id = $1 AND b.app_id = a.app_id
         CROSS JOIN LATERAL (SELECT * FROM account_gate WHERE team_id = $1 AND account_id = p.account_id LIMIT 1) g
          JOIN team t ON t.team_id = $1
          JOIN team_gate s ON s.team_id = $1
         ORDER BY p.account_id
"""
"""What is asked of the accounts that were `taken`; `more` stands for further columns."""


def _leased(rows: Sequence[asyncpg.Record]) -> list[LeasedAccount]:
    if not rows:
        return []
    rules = TeamRules(**{name: rows[0][name] for name in TeamRules.__dataclass_fields__})
    names = frozenset(LeasedAccount.__struct_fields__) - {"rules"}
    return [LeasedAccount(**{name: row[name] for name in names}, rules=rules) for row in rows]


async def next_leads(connection: Connection, *, team_id: str, account_ids: Sequence[str], now: datetime) -> list[Pick]:
    """Pick one lead per account: campaign served longest ago, follow-ups before first messages, oldest due first."""
    rows = await connection.fetch(
        """
        SELECT a.account_id, picked.*
          FROM unnest($2::text[]) AS a (account_id)
         CROSS JOIN LATERAL (
            SELECT p.campaign_id, d.lead_id, d.is_first, d.due_at, p.draw, p.opening_draw,
                   p.last_end AS pair_last_end, p.room, g.revision AS gate_revision
              FROM campaign_account p
              JOIN campaign_gate g ON g.team_id = $1 AND g.campaign_id = p.campaign_id AND g.open
             CROSS JOIN LATERAL (
                (SELECT lead_id, is_first, due_at FROM lead_due
                  WHERE team_id = $1 AND account_id = p.account_id AND campaign_id = p.campaign_id
                    AND is_first = false AND due_at <= $3 ORDER BY due_at, lead_id LIMIT 1)
                UNION ALL
                (SELECT lead_id, is_first, due_at FROM lead_due
                  WHERE team_id = $1 AND account_id = p.account_id AND campaign_id = p.campaign_id
                    AND is_first = true AND due_at <= $3 AND p.is_member ORDER BY due_at, lead_id LIMIT 1)
                LIMIT 1
             ) d
             WHERE p.team_id = $1 AND p.account_id = a.account_id AND p.next_at <= $3
             ORDER BY p.served_at, p.campaign_id LIMIT 1
         ) picked
         ORDER BY picked.lead_id
        """,
        team_id,
        list(account_ids),
        now,
    )
    return [Pick(**row) for row in rows]


async def lock_leads(connection: Connection, *, team_id: str, picks: Sequence[Pick]) -> list[DueLead]:
    """Lock picked leads in key order and return them with what their text and the rules need.

    Left out are those that stand no more where they were picked: another claim has taken them from the plan meanwhile,
    or the plan has moved them to another account, or is about to.

    The thread is asked for apart: joined, it may be looked for among all threads of the account.
    """
    rows = await connection.fetch(
        """
        WITH locked AS (
            SELECT id, campaign_id, profile_id, state, sequence_version, rank, since, data, account_id FROM lead
             WHERE team_id = $1 AND id = ANY($2::text[]) ORDER BY id FOR NO KEY UPDATE
        ), planned AS (
            SELECT d.lead_id, d.account_id, d.planned_at
              FROM locked l JOIN unnest($2::text[], $3::text[]) AS v (lead_id, account_id) ON v.lead_id = l.id
              JOIN lead_due d ON d.team_id = $1 AND d.lead_id = l.id AND d.account_id = v.account_id
               FOR UPDATE OF d SKIP LOCKED
        )
        SELECT l.id AS lead_id, l.campaign_id, l.profile_id, l.state, l.sequence_version, l.rank, l.since, l.data,
               f.platform_id, f.username, f.display_name, f.bio, f.location, f.website, f.follower_count,
               coalesce(o.consent_at IS NOT NULL, false) AS has_consent,
               (SELECT last_inbound_at FROM thread t WHERE t.team_id = $1 AND t.account_id = d.account_id
                   AND t.profile_id = l.profile_id) AS last_inbound_at,
               CASE WHEN l.rank = 0 THEN '{}' ELSE coalesce(
                   (SELECT array_agg(s.text) FROM attempt s WHERE s.team_id = $1 AND s.lead_id = l.id
                       AND s.state IN ('intent', 'unknown', 'accepted')), '{}') END AS sent_texts,
               ARRAY(SELECT content FROM unplaced_message u WHERE u.team_id = $1 AND u.profile_id = l.profile_id)
                   AS unplaced_texts, d.planned_at
          FROM locked l
          JOIN profile f ON f.team_id = $1 AND f.id = l.profile_id
          JOIN planned d ON d.lead_id = l.id
          LEFT JOIN contact o ON o.team_id = $1 AND o.id = f.contact_id
        """,
        team_id,
        [pick.lead_id for pick in picks],
        [pick.account_id for pick in picks],
    )
    return [DueLead(**row) for row in rows]


async def release_accounts(
    connection: Connection,
    *,
    team_id: str,
    account_ids: Sequence[str],
    wake_at: Sequence[datetime],
    unread: Sequence[str],
) -> None:
    """Give accounts back unserved; each wakes again at its instant, those in `unread` once their inbox is read."""
    await connection.execute(
        """
        UPDATE account_pace p
           SET lease_until = '-infinity', fence = p.fence + 1, wake_at = v.wake_at,
               waits_for_inbox = p.account_id = ANY($4::text[])
          FROM unnest($2::text[], $3::timestamptz[]) AS v (account_id, wake_at)
         WHERE p.team_id = $1 AND p.account_id = v.account_id
        """,
        team_id,
        list(account_ids),
        list(wake_at),
        list(unread),
    )


async def idle_wakes(connection: Connection, *, team_id: str, account_ids: Sequence[str]) -> dict[str, datetime | None]:
    """Return for each account the next instant at which any of its campaigns may have something due."""
    rows = await connection.fetch(
        """
        SELECT a.account_id, (
            SELECT min(greatest(p.next_at, d.due_at))
              FROM campaign_account p
              JOIN campaign_gate g ON g.team_id = $1 AND g.campaign_id = p.campaign_id AND g.open
             CROSS JOIN LATERAL (
                (SELECT due_at FROM lead_due WHERE team_id = $1 AND account_id = p.account_id
                    AND campaign_id = p.campaign_id AND is_first = false ORDER BY due_at LIMIT 1)
                UNION ALL
                (SELECT due_at FROM lead_due WHERE team_id = $1 AND account_id = p.account_id
                    AND campaign_id = p.campaign_id AND is_first = true AND p.is_member ORDER BY due_at LIMIT 1)
             ) d
             WHERE p.team_id = $1 AND p.account_id = a.account_id) AS wake_at
          FROM unnest($2::text[]) AS a (account_id)
        """,
        team_id,
        list(account_ids),
    )
    return {row["account_id"]: row["wake_at"] for row in rows}
