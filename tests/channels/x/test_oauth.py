"""Links through X's own pages, against the sandbox: what is asked, what comes back, and what refusals mean."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from overture.channels.port import App, Authority, ChannelError, Credentials
from overture.channels.x.channel import XChannel
from overture.core.grants import Grant
from overture.sandbox.app import create_app

URL = "http://x.sandbox"
APP = App(base_url=URL, client_id="sandbox-client", client_secret="sandbox-secret")
PUBLIC = App(base_url=URL, client_id="sandbox-public", client_secret=None)
REDIRECT = "http://127.0.0.1:8080/oauth/twitter/callback"
VERIFIER = "v" * 60


@pytest.fixture
def sandbox() -> Starlette:
    return create_app(people=50)


@pytest_asyncio.fixture
async def channel(sandbox: Starlette) -> AsyncIterator[XChannel]:
    channel = XChannel(transport=httpx.ASGITransport(app=sandbox))
    yield channel
    await channel.close()


@pytest.fixture
def authority(channel: XChannel) -> Authority:
    assert channel.authority is not None
    return channel.authority


async def agreed(sandbox: Starlette, authority: Authority, app: App = APP) -> str:
    """Open the page as ana, agree, and return the code that comes back."""
    page = authority.authorize_url(app, redirect_uri=REDIRECT, state="s", verifier=VERIFIER)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=sandbox)) as browser:
        answer = await browser.post(page, data={"account": "ana"})
    assert answer.status_code == 302, answer.text
    told = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    assert told["state"] == "s"
    return told["code"]


async def granted(sandbox: Starlette, authority: Authority, app: App = APP) -> Grant:
    code = await agreed(sandbox, authority, app)
    return await authority.exchange(app, code=code, redirect_uri=REDIRECT, verifier=VERIFIER)


def test_people_agree_on_a_page_of_x_itself() -> None:
    authority = XChannel().authority
    assert authority is not None
    app = App(base_url="https://api.x.com", client_id="abc", client_secret="secret")
    address = urlsplit(authority.authorize_url(app, redirect_uri=REDIRECT, state="s", verifier=VERIFIER))
    assert f"{address.scheme}://{address.netloc}{address.path}" == "https://x.com/i/oauth2/authorize"
    told = dict(parse_qsl(address.query))
    assert set(told["scope"].split()) >= {"dm.read", "dm.write", "tweet.read", "users.read", "offline.access"}
    assert "like.write" not in told["scope"]
    assert told["code_challenge_method"] == "S256"
    assert VERIFIER not in address.query
    assert "secret" not in address.query


@pytest.mark.parametrize("app", [APP, PUBLIC], ids=["confidential", "public"])
async def test_a_code_becomes_a_grant_that_serves(
    sandbox: Starlette, channel: XChannel, authority: Authority, app: App
) -> None:
    grant = await granted(sandbox, authority, app)
    assert grant.refresh_token is not None
    assert grant.granted_at is not None
    assert grant.ends_at is not None
    assert (grant.ends_at - grant.granted_at).total_seconds() == 7_200
    who = await channel.identify(Credentials(base_url=URL, token=grant.access_token))
    assert who.username == "ana"


@pytest.mark.parametrize("app", [APP, PUBLIC], ids=["confidential", "public"])
async def test_a_grant_is_renewed_once(sandbox: Starlette, channel: XChannel, authority: Authority, app: App) -> None:
    first = await granted(sandbox, authority, app)
    second = await authority.renew(app, first)
    assert second.refresh_token not in {None, first.refresh_token}
    assert (await channel.identify(Credentials(base_url=URL, token=second.access_token))).username == "ana"
    with pytest.raises(ChannelError) as refused:
        await authority.renew(app, first)
    assert refused.value.kind == "authLost"


async def test_a_grant_that_was_given_back_serves_no_more(
    sandbox: Starlette, channel: XChannel, authority: Authority
) -> None:
    grant = await granted(sandbox, authority)
    await authority.revoke(APP, grant)
    with pytest.raises(ChannelError) as refused:
        await channel.identify(Credentials(base_url=URL, token=grant.access_token))
    assert refused.value.kind == "authLost"


async def test_a_wrong_secret_is_told_as_lost_and_not_as_an_outage(sandbox: Starlette, authority: Authority) -> None:
    code = await agreed(sandbox, authority)
    wrong = App(base_url=URL, client_id="sandbox-client", client_secret="another")
    with pytest.raises(ChannelError) as refused:
        await authority.exchange(wrong, code=code, redirect_uri=REDIRECT, verifier=VERIFIER)
    assert refused.value.kind == "authLost"
    assert "another" not in str(refused.value)


async def test_a_grant_without_a_refresh_token_cannot_be_renewed(authority: Authority) -> None:
    with pytest.raises(ChannelError) as refused:
        await authority.renew(APP, Grant(access_token="abc"))
    assert refused.value.kind == "authLost"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, "not json", "unavailable"),
        (200, "{}", "unavailable"),
        (200, '{"access_token": 5}', "unavailable"),
        (200, '{"access_token": "a", "refresh_token": 5}', "unavailable"),
        (200, '{"access_token": "a"}', "authLost"),
        (400, '{"error": "invalid_request"}', "authLost"),
        (403, "<html>blocked</html>", "unavailable"),
        (429, "{}", "unavailable"),
        (503, "{}", "unavailable"),
        (302, "", "unavailable"),
    ],
)
async def test_only_a_clear_no_is_the_end_of_a_grant(status: int, body: str, kind: str) -> None:
    async def answer(_: Request) -> Response:
        return PlainTextResponse(body, status_code=status)

    odd = Starlette(routes=[Route("/2/oauth2/token", answer, methods=["POST"])])
    channel = XChannel(transport=httpx.ASGITransport(app=odd))
    assert channel.authority is not None
    with pytest.raises(ChannelError) as refused:
        await channel.authority.renew(APP, Grant(access_token="a", refresh_token="r"))
    assert refused.value.kind == kind
    await channel.close()


async def test_how_long_a_token_lives_is_believed_within_reason() -> None:
    async def answer(_: Request) -> Response:
        return PlainTextResponse('{"access_token": "a", "refresh_token": "b", "expires_in": 99999999999999}')

    odd = Starlette(routes=[Route("/2/oauth2/token", answer, methods=["POST"])])
    channel = XChannel(transport=httpx.ASGITransport(app=odd))
    assert channel.authority is not None
    grant = await channel.authority.renew(APP, Grant(access_token="a", refresh_token="r"))
    assert grant.ends_at is not None
    await channel.close()
