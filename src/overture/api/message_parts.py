"""What a message on the wire is made of."""

from typing import Annotated, Literal

from pydantic import Field

from overture.actions.messages import View
from overture.api import bodies, members
from overture.api.accounts import AccountAnswer
from overture.api.members import MemberAnswer
from overture.api.threads import ThreadAnswer
from overture.core import entities
from overture.core.entities import Entity
from overture.core.words import Direction

_PLACE = "Where it stands in the text; null: the platform does not tell."


class PlaceAnswer(bodies.Answer):
    """A part of a text, counted in Unicode code points from 0; `end` is the first behind it."""

    start: int = Field(description="The first code point.", examples=[0])
    end: int = Field(description="The one behind the last.", examples=[4])


class LinkAnswer(bodies.Answer):
    """A link in a text."""

    url: str = Field(description="Where it leads.", examples=["https://example.com/menu"])
    display_url: str = Field(description="How it is shown.", examples=["example.com/menu"])
    indices: PlaceAnswer | None = Field(description=_PLACE)


class PostAnswer(bodies.Answer):
    """A post of the platform that a text leads to."""

    platform_id: str = Field(description="The platform's id of the post.", examples=["1800000000000000042"])
    url: str = Field(description="Its address.", examples=["https://x.com/ana/status/1800000000000000042"])
    indices: PlaceAnswer | None = Field(description=_PLACE)


class MentionAnswer(bodies.Answer):
    """Somebody a text names."""

    username: str = Field(description="Username without @.", examples=["ana"])
    display_name: str | None = Field(description="Shown name; null: not looked up.", examples=[None, "Ana Ruiz"])
    platform_id: str | None = Field(
        description="The platform's id; null: not looked up.", examples=[None, "1900000000000000042"]
    )
    indices: PlaceAnswer | None = Field(description=_PLACE)


class HashtagAnswer(bodies.Answer):
    """A hashtag in a text."""

    tag: str = Field(description="The tag without #.", examples=["coffee"])
    indices: PlaceAnswer | None = Field(description=_PLACE)


class CashtagAnswer(bodies.Answer):
    """A cashtag in a text."""

    symbol: str = Field(description="The symbol without $.", examples=["ACME"])
    indices: PlaceAnswer | None = Field(description=_PLACE)


class FormatAnswer(bodies.Answer):
    """A part of a text in a form of its own."""

    kind: Literal["bold", "list", "orderedList", "listItem"] = Field(description="Which.", examples=["bold"])
    indices: PlaceAnswer = Field(description="Where it stands in the text.")


class EntitiesAnswer(bodies.Answer):
    """What a text names."""

    urls: list[LinkAnswer] = Field(description="Links.")
    post_shares: list[PostAnswer] = Field(description="Posts of the platform.")
    mentions: list[MentionAnswer] = Field(description="Usernames.")
    hashtags: list[HashtagAnswer] = Field(description="Hashtags.")
    cashtags: list[CashtagAnswer] = Field(description="Cashtags.")
    format: list[FormatAnswer] = Field(description="Parts in a form of their own; X has none.", examples=[[]])


class MemberSent(bodies.Answer):
    """A member sent it."""

    type: Literal["member"] = Field(description="Always `member`.", examples=["member"])
    member_id: str = Field(description="Id of the member.", examples=["m0mdbz3k91yq0c8f4w2n7xhs"])
    member: MemberAnswer | None = Field(description="The member; null unless expanded.")


class CampaignSent(bodies.Answer):
    """A campaign sent it."""

    type: Literal["campaign"] = Field(description="Always `campaign`.", examples=["campaign"])
    campaign_id: str = Field(description="Id of the campaign.", examples=["c0mdbz3k91yq0c8f4w2n7xhs"])
    step_id: str | None = Field(
        description="The step of the sequence, which may be gone since.", examples=["s0mdbz3k91yq0c8f4w2n7xhs"]
    )


class TokenNameAnswer(bodies.Answer):
    """A token of the API, by name."""

    id: str = Field(description="Id of the token.", examples=["k0mdbz3k91yq0c8f4w2n7xhs"])
    name: str = Field(description="Its name.", examples=["CRM"])


class ApiSent(bodies.Answer):
    """A program sent it, with a token of the API."""

    type: Literal["api"] = Field(description="Always `api`.", examples=["api"])
    token_id: str | None = Field(description="Id of the token.", examples=["k0mdbz3k91yq0c8f4w2n7xhs"])
    token: TokenNameAnswer | None = Field(description="The token; null unless expanded.")


SentBy = Annotated[MemberSent | CampaignSent | ApiSent, Field(discriminator="type")]


class ForwardedAnswer(bodies.Answer):
    """A message that was passed on."""

    content: str | None = Field(description="Its text.", examples=["See you there"])


