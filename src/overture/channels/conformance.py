"""What every channel must do, as checks that run against a platform one may write to.

A test suite or an operator builds a `Bench` and runs `CHECKS`. The checks send real messages: point them at a
sandbox or at accounts kept for the purpose.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from overture.channels.port import Channel, ChannelError, Credentials, InboxMessage
from overture.core.words import Audience, OutcomeKind

Deliver = Callable[[str], Awaitable[None]]
"""Lets the bench's open person send one message (the text) to the bench's account."""

_ABSENT_REASONS = {"notFound", "suspended"}


class Violation(Exception):
    """A channel does not keep a promise of the port."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bench:
    """A channel, an account on its platform, and the people around that account.

    `lost_credentials` are credentials that the platform refuses. `open_id` and `open_username` name one
    profile that takes messages from the account, `closed_id` one that refuses them (None where the platform
    has no such thing), `absent_id` and `absent_username` well-formed identifiers of nobody (where ids are
    numbers, those that follow it belong to nobody either or to strangers), and `malformed` usernames that the
    platform cannot even parse. `now` is engine time, equal to the platform's. `unreachable` is a channel none
    of whose calls reach the platform; the platform of `unanswering` takes each request and never answers.
    """

    channel: Channel
    credentials: Credentials
    lost_credentials: Credentials
    own_id: str
    own_username: str
    open_id: str
    open_username: str
    closed_id: str | None
    absent_id: str
    absent_username: str
    malformed: tuple[str, ...]
    now: datetime
    deliver: Deliver
    unreachable: tuple[Channel, Credentials]
    unanswering: tuple[Channel, Credentials]


Check = Callable[[Bench], Awaitable[None]]


async def capabilities_are_sane(bench: Bench) -> None:
    """The limits a channel declares can be planned with."""
    has = bench.channel.capabilities
    _require(bool(bench.channel.platform), "the platform has a key")
    _require(has.lookup_batch >= 1, "a look-up takes at least one profile")
    _require(has.longest_text >= 1, "a message may hold at least one character")
    _require(has.account_daily_ceiling >= 1, "an account may send at all")
    _require(has.app_daily_sends is None or has.app_daily_sends >= 1, "an app may send at all")


async def identify_names_the_account(bench: Bench) -> None:
    """Credentials lead to the account they belong to."""
    identity = await bench.channel.identify(bench.credentials)
    _require(identity.platform_id == bench.own_id, "identify gives the account's own id")
    _require(identity.username.casefold() == bench.own_username.casefold(), "and its username")
    _require(bool(identity.display_name), "and a name to show")


async def reads_refuse_lost_credentials(bench: Bench) -> None:
    """Every read says `authLost` when the platform refuses the credentials."""
    channel, lost = bench.channel, bench.lost_credentials
    await _require_error("authLost", channel.identify(lost))
    await _require_error("authLost", channel.look_up(lost, platform_ids=[bench.open_id]))
    await _require_error("authLost", channel.read_inbox(lost, until_id=None, own_id=bench.own_id))
    await _require_error(
        "authLost",
        channel.list_audience(lost, audience=Audience.FOLLOWERS, of_id=bench.own_id, page=None, most=1),
    )
    await _require_error(
        "authLost",
        channel.read_conversation(lost, with_id=bench.open_id, since=bench.now, own_id=bench.own_id),
    )


async def reads_say_unavailable_without_a_platform(bench: Bench) -> None:
    """A read that reaches nobody says `unavailable`."""
    channel, credentials = bench.unreachable
    await _require_error("unavailable", channel.identify(credentials))
    await _require_error("unavailable", channel.look_up(credentials, platform_ids=[bench.open_id]))


async def look_up_of_nothing_is_empty(bench: Bench) -> None:
    """Asking for nobody answers nothing, and costs nothing: it works without a platform."""
    channel, credentials = bench.unreachable
    answer = await channel.look_up(credentials)
    _require(answer.people == () and answer.absent == (), "a look-up of nothing is empty")


async def look_up_matches_by_id(bench: Bench) -> None:
    """People are found by id, whatever the order and the gaps of the platform's answer."""
    asked = [bench.absent_id, bench.own_id, bench.open_id]
    answer = await bench.channel.look_up(bench.credentials, platform_ids=asked)
    found = {person.platform_id: person for person in answer.people}
    _require(set(found) == {bench.own_id, bench.open_id}, "exactly the people who exist are found")
    _require(found[bench.open_id].username.casefold() == bench.open_username.casefold(), "as themselves")
    _require([absent.identifier for absent in answer.absent] == [bench.absent_id], "the rest is absent")


async def look_up_matches_usernames_in_any_case(bench: Bench) -> None:
    """People are found by username, written in whatever case."""
    asked = [bench.open_username.swapcase(), bench.absent_username]
    answer = await bench.channel.look_up(bench.credentials, usernames=asked)
    _require([person.platform_id for person in answer.people] == [bench.open_id], "the person is found")
    _require([absent.identifier for absent in answer.absent] == [bench.absent_username], "nobody else is")


