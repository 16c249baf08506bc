"""A backup, restored in mid-campaign: what was sent since is learned from the platform, and never sent again."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pydantic import SecretStr
from tests.engine.conftest import World, delay, message

from overture import backup
from overture.actions import accounts, campaign_waits, campaigns, lead_release, team_settings
from overture.actions.lead_release import Decision
from overture.channels.x import events, limits
from overture.channels.x.channel import XChannel
from overture.core.identifiers import Identifier, IdentifierKind
from overture.engine import dispatch
from overture.errors import StartError
from overture.settings import Settings
from overture.store import virtual
from overture.store.dumps import DumpFailed
from overture.store.pool import open_pool

STEPS = [message("Hello "), delay(1), message("Again "), delay(1), message("Last ")]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "overture.backup"


async def back_up(url: str, file: Path) -> None:
    await backup.back_up(Settings(database_url=SecretStr(url)), file=file, say=lambda _: None)


@asynccontextmanager
async def restored(world: World, url: str, file: Path, *, stopped: bool = False) -> AsyncIterator[World]:
    """The same platform, with a database as it was when the backup was made; time goes on where it stands."""
    now = await world.clock.now()
    said: list[str] = []
    await backup.restore(Settings(database_url=SecretStr(url)), file=file, stopped=stopped, say=said.append)
    pool = await open_pool(url)
    clock = virtual.VirtualClock(pool)
    await clock.move(now)
    context = replace(world.context, pool=pool, clock=clock)
    yield replace(world, context=context, pool=pool, clock=clock)
    await pool.close()


async def run_until_sent(world: World, count: int) -> None:
    async def is_sent() -> bool:
        return len(await sent(world)) >= count

    await world.run_until(is_sent)


async def sent(world: World) -> list[tuple[str, str]]:
    """What the campaign has sent, by the platform's own record: the person, and the text."""
    return [(one["recipient"], one["text"]) for one in await world.messages() if one["origin"] == "api"]