class AttachmentAnswer(bodies.Answer):
    """Something attached to a message."""

    index: int = Field(description="Its place among the attachments.", examples=[0])
    kind: str = Field(description="`image`, `gif`, `video`, `audio`, `file` or `card`.", examples=["image"])
    url: str | None = Field(description="Where it is.", examples=["https://example.com/pictures/1.jpg"])


class ReactionAnswer(bodies.Answer):
    """A reaction to a message."""

    emoji: str = Field(description="The emoji.", examples=["👍"])
    author: dict[str, str | None] = Field(
        description="Whose it is.", examples=[{"type": "profile", "profileId": "u0mdbz3k91yq0c8f4w2n7xhs"}]
    )
    created_at: bodies.Instant | None = Field(description="When; null: the platform does not tell.")


class QuotedAnswer(bodies.Answer):
    """The message another one answers."""

    message_id: str | None = Field(
        description="Its id; null: it is not known here.", examples=["g0mdbz3k91yq0c8f4w2n7xhs"]
    )
    platform_id: str | None = Field(description="The platform's id of it.", examples=["1850000000000000001"])
    content: str = Field(description="Its text.", examples=["Are you open on Sunday?"])
    author_name: str | None = Field(description="Who wrote it.", examples=["Ana Ruiz"])


class MessageAnswer(bodies.Answer):
    """One message."""

    id: str = Field(description="Id of the message.", examples=["g0mdbz3k91yq0c8f4w2n7xhs"])
    thread_id: str = Field(description="Its thread.", examples=["r0mdbz3k91yq0c8f4w2n7xhs"])
    thread: ThreadAnswer | None = Field(description="The thread; null unless expanded.")
    account_link_id: str = Field(description="The team's side.", examples=["a0mdbz3k91yq0c8f4w2n7xhs"])
    account_link: AccountAnswer | None = Field(
        description="The account link; null unless expanded, and once it is disconnected."
    )
    platform: str = Field(description="Key of the platform.", examples=["twitter"])
    platform_id: str | None = Field(description="The platform's id of it.", examples=["1850000000000000042"])
    direction: Direction = Field(description="`inbound`: the other side wrote it.", examples=["inbound"])
    sent_by: SentBy | None = Field(
        description="Who of the team sent it; null: it came in, or was sent outside of Overture."
    )
    content: str = Field(description="The text.", examples=["Sounds good, tell me more"])
    entities: EntitiesAnswer = Field(description="What the text names.")
    attachments: list[AttachmentAnswer] = Field(
        description="Attachments; those of X are not read: always empty there.", examples=[[]]
    )
    forwarded: ForwardedAnswer | None = Field(description="What it passes on; null: nothing.")
    reactions: list[ReactionAnswer] = Field(
        description="Reactions; X's API tells of none: always empty there.", examples=[[]]
    )
    edited_at: bodies.Instant | None = Field(description="When it was last edited; null: never, as far as is known.")
    deleted_at: bodies.Instant | None = Field(description="When it was deleted; null: it is not, as far as is known.")
    created_at: bodies.Instant = Field(description="When it was sent.")
    platform_data: dict[str, str | bool] = Field(
        description="What only its platform has; `_tag` names the platform.",
        examples=[{"_tag": "twitter", "encrypted": False}],
    )
    reply_to: QuotedAnswer | None = Field(description="The message it answers; null: none in particular.")


def sent_by(view: View) -> MemberSent | CampaignSent | ApiSent | None:
    """Say who of the team sent a message."""
    message = view.message
    if message.campaign_id is not None:
        return CampaignSent(type="campaign", campaign_id=message.campaign_id, step_id=message.step_id)
    if message.token_id is not None:
        token = None if view.token is None else TokenNameAnswer(id=view.token.id, name=view.token.name)
        return ApiSent(type="api", token_id=message.token_id, token=token)
    if message.member_id is not None:
        member = None if view.member is None else members.answer(view.member)
        return MemberSent(type="member", member_id=message.member_id, member=member)
    return None


def named_in(platform: str, content: str) -> EntitiesAnswer:
    """Put what a text names into its wire form."""
    found = entities.find(content)
    return EntitiesAnswer(
        urls=[
            LinkAnswer(url=one.value, display_url=entities.shown(one.value), indices=_at(one)) for one in found.links
        ],
        post_shares=[
            PostAnswer(platform_id=post_id, url=one.value, indices=_at(one))
            for one in found.links
            if (post_id := entities.post(platform, one)) is not None
        ],
        mentions=[
            MentionAnswer(username=one.value, display_name=None, platform_id=None, indices=_at(one))
            for one in found.mentions
        ],
        hashtags=[HashtagAnswer(tag=one.value, indices=_at(one)) for one in found.hashtags],
        cashtags=[CashtagAnswer(symbol=one.value, indices=_at(one)) for one in found.cashtags],
        format=[],
    )


def _at(entity: Entity) -> PlaceAnswer:
    return PlaceAnswer(start=entity.start, end=entity.end)
