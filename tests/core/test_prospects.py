"""Prospects: whatever is known of a person, what v1 promises is there."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from overture.core import prospects

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
_TEXT = st.none() | st.text(max_size=40)
_COUNT = st.none() | st.integers(min_value=0)
_PAST = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=400)).map(lambda age: NOW - age)
PEOPLE = st.fixed_dictionaries({
    "profile_id": st.just("u0mdbz3k91yq0c8f4w2n7xhs"),
    "platform": st.sampled_from(["twitter", "elsewhere"]),
    **dict.fromkeys(("platform_id", "username", "display_name", "bio", "location", "website", "avatar_url"), _TEXT),
    **dict.fromkeys(("follower_count", "following_count", "post_count", "like_count", "listed_count"), _COUNT),
    "is_protected": st.none() | st.booleans(),
    "first_seen_at": _PAST,
    "looked_up_at": st.none() | _PAST,
    "now": st.just(NOW),
})  # fmt: skip
PROMISED = (
    "platformId",
    "displayName",
    "username",
    "handle",
    "profileUrl",
    "isProtected",
    "followerCount",
    "postCount",
)


@given(PEOPLE)
def test_what_is_promised_is_there_whatever_is_known(person: dict[str, Any]) -> None:
    shown = prospects.fields(**person)
    assert all(shown[name] is not None for name in (*PROMISED, "followingCount", "lastUpdatedAt"))
    assert bool(shown["handle"]) == bool(person["username"])
    assert not (shown["isFresh"] and shown["isStale"])
    assert shown["isFresh"] <= (shown["confidence"] == 1.0)
    assert shown["lastUpdatedAt"] == (person["looked_up_at"] or person["first_seen_at"])


@given(PEOPLE)
def test_a_name_is_shown_as_soon_as_anything_is_known_to_call_somebody_by(person: dict[str, Any]) -> None:
    known = [person[name] for name in ("display_name", "username", "platform_id") if person[name]]
    assert prospects.fields(**person)["displayName"] == (known[0] if known else "")
