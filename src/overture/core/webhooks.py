"""Webhooks: where they may go, how they are signed, and when one that failed is tried again."""

import base64
import hashlib
import hmac
import ipaddress
import re
import socket
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit

RETRIES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
"""How long after each failure a delivery is tried again; after the last it has failed."""

SWITCHED_OFF_AFTER = timedelta(days=5)
"""A webhook that has accepted nothing for so long gets nothing more."""

SECRET_PREFIX = "whsec_"  # noqa: S105 - the visible beginning of every secret, by the Standard Webhooks specification
LONGEST_URL = 2048
_LARGEST_PORT = 65535
_NAME = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?\Z"
)
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def next_try(tries: int) -> timedelta | None:
    """Return how long to wait after that many tries have failed; None: it is given up."""
    return RETRIES[tries - 1] if tries <= len(RETRIES) else None


def url_fault(url: str, *, allows_private: bool) -> str | None:
    """Say why a URL cannot be that of a webhook; None if it can. Where a name leads is looked at when it is called."""
    if len(url) > LONGEST_URL or not url.isascii() or any(character <= " " for character in url):
        return f"Must be a URL of at most {LONGEST_URL} ASCII characters without spaces."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "Must be a URL, as in https://crm.example/hooks/overture."
    host = parts.hostname or ""
    faults = (
        (
            parts.scheme not in ("http", "https") or not host,
            "Must begin with https:// or http:// and a host, as in https://crm.example/hooks/overture.",
        ),
        ("@" in parts.netloc, "Must have no user name or password; verify the signature instead."),
        (bool(parts.fragment), "Must have no part after #, which is never sent."),
        (port is not None and not 1 <= port <= _LARGEST_PORT, f"Its port must be between 1 and {_LARGEST_PORT}."),
        (literal(host) is None and not _NAME.match(host.lower()), "Its host is no name and no address."),
        (not allows_private and _is_private(host), PRIVATE),
    )
    return next((words for is_so, words in faults if is_so), None)


PRIVATE = (
    "Its host is not on the open internet. Whoever runs Overture may allow that: OVERTURE_WEBHOOKS_TO_PRIVATE_NETWORKS."
)


def _is_private(host: str) -> bool:
    address = literal(host)
    return host.lower().rstrip(".") == "localhost" or (address is not None and not is_public(address))


def literal(host: str) -> Address | None:
    """Return the address a host is, in any form that resolvers take (decimal, hexadecimal, short); None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def is_public(address: Address) -> bool:
    """Tell whether an address is one of the open internet, also where another is wrapped in it."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.teredo is not None or address.is_site_local:
            return False
    return address.is_global and not address.is_multicast


def secret(random: bytes) -> str:
    """Write random bytes as a secret."""
    return SECRET_PREFIX + base64.b64encode(random).decode()


def signed_headers(body: bytes, *, event_id: str, at: int, secrets: Sequence[str]) -> dict[str, str]:
    """Return what a delivery is signed with, under every secret that counts now, the newest first.

    `X-Inbox-Signature` as Inbox writes it, and the three headers of the Standard Webhooks specification
    (https://www.standardwebhooks.com), so that the verifiers of both work.

    Args:
        body: the bytes that are sent.
        event_id: the id of the event.
        at: the Unix second of this try.
        secrets: as `secret` writes them.
    """
    ours = [hmac.new(one.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest() for one in secrets]
    standard = [
        base64.b64encode(hmac.new(_key(one), f"{event_id}.{at}.".encode() + body, hashlib.sha256).digest()).decode()
        for one in secrets
    ]
    return {
        "X-Inbox-Signature": ",".join([f"t={at}", *(f"v1={one}" for one in ours)]),
        "webhook-id": event_id,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(f"v1,{one}" for one in standard),
    }


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(SECRET_PREFIX))
