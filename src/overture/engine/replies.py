"""Replies: read an account's inbox to its head, and let every sequence with a person who wrote stop."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from overture import ids
from overture.channels import port
from overture.channels.registry import Registry
from overture.core.words import CostKind, ReadEndpoint
from overture.engine import catch_up, halts, inbound
from overture.engine.hearing import Hearing
from overture.engine.keyring import Keyring
from overture.secrets import Sealer
from overture.store import (
    costs,
    duties,
    inboxes,
    outbox,
    paces,
    restored,
    threads,
)
from overture.store.pool import Connection, Pool, hot_transaction

INTERVAL = timedelta(minutes=20)
"""How often the inbox of an account that sends is read when nothing asks sooner; a follow-up always asks (60 s)."""

QUIET_INTERVAL = timedelta(hours=1)
"""How often the inbox of an account is read that has sent nothing for `QUIET_AFTER`: each reading is billed."""

QUIET_AFTER = timedelta(hours=2)

TOLD_INTERVAL = timedelta(minutes=90)
"""How often the inbox of an account is read of which the platform tells by itself: what it did not tell is found."""

RETRY = timedelta(minutes=2)

CATCH_UP_RETRY = timedelta(seconds=10)
"""How long a restored account waits for its messages under way to be found before it reads its inbox."""


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
        self._keyring = Keyring(pool=pool, channels=channels, sealer=sealer)

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
        hearing = Hearing(ReadEndpoint.INBOX, now=now)
        try:
            credentials = await self._keyring.credentials(
                team_id=team_id,
                account_id=account_id,
                base_url=reader.base_url,
                sealed_grant=reader.sealed_token,
            )
            inbox = await channel.read_inbox(
                credentials, until_id=reader.until_id, own_id=reader.platform_id, page=reader.page
            )
        except port.ChannelError as error:
            hearing.refused(account_id, error)
            await self._keep(team_id, hearing)
            return await self._failed(team_id, reader, now, error)
        hearing.answered(account_id, inbox)
        await self._keep(team_id, hearing)
        return await self._take_in(team_id, reader, channel.capabilities, inbox, now)

    async def _take_in(
        self,
        team_id: str,
        reader: inboxes.Reader,
        capabilities: port.Capabilities,
        inbox: port.Inbox,
        now: datetime,
    ) -> Reading:
        if reader.restored_from is not None:
            if not inbox.reached:
                return await self._put_off(team_id, reader, inbox, now)
            inbox = await self._with_kept(team_id, reader, inbox)
        ended, is_awaited = await self._store(team_id, reader, inbox, now)
        if not inbox.reached:
            return Reading(next_due=_resumes(inbox, now), ended=ended, is_awaited=is_awaited)
        if reader.restored_from is not None:
            await catch_up.finish(self._pool, team_id=team_id, account_id=reader.account_id, now=now)
            is_awaited = True
        if not reader.is_synced:
            history_from = now - capabilities.history
            async with self._pool.acquire() as connection:
                await inboxes.mark_synced(
                    connection, team_id=team_id, account_id=reader.account_id, at=now, history_from=history_from
                )
        if reader.began_at is not None:
            # What was written while the reading went on is still unread.
            return Reading(next_due=now, ended=ended, is_awaited=is_awaited)
        interval = INTERVAL if now - reader.last_end < QUIET_AFTER else QUIET_INTERVAL
        if reader.is_told:
            interval = TOLD_INTERVAL
        return Reading(next_due=_aligned(now, interval), ended=ended, is_awaited=is_awaited)

    async def _put_off(self, team_id: str, reader: inboxes.Reader, inbox: port.Inbox, now: datetime) -> Reading:
        """Keep what was read since a restore: nothing of it is acted on before all is known."""
        async with self._pool.acquire() as connection, connection.transaction():
            kept = [_kept(message) for message in inbox.messages]
            await restored.keep_read(connection, team_id=team_id, account_id=reader.account_id, messages=kept)
            await _mark(connection, team_id, reader, inbox, now)
        return Reading(next_due=_resumes(inbox, now), ended=[])

    async def _with_kept(self, team_id: str, reader: inboxes.Reader, inbox: port.Inbox) -> port.Inbox:
        """Put together all that was read since a restore."""
        async with self._pool.acquire() as connection:
            kept = await restored.read_before(connection, team_id=team_id, account_id=reader.account_id)
        before = [port.InboxMessage(**asdict(message)) for message in kept]
        return replace(inbox, messages=(*inbox.messages, *before))

    async def _store(
        self, team_id: str, reader: inboxes.Reader, inbox: port.Inbox, now: datetime
    ) -> tuple[list[str], bool]:
        """Store what was read; return the campaigns in which a lead ended, and whether somebody waited for it."""
        async with self._pool.acquire() as connection:
            fresh = await _fresh(connection, team_id, reader, inbox)
            shown = {reader.account_id: _billed(reader, inbox, len(fresh), now)}
            await costs.count(connection, team_id=team_id, kind=CostKind.MESSAGE_READ, units=shown, now=now)
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

    async def _failed(self, team_id: str, reader: inboxes.Reader, now: datetime, error: port.ChannelError) -> Reading:
        account_id = reader.account_id
        if reader.page is not None and error.kind == "invalid":
            # The platform no longer knows where the reading ended.
            async with self._pool.acquire() as connection:
                await inboxes.begin_anew(connection, team_id=team_id, account_id=account_id)
        if error.kind == "authLost":
            async with self._pool.acquire() as connection, connection.transaction():
                events: list[outbox.NewEvent] = []
                await paces.lock_accounts(connection, team_id=team_id, account_ids=[account_id])
                code = error.reason or halts.UNAUTHORISED
                await halts.account_lost(
                    connection, team_id=team_id, account_id=account_id, now=now, code=code, events=events
                )
                await outbox.append(connection, team_id=team_id, now=now, events=events)
            return Reading(next_due=None, ended=[])
        return Reading(next_due=max(error.retry_at or now, now + RETRY), ended=[])

    async def _keep(self, team_id: str, hearing: Hearing) -> None:
        """Note until when the platform takes no reading: a follow-up asks for one each minute, and none may be made."""
        async with self._pool.acquire() as connection:
            await hearing.keep(connection, team_id=team_id)


def _billed(reader: inboxes.Reader, inbox: port.Inbox, fresh: int, now: datetime) -> int:
    """Return how many messages of a reading are billed: each counts once a UTC day, however often it is shown."""
    is_first_today = reader.read_at.astimezone(UTC).date() < now.astimezone(UTC).date()
    return inbox.listed if is_first_today else fresh


def _resumes(inbox: port.Inbox, now: datetime) -> datetime:
    """Return when a reading that is not through goes on."""
    return max(inbox.rest_until or now, now if inbox.next_page is not None else now + RETRY)


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


def _kept(message: port.InboxMessage) -> restored.KeptMessage:
    """Return what is kept of a message; names come again with the next one of the same person."""
    return restored.KeptMessage(**{name: value for name, value in asdict(message).items() if name != "other"})


async def _take(
    connection: Connection,
    *,
    team_id: str,
    reader: inboxes.Reader,
    messages: Sequence[port.InboxMessage],
    now: datetime,
) -> list[str]:
    """Store messages and act on those that are new; return the campaigns in which a lead ended."""
    profiles = await inboxes.profiles_of(
        connection,
        team_id=team_id,
        platform=reader.platform,
        platform_ids=[message.other_id for message in messages],
        now=now,
        new_ids=ids.many("u", len(messages)),
    )
    await paces.lock_accounts(connection, team_id=team_id, account_ids=[reader.account_id])
    ended: list[str] = []
    if reader.restored_from is not None:
        since = reader.restored_from - inbound.GRACE
        ours = [message for message in messages if not message.is_inbound and message.sent_at >= since]
        ended = await catch_up.take(
            connection, team_id=team_id, account_id=reader.account_id, messages=ours, profiles=profiles, now=now
        )
    ended += await inbound.act(connection, team_id, reader.account_id, reader.platform, messages, profiles, now)
    return ended


async def _mark(connection: Connection, team_id: str, reader: inboxes.Reader, inbox: port.Inbox, now: datetime) -> bool:
    """Note how far the inbox was read; tell whether the account waited for it.

    What was written while a long reading went on comes with the next one: this one tells of when it began.
    """
    newest = reader.newest_id or max((message.platform_id for message in inbox.messages), key=int, default=None)
    began_at = reader.began_at or now
    if inbox.next_page is not None and newest is not None:
        await inboxes.go_on_later(
            connection,
            team_id=team_id,
            account_id=reader.account_id,
            page=inbox.next_page,
            newest_id=newest,
            began_at=began_at,
        )
    elif reader.page is not None:
        await inboxes.begin_anew(connection, team_id=team_id, account_id=reader.account_id)
    return await inboxes.mark_read(
        connection,
        team_id=team_id,
        account_id=reader.account_id,
        read_at=began_at,
        until_id=newest if inbox.reached else None,
        reached_head=inbox.reached,
    )
