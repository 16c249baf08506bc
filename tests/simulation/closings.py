"""Closings: between which turns nothing may begin for a team, a campaign, an account, a lead or a person."""

from collections.abc import Callable


class Closings:
    """Kept by whoever closes and opens, by the turns of the turnstile: an answer comes before or after a message."""

    def __init__(self, turn: Callable[[], int]) -> None:
        self._turn = turn
        self.spans: dict[str, list[tuple[int, int | None]]] = {}

    def close(self, key: str) -> None:
        """Note that a call which closes has been answered."""
        spans = self.spans.setdefault(key, [])
        if not spans or spans[-1][1] is not None:
            spans.append((self._turn(), None))

    def open(self, key: str) -> None:
        """Note that a call which may open is about to be made."""
        spans = self.spans.get(key, [])
        if spans and spans[-1][1] is None:
            spans[-1] = (spans[-1][0], self._turn())
