"""Capabilities: what can be done on a platform and by an account, and how what cannot be done is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from overture.actions.context import Context
from overture.channels.port import Channel
from overture.core import rights
from overture.core.rights import Scope
from overture.core.words import AccountStatus, Capability
from overture.errors import Unprocessable
from overture.store.accounts import Account


@dataclass(frozen=True, kw_only=True, slots=True)
class Offline:
    """Why an account must be authorised again, and how."""

    code: str
    message: str
    since: datetime | None


_CAUSES = {
    "accountSuspended": "{platform} has suspended {name}: its holder settles that there first.",
    "grantRefused": "What {name} had granted could not be renewed: it was taken back, or given to another app.",
    "keysRefused": "{platform} does not take the keys of {name}: they were made anew, or for another app.",
    "revoked": "The holder of {name} took the access back.",
    "scopeMissing": "{name} has not granted what messages need: let the app read and write direct messages.",
    "wrongTokenKind": "The token of {name} is that of an app, and not one of the account.",
}
_ENDED = "{platform} takes the access of {name} no more: it has ended, or was taken back there."
_WAY_BACK = (
    'Link it again: POST /account-links with {{"platform": "{key}"}} gives a page on which its holder agrees, or send '
    "new `tokens`. What it was to send waits until then."
)


def of_platform(channel: Channel) -> list[Capability]:
    """Return what Overture does on a platform."""
    able = channel.capabilities
    likes = [Capability.POST_LIKE] if able.likes else []
    return [Capability.MESSAGE_SEND, *likes, *(Capability(f"import:{one}") for one in sorted(able.audiences))]


def of_account(context: Context, account: Account) -> list[Capability]:
    """Return what Overture does by an account: what its platform can, as far as it has granted it."""
    channel = context.channels.get(account.platform)
    return [] if channel is None else rights.left(of_platform(channel), lacking(context, account))


def lacking(context: Context, account: Account) -> list[Scope]:
    """Return what an account was asked for and has not granted."""
    return rights.missing(_asked(context, account.platform), account.scopes)


def lacks_for_messages(context: Context, *, platform: str, scopes: Sequence[str] | None) -> list[Scope]:
    """Return what messages need and an account has not granted."""
    found = rights.missing(_asked(context, platform), scopes)
    return [scope for scope in found if Capability.MESSAGE_SEND in scope.opens]


def may_like(context: Context, platform: str, scopes: Sequence[str] | None) -> bool:
    """Tell whether nothing is known that keeps an account from liking posts."""
    found = rights.missing(_asked(context, platform), scopes)
    return not any(Capability.POST_LIKE in scope.opens for scope in found)


def offline(context: Context, account: Account) -> Offline | None:
    """Return why an account is offline and the way back; None where it is not."""
    if account.status != AccountStatus.OFFLINE:
        return None
    channel = context.channels.get(account.platform)
    name = "the account" if account.username is None else f"@{account.username}"
    platform = account.platform if channel is None else channel.name
    code = account.offline_code or "unauthorized"
    cause = _CAUSES.get(code, _ENDED).format(platform=platform, name=name)
    message = f"{cause[0].upper()}{cause[1:]} {_WAY_BACK.format(key=account.platform)}"
    return Offline(code=code, message=message, since=account.offline_at)


def refuse(platform: str, capability: str) -> NoReturn:
    """Refuse what no account on a platform can do.

    Raises:
        Unprocessable: `capabilityNotSupported`.
    """
    raise Unprocessable(
        f"Overture cannot do this on {platform!r} ({capability}); GET /platforms tells what it can.",
        code="capabilityNotSupported",
        details={"capability": capability},
    )


def _asked(context: Context, platform: str) -> Sequence[Scope]:
    channel = context.channels.get(platform)
    authority = None if channel is None else channel.authority
    return () if authority is None else authority.scopes
