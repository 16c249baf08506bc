"""Replies: read an account's inbox to its head, and let every sequence with a person who wrote stop."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from overture import ids
from overture.channels import port
from overture.channels.registry import Registry
from overture.core import policy
from overture.core.words import LeadState, ReadEndpoint, Trigger
from overture.engine import automate, catch_up, halts, suppress
from overture.secrets import Sealer
from overture.store import (
    budgets,
    duties,
    inboxes,
    ledger,
    outbox,
    paces,
    persons,
    progress,
    restored,
    scope_requests,
    suppressions,
    threads,
)
from overture.store.pool import Connection, Pool, hot_transaction

_log = structlog.get_logger(__name__)

INTERVAL = timedelta(minutes=20)
"""How often the inbox of an account that sends is read when nothing asks sooner; a follow-up always asks (60 s)."""

QUIET_INTERVAL = timedelta(hours=1)
"""How often the inbox of an account is read that has sent nothing for `QUIET_AFTER`: each reading is billed."""

QUIET_AFTER = timedelta(hours=2)

RETRY = timedelta(minutes=2)

CATCH_UP_RETRY = timedelta(seconds=10)
"""How long a restored account waits for its messages under way to be found before it reads its inbox."""

GRACE = timedelta(seconds=5)
"""How far the platform's clock may lie before ours when its record of a send is matched with an intent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What one reading of an inbox led to.

    `ended` are the campaigns in which a lead ended; `is_awaited` tells that sends may be due now because of it.
    """

    next_due: datetime | None
    ended: list[str]
    is_awaited: bool = False


class InboxReader:
    """Reads inboxes; one reading is one call to the platform and one transaction."""

    def __init__(self, *, pool: Pool, channels: Registry, sealer: Sealer) -> None:
        self._pool = pool
        self._channels = channels
        self._sealer = sealer

    async def read(self, *, team_id: str, account_id: str, now: datetime) -> Reading:
        """Read the inbox of one account at `now` (engine time)."""
        async with self._pool.acquire() as connection:
            reader = await inboxes.reader(
                connection, team_id=team_id, account_id=account_id, endpoint=ReadEndpoint.INBOX
            )
        channel = self._channels.get(reader.platform) if reader is not None else None
        if reader is None or channel is None or not reader.is_connected:
            return Reading(next_due=None, ended=[])
        if reader.rest_until is not None and reader.rest_until > now:
            return Reading(next_due=reader.rest_until, ended=[])
        if reader.restored_from is not None and await self._has_open(team_id, account_id, now):
            return Reading(next_due=now + CATCH_UP_RETRY, ended=[])
        credentials = port.Credentials(
            base_url=reader.base_url,
            token=self._sealer.open(reader.sealed_token, context=f"{team_id}:{account_id}"),
        )
        try:
            inbox = await channel.read_inbox(credentials, until_id=reader.until_id, own_id=reader.platform_id)
        except port.ChannelError as error:
            return await self._failed(team_id, account_id, now, error)
        if reader.restored_from is not None and not inbox.reached:
            _log.warning("catch_up_incomplete", team_id=team_id, account_id=account_id, messages=len(inbox.messages))
            return Reading(next_due=now + RETRY, ended=[])
        ended, is_awaited = await self._store(team_id, reader, inbox, now)
        if reader.restored_from is not None:
            await catch_up.finish(self._pool, team_id=team_id, account_id=account_id, now=now)
            is_awaited = True
        if inbox.reached and not reader.is_synced:
            history_from = now - channel.capabilities.history
            async with self._pool.acquire() as connection:
                await inboxes.mark_synced(
                    connection, team_id=team_id, account_id=account_id, at=now, history_from=history_from
                )
        interval = INTERVAL if now - reader.last_end < QUIET_AFTER else QUIET_INTERVAL
        next_due = _aligned(now, interval) if inbox.reached else now
        await self._rest(team_id, account_id, inbox.rest_until, now)
        return Reading(next_due=next_due, ended=ended, is_awaited=is_awaited)

    async def _store(
        self, team_id: str, reader: inboxes.Reader, inbox: port.Inbox, now: datetime
    ) -> tuple[list[str], bool]:
        """Store what was read; return the campaigns in which a lead ended, and whether somebody waited for it."""
        async with self._pool.acquire() as connection:
            fresh = await _fresh(connection, team_id, reader, inbox)
            if not fresh:
                return [], await _mark(connection, team_id, reader, inbox, now)
            async with hot_transaction(connection):
                ended = await _take(connection, team_id=team_id, reader=reader, messages=fresh, now=now)
                await _mark(connection, team_id, reader, inbox, now)
                return ended, True

    async def _has_open(self, team_id: str, account_id: str, now: datetime) -> bool:
        """Tell whether messages under way at the backup are still to be found, or leads to be made.

        Only then is it clear which messages are new, and whom they were for.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            is_open = await restored.has_open_attempts(connection, team_id=team_id, account_id=account_id)
            if is_open:
                await duties.want(connection, team_id=team_id, kind="reconcile", key=account_id, due_at=now)
            return is_open or await restored.is_syncing(connection, team_id=team_id)

    async def _failed(self, team_id: str, account_id: str, now: datetime, error: port.ChannelError) -> Reading:
        if error.kind == "authLost":
            async with self._pool.acquire() as connection, connection.transaction():
                events: list[outbox.NewEvent] = []
                await paces.lock_accounts(connection, team_id=team_id, account_ids=[account_id])
                await halts.account_lost(connection, team_id=team_id, account_id=account_id, now=now, events=events)
                await outbox.append(connection, team_id=team_id, now=now, events=events)
            return Reading(next_due=None, ended=[])
        await self._rest(team_id, account_id, error.retry_at, now)
        return Reading(next_due=max(error.retry_at or now, now + RETRY), ended=[])

    async def _rest(self, team_id: str, account_id: str, until: datetime | None, now: datetime) -> None:
        """Note until when the platform takes no reading: a follow-up asks for one each minute, and none may be made."""
        if until is not None and until > now:
            async with self._pool.acquire() as connection:
                await budgets.rest_endpoint(
                    connection, team_id=team_id, endpoint=ReadEndpoint.INBOX, until={account_id: until}
                )


