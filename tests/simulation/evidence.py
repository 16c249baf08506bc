"""What the judge of a simulated run looks at: the platform's record, the ledger, the settings, the counters."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import httpx
from tests import recounts


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A message of the platform's record; `is_ours` tells that it came through the platform's API."""

    id: str
    sender: str
    recipient: str
    text: str
    at: datetime
    is_ours: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A row of the ledger; campaign, lead and step of a message by hand are empty."""

    id: str
    team_id: str
    campaign_id: str
    lead_id: str
    sender: str
    recipient: str
    version: int
    rank: int
    step_id: str
    text: str
    state: str
    intent_at: datetime
    message_id: str | None

    @property
    def is_by_hand(self) -> bool:
        """Whether it is of no campaign."""
        return not self.lead_id


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """The settings of a campaign from an instant on; accounts by the platform's ids."""

    at: datetime
    is_open: bool
    rate: int
    zone: str
    hours: Mapping[str, Mapping[str, int]]
    accounts: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A lead at the end; `person` is the platform's id."""

    id: str
    campaign_id: str
    person: str
    state: str
    reason: str | None
    is_contacted: bool
    has_replied: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """Everything of one history. `counters` and `recount` are by campaign; `senders` by platform id, with how far
    their inboxes were read, `team_of` with whose they are; `limits` are each sender's, hourly and daily, from an
    instant on, `miscounted` says where what came of campaigns is kept wrong, `caps` each team's for its app. `begun`
    says with which turn attempts of a team, account, campaign, lead or person were committed, `closed` between which
    turns none might. `lifted` says when suppressions were ended, by team and person, `continued` of leads from when
    on what their person had written until then was no answer. `steps` are the messages of
    each campaign that never had but one sequence. Where it `keeps`, nobody left a campaign but by its sequence.
    `left_out` are members of followed lists whom their campaign does not know, as campaign and person; `unread` is
    how long a message may lie in an inbox that no follow-up asks for. `consents` says of teams that ask who agreed
    from an instant on, or no longer did."""

    messages: Sequence[Sent]
    entries: Sequence[Entry]
    rules: Mapping[str, Sequence[Rule]]
    delays: Mapping[tuple[str, int, int], int]
    leads: Sequence[Standing]
    counters: Mapping[str, Mapping[str, int]]
    recount: Mapping[str, Mapping[str, int]]
    miscounted: Sequence[str]
    senders: Mapping[str, datetime]
    team_of: Mapping[str, str]
    limits: Mapping[str, Sequence[tuple[datetime, int, int]]]
    caps: Mapping[str, int]
    suppressed: frozenset[tuple[str, str]]
    lifted: Mapping[tuple[str, str], Sequence[datetime]]
    continued: Mapping[str, Sequence[tuple[datetime, datetime]]]
    consents: Mapping[str, Mapping[str, Sequence[tuple[datetime, bool]]]]
    steps: Mapping[str, int]
    keeps: bool
    left_out: Sequence[tuple[str, str]]
    unread: timedelta
    begun: Sequence[tuple[int, str]]
    closed: Mapping[str, Sequence[tuple[int, int | None]]]


UNREAD = timedelta(hours=2)
"""How long a message may lie unread where every quiet inbox is read every hour."""

_ENTRIES = """
SELECT t.id, t.team_id, coalesce(t.campaign_id, '') AS campaign_id, coalesce(t.lead_id, '') AS lead_id,
       a.platform_id AS sender, f.platform_id AS recipient, coalesce(t.sequence_version, 0) AS version,
       coalesce(t.rank, 0) AS rank, coalesce(t.step_id, '') AS step_id, t.text, t.state, t.intent_at,
       t.platform_message_id AS message_id
  FROM attempt t JOIN account_link a ON a.id = t.account_id JOIN profile f ON f.id = t.profile_id ORDER BY t.id
"""
_LEADS = """
SELECT l.id, l.campaign_id, f.platform_id AS person, l.state, l.reason, l.contacted_at IS NOT NULL AS is_contacted,
       l.replied_at IS NOT NULL AS has_replied
  FROM lead l JOIN profile f ON f.id = l.profile_id ORDER BY l.id
"""
_STEPS = """
SELECT campaign_id, count(*) FILTER (WHERE type = 'message') AS messages FROM sequence_step
 GROUP BY campaign_id HAVING count(DISTINCT version) = 1
"""
_LEFT_OUT = """
SELECT DISTINCT cl.campaign_id, f.platform_id
  FROM campaign_list cl JOIN list_lead m ON m.list_id = cl.list_id JOIN profile f ON f.id = m.profile_id
 WHERE cl.role = 'synced'
   AND NOT EXISTS (SELECT FROM lead l WHERE l.campaign_id = cl.campaign_id AND l.profile_id = m.profile_id)
 ORDER BY 1, 2
"""
_STATES = [
    "assessing",
    "ready",
    "in_sequence",
    "finished",
    "replied",
    "held",
    "failed",
    "canceled",
    "unreachable",
    "excluded",
    "removed",
]
_WIRE = {"in_sequence": "inSequence"}
_RECOUNT = """
SELECT campaign_id, count(*) FILTER (WHERE contacted_at IS NOT NULL) AS contacted,
       count(*) FILTER (WHERE replied_at IS NOT NULL) AS answered,
       count(*) FILTER (WHERE contacted_at IS NOT NULL
           OR state NOT IN ('excluded', 'removed', 'canceled', 'unreachable')) AS targets,
""" + ", ".join(f"count(*) FILTER (WHERE state = '{_WIRE.get(state, state)}') AS {state}" for state in _STATES)
_COUNTED = ", ".join(f"sum({name})::bigint AS {name}" for name in ("contacted", "answered", "targets", *_STATES))


