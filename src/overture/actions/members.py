"""Members: the people of a team, read."""

from overture.actions.context import Actor, Context
from overture.errors import NotFound
from overture.store import members
from overture.store.members import Member


async def read_page(context: Context, actor: Actor, *, after: str | None, limit: int) -> list[Member]:
    """Return members, oldest first."""
    async with context.pool.acquire() as connection:
        return await members.page(connection, team_id=actor.team_id, after=after, limit=limit)


async def get(context: Context, actor: Actor, *, member_id: str) -> Member:
    """Return a member.

    Raises:
        NotFound: there is none.
    """
    async with context.pool.acquire() as connection:
        found = await members.read(connection, team_id=actor.team_id, member_id=member_id)
    if found is None:
        raise NotFound("member", member_id)
    return found
