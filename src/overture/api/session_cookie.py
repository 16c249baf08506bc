"""The cookie that holds a member's session: no script can read it, and no other site can make use of it.

Browsers send it along with whatever they ask of this server. So a call that is let in by it must come from our own
page: browsers say where a call comes from, and a header that only our page sets is asked for where something changes.
"""

from urllib.parse import urlsplit

from fastapi import Request, Response

from overture.actions import sessions
from overture.errors import Forbidden

HEADER = "X-Overture-Session"
_NAME = "overture_session"
_SECURE_NAME = "__Host-overture_session"
_LONGEST = 512
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN = frozenset({"same-origin", "none"})


def read(request: Request) -> str | None:
    """Return the secret of the session that a request brings."""
    secret = request.cookies.get(_name(request))
    is_readable = secret is not None and len(secret) <= _LONGEST and all("!" <= one <= "~" for one in secret)
    return secret if is_readable else None


def put(request: Request, response: Response, secret: str) -> None:
    """Have the browser keep a session."""
    response.set_cookie(
        _name(request),
        secret,
        max_age=int(sessions.LONGEST.total_seconds()),
        path="/",
        secure=_is_secure(request),
        httponly=True,
        samesite="strict",
    )


def drop(request: Request, response: Response) -> None:
    """Have the browser forget a session."""
    response.delete_cookie(_name(request), path="/", secure=_is_secure(request), httponly=True, samesite="strict")


def require_own_page(request: Request) -> None:
    """Refuse a call that a page of somebody else may have made.

    Raises:
        Forbidden: the browser says so, or the call changes something and does not say that it is ours.
    """
    require_own_origin(request)
    if request.method not in _SAFE and request.headers.get(HEADER) != "1":
        raise Forbidden(f"A call by a session must have the header `{HEADER}: 1`; programs use a token instead.")


def require_own_origin(request: Request) -> None:
    """Refuse a call that the browser says comes from a page of somebody else.

    Raises:
        Forbidden: it does.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in _OWN:
        raise Forbidden("Pages of other addresses may not use a session; programs use a token instead.")
    origin = request.headers.get("origin")
    if site is None and origin is not None and urlsplit(origin).netloc not in _own_hosts(request):
        raise Forbidden(
            "The page is not at an address of this server. Open it there, or set OVERTURE_PUBLIC_URL to where it is."
        )


def _own_hosts(request: Request) -> set[str]:
    return {request.headers.get("host", ""), urlsplit(_public_url(request)).netloc}


def _name(request: Request) -> str:
    return _SECURE_NAME if _is_secure(request) else _NAME


def _is_secure(request: Request) -> bool:
    """Tell whether browsers reach the server by TLS: only then they take cookies that go no other way."""
    return _public_url(request).startswith("https://")


def _public_url(request: Request) -> str:
    url: str = request.app.state.public_url
    return url
