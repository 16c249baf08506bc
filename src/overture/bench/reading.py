"""Reading: a large campaign and pages of its leads over real HTTP, against the bare statement of the same campaign."""

import secrets as chance
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from overture import ids, secrets
from overture.api import paging
from overture.bench import callers, crowd
from overture.bench.callers import Spread
from overture.bench.crowd import Crowd
from overture.bench.workplace import Workplace
from overture.secrets import KEY_BYTES, Sealer
from overture.store import campaigns, tokens
from overture.store.pool import Connection

ACCOUNTS = 50
CONNECTIONS = (8, 32)
_SECONDS = 8.0
_PAGES = 200
_NAME = "bench_read"


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """GET of a campaign over 8 and 32 connections, pages of its leads, and its statement asked bare.

    Pages are read at any depth, and of few leads among all: those in a rare state, and those whose name begins so.
    """

    leads: int
    campaign: dict[int, Spread]
    page: Spread
    rare_state: Spread
    name: Spread
    bare: Spread


async def measure(workplace: Workplace, *, leads: int, say: Callable[[str], None]) -> Read:
    """Read a campaign of `leads` leads, all planned over `ACCOUNTS` accounts, with every call counted by rate limits.

    Raises:
        ReadFailed: a call was not answered with 200.
    """
    say(f"making a campaign of {leads:,} leads")
    sealer, token = Sealer([bytes(KEY_BYTES)]), chance.token_urlsafe(32)
    await workplace.make(_NAME)
    async with workplace.connected(_NAME) as connection:
        made = await crowd.make(connection, sealer=sealer, accounts=ACCOUNTS)
        await crowd.add_people(connection, made, leads=leads)
        await crowd.make_due(connection, made, accounts=ACCOUNTS, leads=leads)
        await add_token(connection, made, token)
        await _hold_a_few(connection, made)
        await connection.execute("VACUUM ANALYZE")
        profiles = await _spread_profiles(connection, made)
    address = f"/api/v2/campaigns/{made.campaign_id}"
    cursors = _cursors(made, f"{address}/leads", profiles, sealer)
    async with callers.server(workplace.dsn(_NAME)) as port:
        measured = {}
        for count in CONNECTIONS:
            say(f"GET of the campaign over {count} connections")
            measured[count] = await callers.load(port, token, [address], connections=count, seconds=_SECONDS)
        say("pages of leads at any depth")
        pages = [f"{address}/leads?limit=50&cursor={cursor}" for cursor in cursors]
        page = await callers.load(port, token, pages, connections=1, seconds=_SECONDS)
        say("pages of few leads: a rare state, a name")
        rare = await callers.load(port, token, [f"{address}/leads?state=held"], connections=1, seconds=_SECONDS / 2)
        names = [f"{address}/leads?q=person{number}" for number in range(1_000, 1_100)]
        name = await callers.load(port, token, names, connections=1, seconds=_SECONDS / 2)
    say("the campaign's statement bare")
    async with workplace.connected(_NAME) as connection:
        bare = await _bare(connection, made)
    await workplace.drop(_NAME)
    return Read(leads=leads, campaign=measured, page=page, rare_state=rare, name=name, bare=bare)


async def _hold_a_few(connection: Connection, made: Crowd) -> None:
    """Hold the last leads of all, which a reader from the first on would come to last."""
    await connection.execute(
        """
        WITH held AS (
            UPDATE lead SET state = 'held', reason = 'wroteFirst' WHERE team_id = $1 AND id IN (
                SELECT id FROM lead WHERE team_id = $1 AND campaign_id = $2 ORDER BY profile_id DESC LIMIT 20)
            RETURNING id
        )
        DELETE FROM lead_due d USING held WHERE d.team_id = $1 AND d.lead_id = held.id
        """,
        made.team_id,
        made.campaign_id,
    )


async def add_token(connection: Connection, made: Crowd, token: str) -> None:
    """Let a token open the team."""
    await tokens.insert(
        connection,
        team_id=made.team_id,
        token_id=ids.new("k"),
        name="Bench",
        member_id=None,
        digest=secrets.token_hash(token),
        now=crowd.START,
    )


async def _spread_profiles(connection: Connection, made: Crowd) -> list[str]:
    """Return profiles at even distances through all the campaign's leads."""
    rows = await connection.fetch(
        """
        SELECT profile_id FROM (
            SELECT profile_id, row_number() OVER (ORDER BY profile_id) AS number, count(*) OVER () AS count
              FROM lead WHERE team_id = $1 AND campaign_id = $2) l
         WHERE number % greatest(count / $3, 1) = 0
        """,
        made.team_id,
        made.campaign_id,
        _PAGES,
    )
    return [row["profile_id"] for row in rows]


def _cursors(made: Crowd, path: str, profiles: Sequence[str], sealer: Sealer) -> list[str]:
    """Make the cursors that a client would come to that has read all pages before."""
    binding = paging.bound(team_id=made.team_id, path=path)
    page = paging.Paging(limit=1, after=None, binding=binding, sealer=sealer)
    cursors = [page.cut([profile, profile], lambda one: (one,))[1] for profile in profiles]
    return [cursor for cursor in cursors if cursor is not None]


async def _bare(connection: Connection, made: Crowd) -> Spread:
    """Ask for the campaign as the API does, over one connection, with nothing around it."""
    times: list[float] = []
    deadline = time.perf_counter() + _SECONDS / 2
    began = time.perf_counter()
    while time.perf_counter() < deadline:
        asked = time.perf_counter()
        await campaigns.find(connection, team_id=made.team_id, campaign_id=made.campaign_id)
        times.append(time.perf_counter() - asked)
    return callers.spread(times, time.perf_counter() - began)
