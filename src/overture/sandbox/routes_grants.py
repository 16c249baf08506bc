"""OAuth 2.0 of the platform: the page on which an account grants access, and the calls that trade tokens."""

import base64
import binascii
import html
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from overture.sandbox import answers
from overture.sandbox.accounts import Account
from overture.sandbox.grants import SCOPES, App, Asked, Denied, Grants

_LONGEST_STATE = 500
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Authority:
    """The pages and calls of OAuth 2.0.

    Args:
        grants: what was granted.
        account_of: finds a sending account by its username.
        usernames: those who may grant something, for the page.
    """

    def __init__(
        self, *, grants: Grants, account_of: Callable[[str], Account | None], usernames: tuple[str, ...]
    ) -> None:
        self._grants = grants
        self._account_of = account_of
        self._usernames = usernames

    def routes(self) -> list[Route]:
        """Return the routes of all of them."""
        return [
            Route("/i/oauth2/authorize", self._page, methods=["GET"]),
            Route("/i/oauth2/authorize", self._decide, methods=["POST"]),
            Route("/2/oauth2/token", self._token, methods=["POST"]),
            Route("/2/oauth2/revoke", self._revoke, methods=["POST"]),
        ]

    async def _page(self, request: Request) -> Response:
        problem, asked = self._asked(request.query_params)
        if asked is None:
            return _page(f"<p>Something went wrong: {html.escape(problem)}</p>", 400)
        scopes = "".join(f"<li>{html.escape(scope)}</li>" for scope in asked.scopes)
        buttons = "".join(
            f'<button name="account" value="{html.escape(name)}">Authorize as @{html.escape(name)}</button> '
            for name in self._usernames
        )
        return _page(
            f"<p>The app <b>{html.escape(asked.client_id)}</b> asks for:</p><ul>{scopes}</ul>"
            f'<form method="post">{buttons}<button name="account" value="">Cancel</button></form>'
        )

    async def _decide(self, request: Request) -> Response:
        problem, asked = self._asked(request.query_params)
        if asked is None:
            return _page(f"<p>Something went wrong: {html.escape(problem)}</p>", 400)
        account = self._account_of((await _form(request)).get("account", ""))
        told = {"error": "access_denied"} if account is None else {"code": self._grants.grant(asked, account)}
        joint = "&" if urlsplit(asked.redirect_uri).query else "?"
        query = urlencode({"state": request.query_params["state"], **told})
        return RedirectResponse(f"{asked.redirect_uri}{joint}{query}", status_code=302)

    async def _token(self, request: Request) -> Response:
        try:
            form = await _form(request)
            app = self._app(request, form)
            match form.get("grant_type"):
                case "authorization_code":
                    return answers.shown(
                        self._grants.exchange(
                            app,
                            code=_required(form, "code"),
                            redirect_uri=_required(form, "redirect_uri"),
                            verifier=_required(form, "code_verifier"),
                        )
                    )
                case "refresh_token":
                    return answers.shown(self._grants.refresh(app, _required(form, "refresh_token")))
            raise Denied("unsupported_grant_type", "Value passed for the grant type was invalid.")
        except Denied as denied:
            return _denied(denied)

    async def _revoke(self, request: Request) -> Response:
        try:
            form = await _form(request)
            self._app(request, form)
            self._grants.revoke(_required(form, "token"))
        except Denied as denied:
            return _denied(denied)
        return answers.shown({"revoked": True})

    def _app(self, request: Request, form: Mapping[str, str]) -> App:
        scheme, _, written = request.headers.get("authorization", "").partition(" ")
        if not scheme:
            return self._grants.authenticate(form.get("client_id", ""), None)
        try:
            client_id, _, secret = base64.b64decode(written, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            client_id, secret = "", ""
        return self._grants.authenticate(client_id if scheme.lower() == "basic" else "", secret)

    def _asked(self, query: Mapping[str, str]) -> tuple[str, Asked | None]:
        """Read what an app asks for; else say what is wrong with it."""
        scopes = tuple(query.get("scope", "").split())
        address = urlsplit(query.get("redirect_uri", ""))
        is_safe = address.scheme == "https" or (address.scheme == "http" and address.hostname in _LOOPBACK)
        problems = {
            "response_type must be code": query.get("response_type") != "code",
            "client_id is unknown": not self._grants.knows(query.get("client_id", "")),
            "redirect_uri is none of the app": not (is_safe and address.netloc and not address.fragment),
            "scope is missing or unknown": not scopes or not SCOPES.issuperset(scopes),
            "state is missing or too long": not 0 < len(query.get("state", "")) <= _LONGEST_STATE,
            "code_challenge is missing": not query.get("code_challenge"),
            "code_challenge_method is unknown": query.get("code_challenge_method", "plain") not in {"plain", "S256"},
        }
        problem = next((text for text, is_so in problems.items() if is_so), None)
        if problem is not None:
            return problem, None
        return "", Asked(
            client_id=query["client_id"],
            redirect_uri=query["redirect_uri"],
            scopes=scopes,
            challenge=query["code_challenge"],
            is_hashed=query.get("code_challenge_method") == "S256",
        )


async def _form(request: Request) -> dict[str, str]:
    try:
        return dict(parse_qsl((await request.body()).decode("ascii", "replace"), max_num_fields=50))
    except (ClientDisconnect, ValueError):
        return {}


def _required(form: Mapping[str, str], name: str) -> str:
    value = form.get(name)
    if value is None:
        raise Denied("invalid_request", f"Missing required parameter [{name}].")
    return value


def _denied(denied: Denied) -> Response:
    body: dict[str, Any] = {"error": denied.code, "error_description": denied.description}
    return answers.shown(body, status=denied.status)


def _page(content: str, status: int = 200) -> Response:
    head = '<meta charset="utf-8"><title>Sandbox: authorize an app</title><link rel="icon" href="data:,">'
    start = f'<!doctype html><html lang="en"><head>{head}</head>'
    return HTMLResponse(f"{start}<body><h1>Sandbox</h1>{content}</body></html>", status_code=status)
