"""The ledger: every try to send one message, from its intent to its outcome."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from overture.store import gates
from overture.store.pool import Connection


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """A message about to leave. The gate revisions are those the decision was made under."""

    id: str
    app_id: str
    account_id: str
    campaign_id: str
    lead_id: str
    profile_id: str
    sequence_version: int
    rank: int
    step_id: str
    is_first: bool
    text: str
    choices: Sequence[Sequence[int]]
    planned_at: datetime | None
    fence: int
    campaign_revision: int
    account_revision: int


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an attempt; `ended_at` closes its span."""

    attempt_id: str
    state: str
    outcome: str
    reason: str | None
    detail: str | None
    ended_at: datetime
    accepted_at: datetime | None
    platform_message_id: str | None


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt whose outcome was taken."""

    id: str
    account_id: str
    campaign_id: str
    lead_id: str
    profile_id: str
    sequence_version: int
    rank: int
    step_id: str
    is_first: bool
    text: str
    state: str
    intent_at: datetime
    ended_at: datetime
    fence: int


class SettledByHand(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt of no campaign whose outcome was taken; `message_id` is what its message is called."""

    id: str
    account_id: str
    profile_id: str
    text: str
    state: str
    ended_at: datetime
    fence: int
    message_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenAttempt:
    """An attempt whose outcome is not known; without a lead it is one by hand."""

    id: str
    account_id: str
    lead_id: str | None
    profile_id: str
    recipient_id: str
    state: str
    intent_at: datetime
    lease_until: datetime


async def write_intents(
    connection: Connection,
    *,
    team_id: str,
    now: datetime,
    lease_until: datetime,
    team_revision: int,
    intents: Sequence[Intent],
) -> int:
    """Write intents whose gates are open and unchanged; return how many were written.

    `team_revision` is that of the team's gate the decisions were made under.

    The gates are passed here, last of all: an edit waits for claims already under way and starves none.
    """
    await gates.pass_all(connection, team_id=team_id, campaign_ids=[intent.campaign_id for intent in intents])
    rows = await connection.fetch(
        """
        INSERT INTO attempt (team_id, id, app_id, account_id, campaign_id, lead_id, profile_id, sequence_version, rank,
                             step_id, is_first, text, choices, state, campaign_revision, intent_at, lease_until, fence,
                             planned_at)
        SELECT $1, v.id, v.app_id, v.account_id, v.campaign_id, v.lead_id, v.profile_id, v.sequence_version, v.rank,
               v.step_id, v.is_first, v.text, v.choices::jsonb, 'intent', v.campaign_revision, $2, $3, v.fence,
               v.planned_at
          FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::int[], $11::int[],
                      $12::text[], $13::boolean[], $14::text[], $15::text[], $16::bigint[], $17::bigint[],
                      $18::bigint[], $20::timestamptz[])
               AS v (id, app_id, account_id, campaign_id, lead_id, profile_id, sequence_version, rank, step_id,
                     is_first, text, choices, fence, campaign_revision, account_revision, planned_at)
          JOIN team_gate t ON t.team_id = $1 AND t.open AND t.revision = $19
          JOIN campaign_gate g ON g.team_id = $1 AND g.campaign_id = v.campaign_id
               AND g.open AND g.revision = v.campaign_revision
          JOIN account_gate a ON a.team_id = $1 AND a.account_id = v.account_id
               AND a.open AND a.revision = v.account_revision
           FOR SHARE OF a
        RETURNING id
        """,
        team_id,
        now,
        lease_until,
        [intent.id for intent in intents],
        [intent.app_id for intent in intents],
        [intent.account_id for intent in intents],
        [intent.campaign_id for intent in intents],
        [intent.lead_id for intent in intents],
        [intent.profile_id for intent in intents],
        [intent.sequence_version for intent in intents],
        [intent.rank for intent in intents],
        [intent.step_id for intent in intents],
        [intent.is_first for intent in intents],
        [intent.text for intent in intents],
        # As text: an array of arrays would read as one of two dimensions.
        [msgspec.json.encode(intent.choices).decode() for intent in intents],
        [intent.fence for intent in intents],
        [intent.campaign_revision for intent in intents],
        [intent.account_revision for intent in intents],
        team_revision,
        [intent.planned_at for intent in intents],
    )
    return len(rows)


