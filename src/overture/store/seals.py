"""Everything the database holds sealed, so that it can be sealed anew under another key.

The operator stands outside all teams, so these statements span them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A column that holds seals. Each is bound to its team and to what the column `row` says of its row.

    Where only some rows hold one, `condition` says which.
    """

    table: str
    column: str
    row: str
    condition: str = "true"


PLACES = (
    Place(table="account_link", column="sealed_token", row="id"),
    Place(table="platform_app", column="sealed_client_secret", row="id"),
    Place(table="platform_app", column="sealed_bearer_token", row="id"),
    Place(table="platform_app", column="sealed_consumer_secret", row="id"),
    Place(table="webhook", column="sealed_secret", row="id"),
    Place(table="webhook", column="sealed_former_secret", row="id"),
    Place(table="idempotency_key", column="body", row="key", condition="is_sealed"),
)
"""Not among them is what lives for minutes only: the verifiers of links under way, and cursors, which no row holds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sealed:
    """One seal and the row it is bound to."""

    team_id: str
    row: str
    seal: bytes


async def former(connection: Connection, place: Place, *, mark: bytes, count: int) -> list[Sealed]:
    """Return up to `count` seals of a place that do not begin with `mark`, that of the key in use."""
    rows = await connection.fetch(
        f"SELECT team_id, {place.row} AS row, {place.column} AS seal FROM {place.table} {_FORMER.format(place=place)} "
        f"ORDER BY team_id, {place.row} LIMIT $2",
        mark,
        count,
    )
    return [Sealed(**row) for row in rows]


async def count_former(connection: Connection, place: Place, *, mark: bytes) -> int:
    """Count the seals of a place that do not begin with `mark`."""
    count: int = await connection.fetchval(f"SELECT count(*) FROM {place.table} {_FORMER.format(place=place)}", mark)
    return count


_FORMER = """
    WHERE {place.condition} AND length({place.column}) > 0 AND substring({place.column} FOR length($1::bytea)) <> $1
"""


async def replace(connection: Connection, place: Place, *, before: Sequence[Sealed], after: Sequence[bytes]) -> int:
    """Put other seals where those of `before` still are; return how many it were."""
    result = await connection.execute(
        f"""
        UPDATE {place.table} t SET {place.column} = v.after
          FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[]) AS v (team_id, row, before, after)
         WHERE t.team_id = v.team_id AND t.{place.row} = v.row AND t.{place.column} = v.before
        """,
        [one.team_id for one in before],
        [one.row for one in before],
        [one.seal for one in before],
        list(after),
    )
    return int(result.rsplit(" ", 1)[1])
