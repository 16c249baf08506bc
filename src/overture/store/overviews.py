"""What `overture status` shows. The operator stands outside all teams, so these statements span them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from overture.store.pool import Connection

_DAY = timedelta(hours=24)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Process:
    """A program that is connected to the database now; `note` is what keeps it from working, if anything does."""

    role: str
    place: str
    since: datetime
    note: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class TeamView:
    """Where one team's work stands. Leads are those of campaigns that are not deleted."""

    id: str
    name: str
    stopped_at: datetime | None
    accounts_active: int
    accounts_paused: int
    accounts_offline: int
    accounts_due: int
    accounts_to_catch_up: int
    oldest_due_at: datetime | None
    oldest_inbox_at: datetime | None
    accounts_by_webhook: int
    accounts_by_stream: int
    told_since: datetime | None
    latest_delay_ms: int | None
    sent_last_hour: int
    sent_last_day: int
    follow_ups_due: int
    leads_assessing: int
    leads_ready: int
    leads_in_sequence: int
    leads_held: int
    attempts_open: int
    attempts_unknown: int
    duties_due: int
    duties_running: int
    duties_broken: int
    oldest_duty_at: datetime | None
    apps_paused: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportView:
    """An import that has not ended."""

    id: str
    list_id: str
    file_name: str
    status: str
    processed_count: int
    total_count: int | None
    created_at: datetime


async def size(connection: Connection) -> int:
    """Return how many bytes the database takes."""
    count: int = await connection.fetchval("SELECT pg_database_size(current_database())")
    return count


async def processes(connection: Connection) -> list[Process]:
    """Return the programs that are connected, by the names they gave themselves (`pool.program_name`)."""
    rows = await connection.fetch(
        """
        SELECT split_part(application_name, ' ', 2) AS role, split_part(application_name, ' ', 3) AS place,
               min(backend_start) AS since,
               nullif(max(substring(application_name FROM '^\\S+ \\S+ \\S+ (.+)$')), '') AS note
          FROM pg_stat_activity
         WHERE datname = current_database() AND application_name ~ '^overture (up|api|worker) '
         GROUP BY 1, 2 ORDER BY 1, 2
        """
    )
    return [Process(**row) for row in rows]


async def teams(
    connection: Connection, *, team_id: str | None, now: datetime, wall_now: datetime, limit: int
) -> list[TeamView]:
    """Return up to `limit` teams, the one whose work has been due for longest first; or one team alone."""
    rows = await connection.fetch(
        """
        WITH chosen AS MATERIALIZED (
            SELECT t.team_id, t.name, t.stopped_at, w.wake_at
              FROM team t
              LEFT JOIN LATERAL (SELECT wake_at FROM account_pace WHERE team_id = t.team_id AND wake_at <= $1
                                  ORDER BY wake_at LIMIT 1) w ON true
             WHERE $2::text IS NULL OR t.team_id = $2::text
             ORDER BY w.wake_at NULLS LAST, t.team_id LIMIT $3
        )
        SELECT t.team_id AS id, t.name, t.stopped_at, t.wake_at AS oldest_due_at, a.*, s.*, f.*, k.*, q.*, d.*, b.*
          FROM chosen t
         CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE a.status = 'active') AS accounts_active,
                   count(*) FILTER (WHERE a.status = 'paused') AS accounts_paused,
                   count(*) FILTER (WHERE a.status = 'offline') AS accounts_offline,
                   count(*) FILTER (WHERE p.wake_at <= $1) AS accounts_due,
                   count(*) FILTER (WHERE EXISTS (SELECT FROM catch_up c WHERE c.team_id = a.team_id
                                                     AND c.account_id = a.id)) AS accounts_to_catch_up,
                   min(greatest(p.read_at, a.created_at)) FILTER (WHERE a.status = 'active') AS oldest_inbox_at,
                   count(*) FILTER (WHERE h.way = 'webhook') AS accounts_by_webhook,
                   count(*) FILTER (WHERE h.way = 'stream') AS accounts_by_stream,
                   max(h.since) AS told_since,
                   (array_agg(h.delay_ms ORDER BY h.received_at DESC NULLS LAST))[1] AS latest_delay_ms
              FROM account_link a JOIN account_pace p ON p.team_id = a.team_id AND p.account_id = a.id
              LEFT JOIN account_push h ON h.team_id = a.team_id AND h.account_id = a.id
             WHERE a.team_id = t.team_id AND a.deleted_at IS NULL
         ) a
         CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE q.ended_at > $4) AS sent_last_hour, count(*) AS sent_last_day
              FROM account_link a
              JOIN attempt q ON q.team_id = a.team_id AND q.account_id = a.id AND q.ended_at > $5
                   AND q.state = 'accepted'
             WHERE a.team_id = t.team_id
         ) s
         CROSS JOIN LATERAL (
            SELECT count(*) AS follow_ups_due
              FROM campaign_account p
              JOIN lead_due d ON d.team_id = p.team_id AND d.account_id = p.account_id
                   AND d.campaign_id = p.campaign_id AND d.is_first = false AND d.due_at <= $1
             WHERE p.team_id = t.team_id
         ) f
         CROSS JOIN LATERAL (
            SELECT coalesce(sum(n.assessing), 0)::bigint AS leads_assessing,
                   coalesce(sum(n.ready), 0)::bigint AS leads_ready,
                   coalesce(sum(n.in_sequence), 0)::bigint AS leads_in_sequence,
                   coalesce(sum(n.held), 0)::bigint AS leads_held
              FROM campaign c JOIN campaign_counter n ON n.team_id = c.team_id AND n.campaign_id = c.id
             WHERE c.team_id = t.team_id AND c.deleted_at IS NULL
         ) k
         CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE state = 'intent') AS attempts_open,
                   count(*) FILTER (WHERE state = 'unknown' AND reason IS DISTINCT FROM 'notFound')
                       AS attempts_unknown
              FROM attempt WHERE team_id = t.team_id AND state IN ('intent', 'unknown')
         ) q
         CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE due_at <= $1 AND lease_until <= $6) AS duties_due,
                   count(*) FILTER (WHERE lease_until > $6) AS duties_running,
                   count(*) FILTER (WHERE last_error IS NOT NULL) AS duties_broken,
                   min(due_at) FILTER (WHERE due_at <= $1) AS oldest_duty_at
              FROM duty WHERE team_id = t.team_id
         ) d
         CROSS JOIN LATERAL (
            SELECT coalesce(array_agg(pause_code ORDER BY app_id), '{}') AS apps_paused
              FROM app_budget WHERE team_id = t.team_id AND paused_until > $1 AND pause_code IS NOT NULL
         ) b
         ORDER BY t.wake_at NULLS LAST, t.team_id
        """,
        now,
        team_id,
        limit,
        now - _HOUR,
        now - _DAY,
        wall_now,
    )
    return [TeamView(**row) for row in rows]


async def imports(connection: Connection, *, team_id: str) -> list[ImportView]:
    """Return a team's imports that have not ended, oldest first."""
    rows = await connection.fetch(
        """
        SELECT id, list_id, file_name, status, processed_count, total_count, created_at FROM import_job
         WHERE team_id = $1 AND status NOT IN ('completed', 'failed', 'canceled') ORDER BY id
        """,
        team_id,
    )
    return [ImportView(**row) for row in rows]


async def team_count(connection: Connection) -> int:
    """Return how many teams there are."""
    count: int = await connection.fetchval("SELECT count(*) FROM team")
    return count
