"""A platform in a dry run: read as it is, written to never."""

from collections.abc import Sequence
from datetime import datetime

from overture import ids
from overture.channels.port import Channel, Credentials, Identity, Inbox, Listed
from overture.core.lookup import Lookup
from overture.core.outcome import Outcome
from overture.core.words import Audience, OutcomeKind


class DryChannel:
    """Takes every message and delivers none; accounts, people and inboxes are those of the platform behind it."""

    def __init__(self, behind: Channel) -> None:
        self._behind = behind
        self.platform = behind.platform
        self.name = behind.name
        self.username_prefix = behind.username_prefix
        self.capabilities = behind.capabilities
        self.authority = behind.authority
        self.push = behind.push

    async def identify(self, credentials: Credentials) -> Identity:
        """Return whose credentials these are."""
        return await self._behind.identify(credentials)

    async def look_up(
        self, credentials: Credentials, *, platform_ids: Sequence[str] = (), usernames: Sequence[str] = ()
    ) -> Lookup:
        """Look up profiles."""
        return await self._behind.look_up(credentials, platform_ids=platform_ids, usernames=usernames)

    async def list_audience(
        self, credentials: Credentials, *, audience: Audience, of_id: str, page: str | None, most: int
    ) -> Listed:
        """List people."""
        return await self._behind.list_audience(credentials, audience=audience, of_id=of_id, page=page, most=most)

    async def like_latest(self, credentials: Credentials, *, of_id: str, own_id: str) -> str:
        """Say that a post was liked, under an id that no platform gives."""
        del credentials, of_id, own_id
        return f"dry_{ids.new('g')}"

    async def send(self, credentials: Credentials, *, recipient_id: str, text: str, now: datetime) -> Outcome:
        """Say that a message was accepted, under an id that no platform gives."""
        del credentials, recipient_id, text, now
        return Outcome(kind=OutcomeKind.ACCEPTED, platform_message_id=f"dry_{ids.new('g')}", reason="dryRun")

    async def read_inbox(
        self, credentials: Credentials, *, until_id: str | None, own_id: str, page: str | None = None
    ) -> Inbox:
        """Read the account's messages: what people really write."""
        return await self._behind.read_inbox(credentials, until_id=until_id, own_id=own_id, page=page)

    async def read_conversation(self, credentials: Credentials, *, with_id: str, since: datetime, own_id: str) -> Inbox:
        """Read one conversation."""
        return await self._behind.read_conversation(credentials, with_id=with_id, since=since, own_id=own_id)

    async def close(self) -> None:
        """Release connections."""
        await self._behind.close()