async def gather(
    dsn: str,
    control: httpx.AsyncClient,
    *,
    limits: Mapping[str, Sequence[tuple[datetime, int, int]]],
    lifted: Mapping[tuple[str, str], Sequence[datetime]],
    continued: Mapping[str, Sequence[tuple[datetime, datetime]]],
    consents: Mapping[str, Mapping[str, Sequence[tuple[datetime, bool]]]],
    begun: Sequence[tuple[int, str]],
    closed: Mapping[str, Sequence[tuple[int, int | None]]],
    keeps: bool,
    unread: timedelta = UNREAD,
) -> Evidence:
    """Read it all, once nothing moves any more."""
    connection = await asyncpg.connect(dsn)
    try:
        accounts = {
            row["id"]: row
            for row in await connection.fetch(
                "SELECT a.id, a.team_id, a.platform_id, p.read_at"
                "  FROM account_link a JOIN account_pace p ON p.account_id = a.id"
            )
        }
        rules: dict[str, list[Rule]] = {}
        for row in await connection.fetch("SELECT * FROM campaign_revision ORDER BY campaign_id, revision"):
            settings = json.loads(row["settings"])
            named = frozenset(accounts[account_id]["platform_id"] for account_id in settings["accountLinkIds"])
            rules.setdefault(row["campaign_id"], []).append(_rule(row["at"], settings, named))
        steps = await connection.fetch(
            "SELECT campaign_id, version, rank, data FROM sequence_step WHERE type = 'delay'"
        )
        suppressed = await connection.fetch(
            "SELECT p.team_id, f.platform_id FROM person p JOIN profile f ON f.id = p.profile_id"
            " WHERE suppressed_at IS NOT NULL"
        )
        caps = await connection.fetch("SELECT team_id, daily_cap FROM app_budget WHERE daily_cap IS NOT NULL")
        return Evidence(
            messages=[_message(each) for each in await _record(control)],
            entries=[Entry(**row) for row in await connection.fetch(_ENTRIES)],
            rules=rules,
            delays={
                (row["campaign_id"], row["version"], row["rank"]): json.loads(row["data"])["delaySeconds"]
                for row in steps
            },
            leads=[Standing(**row) for row in await connection.fetch(_LEADS)],
            counters=_by_campaign(
                await connection.fetch(f"SELECT campaign_id, {_COUNTED} FROM campaign_counter GROUP BY campaign_id")
            ),
            recount=_by_campaign(await connection.fetch(_RECOUNT + " FROM lead GROUP BY campaign_id")),
            miscounted=await recounts.miscounted(connection),
            senders={row["platform_id"]: row["read_at"] for row in accounts.values()},
            team_of={row["platform_id"]: row["team_id"] for row in accounts.values()},
            limits={accounts[account_id]["platform_id"]: changes for account_id, changes in limits.items()},
            caps={row["team_id"]: row["daily_cap"] for row in caps},
            suppressed=frozenset((row["team_id"], row["platform_id"]) for row in suppressed),
            lifted=lifted,
            continued=continued,
            consents=consents,
            steps={row["campaign_id"]: row["messages"] for row in await connection.fetch(_STEPS)},
            keeps=keeps,
            unread=unread,
            left_out=[(row["campaign_id"], row["platform_id"]) for row in await connection.fetch(_LEFT_OUT)],
            begun=begun,
            closed=closed,
        )
    finally:
        await connection.close()


async def _record(control: httpx.AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        answer = await control.get("/_sandbox/messages", params={"limit": 1_000, "offset": len(found)})
        page = answer.json()
        found += page
        if len(page) < 1_000:
            return found


def _message(shown: Mapping[str, Any]) -> Sent:
    return Sent(
        id=shown["id"],
        sender=shown["sender"],
        recipient=shown["recipient"],
        text=shown["text"],
        at=datetime.fromisoformat(shown["time"]),
        is_ours=shown["origin"] == "api",
    )


def _rule(at: datetime, settings: Mapping[str, Any], accounts: frozenset[str]) -> Rule:
    return Rule(
        at=at,
        is_open=settings["open"],
        rate=settings["hourlyMessageRate"],
        zone=settings["scheduleTimezone"],
        hours=settings["scheduleHours"],
        accounts=accounts,
    )


def _by_campaign(rows: Sequence[asyncpg.Record]) -> dict[str, dict[str, int]]:
    return {row["campaign_id"]: {name: value for name, value in row.items() if name != "campaign_id"} for row in rows}
