"""Users as the API shows them, seen by one account."""

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any

from overture.sandbox import instants
from overture.sandbox.accounts import Account
from overture.sandbox.people import Nature
from overture.sandbox.platform import Member, Platform

DEFAULT_FIELDS = ("id", "name", "username")
# X's OpenAPI document 2.167, and the older names that X's guides still use.
KNOWN_FIELDS = frozenset(
    {
        "affiliation", "confirmed_email", "connection_status", "created_at", "description", "entities",
        "id", "is_identity_verified", "location", "most_recent_post_id", "most_recent_tweet_id", "name",
        "parody", "pinned_post_id", "pinned_tweet_id", "profile_banner_url", "profile_image_url",
        "protected", "public_metrics", "receives_your_dm", "subscribes_to_you", "subscription",
        "subscription_type", "url", "username", "verified", "verified_followers_count", "verified_type",
        "withheld",
    }
)  # fmt: skip

_ACCOUNTS_SINCE = instants.parse("2020-01-01T00:00:00Z")


def shown(platform: Platform, viewer: Account, member: Member, fields: Collection[str]) -> dict[str, Any]:
    """Show a user with the default fields and those of `fields` that the platform has."""
    profile: dict[str, Any] = {"id": member.id, "name": member.name, "username": member.username}
    for field in fields:
        if field == "receives_your_dm":
            profile[field] = platform.receives(viewer, member)
        elif field == "connection_status":
            profile[field] = _connections(viewer, member)
        elif field in _FIELDS:
            value = _FIELDS[field](member)
            if value is not None:
                profile[field] = value
    return profile


def _connections(viewer: Account, member: Member) -> list[str]:
    if isinstance(member, Account):
        return []
    return ["followed_by"] if member.follows == viewer.id else []


def _metrics(member: Member) -> dict[str, int]:
    if isinstance(member, Account):
        followers, following, posts = 250, 180, 400
    else:
        followers, following, posts = member.followers, member.following, member.posts
    # X's document renamed tweet_count to post_count; its live samples did not follow. Clients meet both.
    return {
        "followers_count": followers,
        "following_count": following,
        "tweet_count": posts,
        "post_count": posts,
        "listed_count": followers // 50,
        "like_count": posts * 3,
        "media_count": posts // 8,
    }


def _verified_type(member: Member) -> str:
    return "blue" if isinstance(member, Account) else member.verified_type


_FIELDS: Mapping[str, Callable[[Member], Any]] = MappingProxyType(
    {
        "created_at": lambda member: instants.text_of(
            _ACCOUNTS_SINCE if isinstance(member, Account) else member.created
        ),
        "description": lambda member: "" if isinstance(member, Account) else member.description,
        "location": lambda member: None if isinstance(member, Account) else member.location,
        "url": lambda member: "" if isinstance(member, Account) else member.url,
        "profile_image_url": lambda member: f"https://pbs.twimg.com/profile_images/{member.id}/photo_normal.jpg",
        "protected": lambda member: not isinstance(member, Account) and member.nature is Nature.PROTECTED,
        "public_metrics": _metrics,
        "verified": lambda member: _verified_type(member) != "none",
        "verified_type": _verified_type,
    }
)
