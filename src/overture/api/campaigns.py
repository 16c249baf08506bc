"""Campaigns: make, list, read, change, start, pause, copy, delete, and look at before the start."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, cast

from fastapi import Query
from fastapi.responses import StreamingResponse
from pydantic import Field
from pydantic.alias_generators import to_camel

from overture.actions import campaign_life, campaign_rules, campaign_waits, campaigns, forecasts
from overture.actions.campaigns import CampaignChanges, Draft
from overture.actions.context import Actor, Context
from overture.api import bodies, campaign_object, refusals, routing, tables
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.campaign_object import CampaignAnswer
from overture.api.campaign_parts import (
    EXAMPLE_ACCOUNT,
    EXAMPLE_RULES,
    AutomationBody,
    ColumnBody,
    Hours,
    NewRulesBody,
    RulesBody,
    SequenceBody,
    new_steps,
    wire_hours,
)
from overture.api.paging import CurrentPage, Page
from overture.core.words import CampaignStatus
from overture.errors import InvalidRequest
from overture.store import campaigns as stored
from overture.store.campaign_order import Order, Place, Sort
from overture.store.campaigns import Campaign

router = routing.router("Campaigns")
_ZONES = ("schedule_timezone", "timezone", "time_zone")
_ASCENDING = frozenset({"name", "status"})
_AT_ONCE = 100  # each is a good part of a page: read in fewer
_ZONE = "IANA zone of the sending hours."

Statuses = Annotated[list[CampaignStatus], Query(description="Only these states.", examples=[["active", "paused"]])]
PartOfName = Annotated[
    str | None, Query(description="Part of the name; case does not matter.", max_length=255, examples=["spring"])
]
SortedBy = Annotated[
    Sort,
    Query(
        description="By what they are sorted; who changes in it while pages are read may be met twice or never.",
        examples=["name"],
    ),
]
Direction = Annotated[
    Literal["asc", "desc"] | None,
    Query(
        description="Which way. Left out: names and states from the first on, all else from the newest or most.",
        examples=["asc"],
    ),
]


class CreateCampaign(bodies.Body):
    """A new campaign: a draft until it is enabled."""

    name: bodies.Name = Field(description="Name; need not be unique.", examples=["Founders, autumn"])
    account_link_ids: list[str] = Field(
        min_length=1,
        description="Accounts to send from; offline ones are allowed.",
        examples=[[EXAMPLE_ACCOUNT]],
    )
    description: bodies.Description | None = Field(
        default=None, description="Notes for the team.", examples=["People who wrote to us in autumn."]
    )
    hourly_message_rate: int = Field(
        default=campaigns.DEFAULT_RATE,
        ge=1,
        le=25,
        description="Messages an hour for each account.",
        examples=[8],
    )
    schedule_timezone: str = bodies.unset(description=_ZONE + " Left out: UTC.", examples=["Europe/Berlin"])
    timezone: str = bodies.unset(description="The same as `scheduleTimezone`.", examples=["Europe/Berlin"])
    time_zone: str = bodies.unset(description="The same as `scheduleTimezone`.", examples=["Europe/Berlin"])
    schedule_hours: Hours = bodies.unset()
    rules: NewRulesBody = bodies.unset(
        description="Which lists feed the campaign and which exclude.", examples=[EXAMPLE_RULES]
    )
    lead_rules: NewRulesBody = bodies.unset(description="The same as `rules`.", examples=[EXAMPLE_RULES])
    columns: list[ColumnBody] = Field(default=[], description="Custom columns to make.")
    sequence: SequenceBody = bodies.unset(
        description="The first version of the sequence; a variable may name a column by its name here."
    )
    automations: list[AutomationBody] = Field(default=[], description="Automations to make.")

    def to_draft(self) -> tuple[Draft, campaign_rules.Where]:
        """Return the campaign as the action takes it, and where its rules stand in the body.

        Raises:
            InvalidRequest: a setting and its alias differ.
        """
        given = self.given()
        rules, where = _rules(given)
        optional: dict[str, Any] = {}
        if "schedule_hours" in given:
            optional["hours"] = wire_hours(self.schedule_hours)
        draft = Draft(
            name=self.name,
            account_ids=self.account_link_ids,
            description=self.description,
            hourly_message_rate=self.hourly_message_rate,
            zone=zone(given) or campaigns.DEFAULT_ZONE,
            rules=rules,
            columns=[column.to_new() for column in self.columns],
            steps=new_steps(self.sequence.steps) if "sequence" in given else None,
            automations=[automation.to_new() for automation in self.automations],
            **optional,
        )
        return draft, where


class ChangeCampaign(bodies.Body):
    """What to change of a campaign; what is left out stays."""

    name: bodies.Name = bodies.unset(description="New name.", examples=["Founders, winter"])
    description: bodies.Description | None = bodies.unset(
        description="Null clears it.", examples=["People who wrote to us in winter."]
    )
    account_link_ids: list[str] = bodies.unset(
        min_length=1, description="Accounts to send from.", examples=[[EXAMPLE_ACCOUNT]]
    )
    hourly_message_rate: int = bodies.unset(ge=1, le=25, description="Messages an hour for each account.", examples=[8])
    schedule_timezone: str = bodies.unset(description=_ZONE, examples=["Europe/Berlin"])
    schedule_hours: Hours = bodies.unset()

    def to_changes(self) -> CampaignChanges:
        """Return the changes as the action takes them."""
        given = self.given()
        if "schedule_hours" in given:
            given["schedule_hours"] = wire_hours(self.schedule_hours)
        return cast(CampaignChanges, given)


_STEPS = [
    {
        "type": "message",
        "data": {
            "segments": [
                {"type": "variation", "options": ["Hi ", "Hello "]},
                {"type": "variable", "name": "first-name", "fallback": "there"},
                {"type": "static", "text": ", thank you for asking about our roastery!"},
            ]
        },
    },
    {"type": "delay", "data": {"delaySeconds": 172_800, "unit": "days"}},
    {"type": "message", "data": {"segments": [{"type": "static", "text": "Shall I send you a sample?"}]}},
]
_LEAST = {"name": "Roastery, autumn", "accountLinkIds": [EXAMPLE_ACCOUNT]}
_EXAMPLES: dict[str, Any] = {
    "requestBody": {
        "content": {
            "application/json": {
                "examples": {
                    "least": {"summary": "The least: the rest can follow", "value": _LEAST},
                    "whole": {
                        "summary": "Ready to start, once it has leads",
                        "value": {
                            **_LEAST,
                            "hourlyMessageRate": 6,
                            "scheduleTimezone": "Europe/Lisbon",
                            "scheduleHours": {"1": {"start": 540, "end": 1020}, "3": {"start": 540, "end": 1020}},
                            "sequence": {"steps": _STEPS},
                        },
                    },
                }
            }
        }
    }
}


@router.post(
    "/campaigns",
    summary="Create a campaign",
    openapi_extra=_EXAMPLES
    | refusals.of(
        "accountLinkNotFound", "listNotFound", "columnNotFound", "statusNotFound", "tagNotFound", "memberNotFound"
    ),
)
async def create_campaign(context: CurrentContext, actor: CurrentActor, body: CreateCampaign) -> CampaignAnswer:
    """Make a draft with all its parts; its sync is under way already in the answer when it has rules."""
    draft, where = body.to_draft()
    return await _answer(context, actor, await campaigns.create(context, actor, draft, rules_at=where))


@router.get("/campaigns", summary="List campaigns")
async def list_campaigns(
    context: CurrentContext,
    actor: CurrentActor,
    paging: CurrentPage,
    status: Statuses = [],  # noqa: B006 - FastAPI copies it
    q: PartOfName = None,
    sort: SortedBy = "createdAt",
    order: Direction = None,
) -> Page[CampaignAnswer]:
    """Return campaigns in order, the newest first unless another is asked for."""
    sorted_by = _order(sort, order)
    rows = await campaigns.page(
        context, actor, statuses=status, text=q or None, order=sorted_by, after=paging.after, limit=paging.fetch
    )
    shown, cursor = paging.cut(rows, lambda campaign: stored.place(sorted_by, campaign))
    return Page(data=await _answers(context, actor, shown), next_cursor=cursor)


@router.get(
    "/campaigns.csv",
    summary="Download all campaigns",
    response_class=StreamingResponse,
    responses=tables.DOCUMENTED,
)
async def download_campaigns(
    context: CurrentContext,
    actor: CurrentActor,
    status: Statuses = [],  # noqa: B006 - FastAPI copies it
    q: PartOfName = None,
    sort: SortedBy = "createdAt",
    order: Direction = None,
) -> StreamingResponse:
    """Return campaigns with their counters as CSV, in the same order. What a spreadsheet would calculate gets a `'`."""
    sorted_by = _order(sort, order)

    async def read(after: Place | None) -> Sequence[Campaign]:
        return await campaigns.page(
            context, actor, statuses=status, text=q or None, order=sorted_by, after=after, limit=_AT_ONCE
        )

    rows = (
        [campaign_object.cells(one) for one in piece]
        async for piece in tables.pieces(read, lambda one: stored.place(sorted_by, one))
    )
    return tables.answer("campaigns.csv", campaign_object.TABLE, rows)


@router.get("/campaigns/{campaign_id}", summary="Get a campaign")
async def get_campaign(context: CurrentContext, actor: CurrentActor, campaign_id: str) -> CampaignAnswer:
    """Return a campaign with everything that belongs to it."""
    return await _answer(context, actor, await campaigns.get(context, actor, campaign_id=campaign_id))


@router.patch("/campaigns/{campaign_id}", summary="Change a campaign", openapi_extra=refusals.of("accountLinkNotFound"))
async def change_campaign(
    context: CurrentContext, actor: CurrentActor, campaign_id: str, body: ChangeCampaign
) -> CampaignAnswer:
    """Change settings or accounts, also while it runs: the next message follows them."""
    changed = await campaigns.change(context, actor, campaign_id=campaign_id, changes=body.to_changes())
    return await _answer(context, actor, changed)


@router.delete(
    "/campaigns/{campaign_id}",
    status_code=204,
    summary="Delete a campaign",
    openapi_extra=refusals.of("campaignActive"),
)
async def delete_campaign(context: CurrentContext, actor: CurrentActor, campaign_id: str) -> None:
    """Hide a campaign that is not active; its history is kept."""
    await campaign_life.delete(context, actor, campaign_id=campaign_id)


@router.post(
    "/campaigns/{campaign_id}/enable",
    summary="Start or resume a campaign",
    openapi_extra=refusals.of("preflightFailed"),
)
async def enable_campaign(context: CurrentContext, actor: CurrentActor, campaign_id: str) -> CampaignAnswer:
    """Run pre-flight and start; enabling an enabled campaign changes nothing."""
    return await _answer(context, actor, await campaign_life.enable(context, actor, campaign_id=campaign_id))


@router.post("/campaigns/{campaign_id}/disable", summary="Pause a campaign")
async def disable_campaign(context: CurrentContext, actor: CurrentActor, campaign_id: str) -> CampaignAnswer:
    """Pause: once this returns no new message leaves; what is on its way arrives."""
    return await _answer(context, actor, await campaign_life.disable(context, actor, campaign_id=campaign_id))


@router.post("/campaigns/{campaign_id}/duplicate", summary="Copy a campaign")
async def duplicate_campaign(context: CurrentContext, actor: CurrentActor, campaign_id: str) -> CampaignAnswer:
    """Make a draft with the same settings, accounts, columns, rules, sequence and automations."""
    return await _answer(context, actor, await campaigns.duplicate(context, actor, campaign_id=campaign_id))


@router.patch(
    "/campaigns/{campaign_id}/rules",
    summary="Change the rules",
    openapi_extra=refusals.of("listNotFound", "columnNotFound"),
)
async def change_rules(
    context: CurrentContext, actor: CurrentActor, campaign_id: str, body: RulesBody
) -> bodies.Success:
    """Change which lists feed the campaign and what excludes; the leads follow in the background."""
    await campaign_rules.change(context, actor, campaign_id=campaign_id, changes=body.to_changes())
    return bodies.Success()


def zone(given: Mapping[str, Any]) -> str | None:
    """Return the zone that a body gives under any of its names.

    Raises:
        InvalidRequest: two that differ.
    """
    named = [(name, given[name]) for name in _ZONES if name in given]
    zones = {zone for _, zone in named}
    if len(zones) > 1:
        fault = "The time zone is given twice, and differently: give it once, as scheduleTimezone."
        raise InvalidRequest([((to_camel(named[-1][0]),), fault)])
    return next(iter(zones), None)


def _rules(given: Mapping[str, Any]) -> tuple[campaign_rules.RuleChanges, campaign_rules.Where]:
    if "rules" in given and "lead_rules" in given and given["rules"] != given["lead_rules"]:
        fault = "The rules are given twice, and differently: give them once, as rules."
        raise InvalidRequest([(("leadRules",), fault)])
    for name, wire in (("rules", "rules"), ("lead_rules", "leadRules")):
        if name in given:
            read: tuple[campaign_rules.RuleChanges, campaign_rules.Where] = given[name].read(wire)
            return read
    return campaign_rules.RuleChanges(), campaign_rules.Where()


def _order(sort: Sort, order: Literal["asc", "desc"] | None) -> Order:
    is_descending = sort not in _ASCENDING if order is None else order == "desc"
    return Order(sort=sort, is_descending=is_descending)


async def _answer(context: Context, actor: Actor, campaign: Campaign) -> CampaignAnswer:
    (answer,) = await _answers(context, actor, [campaign])
    return answer


async def _answers(context: Context, actor: Actor, shown: Sequence[Campaign]) -> list[CampaignAnswer]:
    prospects = await campaign_waits.told(context, actor, campaigns=shown)
    finishes = await forecasts.told(context, actor, campaigns=shown)
    return [campaign_object.answer(one, prospects[one.id], finishes.get(one.id)) for one in shown]
