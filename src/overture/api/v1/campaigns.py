"""Campaigns in v1, at `/campaigns/v2`: the vendor's second kind, and the only one there is here."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, cast

from fastapi import Query
from pydantic import Field, model_validator

from overture.actions.campaign_rules import RuleChanges
from overture.actions.campaigns import CampaignChanges
from overture.api import automations, bodies, campaign_columns, campaigns, sequences
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.campaign_object import CommonCampaign
from overture.api.campaign_parts import NewRulesBody, RulesBody, StepAnswer
from overture.api.paging import CurrentPage, Page
from overture.api.v1 import routing

router = routing.router("Campaigns")
_ALL = "/campaigns/v2"
_ONE = "/campaigns/v2/{campaign_id}"
_LIKES = frozenset({"like", "likeTweet", "like-tweet", "like_tweet"})


class _Unmapped(RulesBody):
    def to_changes(self) -> RuleChanges:
        """Return the changes; columns that no mapping names get no campaign column of their own in v1."""
        unmapped: RuleChanges = {"auto_map_columns": False}
        return {**unmapped, **super().to_changes()}


class ChangeRules(_Unmapped):
    """What to change of the rules; what is left out stays."""


class NewRules(_Unmapped, NewRulesBody):
    """Rules of a new campaign, as changes or in the shape a campaign shows."""


class CreateCampaign(campaigns.CreateCampaign):
    """A new campaign: a draft until it is enabled."""

    never_passed_over: ClassVar = ("zone", "rule", "list", "account")

    rules: NewRules = bodies.unset(description="Which lists feed the campaign and which exclude.")
    lead_rules: NewRules = bodies.unset(description="The same as `rules`.")

    @model_validator(mode="before")
    @classmethod
    def _in_one_form(cls, body: Any) -> Any:
        return _with_one_form(body)


class ChangeCampaign(campaigns.ChangeCampaign):
    """What to change of a campaign; what is left out stays."""

    timezone: str = bodies.unset(description="The same as `scheduleTimezone`.", examples=["Europe/Berlin"])
    time_zone: str = bodies.unset(description="The same as `scheduleTimezone`.", examples=["Europe/Berlin"])

    @model_validator(mode="before")
    @classmethod
    def _in_one_form(cls, body: Any) -> Any:
        return _with_one_form(body)

    def to_changes(self) -> CampaignChanges:
        """Return the changes as the action takes them.

        Raises:
            InvalidRequest: the zone under two names, and differently.
        """
        zone = campaigns.zone(self.given())
        changes: dict[str, Any] = {**super().to_changes()}
        for alias in ("timezone", "time_zone"):
            changes.pop(alias, None)
        return cast(CampaignChanges, changes if zone is None else {**changes, "schedule_timezone": zone})


class ReplaceSequence(sequences.WholeSequence):
    """The whole new sequence."""

    @model_validator(mode="before")
    @classmethod
    def _in_one_form(cls, body: Any) -> Any:
        return _with_one_form(body)


class ReplacedSequence(bodies.Answer):
    """The new version of a sequence."""

    version: int = Field(description="Its number.", examples=[2])
    steps: list[StepAnswer] = Field(description="Its steps, in order.")


@router.post(
    _ALL,
    summary="Create a campaign",
    openapi_extra=routing.refusing_as(campaigns.router, campaigns.create_campaign),
)
async def create_campaign(context: CurrentContext, actor: CurrentActor, body: CreateCampaign) -> CommonCampaign:
    """Make a draft; its sync is under way already in the answer when it has rules."""
    return await campaigns.create_campaign(context, actor, body)


@router.patch(
    _ONE,
    summary="Change a campaign",
    openapi_extra=routing.refusing_as(campaigns.router, campaigns.change_campaign),
)
async def change_campaign(
    context: CurrentContext, actor: CurrentActor, campaign_id: str, body: ChangeCampaign
) -> CommonCampaign:
    """Change settings or accounts, also while it runs: the next message follows them."""
    return await campaigns.change_campaign(context, actor, campaign_id, body)


@router.patch(
    f"{_ONE}/rules",
    summary="Change the rules",
    openapi_extra=routing.refusing_as(campaigns.router, campaigns.change_rules),
)
async def change_rules(
    context: CurrentContext, actor: CurrentActor, campaign_id: str, body: ChangeRules
) -> bodies.Success:
    """Change which lists feed the campaign and what excludes; the leads follow in the background."""
    return await campaigns.change_rules(context, actor, campaign_id, body)


@router.put(
    f"{_ONE}/sequence",
    summary="Replace the sequence",
    openapi_extra=routing.refusing_as(sequences.router, sequences.replace_sequence),
)
async def replace_sequence(
    context: CurrentContext, actor: CurrentActor, campaign_id: str, body: ReplaceSequence
) -> ReplacedSequence:
    """Make a new version; a step sent with the id of a current one keeps its leads' places, others follow rank."""
    replaced = await sequences.put_sequence(context, actor, campaign_id, body)
    return ReplacedSequence(version=replaced.version, steps=replaced.steps)


@router.get(_ALL, summary="List campaigns")
async def list_campaigns(
    context: CurrentContext,
    actor: CurrentActor,
    paging: CurrentPage,
    status: campaigns.Statuses = [],  # noqa: B006 - FastAPI copies it
    q: campaigns.PartOfName = None,
    order: Annotated[
        Literal["asc", "desc"], Query(description="By creation: newest first is `desc`.", examples=["asc"])
    ] = "desc",
) -> Page[CommonCampaign]:
    """Return campaigns in order of creation."""
    page = await campaigns.list_campaigns(context, actor, paging, status, q, order=order)
    return Page[CommonCampaign](data=[*page.data], next_cursor=page.next_cursor)


routing.take_over(router, campaigns.router, campaigns.get_campaign, _ONE, answer=CommonCampaign)
routing.take_over(router, campaigns.router, campaigns.delete_campaign, _ONE)
for _endpoint, _name in ((campaigns.enable_campaign, "enable"), (campaigns.disable_campaign, "disable")):
    routing.take_over(router, campaigns.router, _endpoint, f"{_ONE}/{_name}", answer=CommonCampaign)
for _parts in (campaign_columns.router, automations.router):
    routing.take_over_all(router, _parts, beginning=("/campaigns/", "/campaigns/v2/"))


def _with_one_form(body: Any) -> Any:
    """Merge repeated accounts, name the zone and the like step as v2 does."""
    if not isinstance(body, Mapping):
        return body
    formed = dict(body)
    accounts = formed.get("accountLinkIds")
    if isinstance(accounts, list) and all(isinstance(one, str) for one in accounts):
        formed["accountLinkIds"] = list(dict.fromkeys(accounts))
    if isinstance(formed.get("steps"), list):
        formed["steps"] = [_plain_step(step) for step in formed["steps"]]
    if isinstance(formed.get("sequence"), Mapping):
        formed["sequence"] = _with_one_form(formed["sequence"])
    return formed


def _plain_step(step: Any) -> Any:
    is_like = isinstance(step, Mapping) and isinstance(step.get("type"), str) and step["type"] in _LIKES
    return {"data": {}, **step, "type": "like"} if is_like else step
