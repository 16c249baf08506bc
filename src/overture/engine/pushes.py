"""Pushes: keep what platforms tell by themselves, and let it have its effects as if an inbox had been read.

What is kept is taken by a duty of its own: whoever brings it waits for one insert.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from overture import ids
from overture.channels import port
from overture.core.words import CostKind, PushedKind, ReadEndpoint
from overture.engine import inbound
from overture.store import costs, duties, inboxes, paces, pushes, threads
from overture.store.pool import Connection, Pool, hot_transaction

BATCH = 100
"""How many events of an account are taken in one transaction."""

CATCH_UP_RETRY = timedelta(seconds=10)


async def receive(pool: Pool, *, team_id: str, app_id: str, pushed: Sequence[port.Pushed], now: datetime) -> bool:
    """Keep what was told of an app's accounts, at `now` (engine time); tell whether anything of it is new."""
    events = {(event.own_id, event.event_id): _as_kept(event) for event in pushed}
    async with pool.acquire() as connection, connection.transaction():
        new = await pushes.receive(connection, team_id=team_id, app_id=app_id, events=list(events.values()), now=now)
        billed: dict[str, int] = {}
        for account_id, kind in new:
            billed[account_id] = billed.get(account_id, 0) + (kind == PushedKind.MESSAGE)
        await costs.count(connection, team_id=team_id, kind=CostKind.MESSAGE_READ, units=billed, now=now)
        for account_id in sorted(billed):
            await duties.want(connection, team_id=team_id, kind="push", key=account_id, due_at=now)
    return bool(new)


class Taker:
    """Takes what was kept."""

    def __init__(self, *, pool: Pool) -> None:
        self._pool = pool

    async def step(self, *, team_id: str, account_id: str, now: datetime) -> tuple[list[str], datetime | None]:
        """Take what waits for an account; return the campaigns in which a lead ended, and when to look again."""
        async with self._pool.acquire() as connection:
            reader = await inboxes.reader(
                connection, team_id=team_id, account_id=account_id, endpoint=ReadEndpoint.INBOX
            )
            if reader is None:
                await pushes.forget(connection, team_id=team_id, account_id=account_id)
                return [], None
            if reader.restored_from is not None:
                # Nothing new is acted on before all is known; the reading that is to come brings these, too.
                return [], now + CATCH_UP_RETRY
            events = await pushes.waiting(connection, team_id=team_id, account_id=account_id, count=BATCH)
            if not events:
                return [], None
            ended = await _take(connection, team_id, reader, events, now)
        return ended, now if len(events) == BATCH else None


async def _take(
    connection: Connection, team_id: str, reader: inboxes.Reader, events: Sequence[pushes.Waiting], now: datetime
) -> list[str]:
    account_id = reader.account_id
    messages = {event.event_id: _as_message(event) for event in events if event.kind == PushedKind.MESSAGE}
    profiles = await inboxes.profiles_of(
        connection,
        team_id=team_id,
        platform=reader.platform,
        platform_ids=[message.other_id for message in messages.values()],
        now=now,
        new_ids=ids.many("u", len(messages)),
    )
    async with hot_transaction(connection):
        await paces.lock_accounts(connection, team_id=team_id, account_ids=[account_id])
        taken = await pushes.take(
            connection, team_id=team_id, account_id=account_id, event_ids=[event.event_id for event in events], now=now
        )
        fresh = [event for event in events if event.event_id in taken]
        known = await threads.known(
            connection,
            team_id=team_id,
            account_id=account_id,
            platform_ids=[message.platform_id for message in messages.values()],
        )
        await _note(connection, team_id, account_id, fresh)
        if any(event.kind == PushedKind.HINT for event in fresh):
            await duties.want(connection, team_id=team_id, kind="replies", key=account_id, due_at=now)
        told = [messages[event.event_id] for event in fresh if event.event_id in messages]
        new = [message for message in told if message.platform_id not in known]
        return await inbound.act(connection, team_id, account_id, reader.platform, new, profiles, now) if new else []


async def _note(connection: Connection, team_id: str, account_id: str, events: Sequence[pushes.Waiting]) -> None:
    dated = [event for event in events if event.sent_at is not None]
    if not dated:
        return
    last = max(dated, key=lambda event: event.received_at)
    assert last.sent_at is not None
    # The platform's clock may be ahead of ours.
    delay = max(last.received_at - last.sent_at, timedelta())
    await pushes.note(
        connection,
        team_id=team_id,
        account_id=account_id,
        received_at=last.received_at,
        delay_milliseconds=delay // timedelta(milliseconds=1),
    )


def _as_kept(event: port.Pushed) -> pushes.NewEvent:
    message = event.message
    if message is None:
        return pushes.NewEvent(event_id=event.event_id, kind=event.kind, own_id=event.own_id)
    return pushes.NewEvent(
        event_id=event.event_id,
        kind=event.kind,
        own_id=event.own_id,
        platform_id=message.platform_id,
        conversation_id=message.conversation_id,
        sender_id=message.sender_id,
        sender_username=None if message.other is None else message.other.username,
        sender_name=None if message.other is None else message.other.display_name,
        content=message.text,
        sent_at=message.sent_at,
    )


def _as_message(event: pushes.Waiting) -> port.InboxMessage:
    assert event.platform_id is not None and event.sender_id is not None and event.sent_at is not None
    return port.InboxMessage(
        platform_id=event.platform_id,
        conversation_id=event.conversation_id,
        sender_id=event.sender_id,
        other_id=event.sender_id,
        is_inbound=True,
        text=event.content or "",
        sent_at=event.sent_at,
        other=port.Names(username=event.sender_username, display_name=event.sender_name)
        if event.sender_username is not None
        else None,
    )
