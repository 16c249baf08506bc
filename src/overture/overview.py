"""What `overture status` shows: what runs, what waits, and how far behind. It reads, and changes nothing."""

from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from overture import clock, main
from overture.actions import campaign_waits
from overture.actions.waiting import Wait
from overture.core.words import CampaignStatus
from overture.settings import Settings
from overture.store import campaign_order, campaigns, checkup, migrate, overviews, virtual
from overture.store.pool import Connection

TEAMS = 20
"""How many teams are shown at most, the ones furthest behind first."""

CAMPAIGNS = 50
"""How many campaigns of a team are shown at most, the newest first."""

_UNITS = ("B", "kB", "MB", "GB")


@dataclass(frozen=True, kw_only=True, slots=True)
class Database:
    """The database: where, which, how large, with which schema."""

    place: str
    version: str
    size_bytes: int
    schema: int
    program_schema: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CampaignView:
    """An active or paused campaign, and what it waits for."""

    id: str
    name: str
    status: str
    targets_count: int
    contacted_count: int
    held_count: int
    waits_for: Wait | None


@dataclass(frozen=True, kw_only=True, slots=True)
class TeamOverview:
    """One team with its campaigns and unfinished imports."""

    team: overviews.TeamView
    campaigns: Sequence[CampaignView]
    imports: Sequence[overviews.ImportView]


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """The whole installation at one moment; `now` is engine time. An embedded database may have been stopped."""

    now: datetime
    is_virtual: bool
    is_stopped: bool
    database: Database
    processes: Sequence[overviews.Process]
    teams_count: int
    teams: Sequence[TeamOverview]

    def as_json(self) -> dict[str, Any]:
        """Return everything in the names and forms of the API."""
        found: dict[str, Any] = _wire(asdict(self))
        return found


async def take(settings: Settings, *, team_id: str | None) -> Overview:
    """Look at everything in one snapshot.

    Raises:
        StartError: there is no database yet.
        DatabaseUnreachable: it does not answer.
        MigrationError: its schema is not one this program can read.
    """
    async with AsyncExitStack() as stack:
        is_stopped = await main.is_stopped(settings)
        dsn = await stack.enter_async_context(main.any_database(settings))
        pool = await stack.enter_async_context(main.pool_of(dsn, size=1))
        connection = await stack.enter_async_context(pool.acquire())
        await migrate.require(connection)
        await stack.enter_async_context(connection.transaction(isolation="repeatable_read", readonly=True))
        instant = await virtual.read(connection)
        now = instant or clock.wall_now()
        schema = await migrate.status(connection)
        place = "external" if settings.external_database is not None else f"embedded in {settings.data.absolute()}"
        views = await overviews.teams(
            connection, team_id=team_id, now=now, wall_now=clock.wall_now(), limit=TEAMS if team_id is None else 1
        )
        return Overview(
            now=now,
            is_virtual=instant is not None,
            is_stopped=is_stopped,
            database=Database(
                place=place,
                version=await checkup.version(connection),
                size_bytes=await overviews.size(connection),
                schema=schema.current,
                program_schema=schema.known,
            ),
            processes=await overviews.processes(connection),
            teams_count=await overviews.team_count(connection),
            teams=[await _team(connection, view, now) for view in views],
        )


async def _team(connection: Connection, view: overviews.TeamView, now: datetime) -> TeamOverview:
    found = await campaigns.page(
        connection,
        team_id=view.id,
        statuses=[CampaignStatus.ACTIVE, CampaignStatus.PAUSED],
        text=None,
        order=campaign_order.NEWEST_FIRST,
        after=None,
        limit=CAMPAIGNS,
    )
    prospects = await campaign_waits.read(connection, team_id=view.id, campaigns=found, now=now)
    return TeamOverview(
        team=view,
        campaigns=[
            CampaignView(
                id=campaign.id,
                name=campaign.settings.name,
                status=campaign.status,
                targets_count=campaign.counts.targets,
                contacted_count=campaign.counts.contacted,
                held_count=campaign.counts.held,
                waits_for=prospects[campaign.id].wait,
            )
            for campaign in found
        ],
        imports=await overviews.imports(connection, team_id=view.id),
    )