def doubles(messages: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [one for one, times in Counter(messages).items() if times > 1]


async def recount(world: World) -> None:
    """Every counter equals the rows behind it, and the ledger the platform's record."""
    counted = await world.pool.fetchrow(
        "SELECT sum(contacted) AS contacted, sum(answered) AS answered, sum(targets) AS targets FROM campaign_counter"
    )
    rows = await world.pool.fetchrow(
        "SELECT count(contacted_at) AS contacted, count(replied_at) AS answered, count(*) FILTER (WHERE contacted_at IS"
        " NOT NULL OR state NOT IN ('excluded', 'removed', 'canceled', 'unreachable')) AS targets FROM lead"
    )
    assert counted is not None
    assert rows is not None
    assert dict(counted) == dict(rows)
    accepted = await world.pool.fetch("SELECT platform_message_id AS id FROM attempt WHERE state = 'accepted'")
    record = [one["id"] for one in await world.messages() if one["origin"] == "api"]
    assert sorted(row["id"] for row in accepted) == sorted(record)


@pytest.mark.parametrize(("before", "since"), [(0, 7), (6, 20), (25, 25), (40, 1)])
async def test_a_restored_campaign_goes_on_without_a_double(
    world: World, database_url: str, empty_database_url: str, file: Path, before: int, since: int
) -> None:
    await world.link("ana", "ben", "chloe")
    people = (await world.people(nature="open"))[:24]
    campaign_id = await world.campaign([await world.make_list(people)], steps=STEPS)
    await run_until_sent(world, before)
    await back_up(database_url, file)
    await run_until_sent(world, before + since)

    async with restored(world, empty_database_url, file) as again:
        at_restore = len(await sent(again))
        await again.run_until_completed(campaign_id)
        assert len(await sent(again)) > at_restore
        assert doubles(await sent(again)) == []
        await recount(again)
        assert "held" not in await again.lead_states(campaign_id)


async def test_inboxes_too_long_to_be_read_at_once_are_caught_up_with_part_by_part(
    world: World, database_url: str, empty_database_url: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each reading shows two messages: some lead's later message is always read before its earlier one."""
    await world.link("ana")
    people = (await world.people(nature="open", talk="silent"))[:5]
    campaign_id = await world.campaign([await world.make_list(people)], steps=STEPS)
    await run_until_sent(world, 2)
    await back_up(database_url, file)
    await run_until_sent(world, 12)

    monkeypatch.setattr(limits, "PAGE_CAP", 1)
    for name in ("EVENTS_AT_FIRST", "EVENTS_PER_PAGE"):
        monkeypatch.setattr(limits, name, 2)
    monkeypatch.setattr(events, "PARAMETERS", {**events.PARAMETERS, "max_results": "2"})
    async with restored(world, empty_database_url, file) as again:
        readings: list[list[str]] = []
        read = XChannel.read_inbox

        async def told(channel: XChannel, *arguments: Any, **named: Any) -> Any:
            inbox = await read(channel, *arguments, **named)
            readings.append([message.platform_id for message in inbox.messages])
            assert len(inbox.messages) <= 2
            return inbox

        monkeypatch.setattr(XChannel, "read_inbox", told)
        await again.run_until_completed(campaign_id)
        assert len(readings) >= 5
        assert doubles(await sent(again)) == []
        assert len(await sent(again)) == 15
        await recount(again)
        assert "held" not in await again.lead_states(campaign_id)
        for table in ("inbox_reading", "catch_up", "catch_up_message"):
            assert await again.pool.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_messages_under_way_at_the_backup_are_found_before_those_since(
    world: World, database_url: str, empty_database_url: str, file: Path
) -> None:
    await world.link("ana")
    people = (await world.people(nature="open", talk="silent"))[:3]
    campaign_id = await world.campaign([await world.make_list(people)], steps=STEPS)
    await run_until_sent(world, 2)
    await back_up(database_url, file)
    await run_until_sent(world, 5)

    async with restored(world, empty_database_url, file) as again:
        # As if the latest message had been on its way when the backup was made.
        attempt_id = await again.pool.fetchval("SELECT max(id) FROM attempt")
        await again.pool.execute("ALTER TABLE lead DISABLE TRIGGER lead_transition_check")
        for undo in (
            "UPDATE lead l SET state = 'ready', contacted_at = NULL, first_intent_at = NULL, rank = 0, since = NULL,"
            " account_id = NULL FROM attempt a WHERE a.lead_id = l.id AND a.id = $1",
            "DELETE FROM lead_due d USING attempt a WHERE a.lead_id = d.lead_id AND a.id = $1",
            "DELETE FROM message WHERE attempt_id = $1",
            "UPDATE attempt SET state = 'intent', ended_at = 'infinity', accepted_at = NULL, outcome = NULL,"
            " platform_message_id = NULL, lease_until = '2026-01-01T00:00:00Z' WHERE id = $1",
        ):
            await again.pool.execute(undo, attempt_id)
        await again.pool.execute("ALTER TABLE lead ENABLE TRIGGER lead_transition_check")
        await again.run_until_completed(campaign_id)
        assert doubles(await sent(again)) == []
        assert len(await sent(again)) == 9


async def test_nothing_is_sent_before_every_account_has_caught_up(
    world: World, database_url: str, empty_database_url: str, file: Path
) -> None:
    await world.link("ana", "ben")
    people = (await world.people(nature="open", talk="silent"))[:8]
    campaign_id = await world.campaign([await world.make_list(people)], steps=STEPS)
    await run_until_sent(world, 2)
    await back_up(database_url, file)
    async with restored(world, empty_database_url, file) as again:
        ben = again.account_ids["ben"]
        await again.pool.execute("UPDATE account_link SET status = 'offline' WHERE id = $1", ben)

        async def has_ana_caught_up() -> bool:
            return [row["account_id"] for row in await again.pool.fetch("SELECT account_id FROM catch_up")] == [ben]

        await again.run_until(has_ana_caught_up)
        shown = await campaigns.get(again.context, again.actor, campaign_id=campaign_id)
        wait = (await campaign_waits.told(again.context, again.actor, campaigns=[shown]))[campaign_id].wait
        assert wait is not None
        assert wait.code == "restored"
        await again.pool.execute("UPDATE account_pace SET wake_at = '2026-01-01T00:00:00Z'")
        dispatcher = dispatch.Dispatcher(pool=again.pool, channels=again.context.channels, draws=Random(1))
        later = (await again.clock.now()).replace(hour=20)
        claimed = await dispatcher.claim(again.actor.team_id, now=later, wall_now=later)
        assert claimed.ready == []
        # A stop and a resume by hand do not open what waits for the platform's word.
        await team_settings.stop(again.context, again.actor)
        await team_settings.resume(again.context, again.actor)
        assert await again.pool.fetchval("SELECT open FROM team_gate") is False
        await again.pool.execute("UPDATE campaign_account SET is_member = false WHERE account_id = $1", ben)
        await accounts.disconnect(again.context, again.actor, account_id=ben)
        assert await again.pool.fetchval("SELECT open FROM team_gate") is True


async def test_a_restore_can_leave_everything_stopped(
    world: World, database_url: str, empty_database_url: str, file: Path
) -> None:
    await world.link("ana")
    await back_up(database_url, file)
    async with restored(world, empty_database_url, file, stopped=True) as again:

        async def has_caught_up() -> bool:
            return not await again.pool.fetchval("SELECT count(*) FROM catch_up")

        await again.run_until(has_caught_up)
        assert await again.pool.fetchval("SELECT open FROM team_gate") is False
        await team_settings.resume(again.context, again.actor)
        assert await again.pool.fetchval("SELECT open FROM team_gate") is True


async def test_leads_that_may_be_meant_by_a_message_nobody_can_place_are_held(
    world: World, database_url: str, empty_database_url: str, file: Path
) -> None:
    await world.link("ana")
    (person,) = (await world.people(nature="open", talk="silent"))[:1]
    campaigns = [
        await world.campaign([await world.make_list([person], name=text)], steps=[message(text)])
        for text in ("Spring ", "Autumn ")
    ]

    async def are_planned() -> bool:
        return bool(await world.pool.fetchval("SELECT count(*) FROM lead_due") == 2)

    await world.run_until(are_planned)
    await back_up(database_url, file)
    await world.say("ana", person["username"], "Something else")
    async with restored(world, empty_database_url, file) as again:

        async def has_caught_up() -> bool:
            return not await again.pool.fetchval("SELECT count(*) FROM catch_up")

        await again.run_until(has_caught_up)
        for campaign_id in campaigns:
            assert await again.lead_states(campaign_id) == {"held": 1}
        assert await again.pool.fetchval("SELECT count(*) FROM lead WHERE reason = 'restored'") == 2


async def test_somebody_put_on_a_list_once_more_is_held_before_the_message_they_had(
    world: World, database_url: str, empty_database_url: str, file: Path
) -> None:
    await world.link("ana")
    (person,) = (await world.people(nature="open", talk="silent"))[:1]
    list_id = await world.make_list([])
    campaign_id = await world.campaign([list_id], steps=[message("Hello "), delay(1), message("Again ")])
    await back_up(database_url, file)
    await world.add_to_list(list_id, [person])
    await run_until_sent(world, 1)
    async with restored(world, empty_database_url, file) as again:

        async def has_caught_up() -> bool:
            return not await again.pool.fetchval("SELECT count(*) FROM catch_up")

        await again.run_until(has_caught_up)
        await again.add_to_list(list_id, [person])

        async def is_held() -> bool:
            return await again.lead_states(campaign_id) == {"held": 1}

        await again.run_until(is_held)
        who = Identifier(kind=IdentifierKind.PLATFORM_ID, value=person["id"], platform="twitter")
        await lead_release.release(
            again.context, again.actor, campaign_id=campaign_id, identifier=who, decision=Decision.SKIP
        )
        await again.run_until_completed(campaign_id)
        assert doubles(await sent(again)) == []
        assert len(await sent(again)) == 2


async def test_a_backup_is_for_its_owner_alone_and_never_overwrites(database_url: str, file: Path) -> None:
    await back_up(database_url, file)
    assert os.stat(file).st_mode & 0o777 == 0o600  # noqa: PTH116 - a test waits for nobody
    with pytest.raises(DumpFailed, match="never overwrites"):
        await back_up(database_url, file)
    assert os.listdir(file.parent) == [file.name]  # noqa: PTH208 - the same


async def test_only_an_empty_database_takes_a_backup(database_url: str, file: Path) -> None:
    await back_up(database_url, file)
    with pytest.raises(StartError, match="not empty"):
        await backup.restore(
            Settings(database_url=SecretStr(database_url)), file=file, stopped=False, say=lambda _: None
        )


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda whole: whole[: len(whole) * 2 // 3], "damaged"),
        (lambda whole: whole[:2000], "damaged"),
        (lambda whole: whole[10:], "no backup"),
        (lambda whole: whole[:0], "no backup"),
        (lambda whole: whole.replace(b'"format": 1', b'"format": 2', 1), "Restore it with that release"),
        (lambda whole: whole.replace(b'"schema": ', b'"schema": 9', 1), "a newer one"),
    ],
)
async def test_a_file_that_is_not_whole_leaves_the_database_empty(
    database_url: str, empty_database_url: str, file: Path, damage: Callable[[bytes], bytes], words: str
) -> None:
    await back_up(database_url, file)
    await asyncio.to_thread(lambda: file.write_bytes(damage(file.read_bytes())))
    settings = Settings(database_url=SecretStr(empty_database_url))
    with pytest.raises((DumpFailed, StartError), match=words):
        await backup.restore(settings, file=file, stopped=False, say=lambda _: None)
    pool = await open_pool(empty_database_url)
    assert await pool.fetchval("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == 0
    pool.terminate()
