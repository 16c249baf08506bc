"""Assignment against brute force: the lowest largest load, then the fewest moves, then even loads."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import permutations
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overture.core import assign
from overture.core.assign import Group, Share

ACCOUNTS = ("ana", "ben", "cleo")

capacities = st.one_of(st.integers(1, 2), st.integers(0, 5), st.fractions(Fraction(1, 3), 4, max_denominator=3))


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[Group], dict[str, int | Fraction]]:
    """Draw up to three accounts, with odd capacities too, and up to four groups of up to four leads."""
    accounts = draw(st.sampled_from([ACCOUNTS, ACCOUNTS, ACCOUNTS, ("ana", "ben"), ("cleo",), ()]))
    known = st.sampled_from([*ACCOUNTS, "gone"])
    group = st.builds(
        Group,
        reach=st.frozensets(known, max_size=3),
        current=st.one_of(st.none(), known),
        count=st.integers(0, 4),
    )
    return draw(st.lists(group, max_size=4)), {account: draw(capacities) for account in accounts}


def usable(group: Group, capacity: Mapping[str, int | Fraction]) -> list[str]:
    return sorted(account for account in group.reach if capacity.get(account, 0) > 0)


def loads_of(shares: Sequence[Share]) -> Counter[str]:
    loads: Counter[str] = Counter()
    for share in shares:
        loads[share.account] += share.count
    return loads


def largest_load(loads: Mapping[str, int], capacity: Mapping[str, int | Fraction]) -> Fraction:
    return max((loads[account] / Fraction(capacity[account]) for account in loads), default=Fraction(0))


def moves_of(groups: Sequence[Group], shares: Sequence[Share], capacity: Mapping[str, int | Fraction]) -> int:
    """Count the leads that left an account they could have stayed on."""
    return sum(
        share.count
        for share in shares
        if groups[share.group].current in usable(groups[share.group], capacity)
        and groups[share.group].current != share.account
    )


def divisions(count: int, parts: int) -> Iterator[tuple[int, ...]]:
    """Yield every way to divide `count` leads among `parts` accounts."""
    if parts == 1:
        yield (count,)
        return
    for first in range(count + 1):
        for rest in divisions(count - first, parts - 1):
            yield (first, *rest)


def every_plan(
    groups: Sequence[Group], capacity: Mapping[str, int | Fraction]
) -> dict[tuple[tuple[str, int], ...], int]:
    """Return every vector of loads that some plan has, with the fewest moves of such a plan."""
    plans: dict[tuple[tuple[str, int], ...], int] = {(): 0}
    for group in groups:
        accounts = usable(group, capacity)
        if not accounts:
            continue
        extended: dict[tuple[tuple[str, int], ...], int] = {}
        for loads, moves in plans.items():
            for division in divisions(group.count, len(accounts)):
                placed = Counter(dict(loads))
                placed.update(dict(zip(accounts, division, strict=True)))
                stayed = dict(zip(accounts, division, strict=True)).get(group.current or "")
                key = tuple(sorted((account, count) for account, count in placed.items() if count))
                cost = moves + (0 if stayed is None else group.count - stayed)
                extended[key] = min(cost, extended.get(key, cost))
        plans = extended
    return plans


@settings(max_examples=250, deadline=None)
@given(problems())
def test_largest_load_is_minimal_then_moves_are_minimal_then_loads_are_even(
    problem: tuple[list[Group], dict[str, int | Fraction]],
) -> None:
    groups, capacity = problem
    shares = assign.assign(groups, capacity)
    loads = loads_of(shares)
    level, moves = largest_load(loads, capacity), moves_of(groups, shares, capacity)

    plans = every_plan(groups, capacity)
    scores = {key: (largest_load(dict(key), capacity), cost) for key, cost in plans.items()}
    assert (level, moves) == min(scores.values())

    everybody = Group(reach=frozenset(capacity), current=None, count=0)
    for giver, taker in permutations(usable(everybody, capacity), 2):
        shifted = loads.copy()
        shifted[giver] -= 1
        shifted[taker] += 1
        key = tuple(sorted((account, count) for account, count in shifted.items() if count))
        if scores.get(key) == (level, moves):
            assert shifted[taker] / Fraction(capacity[taker]) >= loads[giver] / Fraction(capacity[giver])


@settings(max_examples=100, deadline=None)
@given(problems())
def test_every_lead_that_can_be_reached_gets_exactly_one_account_and_only_one_that_reaches_it(
    problem: tuple[list[Group], dict[str, int | Fraction]],
) -> None:
    groups, capacity = problem
    shares = assign.assign(groups, capacity)
    placed = Counter[int]()
    for share in shares:
        assert share.count > 0
        assert share.account in usable(groups[share.group], capacity)
        placed[share.group] += share.count
    for index, group in enumerate(groups):
        assert placed[index] == (group.count if usable(group, capacity) else 0)
    keys = [(share.group, share.account) for share in shares]
    assert keys == sorted(set(keys))


@settings(max_examples=50, deadline=None)
@given(problems(), st.randoms(use_true_random=False))
def test_the_order_of_accounts_in_the_input_changes_nothing(
    problem: tuple[list[Group], dict[str, int | Fraction]], shuffler: random.Random
) -> None:
    groups, capacity = problem
    items = list(capacity.items())
    shuffler.shuffle(items)
    assert assign.assign(groups, capacity) == assign.assign(groups, dict(items))


@settings(max_examples=100, deadline=None)
@given(problems())
def test_planning_again_what_was_just_planned_moves_nobody(
    problem: tuple[list[Group], dict[str, int | Fraction]],
) -> None:
    groups, capacity = problem
    first = assign.assign(groups, capacity)
    planned = [Group(reach=groups[share.group].reach, current=share.account, count=share.count) for share in first]
    again = assign.assign(planned, capacity)
    assert [(share.account, share.count) for share in again] == [(share.account, share.count) for share in first]


def test_unplanned_leads_are_spread_in_proportion_to_what_accounts_may_send() -> None:
    groups = [Group(reach=frozenset(ACCOUNTS), current=None, count=800)]
    shares = assign.assign(groups, {"ana": 100, "ben": 200, "cleo": 100})
    assert loads_of(shares) == {"ana": 200, "ben": 400, "cleo": 200}


def test_unplanned_leads_are_spread_evenly_beside_an_account_that_is_loaded_anyway() -> None:
    groups = [
        Group(reach=frozenset({"ana"}), current="ana", count=1000),
        Group(reach=frozenset({"ben", "cleo"}), current=None, count=100),
    ]
    shares = assign.assign(groups, dict.fromkeys(ACCOUNTS, 10))
    assert loads_of(shares) == {"ana": 1000, "ben": 50, "cleo": 50}


def test_planned_leads_stay_when_moving_them_would_not_lower_the_largest_load() -> None:
    groups = [
        Group(reach=frozenset({"ana"}), current="ana", count=10),
        Group(reach=frozenset({"ben", "cleo"}), current="ben", count=10),
    ]
    shares = assign.assign(groups, dict.fromkeys(ACCOUNTS, 10))
    assert loads_of(shares) == {"ana": 10, "ben": 10}


def test_an_account_that_joins_takes_over_no_more_than_the_level_asks_for() -> None:
    both = frozenset({"ana", "ben"})
    shares = assign.assign([Group(reach=both, current="ana", count=101)], {"ana": 10, "ben": 10})
    assert loads_of(shares) == {"ana": 51, "ben": 50}


def test_an_account_above_the_level_gives_away_only_what_is_above_it() -> None:
    groups = [
        Group(reach=frozenset({"ana", "ben"}), current="ana", count=6),
        Group(reach=frozenset({"cleo"}), current="cleo", count=5),
    ]
    shares = assign.assign(groups, dict.fromkeys(ACCOUNTS, 5))
    assert loads_of(shares) == {"ana": 5, "ben": 1, "cleo": 5}


def test_a_chain_of_moves_is_found_where_no_single_move_helps() -> None:
    groups = [
        Group(reach=frozenset({"ana", "ben"}), current="ana", count=4),
        Group(reach=frozenset({"ben", "cleo"}), current="ben", count=2),
    ]
    shares = assign.assign(groups, dict.fromkeys(ACCOUNTS, 1))
    assert largest_load(loads_of(shares), dict.fromkeys(ACCOUNTS, 1)) == 2
    assert moves_of(groups, shares, dict.fromkeys(ACCOUNTS, 1)) == 4


def test_leads_that_must_leave_are_sent_where_they_push_nobody_else_away() -> None:
    groups = [
        Group(reach=frozenset({"ana", "ben"}), current="gone", count=5),
        Group(reach=frozenset({"ana", "cleo"}), current="ana", count=5),
        Group(reach=frozenset({"dora"}), current="dora", count=5),
    ]
    assert assign.assign(groups, dict.fromkeys((*ACCOUNTS, "dora"), 5)) == [
        Share(group=0, account="ben", count=5),
        Share(group=1, account="ana", count=5),
        Share(group=2, account="dora", count=5),
    ]


def test_leads_that_may_not_move_are_counted_as_load() -> None:
    groups = [
        Group(reach=frozenset({"ana"}), current="ana", count=6),
        Group(reach=frozenset({"ana", "ben"}), current=None, count=6),
    ]
    assert loads_of(assign.assign(groups, {"ana": 1, "ben": 1})) == {"ana": 6, "ben": 6}


def test_capacities_that_no_float_can_hold_are_compared_exactly() -> None:
    third, huge = Fraction(1, 3), 10**15
    groups = [Group(reach=frozenset({"ana", "ben"}), current="ana", count=4 * huge + 1)]
    shares = assign.assign(groups, {"ana": third, "ben": 1})
    assert loads_of(shares) == {"ana": huge, "ben": 3 * huge + 1}


def test_groups_that_nobody_with_capacity_reaches_stay_unplanned() -> None:
    groups = [
        Group(reach=frozenset(), current="ana", count=3),
        Group(reach=frozenset({"gone"}), current="gone", count=3),
        Group(reach=frozenset({"ben"}), current="ben", count=3),
        Group(reach=frozenset({"ana"}), current=None, count=3),
    ]
    assert assign.assign(groups, {"ana": 1, "ben": 0}) == [Share(group=3, account="ana", count=3)]


def test_negative_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="number of leads"):
        assign.assign([Group(reach=frozenset({"ana"}), current=None, count=-1)], {"ana": 1})
    with pytest.raises(ValueError, match="capacity"):
        assign.assign([], {"ana": -1})


def test_a_million_leads_in_a_thousand_groups_over_fifty_accounts_stand_at_the_lowest_level() -> None:
    drawn = random.Random(7)
    accounts = [f"account{number:02}" for number in range(50)]
    rates: list[int | Fraction] = [40, 120, 200, Fraction(100, 3)]
    capacity = {account: drawn.choice(rates) for account in accounts}
    sizes = Counter(drawn.choices(range(950), k=900_000))
    groups = [Group(reach=frozenset({account}), current=account, count=2_000) for account in accounts]
    for index in range(950):
        reach = frozenset(drawn.sample(accounts, drawn.randint(1, 50)))
        groups.append(Group(reach=reach, current=drawn.choice([*accounts, None]), count=sizes[index]))

    shares = assign.assign(groups, capacity)
    assert sum(share.count for share in shares) == 1_000_000
    assert all(share.account in groups[share.group].reach for share in shares)

    # Where nobody is planned yet the shares prove the level: the accounts at it, and those their leads could
    # go to, have more leads that reach none but them than they could hold at any lower level.
    unplanned = [Group(reach=group.reach, current=None, count=group.count) for group in groups]
    free = assign.assign(unplanned, capacity)
    loads = loads_of(free)
    level = largest_load(loads, capacity)
    closed = {account for account in accounts if loads[account] == level * capacity[account]}
    while more := {a for share in free if share.account in closed for a in groups[share.group].reach} - closed:
        closed |= more
    captive = sum(group.count for group in groups if group.reach <= closed)
    assert captive > sum(ceil(level * capacity[account]) - 1 for account in closed)
    assert largest_load(loads_of(shares), capacity) == level
