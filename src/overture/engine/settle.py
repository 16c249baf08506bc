"""Settle: one transaction that takes the outcomes of a batch, and everything that follows from them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from overture.core import outcome, pacing, sequence
from overture.core.words import AttemptState, CostKind, Endpoint, LeadState, OutcomeKind, Trigger
from overture.engine import automate, by_hand, halts, pacemaker, refusals, targets, versions
from overture.engine.liking import Liked
from overture.store import (
    budget_windows,
    costs,
    ledger,
    likes,
    outbox,
    paces,
    persons,
    progress,
    scope_requests,
    threads,
    wakeups,
)
from overture.store.likes import Like
from overture.store.pool import Connection, Pool, hot_transaction


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of one attempt, as a worker or a reading of the conversation brings it; without a lead one by hand.

    `ended_at` closes the attempt's span (engine time); `accepted_at` is when the platform took the message. `liked`
    is what became of the like steps before it.
    """

    attempt_id: str
    account_id: str
    lead_id: str | None
    profile_id: str
    outcome: outcome.Outcome
    ended_at: datetime
    accepted_at: datetime | None = None
    liked: tuple[Liked, ...] = ()


async def settle(pool: Pool, *, team_id: str, now: datetime, results: Sequence[Result]) -> list[str]:
    """Take outcomes; return the campaigns in which a lead ended, to be looked at for completion."""
    async with pool.acquire() as connection, hot_transaction(connection):
        return await take(connection, team_id=team_id, now=now, results=results)


async def take(connection: Connection, *, team_id: str, now: datetime, results: Sequence[Result]) -> list[str]:
    """Take outcomes inside the caller's transaction; return the campaigns in which a lead ended."""
    by_attempt = {result.attempt_id: result for result in results}
    account_ids = sorted({result.account_id for result in results})
    profile_ids = [result.profile_id for result in results]
    await paces.lock_accounts(connection, team_id=team_id, account_ids=account_ids)
    await halts.prepare(connection, team_id=team_id, kinds=[result.outcome.kind for result in results])
    versions_of = await progress.lock(
        connection, team_id=team_id, lead_ids=[one.lead_id for one in results if one.lead_id]
    )
    await persons.lock(connection, team_id=team_id, profile_ids=profile_ids)
    settled, sent_by_hand = await ledger.settle(
        connection, team_id=team_id, settlements=[_settlement(result) for result in results]
    )
    wakes = await _end_spans(connection, team_id, settled, sent_by_hand)
    events: list[outbox.NewEvent] = []
    triggered: list[automate.Triggered] = []
    ended: set[str] = set()
    accepted = [attempt for attempt in settled if attempt.state == AttemptState.ACCEPTED]
    met: list[str] = []
    if accepted:
        met = await persons.contacted(
            connection, team_id=team_id, contacts=[(one.profile_id, _taken_at(by_attempt[one.id])) for one in accepted]
        )
        ended |= await _accept(connection, team_id, now, accepted, by_attempt, versions_of, wakes, events, triggered)
    refused = [attempt for attempt in settled if attempt.state != AttemptState.ACCEPTED]
    for attempt in refused:
        ended |= await refusals.take(
            connection, team_id, now, attempt, by_attempt[attempt.id].outcome, events, triggered
        )
    await automate.run(connection, team_id=team_id, now=now, triggered=triggered, events=events)
    if sent_by_hand:
        outcomes = [_by_hand(attempt, by_attempt[attempt.id]) for attempt in sent_by_hand]
        met += await by_hand.follow(connection, team_id=team_id, now=now, outcomes=outcomes, events=events)
    await scope_requests.follow(connection, team_id=team_id, now=now, contacted=met)
    every: list[ledger.Settled | ledger.SettledByHand] = [*settled, *sent_by_hand]
    sent = Counter(attempt.account_id for attempt in every if attempt.state == AttemptState.ACCEPTED)
    await costs.count(connection, team_id=team_id, kind=CostKind.MESSAGE_SENT, units=sent, now=now)
    told = {result.account_id: result.outcome.windows for result in results if result.outcome.windows}
    await likes.keep(connection, team_id=team_id, likes=[like for result in results for like in _likes(result)])
    await budget_windows.keep(connection, team_id=team_id, endpoint=Endpoint.SEND, told=told, now=now)
    await outbox.append(connection, team_id=team_id, now=now, events=events)
    return sorted(ended)


def _likes(result: Result) -> list[Like]:
    if result.lead_id is None:
        return []
    return [
        Like(
            lead_id=result.lead_id,
            account_id=result.account_id,
            step_id=liked.step.id,
            version=liked.version,
            rank=liked.step.rank,
            at=liked.at,
            post_id=liked.post_id,
            reason=liked.reason,
        )
        for liked in result.liked
    ]