def _aligned(now: datetime, interval: timedelta) -> datetime:
    """Return the instant of the grid of readings nearest to `now` + `interval`, so that accounts are read together."""
    step = interval.total_seconds()
    return datetime.fromtimestamp(round(now.timestamp() / step + 1) * step, tz=now.tzinfo)


async def _fresh(
    connection: Connection, team_id: str, reader: inboxes.Reader, inbox: port.Inbox
) -> list[port.InboxMessage]:
    """Leave out what is stored already: mostly our own sends, which come back with every reading."""
    if not inbox.messages:
        return []
    known = await threads.known(
        connection,
        team_id=team_id,
        account_id=reader.account_id,
        platform_ids=[message.platform_id for message in inbox.messages],
    )
    return [message for message in inbox.messages if message.platform_id not in known]


async def _take(
    connection: Connection,
    *,
    team_id: str,
    reader: inboxes.Reader,
    messages: Sequence[port.InboxMessage],
    now: datetime,
) -> list[str]:
    """Store messages and act on those that are new; return the campaigns in which a lead ended."""
    await paces.lock_accounts(connection, team_id=team_id, account_ids=[reader.account_id])
    profiles = await inboxes.profiles_of(
        connection,
        team_id=team_id,
        platform=reader.platform,
        platform_ids=[message.other_id for message in messages],
        now=now,
        new_ids=ids.many("u", len(messages)),
    )
    ended: list[str] = []
    if reader.restored_from is not None:
        since = reader.restored_from - GRACE
        ours = [message for message in messages if not message.is_inbound and message.sent_at >= since]
        ended = await catch_up.take(
            connection, team_id=team_id, account_id=reader.account_id, messages=ours, profiles=profiles, now=now
        )
    return ended + await _act(connection, team_id, reader.account_id, messages, profiles, now)


