"""Calls signed by OAuth 1.0a (RFC 5849, HMAC-SHA1): every signature is made again from the call and compared."""

import base64
import hashlib
import hmac
import re
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote

from starlette.requests import Request

from overture.sandbox.accounts import Account

CONSUMER_KEY = "sandbox-consumer-key"
CONSUMER_SECRET = "sandbox-consumer-secret"  # noqa: S105 - for everybody to know
TOLERANCE_SECONDS = 300
"""How far the time of a call may be from that of the platform."""

_PARAMETER = re.compile(r'\s*([a-z_]+)="([^"]*)"\s*')
_NEEDED = frozenset(
    {"oauth_consumer_key", "oauth_nonce", "oauth_signature", "oauth_signature_method", "oauth_timestamp", "oauth_token"}
)
_KNOWN = _NEEDED | {"oauth_version"}


class Unsigned(Exception):
    """A signed call that is refused; `refusal` is its entry of the table of refusals."""

    def __init__(self, refusal: str) -> None:
        super().__init__(refusal)
        self.refusal = refusal


@dataclass(frozen=True, kw_only=True, slots=True)
class Signed:
    """What is signed of a call: its method, its address without the query, and its parameters as pairs."""

    method: str
    address: str
    parameters: Sequence[tuple[str, str]]


class Signatures:
    """Checks signatures, and takes none twice.

    Args:
        accounts: who may sign.
        clock: seconds since 1970, of the machine: callers sign by theirs.
    """

    def __init__(self, *, accounts: Sequence[Account], clock: Callable[[], float] = time.time) -> None:
        self._accounts = {account.key: account for account in accounts}
        self._clock = clock
        self._used: set[tuple[str, str, str]] = set()
        self._order: deque[tuple[float, tuple[str, str, str]]] = deque()

    def signer(self, request: Request) -> Account:
        """Return the account a call is signed for.

        Raises:
            Unsigned: something of the signature is missing, wrong, too old or used.
        """
        told = _header(request.headers.get("authorization", ""))
        if told["oauth_consumer_key"] != CONSUMER_KEY or told.get("oauth_version", "1.0") != "1.0":
            raise Unsigned("signatureWrong")
        account = self._accounts.get(told["oauth_token"])
        if account is None:
            raise Unsigned("tokenExpired")
        pairs = [(name, value) for name, value in told.items() if name != "oauth_signature"]
        query = parse_qsl(request.url.query, keep_blank_values=True)
        address = str(request.url.replace(query="", fragment="")).partition("?")[0]
        call = Signed(method=request.method, address=address, parameters=[*query, *pairs])
        wanted = signature(call, consumer_secret=CONSUMER_SECRET, token_secret=account.key_secret)
        if not hmac.compare_digest(wanted.encode(), told["oauth_signature"].encode()):
            raise Unsigned("signatureWrong")
        self._use(told)
        return account

    def _use(self, told: Mapping[str, str]) -> None:
        now = self._clock()
        stamp = told["oauth_timestamp"]
        if re.fullmatch(r"[0-9]{1,12}", stamp) is None or abs(now - int(stamp)) > TOLERANCE_SECONDS:
            raise Unsigned("timestampOutOfBounds")
        while self._order and now - self._order[0][0] > 2 * TOLERANCE_SECONDS:
            self._used.discard(self._order.popleft()[1])
        use = (told["oauth_token"], stamp, told["oauth_nonce"])
        if use in self._used:
            raise Unsigned("signatureWrong")
        self._used.add(use)
        self._order.append((now, use))


def signature(call: Signed, *, consumer_secret: str, token_secret: str) -> str:
    """Return the signature a call must carry."""
    pairs = sorted((_escaped(name), _escaped(value)) for name, value in call.parameters)
    joined = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join(map(_escaped, (call.method.upper(), call.address, joined)))
    key = f"{_escaped(consumer_secret)}&{_escaped(token_secret)}"
    return base64.b64encode(hmac.digest(key.encode(), base.encode(), hashlib.sha1)).decode()


def _escaped(text: str) -> str:
    return quote(text, safe="-._~")


def _header(text: str) -> dict[str, str]:
    told: dict[str, str] = {}
    for part in text.partition(" ")[2].split(","):
        found = _PARAMETER.fullmatch(part)
        if found is None or found[1] in told:
            raise Unsigned("signatureWrong")
        told[found[1]] = unquote(found[2])
    is_whole = told.keys() >= _NEEDED and told.keys() <= _KNOWN and all(told[name] for name in _NEEDED)
    if not is_whole or told["oauth_signature_method"] != "HMAC-SHA1":
        raise Unsigned("signatureWrong")
    return told
