"""Links to profiles, as people copy them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overture.core import profile_links
from overture.core.identifiers import IdentifierKind


@pytest.mark.parametrize(
    ("link", "kind", "value"),
    [
        ("https://x.com/ana", IdentifierKind.USERNAME, "ana"),
        ("http://www.twitter.com/@Ana/", IdentifierKind.USERNAME, "ana"),
        ("https://mobile.twitter.com/ana?lang=en", IdentifierKind.USERNAME, "ana"),
        ("x.com/ana", IdentifierKind.USERNAME, "ana"),
        ("https://x.com/ana/status/20", IdentifierKind.USERNAME, "ana"),
        ("https://twitter.com/#!/ana", IdentifierKind.USERNAME, "ana"),
        ("https://x.com/intent/follow?screen_name=ana", IdentifierKind.USERNAME, "ana"),
        ("https://x.com/i/user/123", IdentifierKind.PLATFORM_ID, "123"),
        ("https://twitter.com/intent/user?user_id=123", IdentifierKind.PLATFORM_ID, "123"),
    ],
)
def test_links_to_profiles_name_somebody(link: str, kind: IdentifierKind, value: str) -> None:
    found = profile_links.parse("twitter", link)
    assert found is not None
    assert (found.kind, found.value) == (kind, value)


@pytest.mark.parametrize(
    "link",
    [
        "",
        "ana",
        "https://x.com",
        "https://x.com/home",
        "https://x.com/i/lists/123",
        "https://x.com/i/user/abc",
        "https://notx.com/ana",
        "https://x.com.example/ana",
        "ftp://x.com/ana",
        "https://x.com/a-b",
        "https://[x.com/ana",
    ],
)
def test_other_links_name_nobody(link: str) -> None:
    assert profile_links.parse("twitter", link) is None


@given(st.text())
def test_no_text_breaks_it(link: str) -> None:
    profile_links.parse("twitter", link)
    profile_links.parse("twitter", "https://x.com/" + link)


@given(st.from_regex(r"[1-9][0-9]{0,18}", fullmatch=True))
def test_a_link_by_id_names_that_profile(platform_id: str) -> None:
    link = profile_links.of("twitter", platform_id)
    assert link is not None
    named = profile_links.parse("twitter", link)
    assert named is not None and named.value == platform_id


def test_there_are_no_links_of_a_platform_nobody_knows() -> None:
    assert profile_links.of("elsewhere", "1") is None
