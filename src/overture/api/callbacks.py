"""Where a platform's page sends a browser back to once a person has agreed, or not."""

import html

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from overture.actions import capabilities, linking
from overture.actions.context import Context
from overture.api import page
from overture.api.auth import CurrentContext
from overture.core import rights
from overture.store.accounts import Account

router = APIRouter(include_in_schema=False)

PATH = "/oauth/{platform}/callback"

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
_LONGEST = 4096
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Overture</title>
<link rel="icon" href="data:,">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 32rem; margin: 15vh auto 0; padding: 0 1rem; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #16181c; color: #e7e9ea; }} a {{ color: #8ab4f8; }} }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{text}</p>
{way}</body>
</html>
"""


@router.get(PATH)
async def finish_link(
    context: CurrentContext, platform: str, state: str = "", code: str | None = None, error: str | None = None
) -> HTMLResponse:
    """Link the account whose holder was sent back, and tell them."""
    del platform  # the state knows
    if len(state) > _LONGEST or len(code or "") > _LONGEST:
        return _page("Not linked", "The address is not one that a platform sends. Begin again.", 400)
    try:
        account = await linking.finish(context, state=state, code=None if error is not None else code)
    except linking.LinkFailed as failure:
        return _page("Not linked", str(failure), 400)
    return _page("Linked", _told(context, account), 200)


def address(request: Request, platform: str) -> str:
    """Return where a platform's page sends browsers back to; the team's app must be registered with it."""
    public_url: str = request.app.state.public_url
    return f"{public_url}{PATH.format(platform=platform)}"


def _told(context: Context, account: Account) -> str:
    """Say what can be done now, and what was refused costs."""
    text = f"Overture may now send from @{account.username}."
    if lacking := capabilities.lacking(context, account):
        costs = rights.told(lacking)
        text += f" {costs[0].upper()}{costs[1:]}; link the account again to grant more."
    return text if page.is_built() else f"{text} You can close this page."


def _page(title: str, text: str, status: int) -> HTMLResponse:
    # Whoever began in the page is led back to it.
    way = '<p><a href="/accounts">Go on to the accounts</a></p>\n' if page.is_built() else ""
    content = _PAGE.format(title=html.escape(title), text=html.escape(text), way=way)
    return HTMLResponse(content, status_code=status, headers=_HEADERS)