async def look_up_answers_every_identifier_once(bench: Bench) -> None:
    """Malformed identifiers are absent and do not spoil the others; repeated ones count once."""
    asked = [*bench.malformed, bench.open_username, bench.absent_username, bench.open_username]
    answer = await bench.channel.look_up(bench.credentials, usernames=asked)
    _require([person.platform_id for person in answer.people] == [bench.open_id], "one person, once")
    absent = [one.identifier for one in answer.absent]
    _require(sorted(absent) == sorted({*bench.malformed, bench.absent_username}), "each of the rest, once")
    _require({one.reason for one in answer.absent} <= _ABSENT_REASONS, "for a reason the port knows")


async def look_up_takes_a_whole_batch(bench: Bench) -> None:
    """A look-up of `lookup_batch` identifiers is answered in full."""
    size = bench.channel.capabilities.lookup_batch
    numbers = (str(int(bench.absent_id) + offset) for offset in range(size - 1))
    asked = [*numbers, bench.open_id] if bench.absent_id.isdecimal() else [bench.absent_id, bench.open_id]
    answer = await bench.channel.look_up(bench.credentials, platform_ids=asked)
    answered = [person.platform_id for person in answer.people] + [one.identifier for one in answer.absent]
    _require(sorted(answered) == sorted(asked), "every identifier stands in exactly one of the two")


async def look_up_tells_who_may_be_written_to(bench: Bench) -> None:
    """Where reachability can be checked, the open person may receive and the closed one may not."""
    if not bench.channel.capabilities.checks_reachability:
        return
    asked = [bench.open_id] if bench.closed_id is None else [bench.open_id, bench.closed_id]
    answer = await bench.channel.look_up(bench.credentials, platform_ids=asked)
    said = {person.platform_id: person.may_receive for person in answer.people}
    _require(said.get(bench.open_id) is True, "the open person may receive")
    if bench.closed_id is not None:
        _require(said.get(bench.closed_id) is False, "the closed person may not")


async def an_accepted_send_can_be_read_back(bench: Bench) -> None:
    """A send is accepted under an id, and stands under that id in the conversation and in the inbox."""
    text = "Conformance: sent & <read> back, ümlaut, 日本語, 🙂"
    outcome = await bench.channel.send(bench.credentials, recipient_id=bench.open_id, text=text, now=bench.now)
    _require(outcome.kind is OutcomeKind.ACCEPTED, f"the send is accepted, not {outcome}")
    _require(bool(outcome.platform_message_id), "an accepted send has the platform's id")
    conversation = await bench.channel.read_conversation(
        bench.credentials,
        with_id=bench.open_id,
        since=bench.now - timedelta(minutes=1),
        own_id=bench.own_id,
    )
    inbox = await bench.channel.read_inbox(bench.credentials, until_id=None, own_id=bench.own_id)
    for messages in (conversation.messages, inbox.messages):
        copies = [one for one in messages if one.platform_id == outcome.platform_message_id]
        _require(len(copies) == 1, "the message is read back, once")
        _require_message(copies[0], bench, is_inbound=False)
        _require(copies[0].conversation_id == outcome.conversation_id, "in the conversation it was sent to")


async def a_refused_recipient_is_a_value(bench: Bench) -> None:
    """A person who takes no messages is refused for the recipient's sake."""
    if bench.closed_id is None:
        return
    outcome = await bench.channel.send(
        bench.credentials, recipient_id=bench.closed_id, text="Conformance: closed", now=bench.now
    )
    _require(outcome.kind is OutcomeKind.RECIPIENT_REFUSED, f"the recipient refuses, not {outcome}")
    _require(bool(outcome.reason), "with a reason")


async def an_unknown_recipient_is_a_value(bench: Bench) -> None:
    """A recipient who does not exist harms neither the account nor the app."""
    outcome = await bench.channel.send(
        bench.credentials, recipient_id=bench.absent_id, text="Conformance: nobody", now=bench.now
    )
    kinds = {OutcomeKind.RECIPIENT_REFUSED, OutcomeKind.INVALID}
    _require(outcome.kind in kinds, f"nobody is refused as a recipient, not {outcome}")


async def a_send_with_lost_credentials_is_a_value(bench: Bench) -> None:
    """Refused credentials are `authLost`."""
    outcome = await bench.channel.send(
        bench.lost_credentials, recipient_id=bench.open_id, text="Conformance: lost", now=bench.now
    )
    _require(outcome.kind is OutcomeKind.AUTH_LOST, f"the authorisation is lost, not {outcome}")


