"""The platform's own clock: the machine's until somebody sets it, then only as fast as it is moved."""

from collections.abc import Callable

from overture.sandbox import instants


class Clock:
    """Tells the platform's time in milliseconds since 1970.

    Args:
        virtual: the instant to stand at; None runs on the machine's clock until the first move.
        machine: where the machine's time comes from.
    """

    def __init__(self, virtual: int | None = None, machine: Callable[[], int] = instants.machine) -> None:
        self._virtual = virtual
        self._machine = machine

    @property
    def is_virtual(self) -> bool:
        """Tell whether the clock stands still between moves."""
        return self._virtual is not None

    def read(self) -> int:
        """Return the present instant."""
        return self._machine() if self._virtual is None else self._virtual

    def move(self, to: int, *, may_go_back: bool) -> None:
        """Stand at `to` from now on; an instant before the present one is ignored unless `may_go_back`."""
        if may_go_back or to >= self.read():
            self._virtual = to
