"""What came of a campaign, as CSV."""

from collections.abc import AsyncIterator, Sequence
from enum import StrEnum
from typing import Annotated

from fastapi import Query
from fastapi.responses import StreamingResponse

from overture.actions import analytics
from overture.api import campaign_analytics, routing, tables
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.campaign_analytics import AnalyticsAnswer, By, Since, Until
from overture.core import instants
from overture.core.cells import Cell

router = routing.router("Campaigns")


class Results(StrEnum):
    """What the results are told by."""

    SERIES = "series"
    STEPS = "steps"
    ACCOUNTS = "accounts"


_HEADERS = {
    Results.SERIES: ("at", "sent", "contacted", "followedUp", "replied"),
    Results.STEPS: ("stepId", "version", "rank", "segment", "option", "text", "sent", "replied", "replyRate"),
    Results.ACCOUNTS: ("accountLinkId", "username", "contacted", "followedUp", "replied", "replyRate"),
}


@router.get(
    "/campaigns/{campaign_id}/analytics.csv",
    summary="Download what came of a campaign",
    response_class=StreamingResponse,
    responses=tables.DOCUMENTED,
)
async def download_analytics(
    context: CurrentContext,
    actor: CurrentActor,
    campaign_id: str,
    by: Annotated[
        Results,
        Query(
            description="`series`: over time. `steps`: by step, each with the options of its variations below it. "
            "`accounts`: by account.",
            examples=["steps"],
        ),
    ] = Results.STEPS,
    since: Since = None,
    until: Until = None,
    interval: By = "day",
) -> StreamingResponse:
    """Return one of the tables of a campaign's results as CSV. What a spreadsheet would calculate gets a `'`."""
    found = await analytics.read(context, actor, campaign_id=campaign_id, since=since, until=until, unit=interval)
    rows = _rows(campaign_analytics.answer(found, interval), by)

    async def whole() -> AsyncIterator[Sequence[Sequence[Cell]]]:
        yield rows

    return tables.answer(f"{by}.csv", _HEADERS[by], whole())


def _rows(found: AnalyticsAnswer, by: Results) -> list[list[Cell]]:
    match by:
        case Results.SERIES:
            return [
                [instants.written(one.at), one.sent, one.contacted, one.followed_up, one.replied]
                for one in found.series
            ]
        case Results.ACCOUNTS:
            return [
                [one.account_link_id, one.username, one.contacted, one.followed_up, one.replied, one.reply_rate]
                for one in found.accounts
            ]
        case Results.STEPS:
            rows: list[list[Cell]] = []
            for step in found.steps:
                place: list[Cell] = [step.id, step.version, step.rank]
                rows.append([*place, None, None, None, step.sent, step.replied, step.reply_rate])
                rows += [
                    [*place, one.segment, one.option, one.text, one.sent, one.replied, one.reply_rate]
                    for one in step.options
                ]
            return rows
