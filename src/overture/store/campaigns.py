"""Campaigns: their settings, and the whole object as people see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from overture.store import campaign_order
from overture.store.campaign_order import Order, Place, Sort
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What an edit may change; `hours` in wire form."""

    name: str
    description: str | None
    hourly_message_rate: int
    zone: str
    hours: Mapping[str, Mapping[str, int]]
    exclude_contacted: bool
    exclude_mutuals: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """Where a campaign is in its life, read under its lock, with its settings."""

    id: str
    status: str
    enabled: bool
    sequence_version: int
    pause_code: str | None
    last_started_at: datetime | None
    settings: Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """The counters of a campaign, all of one instant."""

    assessing: int
    ready: int
    in_sequence: int
    held: int
    targets: int
    assessed: int
    contacted: int
    contacted_open: int
    answered: int
    consent_missing: int

    @property
    def completion_rate(self) -> float:
        """The share of targets that were contacted and get nothing more."""
        return (self.contacted - self.contacted_open) / self.targets if self.targets else 0.0

    @property
    def reply_rate(self) -> float:
        """The share of contacted leads that answered."""
        return self.answered / self.contacted if self.contacted else 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Prospect:
    """What keeps an active campaign as a whole from sending; instants are None where there is none.

    `restored_from`: a backup made then was restored, and the team waits until its accounts have caught up.
    """

    stopped_at: datetime | None
    restored_from: datetime | None
    active_accounts: int
    paused_accounts: int
    offline_accounts: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Campaign:
    """A campaign with everything that belongs to it, read in one statement and so in one snapshot."""

    id: str
    settings: Settings
    status: str
    enabled: bool
    dry_run: bool
    is_syncing: bool
    is_building_plan: bool
    account_ids: Sequence[str]
    synced_lists: Sequence[Mapping[str, Any]]
    excluded_lists: Sequence[Mapping[str, Any]]
    sequence_version: int
    steps: Sequence[Mapping[str, Any]]
    automations: Sequence[Mapping[str, Any]]
    contact_policy: str
    counts: Counts
    prospect: Prospect
    pause_code: str | None
    pause_message: str | None
    pause_since: datetime | None
    created_at: datetime
    updated_at: datetime
    paused_at: datetime | None
    completed_at: datetime | None
    last_started_at: datetime | None


_SETTINGS = """
    c.name, c.description, c.hourly_message_rate, c.schedule_timezone AS zone, c.schedule_hours AS hours,
    c.exclude_contacted, c.exclude_mutuals
"""

# One statement whatever the number of campaigns: each part is an index range of its campaign, and all parts belong to
# one snapshot. Of a mixed set of apps the loosest policy is shown: it is the one an operator must not overlook.
_WHOLE = f"""
    SELECT c.id, c.status, c.enabled, c.dry_run, c.sequence_version, c.pause_code, c.pause_message, c.pause_since,
           c.created_at, c.updated_at, c.paused_at, c.completed_at, c.last_started_at, {_SETTINGS},
           EXISTS (SELECT FROM duty d WHERE d.team_id = c.team_id AND d.kind = 'sync' AND d.key = c.id
                      AND d.wanted > d.done) AS is_syncing,
           EXISTS (SELECT FROM duty d WHERE d.team_id = c.team_id AND d.kind = 'plan' AND d.key = c.id
                      AND d.wanted > d.done)
               OR EXISTS (SELECT FROM plan_queue q WHERE q.team_id = c.team_id AND q.campaign_id = c.id)
               AS is_building_plan,
           (SELECT coalesce(jsonb_agg(p.account_id ORDER BY p.position, p.account_id), '[]') FROM campaign_account p
             WHERE p.team_id = c.team_id AND p.campaign_id = c.id AND p.is_member) AS account_ids,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('listId', l.id, 'listName', l.name,
                                      'columnMapping', r.column_mapping) ORDER BY r.position), '[]')
              FROM campaign_list r JOIN list l ON l.team_id = r.team_id AND l.id = r.list_id
             WHERE r.team_id = c.team_id AND r.campaign_id = c.id AND r.role = 'synced') AS synced_lists,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('listId', l.id, 'listName', l.name) ORDER BY r.position), '[]')
              FROM campaign_list r JOIN list l ON l.team_id = r.team_id AND l.id = r.list_id
             WHERE r.team_id = c.team_id AND r.campaign_id = c.id AND r.role = 'excluded') AS excluded_lists,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'rank', s.rank, 'type', s.type, 'data', s.data)
                                      ORDER BY s.rank), '[]')
              FROM sequence_step s
             WHERE s.team_id = c.team_id AND s.campaign_id = c.id AND s.version = c.sequence_version) AS steps,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('id', x.id, 'trigger', x.trigger, 'action', x.action,
                                      'actionData', x.action_data, 'enabled', x.enabled) ORDER BY x.id), '[]')
              FROM automation x WHERE x.team_id = c.team_id AND x.campaign_id = c.id) AS automations,
           n.*, t.stopped_at, h.restored_from, m.active_accounts, m.paused_accounts, m.offline_accounts,
           CASE WHEN m.reaches_anyone THEN 'anyoneReachable' ELSE 'inboundOrConsent' END AS contact_policy
      FROM campaign c
      JOIN team t ON t.team_id = c.team_id
     CROSS JOIN LATERAL (SELECT min(since) AS restored_from FROM catch_up WHERE team_id = c.team_id) h
     CROSS JOIN LATERAL (
        SELECT coalesce(sum(k.assessing), 0)::bigint AS assessing, coalesce(sum(k.ready), 0)::bigint AS ready,
               coalesce(sum(k.in_sequence), 0)::bigint AS in_sequence, coalesce(sum(k.held), 0)::bigint AS held,
               coalesce(sum(k.targets), 0)::bigint AS targets, coalesce(sum(k.assessed), 0)::bigint AS assessed,
               coalesce(sum(k.contacted), 0)::bigint AS contacted,
               coalesce(sum(k.contacted_open), 0)::bigint AS contacted_open,
               coalesce(sum(k.answered), 0)::bigint AS answered,
               coalesce(sum(k.consent_missing), 0)::bigint AS consent_missing
          FROM campaign_counter k WHERE k.team_id = c.team_id AND k.campaign_id = c.id
     ) n
     CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE a.status = 'active') AS active_accounts,
               count(*) FILTER (WHERE a.status = 'paused') AS paused_accounts,
               count(*) FILTER (WHERE a.status = 'offline') AS offline_accounts,
               coalesce(bool_or(f.contact_policy = 'anyoneReachable'), false) AS reaches_anyone
          FROM campaign_account p
          JOIN account_link a ON a.team_id = p.team_id AND a.id = p.account_id AND a.deleted_at IS NULL
          JOIN platform_app f ON f.team_id = a.team_id AND f.id = a.app_id
         WHERE p.team_id = c.team_id AND p.campaign_id = c.id AND p.is_member
     ) m
     WHERE c.team_id = $1 AND c.deleted_at IS NULL
"""


