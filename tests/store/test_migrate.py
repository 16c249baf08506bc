"""Migrations: applied in order, once, whole, and refused when files and database disagree."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from overture.store import migrate
from overture.store.pool import Connection, Pool

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
async def connection(empty_database_url: str) -> AsyncIterator[Connection]:
    opened = await asyncpg.connect(empty_database_url)
    yield opened
    await opened.close()


def write(directory: Path, **files: str) -> Path:
    for name, sql in files.items():
        (directory / f"{name.removeprefix('m')}.sql").write_text(sql)
    return directory


@pytest.fixture
def two(tmp_path: Path) -> Path:
    return write(
        tmp_path,
        m0001_first="CREATE TABLE fruit (name text); INSERT INTO fruit VALUES ('fig');",
        m0002_second="ALTER TABLE fruit ADD COLUMN weight integer NOT NULL DEFAULT 1",
    )


async def test_pending_migrations_are_applied_in_order_and_recorded(connection: Connection, two: Path) -> None:
    assert await migrate.migrate(connection, now=NOW, directory=two) == [1, 2]

    assert await connection.fetchval("SELECT weight FROM fruit") == 1
    rows = await connection.fetch("SELECT version, name, applied_at FROM schema_migration ORDER BY version")
    assert [tuple(row) for row in rows] == [(1, "first", NOW), (2, "second", NOW)]


async def test_applied_migrations_are_not_applied_again(connection: Connection, two: Path) -> None:
    await migrate.migrate(connection, now=NOW, directory=two)

    assert await migrate.migrate(connection, now=NOW, directory=two) == []
    assert await connection.fetchval("SELECT count(*) FROM fruit") == 1


async def test_a_later_migration_is_applied_to_an_older_database(connection: Connection, two: Path) -> None:
    await migrate.migrate(connection, now=NOW, directory=two)
    write(two, m0003_third="DROP TABLE fruit")

    assert await migrate.migrate(connection, now=NOW, directory=two) == [3]


async def test_programs_that_migrate_at_once_apply_each_migration_once(empty_database_url: str, two: Path) -> None:
    connections = [await asyncpg.connect(empty_database_url) for _ in range(4)]
    try:
        applied = await asyncio.gather(
            *(migrate.migrate(connection, now=NOW, directory=two) for connection in connections)
        )
    finally:
        for connection in connections:
            await connection.close()

    assert sorted(version for versions in applied for version in versions) == [1, 2]


async def test_a_failing_migration_leaves_nothing_and_keeps_those_before(connection: Connection, two: Path) -> None:
    write(two, m0003_third="CREATE TABLE half (); SELECT 1 / 0; CREATE TABLE other ()")

    with pytest.raises(migrate.MigrationFailed, match=r"0003_third failed and was undone: division by zero"):
        await migrate.migrate(connection, now=NOW, directory=two)

    assert await connection.fetchval("SELECT to_regclass('half') IS NULL")
    assert (await migrate.status(connection, directory=two)).current == 2


async def test_a_migration_may_not_end_its_transaction(connection: Connection, tmp_path: Path) -> None:
    write(tmp_path, m0001_first="CREATE TABLE fruit (); COMMIT; CREATE TABLE tree ()")

    with pytest.raises(migrate.MigrationFailed, match="ended its transaction"):
        await migrate.migrate(connection, now=NOW, directory=tmp_path)


async def test_a_changed_migration_is_refused(connection: Connection, two: Path) -> None:
    await migrate.migrate(connection, now=NOW, directory=two)
    write(two, m0001_first="CREATE TABLE fruit (name text, colour text)")

    with pytest.raises(migrate.MigrationChanged, match=r"0001_first was applied .* in another form"):
        await migrate.migrate(connection, now=NOW, directory=two)


async def test_another_line_ending_is_no_change(connection: Connection, tmp_path: Path) -> None:
    path = tmp_path / "0001_first.sql"
    path.write_bytes(b"SELECT 1;\nSELECT 2;\n")
    await migrate.migrate(connection, now=NOW, directory=tmp_path)
    path.write_bytes(b"SELECT 1;\r\nSELECT 2;\r\n")

    assert await migrate.migrate(connection, now=NOW, directory=tmp_path) == []


async def test_a_record_with_a_hole_is_refused(connection: Connection, two: Path) -> None:
    await migrate.migrate(connection, now=NOW, directory=two)
    await connection.execute("DELETE FROM schema_migration WHERE version = 1")

    with pytest.raises(migrate.MigrationChanged, match="lacks migration 0001_first"):
        await migrate.migrate(connection, now=NOW, directory=two)


async def test_a_database_one_migration_ahead_is_accepted(connection: Connection, two: Path) -> None:
    await migrate.migrate(connection, now=NOW, directory=two)
    (two / "0002_second.sql").unlink()

    assert await migrate.migrate(connection, now=NOW, directory=two) == []
    await migrate.require(connection, directory=two)


async def test_a_database_further_ahead_is_refused_in_plain_words(connection: Connection, two: Path) -> None:
    await migrate.migrate(connection, now=NOW, directory=write(two, m0003_third="SELECT 1"))
    (two / "0003_third.sql").unlink()
    (two / "0002_second.sql").unlink()

    for refuse in (
        migrate.migrate(connection, now=NOW, directory=two),
        migrate.require(connection, directory=two),
    ):
        with pytest.raises(migrate.SchemaTooNew, match="schema 3; this program knows 1 and works with at most 2"):
            await refuse


async def test_a_program_that_does_not_migrate_refuses_an_older_database(connection: Connection, two: Path) -> None:
    with pytest.raises(migrate.SchemaTooOld, match="has schema 0; this program needs 2"):
        await migrate.require(connection, directory=two)

    await migrate.migrate(connection, now=NOW, directory=two)
    await migrate.require(connection, directory=two)


async def test_status_tells_current_known_and_pending(connection: Connection, two: Path) -> None:
    assert await migrate.status(connection, directory=two) == migrate.Status(current=0, known=2, pending=(1, 2))

    await migrate.migrate(connection, now=NOW, directory=two)
    write(two, m0003_third="SELECT 1")
    assert await migrate.status(connection, directory=two) == migrate.Status(current=2, known=3, pending=(3,))


@pytest.mark.parametrize(
    "names",
    [
        ("0002_second",),
        ("0001_first", "0003_third"),
        ("0001_first", "0001_other"),
        ("0001_first", "second"),
        ("0001_First",),
    ],
)
def test_wrong_numbers_and_names_are_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        (tmp_path / f"{name}.sql").write_text("SELECT 1")

    with pytest.raises(migrate.MigrationsInvalid):
        migrate.load(tmp_path)


async def test_the_package_s_own_migrations_apply(database: Pool) -> None:
    async with database.acquire() as connection:
        status = await migrate.status(connection)

    assert status.current == status.known >= 1
    assert status.pending == ()
