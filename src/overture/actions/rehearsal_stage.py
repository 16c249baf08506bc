"""What a rehearsal plays with: the campaign's leads on its accounts, as a plan with the rehearsed settings has them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import NamedTuple

from overture.core import assign, pacing, rehearsal, sequence, window
from overture.core.words import CampaignStatus
from overture.engine import plan
from overture.store import plans, rehearsals
from overture.store.campaigns import Campaign

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """All that a rehearsal needs, as read in one snapshot; `campaign` has the rehearsed settings and accounts.

    `joining`: accounts that are rehearsed with and are not the campaign's. `steps`: those of every version that leads
    follow, by (campaign, version). `ends`: when attempts of the last day ended, by account, with their campaigns.
    """

    campaign: Campaign
    joining: frozenset[str]
    accounts: Sequence[rehearsals.Account]
    pairs: Sequence[rehearsals.Pair]
    planned: Sequence[rehearsals.Planned]
    queued: Mapping[int, int]
    reach: Mapping[int, frozenset[str]]
    steps: Mapping[tuple[str, int], Sequence[sequence.Step]]
    ends: Mapping[str, Sequence[tuple[str | None, datetime]]]
    app_ends: Mapping[str, Sequence[datetime]]
    now: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Cast:
    """Who sends what.

    `firsts` and `follow_ups`: leads of the campaign whose next message is of that kind. `unplaced`: how many of the
    first no account can write to. `stalled`: how many of the second none goes on with.
    """

    senders: Sequence[rehearsal.Sender]
    apps: Sequence[rehearsal.App]
    firsts: int
    follow_ups: int
    unplaced: int
    stalled: int


class _Block(NamedTuple):
    due_at: datetime
    size: int
    waits: tuple[timedelta, ...]


_Loads = dict[tuple[str, str], list[rehearsal.Leads]]


def cast(stage: Stage) -> Cast:
    """Spread the leads over the accounts, as the plan would with the rehearsed settings."""
    hours = window.Hours.parse(stage.campaign.settings.zone, stage.campaign.settings.hours)
    able = {one.account_id for one in stage.accounts if one.can_send and one.free_at < _NEVER}
    loads: _Loads = defaultdict(list)
    follow_ups, stalled = _place_others(stage, able if hours.days else set(), loads)
    firsts, placed = _place_firsts(stage, able, loads)
    pairs: dict[str, list[rehearsals.Pair]] = defaultdict(list)
    for pair in stage.pairs:
        pairs[pair.account_id].append(pair)
    caps = {one.app_id: one.app_daily_cap for one in stage.accounts}
    return Cast(
        senders=[
            _sender(stage, one, pairs[one.account_id], hours, loads) for one in stage.accounts if one.account_id in able
        ],
        apps=[
            rehearsal.App(id=app_id, daily_cap=cap, ends=stage.app_ends.get(app_id, ())) for app_id, cap in caps.items()
        ],
        firsts=firsts,
        follow_ups=follow_ups,
        unplaced=firsts - placed,
        stalled=stalled,
    )


def _place_others(stage: Stage, able: set[str], loads: _Loads) -> tuple[int, int]:
    """Place all but the campaign's own first messages where they are planned; count its follow-ups, and the stalled."""
    follow_ups = stalled = 0
    # Follow-ups fall due one by one, and very many of them are before the same messages.
    ahead: dict[tuple[str, int, int], tuple[datetime, tuple[timedelta, ...]] | None] = {}
    for one in stage.planned:
        is_own = one.campaign_id == stage.campaign.id
        if is_own and one.is_first:
            continue
        key = (one.campaign_id, one.version, one.rank)
        if key not in ahead:
            ahead[key] = _ahead(stage, *key)
        found = ahead[key]
        if found is None:
            continue
        due_at, waits = found
        follow_ups += one.count if is_own else 0
        stalled += one.count if is_own and one.account_id not in able else 0
        loads[one.account_id, one.campaign_id].append(
            rehearsal.Leads(
                due_at=due_at if one.due_at is None else one.due_at,
                count=one.count,
                is_first=one.is_first,
                waits=waits,
            )
        )
    return follow_ups, stalled


def _place_firsts(stage: Stage, able: set[str], loads: _Loads) -> tuple[int, int]:
    """Place the campaign's first messages; return how many there are, and how many found an account."""
    blocks: dict[tuple[int | None, str | None], list[_Block]] = defaultdict(list)
    version = stage.campaign.sequence_version
    fresh = _waits(stage, stage.campaign.id, version, 0)
    if sequence.message_due(stage.steps.get((stage.campaign.id, version), ()), 0, stage.now) is None:
        return 0, 0
    for one in stage.planned:
        if one.campaign_id == stage.campaign.id and one.is_first and one.due_at is not None:
            waits = _waits(stage, one.campaign_id, one.version, one.rank)
            blocks[one.reach_id, one.account_id].append(_Block(one.due_at, one.count, waits))
    for reach_id, count in stage.queued.items():
        blocks[reach_id, None].append(_Block(stage.now, count, fresh))
    if stage.campaign.counts.assessing:
        blocks[None, None].append(_Block(stage.now, stage.campaign.counts.assessing, fresh))
    capacity = _capacity(stage, able)
    keys = list(blocks)
    groups = [
        assign.Group(
            reach=_reach(stage, reach_id, capacity),
            current=account_id,
            count=sum(block.size for block in blocks[reach_id, account_id]),
        )
        for reach_id, account_id in keys
    ]
    shares = assign.assign(groups, capacity)
    # Who stays is served first: moved are those who would be served last.
    shares = sorted(shares, key=lambda share: (share.group, share.account != groups[share.group].current))
    for share in shares:
        for block in _taken(blocks[keys[share.group]], share.count):
            loads[share.account, stage.campaign.id].append(
                rehearsal.Leads(due_at=block.due_at, count=block.size, is_first=True, waits=block.waits)
            )
    return sum(group.count for group in groups), sum(share.count for share in shares)


