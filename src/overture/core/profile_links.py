"""Links to profiles, as people copy them from a platform."""

from collections.abc import Callable, Mapping
from urllib.parse import SplitResult, parse_qs, urlsplit

from overture.core import identifiers
from overture.core.identifiers import Identifier, IdentifierKind

_X_HOSTS = frozenset({"x.com", "twitter.com"})
_X_HOST_PREFIXES = ("www.", "mobile.", "m.")
# First parts of addresses on X that are pages of X itself.
_X_PAGES = frozenset({
    "about", "compose", "download", "explore", "hashtag", "home", "i", "intent", "jobs", "login",
    "logout", "messages", "notifications", "privacy", "search", "settings", "share", "signup", "tos",
})  # fmt: skip


def parse(platform: str, link: str) -> Identifier | None:
    """Return whom a link names on `platform`; None when it is no link to a profile there."""
    reader = _READERS.get(platform)
    cleaned = link.strip()
    if reader is None or not cleaned:
        return None
    try:
        parts = urlsplit(cleaned if "://" in cleaned else f"https://{cleaned}")
        return reader(platform, parts) if parts.scheme in ("http", "https") else None
    except ValueError:
        return None


def handle(platform: str, username: str) -> str:
    """Return a username as the platform shows it."""
    return _PREFIXES.get(platform, "") + username


def site(website: str) -> str | None:
    """Return the host of a person's website; None where what they wrote is no address."""
    try:
        host = urlsplit(website if "://" in website else f"https://{website}").hostname
    except ValueError:
        return None
    return host.removeprefix("www.") if host else None


def of(platform: str, platform_id: str) -> str | None:
    """Return a link to a profile that stays good when its username changes; None where there is none."""
    begin = _BEGINNINGS.get(platform)
    return None if begin is None else begin + platform_id


def _read_x(platform: str, parts: SplitResult) -> Identifier | None:
    """Read `x.com/name`, `twitter.com/name`, `x.com/i/user/123` and the links behind "follow" buttons."""
    host = (parts.hostname or "").lower()
    for prefix in _X_HOST_PREFIXES:
        host = host.removeprefix(prefix)
    if host not in _X_HOSTS:
        return None
    # Old links have the path behind `#!`.
    path = parts.fragment.removeprefix("!") if parts.fragment.startswith("!/") else parts.path
    names = [name for name in path.split("/") if name]
    match [name.lower() for name in names[:3]]:
        case ["i", "user", number]:
            return _named(platform, IdentifierKind.PLATFORM_ID, number)
        case ["intent", *_]:
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if "user_id" in asked:
                return _named(platform, IdentifierKind.PLATFORM_ID, asked["user_id"])
            return _named(platform, IdentifierKind.USERNAME, asked.get("screen_name", ""))
        case [name, *_] if name not in _X_PAGES:
            return _named(platform, IdentifierKind.USERNAME, name)
    return None


def _named(platform: str, kind: IdentifierKind, value: str) -> Identifier | None:
    clean = identifiers.platform_id if kind is IdentifierKind.PLATFORM_ID else identifiers.username
    cleaned = clean(platform, value)
    return None if cleaned is None else Identifier(kind=kind, value=cleaned, platform=platform)


_READERS: Mapping[str, Callable[[str, SplitResult], Identifier | None]] = {"twitter": _read_x}
_PREFIXES: Mapping[str, str] = {"twitter": "@"}
_BEGINNINGS: Mapping[str, str] = {"twitter": "https://x.com/i/user/"}