def _by_hand(attempt: ledger.SettledByHand, result: Result) -> by_hand.Outcome:
    return by_hand.Outcome(attempt=attempt, outcome=result.outcome, accepted_at=_taken_at(result))


def _taken_at(result: Result) -> datetime:
    """Say when the platform took a message that it accepted."""
    return result.accepted_at or result.ended_at


def _settlement(result: Result) -> ledger.Settlement:
    is_accepted = result.outcome.kind == OutcomeKind.ACCEPTED
    return ledger.Settlement(
        attempt_id=result.attempt_id,
        state=result.outcome.state,
        outcome=result.outcome.kind,
        reason=result.outcome.reason,
        detail=result.outcome.detail,
        ended_at=result.ended_at,
        accepted_at=_taken_at(result) if is_accepted else None,
        platform_message_id=result.outcome.platform_message_id,
    )


async def _end_spans(
    connection: Connection,
    team_id: str,
    settled: Sequence[ledger.Settled],
    sent_by_hand: Sequence[ledger.SettledByHand],
) -> dict[str, datetime]:
    """Let the gaps run from the ends of the spans: the pace moves only ever later. Return when each account wakes."""
    every: list[ledger.Settled | ledger.SettledByHand] = [*settled, *sent_by_hand]
    wakes = await paces.end_attempts(
        connection,
        team_id=team_id,
        account_ids=[attempt.account_id for attempt in every],
        fences=[attempt.fence for attempt in every],
        ended_at=[attempt.ended_at for attempt in every],
        accepted=[attempt.state == AttemptState.ACCEPTED for attempt in every],
    )
    late = [attempt for attempt in settled if attempt.ended_at > attempt.intent_at]
    if not late:
        return wakes
    pairs = await paces.pairs(
        connection,
        team_id=team_id,
        account_ids=[attempt.account_id for attempt in late],
        campaign_ids=[attempt.campaign_id for attempt in late],
    )
    ends = {(attempt.account_id, attempt.campaign_id): attempt.ended_at for attempt in late}
    moves = []
    for pair in pairs:
        end = ends[pair.account_id, pair.campaign_id]
        gap = pacing.gap(pair.schedule.rate, pair.draw)
        moves.append((pair.account_id, pair.campaign_id, end, pacemaker.pair_next_at(pair, not_before=end + gap)))
    await paces.delay_pairs(connection, team_id=team_id, ended=moves)
    return wakes


async def _accept(
    connection: Connection,
    team_id: str,
    now: datetime,
    accepted: Sequence[ledger.Settled],
    by_attempt: dict[str, Result],
    versions_of: dict[str, int],
    wakes: Mapping[str, datetime],
    events: list[outbox.NewEvent],
    triggered: list[automate.Triggered],
) -> set[str]:
    """Move leads on after accepted messages; return campaigns in which a lead ended."""
    at = {attempt.id: _taken_at(by_attempt[attempt.id]) for attempt in accepted}
    advances = await _advances(connection, team_id, accepted, at, versions_of)
    moved = {lead.lead_id: lead for lead in await progress.advance(connection, team_id=team_id, advances=advances)}
    kept = await threads.store(
        connection,
        team_id=team_id,
        now=now,
        messages=[_message(attempt, by_attempt[attempt.id], at[attempt.id]) for attempt in accepted],
    )
    by_message = {message.platform_id: message for message in kept.messages}
    events += threads.events(kept.turned)
    await _wake(connection, team_id, advances, wakes)
    for attempt in accepted:
        lead = moved[attempt.lead_id]
        message_id = by_attempt[attempt.id].outcome.platform_message_id
        message = by_message.get(message_id) if message_id is not None else None
        if message is not None:
            events.append(
                outbox.NewEvent(
                    type="message.sent",
                    object_type="message",
                    object_id=message.id,
                    data={"threadId": message.thread_id},
                )
            )
            events.append(
                targets.written_to(
                    campaign_id=attempt.campaign_id,
                    profile_id=attempt.profile_id,
                    thread_id=message.thread_id,
                    message_id=message.id,
                    step_number=attempt.rank,
                    is_first=lead.was_first,
                )
            )
        triggered.append(
            automate.Triggered(
                campaign_id=attempt.campaign_id,
                profile_id=attempt.profile_id,
                trigger=Trigger.CONTACTED if lead.was_first else Trigger.FOLLOW_UP_SENT,
            )
        )
    finished = [lead for lead in moved.values() if lead.state == LeadState.FINISHED]
    triggered.extend(
        automate.Triggered(campaign_id=lead.campaign_id, profile_id=lead.profile_id, trigger=Trigger.FINISHED)
        for lead in finished
    )
    going_on = {LeadState.IN_SEQUENCE, LeadState.HELD, LeadState.FINISHED}
    stopped = [lead.lead_id for lead in moved.values() if lead.state not in going_on]
    await _free(connection, team_id, now, [lead.lead_id for lead in finished], unanswered_at=now)
    await _free(connection, team_id, now, stopped, unanswered_at=None)
    await _raced_replies(connection, team_id, now, accepted, kept.inbound, events, triggered)
    for attempt in accepted:
        result = by_attempt[attempt.id].outcome
        # The last call of a window says until when no other is taken.
        if result.retry_at is not None and result.retry_at > now:
            await halts.rest(
                connection, team_id=team_id, account_id=attempt.account_id, until=result.retry_at, result=result
            )
    return {lead.campaign_id for lead in moved.values() if lead.state != LeadState.IN_SEQUENCE}