async def a_send_that_never_left_is_not_sent(bench: Bench) -> None:
    """Without a connection nothing was written, so the message may go out again."""
    channel, credentials = bench.unreachable
    outcome = await channel.send(
        credentials, recipient_id=bench.open_id, text="Conformance: unreachable", now=bench.now
    )
    _require(outcome.kind is OutcomeKind.NOT_SENT, f"nothing was sent, not {outcome}")


async def a_send_without_an_answer_is_unknown(bench: Bench) -> None:
    """A request that was written and not answered may have been carried out."""
    channel, credentials = bench.unanswering
    outcome = await channel.send(credentials, recipient_id=bench.open_id, text="Conformance: no answer", now=bench.now)
    _require(outcome.kind is OutcomeKind.UNKNOWN, f"the outcome is unknown, not {outcome}")


async def the_inbox_reads_down_to_a_known_message(bench: Bench) -> None:
    """Replies are read newest first, down to the last known message and without it."""
    await bench.deliver("Conformance: known")
    before = await bench.channel.read_inbox(bench.credentials, until_id=None, own_id=bench.own_id)
    _require(before.reached and bool(before.messages), "the whole inbox was read")
    known = before.messages[0]
    _require(known.text == "Conformance: known", "the newest message comes first")
    await bench.deliver("Conformance: first")
    await bench.deliver("Conformance: second")
    after = await bench.channel.read_inbox(bench.credentials, until_id=known.platform_id, own_id=bench.own_id)
    _require(after.reached, "the known message was reached")
    texts = [message.text for message in after.messages]
    _require(texts == ["Conformance: second", "Conformance: first"], f"only what is new, not {texts}")
    for message in after.messages:
        _require_message(message, bench, is_inbound=True)
    again = await bench.channel.read_inbox(
        bench.credentials, until_id=after.messages[0].platform_id, own_id=bench.own_id
    )
    _require(again.reached and again.messages == (), "nothing is newer than the newest")


async def a_conversation_holds_one_person_only(bench: Bench) -> None:
    """A conversation is read down to an instant, and holds nobody else's messages."""
    await bench.deliver("Conformance: conversation")
    read = await bench.channel.read_conversation(
        bench.credentials,
        with_id=bench.open_id,
        since=bench.now - timedelta(minutes=1),
        own_id=bench.own_id,
    )
    _require(read.reached, "the conversation was read down to the instant")
    _require(any(one.text == "Conformance: conversation" for one in read.messages), "the message is there")
    _require({one.other_id for one in read.messages} == {bench.open_id}, "of one person only")
    later = await bench.channel.read_conversation(
        bench.credentials, with_id=bench.open_id, since=bench.now + timedelta(days=1), own_id=bench.own_id
    )
    _require(later.reached and later.messages == (), "older messages are left out")


async def calls_run_side_by_side(bench: Bench) -> None:
    """One channel serves many calls at once, and mixes none of their answers."""
    wanted = [bench.own_id, bench.open_id] * 10
    answers = await asyncio.gather(*(bench.channel.look_up(bench.credentials, platform_ids=[one]) for one in wanted))
    found = [person.platform_id for answer in answers for person in answer.people]
    _require(found == wanted, "every call has its own answer")


CHECKS: tuple[Check, ...] = (
    capabilities_are_sane,
    identify_names_the_account,
    reads_refuse_lost_credentials,
    reads_say_unavailable_without_a_platform,
    look_up_of_nothing_is_empty,
    look_up_matches_by_id,
    look_up_matches_usernames_in_any_case,
    look_up_answers_every_identifier_once,
    look_up_takes_a_whole_batch,
    look_up_tells_who_may_be_written_to,
    an_accepted_send_can_be_read_back,
    a_refused_recipient_is_a_value,
    an_unknown_recipient_is_a_value,
    a_send_with_lost_credentials_is_a_value,
    a_send_that_never_left_is_not_sent,
    a_send_without_an_answer_is_unknown,
    the_inbox_reads_down_to_a_known_message,
    a_conversation_holds_one_person_only,
    calls_run_side_by_side,
)
"""Every check, independent of each other and of their order."""


def _require(holds: bool, promise: str) -> None:
    if not holds:
        raise Violation(promise)


def _require_message(message: InboxMessage, bench: Bench, *, is_inbound: bool) -> None:
    sender_id = bench.open_id if is_inbound else bench.own_id
    _require(message.is_inbound is is_inbound, "the direction is right")
    _require(message.sender_id == sender_id, "the sender is right")
    _require(message.other_id == bench.open_id, "the other party is right")
    _require(message.sent_at.tzinfo is not None, "the time has a zone")


async def _require_error(kind: str, call: Awaitable[object]) -> None:
    try:
        await call
    except ChannelError as error:
        _require(error.kind == kind, f"the read fails as {kind}, not as {error.kind}")
        return
    raise Violation(f"the read fails as {kind}, and does not answer")
