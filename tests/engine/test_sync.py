"""Sync, sentence by sentence: which leads a campaign's lists and rules bring, keep out, and bring back."""

from datetime import timedelta

import pytest
import pytest_asyncio
from tests.engine.conftest import START, World
from tests.engine.scoping import Scoping

from overture.actions import campaigns
from overture.engine import sync

IN = ("assessing", None)
LEFT = ("removed", "leftLists")


@pytest_asyncio.fixture
async def scoping(world: World) -> Scoping:
    return Scoping(world=world)


async def test_leads_of_every_synced_list_join(scoping: Scoping) -> None:
    await scoping.begin("a", "b", synced=["a", "b"])
    await scoping.put("a", "1", "2")
    await scoping.put("b", "2", "3")
    await scoping.sync()
    assert await scoping.leads() == {"1": IN, "2": IN, "3": IN}
    await scoping.check_counters()


async def test_a_lead_that_has_left_all_lists_leaves_unless_it_was_added_directly(scoping: Scoping) -> None:
    await scoping.begin("a", "b", synced=["a", "b"])
    await scoping.put("a", "1", "2", "3")
    await scoping.put("b", "2")
    await scoping.sync()
    await scoping.add("3")
    await scoping.take("a", "1", "2", "3")
    await scoping.sync()
    assert await scoping.leads() == {"1": LEFT, "2": IN, "3": IN}
    await scoping.take("b", "2")
    await scoping.sync()
    assert await scoping.leads() == {"1": LEFT, "2": LEFT, "3": IN}
    await scoping.check_counters()


async def test_a_lead_in_an_excluded_list_leaves_even_if_synced_or_added_directly(scoping: Scoping) -> None:
    await scoping.begin("a", "no", synced=["a"], excluded=["no"])
    await scoping.put("a", "1", "2")
    await scoping.add("3")
    await scoping.sync()
    await scoping.put("no", "1", "3")
    await scoping.sync()
    out = ("excluded", "excludedList")
    assert await scoping.leads() == {"1": out, "2": IN, "3": out}
    await scoping.take("no", "1")
    await scoping.sync()
    assert await scoping.leads() == {"1": IN, "2": IN, "3": out}
    await scoping.check_counters()


async def test_whoever_was_contacted_elsewhere_is_out_but_never_whom_this_campaign_has_contacted(
    scoping: Scoping,
) -> None:
    await scoping.begin("a", synced=["a"])
    await scoping.put("a", "1", "2", "3")
    await scoping.sync()
    await scoping.contact("1")
    await scoping.person("2", contacted=START)
    await scoping.person("3", inbound=START)
    await scoping.change(exclude_contacted=True)
    await scoping.sync()
    assert await scoping.leads() == {"1": ("inSequence", None), "2": ("excluded", "contacted"), "3": IN}
    await scoping.change(exclude_contacted=False)
    await scoping.sync()
    assert await scoping.leads() == {"1": ("inSequence", None), "2": IN, "3": IN}
    await scoping.check_counters()


async def test_mutuals_are_out_but_never_whom_this_campaign_has_contacted(scoping: Scoping) -> None:
    await scoping.begin("a", synced=["a"])
    await scoping.put("a", "1", "2", "3")
    await scoping.sync()
    await scoping.contact("1")
    await scoping.person("1", inbound=START)
    await scoping.person("2", contacted=START, inbound=START)
    await scoping.person("3", contacted=START)
    await scoping.change(exclude_mutuals=True)
    await scoping.sync()
    assert await scoping.leads() == {"1": ("inSequence", None), "2": ("excluded", "mutual"), "3": IN}


async def test_a_removed_lead_in_mid_sequence_gets_nothing_more_and_resumes_when_it_joins_again(
    scoping: Scoping,
) -> None:
    await scoping.begin("a", synced=["a"])
    await scoping.put("a", "1")
    await scoping.sync()
    await scoping.contact("1")
    await scoping.take("a", "1")
    await scoping.sync()
    assert await scoping.leads() == {"1": LEFT}
    assert await scoping.due() == set()
    assert await scoping.world.pool.fetchval("SELECT sum(contacted)::int FROM campaign_counter") == 1
    await scoping.put("a", "1")
    await scoping.sync()
    assert await scoping.leads() == {"1": ("inSequence", None)}
    assert await scoping.due() == {"1"}
    assert await scoping.world.pool.fetchval("SELECT rank FROM lead") == 1
    await scoping.check_counters()


async def test_a_lead_deleted_by_hand_is_brought_back_by_no_list_but_by_hand(scoping: Scoping) -> None:
    await scoping.begin("a", "b", synced=["a"])
    await scoping.put("a", "1")
    await scoping.sync()
    await scoping.delete("1")
    await scoping.put("b", "1")
    await scoping.change(synced=["a", "b"])
    await scoping.sync()
    assert await scoping.leads() == {"1": ("removed", "deletedByHand")}
    await scoping.add("1")
    await scoping.sync()
    assert await scoping.leads() == {"1": IN}