async def settle(
    connection: Connection, *, team_id: str, settlements: Sequence[Settlement]
) -> tuple[list[Settled], list[SettledByHand]]:
    """Take outcomes, each once: an open attempt takes any, an unknown one only what is known. Late ones count too.

    Return those that were taken, in order: of campaigns, and by hand.

    The span of an unknown attempt had ended; it is longer if the platform took the message only after that.
    """
    rows = await connection.fetch(
        """
        UPDATE attempt a
           SET state = v.state, outcome = v.outcome, reason = v.reason, detail = v.detail,
               ended_at = CASE WHEN a.state = 'intent' THEN v.ended_at ELSE greatest(a.ended_at, v.accepted_at) END,
               accepted_at = v.accepted_at, platform_message_id = v.platform_message_id
          FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
                      $8::timestamptz[], $9::text[])
               AS v (id, state, outcome, reason, detail, ended_at, accepted_at, platform_message_id)
         WHERE a.team_id = $1 AND a.id = v.id
           AND (a.state = 'intent' OR (a.state = 'unknown' AND v.state <> 'unknown'))
        RETURNING a.id, a.account_id, a.campaign_id, a.lead_id, a.profile_id, a.sequence_version, a.rank, a.step_id,
                  a.is_first, a.text, a.state, a.intent_at, a.ended_at, a.fence, a.message_id
        """,
        team_id,
        [settlement.attempt_id for settlement in settlements],
        [settlement.state for settlement in settlements],
        [settlement.outcome for settlement in settlements],
        [settlement.reason for settlement in settlements],
        [settlement.detail for settlement in settlements],
        [settlement.ended_at for settlement in settlements],
        [settlement.accepted_at for settlement in settlements],
        [settlement.platform_message_id for settlement in settlements],
    )
    rows.sort(key=lambda row: row["id"])
    own = Settled.__struct_fields__
    by_hand = SettledByHand.__struct_fields__
    return (
        [Settled(**{name: row[name] for name in own}) for row in rows if row["message_id"] is None],
        [SettledByHand(**{name: row[name] for name in by_hand}) for row in rows if row["message_id"] is not None],
    )


async def account_ends(
    connection: Connection, *, team_id: str, account_ids: Sequence[str], after: datetime
) -> dict[str, list[tuple[str | None, datetime]]]:
    """Return per account the attempts that count (campaign, None by hand; end of span), ended after `after`."""
    rows = await connection.fetch(
        """
        SELECT account_id, campaign_id, ended_at FROM attempt
         WHERE team_id = $1 AND account_id = ANY($2::text[]) AND ended_at > $3 AND state <> 'notSent'
        """,
        team_id,
        list(account_ids),
        after,
    )
    ends: dict[str, list[tuple[str | None, datetime]]] = {account_id: [] for account_id in account_ids}
    for row in rows:
        ends[row["account_id"]].append((row["campaign_id"], row["ended_at"]))
    return ends


async def app_ends(connection: Connection, *, team_id: str, app_id: str, after: datetime) -> list[datetime]:
    """Return the ends of the attempts that count against an app's daily ceiling."""
    rows = await connection.fetch(
        """
        SELECT t.ended_at FROM account_link a
          JOIN attempt t ON t.team_id = $1 AND t.account_id = a.id AND t.ended_at > $3 AND t.state <> 'notSent'
         WHERE a.team_id = $1 AND a.app_id = $2
        """,
        team_id,
        app_id,
        after,
    )
    return [row["ended_at"] for row in rows]


