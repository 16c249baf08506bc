"""Messages whose outcome is unknown: settled by evidence, else held for a person. Never sent again blindly."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import httpx
import pytest
from tests.engine import claiming
from tests.engine.conftest import World, delay, message

from overture import clock as clocks
from overture.actions import lead_release
from overture.actions.lead_release import Decision
from overture.channels.port import ChannelError, Credentials, Inbox
from overture.channels.registry import Registry
from overture.channels.x.channel import XChannel
from overture.core.identifiers import Identifier, IdentifierKind
from overture.core.outcome import Outcome
from overture.core.words import OutcomeKind
from overture.engine import dispatch, settle
from overture.engine.reconcile import CERTAIN_AFTER, GIVE_UP_AFTER, Reconciled, Reconciler
from overture.engine.replies import InboxReader

TWO = [message("Hello "), delay(1), message("Again ")]


async def lose_one_message(world: World) -> tuple[str, dict[str, str]]:
    """Run a campaign with one lead until its first message is lost before the platform accepted it."""
    await world.link("ana")
    (person,) = (await world.people(nature="open", talk="silent"))[:1]
    await world.fault(kind="serverError", next=1)
    campaign_id = await world.campaign([await world.make_list([person])], steps=TWO)

    async def is_unknown() -> bool:
        return bool(await world.pool.fetchval("SELECT state FROM attempt") == "unknown")

    await world.run_until(is_unknown)
    return campaign_id, person


async def settle_it(world: World, *, after: timedelta = CERTAIN_AFTER, channel: XChannel | None = None) -> Reconciled:
    """Read the conversation long after the lease has ended."""
    channels = world.context.channels if channel is None else Registry([channel])
    reconciler = Reconciler(pool=world.pool, channels=channels, sealer=world.context.sealer)
    return await reconciler.step(
        team_id=world.actor.team_id,
        account_id=world.account_ids["ana"],
        now=await world.clock.now(),
        wall_now=clocks.wall_now() + after + dispatch.LEASE,
    )


class Unreadable(XChannel):
    """Fails to read the conversations with some people, or reads them to no end."""

    def __init__(self, world: World, *, broken: Sequence[str] = (), endless: Sequence[str] = ()) -> None:
        super().__init__(transport=httpx.ASGITransport(app=world.sandbox))
        self._broken = broken
        self._endless = endless

    async def read_conversation(self, credentials: Credentials, *, with_id: str, since: datetime, own_id: str) -> Inbox:
        """Read, or fail to."""
        if with_id in self._broken:
            raise ChannelError("invalid", "this conversation is not shown")
        inbox = await super().read_conversation(credentials, with_id=with_id, since=since, own_id=own_id)
        return replace(inbox, reached=False) if with_id in self._endless else inbox


class Complete(XChannel):
    """A platform whose conversations, once read, hold all there is."""

    capabilities = replace(XChannel.capabilities, reads_are_complete=True)


async def test_a_message_that_is_not_in_the_conversation_is_not_given_up_before_two_minutes(world: World) -> None:
    campaign_id, _ = await lose_one_message(world)
    assert (await world.lead_states(campaign_id)) == {"ready": 1}


async def test_a_message_that_cannot_be_found_is_held_for_a_person(world: World) -> None:
    campaign_id, _ = await lose_one_message(world)
    await settle_it(world)

    assert await world.lead_states(campaign_id) == {"held": 1}
    assert await world.pool.fetchval("SELECT reason FROM lead") == "notFound"
    assert await world.messages() == []


@pytest.mark.parametrize(
    ("decision", "texts", "state"),
    [
        (Decision.RESEND, ["Hello", "Again"], "finished"),
        (Decision.SKIP, ["Again"], "finished"),
    ],
)
async def test_a_released_lead_goes_on_as_decided(
    world: World, decision: Decision, texts: list[str], state: str
) -> None:
    campaign_id, person = await lose_one_message(world)
    await settle_it(world)

    await lead_release.release(
        world.context,
        world.actor,
        campaign_id=campaign_id,
        identifier=Identifier(kind=IdentifierKind.PLATFORM_ID, value=person["id"], platform="twitter"),
        decision=decision,
    )
    await world.run_until_completed(campaign_id)

    assert [sent["text"].split()[0] for sent in await world.messages()] == texts
    assert await world.lead_states(campaign_id) == {state: 1}


async def test_a_stopped_lead_gets_nothing_more(world: World) -> None:
    campaign_id, person = await lose_one_message(world)
    await settle_it(world)

    await lead_release.release(
        world.context,
        world.actor,
        campaign_id=campaign_id,
        identifier=Identifier(kind=IdentifierKind.PLATFORM_ID, value=person["id"], platform="twitter"),
        decision=Decision.STOP,
    )

    assert await world.lead_states(campaign_id) == {"canceled": 1}
    assert await world.pool.fetchval("SELECT count(*) FROM lead_due") == 0


async def test_a_conversation_that_cannot_be_read_keeps_no_other_from_being_settled_and_is_held_in_the_end(
    world: World,
) -> None:
    await world.link("ana")
    broken, other = (await world.people(nature="open", talk="silent"))[:2]
    await world.fault(kind="serverErrorAfterAccept", next=2)
    await world.campaign([await world.make_list([broken, other])], steps=TWO)

    async def are_unknown() -> bool:
        return bool(await world.pool.fetchval("SELECT count(*) = 2 FROM attempt WHERE outcome = 'unknown'"))

    await world.pool.execute(  # nobody reads conversations until the test does
        "CREATE FUNCTION no_reconcile() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
    )
    await world.pool.execute(
        "CREATE TRIGGER no_reconcile BEFORE INSERT ON duty FOR EACH ROW WHEN (new.kind = 'reconcile') "
        "EXECUTE FUNCTION no_reconcile()"
    )
    await world.run_until(are_unknown)
    channel = Unreadable(world, broken=[broken["id"]])

    first = await settle_it(world, channel=channel)
    states = "SELECT f.platform_id, a.state, a.reason FROM attempt a JOIN profile f ON f.id = a.profile_id"
    found = {row["platform_id"]: (row["state"], row["reason"]) for row in await world.pool.fetch(states)}
    assert first.next_due is not None
    assert found[other["id"]][0] == "accepted"
    assert found[broken["id"]][0] == "unknown"
    assert await world.pool.fetchval("SELECT count(*) FROM lead WHERE state = 'held'") == 0

    last = await settle_it(world, channel=channel, after=GIVE_UP_AFTER)
    assert last.next_due is None
    assert await world.pool.fetchval("SELECT reason FROM lead WHERE state = 'held'") == "notFound"


async def test_a_reading_that_does_not_reach_the_intent_proves_nothing(world: World) -> None:
    campaign_id, person = await lose_one_message(world)
    channel = Unreadable(world, endless=[person["id"]])

    assert (await settle_it(world, channel=channel)).next_due is not None
    assert await world.lead_states(campaign_id) == {"ready": 1}
    assert (await settle_it(world, channel=channel, after=GIVE_UP_AFTER)).next_due is None
    assert await world.lead_states(campaign_id) == {"held": 1}


async def test_where_reading_is_proof_a_message_that_is_not_there_is_due_again(world: World) -> None:
    campaign_id, _ = await lose_one_message(world)
    channel = Complete(transport=httpx.ASGITransport(app=world.sandbox))

    assert (await settle_it(world, channel=channel)).next_due is None
    assert await world.pool.fetchval("SELECT state FROM attempt") == "notSent"
    await world.run_until_completed(campaign_id)
    assert [sent["text"].split()[0] for sent in await world.messages()] == ["Hello", "Again"]


async def test_an_account_that_is_gone_for_good_leaves_the_decision_to_a_person(world: World) -> None:
    campaign_id, _ = await lose_one_message(world)
    await world.pool.execute("UPDATE account_link SET deleted_at = now()")

    assert (await settle_it(world, after=timedelta())).next_due is None

    assert await world.lead_states(campaign_id) == {"held": 1}
    assert await world.pool.fetchval("SELECT reason FROM lead") == "notFound"


async def test_an_account_that_must_be_authorised_again_is_read_when_it_is(world: World) -> None:
    campaign_id, _ = await lose_one_message(world)
    await world.pool.execute("UPDATE account_link SET status = 'offline'")
    await settle_it(world, after=GIVE_UP_AFTER)
    assert await world.lead_states(campaign_id) == {"ready": 1}

    await world.pool.execute("UPDATE account_link SET status = 'active'")
    await settle_it(world)
    assert await world.lead_states(campaign_id) == {"held": 1}


async def test_a_message_that_appears_after_nobody_had_found_it_moves_its_lead_on(world: World) -> None:
    campaign_id, person = await lose_one_message(world)
    await settle_it(world)
    assert await world.lead_states(campaign_id) == {"held": 1}

    await world.say("ana", person["username"], "Hello, as the platform has it")
    inboxes = InboxReader(pool=world.pool, channels=world.context.channels, sealer=world.context.sealer)
    await inboxes.read(team_id=world.actor.team_id, account_id=world.account_ids["ana"], now=await world.clock.now())
    await world.run_until_completed(campaign_id)

    assert await world.pool.fetchval("SELECT count(*) FROM attempt WHERE state = 'accepted'") == 2
    assert [sent["text"].split()[0] for sent in await world.messages()] == ["Hello,", "Again"]


async def test_an_outcome_that_comes_late_is_taken_as_evidence(world: World) -> None:
    campaign_id, _ = await lose_one_message(world)
    await settle_it(world)
    attempt = await world.pool.fetchrow("SELECT * FROM attempt")
    assert attempt is not None

    now = await world.clock.now()
    late = settle.Result(
        attempt_id=attempt["id"],
        account_id=attempt["account_id"],
        lead_id=attempt["lead_id"],
        profile_id=attempt["profile_id"],
        outcome=Outcome(kind=OutcomeKind.ACCEPTED, platform_message_id="1973169044472470999"),
        ended_at=now,
    )
    for _ in range(2):
        await settle.settle(world.pool, team_id=world.actor.team_id, now=now, results=[late])

    assert await world.pool.fetchval("SELECT state FROM attempt") == "accepted"
    assert await world.lead_states(campaign_id) == {"inSequence": 1}
    assert await world.pool.fetchval("SELECT sum(contacted) FROM campaign_counter") == 1


async def test_a_message_that_left_late_is_dated_by_its_acceptance(world: World) -> None:
    """Its worker was stopped right before the call: delays, gaps and limits count from when the platform took it."""
    campaign_id, _ = await lose_one_message(world)
    attempt = await world.pool.fetchrow("SELECT * FROM attempt")
    assert attempt is not None
    left_at = attempt["ended_at"] + timedelta(minutes=25)
    await world.clock.move(left_at)

    late = settle.Result(
        attempt_id=attempt["id"],
        account_id=attempt["account_id"],
        lead_id=attempt["lead_id"],
        profile_id=attempt["profile_id"],
        outcome=Outcome(kind=OutcomeKind.ACCEPTED, platform_message_id="1973169044472470999"),
        ended_at=left_at,
    )
    await settle.settle(world.pool, team_id=world.actor.team_id, now=left_at, results=[late])

    assert await world.lead_states(campaign_id) == {"inSequence": 1}
    assert await world.pool.fetchval("SELECT due_at FROM lead_due") == left_at + timedelta(days=1)
    assert await world.pool.fetchval("SELECT ended_at FROM attempt") == left_at
    assert await world.pool.fetchval("SELECT last_end FROM account_pace") == left_at
    assert await world.pool.fetchval("SELECT sent_at FROM message") == left_at


async def test_an_accepted_message_is_never_unlearned(world: World) -> None:
    campaign_id, _ = await lose_one_message(world)
    attempt = await world.pool.fetchrow("SELECT * FROM attempt")
    assert attempt is not None
    now = await world.clock.now()
    for kind in (OutcomeKind.ACCEPTED, OutcomeKind.RECIPIENT_REFUSED, OutcomeKind.UNKNOWN):
        result = settle.Result(
            attempt_id=attempt["id"],
            account_id=attempt["account_id"],
            lead_id=attempt["lead_id"],
            profile_id=attempt["profile_id"],
            outcome=Outcome(kind=kind, platform_message_id="1973169044472470999"),
            ended_at=now,
        )
        await settle.settle(world.pool, team_id=world.actor.team_id, now=now, results=[result])

    assert await world.pool.fetchval("SELECT state FROM attempt") == "accepted"
    assert await world.lead_states(campaign_id) == {"inSequence": 1}


async def test_an_intent_whose_worker_died_is_found_and_settled(world: World) -> None:
    await world.link("ana")
    (person,) = (await world.people(nature="open", talk="silent"))[:1]
    campaign_id = await world.campaign([await world.make_list([person])], steps=TWO)

    async def is_planned() -> bool:
        return bool(await world.pool.fetchval("SELECT count(*) FROM lead_due") == 1)

    await world.run_until(is_planned)
    noon = (await world.clock.now()).replace(hour=16)
    await world.clock.move(noon)
    await claiming.take_up(world)
    dispatcher = dispatch.Dispatcher(pool=world.pool, channels=world.context.channels, draws=Random(1))
    claimed = await dispatcher.claim(world.actor.team_id, now=noon, wall_now=clocks.wall_now() - timedelta(minutes=9))
    assert len(claimed.ready) == 1  # and the worker dies before it sends

    await settle_it(world)

    assert await world.lead_states(campaign_id) == {"held": 1}
    assert await world.pool.fetchval("SELECT reason FROM lead") == "notFound"
