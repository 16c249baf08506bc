"""Account links: link, authorise again, set limits, pause, disconnect."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from overture import ids
from overture.actions import audit, people
from overture.actions.context import Actor, Context
from overture.channels.port import Channel, ChannelError, Credentials, Identity
from overture.core import grants
from overture.core.grants import Grant
from overture.core.words import AccountStatus, AuditAction, ObjectType
from overture.engine import catch_up, halts, keyring, pacemaker
from overture.engine.keyring import Keyring
from overture.errors import Conflict, InvalidRequest, NotFound, Unavailable
from overture.store import accounts, duties, gates, listening, outbox, paces
from overture.store import grants as stored_grants
from overture.store.accounts import Account
from overture.store.pool import Connection

MANUAL = "manual"
"""The pause reason of an account that a person paused: only a person takes it away."""

DEFAULT_HOURLY_LIMIT = 25
DEFAULT_DAILY_LIMIT = 200


async def link(context: Context, actor: Actor, *, platform: str, grant: Grant, base_url: str) -> tuple[Account, bool]:
    """Link the account a grant was given by, or authorise it again; tell whether it is new.

    Args:
        platform: the platform's key.
        grant: what lets Overture act as the account.
        base_url: where the operator says the platform answers.

    Raises:
        Unprocessable: `platformNotSupported`.
        InvalidRequest: the platform does not take the token.
        Conflict: `accountLinkTaken`, another team has linked the account.
        Unavailable: the platform does not answer now.
    """
    channel = people.require_channel(context, platform)
    identity = await _identify(channel, Credentials(base_url=base_url, token=grant.access_token, keys=grant.keys))
    now = await context.clock.now()
    fresh_id = ids.new("a")
    async with context.pool.acquire() as connection, connection.transaction():
        team_id, account_id = await accounts.claim_directory(
            connection,
            platform=platform,
            base_url=base_url,
            platform_id=identity.platform_id,
            team_id=actor.team_id,
            account_id=fresh_id,
        )
        if team_id != actor.team_id:
            raise Conflict(
                f"@{identity.username} is linked by another team; it must be disconnected there first.",
                code="accountLinkTaken",
            )
        sealed = context.sealer.seal(grants.written(grant), context=keyring.place(actor.team_id, account_id))
        if account_id == fresh_id:
            account = await _insert(
                connection,
                actor,
                channel,
                account_id,
                identity,
                base_url=base_url,
                sealed=sealed,
                scopes=grant.scopes,
                now=now,
            )
        else:
            account = await _authorise_again(
                connection, actor, account_id, identity, sealed=sealed, scopes=grant.scopes, now=now
            )
        is_new = account_id == fresh_id
        action = AuditAction.ACCOUNT_LINKED if is_new else AuditAction.ACCOUNT_AUTHORISED
        await _record(connection, actor, action, None, account, now)
        await duties.want(connection, team_id=actor.team_id, kind="replies", key=account_id, due_at=now)
        await listening.want(connection, team_id=actor.team_id, app_id=account.app_id, due_at=now)
    context.wake()
    return account, is_new


async def get(context: Context, actor: Actor, *, account_id: str) -> Account:
    """Return an account link.

    Raises:
        NotFound: the team has none with this id.
    """
    async with context.pool.acquire() as connection:
        account = await accounts.read(connection, team_id=actor.team_id, account_id=account_id)
    if account is None:
        raise NotFound("accountLink", account_id)
    return account


async def hearing(context: Context, actor: Actor, *, account_ids: Sequence[str]) -> dict[str, listening.Standing]:
    """Return, by account, which way answers come in, and how late."""
    async with context.pool.acquire() as connection:
        return await listening.of_accounts(connection, team_id=actor.team_id, account_ids=account_ids)


async def read_page(
    context: Context,
    actor: Actor,
    *,
    platforms: Sequence[str],
    statuses: Sequence[str],
    after: str | None,
    count: int,
) -> list[Account]:
    """Return account links in the order they were linked."""
    async with context.pool.acquire() as connection:
        return await accounts.read_page(
            connection,
            team_id=actor.team_id,
            platforms=platforms,
            statuses=statuses,
            after=after,
            count=count,
        )


async def change(
    context: Context,
    actor: Actor,
    *,
    account_id: str,
    hourly_limit: int | None = None,
    daily_limit: int | None = None,
    status: AccountStatus | None = None,
) -> Account:
    """Set limits, pause by hand or resume; None leaves as it is.

    Resuming takes away every pause reason: a person has looked.

    Raises:
        NotFound: the team has none with this id.
        InvalidRequest: a daily limit above what the platform allows.
        Conflict: `accountLinkDisconnected`, an offline account cannot be resumed.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        before = await _lock(connection, actor, account_id)
        _check_daily_limit(people.require_channel(context, before.platform), daily_limit)
        after = replace(
            _with_status(before, status),
            hourly_limit=hourly_limit or before.hourly_limit,
            daily_limit=daily_limit or before.daily_limit,
        )
        if after == before:
            return after
        await accounts.update_settings(connection, team_id=actor.team_id, account=after)
        if before.pause_reasons and not after.pause_reasons:
            await accounts.forget_refusals(connection, team_id=actor.team_id, account_id=account_id)
        await pacemaker.refresh_account(connection, team_id=actor.team_id, account_id=account_id, now=now)
        events: list[outbox.NewEvent] = []
        if after.status == AccountStatus.ACTIVE:
            await gates.change_account(connection, team_id=actor.team_id, account_id=account_id, is_open=True)
        else:
            await halts.close(connection, team_id=actor.team_id, account_id=account_id, now=now, events=events)
        await _record(connection, actor, _action(before, after), before, after, now)
        events = [*_news(before=before.status, after=after), *events]
        await outbox.append(connection, team_id=actor.team_id, now=now, events=events)
    context.wake()
    return after


