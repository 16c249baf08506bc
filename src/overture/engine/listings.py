"""People a platform lists, asked for page by page: any active account of the team may ask."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.channels.port import Channel, ChannelError
from overture.channels.registry import Registry
from overture.core import rights
from overture.core.lookup import Person
from overture.core.rights import Scope
from overture.core.words import Audience, Capability, CostKind, ReadEndpoint
from overture.engine import askers
from overture.engine.askers import Asker, Refusal
from overture.engine.hearing import Hearing
from overture.engine.keyring import Keyring
from overture.secrets import Sealer
from overture.store import costs
from overture.store.pool import Pool

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A page of people a platform lists. `refusal` tells why there is none now, `gone` why there never will be."""

    people: Sequence[Person]
    next_page: str | None
    refusal: Refusal | None = None
    gone: str | None = None


class Lister:
    """Asks for pages of people."""

    def __init__(self, *, pool: Pool, channels: Registry, sealer: Sealer) -> None:
        self._pool = pool
        self._channels = channels
        self._keyring = Keyring(pool=pool, channels=channels, sealer=sealer)

    async def read(
        self,
        *,
        team_id: str,
        platform: str,
        audience: Audience,
        of_id: str,
        page: str | None,
        most: int,
        now: datetime,
    ) -> Page:
        """Ask for a page, through the first account that may. Call it outside any transaction."""
        channel, endpoint = self._channels.get(platform), ReadEndpoint(audience)
        linked = await askers.linked(self._pool, self._keyring, team_id=team_id, platform=platform, endpoint=endpoint)
        lacks = {} if channel is None else _lacks(channel, linked, audience)
        known = [asker for asker in linked if asker.account_id not in lacks]
        if linked and not known:
            return Page(people=(), next_page=None, refusal=_nobody_granted(next(iter(lacks.values())), now))
        refusals: list[Refusal] = []
        hearing = Hearing(endpoint, now=now)
        shown: dict[str, int] = {}
        found: Page | None = None
        for asker in known:
            if channel is None or not asker.may_ask(now):
                continue
            try:
                listed = await channel.list_audience(
                    asker.credentials, audience=audience, of_id=of_id, page=page, most=most
                )
            except ChannelError as error:
                _log.warning("a list of people was refused: %s", error.kind)
                if error.kind == "gone":
                    found = Page(people=(), next_page=None, gone="The platform does not show what was asked about.")
                    break
                hearing.refused(asker.account_id, error)
                refusals.append(_refusal(error, now))
                if error.kind not in askers.OF_THE_ACCOUNT:
                    break
                continue
            hearing.answered(asker.account_id, listed)
            shown[asker.account_id] = len(listed.people)
            found = Page(people=listed.people, next_page=listed.next_page)
            break
        async with self._pool.acquire() as connection:
            await costs.count(connection, team_id=team_id, kind=CostKind.PROFILE_READ, units=shown, now=now)
            await hearing.keep(connection, team_id=team_id)
        if found is not None:
            return found
        first = min(refusals, key=lambda refusal: refusal.retry_at, default=None)
        return Page(people=(), next_page=None, refusal=first or askers.nobody_asks(known, "for these people", now))


def _lacks(channel: Channel, linked: Sequence[Asker], audience: Audience) -> dict[str, Scope]:
    """Return, by account, a scope the list needs and the account has not granted."""
    asked = () if channel.authority is None else channel.authority.scopes
    needed = [scope for scope in asked if Capability(f"import:{audience}") in scope.opens]
    found = {asker.account_id: rights.missing(needed, asker.scopes) for asker in linked}
    return {account_id: lacking[0] for account_id, lacking in found.items() if lacking}


def _nobody_granted(scope: Scope, now: datetime) -> Refusal:
    reason = f"No active account has granted {scope.name}, which this list needs: link one again and grant it."
    return Refusal(reason=reason, retry_at=now + askers.RETRY_WITHOUT_ACCOUNT)


def _refusal(error: ChannelError, now: datetime) -> Refusal:
    said = f"{error.kind}: {error.detail[:200]}" if error.detail else error.kind
    return Refusal(
        reason=f"The platform does not list these people now ({said}); it is asked again by itself.",
        retry_at=max(error.retry_at or now, now + askers.RETRY),
    )
