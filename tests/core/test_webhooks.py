"""Where webhooks may go, how they are signed, and when they are tried again."""

import hashlib
import hmac
import ipaddress
import time
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from overture.core import webhooks

SECRET = webhooks.secret(bytes(range(32)))
OTHER = webhooks.secret(bytes(range(1, 33)))


@pytest.mark.parametrize(
    "url",
    [
        "https://crm.example/hooks/overture",
        "http://crm.example",
        "https://crm.example:8443/a?b=c&d=%20",
        "https://93.184.215.14/x",
        "https://[2606:4700:4700::1111]:443/",
        "https://under_score.example./",
    ],
)
def test_a_url_of_the_open_internet_is_taken(url: str) -> None:
    assert webhooks.url_fault(url, allows_private=False) is None


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "begin with https"),
        ("crm.example/x", "begin with https"),
        ("file:///etc/passwd", "begin with https"),
        ("ftp://crm.example/", "begin with https"),
        ("https://", "begin with https"),
        ("https://user:pass@crm.example/", "user name"),
        ("https://@crm.example/", "user name"),
        ("https://crm.example/#there", "after #"),
        ("https://crm.example:0/", "port"),
        ("https://crm.example:99999/", "Must be a URL"),
        ("https://crm.example:port/", "Must be a URL"),
        ("https://[::1/", "Must be a URL"),
        ("https://crm example/", "ASCII characters without spaces"),
        ("https://crm.example/\n", "ASCII characters without spaces"),
        ("https://bücher.example/", "ASCII characters without spaces"),
        ("https://crm.example/" + "x" * 2048, "2048"),
        ("https://-crm.example/", "no name and no address"),
        ("https://a..b/", "no name and no address"),
        ("https://localhost:8080/", "open internet"),
        ("https://LOCALHOST./", "open internet"),
        ("https://127.0.0.1/", "open internet"),
        ("https://2130706433/", "open internet"),
        ("https://0x7f.1/", "open internet"),
        ("https://017700000001/", "open internet"),
        ("https://127.1/", "open internet"),
        ("https://0.0.0.0/", "open internet"),
        ("https://10.0.0.8/", "open internet"),
        ("https://169.254.169.254/latest/meta-data", "open internet"),
        ("https://100.64.0.1/", "open internet"),
        ("https://224.0.0.1/", "open internet"),
        ("https://[::1]/", "open internet"),
        ("https://[::]/", "open internet"),
        ("https://[::ffff:127.0.0.1]/", "open internet"),
        ("https://[::ffff:a00:1]/", "open internet"),
        ("https://[64:ff9b::7f00:1]/", "open internet"),
        ("https://[2002:7f00:1::]/", "open internet"),
        ("https://[fe80::1]/", "open internet"),
        ("https://[fc00::1]/", "open internet"),
        ("https://[fec0::1]/", "open internet"),
    ],
)
def test_any_other_url_is_refused_with_the_reason(url: str, words: str) -> None:
    fault = webhooks.url_fault(url, allows_private=False)
    assert fault is not None
    assert words in fault


@given(st.text(max_size=60))
def test_whatever_is_given_as_a_url_is_judged(url: str) -> None:
    webhooks.url_fault(url, allows_private=False)
    webhooks.url_fault(f"https://{url}", allows_private=True)


@given(st.ip_addresses(v=4))
def test_an_address_wrapped_in_another_is_judged_by_itself(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    for wrapped in (f"::ffff:{number >> 16:x}:{number & 0xFFFF:x}", f"64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}"):
        assert webhooks.is_public(ipaddress.IPv6Address(wrapped)) == webhooks.is_public(address)


def test_private_networks_are_for_the_operator_to_allow() -> None:
    assert webhooks.url_fault("http://127.0.0.1:9000/x", allows_private=True) is None


@given(st.binary(max_size=500), st.integers(min_value=1, max_value=2**33))
def test_a_stock_verifier_and_one_of_inbox_take_the_signature(body: bytes, at: int) -> None:
    headers = webhooks.signed_headers(body, event_id="e1", at=at, secrets=[SECRET, OTHER])
    for secret in (SECRET, OTHER):
        expected = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        second, *signatures = headers["X-Inbox-Signature"].split(",")
        assert second == f"t={at}"
        assert f"v1={expected}" in signatures


def test_the_verifier_of_standard_webhooks_takes_it_and_no_other_body() -> None:
    body = b'{"id":"e1"}'
    headers = webhooks.signed_headers(body, event_id="e1", at=int(time.time()), secrets=[SECRET, OTHER])
    for secret in (SECRET, OTHER):
        assert Webhook(secret).verify(body, headers) == {"id": "e1"}
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(webhooks.secret(bytes(32))).verify(body, headers)


def test_what_fails_is_tried_again_seven_times_in_more_than_a_day() -> None:
    waits: list[timedelta] = []
    while (wait := webhooks.next_try(len(waits) + 1)) is not None:
        waits.append(wait)
    assert waits == [
        timedelta(seconds=5),
        timedelta(minutes=5),
        timedelta(minutes=30),
        timedelta(hours=2),
        timedelta(hours=5),
        timedelta(hours=10),
        timedelta(hours=10),
    ]