async def insert(connection: Connection, *, team_id: str, campaign_id: str, settings: Settings, now: datetime) -> None:
    """Insert a draft."""
    await connection.execute(
        """
        INSERT INTO campaign (team_id, id, name, description, hourly_message_rate, schedule_timezone, schedule_hours,
                              exclude_contacted, exclude_mutuals, created_at, updated_at, dry_run)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, coalesce((SELECT is_dry FROM delivery), false))
        """,
        team_id,
        campaign_id,
        settings.name,
        settings.description,
        settings.hourly_message_rate,
        settings.zone,
        settings.hours,
        settings.exclude_contacted,
        settings.exclude_mutuals,
        now,
    )


async def lock(connection: Connection, *, team_id: str, campaign_id: str) -> State | None:
    """Lock a campaign and return where it stands; None where the team has none of this id.

    Edits of one campaign wait for each other here. The send path never takes this lock: the gate speaks to it.
    """
    row = await connection.fetchrow(
        f"""
        SELECT c.id, c.status, c.enabled, c.sequence_version, c.pause_code, c.last_started_at, {_SETTINGS}
          FROM campaign c WHERE c.team_id = $1 AND c.id = $2 AND c.deleted_at IS NULL FOR NO KEY UPDATE
        """,
        team_id,
        campaign_id,
    )
    if row is None:
        return None
    return State(
        id=row["id"],
        status=row["status"],
        enabled=row["enabled"],
        sequence_version=row["sequence_version"],
        pause_code=row["pause_code"],
        last_started_at=row["last_started_at"],
        settings=_settings(row),
    )


async def exists(connection: Connection, *, team_id: str, campaign_id: str) -> bool:
    """Tell whether the team has this campaign."""
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM campaign WHERE team_id = $1 AND id = $2 AND deleted_at IS NULL)",
        team_id,
        campaign_id,
    )
    return found


async def save(connection: Connection, *, team_id: str, campaign_id: str, settings: Settings, now: datetime) -> None:
    """Store the settings of a locked campaign and note the edit."""
    await connection.execute(
        """
        UPDATE campaign SET name = $3, description = $4, hourly_message_rate = $5, schedule_timezone = $6,
               schedule_hours = $7, exclude_contacted = $8, exclude_mutuals = $9, updated_at = $10
         WHERE team_id = $1 AND id = $2
        """,
        team_id,
        campaign_id,
        settings.name,
        settings.description,
        settings.hourly_message_rate,
        settings.zone,
        settings.hours,
        settings.exclude_contacted,
        settings.exclude_mutuals,
        now,
    )


async def touch(connection: Connection, *, team_id: str, campaign_id: str, now: datetime) -> None:
    """Note that something of the campaign was edited."""
    await connection.execute(
        "UPDATE campaign SET updated_at = $3 WHERE team_id = $1 AND id = $2", team_id, campaign_id, now
    )


