"""Refusals: what an outcome that is no acceptance does to its lead, and to the account or app it speaks of."""

from datetime import datetime

from overture.core import outcome
from overture.core.words import LeadState, OutcomeKind, Trigger
from overture.engine import automate, halts, targets
from overture.store import campaign_accounts, duties, ledger, outbox, persons, progress
from overture.store.pool import Connection


async def take(
    connection: Connection,
    team_id: str,
    now: datetime,
    attempt: ledger.Settled,
    result: outcome.Outcome,
    events: list[outbox.NewEvent],
    triggered: list[automate.Triggered],
) -> set[str]:
    """Take one outcome, inside the transaction that settles it; return the campaign if its lead ended."""
    match result.kind:
        case OutcomeKind.RECIPIENT_REFUSED:
            await _refused_for_good(connection, team_id, now, attempt, result, events, triggered)
            return {attempt.campaign_id}
        case OutcomeKind.UNKNOWN:
            await duties.want(connection, team_id=team_id, kind="reconcile", key=attempt.account_id, due_at=now)
        case OutcomeKind.INVALID:
            await _hold(connection, team_id, now, attempt, f"invalid:{result.reason or 'refused'}", events)
        case OutcomeKind.SENDER_REFUSED:
            counts = await progress.refused_by_sender(connection, team_id=team_id, lead_ids=[attempt.lead_id])
            if counts.get(attempt.lead_id, 0) >= outcome.LEAD_REFUSAL_LIMIT:
                await _hold(connection, team_id, now, attempt, "senderRefused", events)
            else:
                await _due_again(connection, team_id, attempt, now)
        case _:
            await _due_again(connection, team_id, attempt, now)
    await halts.heed(connection, team_id=team_id, account_id=attempt.account_id, now=now, result=result, events=events)
    return set()


async def _refused_for_good(
    connection: Connection,
    team_id: str,
    now: datetime,
    attempt: ledger.Settled,
    result: outcome.Outcome,
    events: list[outbox.NewEvent],
    triggered: list[automate.Triggered],
) -> None:
    reason = result.reason or "refused"
    state = LeadState.UNREACHABLE if attempt.is_first else LeadState.FAILED
    changed = await progress.stop_if_open(
        connection,
        team_id=team_id,
        stops=[progress.Stop(lead_id=attempt.lead_id, state=state, reason=reason)],
        at=now,
    )
    await progress.close_verdict(
        connection, team_id=team_id, profile_id=attempt.profile_id, account_id=attempt.account_id, now=now
    )
    await persons.free(connection, team_id=team_id, lead_ids=[attempt.lead_id], unanswered_at=None, now=now)
    if changed and state == LeadState.FAILED:
        events.append(targets.failed(campaign_id=attempt.campaign_id, profile_id=attempt.profile_id, reason=reason))
        triggered.append(
            automate.Triggered(campaign_id=attempt.campaign_id, profile_id=attempt.profile_id, trigger=Trigger.FAILED)
        )


async def _hold(
    connection: Connection,
    team_id: str,
    now: datetime,
    attempt: ledger.Settled,
    reason: str,
    events: list[outbox.NewEvent],
) -> None:
    await progress.stop_if_open(
        connection,
        team_id=team_id,
        stops=[progress.Stop(lead_id=attempt.lead_id, state=LeadState.HELD, reason=reason)],
        at=now,
    )
    events.append(targets.held(campaign_id=attempt.campaign_id, profile_id=attempt.profile_id, reason=reason))


async def _due_again(connection: Connection, team_id: str, attempt: ledger.Settled, now: datetime) -> None:
    keys = {"team_id": team_id, "campaign_id": attempt.campaign_id}
    await progress.put_due(connection, team_id=team_id, due=[(attempt.lead_id, attempt.account_id, now)])
    if attempt.is_first and not await campaign_accounts.is_sender(connection, **keys, account_id=attempt.account_id):
        # The plan has given to others what the account had not begun, and left this lead, whose message was under way.
        await duties.want(connection, team_id=team_id, kind="plan", key=attempt.campaign_id, due_at=now)
