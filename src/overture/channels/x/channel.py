"""X as a channel: direct messages and profiles through API v2, with the user token of the sending account."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import httpx

from overture.channels.port import Capabilities, ChannelError, Credentials, Identity, Inbox, InboxMessage, Listed
from overture.channels.x import activity, answers, audiences, events, limits, oauth, posts, prices, profiles
from overture.channels.x.client import CallFailed, Client
from overture.channels.x.refusals import Row
from overture.core.budget import Window
from overture.core.costs import PriceList
from overture.core.lookup import Absent, Lookup
from overture.core.outcome import Outcome
from overture.core.words import Audience, OutcomeKind


class XChannel:
    """The channel of platform `twitter`. One instance serves every account of the process.

    `timeout` (seconds) bounds each call as a whole. `refusals` are rows tried before the built-in table of
    refusals, for what an operator meets and X does not document; `price_list` is what the operator pays. `likes`: the
    operator says that the app's plan and agreement with X let it like posts.
    """

    platform: str = "twitter"
    name: str = "X"
    username_prefix: str = "@"
    capabilities: Capabilities = Capabilities(
        checks_reachability=True,
        lookup_batch=limits.LOOKUP_BATCH,
        is_idempotent=False,
        reads_are_complete=False,
        likes=False,
        longest_text=limits.LONGEST_TEXT,
        app_daily_sends=limits.APP_DAILY_SENDS,
        account_daily_ceiling=limits.ACCOUNT_DAILY_CEILING,
        history=limits.HISTORY,
        audiences=frozenset(Audience),
        windows=limits.PUBLISHED,
        price_list=prices.PUBLISHED,
    )

    def __init__(
        self,
        *,
        timeout: float = 10.0,
        transport: httpx.AsyncBaseTransport | None = None,
        refusals: tuple[Row, ...] = (),
        price_list: PriceList = prices.PUBLISHED,
        likes: bool = False,
    ) -> None:
        self.capabilities = replace(type(self).capabilities, price_list=price_list, likes=likes)
        self._client = Client(timeout=timeout, transport=transport)
        self.authority = oauth.Authority(self._client, asks_to_like=likes)
        self.push = activity.Push(self._client)
        self._table = refusals + answers.TABLE

    async def identify(self, credentials: Credentials) -> Identity:
        """Return whose token this is."""
        read = await self._read(credentials, "/2/users/me", {"user.fields": profiles.IDENTITY_FIELDS})
        return profiles.identity(read.body)

    async def look_up(
        self, credentials: Credentials, *, platform_ids: Sequence[str] = (), usernames: Sequence[str] = ()
    ) -> Lookup:
        """Look up profiles by id or by username.

        What cannot be an id or a username is absent without being asked for: X would refuse the whole batch.

        Raises:
            ValueError: ids and usernames together, or more than a batch.
        """
        asked = list(dict.fromkeys(platform_ids or usernames))
        if (platform_ids and usernames) or len(asked) > limits.LOOKUP_BATCH:
            raise ValueError(f"a look-up takes up to {limits.LOOKUP_BATCH} ids or usernames, not both")
        by_username = bool(usernames)
        is_possible = profiles.is_username if by_username else profiles.is_id
        possible = [one for one in asked if is_possible(one)]
        impossible = tuple(Absent(identifier=one, reason="notFound") for one in asked if not is_possible(one))
        if not possible:
            return Lookup(people=(), absent=impossible)
        path, key = ("/2/users/by", "usernames") if by_username else ("/2/users", "ids")
        distinct = {one.casefold(): one for one in possible}
        parameters = {key: ",".join(distinct.values()), "user.fields": profiles.PERSON_FIELDS}
        read = await self._read(credentials, path, parameters)
        answer = profiles.lookup(read.body, asked=possible, by_username=by_username)
        return Lookup(
            people=answer.people,
            absent=answer.absent + impossible,
            rest_until=read.rest_until,
            windows=read.windows,
        )

    async def list_audience(
        self, credentials: Credentials, *, audience: Audience, of_id: str, page: str | None, most: int
    ) -> Listed:
        """List followers, followed accounts, or who liked a post: one page, the newest first as X gives them."""
        path, parameters = audiences.request(audience, of_id, page=page, most=most)
        try:
            read = await self._read(credentials, path, parameters)
        except ChannelError as error:
            # X calls a user or post that is not there a mistake of the caller.
            kind = "gone" if error.kind == "invalid" else error.kind
            raise ChannelError(
                kind, error.detail, retry_at=error.retry_at, reason=error.reason, windows=error.windows
            ) from error
        return replace(audiences.listed(read.body), rest_until=read.rest_until, windows=read.windows)

    async def like_latest(self, credentials: Credentials, *, of_id: str, own_id: str) -> str:
        """Like the latest post of somebody's own, no answer and no repost; liking it once more changes nothing."""
        if not profiles.is_id(of_id) or not profiles.is_id(own_id):
            raise ChannelError("invalid", "not an id of X")
        read = await self._read(credentials, f"/2/users/{of_id}/tweets", posts.PARAMETERS)
        post_id = posts.latest(read.body)
        try:
            answer = await self._client.post(credentials, f"/2/users/{own_id}/likes", {"tweet_id": post_id})
        except CallFailed as failure:
            raise answers.read_error(failure.outcome) from failure
        if not answer.is_success:
            raise answers.read_error(answers.refused(answer, now=None, table=self._table))
        return post_id

    async def send(self, credentials: Credentials, *, recipient_id: str, text: str, now: datetime) -> Outcome:
        """Send one direct message, once; whatever happens is told by the outcome."""
        if not profiles.is_id(recipient_id):
            return Outcome(kind=OutcomeKind.INVALID, reason="recipientId", detail="not an id of X")
        try:
            answer = await self._client.post(
                credentials, f"/2/dm_conversations/with/{recipient_id}/messages", {"text": text}
            )
        except CallFailed as failure:
            return failure.outcome
        outcome = answers.sent(answer, now=now, table=self._table)
        if outcome.reason in answers.TOKEN_REFUSED and credentials.renew is not None:
            return await _renewed(credentials.renew, outcome)
        return outcome

    async def read_inbox(
        self, credentials: Credentials, *, until_id: str | None, own_id: str, page: str | None = None
    ) -> Inbox:
        """Read the account's direct messages of the last 30 days, newest first, down to `until_id`.

        A reading ends after some pages, or when X takes no more of them; another one goes on from its `next_page`.
        Messages in groups are left out: nothing here writes to groups, so nothing there is an answer.
        """
        if until_id is not None and answers.identifier(until_id) is None:
            raise ChannelError("invalid", "until_id is not an id of X")
        until = -1 if until_id is None else int(until_id)
        return await self._read_events(
            credentials,
            "/2/dm_events",
            own_id=own_id,
            is_known=lambda event: event.number <= until,
            at_first=limits.EVENTS_PER_PAGE if until_id is None else limits.EVENTS_AT_FIRST,
            token=page,
        )

    async def read_conversation(self, credentials: Credentials, *, with_id: str, since: datetime, own_id: str) -> Inbox:
        """Read the direct messages exchanged with one person at or after `since`, newest first."""
        if not profiles.is_id(with_id):
            raise ChannelError("invalid", "with_id is not an id of X")
        return await self._read_events(
            credentials,
            f"/2/dm_conversations/with/{with_id}/dm_events",
            own_id=own_id,
            is_known=lambda event: event.sent_at < since,
        )

    async def close(self) -> None:
        """Release the connections."""
        await self._client.close()

    async def _read_events(
        self,
        credentials: Credentials,
        path: str,
        *,
        own_id: str,
        is_known: Callable[[events.Event], bool],
        at_first: int = limits.EVENTS_PER_PAGE,
        token: str | None = None,
    ) -> Inbox:
        messages: dict[str, InboxMessage] = {}
        shown = 0
        read: _Read | None = None
        for _ in range(limits.PAGE_CAP):
            parameters = dict(events.PARAMETERS)
            if token is None:
                parameters["max_results"] = str(at_first)
            else:
                parameters["pagination_token"] = token
            try:
                read = await self._read(credentials, path, parameters)
            except ChannelError as error:
                if error.kind != "rateLimited" or error.retry_at is None or not messages:
                    raise
                # What was read so far has been paid for.
                last = _Read(body={}, rest_until=error.retry_at, windows=error.windows)
                return _inbox(messages, shown, last, reached=False, next_page=token)
            listed, token = events.page(read.body)
            shown += len(listed)
            fresh = [event for event in listed if not is_known(event)]
            for event in fresh:
                message = events.message(event, own_id=own_id)
                if message is not None:
                    messages.setdefault(message.platform_id, message)
            if token is None or len(fresh) < len(listed):
                return _inbox(messages, shown, read, reached=True, next_page=None)
            if read.rest_until is not None:
                break
        assert read is not None
        return _inbox(messages, shown, read, reached=False, next_page=token)

    async def _read(self, credentials: Credentials, path: str, parameters: Mapping[str, str]) -> "_Read":
        """Return what X answers, and what it says of its windows for calls of the kind."""
        try:
            answer = await self._client.get(credentials, path, parameters)
        except CallFailed as failure:
            raise answers.read_error(failure.outcome) from failure
        if not answer.is_success:
            refusal = answers.refused(answer, now=None, table=self._table)
            if refusal.reason in answers.TOKEN_REFUSED and credentials.renew is not None:
                renewed = Credentials(base_url=credentials.base_url, token=await credentials.renew())
                return await self._read(renewed, path, parameters)
            raise answers.read_error(refusal)
        if answer.body is None:
            raise ChannelError("unavailable", "the answer is no JSON object")
        used_up = limits.exhausted_until(answer.headers)
        return _Read(
            body=answer.body,
            rest_until=None if used_up is None else used_up.at,
            windows=limits.told(answer.headers),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Read:
    """One answer to a reading; `rest_until`: no other call of the kind is taken before, if this was the last one."""

    body: Mapping[str, Any]
    rest_until: datetime | None
    windows: tuple[Window, ...]


async def _renewed(renew: Callable[[], Awaitable[str]], refused: Outcome) -> Outcome:
    """Renew the token that was refused; the message leaves with the next attempt, whose lease has time for it."""
    try:
        await renew()
    except ChannelError as error:
        if error.kind == "authLost":
            return refused
        return Outcome(kind=OutcomeKind.NOT_SENT, reason="tokenNotRenewed", detail=str(error))
    return Outcome(kind=OutcomeKind.NOT_SENT, reason="tokenRenewed")


def _inbox(
    messages: Mapping[str, InboxMessage],
    shown: int,
    last: _Read,
    *,
    reached: bool,
    next_page: str | None,
) -> Inbox:
    newest_first = sorted(messages.values(), key=lambda message: int(message.platform_id), reverse=True)
    return Inbox(
        messages=tuple(newest_first),
        reached=reached,
        listed=shown,
        next_page=next_page,
        rest_until=last.rest_until,
        windows=last.windows,
    )
