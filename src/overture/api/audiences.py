"""Imports without a file: people a platform lists."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from overture.actions.audiences import NewAudience
from overture.api import bodies
from overture.api.lead_bodies import DEFAULT_PLATFORM, ConsentBody
from overture.core import identifiers, post_links
from overture.core.words import Audience
from overture.errors import InvalidRequest

MOST_PEOPLE = 100_000
_Key = Annotated[str, Field(min_length=1, max_length=255)]


class AudienceSource(bodies.Body):
    """People a platform lists."""

    platform: Annotated[str, Field(min_length=1, max_length=64)] = Field(
        default=DEFAULT_PLATFORM, description="The platform that is asked.", examples=["twitter"]
    )
    most: Annotated[int, Field(ge=1, le=MOST_PEOPLE)] = Field(
        default=1000,
        description="How many people to read at most, in the order the platform lists them. Platforms bill each.",
        examples=[1000],
    )


class FollowSource(AudienceSource):
    """Who follows somebody, or whom they follow: exactly one of the two identifiers."""

    type: Literal["followers", "following"] = Field(
        description="`followers`: who follows them; `following`: whom they follow.", examples=["followers"]
    )
    username: _Key | None = Field(default=None, description="Whose, with or without @.", examples=["ana"])
    platform_id: _Key | None = Field(
        default=None, description="The same by the platform's id.", examples=["1000000000000000001"]
    )

    @model_validator(mode="after")
    def _has_one_identifier(self) -> Self:
        if (self.username is None) == (self.platform_id is None):
            raise ValueError("Must have exactly one of username and platformId.")
        return self

    def new_audience(self, *, consent: ConsentBody | None, check_only: bool) -> NewAudience:
        """Return what is to be done.

        Raises:
            InvalidRequest: nobody can be called so.
        """
        field, read = ("username", identifiers.username) if self.username else ("platformId", identifiers.platform_id)
        named = read(self.platform, self.username or self.platform_id or "")
        if named is None:
            raise InvalidRequest([(("data", field), "Nobody can have this name on the platform; correct it.")])
        return NewAudience(
            platform=self.platform,
            audience=Audience(self.type),
            username=named if self.username else None,
            of_id=None if self.username else named,
            most=self.most,
            check_only=check_only,
            consent=None if consent is None else consent.to_consent(),
        )


class LikesSource(AudienceSource):
    """Who liked a post."""

    type: Literal["likes"] = Field(description="Who liked a post.", examples=["likes"])
    post: Annotated[str, Field(min_length=1, max_length=2000)] = Field(
        description="Id of the post, or a link to it.", examples=["https://x.com/ana/status/1900000000000000042"]
    )

    def new_audience(self, *, consent: ConsentBody | None, check_only: bool) -> NewAudience:
        """Return what is to be done.

        Raises:
            InvalidRequest: it names no post.
        """
        post_id = post_links.post_id(self.platform, self.post)
        if post_id is None:
            raise InvalidRequest([(("data", "post"), "Must be the id of a post, or a link to one.")])
        return NewAudience(
            platform=self.platform,
            audience=Audience.LIKES,
            username=None,
            of_id=post_id,
            most=self.most,
            check_only=check_only,
            consent=None if consent is None else consent.to_consent(),
        )
