"""What came of campaigns, read from the rollups that the database keeps as things happen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """From an hour on, up to but without another; None for all there is."""

    from_hour: datetime | None
    to_hour: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """What happened in one hour or day: leads that were contacted, followed up, answered; messages that were sent."""

    at: datetime
    contacted: int
    followed_up: int
    answered: int
    sent: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OfAccount:
    """What happened to the leads of one account."""

    account_id: str
    username: str
    contacted: int
    followed_up: int
    answered: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OfStep:
    """What came of the messages of one step; it stands in `version`, the last that has it, at `rank`."""

    step_id: str
    version: int
    rank: int
    sent: int
    answered: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OfOption:
    """What came of the messages for which an option of a variation was picked; its text as its last version has it."""

    step_id: str
    segment: int
    option: int
    text: str | None
    sent: int
    answered: int


_WITHIN = """team_id = $1 AND campaign_id = $2
               AND hour >= coalesce($3, '-infinity'::timestamptz) AND hour < coalesce($4, 'infinity'::timestamptz)"""

_LAST_VERSION = """LATERAL (SELECT t.version, t.rank, t.data FROM sequence_step t
                            WHERE t.team_id = $1 AND t.campaign_id = $2 AND t.id = r.step_id
                            ORDER BY t.version DESC LIMIT 1)"""


async def intervals(
    connection: Connection, *, team_id: str, campaign_id: str, period: Period, unit: str, timezone: str
) -> list[Interval]:
    """Return what happened by `hour` or by `day` of a time zone, in order; intervals without anything are left out."""
    rows = await connection.fetch(
        f"""
        SELECT date_trunc($5, hour, $6) AS at, sum(contacted)::bigint AS contacted,
               sum(followed_up)::bigint AS followed_up, sum(answered)::bigint AS answered, sum(sent)::bigint AS sent
          FROM (SELECT hour, contacted, followed_up, answered, 0 AS sent FROM lead_result WHERE {_WITHIN}
                UNION ALL SELECT hour, 0, 0, 0, sent FROM step_result WHERE {_WITHIN}) r
         GROUP BY 1
        HAVING sum(contacted) <> 0 OR sum(followed_up) <> 0 OR sum(answered) <> 0 OR sum(sent) <> 0
         ORDER BY 1
        """,
        team_id,
        campaign_id,
        period.from_hour,
        period.to_hour,
        unit,
        timezone,
    )
    return [Interval(**row) for row in rows]


async def of_accounts(connection: Connection, *, team_id: str, campaign_id: str, period: Period) -> list[OfAccount]:
    """Return what happened by account, those that contacted most first; also of accounts that left."""
    rows = await connection.fetch(
        f"""
        SELECT r.*, a.username
          FROM (SELECT account_id, sum(contacted)::bigint AS contacted, sum(followed_up)::bigint AS followed_up,
                       sum(answered)::bigint AS answered
                  FROM lead_result WHERE {_WITHIN} GROUP BY account_id) r
          JOIN account_link a ON a.team_id = $1 AND a.id = r.account_id
         ORDER BY r.contacted DESC, r.account_id
        """,
        team_id,
        campaign_id,
        period.from_hour,
        period.to_hour,
    )
    return [OfAccount(**row) for row in rows]


async def of_steps(connection: Connection, *, team_id: str, campaign_id: str, period: Period) -> list[OfStep]:
    """Return what came of each step's messages, in the order of the newest version that has it."""
    rows = await connection.fetch(
        f"""
        SELECT r.step_id, v.version, v.rank, r.sent, r.answered
          FROM (SELECT step_id, sum(sent)::bigint AS sent, sum(answered)::bigint AS answered
                  FROM step_result WHERE {_WITHIN} GROUP BY step_id) r
         CROSS JOIN {_LAST_VERSION} v
         ORDER BY v.version DESC, v.rank
        """,
        team_id,
        campaign_id,
        period.from_hour,
        period.to_hour,
    )
    return [OfStep(**row) for row in rows]


async def of_options(connection: Connection, *, team_id: str, campaign_id: str, period: Period) -> list[OfOption]:
    """Return what came of each option's messages, in their order within the step."""
    rows = await connection.fetch(
        f"""
        SELECT r.step_id, r.segment, r.option,
               v.data #>> ARRAY['segments', r.segment::text, 'options', r.option::text] AS text, r.sent, r.answered
          FROM (SELECT step_id, segment, option, sum(sent)::bigint AS sent, sum(answered)::bigint AS answered
                  FROM option_result WHERE {_WITHIN} GROUP BY step_id, segment, option) r
         CROSS JOIN {_LAST_VERSION} v
         WHERE r.sent <> 0 OR r.answered <> 0
         ORDER BY r.step_id, r.segment, r.option
        """,
        team_id,
        campaign_id,
        period.from_hour,
        period.to_hour,
    )
    return [OfOption(**row) for row in rows]


@dataclass(frozen=True, kw_only=True, slots=True)
class OfStatus:
    """How many of those who answered have a status now; None: none."""

    status_id: str | None
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Funnel:
    """How far the leads of a campaign have come, over all its time."""

    leads: int
    reachable: int
    contacted: int
    followed_up: int
    answered: int
    statuses: Sequence[OfStatus]


async def funnel(connection: Connection, *, team_id: str, campaign_id: str) -> Funnel:
    """Return how far the leads have come: counters, and the statuses of those who answered."""
    counted = await connection.fetchrow(
        """
        SELECT coalesce(sum(assessing + ready + in_sequence + finished + replied + held + failed + canceled
                            + unreachable + excluded + removed), 0)::bigint AS leads,
               coalesce(sum(assessed), 0)::bigint AS reachable, coalesce(sum(contacted), 0)::bigint AS contacted,
               coalesce(sum(answered), 0)::bigint AS answered,
               (SELECT coalesce(sum(followed_up), 0)::bigint FROM lead_result
                 WHERE team_id = $1 AND campaign_id = $2) AS followed_up
          FROM campaign_counter WHERE team_id = $1 AND campaign_id = $2
        """,
        team_id,
        campaign_id,
    )
    assert counted is not None
    statuses = await connection.fetch(
        """
        SELECT c.status_id, count(*) AS count
          FROM lead l
          JOIN profile p ON p.team_id = $1 AND p.id = l.profile_id
          LEFT JOIN contact c ON c.team_id = $1 AND c.id = coalesce(p.contact_id, 'o' || substr(p.id, 2))
         WHERE l.team_id = $1 AND l.campaign_id = $2 AND l.replied_at IS NOT NULL
         GROUP BY c.status_id ORDER BY count(*) DESC, c.status_id
        """,
        team_id,
        campaign_id,
    )
    return Funnel(**counted, statuses=[OfStatus(**row) for row in statuses])
