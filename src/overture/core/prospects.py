"""Prospects: how the first version of the vendor's API shows a person's account on a platform."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from overture.core import profile_links

FRESH = timedelta(days=7)
STALE = timedelta(days=30)
_UNREAD: Mapping[str, Any] = {
    "documentId": None,
    "verified": "none",
    "profileType": "personal",
    "platformCreatedAt": None,
    "lastActiveAt": None,
    "source": "cached",
}
_UNREAD_OF_PLATFORM: Mapping[str, Any] = {
    "isVerifiedBlue": False,
    "isVerifiedGold": False,
    "isVerifiedGray": False,
    "professionalCategory": None,
    "urlEntities": [],
    "bannerUrl": None,
    "rawData": None,
}


def fields(
    *,
    profile_id: str,
    platform: str,
    platform_id: str | None,
    username: str | None,
    display_name: str | None,
    bio: str | None,
    location: str | None,
    website: str | None,
    avatar_url: str | None,
    is_protected: bool | None,
    follower_count: int | None,
    following_count: int | None,
    post_count: int | None,
    like_count: int | None,
    listed_count: int | None,
    first_seen_at: datetime,
    looked_up_at: datetime | None,
    now: datetime,
) -> dict[str, Any]:
    """Return the fields of a prospect by their names on the wire, the instants as such.

    Where the vendor promises a value and none is known there is an empty one; what is read of no platform is the same
    for everybody.
    """
    age = None if looked_up_at is None else now - looked_up_at
    return {
        **_UNREAD,
        "platform": platform,
        "platformId": platform_id or "",
        "externalId": profile_id,
        "displayName": display_name or username or platform_id or "",
        "username": username or "",
        "handle": profile_links.handle(platform, username) if username else "",
        "image": avatar_url,
        "imageNormalized": avatar_url,
        "bio": bio,
        "location": location,
        "profileUrl": (platform_id and profile_links.of(platform, platform_id)) or "",
        "websiteUrl": website,
        "websiteDomain": profile_links.site(website) if website else None,
        "isProtected": is_protected is True,
        "followerCount": follower_count or 0,
        "followingCount": following_count or 0,
        "postCount": post_count or 0,
        "engagementCount": like_count,
        "listedCount": listed_count,
        "firstSeenAt": first_seen_at,
        "lastUpdatedAt": looked_up_at or first_seen_at,
        "lastEnrichedAt": looked_up_at,
        "isFresh": age is not None and age < FRESH,
        "isStale": age is None or age > STALE,
        "confidence": 0.0 if looked_up_at is None else 1.0,
        "platformData": {**_UNREAD_OF_PLATFORM, "tweetsCount": post_count or 0, "favoritesCount": like_count or 0},
    }
