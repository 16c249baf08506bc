"""Messages: what was said in the conversations of a team."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NoReturn

from overture.actions import capabilities, threads
from overture.actions.context import Actor, Context
from overture.errors import NotFound
from overture.store import accounts, conversations, members, messages, tokens
from overture.store.accounts import Account
from overture.store.members import Member
from overture.store.messages import Message
from overture.store.pool import Connection
from overture.store.tokens import Token


class MessageExpansion(StrEnum):
    """What may be shown beside its id; here nobody reacts, and no message quotes another."""

    SENT_BY = "sentBy"
    REACTION_AUTHORS = "reactions.author"
    THREAD = "thread"
    ACCOUNT_LINK = "accountLink"
    REPLIED_TO = "replyTo.message"


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """A message with what was asked to be shown beside its ids; None where it was not, or there is none."""

    message: Message
    token: Token | None
    member: Member | None
    thread: threads.View | None
    account: Account | None


async def page(
    context: Context,
    actor: Actor,
    *,
    thread_id: str,
    descending: bool,
    expand: Collection[MessageExpansion],
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[View]:
    """Return messages of a thread in the order they were sent.

    Raises:
        NotFound: no such thread.
    """
    async with context.pool.acquire() as connection:
        await threads.read(connection, actor, thread_id)
        rows = await messages.page(
            connection,
            team_id=actor.team_id,
            thread_id=thread_id,
            descending=descending,
            after=after,
            limit=limit,
        )
        return await views(connection, actor, rows, expand)


async def get(context: Context, actor: Actor, *, message_id: str, expand: Collection[MessageExpansion] = ()) -> View:
    """Return a message.

    Raises:
        NotFound: there is none.
    """
    async with context.pool.acquire() as connection:
        (view,) = await views(connection, actor, [await read(connection, actor, message_id)], expand)
    return view


async def refuse(context: Context, actor: Actor, *, message_id: str, capability: str) -> NoReturn:
    """Refuse to change a message: no platform here lets its messages be changed, taken back or reacted to.

    Raises:
        NotFound: there is none.
        Unprocessable: `capabilityNotSupported`.
    """
    async with context.pool.acquire() as connection:
        found = await read(connection, actor, message_id)
    capabilities.refuse(found.platform, capability)


async def find_attachment(context: Context, actor: Actor, *, message_id: str, index: str) -> NoReturn:
    """Say that a message has no such attachment: what people attach is not read from any platform.

    Raises:
        NotFound: no such message, or no such attachment.
    """
    async with context.pool.acquire() as connection:
        await read(connection, actor, message_id)
    raise NotFound("attachment", index, place="message", hint="Look at its `attachments`.")


async def read(connection: Connection, actor: Actor, message_id: str) -> Message:
    """Return a message, for other actions too.

    Raises:
        NotFound: there is none.
    """
    found = await messages.read(connection, team_id=actor.team_id, message_ids=[message_id])
    if message_id not in found:
        raise NotFound("message", message_id)
    return found[message_id]


async def views(
    connection: Connection, actor: Actor, rows: Sequence[Message], expand: Collection[MessageExpansion]
) -> list[View]:
    """Put beside each message what was asked for, in one statement for each kind."""
    team_id = actor.team_id
    known_tokens: Mapping[str, Token] = {}
    known_members: Mapping[str, Member] = {}
    known_threads: Mapping[str, threads.View] = {}
    known_accounts: Mapping[str, Account] = {}
    if MessageExpansion.SENT_BY in expand:
        token_ids = [row.token_id for row in rows if row.token_id is not None]
        known_tokens = await tokens.of_ids(connection, team_id=team_id, token_ids=token_ids)
        member_ids = [row.member_id for row in rows if row.member_id is not None]
        known_members = await members.of_ids(connection, team_id=team_id, member_ids=member_ids)
    if MessageExpansion.THREAD in expand:
        found = await conversations.read(
            connection, team_id=team_id, thread_ids=sorted({row.thread_id for row in rows})
        )
        known_threads = {view.thread.id: view for view in await threads.views(connection, actor, found, ())}
    if MessageExpansion.ACCOUNT_LINK in expand:
        account_ids = [row.account_id for row in rows]
        known_accounts = await accounts.of_ids(connection, team_id=team_id, account_ids=account_ids)
    return [
        View(
            message=row,
            token=known_tokens.get(row.token_id or ""),
            member=known_members.get(row.member_id or ""),
            thread=known_threads.get(row.thread_id),
            account=known_accounts.get(row.account_id),
        )
        for row in rows
    ]
