"""Hearing what a platform says of its windows beside the answers to a round of calls of one kind."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from overture.channels.port import ChannelError, Inbox, Listed
from overture.core.budget import Window
from overture.core.lookup import Lookup
from overture.core.words import Endpoint, ReadEndpoint
from overture.store import budget_windows, budgets
from overture.store.pool import Connection

RETRY = timedelta(minutes=1)
"""How long an account rests that asked too much, where the platform does not say until when."""


class Hearing:
    """What was said in one round, by account; `rests` tells of which ones no other call is taken before when."""

    def __init__(self, endpoint: ReadEndpoint, *, now: datetime) -> None:
        self._endpoint = endpoint
        self._now = now
        self._windows: dict[str, Sequence[Window]] = {}
        self.rests: dict[str, datetime] = {}

    def answered(self, account_id: str, answer: Lookup | Listed | Inbox) -> None:
        """Take what came with an answer."""
        if answer.windows:
            self._windows[account_id] = answer.windows
        if answer.rest_until is not None and answer.rest_until > self._now:
            self.rests[account_id] = answer.rest_until

    def refused(self, account_id: str, error: ChannelError) -> None:
        """Take what came with a refusal."""
        if error.windows:
            self._windows[account_id] = error.windows
        if error.kind == "rateLimited":
            self.rests[account_id] = max(error.retry_at or self._now, self._now + RETRY)

    async def keep(self, connection: Connection, *, team_id: str) -> None:
        """Keep it for everybody, in statements of their own."""
        endpoint = Endpoint(self._endpoint)
        await budget_windows.keep(connection, team_id=team_id, endpoint=endpoint, told=self._windows, now=self._now)
        if self.rests:
            await budgets.rest_endpoint(connection, team_id=team_id, endpoint=self._endpoint, until=self.rests)