async def start(connection: Connection, *, team_id: str, campaign_id: str, now: datetime) -> None:
    """Make a campaign active: started, resumed or reopened at `now`."""
    await connection.execute(
        """
        UPDATE campaign SET status = 'active', enabled = true, last_started_at = $3, completed_at = NULL,
               pause_code = NULL, pause_message = NULL, pause_since = NULL, updated_at = $3
         WHERE team_id = $1 AND id = $2
        """,
        team_id,
        campaign_id,
        now,
    )


async def pause(connection: Connection, *, team_id: str, campaign_id: str, now: datetime) -> None:
    """Pause a campaign by hand: it stays so until somebody enables it."""
    await connection.execute(
        """
        UPDATE campaign SET paused_at = CASE WHEN status = 'paused' THEN paused_at ELSE $3 END, status = 'paused',
               enabled = false, completed_at = NULL, pause_code = NULL, pause_message = NULL, pause_since = NULL,
               updated_at = $3
         WHERE team_id = $1 AND id = $2
        """,
        team_id,
        campaign_id,
        now,
    )


async def find(connection: Connection, *, team_id: str, campaign_id: str) -> Campaign | None:
    """Return one campaign with everything that belongs to it."""
    row = await connection.fetchrow(_WHOLE + " AND c.id = $2", team_id, campaign_id)
    return _campaign(row) if row is not None else None


async def page(
    connection: Connection,
    *,
    team_id: str,
    statuses: Sequence[str],
    text: str | None,
    order: Order,
    after: Place | None,
    limit: int,
) -> list[Campaign]:
    """Return up to `limit` campaigns that come after a place, in order.

    `statuses`: empty for all. `text`: part of the name, upper and lower case alike.
    """
    rows = await connection.fetch(
        f"""
        WITH o AS MATERIALIZED ({campaign_order.statement(order, is_first_page=after is None)})
        SELECT w.* FROM ({_WHOLE} AND c.id = ANY (ARRAY(SELECT id FROM o))) w JOIN o USING (id) ORDER BY o.position
        """,
        team_id,
        list(statuses),
        text,
        limit,
        *(after or ()),
    )
    return [_campaign(row) for row in rows]


def place(order: Order, campaign: Campaign) -> Place:
    """Return where a campaign stands in an order."""
    counts = campaign.counts
    keys: dict[Sort, Place] = {
        "createdAt": (),
        "name": (campaign.settings.name[: campaign_order.NAMED],),
        "status": (campaign.status,),
        "targetsCount": (counts.targets,),
        "contactedCount": (counts.contacted,),
        "repliesCount": (counts.answered,),
        "completionRate": (counts.completion_rate,),
    }
    return (*keys[order.sort], campaign.id)


def _settings(row: Any) -> Settings:
    return Settings(**{name: row[name] for name in Settings.__dataclass_fields__})


def _campaign(row: Any) -> Campaign:
    parts = {"settings", "counts", "prospect"}
    return Campaign(
        settings=_settings(row),
        counts=Counts(**{name: row[name] for name in Counts.__dataclass_fields__}),
        prospect=Prospect(**{name: row[name] for name in Prospect.__dataclass_fields__}),
        **{name: row[name] for name in Campaign.__dataclass_fields__ if name not in parts},
    )


async def delete(connection: Connection, *, team_id: str, campaign_id: str, now: datetime) -> list[str]:
    """Hide a campaign and take its leads out of the plan; return the leads that hold a person.

    Its lists and duties are let go; leads, attempts and versions stay as history.
    """
    await connection.execute(
        "UPDATE campaign SET deleted_at = $3, updated_at = $3 WHERE team_id = $1 AND id = $2",
        team_id,
        campaign_id,
        now,
    )
    rows = await connection.fetch(
        """
        WITH held AS MATERIALIZED (
            SELECT profile_id, engaged_lead_id FROM person
             WHERE team_id = $1 AND profile_id IN (SELECT profile_id FROM lead WHERE team_id = $1 AND campaign_id = $2)
             ORDER BY profile_id FOR NO KEY UPDATE
        )
        SELECT l.id FROM lead l JOIN held h ON h.profile_id = l.profile_id AND h.engaged_lead_id = l.id
         WHERE l.team_id = $1 AND l.campaign_id = $2 ORDER BY l.id
        """,
        team_id,
        campaign_id,
    )
    for table in (
        "campaign_list",
        "scope_request",
        "scope_queue",
        "assess_queue",
        "plan_queue",
        "lead_parked",
        "lead_due",
    ):
        await connection.execute(f"DELETE FROM {table} WHERE team_id = $1 AND campaign_id = $2", team_id, campaign_id)
    await connection.execute("DELETE FROM duty WHERE team_id = $1 AND key = $2", team_id, campaign_id)
    return [row["id"] for row in rows]
