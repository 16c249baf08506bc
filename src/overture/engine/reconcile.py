"""Reconcile: settle attempts whose outcome nobody knows, by reading the conversation on the platform."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import compress

from overture.channels import port
from overture.channels.registry import Registry
from overture.core.outcome import Outcome
from overture.core.pacing import CALL_TIMEOUT
from overture.core.words import CostKind, LeadState, OutcomeKind, ReadEndpoint
from overture.engine import by_hand, dispatch, inbound, settle, targets
from overture.engine.hearing import Hearing
from overture.engine.keyring import Keyring
from overture.secrets import Sealer
from overture.store import costs, inboxes, ledger, outbox, paces, progress, threads
from overture.store.pool import Connection, Pool

CERTAIN_AFTER = timedelta(seconds=120)
"""How long after its lease ended (wall time) a message that is not in the conversation counts as not found."""

GIVE_UP_AFTER = timedelta(hours=1)
"""How long after its lease ended (wall time) a person decides about a message whose conversation cannot be read."""

RETRY = timedelta(minutes=1)

_FOR_THE_ACCOUNT = frozenset({"authLost", "outOfCredit", "rateLimited"})
"""Errors that every reading of the account would meet."""

_FAILURES_IN_A_ROW = 3
"""Readings that fail one after the other before it is the platform's fault and not a conversation's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reconciled:
    """What a run led to: when to look again (None = all settled), and campaigns in which a lead ended."""

    next_due: datetime | None
    ended: list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reading:
    """Whose conversations are read, by what, and when (engine and wall time)."""

    reader: inboxes.Reader
    channel: port.Channel
    now: datetime
    wall_now: datetime
    hearing: Hearing


class Reconciler:
    """Settles the open attempts of one account, one conversation at a time."""

    def __init__(self, *, pool: Pool, channels: Registry, sealer: Sealer) -> None:
        self._pool = pool
        self._channels = channels
        self._keyring = Keyring(pool=pool, channels=channels, sealer=sealer)

    async def step(self, *, team_id: str, account_id: str, now: datetime, wall_now: datetime) -> Reconciled:
        """Look at every open attempt of the account whose lease has run out."""
        async with self._pool.acquire() as connection:
            reader = await inboxes.reader(
                connection, team_id=team_id, account_id=account_id, endpoint=ReadEndpoint.CONVERSATION
            )
            attempts = await ledger.open_attempts(connection, team_id=team_id, account_id=account_id)
        is_over = [attempt.state == "unknown" or attempt.lease_until <= wall_now for attempt in attempts]
        left = list(compress(attempts, is_over))
        await self._end_leases(team_id, left, now)
        if reader is None:
            # The account is gone for good, and with it the way to find out.
            for attempt in left:
                await self._hold(team_id, attempt, now)
            left = []
        channel = self._channels.get(reader.platform) if reader is not None else None
        is_open = not all(is_over)
        ended: list[str] = []
        if reader is not None and reader.is_connected and channel is not None and left:
            reading = _Reading(
                reader=reader,
                channel=channel,
                now=now,
                wall_now=wall_now,
                hearing=Hearing(ReadEndpoint.CONVERSATION, now=now),
            )
            next_due = await self._read(team_id, reading, left, ended)
        else:
            # An account that has to be authorised again is read once it is: the sweep asks again.
            next_due = None
        if is_open and next_due is None:
            next_due = now + RETRY
        return Reconciled(next_due=next_due, ended=sorted(set(ended)))

    async def _read(
        self, team_id: str, reading: _Reading, attempts: Sequence[ledger.OpenAttempt], ended: list[str]
    ) -> datetime | None:
        """Read the conversations of attempts; return when to go on, None if nothing is left to find out."""
        if reading.reader.rest_until is not None and reading.reader.rest_until > reading.now:
            return reading.reader.rest_until
        next_due: datetime | None = None
        failures = 0
        for attempt in attempts:
            inbox: port.Inbox | None = None
            try:
                credentials = await self._keyring.credentials(
                    team_id=team_id,
                    account_id=reading.reader.account_id,
                    base_url=reading.reader.base_url,
                    sealed_grant=reading.reader.sealed_token,
                )
                inbox = await reading.channel.read_conversation(
                    credentials,
                    with_id=attempt.recipient_id,
                    since=attempt.intent_at - inbound.GRACE,
                    own_id=reading.reader.platform_id,
                )
                failures = 0
            except port.ChannelError as error:
                failures += 1
                if error.kind in _FOR_THE_ACCOUNT:
                    reading.hearing.refused(reading.reader.account_id, error)
                    await self._keep(team_id, reading)
                    return max(error.retry_at or reading.now, reading.now + RETRY)
            if inbox is not None:
                await self._bill(team_id, attempt.account_id, inbox, reading.now)
            is_settled, campaigns = await self._judge(team_id, reading, attempt, inbox)
            ended += campaigns
            if not is_settled:
                next_due = reading.now + RETRY
            if failures == _FAILURES_IN_A_ROW:
                return reading.now + RETRY
            if inbox is not None and await self._rests(team_id, reading, inbox):
                is_last = attempt is attempts[-1]
                return None if is_last and next_due is None else inbox.rest_until
        return next_due

    async def _rests(self, team_id: str, reading: _Reading, inbox: port.Inbox) -> bool:
        """Note what the platform said of its windows; tell whether it takes no other reading of conversations now."""
        reading.hearing.answered(reading.reader.account_id, inbox)
        await self._keep(team_id, reading)
        return reading.reader.account_id in reading.hearing.rests

    async def _keep(self, team_id: str, reading: _Reading) -> None:
        async with self._pool.acquire() as connection:
            await reading.hearing.keep(connection, team_id=team_id)

    async def _bill(self, team_id: str, account_id: str, inbox: port.Inbox, now: datetime) -> None:
        shown = {account_id: inbox.listed}
        async with self._pool.acquire() as connection:
            await costs.count(connection, team_id=team_id, kind=CostKind.MESSAGE_READ, units=shown, now=now)

    async def _end_leases(self, team_id: str, attempts: Sequence[ledger.OpenAttempt], now: datetime) -> None:
        """Note what is unknown from now on: nothing else waits for these attempts until they are settled."""
        intents = [attempt for attempt in attempts if attempt.state == "intent"]
        if intents:
            outcome = Outcome(kind=OutcomeKind.UNKNOWN, reason="leaseEnded")
            results = [_result(attempt, outcome, now) for attempt in intents]
            async with self._pool.acquire() as connection, connection.transaction():
                await settle.take(connection, team_id=team_id, now=now, results=results)

    async def _judge(
        self, team_id: str, reading: _Reading, attempt: ledger.OpenAttempt, inbox: port.Inbox | None
    ) -> tuple[bool, list[str]]:
        """Settle one attempt by what the conversation shows, None if it was not shown; tell whether that ends it."""
        now, waited = reading.now, reading.wall_now - attempt.lease_until
        if inbox is not None:
            async with self._pool.acquire() as connection, connection.transaction():
                await paces.lock_accounts(connection, team_id=team_id, account_ids=[attempt.account_id])
                if attempt.lead_id is not None:
                    await progress.lock(connection, team_id=team_id, lead_ids=[attempt.lead_id])
                outcome, accepted_at = await _outcome(connection, team_id, reading, attempt, inbox)
                if outcome is not None:
                    result = _result(attempt, outcome, now, accepted_at)
                    return True, await settle.take(connection, team_id=team_id, now=now, results=[result])
        is_certain = inbox is not None and inbox.reached and waited >= CERTAIN_AFTER
        if is_certain or waited >= GIVE_UP_AFTER:
            await self._hold(team_id, attempt, now)
            return True, []
        return False, []

    async def _hold(self, team_id: str, attempt: ledger.OpenAttempt, now: datetime) -> None:
        """Let a person decide: nobody can tell what became of the message. Late evidence still counts."""
        async with self._pool.acquire() as connection, connection.transaction():
            await paces.lock_accounts(connection, team_id=team_id, account_ids=[attempt.account_id])
            if attempt.lead_id is None:
                # Whoever sent it was told that nobody knows; campaigns need not wait for it any longer.
                if await ledger.not_found(connection, team_id=team_id, attempt_id=attempt.id):
                    await by_hand.let_go(connection, team_id=team_id, attempt_ids=[attempt.id], now=now)
                return
            await progress.lock(connection, team_id=team_id, lead_ids=[attempt.lead_id])
            if not await ledger.not_found(connection, team_id=team_id, attempt_id=attempt.id):
                return
            stop = progress.Stop(lead_id=attempt.lead_id, state=LeadState.HELD, reason="notFound")
            changed = await progress.stop_if_open(connection, team_id=team_id, stops=[stop], at=now)
            await outbox.append(
                connection,
                team_id=team_id,
                now=now,
                events=[
                    targets.held(campaign_id=lead.campaign_id, profile_id=lead.profile_id, reason="notFound")
                    for lead in changed
                ],
            )


