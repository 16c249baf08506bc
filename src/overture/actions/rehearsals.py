"""Rehearse a campaign in virtual time: what leaves on which day from which account, with its settings or with others.

A campaign that does not run is rehearsed as if it were started now.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import TypedDict
from zoneinfo import ZoneInfo

from overture.actions import campaign_access, campaigns, rehearsal_stage
from overture.actions.context import Actor, Context
from overture.actions.rehearsal_stage import Cast, Stage
from overture.core import rehearsal, sequence
from overture.core.words import LeadState
from overture.errors import NotFound
from overture.store import ledger, outlines, plans, rehearsals
from overture.store.pool import Connection

LONGEST = timedelta(days=3 * 366)
"""So far ahead a rehearsal looks."""

MOST_SENDS = 500_000
"""So many messages a rehearsal sends, of all campaigns of the accounts, before it leaves off."""

_DAY = timedelta(hours=24)

# A rehearsal may calculate for seconds: one after another, so that all other calls are answered beside.
_APART = ThreadPoolExecutor(max_workers=1, thread_name_prefix="rehearsal")


class Changes(TypedDict, total=False):
    """Which settings to rehearse with in place of the campaign's own."""

    hourly_message_rate: int
    account_link_ids: Sequence[str]
    schedule_timezone: str
    schedule_hours: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """What leaves on one day by the campaign's clock: messages, first ones among them, and messages by account."""

    date: date
    messages: int
    contacted: int
    by_account: Mapping[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Unreached:
    """Leads that are not contacted, and why: where they stand, and the reason as leads say it."""

    state: str
    reason: str | None
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Rehearsal:
    """How a campaign goes on.

    `finishes_at`: when its last message leaves; None where none does, or it was not come to. `is_whole` is false where
    the rehearsal left off before. `stalled`: leads under way that no account can go on with.
    """

    messages: int
    contacted: int
    replies: int
    finishes_at: datetime | None
    is_whole: bool
    days: Sequence[Day]
    unreached: Sequence[Unreached]
    stalled: int


async def rehearse(
    context: Context, actor: Actor, *, campaign_id: str, changes: Changes, reply_rate: float
) -> Rehearsal:
    """Return how the campaign would go on if `reply_rate` of the people (a share) answered; nothing is changed.

    Raises:
        NotFound: no such campaign or account.
        InvalidRequest: hours, zone or accounts are not well formed.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        stage = await _read(connection, actor, campaign_id, changes, now)
        found = await rehearsals.unreached(connection, team_id=actor.team_id, campaign_id=campaign_id)
    known = [Unreached(**row) for row in found]
    return await asyncio.get_running_loop().run_in_executor(_APART, _play, stage, known, reply_rate)


async def _read(connection: Connection, actor: Actor, campaign_id: str, changes: Changes, now: datetime) -> Stage:
    keys = {"team_id": actor.team_id, "campaign_id": campaign_id}
    campaign = await campaign_access.read(connection, actor, campaign_id=campaign_id)
    settings = replace(
        campaign.settings,
        hourly_message_rate=changes.get("hourly_message_rate", campaign.settings.hourly_message_rate),
        zone=changes.get("schedule_timezone", campaign.settings.zone),
        hours=changes.get("schedule_hours", campaign.settings.hours),
    )
    campaigns.check_hours(settings)
    members = changes.get("account_link_ids", campaign.account_ids)
    present = set(campaign.account_ids)
    joining = [account_id for account_id in members if account_id not in present]
    if "account_link_ids" in changes:
        campaigns.check_distinct(members)
    account_ids = sorted({*members, *await rehearsals.serving(connection, **keys)})
    accounts = await rehearsals.accounts(connection, team_id=actor.team_id, account_ids=account_ids)
    linked = {account.account_id for account in accounts}
    for account_id in joining:
        if account_id not in linked:
            raise NotFound("accountLink", account_id)
    planned = await rehearsals.planned(connection, **keys, account_ids=account_ids, now=now)
    versions = {(one.campaign_id, one.version) for one in planned} | {(campaign_id, campaign.sequence_version)}
    steps = await outlines.steps(connection, team_id=actor.team_id, versions=sorted(versions))
    ends = await ledger.account_ends(connection, team_id=actor.team_id, account_ids=account_ids, after=now - _DAY)
    capped = sorted({one.app_id for one in accounts if one.app_daily_cap is not None})
    return Stage(
        campaign=replace(campaign, settings=settings, account_ids=members),
        joining=frozenset(joining),
        accounts=accounts,
        pairs=await rehearsals.pairs(connection, **keys, account_ids=account_ids),
        planned=planned,
        queued=await rehearsals.queued(connection, **keys),
        reach=await plans.reach_sets(connection, **keys),
        steps={version: [sequence.parse_step(step) for step in wire] for version, wire in steps.items()},
        ends={
            account_id: sorted(((one, min(end, now)) for one, end in found), key=lambda entry: entry[1])
            for account_id, found in ends.items()
        },
        app_ends={
            app_id: sorted(
                min(end, now)
                for end in await ledger.app_ends(connection, team_id=actor.team_id, app_id=app_id, after=now - _DAY)
            )
            for app_id in capped
        },
        now=now,
    )


def _play(stage: Stage, known: Sequence[Unreached], reply_rate: float) -> Rehearsal:
    cast = rehearsal_stage.cast(stage)
    zone = ZoneInfo(stage.campaign.settings.zone)
    left = cast.firsts - cast.unplaced + cast.follow_ups - cast.stalled
    ends_at = stage.now + LONGEST
    by_day: dict[date, Counter[str]] = defaultdict(Counter)
    first_by_day: Counter[date] = Counter()
    replies = 0
    last: datetime | None = None
    draws = Random(stage.campaign.id)  # noqa: S311 - the same rehearsal each time; nothing rests on secrecy
    sends = rehearsal.run(cast.senders, cast.apps, now=stage.now, reply_rate=reply_rate, draws=draws)
    for number, send in enumerate(sends, start=1):
        if not left or send.at > ends_at or number > MOST_SENDS:
            break
        if send.campaign_id != stage.campaign.id:
            continue
        last = send.at
        day = send.at.astimezone(zone).date()
        by_day[day][send.account_id] += 1
        first_by_day[day] += send.is_first
        replies += send.is_answered
        left -= send.is_last
    contacted = first_by_day.total()
    return Rehearsal(
        messages=sum(accounts.total() for accounts in by_day.values()),
        contacted=contacted,
        replies=replies,
        finishes_at=None if left else last,
        is_whole=not left,
        days=[
            Day(date=day, messages=accounts.total(), contacted=first_by_day[day], by_account=accounts)
            for day, accounts in sorted(by_day.items())
        ],
        unreached=[*known, *_not_reached(stage, cast, contacted)],
        stalled=cast.stalled,
    )


def _not_reached(stage: Stage, cast: Cast, contacted: int) -> list[Unreached]:
    """Say why leads that could be written to are not."""
    why = "noAccount" if stage.campaign.settings.hours else "noSendingHours"
    later = cast.firsts - cast.unplaced - contacted
    found = [(why, cast.unplaced), ("later", later)]
    return [Unreached(state=LeadState.READY, reason=reason, count=count) for reason, count in found if count]
