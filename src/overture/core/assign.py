"""Which account writes to which lead: the lowest largest load, then the fewest moves, then an even spread.

Load of an account = its leads ÷ the messages a day it may send. Leads come in groups that share the set of
accounts reaching them, so the problem is a flow over groups × accounts, small however many leads there are.
It is solved exactly, in integers and fractions, in three stages over the same network:

1. *Lowest level.* Start from a level (largest load) that no plan can undercut and move leads off accounts
   above it. Where that gets stuck, the accounts still reachable hold leads that can go nowhere else, and
   this raises the level to what these leads need. The stuck sets shrink strictly (Dinkelbach's method on a
   parametric cut), so there are at most as many raises as accounts.
2. *Fewest moves.* Everybody starts where they are planned; accounts above the level are relieved along
   cheapest chains of moves, cost by cost (the primal-dual method for minimum cost flows; staying costs 0,
   moving 1).
3. *Even spread.* Prices from stage 2 tell which changes leave the number of moves as it is. Under these
   alone the level is lowered again and again, each time settling the accounts that hold it up.

Every search runs over accounts, with sets of accounts as bit masks; groups are only the ways between them.
"""

import heapq
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Leads that the same accounts reach and that are planned on the same account.

    reach: accounts that may write to these leads. Leads that may not change account: that account alone.
    current: the account they are planned on, None if on none.
    count: how many leads.
    """

    reach: frozenset[str]
    current: str | None
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """`count` leads of the group at index `group` belong on `account`."""

    group: int
    account: str
    count: int


def assign(groups: Sequence[Group], daily_capacity: Mapping[str, int | Fraction]) -> list[Share]:
    """Divide the leads of every group among the accounts that reach them.

    The largest load is as small as it can be. With that, the fewest leads leave the account they are planned
    on; leads planned nowhere, or on an account that can no longer write to them, may go anywhere alike. With
    that, loads are even: wherever one lead more on an account and one less on another costs no move, the
    first would end up with at least the load that the second has now.

    daily_capacity: messages a day each account may send here; at 0 an account gets no leads.
    Returns shares by group index, then account; none for a group that no account with capacity reaches. The
    same input gives the same shares.
    Raises ValueError for a negative count or capacity.
    """
    if any(group.count < 0 for group in groups):
        raise ValueError("a group cannot hold a negative number of leads")
    if any(capacity < 0 for capacity in daily_capacity.values()):
        raise ValueError("an account cannot have a negative daily capacity")
    accounts = sorted(account for account, capacity in daily_capacity.items() if capacity > 0)
    kinds = _kinds(groups, accounts)
    if not kinds:
        return []
    reach = [kind_reach for kind_reach, _ in kinds]
    home = [kind_home for _, kind_home in kinds]
    counts = [sum(groups[index].count for index in members) for members in kinds.values()]
    rates = _whole_rates([Fraction(daily_capacity[account]) for account in accounts])

    # Where everywhere is home no move costs anything: what remains is the question of the level.
    level = _lowest_level(_Network(reach=reach, home=reach, counts=counts, size=len(accounts)), rates)
    network = _Network(reach=reach, home=home, counts=counts, size=len(accounts))
    limits = [_filled(level, rate) for rate in rates]
    _relieve_cheapest(network, limits)
    _even_out(network, limits, rates)
    return _shares(groups, accounts, list(kinds.values()), network)


def _kinds(groups: Sequence[Group], accounts: Sequence[str]) -> dict[tuple[int, int], list[int]]:
    """Merge groups that are alike: (reach, accounts where a lead counts as not moved) → indices of groups."""
    bit = {account: 1 << index for index, account in enumerate(accounts)}
    kinds: dict[tuple[int, int], list[int]] = {}
    # Many groups share a reach: with very many accounts, reading it costs more than all the rest.
    masks = {reach: sum(bit.get(account, 0) for account in reach) for reach in {group.reach for group in groups}}
    for index, group in enumerate(groups):
        reach = masks[group.reach]
        if reach and group.count:
            current = bit.get(group.current, 0) if group.current is not None else 0
            kinds.setdefault((reach, (current & reach) or reach), []).append(index)
    return dict(sorted(kinds.items()))


def _shares(
    groups: Sequence[Group], accounts: Sequence[str], kinds: Sequence[list[int]], network: "_Network"
) -> list[Share]:
    """Deal what each kind has on each account back to the groups it was merged from."""
    shares: list[Share] = []
    unserved = [group.count for group in groups]
    members = [iter(indices) for indices in kinds]
    serving = [next(indices) for indices in members]
    for position, account in enumerate(accounts):
        for kind, on_account in sorted(network.placed[position].items()):
            left = on_account
            while left:
                if not unserved[serving[kind]]:
                    serving[kind] = next(members[kind])
                count = min(left, unserved[serving[kind]])
                shares.append(Share(group=serving[kind], account=account, count=count))
                unserved[serving[kind]] -= count
                left -= count
    return sorted(shares, key=lambda share: (share.group, share.account))


def _whole_rates(rates: Sequence[Fraction]) -> list[int]:
    """Return the rates in a unit in which all are whole: only their proportions matter."""
    unit = lcm(*(rate.denominator for rate in rates))
    return [int(rate * unit) for rate in rates]


def _filled(level: Fraction, rate: int) -> int:
    """Return how many whole leads an account of this rate holds at the level."""
    return level.numerator * rate // level.denominator


def _lowest_level(network: "_Network", rates: Sequence[int]) -> Fraction:
    """Return the smallest largest load that any plan can have."""
    free = [0] * network.size
    return _settle_level(network, rates, among=network.everyone, limits=list(free), price=free)


def _settle_level(
    network: "_Network", rates: Sequence[int], *, among: int, limits: list[int], price: Sequence[int]
) -> Fraction:
    """Bring the accounts in `among` to the lowest level that admissible moves allow and return it.

    `limits` (leads) bind the other accounts; those of `among` are overwritten with the level's.
    """
    stuck = among
    level = Fraction(0)
    while stuck:
        holders = list(_bits(stuck & among))
        level = _level_for(sum(network.load[account] for account in holders), [rates[a] for a in holders])
        for account in _bits(among):
            limits[account] = _filled(level, rates[account])
        stuck = network.relieve(limits, price, exits=network.everyone)
    return level


def _level_for(leads: int, rates: Sequence[int]) -> Fraction:
    """Return the smallest level at which accounts of these rates take that many leads, each whole ones."""
    level = Fraction(leads, sum(rates))
    taken = [_filled(level, rate) for rate in rates]
    missing = leads - sum(taken)
    if missing:
        # Rounding down loses less than one lead an account: few steps to an account's next lead remain.
        steps = [
            (Fraction(count + 1, rate), index) for index, (count, rate) in enumerate(zip(taken, rates, strict=True))
        ]
        heapq.heapify(steps)
        for _ in range(missing):
            level, index = steps[0]
            heapq.heapreplace(steps, (level + Fraction(1, rates[index]), index))
    return level


def _relieve_cheapest(network: "_Network", limits: Sequence[int]) -> None:
    """Bring every account to its limit with the fewest moves; the limits must be feasible."""
    while crowded := network.crowded(limits):
        ways = [network.ways(account) for account in range(network.size)]
        distance = _shortest(ways, dict.fromkeys(_bits(crowded), 0))
        roomy = [account for account in _bits(network.roomy(limits)) if account in distance]
        nearest = min(distance[account] for account in roomy)
        exits = sum(1 << account for account in roomy if distance[account] == nearest)
        # An account without a distance is never come by, so any price will do.
        network.relieve(limits, [distance.get(account, 0) for account in range(network.size)], exits=exits)


def _even_out(network: "_Network", limits: list[int], rates: Sequence[int]) -> None:
    """Even the loads out as far as the number of moves stays what it is."""
    # One more node stands for "room": leads leave for it from accounts below their limit and come from any.
    room = network.size
    ways = [network.ways(account) for account in range(network.size)]
    for account in _bits(network.roomy(limits)):
        lower, same, higher = ways[account]
        ways[account] = (lower, same | 1 << room, higher)
    ways.append((0, sum(1 << account for account in range(room) if network.load[account]), 0))
    distance = _shortest(ways, dict.fromkeys(range(room + 1), 0))
    price = [distance[account] for account in range(room)]

    # An account priced otherwise than room is full, or empty, in every plan with as few moves.
    limits[:] = network.load
    unsettled = sum(1 << account for account in range(room) if price[account] == distance[room])
    while unsettled:
        level = _settle_level(network, rates, among=unsettled, limits=limits, price=price)
        # Fill everybody to just below the level first, so that no more accounts than must stand at it.
        for account in _bits(unsettled):
            at_level = _filled(level, rates[account])
            stands_at_it = at_level * level.denominator == level.numerator * rates[account]
            limits[account] = max(at_level - stands_at_it, 0)
        holders = network.relieve(limits, price, exits=network.everyone) or unsettled
        for account in _bits(unsettled):
            limits[account] = _filled(level, rates[account])
        network.relieve(limits, price, exits=network.everyone)
        for account in _bits(unsettled & holders):
            limits[account] = network.load[account]
        unsettled &= ~holders


def _shortest(ways: Sequence[tuple[int, int, int]], start: Mapping[int, int]) -> dict[int, int]:
    """Return the length of the shortest way to each node that `start` leads to.

    ways: per node, the nodes one step of length -1, 0 and 1 away. No circle may be shorter than 0.
    """
    distance = dict(start)
    queue = deque(start)
    waiting = set(start)
    # Who is at which distance, as masks: only those that come nearer are looked at one by one.
    at: dict[int, int] = {}
    for node, length in start.items():
        at[length] = at.get(length, 0) | 1 << node
    while queue:
        node = queue.popleft()
        waiting.discard(node)
        for length, targets in enumerate(ways[node], start=distance[node] - 1):
            as_near = 0
            for other, there in at.items():
                as_near |= there if other <= length else 0
            for target in _bits(targets & ~as_near):
                if target in distance:
                    at[distance[target]] &= ~(1 << target)
                distance[target] = length
                at[length] = at.get(length, 0) | 1 << target
                if target not in waiting:
                    waiting.add(target)
                    queue.append(target)
    return distance


def _bits(mask: int) -> Iterator[int]:
    """Yield the positions of the bits set in a mask, lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


