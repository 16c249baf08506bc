"""The keyring: opens what accounts have granted, and renews it in time, once at a time over all processes."""

import asyncio
from datetime import timedelta
from functools import partial

import structlog

from overture import clock as clocks
from overture.channels import port
from overture.channels.port import ChannelError, Credentials
from overture.channels.registry import Registry
from overture.core import grants
from overture.core.grants import Grant
from overture.secrets import SealBroken, Sealer
from overture.store import grants as stored
from overture.store.pool import Pool

_log = structlog.get_logger(__name__)

RENEWALS_AT_ONCE = 4
"""Each holds a connection to the database while the platform answers."""

PATIENCE_SECONDS = 4.0
"""How long a call waits for a renewal: a send has a lease, and the next attempt finds the renewed grant."""

YOUNG = timedelta(minutes=1)
"""A grant that is refused so soon after it was given is not mended by the next."""


class Keyring:
    """Opens and renews the grants of accounts."""

    def __init__(self, *, pool: Pool, channels: Registry, sealer: Sealer) -> None:
        self._pool = pool
        self._channels = channels
        self._sealer = sealer
        self._slots = asyncio.Semaphore(RENEWALS_AT_ONCE)
        self._under_way: set[asyncio.Task[Grant]] = set()

    async def credentials(self, *, team_id: str, account_id: str, base_url: str, sealed_grant: bytes) -> Credentials:
        """Return what lets a channel act as an account; a grant that is about to end is renewed first.

        Raises:
            SealBroken: the grant does not open.
            ChannelError: it had to be renewed and could not be: `authLost` where a person must link the account again.
        """
        grant = grants.read(self._sealer.open(sealed_grant, context=place(team_id, account_id)))
        if grant.refresh_token is None:
            return Credentials(base_url=base_url, token=grant.access_token, keys=grant.keys)
        if grant.is_ending(clocks.wall_now()):
            grant = await self._renewed_in_time(team_id, account_id, grant)
        renew = partial(self._renewed_token, team_id, account_id, grant)
        return Credentials(base_url=base_url, token=grant.access_token, renew=renew)

    async def _renewed_in_time(self, team_id: str, account_id: str, grant: Grant) -> Grant:
        try:
            return await self._renew(team_id, account_id, grant)
        except ChannelError as error:
            has_time = grant.ends_at is not None and grant.ends_at > clocks.wall_now()
            if error.kind == "authLost" or not has_time:
                raise
            _log.warning("grant_not_renewed", team_id=team_id, account_id=account_id, error=str(error))
            return grant

    async def _renewed_token(self, team_id: str, account_id: str, refused: Grant) -> str:
        """Return the token that follows one the platform refused."""
        return (await self._renew(team_id, account_id, refused)).access_token

    async def _renew(self, team_id: str, account_id: str, used: Grant) -> Grant:
        """Renew a grant, to the end also where nobody waits for it any more: half a renewal would lose it."""
        task = asyncio.create_task(self._renew_alone(team_id, account_id, used))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await asyncio.shield(task)
        except TimeoutError as error:
            raise ChannelError("unavailable", "the platform takes its time to renew the grant") from error

    async def _renew_alone(self, team_id: str, account_id: str, used: Grant) -> Grant:
        """Renew a grant, unless another has done so meanwhile. The next is kept before anybody uses it."""
        async with self._slots, self._pool.acquire() as connection, stored.alone(connection, account_id=account_id):
            held = await stored.read(connection, team_id=team_id, account_id=account_id)
            if held is None:
                raise ChannelError("authLost", "the account is gone")
            grant = grants.read(self._sealer.open(held.sealed_grant, context=place(team_id, account_id)))
            if grant.access_token != used.access_token:
                return grant
            if grant.granted_at is not None and clocks.wall_now() - grant.granted_at < YOUNG:
                raise ChannelError("authLost", "the platform refuses a token it has just given")
            authority, app = self._app(team_id, held)
            renewed = await authority.renew(app, grant)
            sealed = self._sealer.seal(grants.written(renewed), context=place(team_id, account_id))
            await stored.replace(
                connection,
                team_id=team_id,
                account_id=account_id,
                former=held.sealed_grant,
                sealed_grant=sealed,
                scopes=renewed.scopes,
            )
        return renewed

    async def give_back(self, held: stored.Held, *, team_id: str, account_id: str) -> None:
        """Give back what an account had granted to the team's app, as far as the platform takes it."""
        try:
            grant = grants.read(self._sealer.open(held.sealed_grant, context=place(team_id, account_id)))
            if grant.granted_at is not None:
                authority, app = self._app(team_id, held)
                await authority.revoke(app, grant)
        except (ChannelError, SealBroken) as error:
            _log.warning("grant_not_given_back", team_id=team_id, account_id=account_id, error=str(error))

    def _app(self, team_id: str, held: stored.Held) -> tuple[port.Authority, port.App]:
        channel = self._channels.get(held.platform)
        if channel is None or channel.authority is None or held.client_id is None:
            raise ChannelError("authLost", "the app that was granted access is not registered any more")
        sealed = held.sealed_client_secret
        secret = None if sealed is None else self._sealer.open(sealed, context=place(team_id, held.app_id))
        app = port.App(base_url=held.base_url, client_id=held.client_id, client_secret=secret)
        return channel.authority, app


def place(team_id: str, row_id: str) -> str:
    """Return what the seal of a secret is bound to: its team, and the row it stands in."""
    return f"{team_id}:{row_id}"
