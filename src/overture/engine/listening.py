"""Listening: has platforms tell by themselves what happens, and sees to it that they go on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from overture.channels import port
from overture.channels.registry import Registry
from overture.core.words import AnswerWay
from overture.engine import keyring
from overture.secrets import SealBroken, Sealer
from overture.store import duties, listening
from overture.store.pool import Pool

CHECK = timedelta(minutes=30)
"""How often it is looked whether a platform still tells an app all it should."""

RETRY = timedelta(minutes=2)
"""How long a platform is left alone that did not answer."""

MENDED = timedelta(minutes=5)
"""How often it is tried whether a person has mended what the platform refused."""

_PASSING = frozenset({"unavailable", "rateLimited"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """By which way answers are to come, and where platforms find this server; no slash at its end."""

    way: AnswerWay = AnswerWay.POLL
    public_url: str = ""


POLL_ALONE = Wish()
"""Read inboxes, and have nobody told anything."""


class Listener:
    """Sets up and looks after what platforms tell apps."""

    def __init__(self, *, pool: Pool, channels: Registry, sealer: Sealer, wish: Wish) -> None:
        self._pool = pool
        self._channels = channels
        self._sealer = sealer
        self._wish = wish

    async def begin(self, *, now: datetime) -> None:
        """Look after every app anew: this process may have other settings than those before."""
        async with self._pool.acquire() as connection:
            await listening.want_all(connection, due_at=now)

    async def step(self, *, team_id: str, app_id: str, now: datetime) -> datetime | None:
        """Look after one app; return when to look again."""
        async with self._pool.acquire() as connection:
            app = await listening.app(connection, team_id=team_id, app_id=app_id)
            accounts = await listening.accounts(connection, team_id=team_id, app_id=app_id)
        if app is None:
            return None
        channel, way = self._channels.get(app.platform), self._wish.way
        was_never_told = way is AnswerWay.POLL and app.way is None
        if channel is None or channel.push is None or app.sealed_bearer_token is None or was_never_told:
            await self._note(team_id, app_id, None, None, now)
            return None
        if way is AnswerWay.WEBHOOK and not app.has_secret:
            problem = "The app has no consumer secret here, so nobody could tell what its platform signs. Add it."
            await self._note(team_id, app_id, None, None, now, problem=problem)
            return None
        address = None
        if way is AnswerWay.WEBHOOK:
            address = f"{self._wish.public_url}/hooks/{app.platform}/{_tag(team_id, app_id)}"
        try:
            as_itself = as_app(
                self._sealer,
                team_id=team_id,
                app_id=app_id,
                base_url=app.base_url,
                sealed_bearer_token=app.sealed_bearer_token,
            )
            own_ids = [] if way is AnswerWay.POLL else list(accounts)
            telling = await channel.push.keep(as_itself, address=address, tag=_tag(team_id, app_id), own_ids=own_ids)
        except (port.ChannelError, SealBroken) as error:
            return await self._failed(team_id, app, error, now)
        # A stream that is set up and does not open tells nothing. Whoever holds it says so.
        closed = app.problem if way is AnswerWay.STREAM and app.way == AnswerWay.STREAM else None
        told = [accounts[own_id] for own_id in telling.told if closed is None]
        problems = {accounts[own_id]: _told(text) for own_id, text in telling.problems.items()}
        set_up = None if way is AnswerWay.POLL else way
        await self._note(team_id, app_id, set_up, address, now, told=told, problems=problems, problem=closed)
        return None if set_up is None else now + CHECK

    async def _failed(self, team_id: str, app: listening.App, error: Exception, now: datetime) -> datetime:
        if not isinstance(error, port.ChannelError):
            await self._note(team_id, app.id, None, None, now, problem=_told(str(error)))
            return now + CHECK
        is_passing = error.kind in _PASSING
        # What was set up goes on working while the platform is only not to be asked about it.
        if not is_passing or app.way is None:
            refused = "it does not take the app's bearer token"
            detail = f"{refused} ({error.detail})" if error.kind == "authLost" else error.detail
            await self._note(team_id, app.id, None, None, now, problem=_told(detail))
        return max(error.retry_at or now, now + (RETRY if is_passing else MENDED))

    async def _note(
        self,
        team_id: str,
        app_id: str,
        way: AnswerWay | None,
        address: str | None,
        now: datetime,
        *,
        told: Sequence[str] = (),
        problems: Mapping[str, str] | None = None,
        problem: str | None = None,
    ) -> None:
        """Note how things stand; accounts of which nothing is told any more have their inboxes read at once."""
        async with self._pool.acquire() as connection, connection.transaction():
            await listening.note_app(
                connection, team_id=team_id, app_id=app_id, way=way, address=address, problem=problem, now=now
            )
            left = await listening.note_accounts(
                connection,
                team_id=team_id,
                app_id=app_id,
                way=way,
                told=told,
                problems=problems or {},
                problem=problem,
                now=now,
            )
            for account_id in left:
                await duties.want(connection, team_id=team_id, kind="replies", key=account_id, due_at=now)


async def end(
    push: port.Push, sealer: Sealer, *, team_id: str, app_id: str, base_url: str, sealed_bearer_token: bytes
) -> None:
    """Have a platform tell an app nothing more.

    Raises:
        ChannelError, SealBroken: it does not take that.
    """
    app = as_app(sealer, team_id=team_id, app_id=app_id, base_url=base_url, sealed_bearer_token=sealed_bearer_token)
    await push.keep(app, address=None, tag=_tag(team_id, app_id), own_ids=[])


def as_app(sealer: Sealer, *, team_id: str, app_id: str, base_url: str, sealed_bearer_token: bytes) -> port.Credentials:
    """Return what lets a channel act as an app itself.

    Raises:
        SealBroken: its token does not open.
    """
    token = sealer.open(sealed_bearer_token, context=keyring.place(team_id, app_id))
    return port.Credentials(base_url=base_url, token=token)


def _tag(team_id: str, app_id: str) -> str:
    return f"{team_id}/{app_id}"


def _told(detail: str) -> str:
    return f"The platform does not tell all by itself: {detail}"[:500]