@pytest.mark.parametrize(
    ("state", "expected"),
    [("intent", ("ready", None)), ("unknown", ("held", "notFound"))],
)
async def test_whoever_comes_back_while_an_outcome_is_open_is_not_written_to_again(
    scoping: Scoping, state: str, expected: tuple[str, str | None]
) -> None:
    await scoping.begin("a", synced=["a"])
    await scoping.put("a", "1")
    await scoping.sync()
    await scoping.attempt("1", state)
    await scoping.take("a", "1")
    await scoping.sync()
    assert await scoping.leads() == {"1": LEFT}
    await scoping.put("a", "1")
    await scoping.sync()
    assert await scoping.leads() == {"1": expected}
    assert await scoping.world.pool.fetchval("SELECT count(*) FROM assess_queue") == 0
    await scoping.check_counters()
    await scoping.delete("1")
    await scoping.add("1")
    assert await scoping.leads() == {"1": expected}


async def test_whoever_wrote_before_the_first_message_comes_back_for_a_person_to_decide(scoping: Scoping) -> None:
    await scoping.begin("a", synced=["a"])
    await scoping.put("a", "1")
    await scoping.sync()
    await scoping.take("a", "1")
    await scoping.sync()
    await scoping.person("1", inbound=START.replace(hour=20))
    await scoping.put("a", "1")
    await scoping.sync()
    assert await scoping.leads() == {"1": ("held", "wroteFirst")}


async def test_whoever_answered_another_account_while_out_comes_back_to_nothing_more(scoping: Scoping) -> None:
    await scoping.begin("a", synced=["a"])
    await scoping.put("a", "1", "2", "3")
    await scoping.sync()
    await scoping.contact("1")
    await scoping.contact("2")
    await scoping.take("a", "1", "2")
    await scoping.sync()
    await scoping.person("1", inbound=START.replace(hour=20))
    await scoping.person("2", inbound=START - timedelta(hours=1))
    await scoping.put("a", "1", "2")
    await scoping.sync()
    assert await scoping.leads() == {"1": ("canceled", "answeredElsewhere"), "2": ("inSequence", None), "3": IN}
    assert await scoping.due() == {"2"}
    await scoping.check_counters()


async def test_leaving_frees_the_person_and_whoever_waited_for_it_is_planned(scoping: Scoping) -> None:
    await scoping.begin("a", synced=["a"])
    await scoping.put("a", "1")
    await scoping.sync()
    await scoping.contact("1")
    pool, account_id = scoping.world.pool, scoping.world.account_ids["ana"]
    await pool.execute("UPDATE person SET engaged_lead_id = $1", await scoping.lead_id("1"))
    waiting = Scoping(world=scoping.world)
    await waiting.begin()
    await waiting.add("1")
    lead_id = await waiting.lead_id("1")
    await pool.execute("UPDATE lead SET state = 'ready' WHERE id = $1", lead_id)
    await pool.execute(
        """
        INSERT INTO lead_parked (team_id, profile_id, lead_id, account_id, campaign_id)
        SELECT team_id, profile_id, id, $2, campaign_id FROM lead WHERE id = $1
        """,
        lead_id,
        account_id,
    )
    await pool.execute("DELETE FROM wake_up")
    await scoping.take("a", "1")
    await scoping.sync()
    assert await pool.fetchval("SELECT engaged_lead_id FROM person") is None
    assert await waiting.due() == {"1"}
    assert await pool.fetchval("SELECT min(at) FROM wake_up WHERE account_id = $1", account_id) == START


async def test_lists_that_stop_being_synced_leave_their_leads_with_their_values(scoping: Scoping) -> None:
    await scoping.begin("a", "b", synced=["a", "b"])
    await scoping.put("a", "1", "2")
    await scoping.put("b", "2")
    await scoping.sync()
    pool = scoping.world.pool
    await pool.execute('UPDATE list_lead SET data = \'{"custom_x": "Acme", "custom_z": ""}\'')
    await pool.execute('UPDATE campaign_list SET column_mapping = \'{"custom_x": "custom_y", "custom_z": "w"}\'')
    await scoping.change(synced=["b"], auto_map_columns=False)
    await scoping.sync()
    assert await scoping.leads() == {"1": IN, "2": IN}
    rows = await pool.fetch(
        "SELECT f.platform_id, l.data, l.is_direct FROM lead l JOIN profile f ON f.id = l.profile_id"
    )
    assert {row["platform_id"]: (row["data"], row["is_direct"]) for row in rows} == {
        "1": ({"custom_y": "Acme"}, True),
        "2": ({}, False),
    }


