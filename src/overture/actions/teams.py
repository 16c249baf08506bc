"""Teams and their tokens: what the operator sets up from the command line."""

from overture import ids, secrets
from overture.actions import statuses
from overture.actions.context import Actor, Context
from overture.core import names
from overture.errors import InvalidRequest, NotFound
from overture.store import teams, tokens
from overture.store.teams import Team
from overture.store.tokens import Token

_LONGEST_NAME = 255


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


async def create_token(context: Context, *, team_id: str, name: str) -> tuple[str, str]:
    """Make a token of a team; return its id and its secret, which cannot be shown again.

    Raises:
        NotFound: there is no such team.
        InvalidRequest: the name is empty or longer than 255 characters.
    """
    name = _checked_name("name", name)
    token_id, secret, now = ids.new("k"), secrets.new_token(), await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        if await teams.read(connection, team_id=team_id) is None:
            raise NotFound("team", team_id)
        await tokens.insert(
            connection,
            team_id=team_id,
            token_id=token_id,
            name=name,
            digest=secrets.token_hash(secret),
            now=now,
        )
    return token_id, secret


async def read_tokens(context: Context, *, team_id: str) -> list[Token]:
    """Return a team's tokens, revoked ones too."""
    async with context.pool.acquire() as connection:
        return await tokens.read_all(connection, team_id=team_id)


async def revoke_token(context: Context, *, team_id: str, token_id: str) -> None:
    """Make a token open nothing from now on; revoking it again changes nothing.

    Raises:
        NotFound: the team has no such token.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        if not await tokens.revoke(connection, team_id=team_id, token_id=token_id, now=now):
            raise NotFound("token", token_id)


def _checked_name(field: str, name: str) -> str:
    cleaned = names.clean(name)
    if not 1 <= len(cleaned) <= _LONGEST_NAME:
        raise InvalidRequest([((field,), f"Must have 1 to {_LONGEST_NAME} characters.")])
    return cleaned
