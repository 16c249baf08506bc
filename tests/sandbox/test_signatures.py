"""Signed calls: OAuth 1.0a is checked letter by letter, and no signature serves twice."""

from collections.abc import Callable
from typing import Literal

import httpx
import pytest
from oauthlib import oauth1
from starlette.applications import Starlette
from tests.sandbox.calls import ANA

from overture.sandbox import signatures
from overture.sandbox.signatures import Signed

ADDRESS = "http://sandbox/2/users/me?user.fields=id%2Cname"


def signed(
    *,
    key: str = signatures.CONSUMER_KEY,
    secret: str = signatures.CONSUMER_SECRET,
    token: str = ANA.key,
    token_secret: str = ANA.key_secret,
    url: str = ADDRESS,
    method: Literal["GET", "POST"] = "GET",
    **more: str,
) -> str:
    """Return the header of a signed call, made by a library that the platform does not use."""
    client = oauth1.Client(
        key, client_secret=secret, resource_owner_key=token, resource_owner_secret=token_secret, **more
    )
    header: str = client.sign(url, http_method=method)[1]["Authorization"]
    return header


async def ask(app: Starlette, header: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as client:
        return await client.get(ADDRESS, headers={"authorization": header})


def test_the_example_of_xs_documentation_is_signed_as_it_says() -> None:
    call = Signed(
        method="post",
        address="https://api.twitter.com/1/statuses/update.json",
        parameters=[
            ("status", "Hello Ladies + Gentlemen, a signed OAuth request!"),
            ("include_entities", "true"),
            ("oauth_consumer_key", "xvz1evFS4wEEPTGEFPHBog"),
            ("oauth_nonce", "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "1318622958"),
            ("oauth_token", "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"),
            ("oauth_version", "1.0"),
        ],
    )
    made = signatures.signature(
        call,
        consumer_secret="kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
        token_secret="LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
    )
    assert made == "tnnArxj06cWHq44gCs1OSKk/jLY="


async def test_a_call_signed_rightly_is_the_accounts_own(app: Starlette) -> None:
    answer = await ask(app, signed())
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["id"] == ANA.id


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (lambda: signed(secret="wrong"), 32),
        (lambda: signed(token_secret="wrong"), 32),
        (lambda: signed(key="unknown"), 32),
        (lambda: signed(token="1-unknown"), 89),
        (lambda: signed(url=ADDRESS + "x"), 32),
        (lambda: signed(method="POST"), 32),
        (lambda: signed(timestamp="1318622958"), 135),
        (lambda: signed(timestamp="soon"), 135),
        (lambda: signed(signature_method=oauth1.SIGNATURE_HMAC_SHA256), 32),
        (lambda: signed().replace("oauth_nonce", "oauth_once"), 32),
        (lambda: signed() + ', oauth_token="twice"', 32),
        (lambda: "OAuth", 32),
        (lambda: "OAuth " + "," * 1_000, 32),
        (lambda: 'OAuth oauth_token="%FF"', 32),
    ],
)
async def test_what_is_signed_otherwise_is_refused(app: Starlette, header: Callable[[], str], code: int) -> None:
    answer = await ask(app, header())
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["code"] == code


async def test_a_signature_serves_once(app: Starlette) -> None:
    header = signed()
    assert (await ask(app, header)).status_code == 200
    again = await ask(app, header)
    assert (again.status_code, again.json()["errors"][0]["code"]) == (401, 32)


async def test_a_time_within_five_minutes_is_taken(app: Starlette) -> None:
    del app
    now = [1_000.0]
    checked = signatures.Signatures(accounts=[ANA], clock=lambda: now[0])
    told = {"oauth_token": ANA.key, "oauth_timestamp": "1000", "oauth_nonce": "a"}
    now[0] = 1_300.0
    checked._use(told)
    with pytest.raises(signatures.Unsigned, match="signatureWrong"):
        checked._use(told)
    now[0] = 1_301.0
    with pytest.raises(signatures.Unsigned, match="timestampOutOfBounds"):
        checked._use({**told, "oauth_nonce": "b"})
