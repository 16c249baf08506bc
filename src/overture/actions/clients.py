"""The app a team has registered with a platform: what accounts are linked through in the browser."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

from overture.actions import audit, people
from overture.actions.context import Actor, Context
from overture.channels import port
from overture.core.words import AuditAction, MemberRole, ObjectType
from overture.engine import keyring
from overture.engine import listening as engine_listening
from overture.errors import Forbidden, NotFound, Unprocessable
from overture.secrets import SealBroken
from overture.store import accounts, clients, listening
from overture.store.clients import Client

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Registration:
    """What a team's app is known by at its platform, and proves itself by; None: it has none."""

    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    bearer_token: str | None = field(default=None, repr=False)
    consumer_secret: str | None = field(default=None, repr=False)


async def get(context: Context, actor: Actor, *, platform: str, base_url: str) -> Client:
    """Return the app the team has registered.

    Raises:
        Unprocessable: `platformNotSupported`, or `capabilityNotSupported` where accounts are linked by tokens alone.
        NotFound: it has none.
    """
    require_authority(context, platform)
    async with context.pool.acquire() as connection:
        found = await clients.find(connection, team_id=actor.team_id, platform=platform, base_url=base_url)
    if found is None:
        raise NotFound("app", hint=f"Register one: PUT /platforms/{platform}/app.")
    return found


async def registered(context: Context, actor: Actor, *, urls: Mapping[str, str]) -> set[str]:
    """Return the platforms at which the team has registered an app; `urls`: where each answers."""
    async with context.pool.acquire() as connection:
        known = await clients.addresses(connection, team_id=actor.team_id)
    return {platform for platform, base_url in urls.items() if (platform, base_url) in known}


async def register(
    context: Context, actor: Actor, *, platform: str, base_url: str, registration: Registration
) -> Client:
    """Register the team's app, or put another in its place.

    Accounts linked through a former app must be linked again once their access ends: it was given to that app.

    Raises:
        Unprocessable: as for `get`.
        Forbidden: whoever asks does not act for an owner.
    """
    require_authority(context, platform)
    channel = people.require_channel(context, platform)
    _require_owner(actor)
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        app_id = await accounts.ensure_app(
            connection,
            team_id=actor.team_id,
            platform=platform,
            base_url=base_url,
            daily_cap=channel.capabilities.app_daily_sends,
            now=now,
        )
        before = await clients.find(connection, team_id=actor.team_id, platform=platform, base_url=base_url)
        await clients.keep(
            connection,
            team_id=actor.team_id,
            app_id=app_id,
            client_id=registration.client_id,
            sealed_secret=_sealed(context, actor, app_id, registration.client_secret),
            sealed_bearer_token=_sealed(context, actor, app_id, registration.bearer_token),
            sealed_consumer_secret=_sealed(context, actor, app_id, registration.consumer_secret),
            by=actor.name,
            now=now,
        )
        after = await clients.find(connection, team_id=actor.team_id, platform=platform, base_url=base_url)
        assert after is not None
        await listening.want(connection, team_id=actor.team_id, app_id=app_id, due_at=now)
        await audit.record(
            connection,
            actor,
            action=AuditAction.APP_REGISTERED,
            object_type=ObjectType.PLATFORM_APP,
            object_id=app_id,
            now=now,
            before=None if before is None else _told(before),
            after=_told(after),
        )
    context.wake()
    return after


async def forget(context: Context, actor: Actor, *, platform: str, base_url: str) -> None:
    """Forget the team's app; what accounts have granted serves until it has to be renewed.

    Raises:
        Unprocessable, NotFound: as for `get`.
        Forbidden: whoever asks does not act for an owner.
    """
    require_authority(context, platform)
    _require_owner(actor)
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        before = await clients.find(connection, team_id=actor.team_id, platform=platform, base_url=base_url)
        if before is None:
            raise NotFound("app", hint="There is nothing to forget.")
        await clients.keep(
            connection,
            team_id=actor.team_id,
            app_id=before.app_id,
            client_id=None,
            by=actor.name,
            now=now,
        )
        await audit.record(
            connection,
            actor,
            action=AuditAction.APP_REMOVED,
            object_type=ObjectType.PLATFORM_APP,
            object_id=before.app_id,
            now=now,
            before=_told(before),
            after=None,
        )
        await listening.want(connection, team_id=actor.team_id, app_id=before.app_id, due_at=now)
    await _end_telling(context, actor, platform, before)
    context.wake()


def require_authority(context: Context, platform: str) -> port.Authority:
    """Return how accounts of a platform are linked in the browser.

    Raises:
        Unprocessable: `platformNotSupported`, or `capabilityNotSupported` where they are linked by tokens alone.
    """
    authority = people.require_channel(context, platform).authority
    if authority is None:
        raise Unprocessable(
            f"Accounts of {platform!r} are linked by their tokens: send `tokens`.",
            code="capabilityNotSupported",
            details={"capability": "oauth"},
        )
    return authority


async def _end_telling(context: Context, actor: Actor, platform: str, client: Client) -> None:
    """Have the platform tell an app nothing more, as far as it takes that: nobody can ask for it afterwards."""
    channel = context.channels.get(platform)
    if channel is None or channel.push is None or client.sealed_bearer_token is None:
        return
    try:
        await engine_listening.end(
            channel.push,
            context.sealer,
            team_id=actor.team_id,
            app_id=client.app_id,
            base_url=client.base_url,
            sealed_bearer_token=client.sealed_bearer_token,
        )
    except (port.ChannelError, SealBroken) as error:
        _log.warning("telling_not_ended", team_id=actor.team_id, app_id=client.app_id, error=str(error))


def _require_owner(actor: Actor) -> None:
    if actor.role is not MemberRole.OWNER:
        raise Forbidden("Only an owner of the team may register its app; use a token of an owner.")


def _sealed(context: Context, actor: Actor, app_id: str, secret: str | None) -> bytes | None:
    return None if secret is None else context.sealer.seal(secret, context=keyring.place(actor.team_id, app_id))


def _told(client: Client) -> dict[str, object]:
    return {
        "clientId": client.client_id,
        "hasClientSecret": client.sealed_secret is not None,
        "hasBearerToken": client.sealed_bearer_token is not None,
        "hasConsumerSecret": client.sealed_consumer_secret is not None,
    }
