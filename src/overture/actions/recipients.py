"""Recipients: to whom, and from which account, a message by hand goes."""

from dataclasses import dataclass

from overture.actions import contacts, people, threads
from overture.actions.context import Actor, Context
from overture.core import identifiers
from overture.errors import Conflict, InvalidRequest, NotFound, Unprocessable
from overture.store import accounts
from overture.store import people as stored_people
from overture.store.accounts import Account
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class InThread:
    """The other side of a conversation there is."""

    thread_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OfContact:
    """The one profile a contact has on the account's platform."""

    account_id: str
    contact_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OnPlatform:
    """Whoever has this id on the account's platform."""

    account_id: str
    platform: str
    platform_id: str


Target = InThread | OfContact | OnPlatform


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipient:
    """From which account to which profile."""

    account: Account
    profile_id: str


async def find(context: Context, actor: Actor, *, target: Target) -> Recipient:
    """Find out who is meant; somebody the team never heard of gets a profile.

    Raises:
        NotFound: no such thread, account or contact.
        InvalidRequest: the platform is not the account's, or the id cannot be one of it.
        Conflict: `accountLinkDisconnected`, the thread's account is no longer linked.
        Unprocessable: `recipientUnavailable`, `profileAmbiguous`, `platformNotSupported`.
    """
    match target:
        case InThread():
            async with context.pool.acquire() as connection:
                thread = await threads.read(connection, actor, target.thread_id)
                account = await accounts.read(connection, team_id=actor.team_id, account_id=thread.account_id)
            if account is None:
                raise Conflict(
                    "The account of this thread is no longer linked; link it again.",
                    code="accountLinkDisconnected",
                    details={"accountLinkId": thread.account_id, "status": "offline"},
                )
            return Recipient(account=account, profile_id=thread.profile_id)
        case OfContact():
            return await _of_contact(context, actor, target)
        case OnPlatform():
            return await _on_platform(context, actor, target)


async def _of_contact(context: Context, actor: Actor, target: OfContact) -> Recipient:
    async with context.pool.acquire() as connection:
        account = await _account(connection, actor, target.account_id)
    view = await contacts.get(context, actor, contact_id=target.contact_id)
    there = [profile for profile in view.contact.profiles if profile.platform == account.platform]
    if len(there) > 1:
        raise Unprocessable(
            f"The contact has {len(there)} profiles on {account.platform!r}; name one as a target of type `profile`.",
            code="profileAmbiguous",
            details={"contactId": target.contact_id, "platform": account.platform},
        )
    if not there:
        raise unavailable("noProfile", f"The contact has no profile on {account.platform!r}.")
    return Recipient(account=account, profile_id=there[0].id)


async def _on_platform(context: Context, actor: Actor, target: OnPlatform) -> Recipient:
    people.require_channel(context, target.platform)
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        account = await _account(connection, actor, target.account_id)
        if account.platform != target.platform:
            issue = f"The account is on {account.platform!r}; name the profile there."
            raise InvalidRequest([(("target", "platform"), issue)])
        platform_id = identifiers.platform_id(target.platform, target.platform_id)
        if platform_id is None:
            raise InvalidRequest([(("target", "platformId"), "This cannot be an id of the platform; check it.")])
        saved = await stored_people.save_ids(
            connection, team_id=actor.team_id, platform=target.platform, platform_ids=[platform_id], now=now
        )
    return Recipient(account=account, profile_id=saved[platform_id])


async def _account(connection: Connection, actor: Actor, account_id: str) -> Account:
    found = await accounts.read(connection, team_id=actor.team_id, account_id=account_id)
    if found is None:
        raise NotFound("accountLink", account_id)
    return found


def unavailable(reason: str, message: str) -> Unprocessable:
    """Say that a person may not, or cannot, be written to."""
    return Unprocessable(message, code="recipientUnavailable", details={"reason": reason})
