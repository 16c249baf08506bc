"""Linking accounts in the browser: a person lets the team's app act for an account, on the platform's own page."""

import hashlib
import secrets
from datetime import datetime, timedelta

from overture import clock as clocks
from overture.actions import accounts, clients
from overture.actions.context import Actor, Context, holder
from overture.channels import port
from overture.channels.port import ChannelError
from overture.engine import keyring
from overture.errors import ApiError, Unprocessable
from overture.store import clients as stored
from overture.store.accounts import Account
from overture.store.clients import Client

PATIENCE = timedelta(minutes=10)
"""How long a person may take on the platform's page."""


class LinkFailed(Exception):
    """Nothing was linked; the text says why, and what to do."""


async def begin(
    context: Context, actor: Actor, *, platform: str, base_url: str, redirect_uri: str
) -> tuple[str, datetime]:
    """Return the page on which a person lets the team's app act for an account, and until when (wall time) it serves.

    `redirect_uri`: where the page sends the browser then; it must be one that the app is registered with.

    Raises:
        Unprocessable: `platformNotSupported`, or `capabilityNotSupported` where the team has no app registered.
    """
    authority = clients.require_authority(context, platform)
    assert actor.token_id is not None, "links are begun by way of the API"
    state, verifier, wall_now = secrets.token_urlsafe(32), secrets.token_urlsafe(48), clocks.wall_now()
    async with context.pool.acquire() as connection, connection.transaction():
        client = await stored.find(connection, team_id=actor.team_id, platform=platform, base_url=base_url)
        if client is None:
            raise Unprocessable(
                f"Register the team's app first (PUT /platforms/{platform}/app), or send `tokens`.",
                code="capabilityNotSupported",
                details={"capability": "oauth"},
            )
        await stored.begin_link(
            connection,
            state_hash=_hash(state),
            team_id=actor.team_id,
            token_id=actor.token_id,
            app_id=client.app_id,
            redirect_uri=redirect_uri,
            sealed_verifier=context.sealer.seal(verifier, context=_place(state)),
            wall_now=wall_now,
            ends_at=wall_now + PATIENCE,
        )
    app = _app(context, actor.team_id, client)
    page = authority.authorize_url(app, redirect_uri=redirect_uri, state=state, verifier=verifier)
    return page, wall_now + PATIENCE


async def finish(context: Context, *, state: str, code: str | None) -> Account:
    """Link the account whose holder was sent back with a code; the state serves once.

    Raises:
        LinkFailed: the state is unknown or spent, the person declined, or the platform or the team refuses.
    """
    async with context.pool.acquire() as connection:
        request = await stored.take_link(connection, state_hash=_hash(state), wall_now=clocks.wall_now())
    if request is None:
        raise LinkFailed("This link was used already, or is older than ten minutes. Begin again.")
    if code is None:
        raise LinkFailed("Access was not granted, so nothing was linked. Begin again if that was a mistake.")
    authority = clients.require_authority(context, request.platform)
    app = _app(context, request.token.team_id, request.client)
    verifier = context.sealer.open(request.sealed_verifier, context=_place(state))
    try:
        grant = await authority.exchange(app, code=code, redirect_uri=request.redirect_uri, verifier=verifier)
        account, _ = await accounts.link(
            context, holder(request.token), platform=request.platform, grant=grant, base_url=request.client.base_url
        )
    except ChannelError as error:
        raise LinkFailed(f"The platform did not accept this: {error.detail}. Begin again.") from error
    except ApiError as error:
        raise LinkFailed(error.message) from error
    return account


def _app(context: Context, team_id: str, client: Client) -> port.App:
    secret = client.sealed_secret
    opened = None if secret is None else context.sealer.open(secret, context=keyring.place(team_id, client.app_id))
    return port.App(base_url=client.base_url, client_id=client.client_id, client_secret=opened)


def _hash(state: str) -> bytes:
    return hashlib.sha256(state.encode()).digest()


def _place(state: str) -> str:
    return f"link:{_hash(state).hex()}"
