"""What happened to a lead of a campaign."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field

from overture.actions import lead_timeline
from overture.api import bodies, refusals, routing
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.campaign_parts import EXAMPLE_ACCOUNT, EXAMPLE_STEP
from overture.api.lead_bodies import DEFAULT_PLATFORM
from overture.api.paging import CurrentPage, Page
from overture.core.identifiers import Identifier, IdentifierKind
from overture.store.timelines import Entry

router = routing.router("Campaigns")

EntryType = Literal[
    "joined",
    "assessed",
    "assigned",
    "held",
    "excluded",
    "unreachable",
    "removed",
    "canceled",
    "failed",
    "finished",
    "returned",
    "restored",
    "released",
    "continued",
    "stepSkipped",
    "liked",
    "attempt",
    "received",
    "replied",
    "suppressed",
]


class ChosenOption(bodies.Answer):
    """Which option a variation took."""

    segment: int = Field(description="Place of the variation among the segments, from 0.", examples=[0])
    option: int = Field(description="Which of its options, from 0.", examples=[1])


class TimelineEntry(bodies.Answer):
    """Something that happened to a lead."""

    type: EntryType = Field(
        description="`joined`, `assessed` (may an account write to the person?), `assigned` (the account that is to "
        "write), `attempt` (a message was tried), `received` (the person wrote), `replied` (counted as the answer), "
        "`stepSkipped`, `liked` (a post of theirs), `suppressed` (opted out); "
        "`held`, `excluded`, `unreachable`, `removed`, `canceled`, `failed`, "
        "`finished`: the state it came to; `returned`: what kept it is over, and it goes on; by hand (with `by`): "
        "`removed`, `canceled`, `restored`, `released`, `continued` (what the person had written is no answer).",
        examples=["attempt"],
    )
    at: bodies.Instant = Field(description="When it happened.")
    account_link_id: str | None = Field(description="The account concerned.", examples=[EXAMPLE_ACCOUNT])
    step_id: str | None = Field(description="The step concerned.", examples=[EXAMPLE_STEP])
    rank: int | None = Field(description="Its place in the sequence, from 0.", examples=[0])
    version: int | None = Field(description="The version of the sequence.", examples=[1])
    text: str | None = Field(description="What was written, by the account or the person.", examples=["Hello Ana"])
    options: list[ChosenOption] = Field(description="Which options the variations of an attempt took.")
    result: str | None = Field(
        description="Of an assessment its verdict; of an attempt `intent`, `unknown`, `accepted`, `refused`, `notSent` "
        "or `held` (given up by a person's decision); of a release `resend`, `skip` or `stop`; of a return the state "
        "in which it goes on.",
        examples=["accepted"],
    )
    reason: str | None = Field(
        description="Why: of a state the reason for it, of a refused attempt its kind, of a skipped step the rule or "
        "what kept it, of a return or an act by hand why the lead stood where it did; `moved` where the plan gave it "
        "another account.",
        examples=[None, "moved"],
    )
    detail: str | None = Field(
        description="Of a refused attempt the platform's words; of a like the post; of an act by hand the state "
        "before; of a move the account before.",
        examples=[None, "You cannot send messages to this user."],
    )
    by: str | None = Field(
        description="Who did it, where it was a person or their program.", examples=[None, "Ana Ruiz"]
    )
    ended_at: bodies.Instant | None = Field(description="When the outcome of an attempt was known; null: it is open.")


@router.get(
    "/campaigns/{campaign_id}/leads/{identifier}/timeline",
    summary="List what happened to a lead",
    openapi_extra=refusals.of("platformNotSupported"),
)
async def list_timeline(
    context: CurrentContext,
    actor: CurrentActor,
    paging: CurrentPage,
    campaign_id: str,
    identifier: str,
    by: Annotated[IdentifierKind, Query(description="What the identifier in the path is.", examples=["username"])] = (
        IdentifierKind.PLATFORM_ID
    ),
    platform: Annotated[
        str, Query(description="Platform of the identifier.", max_length=64, examples=["twitter"])
    ] = DEFAULT_PLATFORM,
) -> Page[TimelineEntry]:
    """Return everything that happened to a lead, oldest first: assessments, attempts, answers, every decision."""
    after = None
    if paging.after is not None:
        instant, entry_id = paging.after
        after = (datetime.fromisoformat(str(instant)), str(entry_id))
    meant = Identifier(kind=by, value=identifier, platform=platform)
    rows = await lead_timeline.page(
        context, actor, campaign_id=campaign_id, identifier=meant, after=after, limit=paging.fetch
    )
    shown, cursor = paging.cut(rows, lambda entry: (entry.at.isoformat(), entry.id))
    return Page(data=[_answer(entry) for entry in shown], next_cursor=cursor)


def _answer(entry: Entry) -> TimelineEntry:
    fields = {name: getattr(entry, name) for name in Entry.__dataclass_fields__ if name not in _RENAMED}
    options = [ChosenOption(segment=segment, option=option) for segment, option in entry.choices or ()]
    return TimelineEntry(**fields, account_link_id=entry.account_id, options=options)


_RENAMED = frozenset({"id", "account_id", "choices"})
