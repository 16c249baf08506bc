"""Analytics: what came of a campaign, over time, by step, by option and by account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from overture.actions import campaign_access
from overture.actions.context import Actor, Context
from overture.errors import InvalidRequest
from overture.store import results
from overture.store.results import Funnel, Interval, OfAccount, OfOption, OfStep, Period

_HOUR = timedelta(hours=1)
_LAST_HOUR = datetime(9999, 12, 31, 23, tzinfo=UTC)
_MOST_HOURS = 31 * 24


@dataclass(frozen=True, kw_only=True, slots=True)
class Analytics:
    """What came of a campaign; all but the funnel within `period`."""

    period: Period
    timezone: str
    funnel: Funnel
    intervals: Sequence[Interval]
    steps: Sequence[OfStep]
    options: Sequence[OfOption]
    accounts: Sequence[OfAccount]


async def read(
    context: Context,
    actor: Actor,
    *,
    campaign_id: str,
    since: datetime | None,
    until: datetime | None,
    unit: Literal["hour", "day"],
) -> Analytics:
    """Return what came of a campaign from the hour of `since` to the end of the hour before `until`.

    Raises:
        NotFound: `campaignNotFound`.
        InvalidRequest: the period ends before it begins, or is too long to be told by the hour.
    """
    period = Period(from_hour=since and _hour(since), to_hour=until and _next_hour(until))
    _check(period, unit)
    async with context.pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        campaign = await campaign_access.read(connection, actor, campaign_id=campaign_id)
        of = {"team_id": actor.team_id, "campaign_id": campaign_id}
        return Analytics(
            period=period,
            timezone=campaign.settings.zone,
            funnel=await results.funnel(connection, **of),
            intervals=await results.intervals(
                connection, **of, period=period, unit=unit, timezone=campaign.settings.zone
            ),
            steps=await results.of_steps(connection, **of, period=period),
            options=await results.of_options(connection, **of, period=period),
            accounts=await results.of_accounts(connection, **of, period=period),
        )


def _check(period: Period, unit: str) -> None:
    if period.from_hour is not None and period.to_hour is not None:
        if period.from_hour >= period.to_hour:
            raise InvalidRequest([(("to",), "Must be later than `from`.")])
        if unit == "hour" and period.to_hour - period.from_hour > _MOST_HOURS * _HOUR:
            raise InvalidRequest(
                [(("interval",), "By the hour at most 31 days are told; shorten the period, or use day.")]
            )
    elif unit == "hour":
        raise InvalidRequest([(("interval",), "By the hour needs `from` and `to`, at most 31 days apart; or use day.")])


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _next_hour(at: datetime) -> datetime:
    begun = _hour(at)
    return begun if begun in (at, _LAST_HOUR) else begun + _HOUR
