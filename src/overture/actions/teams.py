"""Teams: what the operator sets up from the command line."""

from overture import ids
from overture.actions import statuses
from overture.actions.context import Actor, Context
from overture.core import names
from overture.errors import InvalidRequest, NotFound
from overture.store import teams
from overture.store.teams import Team


async def create(context: Context, *, name: str, owner_name: str) -> Team:
    """Make a team with an owner, the system lists and a first pipeline.

    Raises:
        InvalidRequest: a name is empty or longer than 255 characters.
    """
    team_id, now = ids.new("t"), await context.clock.now()
    name, owner_name = _checked_name("name", name), _checked_name("ownerName", owner_name)
    async with context.pool.acquire() as connection, connection.transaction():
        await teams.create(connection, team_id=team_id, name=name, owner_name=owner_name, now=now)
        await statuses.insert_defaults(connection, team_id=team_id, now=now)
        made = await teams.read(connection, team_id=team_id)
    assert made is not None
    return made


async def get(context: Context, actor: Actor) -> Team:
    """Return the team of whoever asks."""
    async with context.pool.acquire() as connection:
        team = await teams.read(connection, team_id=actor.team_id)
    if team is None:
        raise NotFound("team", actor.team_id)
    return team


async def read_all(context: Context) -> list[Team]:
    """Return every team, oldest first."""
    async with context.pool.acquire() as connection:
        return await teams.read_all(connection)


def _checked_name(field: str, name: str) -> str:
    cleaned = names.clean(name)
    if not 1 <= len(cleaned) <= names.LONGEST:
        raise InvalidRequest([((field,), f"Must have 1 to {names.LONGEST} characters.")])
    return cleaned