async def _mark(connection: Connection, team_id: str, reader: inboxes.Reader, inbox: port.Inbox, now: datetime) -> bool:
    """Note how far the inbox was read; tell whether the account waited for it."""
    newest = max((message.platform_id for message in inbox.messages), key=int, default=None)
    return await inboxes.mark_read(
        connection,
        team_id=team_id,
        account_id=reader.account_id,
        read_at=now,
        until_id=newest if inbox.reached else None,
        reached_head=inbox.reached,
    )


async def _act(
    connection: Connection,
    team_id: str,
    account_id: str,
    messages: Sequence[port.InboxMessage],
    profiles: dict[str, str],
    now: datetime,
) -> list[str]:
    writers = sorted({profiles[message.other_id] for message in messages if message.is_inbound})
    leads = await inboxes.concerned_leads(connection, team_id=team_id, profile_ids=writers)
    await persons.lock(connection, team_id=team_id, profile_ids=list(profiles.values()))
    under_way = await inboxes.open_intents(connection, team_id=team_id, account_id=account_id)
    # An outgoing message younger than an open intent may be that intent's: it is left to be reconciled.
    left = {
        message.platform_id: profiles[message.other_id]
        for message in messages
        if not message.is_inbound
        and (at := under_way.get(profiles[message.other_id])) is not None
        and message.sent_at >= at - GRACE
    }
    if left and await ledger.look_again(
        connection, team_id=team_id, account_id=account_id, profile_ids=list(left.values())
    ):
        await duties.want(connection, team_id=team_id, kind="reconcile", key=account_id, due_at=now)
    kept = [message for message in messages if message.platform_id not in left]
    stored = await threads.store(
        connection,
        team_id=team_id,
        now=now,
        messages=[_as_stored(message, account_id, profiles[message.other_id]) for message in kept],
    )
    new = {message.platform_id: message for message in stored}
    inbound = [message for message in kept if message.is_inbound and message.platform_id in new]
    outbound = [message for message in kept if not message.is_inbound and message.platform_id in new]
    met = await persons.contacted(
        connection,
        team_id=team_id,
        contacts=[(profiles[message.other_id], message.sent_at) for message in outbound],
    )
    await persons.wrote(
        connection,
        team_id=team_id,
        inbound=[(profiles[message.other_id], message.sent_at) for message in inbound],
    )
    events = [
        outbox.NewEvent(
            type="message.received" if message.is_inbound else "message.sent",
            object_type="message",
            object_id=new[message.platform_id].id,
            data={"threadId": new[message.platform_id].thread_id},
        )
        for message in sorted([*inbound, *outbound], key=lambda message: int(message.platform_id))
    ]
    triggered: list[automate.Triggered] = []
    ended = await _stop_sequences(
        connection, team_id, account_id, _by_profile(inbound, profiles), leads, now, events, triggered
    )
    await scope_requests.follow_contact(connection, team_id=team_id, profile_ids=met, now=now)
    await scope_requests.follow_inbound(
        connection, team_id=team_id, profile_ids=[profiles[message.other_id] for message in inbound], now=now
    )
    await automate.run(connection, team_id=team_id, now=now, triggered=triggered, events=events)
    await outbox.append(connection, team_id=team_id, now=now, events=events)
    return ended


def _as_stored(message: port.InboxMessage, account_id: str, profile_id: str) -> threads.NewMessage:
    return threads.NewMessage(
        account_id=account_id,
        profile_id=profile_id,
        platform_id=message.platform_id,
        conversation_id=message.conversation_id,
        is_inbound=message.is_inbound,
        content=message.text,
        sent_at=message.sent_at,
        attempt_id=None,
        archives=False,
    )


def _by_profile(inbound: Sequence[port.InboxMessage], profiles: dict[str, str]) -> dict[str, list[port.InboxMessage]]:
    grouped: dict[str, list[port.InboxMessage]] = {}
    for message in sorted(inbound, key=lambda message: message.sent_at):
        grouped.setdefault(profiles[message.other_id], []).append(message)
    return grouped


