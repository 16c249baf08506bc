"""A campaign in virtual time: what it would send by when, as it is set or otherwise."""

from typing import cast

from pydantic import Field

from overture.actions import rehearsals
from overture.api import bodies, refusals, routing
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.campaign_parts import EXAMPLE_ACCOUNT, Hours, wire_hours
from overture.core.words import LeadState

router = routing.router("Campaigns")


class RehearseBody(bodies.Body):
    """What to rehearse with; what is left out is as the campaign has it."""

    reply_rate: float = Field(
        default=0, ge=0, le=1, description="The share of people who answer, from 0 to 1.", examples=[0.1]
    )
    hourly_message_rate: int = bodies.unset(ge=1, le=25, description="Messages an hour for each account.", examples=[8])
    account_link_ids: list[str] = bodies.unset(
        min_length=1, description="Accounts to send from.", examples=[[EXAMPLE_ACCOUNT]]
    )
    schedule_timezone: str = bodies.unset(description="IANA time zone of the hours.", examples=["Europe/Berlin"])
    schedule_hours: Hours = bodies.unset()

    def to_changes(self) -> rehearsals.Changes:
        """Return the settings as the action takes them."""
        given = self.given()
        given.pop("reply_rate", None)
        if "schedule_hours" in given:
            given["schedule_hours"] = wire_hours(self.schedule_hours)
        return cast(rehearsals.Changes, given)


class RehearsedAccount(bodies.Answer):
    """What one account sends on a day."""

    account_link_id: str = Field(description="The account.", examples=[EXAMPLE_ACCOUNT])
    messages: int = Field(description="Messages it sends for the campaign.", examples=[24])


class RehearsedDay(bodies.Answer):
    """What leaves on one day."""

    day: str = Field(description="The day, by the campaign's clock.", examples=["2026-12-01"])
    messages: int = Field(description="Messages that leave.", examples=[48])
    contacted: int = Field(description="First messages among them.", examples=[30])
    accounts: list[RehearsedAccount] = Field(description="The same by account.")


class UnreachedLeads(bodies.Answer):
    """Leads that are not contacted."""

    state: LeadState = Field(description="Where they stand.", examples=["excluded"])
    reason: str | None = Field(
        description="Why, as leads say it. Of those that are ready: `otherCampaign` writes to them, `noAccount` can "
        "write to them, there are `noSendingHours`, or it is their turn `later` than the rehearsal looks.",
        examples=["consentMissing"],
    )
    count: int = Field(description="How many.", examples=[12])


class RehearsalAnswer(bodies.Answer):
    """How a campaign would go on."""

    messages: int = Field(description="Messages that leave.", examples=[3600])
    contacted: int = Field(description="Leads that get their first message.", examples=[1200])
    replies: int = Field(description="People who answer, by the reply rate.", examples=[120])
    finishes_at: bodies.Instant | None = Field(
        description="When the last message leaves; null: there is none, or the rehearsal left off before."
    )
    is_whole: bool = Field(
        description="Whether it came to the end: it looks three years ahead, and sends at most 500 000 messages.",
        examples=[True],
    )
    days: list[RehearsedDay] = Field(description="Day by day; days without a message are left out.")
    unreached: list[UnreachedLeads] = Field(description="Leads that are not contacted, and why.")
    stalled: int = Field(description="Leads under way that no account can go on with.", examples=[0])


@router.post(
    "/campaigns/{campaign_id}/rehearsal",
    summary="Rehearse a campaign",
    openapi_extra=refusals.of("accountLinkNotFound"),
)
async def rehearse(
    context: CurrentContext, actor: CurrentActor, campaign_id: str, body: RehearseBody
) -> RehearsalAnswer:
    """Return what would leave on which day from which account, and by when all is sent. Nothing is changed or sent.

    The pace, the hours and the limits are those the engine keeps; other running campaigns of the accounts are reckoned
    with. A campaign that does not run is rehearsed as if it were started now. Refusals, outages, leads still to join
    and messages by hand are not foreseen.
    """
    found = await rehearsals.rehearse(
        context, actor, campaign_id=campaign_id, changes=body.to_changes(), reply_rate=body.reply_rate
    )
    return RehearsalAnswer(
        messages=found.messages,
        contacted=found.contacted,
        replies=found.replies,
        finishes_at=found.finishes_at,
        is_whole=found.is_whole,
        days=[
            RehearsedDay(
                day=day.date.isoformat(),
                messages=day.messages,
                contacted=day.contacted,
                accounts=[
                    RehearsedAccount(account_link_id=account_id, messages=messages)
                    for account_id, messages in sorted(day.by_account.items())
                ],
            )
            for day in found.days
        ],
        unreached=[
            UnreachedLeads(state=LeadState(one.state), reason=one.reason, count=one.count) for one in found.unreached
        ],
        stalled=found.stalled,
    )
