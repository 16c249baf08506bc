"""What a seed draws: the team's campaigns, what it does while they run, and what goes wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from random import Random

# Each start lies a few days before or on a change of the clocks of its zone.
STARTS = (
    ("America/New_York", datetime(2026, 3, 6, 13, 0, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 10, 30, 11, 0, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 3, 27, 7, 0, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 23, 5, 30, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 3, 20, 0, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2026, 5, 4, 10, 0, tzinfo=UTC)),
    ("Asia/Kathmandu", datetime(2026, 6, 1, 2, 0, tzinfo=UTC)),
)
ZONES = tuple(dict.fromkeys(zone for zone, _ in STARTS))
SENDERS = ("ana", "ben", "chloe")
OTHER_SENDERS = ("dora", "emil")
RESTARTS_EVERY = 50
"""In one of so many histories the database ends all sessions; how the answers to that come in no seed can say."""

READINGS = ((timedelta(minutes=20), timedelta(hours=1)), *[(timedelta(hours=4), timedelta(hours=16))] * 9)
"""As often as the program, in one history of ten: readings that find nothing are most of what it would do."""

FAULTS = (
    "timeoutAfterAccept",
    "serverError",
    "serverErrorAfterAccept",
    "rateLimited",
    "outOfCredit",
    "notPermitted",
    "resetMidAnswer",
    "latency",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """How much a history holds: people there are and in lists, lists, campaigns, messages an hour, waits in seconds.

    `later` is by how many hours at most it starts later than its zone's `STARTS` say, `edited` in how many hours it is
    edited.
    """

    people: int
    members: int
    lists: int
    campaigns: int
    rates: Sequence[int]
    delays: Sequence[int]
    later: int
    edited: Sequence[int]


LARGE = Size(
    people=60,
    members=9,
    lists=3,
    campaigns=3,
    rates=(2, 5, 8, 12, 25),
    delays=(300, 3_600, 86_400),
    later=0,
    edited=(72,),
)
SMALL = Size(
    people=9,
    members=4,
    lists=2,
    campaigns=2,
    rates=(1, 2, 5, 25),
    delays=(300, 3_600, 21_600),
    later=44,
    edited=(6, 18, 36),
)
LARGE_SHARE = 0.12
"""Most are small: among few people much happens to the same ones, and four are told in the time of a large one."""
ASKING_SHARE = 0.2


class Edit(StrEnum):
    """What the team, a person or fate does in the middle of a run."""

    PAUSE = "pause"
    RESUME = "resume"
    RATE = "rate"
    HOURS = "hours"
    ZONE = "zone"
    ACCOUNTS = "accounts"
    SEQUENCE = "sequence"
    RULES = "rules"
    ADD = "add"
    ADD_NAMED = "addNamed"
    TAKE = "take"
    LIMITS = "limits"
    HOLD_ACCOUNT = "holdAccount"
    WRITE = "write"
    SEND = "send"
    FAULT = "fault"
    KILL = "kill"
    FREEZE = "freeze"
    RELEASE = "release"
    IMPORT = "import"
    STOP_TEAM = "stopTeam"
    RESUME_TEAM = "resumeTeam"
    CANCEL = "cancel"
    REMOVE = "remove"
    RESTORE = "restore"
    SUPPRESS = "suppress"
    UNSUPPRESS = "unsuppress"
    AGREE = "agree"
    WITHDRAW = "withdraw"
    FREEZE_INTENDED = "freezeIntended"
    FREEZE_ANSWERED = "freezeAnswered"
    RESTART = "restart"
    CONTINUE = "continue"


STRIKES = frozenset({Edit.KILL, Edit.FREEZE, Edit.FREEZE_INTENDED, Edit.FREEZE_ANSWERED})
"""What befalls a worker: it dies, or freezes anywhere, right behind its intent, or behind the platform's answer."""