async def disconnect(context: Context, actor: Actor, *, account_id: str) -> None:
    """Take an account off the team, and forget and give back what it has granted; what it sent stays.

    Raises:
        NotFound: the team has none with this id.
        Conflict: `accountLinkInUse`, a campaign under way sends from it.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        await accounts.leave_directory(connection, team_id=actor.team_id, account_id=account_id)
        before = await _lock(connection, actor, account_id)
        held = await stored_grants.read(connection, team_id=actor.team_id, account_id=account_id)
        using = await accounts.campaigns_using(connection, team_id=actor.team_id, account_id=account_id)
        if using:
            raise Conflict(
                "Campaigns under way send from this account: take it out of them, or disable and delete them.",
                code="accountLinkInUse",
                details={"campaignIds": using},
            )
        left = await accounts.leave_campaigns(connection, team_id=actor.team_id, account_id=account_id)
        await accounts.delete(connection, team_id=actor.team_id, account_id=account_id, now=now)
        for kind in ("replies", "resume"):
            await duties.drop(connection, team_id=actor.team_id, kind=kind, key=account_id)
        await listening.want(connection, team_id=actor.team_id, app_id=before.app_id, due_at=now)
        await gates.change_account(connection, team_id=actor.team_id, account_id=account_id, is_open=False)
        for campaign_id in left:
            await gates.change_campaign(
                connection, team_id=actor.team_id, campaign_id=campaign_id, is_open=False, now=now
            )
        await _record(connection, actor, AuditAction.ACCOUNT_DISCONNECTED, before, None, now)
    await catch_up.finish(context.pool, team_id=actor.team_id, account_id=account_id, now=now)
    if held is not None:
        ring = Keyring(pool=context.pool, channels=context.channels, sealer=context.sealer)
        await ring.give_back(held, team_id=actor.team_id, account_id=account_id)


async def _identify(channel: Channel, credentials: Credentials) -> Identity:
    try:
        return await channel.identify(credentials)
    except ChannelError as error:
        if error.kind in ("authLost", "invalid"):
            message = "The platform does not take this token: it is wrong, expired or lacks rights."
            raise InvalidRequest([(("tokens", "accessToken"), message)]) from error
        raise Unavailable(
            f"The platform cannot tell whose token this is now ({error.kind}). Try again in a minute.",
            details={"retryAfterSeconds": 60},
        ) from error


async def _insert(
    connection: Connection,
    actor: Actor,
    channel: Channel,
    account_id: str,
    identity: Identity,
    *,
    base_url: str,
    sealed: bytes,
    scopes: Sequence[str] | None,
    now: datetime,
) -> Account:
    app_id = await accounts.ensure_app(
        connection,
        team_id=actor.team_id,
        platform=channel.platform,
        base_url=base_url,
        daily_cap=channel.capabilities.app_daily_sends,
        now=now,
    )
    account = Account(
        id=account_id,
        app_id=app_id,
        platform=channel.platform,
        platform_id=identity.platform_id,
        username=identity.username,
        display_name=identity.display_name,
        avatar_url=identity.avatar_url,
        status=AccountStatus.ACTIVE,
        pause_reasons=[],
        hourly_limit=DEFAULT_HOURLY_LIMIT,
        daily_limit=min(DEFAULT_DAILY_LIMIT, channel.capabilities.account_daily_ceiling),
        history_from=None,
        synced_at=None,
        created_at=now,
        scopes=scopes,
    )
    await accounts.insert(connection, team_id=actor.team_id, account=account, sealed_token=sealed)
    await gates.create_account(connection, team_id=actor.team_id, account_id=account_id)
    return account


async def _authorise_again(
    connection: Connection,
    actor: Actor,
    account_id: str,
    identity: Identity,
    *,
    sealed: bytes,
    scopes: Sequence[str] | None,
    now: datetime,
) -> Account:
    """Take a new token. An account that a person paused stays so; every other cause is gone."""
    before = await _lock(connection, actor, account_id)
    reasons = [reason for reason in before.pause_reasons if reason == MANUAL]
    after = replace(
        before,
        username=identity.username,
        display_name=identity.display_name,
        avatar_url=identity.avatar_url,
        status=AccountStatus.PAUSED if reasons else AccountStatus.ACTIVE,
        pause_reasons=reasons,
        scopes=scopes,
        offline_code=None,
        offline_at=None,
    )
    await accounts.update_authorisation(connection, team_id=actor.team_id, account=after, sealed_token=sealed)
    await accounts.forget_refusals(connection, team_id=actor.team_id, account_id=account_id)
    await pacemaker.refresh_account(connection, team_id=actor.team_id, account_id=account_id, now=now)
    await gates.change_account(
        connection,
        team_id=actor.team_id,
        account_id=account_id,
        is_open=after.status == AccountStatus.ACTIVE,
    )
    events = _news(before=before.status, after=after)
    await outbox.append(connection, team_id=actor.team_id, now=now, events=events)
    return after


async def _record(
    connection: Connection,
    actor: Actor,
    action: AuditAction,
    before: Account | None,
    after: Account | None,
    now: datetime,
) -> None:
    one = after or before
    assert one is not None
    old = None if before is None else _wire(before)
    new = None if after is None else _wire(after)
    if old is not None and new is not None:
        old, new = audit.differences(old, new)
    await audit.record(
        connection,
        actor,
        action=action,
        object_type=ObjectType.ACCOUNT_LINK,
        object_id=one.id,
        now=now,
        before=old,
        after=new,
    )


def _action(before: Account, after: Account) -> AuditAction:
    if set(before.pause_reasons) == set(after.pause_reasons):
        return AuditAction.ACCOUNT_CHANGED
    return AuditAction.ACCOUNT_PAUSED if MANUAL in after.pause_reasons else AuditAction.ACCOUNT_RESUMED


def _wire(account: Account) -> dict[str, Any]:
    """Return what is told of an account, in the names of the API."""
    return {
        "platform": account.platform,
        "username": account.username,
        "status": account.status,
        "pauseReasons": list(account.pause_reasons),
        "hourlyLimit": account.hourly_limit,
        "dailyLimit": account.daily_limit,
    }


async def _lock(connection: Connection, actor: Actor, account_id: str) -> Account:
    await paces.lock_accounts(connection, team_id=actor.team_id, account_ids=[account_id])
    account = await accounts.lock(connection, team_id=actor.team_id, account_id=account_id)
    if account is None:
        raise NotFound("accountLink", account_id)
    return account


def _with_status(account: Account, status: AccountStatus | None) -> Account:
    if status is AccountStatus.PAUSED:
        reasons = list(dict.fromkeys([*account.pause_reasons, MANUAL]))
        kept = account.status == AccountStatus.OFFLINE
        return replace(account, status=account.status if kept else AccountStatus.PAUSED, pause_reasons=reasons)
    if status is AccountStatus.ACTIVE:
        if account.status == AccountStatus.OFFLINE:
            raise Conflict(
                "The account is offline: the platform refuses its token. Link it again with a new one.",
                code="accountLinkDisconnected",
                details={"accountLinkId": account.id, "status": account.status},
            )
        return replace(account, status=AccountStatus.ACTIVE, pause_reasons=[])
    return account


def _check_daily_limit(channel: Channel, daily_limit: int | None) -> None:
    ceiling = channel.capabilities.account_daily_ceiling
    if daily_limit is not None and daily_limit > ceiling:
        message = f"Must be at most {ceiling}, the most the platform lets one account send in a day."
        raise InvalidRequest([(("dailyLimit",), message)])


def _news(*, before: str, after: Account) -> list[outbox.NewEvent]:
    if after.status in (before, AccountStatus.OFFLINE):
        return []
    kind = "accountLink.resumed" if after.status == AccountStatus.ACTIVE else "accountLink.paused"
    data = {"status": after.status, "pauseReasons": list(after.pause_reasons)}
    return [outbox.NewEvent(type=kind, object_type="accountLink", object_id=after.id, data=data)]
