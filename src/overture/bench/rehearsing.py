"""The rehearsal of a large campaign, beside as many sends in a loop that knows a gap and a delay and no other rule."""

import heapq
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from overture import ids
from overture.actions import rehearsals
from overture.actions.context import Context, operator
from overture.bench import crowd
from overture.bench.crowd import Crowd
from overture.bench.workplace import Workplace
from overture.channels.registry import Registry
from overture.clock import WallClock
from overture.secrets import KEY_BYTES, Sealer
from overture.store.pool import Connection

ACCOUNTS = 50
MESSAGES = 3
_READY = "bench_rehearsal"
_GAP, _DELAY = timedelta(hours=1) / crowd.RATE, timedelta(days=30)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rehearsed:
    """Seconds for the rehearsal from the call to the answer, and for the bare loop."""

    leads: int
    messages: int
    seconds: float
    bare_seconds: float


class RehearsalWrong(Exception):
    """The rehearsal did not send every message."""


async def measure(workplace: Workplace, *, leads: int, say: Callable[[str], None]) -> Rehearsed:
    """Rehearse a campaign of `ACCOUNTS` accounts that has `MESSAGES` messages for each of `leads` leads.

    Raises:
        RehearsalWrong: a message was left over.
    """
    say(f"making {leads:,} leads that are planned")
    sealer = Sealer([bytes(KEY_BYTES)])
    await workplace.make(_READY)
    async with workplace.connected(_READY) as connection:
        made = await crowd.make(connection, sealer=sealer, accounts=ACCOUNTS)
        await crowd.add_people(connection, made, leads=leads)
        await crowd.make_due(connection, made, accounts=ACCOUNTS, leads=leads)
        await _last_message(connection, made)
        await connection.execute(
            """
            INSERT INTO reach_set (team_id, campaign_id, id, account_ids)
            SELECT team_id, $2, 1, array_agg(id ORDER BY id) FROM account_link WHERE team_id = $1 GROUP BY team_id
            """,
            made.team_id,
            made.campaign_id,
        )
        await connection.execute("VACUUM ANALYZE")
    say("the rehearsal")
    async with workplace.pooled(_READY) as pool:
        context = Context(pool=pool, clock=WallClock(), channels=Registry([]), sealer=sealer, wake=lambda: None)
        began = time.perf_counter()
        found = await rehearsals.rehearse(
            context, operator(made.team_id), campaign_id=made.campaign_id, changes={}, reply_rate=0
        )
        seconds = time.perf_counter() - began
    if found.messages != leads * MESSAGES:
        raise RehearsalWrong(f"the rehearsal sent {found.messages:,} of {leads * MESSAGES:,} messages")
    say("as many sends in a bare loop")
    began = time.perf_counter()
    sent = _bare(leads // ACCOUNTS)
    bare_seconds = time.perf_counter() - began
    await workplace.drop(_READY)
    return Rehearsed(leads=leads, messages=sent, seconds=seconds, bare_seconds=bare_seconds)


def _bare(leads: int) -> int:
    """Send to `leads` leads of each account, gap by gap, and count by day; return how many messages left."""
    by_day: Counter[date] = Counter()
    for _ in range(ACCOUNTS):
        at, firsts = crowd.START, leads
        follow_ups: list[tuple[datetime, int]] = []
        while firsts or follow_ups:
            if follow_ups and (not firsts or follow_ups[0][0] <= at):
                due_at, left = heapq.heappop(follow_ups)
                at = max(at, due_at)
            else:
                firsts, left = firsts - 1, MESSAGES - 1
            by_day[at.date()] += 1
            if left:
                heapq.heappush(follow_ups, (at + _DELAY, left - 1))
            at += _GAP
    return by_day.total()


async def _last_message(connection: Connection, made: Crowd) -> None:
    """Let a third message follow the second."""
    wait = {"delaySeconds": 30 * 86_400, "unit": "days"}
    text = {"segments": [{"type": "static", "text": "This is the last time that I ask."}]}
    for rank, (kind, data) in enumerate((("delay", wait), ("message", text)), start=3):
        await connection.execute(
            """
            INSERT INTO sequence_step (team_id, campaign_id, version, rank, id, type, data)
            VALUES ($1, $2, 1, $3, $4, $5, $6)
            """,
            made.team_id,
            made.campaign_id,
            rank,
            ids.new("s"),
            kind,
            data,
        )
