"""What monitoring reads."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from tests.api.conftest import START, SteeredClock, Tenant

from overture import ids
from overture.store.pool import Pool


async def scrape(application: FastAPI) -> dict[str, float]:
    """Read the numbers as Prometheus does, without a token."""
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://overture") as client:
        answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        ":".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_an_installation_without_work_shows_zeros(application: FastAPI) -> None:
    assert await scrape(application) == {
        "overture_oldest_due_seconds": 0,
        "overture_attempts:open": 0,
        "overture_attempts:unknown": 0,
        "overture_held_leads": 0,
        "overture_inbox_lag_seconds": 0,
    }


async def test_what_waits_is_shown_in_engine_time(
    application: FastAPI,
    database: Pool,
    clock: SteeredClock,
    link: Callable[..., Awaitable[dict[str, Any]]],
) -> None:
    ana, ben = await link("ana"), await link("ben")
    clock.at = START + timedelta(seconds=90)
    await database.execute(
        "UPDATE account_pace SET wake_at = $1, read_at = $2 WHERE account_id = $3",
        START + timedelta(seconds=30),
        START + timedelta(seconds=80),
        ana["id"],
    )
    await database.execute(
        "UPDATE account_pace SET wake_at = $1, read_at = $2 WHERE account_id = $3",
        START + timedelta(seconds=60),
        START + timedelta(seconds=70),
        ben["id"],
    )
    shown = await scrape(application)
    assert shown["overture_oldest_due_seconds"] == 60
    assert shown["overture_inbox_lag_seconds"] == 20
    await database.execute("UPDATE account_link SET status = 'offline' WHERE id = $1", ben["id"])
    assert (await scrape(application))["overture_inbox_lag_seconds"] == 10


async def test_open_and_unknown_attempts_and_held_leads_are_counted_over_all_teams(
    application: FastAPI, database: Pool, team: Tenant, other_team: Tenant
) -> None:
    for owner, state, held in ((team, "intent", 2), (other_team, "unknown", 3), (other_team, "notSent", 0)):
        campaign_id = ids.new("c")
        await database.execute(
            "INSERT INTO campaign (team_id, id, name, schedule_hours, created_at, updated_at)"
            " VALUES ($1, $2, 'Spring', '{}', $3, $3)",
            owner.id,
            campaign_id,
            START,
        )
        await database.execute(
            "INSERT INTO campaign_counter SELECT $1, $2, 0, 0, 0, 0, 0, 0, $3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0",
            owner.id,
            campaign_id,
            held,
        )
        await database.execute(
            "INSERT INTO attempt (team_id, id, app_id, account_id, campaign_id, lead_id, profile_id,"
            " sequence_version, rank, step_id, is_first, text, state, campaign_revision, intent_at, ended_at,"
            " lease_until, fence)"
            " VALUES ($1, $2, $3, $3, $4, $5, $3, 1, 0, $3, true, 'Hi', $6::text, 1, $7,"
            " CASE WHEN $6 = 'intent' THEN 'infinity' ELSE $7::timestamptz END, $7, 1)",
            owner.id,
            ids.new("q"),
            ids.new("p"),
            campaign_id,
            ids.new("d"),
            state,
            START,
        )
    shown = await scrape(application)
    assert shown["overture_attempts:open"] == 1
    assert shown["overture_attempts:unknown"] == 1
    await database.execute("UPDATE attempt SET reason = 'notFound' WHERE state = 'unknown'")
    assert (await scrape(application))["overture_attempts:unknown"] == 0  # a person decides, with the lead
    assert shown["overture_held_leads"] == 5
