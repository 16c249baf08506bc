"""A profile on the wire."""

from pydantic import Field

from overture.api import bodies
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
    display_name: str | None = Field(description="Shown name.", examples=["Ana Ruiz"])
    bio: str | None = Field(description="What they say about themselves.", examples=["Roaster in Lisbon"])
    location: str | None = Field(description="Where they say they are.", examples=["Lisbon"])
    website: str | None = Field(description="Their website.", examples=["https://example.com"])
    avatar_url: str | None = Field(
        description="Address of the picture.", examples=["https://example.com/pictures/ana.jpg"]
    )
    follower_count: int | None = Field(description="How many follow them.", examples=[1250])
    account_status: str = Field(description="`active`, `suspended` or `notFound`.", examples=["active"])
    looked_up_at: bodies.Instant | None = Field(description="When the platform was last asked.")
    first_seen_at: bodies.Instant = Field(description="When the team first heard of them.")


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
        website=profile.website,
        avatar_url=profile.avatar_url,
        follower_count=profile.follower_count,
        account_status=profile.account_status,
        looked_up_at=profile.looked_up_at,
        first_seen_at=profile.created_at,
    )
