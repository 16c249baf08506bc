"""Grants are written down and read again without loss, and renewed before they end."""

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from overture.core import grants
from overture.core.grants import Grant, Keys

INSTANTS = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants them so
TOKENS = st.from_regex(r"[!-~]{1,50}", fullmatch=True)
GRANTS = st.builds(
    Grant,
    access_token=TOKENS,
    refresh_token=st.none() | TOKENS,
    ends_at=st.none() | INSTANTS,
    granted_at=st.none() | INSTANTS,
    scopes=st.none() | st.lists(TOKENS).map(tuple),
    keys=st.none() | st.builds(Keys, consumer_key=TOKENS, consumer_secret=TOKENS, token_secret=TOKENS),
)
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@given(GRANTS)
def test_what_is_written_is_read_again(grant: Grant) -> None:
    assert grants.read(grants.written(grant)) == grant


def test_a_token_a_person_brought_is_kept_as_it_is() -> None:
    assert grants.written(Grant(access_token="abc")) == "abc"
    assert grants.read("abc") == Grant(access_token="abc")
    assert json.loads(grants.written(Grant(access_token="abc", refresh_token="def")))["accessToken"] == "abc"


def test_what_former_releases_wrote_is_read_still() -> None:
    told = json.loads(grants.written(Grant(access_token="abc", refresh_token="def")))
    del told["keys"]
    assert grants.read(json.dumps(told)) == Grant(access_token="abc", refresh_token="def")


def test_secrets_are_not_shown() -> None:
    assert "abc" not in repr(Grant(access_token="abc", refresh_token="abcd"))


def test_a_grant_is_renewed_two_minutes_before_its_end_if_it_can_be() -> None:
    ends_at = NOW + grants.EARLY
    assert Grant(access_token="a", refresh_token="b", ends_at=ends_at).is_ending(NOW)
    assert not Grant(access_token="a", refresh_token="b", ends_at=ends_at + timedelta(seconds=1)).is_ending(NOW)
    assert not Grant(access_token="a", ends_at=ends_at).is_ending(NOW)
    assert not Grant(access_token="a", refresh_token="b").is_ending(NOW)
