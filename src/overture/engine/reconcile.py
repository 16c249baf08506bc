"""Reconcile: settle attempts whose outcome nobody knows, by reading the conversation on the platform."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from overture.channels import port
from overture.channels.registry import Registry
from overture.core.outcome import Outcome
from overture.core.pacing import CALL_TIMEOUT
from overture.core.words import LeadState, OutcomeKind
from overture.engine import dispatch, replies, settle
from overture.secrets import Sealer
from overture.store import inboxes, ledger, outbox, paces, progress, threads
from overture.store.pool import Connection, Pool

CERTAIN_AFTER = timedelta(seconds=120)
"""How long after its lease ended (wall time) a message that is not in the conversation counts as not found."""

RETRY = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reconciled:
    """What a run led to: when to look again (None = all settled), and campaigns in which a lead ended."""

    next_due: datetime | None
    ended: list[str]


class Reconciler:
    """Settles the open attempts of one account, one conversation at a time."""

    def __init__(self, *, pool: Pool, channels: Registry, sealer: Sealer) -> None:
        self._pool = pool
        self._channels = channels
        self._sealer = sealer

    async def step(self, *, team_id: str, account_id: str, now: datetime, wall_now: datetime) -> Reconciled:
        """Look at every open attempt of the account whose lease has run out."""
        async with self._pool.acquire() as connection:
            reader = await inboxes.reader(connection, team_id=team_id, account_id=account_id)
            attempts = await ledger.open_attempts(connection, team_id=team_id, account_id=account_id)
        channel = self._channels.get(reader.platform) if reader is not None else None
        if reader is None or channel is None or not attempts:
            return Reconciled(next_due=None, ended=[])
        credentials = port.Credentials(
            base_url=reader.base_url,
            token=self._sealer.open(reader.sealed_token, context=f"{team_id}:{account_id}"),
        )
        ended: list[str] = []
        is_open = False
        for attempt in attempts:
            if attempt.state == "intent" and attempt.lease_until > wall_now:
                is_open = True
                continue
            try:
                inbox = await channel.read_conversation(
                    credentials,
                    with_id=attempt.recipient_id,
                    since=attempt.intent_at - replies.GRACE,
                    own_id=reader.platform_id,
                )
            except port.ChannelError as error:
                retry_at = max(error.retry_at or now, now + RETRY)
                return Reconciled(next_due=retry_at, ended=sorted(set(ended)))
            is_settled, campaigns = await self._judge(team_id, attempt, inbox, now, wall_now)
            is_open = is_open or not is_settled
            ended += campaigns
        return Reconciled(next_due=now + RETRY if is_open else None, ended=sorted(set(ended)))

    async def _judge(
        self, team_id: str, attempt: ledger.OpenAttempt, inbox: port.Inbox, now: datetime, wall_now: datetime
    ) -> tuple[bool, list[str]]:
        """Settle one attempt by what the conversation shows; tell whether nothing is left to find out."""
        async with self._pool.acquire() as connection, connection.transaction():
            await paces.lock_accounts(connection, team_id=team_id, account_ids=[attempt.account_id])
            await progress.lock(connection, team_id=team_id, lead_ids=[attempt.lead_id])
            outgoing = [
                message
                for message in inbox.messages
                if not message.is_inbound and message.sent_at >= attempt.intent_at - replies.GRACE
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
                outcome = Outcome(
                    kind=OutcomeKind.ACCEPTED,
                    platform_message_id=found.platform_id,
                    conversation_id=found.conversation_id,
                )
                return True, await self._take(connection, team_id, attempt, outcome, now, found.sent_at)
            if attempt.state == "intent":
                outcome = Outcome(kind=OutcomeKind.UNKNOWN, reason="leaseEnded")
                await self._take(connection, team_id, attempt, outcome, now, None)
            if inbox.reached and wall_now >= attempt.lease_until + CERTAIN_AFTER:
                await ledger.not_found(connection, team_id=team_id, attempt_id=attempt.id)
                stop = progress.Stop(lead_id=attempt.lead_id, state=LeadState.HELD, reason="notFound")
                changed = await progress.stop_if_open(connection, team_id=team_id, stops=[stop], at=now)
                await outbox.append(
                    connection,
                    team_id=team_id,
                    now=now,
                    events=[
                        outbox.NewEvent(
                            type="target.held",
                            object_type="campaign",
                            object_id=lead.campaign_id,
                            data={"profileId": lead.profile_id, "reason": "notFound"},
                        )
                        for lead in changed
                    ],
                )
                return True, []
            return False, []

    async def _take(
        self,
        connection: Connection,
        team_id: str,
        attempt: ledger.OpenAttempt,
        outcome: Outcome,
        now: datetime,
        accepted_at: datetime | None,
    ) -> list[str]:
        ended_at = max(now, attempt.intent_at + dispatch.LEASE + CALL_TIMEOUT)
        result = settle.Result(
            attempt_id=attempt.id,
            account_id=attempt.account_id,
            lead_id=attempt.lead_id,
            profile_id=attempt.profile_id,
            outcome=outcome,
            ended_at=ended_at if accepted_at is None else now,
            accepted_at=accepted_at,
        )
        return await settle.take(connection, team_id=team_id, now=now, results=[result])
