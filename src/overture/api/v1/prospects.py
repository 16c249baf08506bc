"""People in v1: one shape, the prospect, for what v2 calls a profile."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from overture.api import bodies
from overture.api.profiles import ProfileAnswer
from overture.core import prospects

_UNKNOWN = "Not read from the platform: null."


class PlatformData(bodies.Answer):
    """What only this platform tells of a person; Overture reads its counts alone."""

    is_verified_blue: bool = Field(default=False, description="Not read: false.", examples=[False])
    is_verified_gold: bool = Field(default=False, description="Not read: false.", examples=[False])
    is_verified_gray: bool = Field(default=False, description="Not read: false.", examples=[False])
    professional_category: None = Field(default=None, description=_UNKNOWN, examples=[None])
    url_entities: list[dict[str, Any]] = Field(default=[], description="Not read: empty.", examples=[[]])
    banner_url: None = Field(default=None, description=_UNKNOWN, examples=[None])
    tweets_count: int = Field(default=0, description="How many posts they have written.", examples=[4200])
    favorites_count: int = Field(default=0, description="How many posts they have liked.", examples=[980])
    raw_data: None = Field(default=None, description=_UNKNOWN, examples=[None])


class ProspectAnswer(bodies.Answer):
    """One person's account on one platform, as it was last seen."""

    platform: str = Field(description="Key of the platform.", examples=["twitter"])
    platform_id: str = Field(
        description="The platform's id; empty while only the username is known.", examples=["1000000000000000001"]
    )
    external_id: str | None = Field(description="Overture's id of the profile.", examples=["u0mdbz3k91yq0c8f4w2n7xhs"])
    document_id: None = Field(default=None, description="There is no search index: null.", examples=[None])
    display_name: str = Field(description="Shown name; the username or id until it is known.", examples=["Ana Ruiz"])
    username: str = Field(description="Username without @; empty until looked up.", examples=["ana"])
    handle: str = Field(description="Username with @; empty until looked up.", examples=["@ana"])
    image: str | None = Field(description="Address of the picture.", examples=["https://example.com/pictures/ana.jpg"])
    image_normalized: str | None = Field(description="The same.", examples=["https://example.com/pictures/ana.jpg"])
    bio: str | None = Field(description="What they say about themselves.", examples=["Roaster in Lisbon"])
    location: str | None = Field(description="Where they say they are.", examples=["Lisbon"])
    profile_url: str = Field(
        description="Address of the profile.", examples=["https://x.com/i/user/1000000000000000001"]
    )
    website_url: str | None = Field(description="Their website.", examples=["https://example.com"])
    website_domain: str | None = Field(description="Its host.", examples=["example.com"])
    verified: Literal["none", "verified", "business", "government"] = Field(
        default="none", description="Not read: `none`.", examples=["none"]
    )
    profile_type: Literal["personal", "business", "government"] = Field(
        default="personal", description="Not read: `personal`.", examples=["personal"]
    )
    is_protected: bool = Field(
        description="Whether only whom they let in sees their posts; false until it is known.", examples=[False]
    )
    follower_count: int = Field(description="How many follow them; 0 until it is known.", examples=[1250])
    following_count: int = Field(description="How many they follow; 0 until it is known.", examples=[310])
    post_count: int = Field(description="How many posts they have written; 0 until it is known.", examples=[4200])
    engagement_count: int | None = Field(description="How many posts they have liked.", examples=[980])
    listed_count: int | None = Field(description="On how many lists of the platform they stand.", examples=[12])
    platform_created_at: None = Field(default=None, description=_UNKNOWN, examples=[None])
    first_seen_at: bodies.Instant | None = Field(description="When the team first heard of them.")
    last_updated_at: bodies.Instant = Field(description="When the platform was last asked, else `firstSeenAt`.")
    last_enriched_at: bodies.Instant | None = Field(description="When the platform was last asked.")
    last_active_at: None = Field(default=None, description=_UNKNOWN, examples=[None])
    source: Literal["cached", "indexed", "live", "merged"] = Field(
        default="cached", description="Always `cached`: what Overture has stored.", examples=["cached"]
    )
    is_fresh: bool = Field(description="Whether the platform was asked in the last 7 days.", examples=[True])
    is_stale: bool = Field(description="Whether the platform was not asked in the last 30 days.", examples=[False])
    confidence: float = Field(description="1 once the platform told who it is, 0 before.", examples=[1.0])
    platform_data: PlatformData = Field(description="What only this platform tells.")


class ListProspectAnswer(ProspectAnswer):
    """A prospect on a list."""

    account_status: str = Field(description="`active`, `suspended` or `notFound`.", examples=["active"])


def fields(profile: ProfileAnswer, now: datetime) -> dict[str, Any]:
    """Return the fields of a prospect, by their names on the wire."""
    return prospects.fields(
        profile_id=profile.id,
        platform=profile.platform,
        platform_id=profile.platform_id,
        username=profile.username,
        display_name=profile.display_name,
        bio=profile.bio,
        location=profile.location,
        website=profile.website,
        avatar_url=profile.avatar_url,
        is_protected=profile.is_protected,
        follower_count=profile.follower_count,
        following_count=profile.following_count,
        post_count=profile.post_count,
        like_count=profile.engagement_count,
        listed_count=profile.listed_count,
        first_seen_at=profile.first_seen_at,
        looked_up_at=profile.looked_up_at,
        now=now,
    )