async def open_attempts(connection: Connection, *, team_id: str, account_id: str) -> list[OpenAttempt]:
    """Return the account's attempts without a known outcome, oldest first."""
    rows = await connection.fetch(
        """
        SELECT a.id, a.account_id, a.lead_id, a.profile_id, f.platform_id AS recipient_id, a.state,
               a.intent_at, a.lease_until
          FROM attempt a JOIN profile f ON f.team_id = a.team_id AND f.id = a.profile_id
         WHERE a.team_id = $1 AND a.account_id = $2 AND a.state IN ('intent', 'unknown')
           AND a.reason IS DISTINCT FROM 'notFound'
         ORDER BY a.id
        """,
        team_id,
        account_id,
    )
    return [OpenAttempt(**row) for row in rows]


async def open_in_campaigns(connection: Connection, *, team_id: str, campaign_ids: Sequence[str]) -> dict[str, int]:
    """Return how many messages of campaigns are on their way or being looked for, by campaign; those with none lack."""
    rows = await connection.fetch(
        """
        SELECT campaign_id, count(*) AS open FROM attempt
         WHERE team_id = $1 AND campaign_id = ANY($2::text[]) AND state IN ('intent', 'unknown')
           AND reason IS DISTINCT FROM 'notFound'
         GROUP BY campaign_id
        """,
        team_id,
        campaign_ids,
    )
    return {row["campaign_id"]: row["open"] for row in rows}


async def orphaned_accounts(connection: Connection, *, wall_now: datetime) -> list[tuple[str, str]]:
    """Return (team, account) of intents whose lease has run out: their worker died or hangs."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT team_id, account_id FROM attempt
         WHERE state IN ('intent', 'unknown') AND (state = 'unknown' OR lease_until <= $1)
           AND reason IS DISTINCT FROM 'notFound'
        """,
        wall_now,
    )
    return [(row["team_id"], row["account_id"]) for row in rows]


async def not_found(connection: Connection, *, team_id: str, attempt_id: str) -> bool:
    """Note that a person decides about a message nobody can find; tell whether its outcome is still unknown.

    Late evidence still counts.
    """
    status = await connection.execute(
        "UPDATE attempt SET reason = 'notFound' WHERE team_id = $1 AND id = $2 AND state = 'unknown'",
        team_id,
        attempt_id,
    )
    return status == "UPDATE 1"


async def look_again(connection: Connection, *, team_id: str, account_id: str, profile_ids: Sequence[str]) -> bool:
    """Have the attempts to these profiles looked for again that were not found; tell whether there are any."""
    status = await connection.execute(
        """
        UPDATE attempt SET reason = 'leaseEnded'
         WHERE team_id = $1 AND account_id = $2 AND profile_id = ANY($3::text[]) AND state = 'unknown'
           AND reason = 'notFound' AND message_id IS NULL
        """,
        team_id,
        account_id,
        list(profile_ids),
    )
    return status != "UPDATE 0"


async def first_intents(connection: Connection, *, team_id: str, lead_ids: Sequence[str]) -> dict[str, datetime]:
    """Return when each lead's first message was tried, for leads with one that is open or accepted."""
    rows = await connection.fetch(
        """
        SELECT lead_id, min(intent_at) AS intent_at FROM attempt
         WHERE team_id = $1 AND lead_id = ANY($2::text[]) AND state IN ('intent', 'unknown', 'accepted')
         GROUP BY lead_id
        """,
        team_id,
        list(lead_ids),
    )
    return {row["lead_id"]: row["intent_at"] for row in rows}


async def facts(connection: Connection) -> Mapping[str, Any]:
    """Return what an operator watches: attempts over all teams that are open, or unknown and looked for.

    Those nobody can find wait for a person, with their leads.
    """
    row = await connection.fetchrow(
        """
        SELECT count(*) FILTER (WHERE state = 'intent') AS open,
               count(*) FILTER (WHERE state = 'unknown' AND reason IS DISTINCT FROM 'notFound') AS unknown
          FROM attempt WHERE state IN ('intent', 'unknown')
        """
    )
    assert row is not None
    return dict(row)
