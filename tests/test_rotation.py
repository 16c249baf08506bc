"""Rotation of the secret key: nothing sealed is lost, wherever it breaks off, and the former key is needed no more."""

import stat
from pathlib import Path

import pytest

from overture import rotation, secrets
from overture.bench import crowd
from overture.doctor import installation
from overture.errors import StartError
from overture.secrets import SealBroken, Sealer
from overture.settings import Settings
from overture.store import pool as pools
from overture.store import seals
from overture.store.pool import Pool

FORMER, NEW = bytes(range(32)), bytes(range(1, 33))
ACCOUNTS = 5


@pytest.fixture
async def settings(database: Pool, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Those of an installation whose accounts and app are sealed under the former key."""
    monkeypatch.setattr(rotation, "_BATCH", 2)
    async with database.acquire() as connection:
        made = await crowd.make(connection, sealer=Sealer([FORMER]), accounts=ACCOUNTS)
        app_id = await connection.fetchval("SELECT id FROM platform_app")
        sealed = Sealer([FORMER]).seal("the app's", context=f"{made.team_id}:{app_id}")
        await connection.execute(
            "UPDATE platform_app SET client_id = 'c', client_changed_at = $2, sealed_client_secret = $1",
            sealed,
            crowd.START,
        )
        # Of an account that was disconnected nothing is left to be sealed.
        await connection.execute(
            r"UPDATE account_link SET sealed_token = '\x' WHERE id = (SELECT min(id) FROM account_link)"
        )
    monkeypatch.setenv("OVERTURE_DATABASE_URL", database_url)
    monkeypatch.setenv("OVERTURE_DATA", str(tmp_path))
    return Settings()


async def opened(pool: Pool, key: bytes) -> list[str]:
    """Open everything with one key alone."""
    sealer = Sealer([key])
    return [
        sealer.open(row["seal"], context=f"{row['team_id']}:{row['id']}")
        for row in await pool.fetch(
            """
            SELECT team_id, id, sealed_token AS seal FROM account_link WHERE length(sealed_token) > 0
            UNION ALL SELECT team_id, id, sealed_client_secret FROM platform_app
            """
        )
    ]


def with_keys(settings: Settings, *keys: bytes) -> Settings:
    return Settings.model_validate({**settings.model_dump(), "secret_key": ",".join(key.hex() for key in keys)})


async def test_with_both_keys_in_the_setting_everything_is_sealed_under_the_first(
    settings: Settings, database: Pool
) -> None:
    said: list[str] = []
    for _ in range(2):
        await rotation.rotate(with_keys(settings, NEW, FORMER), say=said.append)
    assert [line.split(".")[0] for line in said] == [f"{ACCOUNTS} sealed anew", "0 sealed anew"]
    assert len(await opened(database, NEW)) == ACCOUNTS


async def test_one_key_in_the_setting_is_refused_with_what_to_do(settings: Settings, database: Pool) -> None:
    with pytest.raises(StartError, match="NEW,FORMER"):
        await rotation.rotate(with_keys(settings, FORMER), say=print)
    assert len(await opened(database, FORMER)) == ACCOUNTS


async def test_a_key_file_gets_a_new_key_and_the_former_is_needed_no_more(settings: Settings, database: Pool) -> None:
    secrets.write_keys(settings.key_file, [FORMER])
    await rotation.rotate(settings, say=print)
    (key,) = secrets.read_keys(settings.key_file)
    assert key != FORMER
    assert stat.S_IMODE(settings.key_file.stat().st_mode) == 0o600
    assert [entry.name for entry in settings.key_file.parent.iterdir()] == [settings.key_file.name]
    assert len(await opened(database, key)) == ACCOUNTS
    with pytest.raises(SealBroken):
        await opened(database, FORMER)


async def test_a_rotation_that_broke_off_is_gone_on_with_under_the_same_key(
    settings: Settings, database: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets.write_keys(settings.key_file, [FORMER])
    replace, calls = seals.replace, 0

    async def breaks(*arguments: object, **named: object) -> int:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt
        return await replace(*arguments, **named)  # type: ignore[arg-type] # passed on as they come

    monkeypatch.setattr(seals, "replace", breaks)
    with pytest.raises(KeyboardInterrupt):
        await rotation.rotate(settings, say=print)
    both = secrets.read_keys(settings.key_file)
    assert both[1] == FORMER
    monkeypatch.undo()
    await rotation.rotate(settings, say=print)
    assert secrets.read_keys(settings.key_file) == both[:1]
    assert len(await opened(database, both[0])) == ACCOUNTS


async def test_a_process_that_knows_the_former_key_alone_keeps_the_file_from_being_rotated(
    settings: Settings, database_url: str
) -> None:
    secrets.write_keys(settings.key_file, [FORMER])
    running = await pools.open_pool(database_url, size=1, name=pools.program_name("worker"))
    try:
        with pytest.raises(StartError, match=r"runs \(worker\)"):
            await rotation.rotate(settings, say=print)
    finally:
        await running.close()
    assert secrets.read_keys(settings.key_file) == [FORMER]


async def test_what_no_key_opens_is_named_and_stays_as_it_was(settings: Settings, database: Pool) -> None:
    with pytest.raises(StartError, match=r"account_link a\w+: .*not at hand"):
        await rotation.rotate(with_keys(settings, NEW, bytes(32)), say=print)
    assert len(await opened(database, FORMER)) == ACCOUNTS


async def test_every_sealed_column_of_the_schema_is_known(database: Pool) -> None:
    rows = await database.fetch(
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND column_name LIKE 'sealed%'"
    )
    known = {(place.table, place.column) for place in seals.PLACES}
    serves_for_minutes = {("link_request", "sealed_verifier")}
    assert {(row["table_name"], row["column_name"]) for row in rows} - known == serves_for_minutes


async def test_the_doctor_tells_whether_former_keys_are_needed_still(settings: Settings) -> None:
    both = with_keys(settings, NEW, FORMER)

    async def told() -> list[tuple[bool, str]]:
        return [(one.is_problem, one.text) async for one in installation.examine(both) if one.place == "keys"]

    assert await told() == [(True, f"{ACCOUNTS} secrets are sealed under a former key: run `overture rotate-key`.")]
    await rotation.rotate(both, say=print)
    assert await told() == [(False, "nothing is sealed under a former key; leave those out.")]
