"""Posting: one call to an address that a client chose, kept off what is not theirs to reach."""

import asyncio
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from overture.core import webhooks

TIMEOUT_SECONDS = 15.0
"""How long a call may take in all, from the look-up of the name to the last byte that is read."""

KEPT_CHARACTERS = 2_000
_MOST_BYTES = 16_384
_ACCEPTED = range(200, 300)
_REDIRECT = range(300, 400)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came of a call; `status` is None where nothing was answered."""

    status: int | None
    text: str | None
    error: str | None
    milliseconds: int

    @property
    def is_accepted(self) -> bool:
        """Whether the receiver has it."""
        return self.status in _ACCEPTED


class Refused(Exception):
    """The address is none that may be called."""


class Poster:
    """Calls addresses that clients chose, over connections that are not used again."""

    def __init__(self, *, allows_private: bool) -> None:
        self._allows_private = allows_private
        # Made once: it reads all certificates there are.
        self._certificates = httpx.create_ssl_context(trust_env=False)

    async def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post a body, and read the beginning of the answer. Redirects are not followed: they are refusals."""
        began = time.perf_counter()
        status: int | None = None
        text: str | None = None
        error: str | None = None
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                status, text = await self._call(url, body, headers)
        except TimeoutError:
            error = f"It did not answer within {TIMEOUT_SECONDS:.0f} seconds."
        except Refused as refusal:
            error = str(refusal)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as failure:
            error = f"It could not be reached: {str(failure) or type(failure).__name__}."
        else:
            if status in _REDIRECT:
                error = "It answered with a redirect, which is not followed: use the address it leads to."
        milliseconds = round((time.perf_counter() - began) * 1000)
        return Answer(status=status, text=text, error=error, milliseconds=milliseconds)

    async def _call(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        parts = urlsplit(url)
        host = parts.hostname or ""
        address = await self._resolve(host, parts.port or (443 if parts.scheme == "https" else 80))
        # Called by the address that was looked at: a name that leads elsewhere a moment later leads nowhere.
        shown = f"[{address}]" if ":" in address else address
        pinned = parts._replace(netloc=shown if parts.port is None else f"{shown}:{parts.port}").geturl()
        transport = httpx.AsyncHTTPTransport(verify=self._certificates, trust_env=False)
        async with transport:
            request = httpx.Request(
                "POST",
                pinned,
                content=body,
                headers={**headers, "Host": parts.netloc, "Connection": "close"},
                extensions={"sni_hostname": host, "timeout": httpx.Timeout(TIMEOUT_SECONDS).as_dict()},
            )
            response = await transport.handle_async_request(request)
            read = b""
            assert isinstance(response.stream, httpx.AsyncByteStream)
            async for piece in response.stream:
                read += piece
                if len(read) >= _MOST_BYTES:
                    break
            await response.stream.aclose()
        text = read[:_MOST_BYTES].decode("utf-8", "replace").replace("\x00", "")
        return response.status_code, text[:KEPT_CHARACTERS]

    async def _resolve(self, host: str, port: int) -> str:
        """Return one address of a host, all of which may be called.

        Raises:
            Refused: one of them is on a private network.
        """
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        for address in addresses:
            literal = webhooks.literal(address.partition("%")[0])
            if not self._allows_private and (literal is None or not webhooks.is_public(literal)):
                raise Refused(
                    f"{host} leads to {address}, which is not on the open internet. Whoever runs Overture may allow "
                    "that: OVERTURE_WEBHOOKS_TO_PRIVATE_NETWORKS."
                )
        return addresses[0]