def _taken(blocks: list[_Block], count: int) -> list[_Block]:
    """Take so many leads out of the blocks, the earliest due first."""
    blocks.sort(key=lambda block: block.due_at, reverse=True)
    taken: list[_Block] = []
    while count:
        block = blocks.pop()
        part = min(block.size, count)
        taken.append(block._replace(size=part))
        if part < block.size:
            blocks.append(block._replace(size=block.size - part))
        count -= part
    return taken


def _capacity(stage: Stage, able: set[str]) -> dict[str, Fraction]:
    settings = {"hours": stage.campaign.settings.hours, "rate": stage.campaign.settings.hourly_message_rate}
    members = set(stage.campaign.account_ids)
    return {
        one.account_id: plan.daily(
            plans.Sender(
                account_id=one.account_id, can_send=True, hourly_limit=one.hourly_limit, daily_limit=one.daily_limit
            ),
            settings,
        )
        for one in stage.accounts
        if one.account_id in members and one.account_id in able
    }


def _reach(stage: Stage, reach_id: int | None, capacity: Mapping[str, Fraction]) -> frozenset[str]:
    """Say who may write to leads of a reach set; all where nobody was asked yet, or those who were cannot send."""
    if reach_id is None:
        return frozenset(capacity)
    known = (stage.reach[reach_id] | stage.joining) & capacity.keys()
    return frozenset(known or capacity)


def _ahead(stage: Stage, campaign_id: str, version: int, rank: int) -> tuple[datetime, tuple[timedelta, ...]] | None:
    """Return when the next message from a rank on would be due, were it waited for from now, and the waits after it."""
    due = sequence.message_due(stage.steps.get((campaign_id, version), ()), rank, stage.now)
    return None if due is None else (due.at, _waits(stage, campaign_id, version, rank))


def _waits(stage: Stage, campaign_id: str, version: int, rank: int) -> tuple[timedelta, ...]:
    """Return how long after each message from a rank on the one after it falls due."""
    steps = stage.steps.get((campaign_id, version), ())
    waits: list[timedelta] = []
    due = sequence.message_due(steps, rank, _EPOCH)
    while due is not None:
        due = sequence.message_due(steps, due.step.rank + 1, _EPOCH)
        if due is not None:
            waits.append(due.at - _EPOCH)
    return tuple(waits)


def _sender(
    stage: Stage,
    account: rehearsals.Account,
    stored: Sequence[rehearsals.Pair],
    hours: window.Hours,
    loads: Mapping[tuple[str, str], list[rehearsal.Leads]],
) -> rehearsal.Sender:
    ends = stage.ends.get(account.account_id, ())
    if all(pair.campaign_id != stage.campaign.id for pair in stored):
        stored = [*stored, _drawn_pair(stage, account.account_id)]
    pairs = [_pair(stage, pair, hours, loads, ends) for pair in stored]
    return rehearsal.Sender(
        account_id=account.account_id,
        app_id=account.app_id,
        hourly_limit=account.hourly_limit,
        daily_limit=account.daily_limit,
        free_at=account.free_at,
        last_end=account.last_end,
        ends=[end for _, end in ends],
        pairs=[pair for pair in pairs if pair.leads],
    )


def _drawn_pair(stage: Stage, account_id: str) -> rehearsals.Pair:
    """Return the pace of an account that has none in the campaign yet: what is drawn when it joins is drawn here."""
    draws = Random(stage.campaign.id + account_id)  # noqa: S311 - draws spread the pace; nothing rests on secrecy
    settings = stage.campaign.settings
    return rehearsals.Pair(
        account_id=account_id,
        campaign_id=stage.campaign.id,
        draw=draws.uniform(pacing.DRAW_LOW, pacing.DRAW_HIGH),
        opening_draw=draws.random(),
        last_end=None,
        served_at=_BEFORE_ALL,
        rate=settings.hourly_message_rate,
        zone=settings.zone,
        hours=settings.hours,
        started_at=stage.campaign.last_started_at,
    )


def _pair(
    stage: Stage,
    pair: rehearsals.Pair,
    hours: window.Hours,
    loads: Mapping[tuple[str, str], list[rehearsal.Leads]],
    ends: Sequence[tuple[str | None, datetime]],
) -> rehearsal.Pair:
    is_own = pair.campaign_id == stage.campaign.id
    runs = not is_own or stage.campaign.status == CampaignStatus.ACTIVE
    hour_ago = stage.now - rehearsal.HOUR
    return rehearsal.Pair(
        campaign_id=pair.campaign_id,
        hours=hours if is_own else window.Hours.parse(pair.zone, pair.hours),
        rate_per_hour=stage.campaign.settings.hourly_message_rate if is_own else pair.rate,
        draw=pair.draw,
        opening_draw=pair.opening_draw,
        last_end=pair.last_end,
        started_at=(pair.started_at or stage.now) if runs else stage.now,
        served_at=pair.served_at,
        ends=[end for campaign_id, end in ends if campaign_id == pair.campaign_id and end > hour_ago],
        leads=loads.get((pair.account_id, pair.campaign_id), []),
    )