async def test_remove_takes_out_those_that_nothing_else_brings(scoping: Scoping) -> None:
    await scoping.begin("a", "b", synced=["a", "b"])
    await scoping.put("a", "1", "2", "3")
    await scoping.put("b", "2")
    await scoping.add("3")
    await scoping.sync()
    await scoping.change(synced=["b"], detach_behavior="remove")
    await scoping.sync()
    assert await scoping.leads() == {"1": LEFT, "2": IN, "3": IN}


async def test_a_lead_without_consent_is_out_and_comes_in_by_itself_once_it_is_recorded(scoping: Scoping) -> None:
    await scoping.begin("a", synced=["a"])
    await scoping.world.pool.execute("UPDATE platform_app SET contact_policy = 'inboundOrConsent'")
    await scoping.put("a", "1", "2")
    await scoping.sync()
    missing = ("excluded", "consentMissing")
    assert await scoping.leads() == {"1": missing, "2": missing}
    other = Scoping(world=scoping.world)
    await other.begin()
    await other.add("1", consent=True)
    assert await scoping.is_syncing()
    await scoping.sync()
    assert await scoping.leads() == {"1": IN, "2": missing}
    await scoping.check_counters()


async def test_another_account_may_be_allowed_to_write_to_whom_the_first_was_not(scoping: Scoping) -> None:
    await scoping.world.link("ben")
    await scoping.world.link("ana")
    await scoping.begin("a", synced=["a"])
    pool = scoping.world.pool
    await pool.execute("UPDATE platform_app SET contact_policy = 'inboundOrConsent'")
    await scoping.put("a", "1")

    async def use(*names: str) -> None:
        await campaigns.change(
            scoping.world.context,
            scoping.world.actor,
            campaign_id=scoping.campaign_id,
            changes={"account_link_ids": [scoping.world.account_ids[name] for name in names]},
        )

    await use("ana")
    await scoping.sync()
    assert await scoping.leads() == {"1": ("excluded", "consentMissing")}
    await pool.execute(
        """
        INSERT INTO thread (team_id, id, account_id, profile_id, last_inbound_at, created_at)
        SELECT team_id, $1, $2, id, $3, $3 FROM profile WHERE platform_id = '1'
        """,
        "r" * 24,
        scoping.world.account_ids["ben"],
        START,
    )
    await use("ana", "ben")
    assert await scoping.is_syncing()
    await scoping.sync()
    assert await scoping.leads() == {"1": IN}


async def test_syncing_is_true_from_the_change_on_until_the_leads_are_in_line(scoping: Scoping) -> None:
    await scoping.begin("a")
    assert not await scoping.is_syncing()
    await scoping.change(synced=["a"])
    assert await scoping.is_syncing()
    await scoping.sync()
    assert not await scoping.is_syncing()
    await scoping.put("a", "1")
    assert await scoping.is_syncing()
    await scoping.sync()
    assert not await scoping.is_syncing()


async def test_list_changes_are_forgotten_once_every_campaign_has_taken_them_in(scoping: Scoping) -> None:
    await scoping.begin("a", synced=["a"])
    other = Scoping(world=scoping.world, lists=scoping.lists)
    await other.begin(synced=["a"])
    await scoping.sync()
    await scoping.put("a", "1", "2")
    await scoping.sync()
    changes = "SELECT count(*) FROM list_change"
    assert await scoping.world.pool.fetchval(changes) == 2  # the other campaign has yet to see the list
    await other.sync()
    assert await scoping.world.pool.fetchval(changes) == 0
    assert await other.leads() == {"1": IN, "2": IN}
    await scoping.take("a", "1")
    await scoping.sync()
    assert await scoping.world.pool.fetchval(changes) == 1
    await other.sync()
    assert await scoping.world.pool.fetchval(changes) == 0
    assert await other.leads() == {"1": LEFT, "2": IN}


async def test_a_list_that_no_campaign_follows_logs_nothing(scoping: Scoping) -> None:
    await scoping.begin("a")
    await scoping.put("a", "1")
    assert await scoping.world.pool.fetchval("SELECT count(*) FROM list_change") == 0
    await scoping.change(synced=["a"])
    await scoping.sync()
    assert await scoping.leads() == {"1": IN}


async def test_a_sync_that_dies_between_its_transactions_still_takes_a_completed_campaign_up_again(
    scoping: Scoping, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scoping.begin("a", synced=["a"])
    await scoping.sync()
    await scoping.world.pool.execute(
        "UPDATE campaign SET status = 'completed', enabled = true, completed_at = $1 WHERE id = $2",
        START,
        scoping.campaign_id,
    )
    await scoping.put("a", "1")

    async def die(*_: object, **__: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as killed, pytest.raises(ConnectionError):
        killed.setattr(sync, "_mend", die)
        await scoping.sync()
    assert await scoping.leads() == {"1": IN}
    await scoping.sync()
    status = await scoping.world.pool.fetchval("SELECT status FROM campaign WHERE id = $1", scoping.campaign_id)
    assert status == "active"