KEEPING = frozenset(
    {
        Edit.PAUSE,
        Edit.RESUME,
        Edit.RATE,
        Edit.HOURS,
        Edit.ZONE,
        Edit.LIMITS,
        Edit.HOLD_ACCOUNT,
        Edit.STOP_TEAM,
        Edit.RESUME_TEAM,
    }
    | {Edit.WRITE, Edit.FAULT, Edit.RESTART, *STRIKES}
)
"""Edits that take nobody out of a campaign, nor change what it says."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Happening:
    """One edit: `at` is engine time, `draw` seeds its details; one that races waits for a claim of accounts."""

    at: datetime
    edit: Edit
    draw: int
    races: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class CampaignPlan:
    """A campaign: which lists and accounts by place, and its settings. Hours in wire form."""

    lists: Sequence[int]
    accounts: Sequence[int]
    rate: int
    hours: dict[str, dict[str, int]]
    delays: Sequence[int]
    exclude_contacted: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class TeamPlan:
    """A team: its accounts by name, the people of its lists by place, and the ceiling of its app, messages a day.

    One that asks writes only to people who agreed, or wrote first.
    """

    senders: Sequence[str]
    lists: Sequence[Sequence[int]]
    campaigns: Sequence[CampaignPlan]
    daily_cap: int | None
    asks: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """A whole history before it happens.

    `people` is how many the platform has; `readings` is how often inboxes are read that nothing asks for: of accounts
    that send, and of others.
    """

    seed: int
    zone: str
    start: datetime
    edits_end: datetime
    people: int
    workers: int
    teams: Sequence[TeamPlan]
    happenings: Sequence[Happening]
    readings: tuple[timedelta, timedelta]

    @property
    def keeps(self) -> bool:
        """Whether nobody leaves a campaign before the end but by its sequence, and every sequence stays as it is."""
        return all(happening.edit in KEEPING for happening in self.happenings)


def hours(random: Random) -> dict[str, dict[str, int]]:
    """Draw sending hours: some days, a stretch of at least two hours."""
    drawn = {}
    for day in range(7):
        if random.random() < 0.75:
            start = random.choice((0, 60, 90, 120, 480, 540, 600))
            end = min(1440, start + random.choice((120, 240, 480, 1440)))
            drawn[str(day)] = {"start": start, "end": end}
    return drawn or {"1": {"start": 540, "end": 1020}}


def draw(seed: int, focus: Sequence[Edit] = ()) -> Plan:
    """Draw everything from one seed; with a focus, only these edits and many of them."""
    random = Random(seed)
    size = LARGE if random.random() < LARGE_SHARE else SMALL
    zone, start = random.choice(STARTS)
    start += timedelta(hours=random.randint(0, size.later))
    span = timedelta(hours=random.choice(size.edited))
    asks = Edit.WITHDRAW in focus if focus else Random(f"asks {seed}").random() < ASKING_SHARE
    teams = [_team(random, SENDERS, size, lists=size.lists, campaigns=size.campaigns, asks=asks)]
    if random.random() < 0.25:
        teams.append(_team(random, OTHER_SENDERS, size, lists=1, campaigns=size.campaigns - 1, asks=asks))
    edits = random.choices(focus or _kinds(seed), k=random.randint(18 if focus else 0, 24))
    happenings = [_happening(random, start, span, edit) for edit in edits]
    if not focus and random.random() < 0.3:
        happenings += [_happening(random, start, span, Edit.IMPORT) for _ in range(random.randint(1, 3))]
    if not focus and seed % RESTARTS_EVERY == 0:
        happenings += [_happening(random, start, span, Edit.RESTART) for _ in range(random.randint(1, 3))]
    return Plan(
        seed=seed,
        zone=zone,
        start=start,
        edits_end=start + span,
        people=size.people,
        # Where one freezes there must be another to go on.
        workers=2 if STRIKES.intersection(edits) else random.randint(1, 2),
        teams=teams,
        happenings=sorted(happenings, key=lambda happening: happening.at),
        readings=random.choice(READINGS),
    )


def _kinds(seed: int) -> list[Edit]:
    """Draw kinds of edits: few, and many of each, find more than a little of everything.

    From a stream of their own, so that a new kind lets histories with a focus be as they were.
    """
    random = Random(f"kinds {seed}")
    everything = [edit for edit in Edit if edit not in {Edit.IMPORT, Edit.RESTART}]
    return random.sample(everything, random.choice((2, 4, 8, len(everything))))


def _team(random: Random, senders: Sequence[str], size: Size, *, lists: int, campaigns: int, asks: bool) -> TeamPlan:
    drawn = [
        sorted(random.sample(range(size.people), random.randint(2, size.members)))
        for _ in range(random.randint(1, lists))
    ]
    return TeamPlan(
        senders=senders,
        lists=drawn,
        campaigns=[
            CampaignPlan(
                lists=sorted(random.sample(range(len(drawn)), random.randint(1, len(drawn)))),
                accounts=sorted(random.sample(range(len(senders)), random.randint(1, len(senders)))),
                rate=random.choice(size.rates),
                hours=hours(random),
                delays=[random.choice(size.delays) for _ in range(random.randint(0, 2))],
                exclude_contacted=random.random() < 0.3,
            )
            for _ in range(random.randint(1, campaigns))
        ],
        daily_cap=random.choice((None, None, None, 6, 20)),
        asks=asks,
    )


def _happening(random: Random, start: datetime, span: timedelta, edit: Edit) -> Happening:
    return Happening(
        at=start + random.random() * span,
        edit=edit,
        draw=random.getrandbits(32),
        # What opens cannot wait for a claim: nobody claims while it is closed.
        races=random.random() < 0.6 and edit not in {Edit.RESUME, Edit.RESUME_TEAM},
    )
