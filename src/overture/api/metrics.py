"""Metrics for Prometheus, read from the database at each scrape: any process that serves the API tells the whole."""

from collections.abc import Iterable
from datetime import datetime

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from overture.api.auth import CurrentContext
from overture.store import gauges, ledger

router = APIRouter(include_in_schema=False)


class _Values(Collector):
    """Numbers of one moment."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


@router.get("/metrics")
async def metrics(context: CurrentContext) -> Response:
    """Return the present numbers in Prometheus's text form; times are engine time."""
    now = await context.clock.now()
    async with context.pool.acquire() as connection:
        due = await gauges.oldest_due(connection, now=now)
        attempts = await ledger.facts(connection)
        held = await gauges.held_leads(connection)
        inbox = await gauges.oldest_inbox(connection)
    unsettled = GaugeMetricFamily(
        "overture_attempts", "Attempts without an outcome: open, or unknown so far.", labels=["state"]
    )
    for state in ("open", "unknown"):
        unsettled.add_metric([state], attempts[state])
    registry = CollectorRegistry()
    registry.register(
        _Values(
            [
                GaugeMetricFamily(
                    "overture_oldest_due_seconds",
                    "How long the account that has waited longest to be served has been due.",
                    value=_age(due, now),
                ),
                unsettled,
                GaugeMetricFamily("overture_held_leads", "Leads that wait for a person's decision.", value=held),
                GaugeMetricFamily(
                    "overture_inbox_lag_seconds",
                    "How long ago the inbox of the active account that is furthest behind was read to the end.",
                    value=_age(inbox, now),
                ),
            ]
        )
    )
    return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _age(instant: datetime | None, now: datetime) -> float:
    return 0.0 if instant is None else max(0.0, (now - instant).total_seconds())