async def _advances(
    connection: Connection,
    team_id: str,
    accepted: Sequence[ledger.Settled],
    at: dict[str, datetime],
    versions_of: dict[str, int],
) -> list[progress.Advance]:
    steps = await versions.steps(
        connection,
        team_id=team_id,
        wanted={(attempt.campaign_id, versions_of[attempt.lead_id]) for attempt in accepted},
    )
    advances = []
    for attempt in accepted:
        current = steps.get((attempt.campaign_id, versions_of[attempt.lead_id]), ())
        # The step may stand elsewhere in a version that came while the message was on its way.
        position = next((step.rank for step in current if step.id == attempt.step_id), attempt.rank) + 1
        due = sequence.message_due(current, position, at[attempt.id])
        advances.append(
            progress.Advance(
                lead_id=attempt.lead_id,
                account_id=attempt.account_id,
                rank=position,
                accepted_at=at[attempt.id],
                first_intent_at=attempt.intent_at,
                next_due=None if due is None else due.at,
            )
        )
    return advances


def _message(attempt: ledger.Settled, result: Result, at: datetime) -> threads.NewMessage:
    assert result.outcome.platform_message_id is not None
    return threads.NewMessage(
        account_id=attempt.account_id,
        profile_id=attempt.profile_id,
        platform_id=result.outcome.platform_message_id,
        conversation_id=result.outcome.conversation_id,
        is_inbound=False,
        content=attempt.text,
        sent_at=at,
        attempt_id=attempt.id,
        archives=True,
    )


async def _wake(
    connection: Connection, team_id: str, advances: Sequence[progress.Advance], wakes: Mapping[str, datetime]
) -> None:
    """Wake accounts in time for the follow-ups just planned, those that do not wake before in any case."""
    earliest: dict[str, datetime] = {}
    for advance in advances:
        if advance.next_due is not None:
            known = earliest.get(advance.account_id)
            earliest[advance.account_id] = min(known, advance.next_due) if known else advance.next_due
    sooner = {account_id: at for account_id, at in earliest.items() if at < wakes[account_id]}
    if sooner:
        await wakeups.give_each(connection, team_id=team_id, wakes=sooner)


async def _free(
    connection: Connection,
    team_id: str,
    now: datetime,
    lead_ids: Sequence[str],
    *,
    unanswered_at: datetime | None,
) -> None:
    """Free the persons of leads that ended, and wake who waited for them."""
    if not lead_ids:
        return
    await persons.free(connection, team_id=team_id, lead_ids=lead_ids, unanswered_at=unanswered_at, now=now)


async def _raced_replies(
    connection: Connection,
    team_id: str,
    now: datetime,
    accepted: Sequence[ledger.Settled],
    inbound: Mapping[tuple[str, str], datetime],
    events: list[outbox.NewEvent],
    triggered: list[automate.Triggered],
) -> None:
    """Count answers that came in while the message was still on its way to the ledger.

    `inbound` holds the latest one of each conversation, as (account, profile), that has any.
    """
    answered = [
        attempt
        for attempt in accepted
        if (at := inbound.get((attempt.account_id, attempt.profile_id))) is not None and at > attempt.intent_at
    ]
    if not answered:
        return
    replied = await progress.reply(
        connection,
        team_id=team_id,
        replies=[(attempt.lead_id, inbound[attempt.account_id, attempt.profile_id]) for attempt in answered],
    )
    account_of = {attempt.lead_id: attempt.account_id for attempt in answered}
    answers = await threads.last_inbound(
        connection, team_id=team_id, pairs=[(attempt.account_id, attempt.profile_id) for attempt in answered]
    )
    for lead in replied:
        triggered.append(
            automate.Triggered(campaign_id=lead.campaign_id, profile_id=lead.profile_id, trigger=Trigger.REPLIED)
        )
        answer = answers[account_of[lead.lead_id], lead.profile_id]
        events.append(
            targets.replied(
                campaign_id=lead.campaign_id,
                profile_id=lead.profile_id,
                thread_id=answer.thread_id,
                message_id=answer.message_id,
            )
        )
    await _free(connection, team_id, now, [lead.lead_id for lead in replied], unanswered_at=None)
