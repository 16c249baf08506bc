"""By hand: what follows from the outcomes of messages that no campaign sends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.core import outcome
from overture.core.words import AttemptState, OutcomeKind
from overture.engine import halts
from overture.store import (
    by_hand,
    conversations,
    duties,
    outbox,
    persons,
    progress,
    threads,
)
from overture.store.ledger import SettledByHand
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What came of one such message; `accepted_at` is when the platform took it, if it did."""

    attempt: SettledByHand
    outcome: outcome.Outcome
    accepted_at: datetime


async def follow(
    connection: Connection, *, team_id: str, now: datetime, outcomes: Sequence[Outcome], events: list[outbox.NewEvent]
) -> list[str]:
    """Let outcomes that were taken have their effects; return whom they contacted first.

    Accounts and persons are locked already.
    """
    accepted = [one for one in outcomes if one.attempt.state == AttemptState.ACCEPTED]
    met: list[str] = []
    if accepted:
        met = await persons.contacted(
            connection, team_id=team_id, contacts=[(one.attempt.profile_id, one.accepted_at) for one in accepted]
        )
        await _accept(connection, team_id, now, accepted, events)
    for one in outcomes:
        if one.attempt.state != AttemptState.ACCEPTED:
            await _refuse(connection, team_id, now, one, events)
    known = [one.attempt.id for one in outcomes if one.attempt.state != AttemptState.UNKNOWN]
    await let_go(connection, team_id=team_id, attempt_ids=known, now=now)
    return met


async def let_go(connection: Connection, *, team_id: str, attempt_ids: Sequence[str], now: datetime) -> None:
    """Let campaigns write again to the persons these messages went to."""
    if attempt_ids:
        freed = await by_hand.free_persons(connection, team_id=team_id, attempt_ids=attempt_ids)
        await persons.unpark(connection, team_id=team_id, profile_ids=freed, due_at=now)


async def _accept(
    connection: Connection, team_id: str, now: datetime, accepted: Sequence[Outcome], events: list[outbox.NewEvent]
) -> None:
    kept = await threads.store(connection, team_id=team_id, now=now, messages=[_message(one) for one in accepted])
    await conversations.mark_read(
        connection, team_id=team_id, thread_ids=[message.thread_id for message in kept.messages]
    )
    events += threads.events(kept.turned)
    events += [
        outbox.NewEvent(
            type="message.sent", object_type="message", object_id=message.id, data={"threadId": message.thread_id}
        )
        for message in kept.messages
    ]
    for one in accepted:
        # The last call of a window says until when no other is taken.
        if one.outcome.retry_at is not None and one.outcome.retry_at > now:
            await halts.rest(
                connection,
                team_id=team_id,
                account_id=one.attempt.account_id,
                until=one.outcome.retry_at,
                result=one.outcome,
            )


def _message(one: Outcome) -> threads.NewMessage:
    assert one.outcome.platform_message_id is not None
    return threads.NewMessage(
        id=one.attempt.message_id,
        account_id=one.attempt.account_id,
        profile_id=one.attempt.profile_id,
        platform_id=one.outcome.platform_message_id,
        conversation_id=one.outcome.conversation_id,
        is_inbound=False,
        content=one.attempt.text,
        sent_at=one.accepted_at,
        attempt_id=one.attempt.id,
        archives=False,
    )


async def _refuse(
    connection: Connection, team_id: str, now: datetime, one: Outcome, events: list[outbox.NewEvent]
) -> None:
    account_id, result = one.attempt.account_id, one.outcome
    match result.kind:
        case OutcomeKind.RECIPIENT_REFUSED:
            await progress.close_verdict(
                connection, team_id=team_id, profile_id=one.attempt.profile_id, account_id=account_id, now=now
            )
        case OutcomeKind.UNKNOWN:
            await duties.want(connection, team_id=team_id, kind="reconcile", key=account_id, due_at=now)
        case _:
            await halts.heed(connection, team_id=team_id, account_id=account_id, now=now, result=result, events=events)
