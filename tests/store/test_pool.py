"""Connections as the pool hands them out."""

import pytest

from overture.store import pool
from overture.store.pool import Pool


async def test_json_columns_read_and_write_python_values(database: Pool) -> None:
    value = {"name": "Ünal", "rules": [1, 2.5, None, True]}

    assert await database.fetchval("SELECT $1::jsonb", value) == value
    assert await database.fetchval("SELECT $1::json", value) == value
    assert await database.fetchval("SELECT $1::jsonb ->> 'name'", value) == "Ünal"


async def test_numbers_of_json_beyond_what_a_float_holds_are_read(database: Pool) -> None:
    assert await database.fetchval("SELECT '1e400'::jsonb") == 10**400
    assert await database.fetchval("SELECT '1e400'::json") == float("inf")
    assert await database.fetchval("SELECT '-1e400'::json") == float("-inf")


async def test_json_columns_can_be_copied_in_bulk(database: Pool) -> None:
    async with database.acquire() as connection:
        await connection.execute("CREATE TEMP TABLE document (body jsonb)")
        await connection.copy_records_to_table("document", records=[({"number": 1},), ({"number": 2},)])
        assert await connection.fetchval("SELECT sum((body ->> 'number')::integer) FROM document") == 3


async def test_every_connection_is_named_and_works_in_utc(database: Pool) -> None:
    row = await database.fetchrow(
        "SELECT current_setting('application_name') AS name, current_setting('timezone') AS zone,"
        " current_setting('jit') AS jit"
    )

    assert row is not None
    assert dict(row) == {"name": "overture", "zone": "UTC", "jit": "off"}


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://someone:hunter2@127.0.0.1:1/overture",
        "postgresql://someone:hunter2@/overture?host=/nowhere/at/all",
        "mysql://someone:hunter2@localhost/overture",
        "postgresql://someone:hunter2@localhost:not-a-port/overture",
    ],
)
async def test_an_unusable_address_is_reported_without_its_password(dsn: str) -> None:
    with pytest.raises(pool.DatabaseUnreachable) as caught:
        await pool.open_pool(dsn)

    assert "cannot be used" in str(caught.value)
    assert "hunter2" not in str(caught.value)
