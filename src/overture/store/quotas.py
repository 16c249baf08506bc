"""The calls each team makes, counted in the round trip that looks its token up."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import asyncpg

from overture.core import quota
from overture.core.quota import Used
from overture.store import tokens
from overture.store.pool import Connection
from overture.store.tokens import Token

TOKEN = "token"  # noqa: S105 - the name of a bucket
SESSION = "session"
_NAMES = [window.name for window in quota.WINDOWS]


def _each(template: str, separator: str = ", ") -> str:
    """Write `template` for every window: its name, the number of its slot, its limit, its length."""
    return separator.join(
        template.format(
            name=window.name, slot=f"${3 + place}::bigint", limit=f"${6 + place}::bigint", slots=window.slots
        )
        for place, window in enumerate(quota.WINDOWS)
    )


# An update sees what others have counted meanwhile, however many count at once; its WHERE refuses without counting.
_ADMIT = f"""
    WITH known AS (
        SELECT {tokens.COLUMNS}
          FROM token_directory d JOIN api_token t ON t.team_id = d.team_id AND t.id = d.token_id {tokens.MEMBER}
         WHERE d.hash = $1 AND {tokens.opens("$10", is_session="($2 = 'session')")}
    ), counted AS (
        INSERT INTO call_count AS c (team_id, bucket, {_each("{name}_slot, {name}")})
        SELECT team_id, $2, {_each("{slot}, calls_with_more(array_fill(0, ARRAY[{slots}]), $9)")}
          FROM known WHERE {_each("$9::integer <= {limit}", " AND ")}
        ON CONFLICT (team_id, bucket) DO UPDATE
           SET {
    _each('''{name}_slot = greatest(c.{name}_slot, {slot}),
               {name} = calls_with_more(calls_later(c.{name}, {slot} - c.{name}_slot), $9)''')
}
         WHERE {_each("calls_in_all(calls_later(c.{name}, {slot} - c.{name}_slot)) + $9 <= {limit}", " AND ")}
        RETURNING {_each("{name}_slot, {name}")}
    )
    SELECT known.*, {_each("counted.{name}_slot, counted.{name}")} FROM known LEFT JOIN counted ON true
"""
_READ = f"SELECT {_each('{name}_slot, {name}')} FROM call_count WHERE team_id = $1 AND bucket = $2"


@dataclass(frozen=True, kw_only=True, slots=True)
class Admission:
    """A token that opens its team, whether this call may be made, and the calls counted in each window."""

    token: Token
    is_admitted: bool
    used: Sequence[Used]


async def admit(
    connection: Connection, *, digest: bytes, bucket: str, calls: int, limits: Sequence[int], wall_now: datetime
) -> list[Admission | None]:
    """Look a token up and count `calls` calls, each as if alone; None for a token that opens nothing.

    The first are admitted, as many as may be made; refused ones are not counted.
    """
    together = await _admit(connection, digest=digest, bucket=bucket, calls=calls, limits=limits, wall_now=wall_now)
    if together is None:
        return [None] * calls
    if together.is_admitted:
        return [replace(together, used=_before(together.used, later)) for later in reversed(range(calls))]
    admissions: list[Admission | None] = []
    one: Admission | None = replace(together, is_admitted=calls > 1)
    while len(admissions) < calls and one is not None and one.is_admitted:
        one = await _admit(connection, digest=digest, bucket=bucket, calls=1, limits=limits, wall_now=wall_now)
        admissions.append(one)
    return admissions + [one] * (calls - len(admissions))


async def _admit(
    connection: Connection, *, digest: bytes, bucket: str, calls: int, limits: Sequence[int], wall_now: datetime
) -> Admission | None:
    """Count all of the calls or none."""
    slots = [window.slot(wall_now) for window in quota.WINDOWS]
    row = await connection.fetchrow(_ADMIT, digest, bucket, *slots, *limits, calls, wall_now)
    if row is None:
        return None
    token = Token(**{name: row[name] for name in Token.__dataclass_fields__})
    if row["minute"] is not None:
        return Admission(token=token, is_admitted=True, used=_used(row))
    counted = await connection.fetchrow(_READ, token.team_id, bucket)
    used = [] if counted is None else [one.later(slot) for one, slot in zip(_used(counted), slots, strict=True)]
    return Admission(token=token, is_admitted=False, used=used)


def _before(used: Sequence[Used], later: int) -> list[Used]:
    """Return what was counted before the `later` calls that were counted last."""
    return [replace(one, counts=[one.counts[0] - later, *one.counts[1:]]) for one in used]


def _used(row: asyncpg.Record) -> list[Used]:
    return [Used(slot=row[f"{name}_slot"], counts=row[name]) for name in _NAMES]
