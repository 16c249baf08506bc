"""A profile on the wire."""

from pydantic import Field

from overture.api import bodies
from overture.core import profile_links
from overture.store.people import Profile


class ProfileAnswer(bodies.Answer):
    """One person's account on one platform, as it was last seen."""

    id: str = Field(description="Overture's id of the profile (`externalId`).", examples=["u0mdbz3k91yq0c8f4w2n7xhs"])
    platform: str = Field(description="Key of the platform.", examples=["twitter"])
    platform_id: str | None = Field(
        description="The platform's id; null while only the username is known, and for ever if it is nobody's.",
        examples=["1000000000000000001"],
    )
    username: str | None = Field(description="Username without @; null until looked up.", examples=["ana"])
    handle: str | None = Field(description="The username as the platform shows it.", examples=["@ana"])
    display_name: str | None = Field(description="Shown name.", examples=["Ana Ruiz"])
    bio: str | None = Field(description="What they say about themselves.", examples=["Roaster in Lisbon"])
    location: str | None = Field(description="Where they say they are.", examples=["Lisbon"])
    website: str | None = Field(description="Their website.", examples=["https://example.com"])
    website_url: str | None = Field(description="The same.", examples=["https://example.com"])
    website_domain: str | None = Field(description="The host of their website.", examples=["example.com"])
    profile_url: str | None = Field(
        description="A link to the profile that stays good when the username changes.",
        examples=["https://x.com/i/user/1000000000000000001"],
    )
    avatar_url: str | None = Field(
        description="Address of the picture.", examples=["https://example.com/pictures/ana.jpg"]
    )
    follower_count: int | None = Field(description="How many follow them.", examples=[1250])
    following_count: int | None = Field(description="How many they follow.", examples=[310])
    post_count: int | None = Field(description="How many posts they have written.", examples=[4200])
    engagement_count: int | None = Field(description="How many posts they have liked.", examples=[980])
    listed_count: int | None = Field(description="On how many lists of the platform they stand.", examples=[12])
    is_protected: bool | None = Field(
        description="Whether only whom they let in sees their posts; null until looked up.", examples=[False]
    )
    verified: bool | None = Field(description="Not asked of the platform: null.", examples=[None, True])
    is_organization: bool | None = Field(description="Not asked of the platform: null.", examples=[None, False])
    platform_created_at: bodies.Instant | None = Field(description="Not asked of the platform: null.")
    account_status: str = Field(description="`active`, `suspended` or `notFound`.", examples=["active"])
    looked_up_at: bodies.Instant | None = Field(description="When the platform was last asked.")
    first_seen_at: bodies.Instant = Field(description="When the team first heard of them.")
    updated_at: bodies.Instant = Field(description="When the platform was last asked, or else `firstSeenAt`.")
    platform_data: dict[str, str] = Field(
        description="What only its platform has; `_tag` names the platform.", examples=[{"_tag": "twitter"}]
    )


def answer(profile: Profile) -> ProfileAnswer:
    """Put a profile into its wire form."""
    return ProfileAnswer(
        id=profile.id,
        platform=profile.platform,
        platform_id=profile.platform_id,
        username=profile.username,
        display_name=profile.display_name,
        bio=profile.bio,
        location=profile.location,
        handle=profile.username and profile_links.handle(profile.platform, profile.username),
        website=profile.website,
        website_url=profile.website,
        website_domain=profile.website and profile_links.site(profile.website),
        profile_url=profile.platform_id and profile_links.of(profile.platform, profile.platform_id),
        following_count=profile.following_count,
        post_count=profile.post_count,
        engagement_count=profile.like_count,
        listed_count=profile.listed_count,
        is_protected=profile.is_protected,
        verified=None,
        is_organization=None,
        platform_created_at=None,
        updated_at=profile.looked_up_at or profile.created_at,
        platform_data={"_tag": profile.platform},
        avatar_url=profile.avatar_url,
        follower_count=profile.follower_count,
        account_status=profile.account_status,
        looked_up_at=profile.looked_up_at,
        first_seen_at=profile.created_at,
    )
