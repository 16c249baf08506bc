"""Sequence versions, read once: a version never changes after it is written."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from overture.core import sequence
from overture.store import outlines
from overture.store.pool import Connection

_KEPT = 1000
_known: OrderedDict[tuple[str, str, int], Sequence[sequence.Step]] = OrderedDict()


async def steps(
    connection: Connection, *, team_id: str, wanted: Iterable[tuple[str, int]]
) -> dict[tuple[str, int], Sequence[sequence.Step]]:
    """Return the steps of versions named as (campaign id, version); one that does not exist has none."""
    found = {key: _known[team_id, *key] for key in set(wanted) if (team_id, *key) in _known}
    missing = sorted(set(wanted) - found.keys())
    if missing:
        stored = await outlines.steps(connection, team_id=team_id, versions=missing)
        read = {key: tuple(sequence.parse_step(step) for step in steps) for key, steps in stored.items()}
        _known.update({(team_id, *key): steps for key, steps in read.items()})
        while len(_known) > _KEPT:
            _known.popitem(last=False)
        found |= read
    return found
