"""Shares: how much of what a process can do at once one team may take."""

from collections import Counter


class Shares:
    """Places for work under way. A team takes no more of them than it leaves free, so whoever comes finds one.

    One team alone gets half, two get a third each: nobody's hanging calls keep others from theirs.
    """

    def __init__(self, places: int) -> None:
        self._free = places
        self._held: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        """How many places are held."""
        return self._held.total()

    @property
    def turn(self) -> int:
        """How many places may be handed out at once, to whomever: as many stay free."""
        return (self._free + 1) // 2

    def room(self, team_id: str) -> int:
        """Return how many more places the team may take now."""
        return max(0, (self._free - self._held[team_id] + 1) // 2)

    def sated(self) -> list[str]:
        """Return the teams that may take no more now."""
        return [team_id for team_id in self._held if self._held[team_id] >= self._free]

    def take(self, team_id: str, count: int = 1) -> None:
        """Take places."""
        self._free -= count
        self._held[team_id] += count

    def give(self, team_id: str, count: int = 1) -> None:
        """Give places back."""
        self._free += count
        self._held[team_id] -= count
        if not self._held[team_id]:
            del self._held[team_id]
