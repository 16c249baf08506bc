"""Hooks: where platforms tell by themselves what happens. Nobody signs in there; what they say is signed."""

from collections.abc import Mapping
from dataclasses import dataclass

from overture import ids
from overture.actions.context import Context
from overture.channels import port
from overture.engine import keyring, pushes
from overture.errors import RouteNotFound, Unauthorized
from overture.store import pushes as stored


@dataclass(frozen=True, kw_only=True, slots=True)
class Hook:
    """The hook of one app, and the secret it shares with its platform."""

    team_id: str
    app_id: str
    push: port.Push
    secret: str


async def find(context: Context, *, platform: str, team_id: str, app_id: str) -> Hook:
    """Return a hook.

    Raises:
        RouteNotFound: there is no such app, or its platform's signature could not be told.
    """
    channel = context.channels.get(platform)
    sealed = None
    if channel is not None and ids.is_valid(team_id) and ids.is_valid(app_id):
        async with context.pool.acquire() as connection:
            sealed = await stored.secret(connection, team_id=team_id, app_id=app_id, platform=platform)
    if channel is None or channel.push is None or sealed is None:
        raise RouteNotFound("There is no hook at this address. The app needs its consumer secret here to have one.")
    secret = context.sealer.open(sealed, context=keyring.place(team_id, app_id))
    return Hook(team_id=team_id, app_id=app_id, push=channel.push, secret=secret)


async def receive(context: Context, hook: Hook, *, body: bytes, headers: Mapping[str, str]) -> None:
    """Keep what a platform tells; when this returns, it is not lost.

    Raises:
        Unauthorized: it is not the platform that tells it.
    """
    if not hook.push.is_genuine(hook.secret, body, headers):
        raise Unauthorized("The signature is missing, or is not that of the app's platform over these bytes.")
    now = await context.clock.now()
    pushed = hook.push.read(body, now=now)
    if not pushed:
        return
    if await pushes.receive(context.pool, team_id=hook.team_id, app_id=hook.app_id, pushed=pushed, now=now):
        context.wake()
