"""HTTP to X: connections shared by all accounts, and what is known of a call that brought no answer."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib import metadata
from typing import Literal

import httpx

from overture.channels.port import Credentials
from overture.channels.x import signatures
from overture.channels.x.answers import Answer
from overture.core.outcome import Outcome
from overture.core.words import OutcomeKind

_POOLS = 32
"""httpx looks at every connection of a pool on every call, so many small pools carry hundreds of calls at a
fraction of the cost of a large one."""

_POOL = httpx.Limits(max_connections=16, max_keepalive_connections=16, keepalive_expiry=15.0)
"""Idle connections are dropped soon: one that the server closed first can cost a send its outcome."""

_CONNECT_SHARE = 4
"""Waiting for the pool, connecting and TLS get a quarter of the time each, so that the whole call's limit can
only strike after them, when the outcome is truly unknown."""

_NEVER_WRITTEN = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)

_SILENCE_SECONDS = 45.0
"""X keeps a stream alive by an empty line every 20 seconds: one that is silent for longer is dead."""

_LONGEST_LINE = 1024 * 1024

Method = Literal["GET", "POST", "PUT", "DELETE"]

_TOKEN = re.compile(r"[\x21-\x7e]+")


class CallFailed(Exception):
    """A call brought no answer. `outcome` says what that means for a send."""

    def __init__(self, kind: OutcomeKind, reason: str, cause: Exception | None = None) -> None:
        detail = reason if cause is None else f"{type(cause).__name__}: {cause}".rstrip(": ")
        super().__init__(detail)
        self.outcome = Outcome(kind=kind, reason=reason, detail=detail)


class Unopened(Exception):
    """A stream that X refuses; `answer` says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Client:
    """Calls X on behalf of accounts. `timeout` (seconds) bounds a whole call; nothing is ever sent twice."""

    def __init__(self, *, timeout: float, transport: httpx.AsyncBaseTransport | None) -> None:
        share = timeout / _CONNECT_SHARE
        self._timeout = timeout
        self._transport = transport
        # One TLS context for all pools: making one reads every known certificate.
        certificates = httpx.create_ssl_context() if transport is None else True
        self._pools = [
            httpx.AsyncClient(
                transport=transport,
                verify=certificates,
                limits=_POOL,
                timeout=httpx.Timeout(timeout, connect=share, pool=share),
                follow_redirects=False,
                headers={"User-Agent": f"overture/{_version()}", "Accept": "application/json"},
                # Accounts share connections; a cookie must not carry from one account's calls to another's.
                cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
            )
            for _ in range(_POOLS if transport is None else 1)
        ]
        self._open_calls = [0] * len(self._pools)

    async def get(self, credentials: Credentials, path: str, parameters: Mapping[str, str]) -> Answer:
        """Ask for `path`.

        Raises:
            CallFailed: no answer came.
        """
        return await self._call(credentials, "GET", path, parameters=parameters)

    async def post(self, credentials: Credentials, path: str, body: Mapping[str, str]) -> Answer:
        """Post `body` as JSON to `path`, once.

        Raises:
            CallFailed: no answer came.
        """
        return await self._call(credentials, "POST", path, body=body)

    async def change(
        self, credentials: Credentials, method: Literal["POST", "PUT", "DELETE"], path: str, body: Mapping[str, object]
    ) -> Answer:
        """Change something that is no message, `body` as JSON where there is one.

        Raises:
            CallFailed: no answer came.
        """
        return await self._call(credentials, method, path, body=body or None)

    async def lines(self, credentials: Credentials, path: str) -> AsyncIterator[bytes]:
        """Open a stream and yield its lines as they come; empty ones keep it alive.

        Raises:
            Unopened: X refuses it.
            CallFailed: it does not open, breaks off, or falls silent.
        """
        timeout = httpx.Timeout(self._timeout, read=_SILENCE_SECONDS)
        url = credentials.base_url.rstrip("/") + path
        headers = {"Authorization": f"Bearer {credentials.token}"}
        try:
            async with (
                httpx.AsyncClient(transport=self._transport, timeout=timeout, follow_redirects=False) as pool,
                pool.stream("GET", url, headers=headers) as response,
            ):
                if not response.is_success:
                    await response.aread()
                    raise Unopened(_answer(response))
                begun = b""
                async for piece in response.aiter_bytes():
                    *whole, begun = (begun + piece).split(b"\n")
                    for line in whole:
                        yield line.strip()
                    if len(begun) > _LONGEST_LINE:
                        raise CallFailed(OutcomeKind.UNKNOWN, "unreadableAnswer")
        except (httpx.InvalidURL, ValueError) as error:
            raise CallFailed(OutcomeKind.NOT_SENT, "unreachable", error) from error
        except (httpx.RequestError, OSError) as error:
            raise CallFailed(OutcomeKind.UNKNOWN, "connectionLost", error) from error

    async def post_form(
        self, base_url: str, path: str, form: Mapping[str, str], authorisation: httpx.BasicAuth | None
    ) -> Answer:
        """Post a form as an app, once.

        Raises:
            CallFailed: no answer came.
        """
        try:
            request = self._pools[0].build_request("POST", base_url.rstrip("/") + path, data=dict(form))
        except (httpx.InvalidURL, ValueError) as error:
            raise CallFailed(OutcomeKind.NOT_SENT, "unreachable", error) from error
        if authorisation is not None:
            request = next(authorisation.auth_flow(request))
        return _answer(await self._exchange(request))

    async def close(self) -> None:
        """Close the connections."""
        for pool in self._pools:
            await pool.aclose()

    async def _call(
        self,
        credentials: Credentials,
        method: Method,
        path: str,
        *,
        parameters: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> Answer:
        keys = credentials.keys
        if _TOKEN.fullmatch(credentials.token) is None or (keys is not None and not signatures.are_readable(keys)):
            raise CallFailed(OutcomeKind.AUTH_LOST, "tokenUnreadable")
        try:
            request = self._pools[0].build_request(
                method,
                credentials.base_url.rstrip("/") + path,
                params=parameters,
                json=body,
            )
            request.headers["Authorization"] = _authorisation(credentials, method, str(request.url))
        except httpx.InvalidURL as error:
            raise CallFailed(OutcomeKind.NOT_SENT, "unreachable", error) from error
        except ValueError as error:
            raise CallFailed(OutcomeKind.INVALID, "unencodable", error) from error
        return _answer(await self._exchange(request))

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        # The first of the least busy pools: at low load its connections stay warm.
        place = self._open_calls.index(min(self._open_calls))
        self._open_calls[place] += 1
        try:
            async with asyncio.timeout(self._timeout):
                return await self._pools[place].send(request)
        except _NEVER_WRITTEN as error:
            raise CallFailed(OutcomeKind.NOT_SENT, "unreachable", error) from error
        except (TimeoutError, httpx.TimeoutException) as error:
            raise CallFailed(OutcomeKind.UNKNOWN, "timeout", error) from error
        except httpx.DecodingError as error:
            raise CallFailed(OutcomeKind.UNKNOWN, "unreadableAnswer", error) from error
        except (httpx.RequestError, OSError) as error:
            # Also a kept-alive connection that the server closed meanwhile: the request may have been read.
            raise CallFailed(OutcomeKind.UNKNOWN, "connectionLost", error) from error
        finally:
            self._open_calls[place] -= 1


def _authorisation(credentials: Credentials, method: Method, url: str) -> str:
    if credentials.keys is None:
        return f"Bearer {credentials.token}"
    return signatures.authorisation(credentials.keys, token=credentials.token, method=method, url=url)


def _answer(response: httpx.Response) -> Answer:
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        body = None
    return Answer(
        status=response.status_code,
        headers=response.headers,
        body=body if isinstance(body, dict) else None,
        text=response.text,
    )


def _version() -> str:
    try:
        return metadata.version("overture")
    except metadata.PackageNotFoundError:
        return "unknown"
