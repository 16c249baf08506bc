"""Imports of people a platform lists: page by page, each page once, within the platform's limits."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from tests.engine.conftest import World
from tests.engine.importing import Imports, counts, make

from overture.actions import audiences
from overture.actions import imports as import_actions
from overture.actions.audiences import NewAudience
from overture.actions.consents import Consent
from overture.channels import port
from overture.channels.x.channel import XChannel
from overture.core.words import Audience
from overture.store import import_sources, people
from overture.store import imports as import_rows
from overture.store.imports import Job

POST = "1900000000000000042"
NEW = NewAudience(
    platform="twitter",
    audience=Audience.FOLLOWERS,
    username="ana",
    of_id=None,
    most=1_000,
    check_only=False,
    consent=None,
)


class _Killed(Exception):
    """Stands for the end of the process."""


@pytest_asyncio.fixture
async def importing(world: World) -> Imports:
    made = await make(world)
    await world.link("ana")
    return made


async def _create(importing: Imports, **changes: Any) -> Job:
    new = replace(NEW, **changes)
    return await audiences.create(importing.world.context, importing.world.actor, list_id=importing.list_id, new=new)


async def _run(importing: Imports, **changes: Any) -> Job:
    job = await _create(importing, **changes)
    await importing.work(job)
    return await importing.read(job)


async def _listed(importing: Imports, path: str) -> set[str]:
    """Whom the platform lists, read without Overture."""
    headers = {"Authorization": "Bearer sandbox-ana"}
    answer = await importing.world.platform.get(path, params={"max_results": 100}, headers=headers)
    found = {user["id"] for user in answer.json()["data"]}
    while "next_token" in answer.json()["meta"]:
        query = {"max_results": 100, "pagination_token": answer.json()["meta"]["next_token"]}
        answer = await importing.world.platform.get(path, params=query, headers=headers)
        found |= {user["id"] for user in answer.json().get("data", ())}
    return found


async def _account_id(importing: Imports) -> str:
    found: str = await importing.world.pool.fetchval("SELECT platform_id FROM account_link WHERE username = 'ana'")
    return found


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """The platform lists no more than forty at once."""
    original = XChannel.list_audience

    async def fewer(self: XChannel, credentials: port.Credentials, **asked: Any) -> port.Listed:
        return await original(self, credentials, **{**asked, "most": min(asked["most"], 40)})

    monkeypatch.setattr(XChannel, "list_audience", fewer)


@pytest.mark.parametrize("audience", [Audience.FOLLOWERS, Audience.FOLLOWING])
async def test_who_follows_somebody_and_whom_they_follow(importing: Imports, audience: Audience) -> None:
    job = await _run(importing, audience=audience, username="ana")
    expected = await _listed(importing, f"/2/users/{await _account_id(importing)}/{audience}")
    assert set(await importing.data()) == expected
    assert (job.status, job.type, job.total_count) == ("completed", audience, len(expected))
    assert counts(job) == (len(expected), 0, 0)
    named = await importing.world.pool.fetchval("SELECT count(*) FROM profile WHERE username IS NOT NULL AND bio <> ''")
    assert named > 0, "their profiles come along"
    await importing.check()


async def test_who_liked_a_post(importing: Imports) -> None:
    job = await _run(importing, audience=Audience.LIKES, username=None, of_id=POST)
    assert set(await importing.data()) == await _listed(importing, f"/2/tweets/{POST}/liking_users")
    assert (job.status, job.type) == ("completed", "likes")


async def test_the_job_starts_in_the_engine_by_itself_and_is_told(importing: Imports) -> None:
    job = await _create(importing, most=10)
    assert (job.status, job.total_count) == ("queued", None)

    async def is_completed() -> bool:
        return (await importing.read(job)).status == "completed"

    await importing.world.run_until(is_completed)
    assert await importing.world.pool.fetchval("SELECT count(*) FROM event WHERE type = 'import.completed'") == 1


@pytest.mark.usefixtures("small_pages")
async def test_no_more_are_read_than_were_asked_for(importing: Imports) -> None:
    job = await _run(importing, most=65)
    assert sum(counts(job)) == len(await importing.data()) == 65


@pytest.mark.usefixtures("small_pages")
async def test_those_who_are_there_keep_their_values_and_a_second_import_changes_nothing(importing: Imports) -> None:
    somebody = sorted(await _listed(importing, f"/2/users/{await _account_id(importing)}/followers"))[0]
    await importing.run(f"id,company\n{somebody},Acme\n")
    first = await _run(importing)
    assert counts(first)[1] == 1
    before = await importing.data()
    assert before[somebody] == {"company": "Acme"}
    second = await _run(importing)
    assert counts(second) == (0, len(before), 0)
    assert await importing.data() == before


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize(
    ("module", "write"), [(people, "save_people"), (import_rows, "advance"), (import_sources, "turn")]
)
async def test_a_job_killed_behind_any_write_goes_on_without_a_lost_or_doubled_person(
    importing: Imports, monkeypatch: pytest.MonkeyPatch, module: Any, write: str
) -> None:
    job = await _create(importing)
    calls = 0
    original = getattr(module, write)

    async def write_and_die(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        answer = await original(*arguments, **options)
        if calls == 3:
            raise _Killed
        return answer

    monkeypatch.setattr(module, write, write_and_die)
    with pytest.raises(_Killed):
        await importing.work(job)
    assert 0 < len(await importing.data()) < 200
    await importing.work(job)
    expected = await _listed(importing, f"/2/users/{await _account_id(importing)}/followers")
    assert set(await importing.data()) == expected
    assert counts(await importing.read(job)) == (len(expected), 0, 0)
    await importing.check()


@pytest.mark.usefixtures("small_pages")
async def test_work_that_is_told_to_stop_ends_behind_its_page_and_a_canceled_job_takes_no_further(
    importing: Imports,
) -> None:
    job = await _create(importing)
    await importing.step(job)
    taken = len(await importing.data())
    assert 0 < taken <= 40
    keys = {"list_id": importing.list_id, "job_id": job.id}
    await import_actions.cancel(importing.world.context, importing.world.actor, **keys)
    await importing.work(job)
    assert len(await importing.data()) == taken


async def test_without_the_scope_a_list_needs_nobody_is_asked_and_the_job_says_which(importing: Imports) -> None:
    await importing.world.pool.execute("UPDATE account_link SET scopes = '{tweet.read,users.read,dm.read,dm.write}'")
    job = await _run(importing)
    assert job.status == "paused"
    assert job.error is not None and "follows.read" in job.error
    await importing.world.pool.execute("UPDATE account_link SET scopes = scopes || '{follows.read}'")
    await importing.work(job)
    assert (await importing.read(job)).status == "completed"


@pytest.mark.usefixtures("small_pages")
async def test_when_the_platform_limits_it_the_job_pauses_and_goes_on_by_itself(importing: Imports) -> None:
    job = await _create(importing)
    await importing.step(job)
    taken = counts(await importing.read(job))
    await importing.world.fault(kind="rateLimited", endpoint="lookup", next=1)
    await importing.work(job)
    paused = await importing.read(job)
    assert (paused.status, counts(paused)) == ("paused", taken)
    assert "rateLimited" in (paused.error or "")
    due = await importing.resume_at(job)
    assert due is not None and due > await importing.world.clock.now()
    await importing.world.clock.move(due)
    await importing.work(job)
    expected = await _listed(importing, f"/2/users/{await _account_id(importing)}/followers")
    completed = await importing.read(job)
    assert (completed.status, counts(completed)) == ("completed", (len(expected), 0, 0)), "no page was read again"
    assert set(await importing.data()) == expected


async def test_an_account_whose_window_is_used_up_is_not_asked_again_before_its_time(
    importing: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, asked = XChannel.list_audience, []
    until = await importing.world.clock.now() + timedelta(minutes=10)

    async def last_one(self: XChannel, credentials: port.Credentials, **said: Any) -> port.Listed:
        asked.append(credentials.token)
        return replace(await original(self, credentials, **{**said, "most": 40}), rest_until=until)

    monkeypatch.setattr(XChannel, "list_audience", last_one)
    job = await _create(importing)
    await importing.work(job)
    paused = await importing.read(job)
    assert (paused.status, len(asked), await importing.resume_at(job)) == ("paused", 1, until)
    assert "no more look-ups for now" in (paused.error or "")
    await importing.world.link("ben")
    await importing.work(job)
    assert asked == ["sandbox-ana", "sandbox-ben"], "another account goes on at once"


async def test_without_an_account_it_waits(importing: Imports) -> None:
    await importing.world.pool.execute("UPDATE account_link SET status = 'offline'")
    job = await _run(importing)
    assert (job.status, counts(job)) == ("paused", (0, 0, 0))
    assert "No active account" in (job.error or "")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"username": "nobody_999"}, "Nobody is called 'nobody_999'"),
        ({"username": None, "of_id": "42"}, "does not show"),
    ],
)
async def test_what_is_not_there_fails_the_job_in_plain_words(
    importing: Imports, change: dict[str, Any], words: str
) -> None:
    job = await _run(importing, **change)
    assert (job.status, words in (job.error or "")) == ("failed", True)
    assert await importing.world.pool.fetchval("SELECT count(*) FROM event WHERE type = 'import.failed'") == 1


async def test_a_check_counts_and_changes_nothing(importing: Imports) -> None:
    await importing.run(
        "id\n" + "\n".join(sorted(await _listed(importing, f"/2/tweets/{POST}/liking_users"))[:2]) + "\n"
    )
    before = await importing.data()
    job = await _run(importing, audience=Audience.LIKES, username=None, of_id=POST, check_only=True)
    listed = await _listed(importing, f"/2/tweets/{POST}/liking_users")
    assert (job.status, counts(job)) == ("completed", (len(listed) - 2, 2, 0))
    assert await importing.data() == before


async def test_consent_is_recorded_and_undoing_takes_both_back(importing: Imports) -> None:
    consent = Consent(basis="signedUp", evidence="They follow us to be written to")
    job = await _run(importing, most=30, consent=consent)
    query = "SELECT count(*) FROM contact WHERE consent_basis = 'signedUp'"
    assert await importing.world.pool.fetchval(query) == 30
    await importing.undo(job)
    assert await importing.data() == {}
    assert await importing.world.pool.fetchval("SELECT count(*) FROM contact WHERE consent_at IS NOT NULL") == 0


async def test_a_platform_that_names_the_same_page_again_is_not_asked_for_ever(
    importing: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = XChannel.list_audience

    async def stuck(self: XChannel, credentials: port.Credentials, **asked: Any) -> port.Listed:
        listed = await original(self, credentials, **{**asked, "page": None, "most": 20})
        return replace(listed, next_page="page20")

    monkeypatch.setattr(XChannel, "list_audience", stuck)
    job = await _run(importing)
    assert (job.status, 0 < len(await importing.data()) <= 20) == ("completed", True)