async def _stop_sequences(
    connection: Connection,
    team_id: str,
    account_id: str,
    inbound: dict[str, list[port.InboxMessage]],
    leads: Sequence[inboxes.ConcernedLead],
    now: datetime,
    events: list[outbox.NewEvent],
    triggered: list[automate.Triggered],
) -> list[str]:
    """Let each answer count once, stop every other sequence with that person, and honour a "stop"."""
    tried = await ledger.first_intents(connection, team_id=team_id, lead_ids=[lead.lead_id for lead in leads])
    opted_out = [
        profile_id
        for profile_id, messages in inbound.items()
        if any(policy.is_opt_out(message.text) for message in messages)
    ]
    await suppressions.add(
        connection,
        team_id=team_id,
        new=[suppressions.New(profile_id=profile_id, note=None) for profile_id in opted_out],
        source="optOut",
        by=None,
        at=now,
    )
    replies: list[tuple[str, datetime]] = []
    stops: list[progress.Stop] = []
    for profile_id, messages in inbound.items():
        theirs = [lead for lead in leads if lead.profile_id == profile_id]
        answered = _answered(theirs, account_id, messages, tried)
        if answered is not None:
            replies.append(answered)
        counted = answered[0] if answered is not None else None
        stops += [
            stop
            for lead in theirs
            if lead.lead_id != counted
            and (stop := _stop(lead, messages, tried, is_opted_out=profile_id in opted_out)) is not None
        ]
    replied = await progress.reply(connection, team_id=team_id, replies=replies)
    stopped = await progress.stop_if_open(connection, team_id=team_id, stops=stops, at=now)
    await scope_requests.follow_suppression(connection, team_id=team_id, profile_ids=opted_out, now=now)
    changed = [*replied, *stopped]
    freed = await persons.release(
        connection,
        team_id=team_id,
        lead_ids=[lead.lead_id for lead in changed if lead.state != LeadState.HELD],
        unanswered_at=None,
    )
    woken = await persons.unpark(connection, team_id=team_id, profile_ids=freed, due_at=now)
    if woken:
        await paces.wake(connection, team_id=team_id, account_ids=woken, at=now)
    for lead in replied:
        triggered.append(
            automate.Triggered(campaign_id=lead.campaign_id, profile_id=lead.profile_id, trigger=Trigger.REPLIED)
        )
        events.append(
            outbox.NewEvent(
                type="target.replied",
                object_type="campaign",
                object_id=lead.campaign_id,
                data={"profileId": lead.profile_id},
            )
        )
    events += [
        outbox.NewEvent(
            type="target.held",
            object_type="campaign",
            object_id=lead.campaign_id,
            data={"profileId": lead.profile_id, "reason": "wroteFirst"},
        )
        for lead in stopped
        if lead.state == LeadState.HELD
    ]
    return sorted({lead.campaign_id for lead in changed})


def _answered(
    leads: Sequence[inboxes.ConcernedLead],
    account_id: str,
    messages: Sequence[port.InboxMessage],
    tried: dict[str, datetime],
) -> tuple[str, datetime] | None:
    """Return the lead an answer counts for, the one most recently contacted from that account, and when it came."""
    contacted = [lead for lead in leads if lead.account_id == account_id and lead.contacted_at is not None]
    if not contacted:
        return None
    latest = max(contacted, key=lambda lead: (lead.contacted_at, lead.lead_id))
    since = tried.get(latest.lead_id) or latest.contacted_at
    assert since is not None
    return next(((latest.lead_id, message.sent_at) for message in messages if message.sent_at > since), None)


def _stop(
    lead: inboxes.ConcernedLead,
    messages: Sequence[port.InboxMessage],
    tried: dict[str, datetime],
    *,
    is_opted_out: bool,
) -> progress.Stop | None:
    """Say how a message of its person ends a lead for which the message is not the counted answer."""
    latest = messages[-1].sent_at
    first_intent = tried.get(lead.lead_id)
    if is_opted_out:
        return suppress.stop_of(lead, first_intent)
    if lead.state == LeadState.IN_SEQUENCE or (lead.state == LeadState.HELD and lead.contacted_at is not None):
        return progress.Stop(lead_id=lead.lead_id, state=LeadState.CANCELED, reason="answeredElsewhere")
    if lead.state in {LeadState.ASSESSING, LeadState.READY} and first_intent is None and latest > lead.joined_at:
        return progress.Stop(lead_id=lead.lead_id, state=LeadState.HELD, reason="wroteFirst")
    return None