class _Network:
    """Where the leads are, by account and kind, and how they can be moved on.

    Moving leads of a kind from one account to another costs 1 when they leave home, -1 when they come home,
    else 0. A move is admissible under prices when the prices of the two accounts differ by just its cost.
    """

    def __init__(self, *, reach: Sequence[int], home: Sequence[int], counts: Sequence[int], size: int) -> None:
        self.size = size
        self.everyone = (1 << size) - 1
        self.placed: list[dict[int, int]] = [{} for _ in range(size)]
        self.load = [0] * size
        self._home = home
        self._away = [reach_of & ~home_of for reach_of, home_of in zip(reach, home, strict=True)]
        for kind, count in enumerate(counts):
            self._add(next(_bits(home[kind])), kind, count)

    def crowded(self, limits: Sequence[int]) -> int:
        """Return the accounts above their limit."""
        return sum(1 << account for account in range(self.size) if self.load[account] > limits[account])

    def roomy(self, limits: Sequence[int]) -> int:
        """Return the accounts below their limit."""
        return sum(1 << account for account in range(self.size) if self.load[account] < limits[account])

    def ways(self, account: int) -> tuple[int, int, int]:
        """Return the accounts to which leads of this one can move at a cost of -1, 0 and 1."""
        lower = same = higher = 0
        for kind in self.placed[account]:
            if self._home[kind] >> account & 1:
                same |= self._home[kind]
                higher |= self._away[kind]
            else:
                lower |= self._home[kind]
                same |= self._away[kind]
        return lower, same, higher

    def relieve(self, limits: Sequence[int], price: Sequence[int], *, exits: int) -> int:
        """Move leads off accounts above their limit, by admissible moves, onto those of `exits` below theirs.

        Returns the accounts that leads of accounts still above their limit can get to, themselves included;
        0 when nobody is above.
        """
        # Dinic's algorithm: layers by number of moves, then all chains of moves from layer to layer at once.
        priced: dict[int, int] = {}
        for account, value in enumerate(price):
            priced[value] = priced.get(value, 0) | 1 << account
        while crowded := self.crowded(limits):
            targets = exits & self.roomy(limits)
            layers = [crowded]
            seen = crowded
            while not layers[-1] & targets:
                layer = 0
                for account in _bits(layers[-1]):
                    for value, reached in enumerate(self.ways(account), start=price[account] - 1):
                        layer |= reached & priced.get(value, 0)
                layer &= ~seen
                if not layer:
                    return seen
                seen |= layer
                layers.append(layer)
            layers[-1] &= targets
            self._push(layers, limits, price, priced)
        return 0

    def _push(self, layers: list[int], limits: Sequence[int], price: Sequence[int], priced: Mapping[int, int]) -> None:
        """Move leads along every chain that goes from layer to layer, until none is left."""
        untried: dict[int, list[int]] = {}
        last = len(layers) - 1
        for first in list(_bits(layers[0])):
            chain, kinds = [first], list[int]()
            while chain and self.load[first] > limits[first]:
                account, depth = chain[-1], len(chain) - 1
                if depth == last:
                    self._move(chain, kinds, limits)
                    if self.load[account] >= limits[account]:
                        layers[last] &= ~(1 << account)
                    chain, kinds = [first], []
                    continue
                if account not in untried:
                    untried[account] = list(self.placed[account])
                step = self._step(account, untried[account], layers[depth + 1], price[account], priced)
                if step:
                    kinds.append(step[0])
                    chain.append(step[1])
                else:
                    layers[depth] &= ~(1 << account)
                    chain.pop()
                    del kinds[-1:]

    def _step(
        self, account: int, untried: list[int], layer: int, price: int, priced: Mapping[int, int]
    ) -> tuple[int, int] | None:
        """Return a kind on the account and where in the layer it can move to; drop kinds that cannot."""
        while untried:
            kind = untried[-1]
            if kind in self.placed[account]:
                to_home = price if self._home[kind] >> account & 1 else price - 1
                home = self._home[kind] & priced.get(to_home, 0)
                away = self._away[kind] & priced.get(to_home + 1, 0)
                if targets := (home | away) & layer:
                    return kind, next(_bits(targets))
            untried.pop()
        return None

    def _move(self, chain: Sequence[int], kinds: Sequence[int], limits: Sequence[int]) -> None:
        """Move along a chain what its first account may lose, its kinds can give and its last can take."""
        first, last = chain[0], chain[-1]
        steps = list(zip(chain, chain[1:], kinds, strict=False))
        count = min(self.load[first] - limits[first], limits[last] - self.load[last])
        count = min(count, *(self.placed[source][kind] for source, _, kind in steps))
        for source, target, kind in steps:
            self._add(source, kind, -count)
            self._add(target, kind, count)

    def _add(self, account: int, kind: int, count: int) -> None:
        """Add leads of a kind to an account, or take them away."""
        self.load[account] += count
        left = self.placed[account].get(kind, 0) + count
        if left:
            self.placed[account][kind] = left
        else:
            del self.placed[account][kind]
