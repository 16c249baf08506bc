"""Teams large enough to be measured: accounts, a campaign that is always open, and leads, made by a few statements."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from overture import ids
from overture.bench import noop
from overture.secrets import Sealer
from overture.store.pool import Connection

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""Engine time when everything is due for the first time."""

RATE = 8
"""Messages an hour of one account: the rate a campaign has by default."""

LONGEST_GAP = timedelta(minutes=10)
"""More than the longest gap at `RATE`: after it, every account may send again."""

BASE_URL = "http://noop.invalid"
_LEADS_AT_ONCE = 200_000
_HOURS = {str(day): {"start": 0, "end": 1440} for day in range(7)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Crowd:
    """A team, its campaign, and the beginnings (16 characters) of the ids of its accounts and leads."""

    team_id: str
    campaign_id: str
    accounts: str
    leads: str


async def make(connection: Connection, *, sealer: Sealer, accounts: int) -> Crowd:
    """Make a team with `accounts` accounts and one campaign around the clock that all of them send for."""
    crowd = Crowd(team_id=ids.new("t"), campaign_id=ids.new("c"), accounts=ids.batch("a"), leads=ids.batch("d"))
    app_id = ids.new("p")
    async with connection.transaction():
        await _team(connection, crowd, app_id)
        await _campaign(connection, crowd)
        await _accounts(connection, crowd, app_id, sealer, accounts)
    return crowd


async def _team(connection: Connection, crowd: Crowd, app_id: str) -> None:
    await connection.execute(
        "INSERT INTO team (team_id, name, created_at) VALUES ($1, 'Bench', $2)", crowd.team_id, START
    )
    await connection.execute("INSERT INTO team_seq (team_id) VALUES ($1)", crowd.team_id)
    await connection.execute("INSERT INTO team_due (team_id, next_at) VALUES ($1, $2)", crowd.team_id, START)
    await connection.execute(
        """
        INSERT INTO platform_app (team_id, id, platform, name, base_url, contact_policy, created_at)
        VALUES ($1, $2, $3, 'Noop', $4, 'anyoneReachable', $5)
        """,
        crowd.team_id,
        app_id,
        noop.PLATFORM,
        BASE_URL,
        START,
    )
    # A ceiling that is never reached: its row is charged like any other's.
    await connection.execute(
        "INSERT INTO app_budget (team_id, app_id, daily_cap, room) VALUES ($1, $2, 1000000000, 1000000000)",
        crowd.team_id,
        app_id,
    )


async def _campaign(connection: Connection, crowd: Crowd) -> None:
    await connection.execute(
        """
        INSERT INTO campaign (team_id, id, name, status, enabled, hourly_message_rate, schedule_hours,
                              sequence_version, created_at, updated_at, last_started_at)
        VALUES ($1, $2, 'Bench', 'active', true, $3, $4, 1, $5, $5, $5)
        """,
        crowd.team_id,
        crowd.campaign_id,
        RATE,
        _HOURS,
        START - timedelta(days=1),
    )
    await connection.execute(
        "INSERT INTO campaign_gate (team_id, campaign_id, open, revision) VALUES ($1, $2, true, 1)",
        crowd.team_id,
        crowd.campaign_id,
    )
    await connection.execute(
        "INSERT INTO sequence_version (team_id, campaign_id, version, created_at) VALUES ($1, $2, 1, $3)",
        crowd.team_id,
        crowd.campaign_id,
        START,
    )
    greeting = {
        "segments": [
            {"type": "variation", "options": ["Hello ", "Hi "]},
            {"type": "variable", "name": "first-name", "fallback": "there"},
            {"type": "static", "text": ", we met in spring; here is the programme you asked about, have a look."},
        ]
    }
    reminder = {"segments": [{"type": "static", "text": "Have you had time to look?"}]}
    # The follow-up is planned with every send and not due while we measure.
    wait = {"delaySeconds": 30 * 86_400, "unit": "days"}
    for rank, (kind, data) in enumerate((("message", greeting), ("delay", wait), ("message", reminder))):
        await connection.execute(
            """
            INSERT INTO sequence_step (team_id, campaign_id, version, rank, id, type, data)
            VALUES ($1, $2, 1, $3, $4, $5, $6)
            """,
            crowd.team_id,
            crowd.campaign_id,
            rank,
            ids.new("s"),
            kind,
            data,
        )


async def _accounts(connection: Connection, crowd: Crowd, app_id: str, sealer: Sealer, count: int) -> None:
    account_ids = [crowd.accounts + format(number, "08x") for number in range(count)]
    await connection.execute(
        """
        INSERT INTO account_link (team_id, id, app_id, platform, platform_id, username, status, sealed_token,
                                  created_at)
        SELECT $1, v.id, $2, $3, v.number::text, 'account' || v.number, 'active', v.sealed, $4
          FROM unnest($5::text[], $6::bytea[]) WITH ORDINALITY AS v (id, sealed, number)
        """,
        crowd.team_id,
        app_id,
        noop.PLATFORM,
        START,
        account_ids,
        [sealer.seal("noop", context=f"{crowd.team_id}:{account_id}") for account_id in account_ids],
    )
    await connection.execute(
        """
        INSERT INTO account_gate (team_id, account_id, open)
        SELECT team_id, id, true FROM account_link WHERE team_id = $1
        """,
        crowd.team_id,
    )
    # Rooms as they stand in the midst of operation: in each round a few accounts have to be counted again.
    await connection.execute(
        """
        INSERT INTO account_pace (team_id, account_id, wake_at, hourly_room, daily_room, read_at)
        SELECT team_id, id, $2, 1 + platform_id::int % hourly_limit, 1 + platform_id::int % daily_limit, $2
          FROM account_link WHERE team_id = $1
        """,
        crowd.team_id,
        START,
    )
    await connection.execute(
        """
        INSERT INTO campaign_account (team_id, account_id, campaign_id, position, draw, opening_draw, next_at, room)
        SELECT team_id, id, $2, platform_id::int, 0.75 + (platform_id::int * 7919 % 1000) / 2000.0, 0.5, $3,
               1 + platform_id::int % $4::int
          FROM account_link WHERE team_id = $1
        """,
        crowd.team_id,
        crowd.campaign_id,
        START,
        RATE,
    )


async def add_people(connection: Connection, crowd: Crowd, *, leads: int) -> None:
    """Make `leads` people, each a ready lead of the campaign that nothing is planned for."""
    profiles = ids.batch("u")
    for first in range(0, leads, _LEADS_AT_ONCE):
        last = min(first + _LEADS_AT_ONCE, leads) - 1
        await connection.execute(
            """
            INSERT INTO profile (team_id, id, platform, platform_id, username, display_name, bio, location,
                                 follower_count, created_at)
            SELECT $1, $2 || lpad(to_hex(n), 8, '0'), $3, (1000000000 + n)::text, 'person' || n,
                   'Ada ' || n || ' Lovelace', 'Writes about gardens, trains and the weather.', 'London', n % 5000, $4
              FROM generate_series($5::int, $6::int) AS n
            """,
            crowd.team_id,
            profiles,
            noop.PLATFORM,
            START,
            first,
            last,
        )
        await connection.execute(
            """
            INSERT INTO lead (team_id, id, campaign_id, profile_id, state, is_direct, reach_id, joined_at)
            SELECT $1, $2 || lpad(to_hex(n), 8, '0'), $3, $4 || lpad(to_hex(n), 8, '0'), 'ready', false, 1, $5
              FROM generate_series($6::int, $7::int) AS n
            """,
            crowd.team_id,
            crowd.leads,
            crowd.campaign_id,
            profiles,
            START,
            first,
            last,
        )


async def make_due(connection: Connection, crowd: Crowd, *, accounts: int, leads: int) -> None:
    """Plan the leads as the plan does: each account has a run of neighbours, all due at once."""
    await connection.execute(
        """
        INSERT INTO lead_due (team_id, account_id, campaign_id, is_first, due_at, lead_id)
        SELECT $1, $2 || lpad(to_hex(n * $5::bigint / $6::bigint), 8, '0'), $3, true, $4,
               $7 || lpad(to_hex(n), 8, '0')
          FROM generate_series(0, $6::bigint - 1) AS n
        """,
        crowd.team_id,
        crowd.accounts,
        crowd.campaign_id,
        START,
        accounts,
        leads,
        crowd.leads,
    )


async def add_list(connection: Connection, crowd: Crowd, *, people: int) -> str:
    """Make people on a list that the campaign follows and has looked at before they came."""
    list_id, profiles = ids.new("l"), ids.batch("u")
    await connection.execute(
        """
        INSERT INTO list (team_id, id, name, revision, leads_count, created_at, updated_at)
        VALUES ($1, $2, 'Bench', 1, $3, $4, $4)
        """,
        crowd.team_id,
        list_id,
        people,
        START,
    )
    await connection.execute(
        """
        INSERT INTO campaign_list (team_id, campaign_id, list_id, role, position, seen_revision)
        VALUES ($1, $2, $3, 'synced', 0, 0)
        """,
        crowd.team_id,
        crowd.campaign_id,
        list_id,
    )
    await connection.execute(
        """
        WITH people AS (
            INSERT INTO profile (team_id, id, platform, platform_id, created_at)
            SELECT $1, $2 || lpad(to_hex(n), 8, '0'), $3, (5000000000 + n)::text, $4
              FROM generate_series(1, $5::int) AS n
            RETURNING id
        ), members AS (
            INSERT INTO list_lead (team_id, list_id, profile_id, added_at, updated_at)
            SELECT $1, $6, id, $4, $4 FROM people RETURNING profile_id
        )
        INSERT INTO list_change (team_id, list_id, revision, profile_id) SELECT $1, $6, 1, profile_id FROM members
        """,
        crowd.team_id,
        profiles,
        noop.PLATFORM,
        START,
        people,
        list_id,
    )
    return list_id