def lines(overview: Overview) -> Iterator[str]:
    """Tell it in lines for people."""
    database = overview.database
    yield (
        f"Database   PostgreSQL {database.version}, {database.place}, {_size(database.size_bytes)}, "
        f"schema {database.schema} (this program's is {database.program_schema})"
    )
    kind = "virtual" if overview.is_virtual else "real"
    yield f"Time       {overview.now:%Y-%m-%d %H:%M:%S} UTC ({kind})"
    if overview.is_stopped:
        yield "Processes  none runs: the database was stopped, and was started for this look alone"
    elif not overview.processes:
        yield "Processes  none is connected: nothing is sent until `overture up` or `overture worker` runs"
    for process in overview.processes:
        note = f": stands still ({process.note})" if process.note else ""
        yield f"Process    {process.role} on {process.place} since {process.since:%Y-%m-%d %H:%M} UTC{note}"
    for shown in overview.teams:
        yield from _team_lines(shown, overview.now)
    if not overview.teams:
        yield "Teams      none"
    elif len(overview.teams) < overview.teams_count and len(overview.teams) == TEAMS:
        yield f"\n{overview.teams_count - len(overview.teams)} more teams are less behind; --team ID shows one."


def _team_lines(shown: TeamOverview, now: datetime) -> Iterator[str]:
    team = shown.team
    yield f"\n{team.name} ({team.id})"
    if team.stopped_at is not None:
        yield f"  STOPPED   all sending since {team.stopped_at:%Y-%m-%d %H:%M} UTC"
    yield (
        f"  accounts  {team.accounts_active} active, {team.accounts_paused} paused, {team.accounts_offline} offline; "
        f"{team.accounts_due} due{_behind(team.oldest_due_at, now)}"
    )
    if team.accounts_to_catch_up:
        yield (
            f"  RESTORED  from a backup: nothing is sent before the inboxes of {team.accounts_to_catch_up} accounts "
            "are read (those offline must be linked again, or disconnected)"
        )
    if team.apps_paused:
        yield f"  apps      may not send: {', '.join(team.apps_paused)}"
    yield f"  sent      {team.sent_last_hour} in the last hour, {team.sent_last_day} in the last 24 hours"
    yield (
        f"  leads     {team.leads_assessing} assessing, {team.leads_ready} ready, {team.leads_in_sequence} in sequence "
        f"({team.follow_ups_due} due), {team.leads_held} held"
    )
    yield f"  attempts  {team.attempts_open} under way, {team.attempts_unknown} of unknown outcome"
    if team.oldest_inbox_at is not None:
        yield f"  inboxes   all read within the last {_span(now - team.oldest_inbox_at)}"
    if team.told_since is not None:
        late = "" if team.latest_delay_ms is None else f"; the latest came {team.latest_delay_ms / 1000:.1f} s late"
        alone = team.accounts_active + team.accounts_paused - team.accounts_by_webhook - team.accounts_by_stream
        yield (
            f"  answers   told of {team.accounts_by_webhook} accounts by webhook and {team.accounts_by_stream} by "
            f"stream, of all since {_utc(team.told_since)}{late}; of {max(alone, 0)} by reading alone"
        )
    broken = f", {team.duties_broken} broke (see `overture doctor`)" if team.duties_broken else ""
    yield (
        f"  duties    {team.duties_running} running, {team.duties_due} due{_behind(team.oldest_duty_at, now)}{broken}"
    )
    for job in shown.imports:
        of = "" if job.total_count is None else f" of {job.total_count}"
        yield f"  import    {job.id}  {job.status}, {job.processed_count}{of} rows  {job.file_name}"
    for campaign in shown.campaigns:
        wait = campaign.waits_for
        yield (
            f"  campaign  {campaign.id}  {campaign.status}, {campaign.contacted_count} of {campaign.targets_count} "
            f"contacted, {campaign.held_count} held  {campaign.name}"
        )
        if wait is not None:
            yield f"            waits: {wait.message}{'' if wait.until is None else f' Until {_utc(wait.until)}.'}"


def _utc(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"


def _behind(since: datetime | None, now: datetime) -> str:
    return "" if since is None else f" (the oldest for {_span(max(now - since, timedelta()))})"


def _span(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 7200:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h" if seconds < 172_800 else f"{seconds // 86_400} days"


def _size(count: int) -> str:
    amount = float(count)
    for unit in _UNITS[:-1]:
        if amount < 1000:
            return f"{amount:.0f} {unit}"
        amount /= 1000
    return f"{amount:.1f} {_UNITS[-1]}"


def _wire(value: Any) -> Any:
    match value:
        case dict():
            return {_camel(name): _wire(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_wire(inner) for inner in value]
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
    return value


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)