async def _outcome(
    connection: Connection, team_id: str, reading: _Reading, attempt: ledger.OpenAttempt, inbox: port.Inbox
) -> tuple[Outcome | None, datetime | None]:
    """Return what a conversation proves of an attempt, and when the platform took the message if it did."""
    outgoing = [
        message
        for message in inbox.messages
        if not message.is_inbound and message.sent_at >= attempt.intent_at - inbound.GRACE
    ]
    known = await threads.known(
        connection,
        team_id=team_id,
        account_id=attempt.account_id,
        platform_ids=[message.platform_id for message in outgoing],
    )
    found = min(
        (message for message in outgoing if message.platform_id not in known),
        key=lambda message: message.sent_at,
        default=None,
    )
    if found is not None:
        accepted = Outcome(
            kind=OutcomeKind.ACCEPTED, platform_message_id=found.platform_id, conversation_id=found.conversation_id
        )
        return accepted, found.sent_at
    is_certain = inbox.reached and reading.wall_now - attempt.lease_until >= CERTAIN_AFTER
    if is_certain and reading.channel.capabilities.reads_are_complete:
        return Outcome(kind=OutcomeKind.NOT_SENT, reason="notFound"), None
    return None, None


def _result(
    attempt: ledger.OpenAttempt, outcome: Outcome, now: datetime, accepted_at: datetime | None = None
) -> settle.Result:
    ended_at = max(now, attempt.intent_at + dispatch.LEASE + CALL_TIMEOUT)
    return settle.Result(
        attempt_id=attempt.id,
        account_id=attempt.account_id,
        lead_id=attempt.lead_id,
        profile_id=attempt.profile_id,
        outcome=outcome,
        ended_at=ended_at if accepted_at is None else now,
        accepted_at=accepted_at,
    )
