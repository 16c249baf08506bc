"""A campaign from its list to its end, in virtual time, judged by what the platform recorded."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from tests import recounts
from tests.engine.conftest import SEQUENCE, World, delay, message

NEW_YORK = ZoneInfo("America/New_York")


async def test_a_campaign_runs_to_its_end_inside_every_law(world: World) -> None:
    await world.link("ana", "ben", "chloe")
    people = (await world.people())[:60]
    campaign_id = await world.campaign([await world.make_list(people)])

    await world.run_until_completed(campaign_id)

    sends = [message for message in await world.messages() if message["origin"] == "api"]
    answers = {message["sender"]: instant(message) for message in await world.messages() if message["origin"] != "api"}
    assert len(sends) > 60
    assert_nobody_got_a_text_twice(sends)
    assert_inside_hours(sends)
    assert_paced(sends, rate=8)
    assert_one_account_each(sends)
    assert_silent_after_an_answer(sends, answers)
    assert_delays_kept(sends)
    await assert_counters_are_a_recount(world, campaign_id)
    states = await world.lead_states(campaign_id)
    assert set(states) == {"finished", "replied", "unreachable"}
    assert sum(states.values()) == 60


async def test_every_answer_gives_the_contact_its_status_once(world: World) -> None:
    await world.link("ana")
    people = (await world.people(nature="open", talk="answers"))[:10]
    campaign_id = await world.campaign([await world.make_list(people)])

    await world.run_until_completed(campaign_id)

    replied = (await world.lead_states(campaign_id)).get("replied", 0)
    with_status = await world.pool.fetchval("SELECT count(*) FROM contact WHERE status_id IS NOT NULL")
    changes = await world.pool.fetchval("SELECT count(*) FROM event WHERE type = 'contact.statusChanged'")
    assert replied > 5
    assert replied == with_status == changes


async def test_events_are_numbered_without_gaps(world: World) -> None:
    await world.link("ana", "ben")
    campaign_id = await world.campaign([await world.make_list((await world.people(nature="open"))[:12])])

    await world.run_until_completed(campaign_id)

    rows = await world.pool.fetch("SELECT seq, type FROM event ORDER BY seq")
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    kinds = Counter(row["type"] for row in rows)
    assert kinds["campaign.created"] == kinds["campaign.started"] == kinds["campaign.completed"] == 1
    assert kinds["target.contacted"] == 12


async def test_a_completed_campaign_takes_up_new_leads_by_itself(world: World) -> None:
    await world.link("ana")
    people = await world.people(nature="open")
    list_id = await world.make_list(people[:3])
    campaign_id = await world.campaign([list_id], steps=[message("Hello ")])
    await world.run_until_completed(campaign_id)

    await world.add_to_list(list_id, people[3:5])

    async def has_contacted_all() -> bool:
        return len({sent["recipient"] for sent in await world.messages() if sent["origin"] == "api"}) == 5

    await world.run_until(has_contacted_all)
    await world.run_until_completed(campaign_id)
    await assert_counters_are_a_recount(world, campaign_id)


async def test_nobody_is_contacted_whom_the_team_has_contacted_before(world: World) -> None:
    await world.link("ana", "ben")
    people = (await world.people(nature="open"))[:4]
    list_id = await world.make_list(people)
    first = await world.campaign([list_id], steps=[message("First ")])
    await world.run_until_completed(first)

    second = await world.campaign(
        [list_id, await world.make_list((await world.people(nature="open"))[4:6], "More")],
        steps=[message("Second ")],
        rules={"exclude_contacted": True},
    )
    await world.run_until_completed(second)

    assert await world.lead_states(second) == {"excluded": 4, "finished": 2}
    reasons = await world.pool.fetch("SELECT DISTINCT reason FROM lead WHERE state = 'excluded'")
    assert [row["reason"] for row in reasons] == ["contacted"]


async def test_one_person_is_in_one_sequence_at_a_time(world: World) -> None:
    await world.link("ana", "ben")
    people = (await world.people(nature="open", talk="silent"))[:6]
    list_id = await world.make_list(people)
    first = await world.campaign([list_id], steps=SEQUENCE, account_ids=[world.account_ids["ana"]])
    second = await world.campaign(
        [list_id], steps=[message("Other "), delay(1), message("More ")], account_ids=[world.account_ids["ben"]]
    )

    async def both_are_through() -> bool:
        return await world.status(first) == "completed" and await world.status(second) == "completed"

    await world.run_until(both_are_through, seconds=90)

    spans: dict[str, dict[str, list[datetime]]] = defaultdict(lambda: defaultdict(list))
    for sent in await world.messages():
        spans[sent["recipient"]][sent["sender"]].append(instant(sent))
    for by_account in spans.values():
        (one, other) = sorted((min(times), max(times)) for times in by_account.values())
        assert other[0] - one[1] >= timedelta(days=30)


async def test_a_lead_that_leaves_its_list_gets_nothing_more(world: World) -> None:
    await world.link("ana")
    people = (await world.people(nature="open", talk="silent"))[:3]
    list_id = await world.make_list(people)
    campaign_id = await world.campaign([list_id])

    async def all_are_contacted() -> bool:
        return (await world.lead_states(campaign_id)).get("inSequence") == 3

    await world.run_until(all_are_contacted)
    await world.take_from_list(list_id, people[:1])
    await world.run_until_completed(campaign_id)

    sends = Counter(sent["recipient"] for sent in await world.messages())
    assert sends[people[0]["id"]] == 1
    assert [sends[person["id"]] for person in people[1:]] == [3, 3]
    assert await world.lead_states(campaign_id) == {"removed": 1, "finished": 2}


async def test_who_wrote_before_the_first_message_is_held_for_a_person(world: World) -> None:
    await world.link("ana")
    people = (await world.people(nature="open", talk="silent"))[:2]
    campaign_id = await world.campaign([await world.make_list(people)], steps=[message("Hello ")])

    async def both_are_ready() -> bool:
        return (await world.lead_states(campaign_id)).get("ready") == 2

    await world.run_until(both_are_ready)
    assert await world.clock.now() < datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
    await world.platform.post("/_sandbox/clock", json={"now": "2026-03-02T13:59:00Z"})
    await world.say(people[0]["id"], "ana", "Hi there")

    async def one_is_through() -> bool:
        return (await world.lead_states(campaign_id)).get("finished") == 1

    await world.run_until(one_is_through)

    assert await world.lead_states(campaign_id) == {"held": 1, "finished": 1}
    assert await world.status(campaign_id) == "active"


async def test_who_says_stop_hears_nothing_from_any_campaign_again(world: World) -> None:
    await world.link("ana", "ben")
    people = (await world.people(nature="open", talk="stops"))[:4]
    list_id = await world.make_list(people)
    first = await world.campaign([list_id])
    await world.run_until_completed(first)
    stopped = {message["sender"] for message in await world.messages() if message["origin"] == "answer"}
    before = len(await world.messages())
    assert stopped

    second = await world.campaign([list_id], steps=[message("Second ")])

    async def is_settled() -> bool:
        states = await world.lead_states(second)
        return not states.keys() & {"assessing", "ready"} or await world.status(second) == "completed"

    await world.run_until(is_settled)

    later = [message for message in (await world.messages())[before:] if message["origin"] == "api"]
    assert not {message["recipient"] for message in later} & stopped


def instant(message: dict[str, str]) -> datetime:
    return datetime.fromisoformat(message["time"])


def assert_nobody_got_a_text_twice(sends: list[dict[str, str]]) -> None:
    assert max(Counter((sent["recipient"], sent["text"]) for sent in sends).values()) == 1


def assert_inside_hours(sends: list[dict[str, str]]) -> None:
    for sent in sends:
        local = instant(sent).astimezone(NEW_YORK)
        assert local.weekday() < 5, sent
        assert 9 <= local.hour < 17, sent


def assert_paced(sends: list[dict[str, str]], *, rate: int) -> None:
    by_account: dict[str, list[datetime]] = defaultdict(list)
    for sent in sends:
        by_account[sent["sender"]].append(instant(sent))
    for times in by_account.values():
        times.sort()
        gaps = [after - before for before, after in pairwise(times)]
        assert min(gaps) >= timedelta(seconds=0.75 * 3600 / rate)
        for index in range(len(times) - rate):
            assert times[index + rate] - times[index] >= timedelta(hours=1)


def assert_one_account_each(sends: list[dict[str, str]]) -> None:
    senders: dict[str, set[str]] = defaultdict(set)
    for sent in sends:
        senders[sent["recipient"]].add(sent["sender"])
    assert max(len(accounts) for accounts in senders.values()) == 1


def assert_silent_after_an_answer(sends: list[dict[str, str]], answers: dict[str, datetime]) -> None:
    for sent in sends:
        if sent["recipient"] in answers:
            assert instant(sent) <= answers[sent["recipient"]] + timedelta(seconds=60)


def assert_delays_kept(sends: list[dict[str, str]]) -> None:
    by_person: dict[str, list[datetime]] = defaultdict(list)
    for sent in sends:
        by_person[sent["recipient"]].append(instant(sent))
    for times in by_person.values():
        for (before, after), days in zip(pairwise(times), (2, 3), strict=False):
            assert after - before >= timedelta(days=days)


async def assert_counters_are_a_recount(world: World, campaign_id: str) -> None:
    row = await world.pool.fetchrow(
        """
        SELECT (SELECT sum(targets) FROM campaign_counter WHERE campaign_id = $1) AS targets,
               (SELECT sum(contacted) FROM campaign_counter WHERE campaign_id = $1) AS contacted,
               (SELECT sum(answered) FROM campaign_counter WHERE campaign_id = $1) AS answered,
               count(*) FILTER (WHERE contacted_at IS NOT NULL
                   OR state NOT IN ('excluded', 'removed', 'canceled', 'unreachable')) AS leads_targets,
               count(contacted_at) AS leads_contacted, count(replied_at) AS leads_answered
          FROM lead WHERE campaign_id = $1
        """,
        campaign_id,
    )
    assert row is not None
    assert row["targets"] == row["leads_targets"]
    assert row["contacted"] == row["leads_contacted"]
    assert row["answered"] == row["leads_answered"]
    assert await recounts.miscounted(world.pool) == []
