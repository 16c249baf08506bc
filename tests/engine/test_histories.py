"""Histories by the engine: evidence of the time before the platform's record, taken once, and never a send of ours."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from tests.engine.conftest import START, World
from tests.engine.importing import AfterOneBatch, counts

from overture.actions import accounts, campaign_rules, histories
from overture.actions import imports as import_actions
from overture.actions import lists as list_actions
from overture.core.words import ContactPolicy
from overture.engine import import_run, imports, replies
from overture.engine.chores import Chore
from overture.engine.import_target import BATCH
from overture.errors import Conflict
from overture.store import import_rejects
from overture.store.imports import Job
from overture.store.pool import Connection

LONG_AGO = START - timedelta(days=400)


class _Killed(Exception):
    """Stands for the end of the process."""


class Histories:
    """An account whose inbox is read, and an importer run by hand."""

    def __init__(self, world: World, account_id: str, own_id: str) -> None:
        self.world = world
        self.account_id = account_id
        self.own_id = own_id
        self.importer = imports.Importer(
            pool=world.pool, clock=world.clock, channels=world.context.channels, sealer=world.context.sealer
        )

    async def create(self, content: str, *, check_only: bool = False) -> Job:
        async def pieces() -> AsyncIterator[bytes]:
            encoded = content.encode()
            for start in range(0, len(encoded), 65_536):
                yield encoded[start : start + 65_536]

        new = histories.NewHistory(file_name="direct-messages.js", check_only=check_only)
        return await histories.create(
            self.world.context,
            self.world.actor,
            account_id=self.account_id,
            pieces=pieces(),
            content_path=("file",),
            describe=lambda: new,
        )

    async def run(self, content: str, **options: Any) -> Job:
        job = await self.create(content, **options)
        assert await self.importer.work(self.chore(job), halt=asyncio.Event())
        return await self.read(job)

    def chore(self, job: Job) -> Chore:
        return Chore(team_id=self.world.actor.team_id, key=job.id)

    async def read(self, job: Job) -> Job:
        return await import_actions.get(self.world.context, self.world.actor, list_id=job.list_id, job_id=job.id)

    async def rejects(self, job: Job) -> list[tuple[int, str]]:
        rows = await self.world.pool.fetch(
            "SELECT line, reason FROM import_reject WHERE job_id = $1 ORDER BY line", job.id
        )
        return [(row["line"], row["reason"]) for row in rows]

    async def sizes(self) -> dict[str, int]:
        """How many people are on the lists Overture keeps."""
        found = await list_actions.read_page(self.world.context, self.world.actor, after=None, count=10)
        return {one.kind: one.leads_count for one in found if one.kind != "user"}

    async def beginning(self) -> datetime | None:
        account = await accounts.get(self.world.context, self.world.actor, account_id=self.account_id)
        return account.history_from

    async def everything(self) -> list[Any]:
        """All that an import may change."""
        tables = ("profile", "person", "thread", "message", "lead_turn", "list")
        return [await self.world.pool.fetch(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables]

    def message(self, number: int, other: str, at: datetime, *, is_sent: bool, text: str = "Hello") -> dict[str, Any]:
        return {
            "messageCreate": {
                "recipientId": other if is_sent else self.own_id,
                "text": text,
                "senderId": self.own_id if is_sent else other,
                "id": str(number),
                "createdAt": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            }
        }


def archived(*messages: dict[str, Any]) -> str:
    held = [{"dmConversation": {"conversationId": "1-2", "messages": list(messages)}}]
    return "window.YTD.direct_messages.part0 = " + json.dumps(held, indent=2)


async def linked(world: World, username: str = "ana") -> Histories:
    """Link an account."""
    await world.link(username)
    account = await accounts.get(world.context, world.actor, account_id=world.account_ids[username])
    return Histories(world, account.id, account.platform_id)


async def read_inbox(world: World, account_id: str) -> None:
    reader = replies.InboxReader(pool=world.pool, channels=world.context.channels, sealer=world.context.sealer)
    await reader.read(team_id=world.actor.team_id, account_id=account_id, now=await world.clock.now())


@pytest_asyncio.fixture
async def history(world: World) -> Histories:
    made = await linked(world)
    await read_inbox(world, made.account_id)
    return made


async def test_an_archive_fills_contacted_and_mutual_and_is_no_send(history: Histories) -> None:
    file = archived(
        history.message(11, "7001", LONG_AGO, is_sent=True),
        history.message(12, "7001", LONG_AGO + timedelta(days=1), is_sent=False, text="Who is this?"),
        history.message(13, "7002", LONG_AGO, is_sent=True),
        history.message(14, "7003", LONG_AGO, is_sent=False),
    )
    job = await history.run(file)
    assert (job.status, job.total_count, job.error) == ("completed", 4, None)
    assert counts(job) == (4, 0, 0)
    assert await history.sizes() == {"contacted": 2, "mutual": 1}
    rows = await history.world.pool.fetch(
        "SELECT m.direction, m.content, m.sent_at, t.archived FROM message m JOIN thread t ON t.id = m.thread_id "
        "ORDER BY m.platform_id"
    )
    assert [tuple(row) for row in rows][:2] == [
        ("outbound", "Hello", LONG_AGO, True),
        ("inbound", "Who is this?", LONG_AGO + timedelta(days=1), True),
    ]
    assert await history.world.pool.fetchval("SELECT count(*) FROM attempt") == 0
    kinds = await history.world.pool.fetch("SELECT type FROM event WHERE type NOT LIKE 'accountLink%'")
    assert [row["type"] for row in kinds] == ["import.completed"]


async def test_importing_it_again_changes_nothing(history: Histories) -> None:
    file = archived(
        history.message(11, "7001", LONG_AGO, is_sent=True),
        history.message(12, "7001", LONG_AGO, is_sent=False, text="Stop"),
    )
    await history.run(file)
    before = await history.everything()
    assert counts(await history.run(file)) == (0, 2, 0)
    assert await history.everything() == before
    # Nor does it bring back a suppression that an owner has ended.
    await history.world.pool.execute("UPDATE person SET suppressed_at = NULL, suppressed_reason = NULL")
    before = await history.everything()
    await history.run(file)
    assert await history.everything() == before


async def test_a_csv_tells_the_same_of_people_by_any_name(history: Histories) -> None:
    person = (await history.world.people(nature="open"))[0]
    file = (
        "username,platformId,Sent at,Received at\n"
        f"@{person['username']},,2024-03-01,\n"
        "https://x.com/i/user/7002,,2024-03-01 10:00,2024-03-02T10:00:00+02:00\n"
        ",7003,,2024-03-01\n"
        ",7003,,2024-02-01\n"
        ",7003,,\n"
        ",7004,yesterday,\n"
        ",,2024-03-01,\n"
    )
    job = await history.run(file)
    assert counts(job) == (3, 1, 3)
    assert await history.rejects(job) == [(6, "noInstant"), (7, "notAnInstant"), (8, "noIdentifier")]
    assert await history.sizes() == {"contacted": 2, "mutual": 1}
    assert await history.world.pool.fetchval("SELECT count(*) FROM message") == 0
    assert await history.world.pool.fetchval("SELECT count(*) FROM thread WHERE last_inbound_at IS NOT NULL") == 2


async def test_what_the_platform_has_shown_is_left_to_the_inbox(history: Histories) -> None:
    shown = history.message(11, "7001", START - timedelta(days=29), is_sent=False, text="stop")
    job = await history.run(archived(shown))
    assert counts(job) == (0, 1, 0)
    assert await history.world.pool.fetchval("SELECT count(*) FROM message") == 0
    assert await history.sizes() == {"contacted": 0, "mutual": 0}


async def test_it_waits_until_the_platform_was_read(world: World) -> None:
    history = await linked(world)
    job = await history.create(archived(history.message(11, "7001", LONG_AGO, is_sent=True)))
    for _ in range(imports.STARTS_ALLOWED + 1):
        assert await history.importer.work(history.chore(job), halt=asyncio.Event())
    waiting = await history.read(job)
    assert (waiting.status, waiting.processed_count) == ("paused", 0)
    assert "first time" in (waiting.error or "")

    async def is_completed() -> bool:
        return (await history.read(job)).status == "completed"

    await world.run_until(is_completed)
    assert counts(await history.read(job)) == (1, 0, 0)


async def test_the_history_begins_where_the_file_does_if_nothing_is_missing_between(history: Histories) -> None:
    began = START - timedelta(days=30)
    assert await history.beginning() == began
    old = history.message(11, "7001", LONG_AGO, is_sent=True)
    await history.run(archived(old))
    assert await history.beginning() == began
    await history.run(archived(old, history.message(12, "7001", began, is_sent=True)), check_only=True)
    assert await history.beginning() == began
    await history.run(archived(old, history.message(12, "7001", began, is_sent=True)))
    assert await history.beginning() == LONG_AGO


async def test_a_check_changes_nothing_and_counts_what_an_import_would(history: Histories) -> None:
    file = archived(
        history.message(11, "7001", LONG_AGO, is_sent=True),
        history.message(12, "7001", LONG_AGO, is_sent=False, text="Stop"),
        history.message(13, "x", LONG_AGO, is_sent=False),
    )
    before = await history.everything()
    checked = await history.run(file, check_only=True)
    assert await history.everything() == before
    assert counts(checked) == counts(await history.run(file)) == (2, 0, 1)


async def test_rejects_tell_the_line_of_the_archive_and_can_be_mended(history: Histories) -> None:
    broken = history.message(12, "7001", LONG_AGO, is_sent=False)
    broken["messageCreate"]["createdAt"] = "long ago"
    file = archived(history.message(11, "7001", LONG_AGO, is_sent=True), broken)
    job = await history.run(file)
    assert counts(job) == (1, 0, 1)
    ((line, reason),) = await history.rejects(job)
    assert reason == "notAnInstant"
    assert '"messageCreate"' in file.split("\n")[line - 1]
    told = await import_actions.rejects(history.world.context, history.world.actor, list_id=job.list_id, job_id=job.id)
    rejected = "".join([piece async for piece in told])
    assert rejected == (
        "importLine,importReason,platformId,sentAt,receivedAt,messageId,text\r\n"
        f"{line},notAnInstant,7001,,long ago,12,Hello\r\n"
    )
    mended = await history.run(rejected.replace("long ago", "2024-03-01"))
    assert counts(mended) == (1, 0, 0)
    assert await history.sizes() == {"contacted": 1, "mutual": 1}


async def test_whoever_said_stop_gets_nothing_more(history: Histories) -> None:
    world = history.world
    (person,) = (await world.people(nature="open"))[:1]
    campaign_id = await world.campaign([await world.make_list([person])])

    async def is_ready() -> bool:
        return await world.lead_states(campaign_id) == {"ready": 1}

    await world.run_until(is_ready)
    file = archived(
        history.message(12, person["id"], LONG_AGO + timedelta(days=1), is_sent=False, text="Thanks anyway"),
        history.message(11, person["id"], LONG_AGO, is_sent=False, text="Please stop."),
    )
    await history.run(file)
    rows = await world.pool.fetch("SELECT state, reason FROM lead")
    assert [tuple(row) for row in rows] == [("excluded", "suppressed")]
    rows = await world.pool.fetch("SELECT suppressed_reason, suppressed_by FROM person WHERE suppressed_at IS NOT NULL")
    assert [tuple(row) for row in rows] == [("optOut", None)]


async def test_whoever_wrote_to_the_account_may_be_written_to_by_it(history: Histories) -> None:
    world = history.world
    await world.pool.execute("UPDATE platform_app SET contact_policy = $1", ContactPolicy.INBOUND_OR_CONSENT)
    writer, stranger = (await world.people(nature="open"))[:2]
    campaign_id = await world.campaign([await world.make_list([writer, stranger])], enabled=False)

    async def states() -> dict[str, str]:
        rows = await world.pool.fetch(
            "SELECT p.platform_id, l.state FROM lead l JOIN profile p ON p.id = l.profile_id WHERE campaign_id = $1",
            campaign_id,
        )
        return {row["platform_id"]: row["state"] for row in rows}

    async def are_out() -> bool:
        return set((await states()).values()) == {"excluded"}

    await world.run_until(are_out)
    await history.run(f"platformId,receivedAt\n{writer['id']},2024-03-01\n")

    async def is_in() -> bool:
        return await states() == {writer["id"]: "ready", stranger["id"]: "excluded"}

    await world.run_until(is_in)


async def test_whoever_was_written_to_leaves_campaigns_that_take_nobody_contacted(history: Histories) -> None:
    world = history.world
    contacted, other = (await world.people(nature="open"))[:2]
    rules = campaign_rules.RuleChanges(exclude_contacted=True)
    campaign_id = await world.campaign([await world.make_list([contacted, other])], enabled=False, rules=rules)

    async def are_in() -> bool:
        return await world.lead_states(campaign_id) == {"ready": 2}

    await world.run_until(are_in)
    await history.run(archived(history.message(11, contacted["id"], LONG_AGO, is_sent=True)))

    async def is_out() -> bool:
        return await world.lead_states(campaign_id) == {"ready": 1, "excluded": 1}

    await world.run_until(is_out)


async def test_whoever_answered_this_account_meanwhile_gets_nothing_more_from_another(history: Histories) -> None:
    world = history.world
    (ben,) = await world.link("ben")
    asked, before = (await world.people(nature="open", talk="silent"))[:2]
    campaign_id = await world.campaign([await world.make_list([asked, before])], account_ids=[ben])

    async def are_contacted() -> bool:
        return await world.lead_states(campaign_id) == {"inSequence": 2}

    await world.run_until(are_contacted)
    await world.pool.execute("UPDATE attempt SET intent_at = $1", LONG_AGO)
    hour = timedelta(hours=1)
    await history.run(
        archived(
            history.message(11, asked["id"], LONG_AGO + hour, is_sent=False),
            history.message(12, before["id"], LONG_AGO - hour, is_sent=False),
        )
    )
    rows = await world.pool.fetch(
        "SELECT p.platform_id, l.state, l.reason, l.replied_at FROM lead l JOIN profile p ON p.id = l.profile_id"
    )
    assert {tuple(row) for row in rows} == {
        (asked["id"], "canceled", "answeredElsewhere", None),
        (before["id"], "inSequence", None, None),
    }


async def test_whoever_was_forgotten_stays_so(history: Histories) -> None:
    world = history.world
    team_id = world.actor.team_id
    await world.pool.execute(
        "INSERT INTO forgotten_person SELECT team_id, 'twitter', forgotten_digest(erasure_salt, 'twitter', '7001'), "
        "$2, 'Owner' FROM team WHERE team_id = $1",
        team_id,
        START,
    )
    job = await history.run(archived(history.message(11, "7001", LONG_AGO, is_sent=False, text="My address is ...")))
    assert counts(job) == (0, 1, 0)
    assert await world.pool.fetchval("SELECT count(*) FROM message") == 0


async def test_a_killed_import_goes_on_without_a_lost_or_doubled_row(
    history: Histories, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_run, "BATCH", 10)
    others = [str(number) for number in range(7_001, 7_036)]
    file = archived(*(history.message(int(other), other, LONG_AGO, is_sent=True) for other in others))
    job = await history.create(file)
    keep = import_rejects.insert
    kills = iter([False, True, False, True, True])

    async def killed(connection: Connection, **arguments: Any) -> None:
        await keep(connection, **arguments)
        if next(kills, False):
            raise _Killed

    monkeypatch.setattr(import_rejects, "insert", killed)
    for _ in range(20):
        try:
            await history.importer.work(history.chore(job), halt=AfterOneBatch())
        except _Killed:
            continue
    ended = await history.read(job)
    assert (ended.status, counts(ended)) == ("completed", (35, 0, 0))
    assert await history.sizes() == {"contacted": 35, "mutual": 0}


async def test_a_large_archive_is_taken_batch_by_batch(history: Histories) -> None:
    count = 2 * BATCH + 100
    messages = [
        history.message(
            number + 1, str(7_000 + number // 4), LONG_AGO + timedelta(minutes=number), is_sent=number % 4 < 3
        )
        for number in range(count)
    ]
    job = await history.run(archived(*messages))
    assert (job.total_count, counts(job)) == (count, (count, 0, 0))
    assert await history.sizes() == {"contacted": count // 4, "mutual": count // 4}
    assert await history.world.pool.fetchval("SELECT count(*) FROM message") == count


async def test_an_account_that_was_disconnected_ends_its_imports(history: Histories) -> None:
    job = await history.create(archived(history.message(11, "7001", LONG_AGO, is_sent=True)))
    await accounts.disconnect(history.world.context, history.world.actor, account_id=history.account_id)
    await history.importer.work(history.chore(job), halt=asyncio.Event())
    ended = await history.read(job)
    assert ended.status == "failed"
    assert "disconnected" in (ended.error or "")


async def test_a_history_cannot_be_undone(history: Histories) -> None:
    job = await history.run(archived(history.message(11, "7001", LONG_AGO, is_sent=True)))
    with pytest.raises(Conflict):
        await import_actions.undo(history.world.context, history.world.actor, list_id=job.list_id, job_id=job.id)
