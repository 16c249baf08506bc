"""Events: what happened in a team, in order."""

from collections.abc import Sequence
from dataclasses import dataclass

from overture.actions.context import Actor, Context
from overture.clock import wall_now
from overture.core.words import EventType
from overture.store import outbox, tokens
from overture.store.outbox import Read


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A part of the events, and the number of the oldest one that is kept; None where none is."""

    read: Read
    first_seq: int | None


async def read(context: Context, actor: Actor, *, after_seq: int, types: Sequence[EventType], limit: int) -> Part:
    """Return up to `limit` events after a number, of these types; of all where none is named."""
    async with context.pool.acquire() as connection:
        found = await outbox.read(connection, team_id=actor.team_id, after_seq=after_seq, types=types, limit=limit)
        return Part(read=found, first_seq=await outbox.first_kept(connection, team_id=actor.team_id))


async def newest(context: Context, actor: Actor) -> int:
    """Return the number of the team's last event; 0 before the first."""
    async with context.pool.acquire() as connection:
        return (await outbox.newest(connection, team_ids=[actor.team_id])).get(actor.team_id, 0)


async def may_go_on(context: Context, actor: Actor) -> bool:
    """Tell whether the token of whoever listens still opens the team."""
    if actor.token_id is None:
        return True
    async with context.pool.acquire() as connection:
        return await tokens.is_open(connection, team_id=actor.team_id, token_id=actor.token_id, wall_now=wall_now())
