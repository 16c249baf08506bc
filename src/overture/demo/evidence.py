"""Gathers the evidence for a proof: the platform's record over HTTP, the ledger by reading the database, no more."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import asyncpg

from overture.demo.campaign import Api
from overture.demo.history import Account, Attempt, Counters, History, Lead, Message, Revision, Step
from overture.store.pool import Connection

_ACCOUNTS = """
SELECT a.id, a.platform_id, a.username, a.hourly_limit, a.daily_limit, p.read_at
  FROM campaign_account c
  JOIN account_link a ON a.team_id = c.team_id AND a.id = c.account_id
  JOIN account_pace p ON p.team_id = c.team_id AND p.account_id = c.account_id
 WHERE c.campaign_id = $1 ORDER BY c.position
"""
_ATTEMPTS = """
SELECT t.id, a.platform_id AS sender, f.platform_id AS recipient, t.sequence_version AS version, t.rank, t.step_id,
       t.text, t.state, t.platform_message_id AS message_id
  FROM attempt t
  JOIN account_link a ON a.team_id = t.team_id AND a.id = t.account_id
  JOIN profile f ON f.team_id = t.team_id AND f.id = t.profile_id
 WHERE t.campaign_id = $1 ORDER BY t.id
"""
_LEADS = """
SELECT f.platform_id AS id, l.state, l.reason, l.contacted_at IS NOT NULL AS is_contacted,
       l.replied_at IS NOT NULL AS has_replied, s.name AS status,
       coalesce(n.suppressed_at IS NOT NULL, false) AS is_suppressed
  FROM lead l
  JOIN profile f ON f.team_id = l.team_id AND f.id = l.profile_id
  LEFT JOIN contact o ON o.team_id = f.team_id AND o.id = f.contact_id
  LEFT JOIN status s ON s.team_id = o.team_id AND s.id = o.status_id
  LEFT JOIN person n ON n.team_id = l.team_id AND n.profile_id = l.profile_id
 WHERE l.campaign_id = $1 ORDER BY l.id
"""
_REVISIONS = "SELECT at, settings FROM campaign_revision WHERE campaign_id = $1 ORDER BY revision"
_STEPS = "SELECT version, rank, type, data FROM sequence_step WHERE campaign_id = $1 ORDER BY version, rank"
_PROGRESS = """
SELECT a.id AS account_id, count(t.id) FILTER (WHERE t.is_first) AS firsts,
       count(t.id) FILTER (WHERE NOT t.is_first) AS follow_ups
  FROM campaign_account c
  JOIN account_link a ON a.team_id = c.team_id AND a.id = c.account_id
  LEFT JOIN attempt t ON t.team_id = c.team_id AND t.account_id = c.account_id AND t.campaign_id = c.campaign_id
       AND t.state = 'accepted'
 WHERE c.campaign_id = $1 GROUP BY a.id, c.position ORDER BY c.position
"""


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[Connection]:
    """One connection that cannot write."""
    connection = await asyncpg.connect(dsn, server_settings={"default_transaction_read_only": "on"})
    try:
        yield connection
    finally:
        await connection.close()


async def sends_by_account(connection: Connection, *, campaign_id: str) -> dict[str, tuple[int, int]]:
    """Return how many first messages and follow-ups each account's ledger holds, by account link."""
    rows = await connection.fetch(_PROGRESS, campaign_id)
    return {row["account_id"]: (row["firsts"], row["follow_ups"]) for row in rows}


async def gather(
    api: Api,
    connection: Connection,
    *,
    campaign_id: str,
    reachable: frozenset[str] | None,
    reply_status: str | None,
) -> History:
    """Read everything a judge needs. Nothing of the campaign may be on its way: completed, or paused for a moment.

    Late answers may still come in meanwhile, so it is read again until the counters stood still.
    """
    while True:
        before = await api.get(f"/campaigns/{campaign_id}")
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            rows = {
                name: await connection.fetch(query, campaign_id)
                for name, query in (
                    ("accounts", _ACCOUNTS),
                    ("attempts", _ATTEMPTS),
                    ("leads", _LEADS),
                    ("revisions", _REVISIONS),
                    ("steps", _STEPS),
                )
            }
        after = await api.get(f"/campaigns/{campaign_id}")
        if _counters(before) == _counters(after):
            break
    platform_ids = {row["id"]: row["platform_id"] for row in rows["accounts"]}
    steps: dict[int, list[Step]] = {}
    for row in rows["steps"]:
        steps.setdefault(row["version"], []).append(_step(row))
    return History(
        messages=[_message(each) for each in await api.sandbox_all("/messages")],
        attempts=[Attempt(**row) for row in rows["attempts"]],
        revisions=[_revision(row["at"], json.loads(row["settings"]), platform_ids) for row in rows["revisions"]],
        steps=steps,
        accounts=[_account(row) for row in rows["accounts"]],
        leads=[Lead(**row) for row in rows["leads"]],
        counters=_counters(after),
        reachable=reachable,
        reply_status=reply_status,
    )


def _counters(campaign: Mapping[str, Any]) -> Counters:
    return Counters(
        status=campaign["status"],
        targets=campaign["targetsCount"],
        assessed=campaign["scopeAssessedCount"],
        contacted=campaign["contactedCount"],
        replies=campaign["repliesCount"],
        completion_rate=campaign["completionRate"],
        reply_rate=campaign["replyRate"],
    )


def _message(shown: Mapping[str, Any]) -> Message:
    return Message(
        id=shown["id"],
        sender=shown["sender"],
        recipient=shown["recipient"],
        text=shown["text"],
        at=datetime.fromisoformat(shown["time"]),
        is_sent=shown["origin"] == "api",
    )


def _step(row: asyncpg.Record) -> Step:
    data = json.loads(row["data"])
    return Step(rank=row["rank"], type=row["type"], delay_seconds=data.get("delaySeconds", 0))


def _account(row: asyncpg.Record) -> Account:
    return Account(
        id=row["platform_id"],
        username=row["username"],
        hourly_limit=row["hourly_limit"],
        daily_limit=row["daily_limit"],
        read_at=row["read_at"],
    )


def _revision(at: datetime, settings: Mapping[str, Any], platform_ids: Mapping[str, str]) -> Revision:
    return Revision(
        at=at,
        is_open=settings["open"],
        rate=settings["hourlyMessageRate"],
        zone=settings["scheduleTimezone"],
        hours=settings["scheduleHours"],
        accounts=frozenset(platform_ids[account_id] for account_id in settings["accountLinkIds"]),
    )
