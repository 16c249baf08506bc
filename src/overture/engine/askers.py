"""The accounts of a team that may ask the platform something that is not about one of them."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from overture.channels.port import ChannelError, Credentials
from overture.core.words import ReadEndpoint
from overture.engine.keyring import Keyring
from overture.secrets import SealBroken
from overture.store import accounts
from overture.store.pool import Pool

_log = logging.getLogger(__name__)

RETRY = timedelta(minutes=1)
RETRY_WITHOUT_ACCOUNT = timedelta(minutes=15)

OF_THE_ACCOUNT = frozenset({"rateLimited", "authLost"})
"""Refusals that concern the account that asked; the others would meet every account."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why not everything was answered, in words for a person, and when to ask again (engine time)."""

    reason: str
    retry_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Asker:
    """An account that may ask; `rest_until`: not before then. `scopes`: None where nobody has told."""

    account_id: str
    credentials: Credentials
    rest_until: datetime | None
    scopes: Sequence[str] | None

    def may_ask(self, now: datetime) -> bool:
        """Tell whether the platform takes calls of this account."""
        return self.rest_until is None or self.rest_until <= now


async def linked(pool: Pool, keyring: Keyring, *, team_id: str, platform: str, endpoint: ReadEndpoint) -> list[Asker]:
    """Return the team's active accounts on a platform, for calls of one kind."""
    async with pool.acquire() as connection:
        sealed = await accounts.read_access(connection, team_id=team_id, platform=platform, endpoint=endpoint)
    opened = []
    for one in sealed:
        try:
            credentials = await keyring.credentials(
                team_id=team_id, account_id=one.account_id, base_url=one.base_url, sealed_grant=one.sealed_token
            )
        except (SealBroken, ChannelError) as error:
            _log.error("the grant of account %s is of no use: %s", one.account_id, error)
            continue
        opened.append(
            Asker(account_id=one.account_id, credentials=credentials, rest_until=one.rest_until, scopes=one.scopes)
        )
    return opened


def nobody_asks(known: Sequence[Asker], what: str, now: datetime) -> Refusal:
    """Say why nobody of these may ask for `what`: the platform takes no such calls yet, or there is no account."""
    rests = [asker.rest_until for asker in known if asker.rest_until is not None]
    if rests:
        reason = "The platform takes no more look-ups for now; it is asked again by itself."
        return Refusal(reason=reason, retry_at=min(rests))
    reason = f"No active account can ask the platform {what}: link or resume one."
    return Refusal(reason=reason, retry_at=now + RETRY_WITHOUT_ACCOUNT)
