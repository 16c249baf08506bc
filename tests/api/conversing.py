"""Conversations for tests of the API, as a reading of an inbox leaves them."""

from datetime import UTC, datetime, timedelta

from overture import ids
from overture.channels import port
from overture.engine import inbound
from overture.store import inboxes
from overture.store.pool import Pool

BEGAN = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def message(
    number: int, other_id: str, text: str, *, is_inbound: bool, at: datetime | None = None
) -> port.InboxMessage:
    """One message with somebody; `number` orders them, one a minute."""
    return port.InboxMessage(
        platform_id=str(9_000_000 + number),
        conversation_id=f"1-{other_id}",
        sender_id=other_id if is_inbound else "1",
        other_id=other_id,
        is_inbound=is_inbound,
        text=text,
        sent_at=at or BEGAN + timedelta(minutes=number),
    )


async def read(pool: Pool, team_id: str, account_id: str, *messages: port.InboxMessage) -> None:
    """Have an account's inbox show these messages."""
    async with pool.acquire() as connection, connection.transaction():
        profiles = await inboxes.profiles_of(
            connection,
            team_id=team_id,
            platform="twitter",
            platform_ids=[one.other_id for one in messages],
            now=BEGAN,
            new_ids=ids.many("u", len(messages)),
        )
        await inbound.act(connection, team_id, account_id, "twitter", messages, profiles, BEGAN)
