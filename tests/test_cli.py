"""The commands, run as an operator runs them: as processes, over an embedded or an external database."""

import asyncio
import json
import logging
import os
import re
import shutil
import signal
import socket
import stat
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import httpx
import pytest
import structlog
from tests import running
from typer.testing import CliRunner, Result

from overture import cli

STOP_SECONDS = 5
KEY = "00" * 32


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that the database's own user can reach when we are root."""
    directory = Path(tempfile.mkdtemp(prefix="overture-cli-"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(autouse=True)
def process() -> Iterator[None]:
    """Commands set up their process, which here is that of the tests: put it back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)


def ask(url: str, statement: str) -> list[asyncpg.Record]:
    async def run() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(url)
        try:
            rows: list[asyncpg.Record] = await connection.fetch(statement)
            return rows
        finally:
            await connection.close()

    return asyncio.run(run())


def overture(*arguments: str, **settings: str) -> Result:
    """Run a command that ends by itself. It runs in this process, as loading it anew takes longest."""
    unset: dict[str, str | None] = {name: None for name in os.environ if name.startswith("OVERTURE_")}
    return CliRunner().invoke(cli.app, list(arguments), env={**unset, **running.environment(settings)})


def refusal(*arguments: str, **settings: str) -> str:
    """Run a command that cannot work; return its plain words."""
    answer = overture(*arguments, **settings)
    assert answer.exit_code == 2, answer.output
    assert "Traceback" not in answer.stderr
    return answer.stderr


def clock_of(sandbox_url: str) -> datetime:
    return datetime.fromisoformat(httpx.get(f"{sandbox_url}/_sandbox/clock").json()["now"])


def accounts_of(api_url: str, token: str) -> dict[str, str]:
    """Return the ids of the linked accounts by username."""
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.get(f"{api_url}/api/v2/account-links", headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
    return {account["username"]: account["id"] for account in answer.json()["data"]}


class TestUp:
    def test_the_first_start_makes_all_that_is_needed_and_a_second_one_finds_it(self, place: Path) -> None:
        data = place / "data"
        arguments = ("up", "--sandbox", "--port", "0", "--data", str(data), "--people", "50")
        with running.serving(*arguments) as first:
            token = (data / "token").read_text().strip()
            assert token in first.told
            assert stat.S_IMODE((data / "token").stat().st_mode) == 0o600
            assert stat.S_IMODE((data / "secret.key").stat().st_mode) == 0o600
            api = first.address("API")
            assert httpx.get(f"{api}/readyz").json() == {"status": "ready"}
            linked = accounts_of(api, token)
            assert list(linked) == ["ana", "ben", "chloe"]
            examined = overture("doctor", "--data", str(data))
            assert (examined.exit_code, "All is well." in examined.stdout) == (0, True), examined.stdout
            status = overture("status", "--data", str(data)).stdout
            assert "Process    up on" in status
            assert "3 active, 0 paused, 0 offline" in status
            assert len(json.loads(overture("status", "--json", "--data", str(data)).stdout)["processes"]) == 1
            assert "no team 'nobody'" in refusal("status", "--team", "nobody", "--data", str(data))
            backed_up = overture("backup", str(place / "backup"), "--data", str(data))
            assert (backed_up.exit_code, "secret.key" in backed_up.stdout) == (0, True), backed_up.output
            assert "never overwrites" in refusal("backup", str(place / "backup"), "--data", str(data))
            assert "in use by another" in refusal("restore", str(place / "backup"), "--data", str(data))
            invited = overture("password", "--data", str(data)).stdout
            chosen = {"invitation": invited.split("#")[1].split()[0], "email": "me@example.com", "password": "x" * 12}
            answer = httpx.post(f"{api}/api/v2/session/invitation", json=chosen)
            assert (answer.status_code, answer.json()["member"]["role"]) == (201, "owner")
            invited = overture("password", "--member", "ME@example.com", "--data", str(data)).stdout
            assert invited.startswith("http://127.0.0.1:8080/welcome#ovt_") and "Owner chooses" in invited
            assert "no member 'nobody'" in refusal("password", "--member", "nobody", "--data", str(data))
            listed = overture("token", "list", "--data", str(data)).stdout
            assert "First start" in listed
            assert token not in listed
            assert first.stop(signal.SIGINT) < STOP_SECONDS
        examined = overture("doctor", "--data", str(data))
        assert (examined.exit_code, "started for this look" in examined.stdout) == (0, True), examined.stdout
        assert "none runs: the database was stopped" in overture("status", "--data", str(data)).stdout
        with running.serving(*arguments) as second:
            assert token not in second.told
            assert accounts_of(second.address("API"), token) == linked
            assert second.stop() < STOP_SECONDS
        assert "made in real time" in refusal(*arguments, "--speed", "10")
        assert "not empty" in refusal("restore", str(place / "backup"), "--data", str(data))
        restored = overture("restore", str(place / "backup"), "--data", str(place / "restored"))
        assert (restored.exit_code, "Restored the state" in restored.stdout) == (0, True), restored.output
        assert f"there is no key file {place / 'restored' / 'secret.key'}" in restored.stdout
        assert "openssl" not in restored.stdout  # a new key would open nothing
        shutil.copy(data / "secret.key", place / "restored" / "secret.key")
        assert "before the inboxes of 3 accounts" in overture("status", "--data", str(place / "restored")).stdout

    def test_a_virtual_run_goes_on_after_a_kill_where_it_was(self, place: Path, database_url: str) -> None:
        start = datetime.fromisoformat("2026-01-05T09:00:00+00:00")
        real = ("up", "--sandbox", "--port", "0", "--data", str(place), "--people", "50")
        arguments = (*real, "--start", start.isoformat(), "--speed", "7200")
        began = time.monotonic()
        with running.serving(*arguments, database_url=database_url) as first:
            token = (place / "token").read_text().strip()
            linked = accounts_of(first.address("API"), token)
            first_seen = clock_of(first.address("Sandbox"))
            time.sleep(1)
            reached = clock_of(first.address("Sandbox"))
            assert start <= first_seen < reached <= start + timedelta(seconds=7200 * (time.monotonic() - began))
            first.process.kill()
            first.process.wait()
        sandbox = ask(database_url, "SELECT base_url FROM platform_app")[0][0]
        with running.serving(*arguments, database_url=database_url) as second:
            assert clock_of(second.address("Sandbox")) >= reached
            assert accounts_of(second.address("API"), token) == linked
            assert ask(database_url, "SELECT base_url FROM platform_app")[0][0] == second.address("Sandbox")
            assert second.address("Sandbox") != sandbox
            directory = ask(database_url, "SELECT DISTINCT base_url FROM account_directory")
            assert [row["base_url"] for row in directory] == [second.address("Sandbox")]
            message = refusal(*arguments, database_url=database_url)
            assert "Another Overture process moves the clock" in message
            second.stop()
        assert "made in virtual time" in refusal(*real, database_url=database_url)
        assert "virtual time" in refusal("worker", database_url=database_url, secret_key=KEY)

    def test_a_dry_run_has_a_database_of_its_own(self, place: Path, database_url: str) -> None:
        arguments = ("up", "--sandbox", "--port", "0", "--data", str(place), "--people", "50")
        with running.serving(*arguments, database_url=database_url, dry_run="1") as up:
            assert "nothing is delivered" in up.told
            api, token = up.address("API"), (place / "token").read_text().strip()
            headers = {"Authorization": f"Bearer {token}"}
            body = {"name": "A", "accountLinkIds": list(accounts_of(api, token).values())}
            made = httpx.post(f"{api}/api/v2/campaigns", json=body, headers=headers).json()
            assert made["dryRun"] is True, made
            examined = overture("doctor", "--data", str(place), database_url=database_url, dry_run="1")
            assert "a dry run: nothing is delivered" in examined.stdout
            examined = overture("doctor", "--data", str(place), database_url=database_url)
            assert (examined.exit_code, "Set OVERTURE_DRY_RUN=1 for every" in examined.stdout) == (1, True)
        assert "Set OVERTURE_DRY_RUN=1" in refusal(*arguments, database_url=database_url)
        assert "Set OVERTURE_DRY_RUN=1" in refusal("worker", database_url=database_url, secret_key=KEY)
        ask(database_url, "UPDATE delivery SET is_dry = false")
        assert "this database delivers" in refusal(*arguments, database_url=database_url, dry_run="1")
        with running.serving(*arguments, database_url=database_url) as delivering:
            assert "Dry run" not in delivering.told

    def test_the_sandbox_may_write_to_anyone_by_a_recorded_choice_that_stays(
        self, place: Path, database_url: str
    ) -> None:
        arguments = ("up", "--sandbox", "--port", "0", "--data", str(place), "--people", "50")
        with running.serving(*arguments, database_url=database_url):
            row = ask(database_url, "SELECT * FROM platform_app")[0]
            assert row["contact_policy"] == "anyoneReachable"
            assert (row["policy_changed_by"], "--sandbox" in row["policy_note"]) == ("Operator", True)
            assert row["policy_changed_at"] is not None
        ask(database_url, "UPDATE platform_app SET contact_policy = 'inboundOrConsent', policy_changed_by = 'somebody'")
        ask(database_url, "UPDATE account_link SET deleted_at = now() WHERE username = 'ben'")
        with running.serving(*arguments, database_url=database_url) as again:
            assert ask(database_url, "SELECT contact_policy FROM platform_app")[0][0] == "inboundOrConsent"
            token = (place / "token").read_text().strip()
            assert list(accounts_of(again.address("API"), token)) == ["ana", "chloe"]

    def test_a_platform_that_never_answers_does_not_delay_the_stop(self, place: Path, database_url: str) -> None:
        arguments = ("up", "--sandbox", "--port", "0", "--data", str(place), "--people", "50")
        with running.serving(*arguments, database_url=database_url) as up:
            sandbox = up.address("Sandbox")
            fault = {"kind": "timeoutAfterAccept", "endpoint": "any"}
            assert httpx.post(f"{sandbox}/_sandbox/faults", json=fault).status_code == 201
            token = (place / "token").read_text().strip()
            body = {"platform": "twitter", "tokens": {"accessToken": "sandbox-ana"}}
            with pytest.raises(httpx.ReadTimeout):
                httpx.post(
                    f"{up.address('API')}/api/v2/account-links",
                    json=body,
                    headers={"Authorization": f"Bearer {token}"},
                    timeout=0.5,
                )
            assert up.stop() < STOP_SECONDS

    def test_a_revoked_token_is_not_replaced_unasked(self, place: Path, database_url: str) -> None:
        arguments = ("up", "--port", "0", "--data", str(place))
        with running.serving(*arguments, database_url=database_url):
            pass
        listed = overture("token", "list", database_url=database_url).stdout
        token_id = re.findall(r"k[0-9a-z]{23}", listed)[0]
        assert overture("token", "revoke", token_id, database_url=database_url).exit_code == 0
        with running.serving(*arguments, database_url=database_url) as again:
            assert "opens nothing" in again.told
        assert len(re.findall(r"k[0-9a-z]{23}", overture("token", "list", database_url=database_url).stdout)) == 1


class TestRefusals:
    def test_a_port_in_use(self, place: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            assert f"Port {port} on 127.0.0.1 is in use" in refusal(
                "up", "--data", str(place / "data"), "--port", str(port)
            )
        assert not (place / "data").exists()

    def test_a_database_that_does_not_answer(self, place: Path) -> None:
        url = "postgresql://me:hidden@127.0.0.1:1/overture"
        for arguments in (("up", "--port", "0", "--data", str(place)), ("worker",), ("migrate",), ("token", "list")):
            message = refusal(*arguments, database_url=url)
            assert "overture on 127.0.0.1:1 cannot be used" in message
            assert "hidden" not in message

    def test_a_directory_that_cannot_be_written(self) -> None:
        assert "/proc/overture" in refusal("up", "--port", "0", "--data", "/proc/overture")

    def test_a_key_that_is_none(self, place: Path, database_url: str) -> None:
        message = refusal("up", "--port", "0", "--data", str(place), database_url=database_url, secret_key="no")
        assert "openssl rand" in message

    def test_refusals_of_x_that_make_no_sense(self, place: Path, database_url: str) -> None:
        place.mkdir(exist_ok=True)
        (place / "refusals.toml").write_text('[[refusal]]\nkind = "whatever"\nreason = "odd"\nstatus = 403\n')
        told = {"database_url": database_url, "x_refusals": str(place / "refusals.toml")}
        message = refusal("up", "--port", "0", "--data", str(place), **told)
        assert "OVERTURE_X_REFUSALS is not right" in message
        assert "refusal 1 kind" in message
        examined = overture("doctor", "--data", str(place), **told)
        assert (examined.exit_code, "refusal 1 kind" in examined.output) == (1, True), examined.output

    def test_settings_that_make_no_sense(self) -> None:
        message = refusal("doctor", log_level="loud", x_base_url="nowhere")
        assert "OVERTURE_LOG_LEVEL" in message
        assert "OVERTURE_X_BASE_URL" in message

    @pytest.mark.parametrize("option", [("--start", "2026-01-05"), ("--speed", "0"), ("--speed", "fast")])
    def test_options_that_make_no_sense(self, option: tuple[str, str]) -> None:
        assert option[0] in refusal("up", *option)

    def test_virtual_time_with_real_people(self, place: Path, database_url: str) -> None:
        platform = "http://127.0.0.1:1"
        message = refusal(
            *("up", "--port", "0", "--data", str(place), "--speed", "10"),
            database_url=database_url,
            x_base_url=platform,
        )
        assert f"{platform} is none" in message
        # Nothing of the refused start has stayed, or the next one could not be in real time.
        assert ask(database_url, "SELECT FROM virtual_clock") == []

    def test_commands_on_a_directory_without_a_database(self, place: Path) -> None:
        for command in (("token", "list"), ("status",)):
            assert "no database" in refusal(*command, "--data", str(place / "nowhere"))
        examined = overture("doctor", "--data", str(place / "nowhere"))
        assert (examined.exit_code, "no database" in examined.stdout) == (1, True)
        assert not (place / "nowhere").exists()

    @pytest.mark.parametrize("command", [("api", "--port", "0"), ("worker",)])
    def test_processes_apart_need_a_database_and_a_key_in_common(
        self, command: tuple[str, ...], place: Path, database_url: str
    ) -> None:
        assert "OVERTURE_DATABASE_URL" in refusal(*command)
        assert "OVERTURE_SECRET_KEY" in refusal(*command, database_url=database_url, data=str(place))


class TestExternalDatabase:
    def test_nothing_but_migrate_migrates_it(self, place: Path, empty_database_url: str) -> None:
        up, api = ("up", "--port", "0", "--data", str(place)), ("api", "--port", "0")
        for arguments in (up, api, ("worker",), ("token", "create"), ("status",)):
            assert "Run `overture migrate`" in refusal(*arguments, database_url=empty_database_url, secret_key=KEY)
        assert overture("doctor", database_url=empty_database_url).exit_code == 1
        migrated = overture("migrate", database_url=empty_database_url)
        assert (migrated.exit_code, "Applied 0001" in migrated.stdout) == (0, True)
        assert "Nothing to do" in overture("migrate", database_url=empty_database_url).stdout
        assert "no team" in overture("doctor", database_url=empty_database_url).stdout
        assert overture("token", "create", database_url=empty_database_url).exit_code == 0
        assert overture("doctor", database_url=empty_database_url).exit_code == 0

    def test_api_and_worker_run_apart(self, place: Path, database_url: str) -> None:
        with running.serving("sandbox", "--port", "0", "--record", str(place / "record.jsonl")) as sandbox:
            found = re.search(r"http://[0-9.:]+", sandbox.told)
            assert found is not None
            shared = {"database_url": database_url, "secret_key": KEY, "x_base_url": found[0]}
            token = overture("token", "create", database_url=database_url).stdout.splitlines()[0]
            with running.serving("api", "--port", "0", **shared) as api, running.serving("worker", **shared) as worker:
                address = re.search(r"http://[0-9.:]+", api.told)
                assert address is not None
                headers = {"Authorization": f"Bearer {token}"}
                body = {"platform": "twitter", "tokens": {"accessToken": "sandbox-ana"}}
                with httpx.Client(base_url=address[0], headers=headers, timeout=30) as client:
                    linked = client.post("/api/v2/account-links", json=body).json()
                    deadline = time.monotonic() + 30
                    while linked["syncedAt"] is None:  # the worker reads the inbox
                        assert time.monotonic() < deadline
                        time.sleep(0.1)
                        linked = client.get(f"/api/v2/account-links/{linked['id']}").json()
                assert worker.stop() < STOP_SECONDS
                assert api.stop() < STOP_SECONDS
            assert (place / "record.jsonl").exists()
            assert sandbox.stop() < STOP_SECONDS


class TestDoctor:
    def test_it_names_what_is_wrong_with_an_account(self, place: Path, database_url: str) -> None:
        arguments = ("up", "--sandbox", "--port", "0", "--data", str(place), "--people", "50")
        with running.serving(*arguments, database_url=database_url, secret_key=KEY):
            pass
        shared = {"database_url": database_url, "secret_key": KEY}
        assert overture("doctor", **shared).exit_code == 0
        ask(database_url, "UPDATE account_link SET status = 'offline' WHERE username = 'ana'")
        ask(
            database_url,
            "UPDATE account_link SET status = 'paused', pause_reasons = '{refusals}' WHERE username = 'ben'",
        )
        ask(
            database_url,
            "UPDATE account_link SET status = 'paused', pause_reasons = '{manual}' WHERE username = 'chloe'",
        )
        examined = overture("doctor", **shared)
        assert examined.exit_code == 1
        assert "@ana is offline" in examined.stdout
        assert "@ben is paused (refusals)" in examined.stdout
        assert "2 problems found" in examined.stdout  # chloe was paused by a person
        other = overture("doctor", database_url=database_url, secret_key="11" * 32)
        assert "sealed under a key that is not at hand" in other.stdout

    def test_it_asks_x_as_well_and_sends_a_message_only_when_told_to(self, place: Path, database_url: str) -> None:
        arguments = ("up", "--sandbox", "--port", "0", "--data", str(place), "--people", "50")
        shared = {"database_url": database_url, "secret_key": KEY}
        with running.serving(*arguments, **shared) as up:
            examined = overture("doctor", "--x", **shared)
            assert examined.exit_code == 0, examined.output
            for found in ("x @ana: X knows its token", "x credit:", "x limits: @ana may send", "None was sent"):
                assert found in examined.stdout
            platform = up.address("Sandbox")
            assert httpx.get(f"{platform}/_sandbox/messages").json() == []
            examined = overture("doctor", "--x", "--yes", **shared)
            assert examined.exit_code == 0, examined.output
            assert "stands in the inbox of" in examined.stdout
            assert len(httpx.get(f"{platform}/_sandbox/messages").json()) == 1
        examined = overture("doctor", "--x", **shared)
        assert examined.exit_code == 1
        assert "x @ana: X cannot be asked about it now" in examined.stdout
        assert "belong to --x" in refusal("doctor", "--yes", **shared)
        assert "team" in refusal("doctor", "--x", "--team", "t00000000000000000000000", **shared)


class TestTokens:
    def test_a_token_is_shown_once_and_can_be_revoked(self, database_url: str) -> None:
        made = overture("token", "create", "--name", "For the report", database_url=database_url)
        token, told = made.stdout.splitlines()
        assert token.startswith("ovt_")
        token_id = re.findall(r"k[0-9a-z]{23}", told)[0]
        listed = overture("token", "list", database_url=database_url).stdout
        assert re.search(rf"{token_id}  made .* UTC  open  For the report", listed)
        assert token not in listed
        assert overture("token", "revoke", token_id, database_url=database_url).exit_code == 0
        assert f"{token_id}  made" in (after := overture("token", "list", database_url=database_url).stdout)
        assert "revoked" in after
        assert "no token 'nothing'" in refusal("token", "revoke", "nothing", database_url=database_url)
        assert "no team" in refusal("token", "create", "--team", "nothing", database_url=database_url)
