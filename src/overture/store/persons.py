"""Persons: the one row that decides who may write to somebody now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from overture.store import wakeups
from overture.store.pool import Connection


class Engagement(msgspec.Struct, frozen=True, kw_only=True):
    """A lead that wants its person. `excludes_contacted`: the campaign takes nobody the team has contacted before."""

    profile_id: str
    lead_id: str
    is_first: bool
    excludes_contacted: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """What is known of somebody for the rules of contact; `by_hand_id`: a message by hand is on its way to them."""

    profile_id: str
    engaged_lead_id: str | None
    first_contacted_at: datetime | None
    last_inbound_at: datetime | None
    unanswered_end_at: datetime | None
    suppressed_at: datetime | None
    by_hand_id: str | None


async def engage(
    connection: Connection,
    *,
    team_id: str,
    wanted: Sequence[Engagement],
    allow_parallel: bool,
    recontact_before: datetime,
) -> set[str]:
    """Take each person for its lead where the person is free; return the leads that won.

    One person stands in `wanted` once. `recontact_before`: a sequence that ended unanswered after this instant keeps
    the person out of other campaigns. The row decides, in key order: asking first and writing later loses races.
    """
    ordered = sorted(wanted, key=lambda engagement: engagement.profile_id)
    rows = await connection.fetch(
        """
        INSERT INTO person AS p (team_id, profile_id, engaged_lead_id)
        SELECT $1, v.profile_id, v.lead_id
          FROM unnest($2::text[], $3::text[]) AS v (profile_id, lead_id) ORDER BY v.profile_id
        ON CONFLICT (team_id, profile_id) DO UPDATE SET engaged_lead_id = excluded.engaged_lead_id
         WHERE p.suppressed_at IS NULL AND p.by_hand_id IS NULL
           AND (p.engaged_lead_id IS NULL OR p.engaged_lead_id = excluded.engaged_lead_id OR $6)
           AND (p.unanswered_end_at IS NULL OR p.unanswered_end_at <= $7 OR $6
                OR p.engaged_lead_id = excluded.engaged_lead_id)
           AND (p.first_contacted_at IS NULL OR NOT EXISTS (
                SELECT FROM unnest($3::text[], $4::boolean[], $5::boolean[]) AS w (lead_id, is_first, excludes)
                 WHERE w.lead_id = excluded.engaged_lead_id AND w.is_first AND w.excludes))
        RETURNING engaged_lead_id
        """,
        team_id,
        [engagement.profile_id for engagement in ordered],
        [engagement.lead_id for engagement in ordered],
        [engagement.is_first for engagement in ordered],
        [engagement.excludes_contacted for engagement in ordered],
        allow_parallel,
        recontact_before,
    )
    return {row["engaged_lead_id"] for row in rows}


async def read(connection: Connection, *, team_id: str, profile_ids: Sequence[str]) -> dict[str, Person]:
    """Return what is known of these persons; those nobody ever had to do with are absent."""
    rows = await connection.fetch(
        """
        SELECT profile_id, engaged_lead_id, first_contacted_at, last_inbound_at, unanswered_end_at, suppressed_at,
               by_hand_id
          FROM person WHERE team_id = $1 AND profile_id = ANY($2::text[])
        """,
        team_id,
        list(profile_ids),
    )
    return {row["profile_id"]: Person(**row) for row in rows}


async def lock(connection: Connection, *, team_id: str, profile_ids: Sequence[str]) -> None:
    """Lock person rows in key order."""
    await connection.execute(
        """
        SELECT FROM person WHERE team_id = $1 AND profile_id = ANY($2::text[])
         ORDER BY profile_id FOR NO KEY UPDATE
        """,
        team_id,
        sorted(set(profile_ids)),
    )


async def lock_of(connection: Connection, *, team_id: str, lead_ids: Sequence[str]) -> None:
    """Lock, in key order, the persons these leads are about; parked leads are moved by whoever has their person."""
    await connection.execute(
        """
        SELECT FROM person
         WHERE team_id = $1 AND profile_id IN (SELECT profile_id FROM lead WHERE team_id = $1 AND id = ANY($2::text[]))
         ORDER BY profile_id FOR NO KEY UPDATE
        """,
        team_id,
        list(lead_ids),
    )


async def contacted(connection: Connection, *, team_id: str, contacts: Sequence[tuple[str, datetime]]) -> list[str]:
    """Note the first contact of persons given as (profile, instant); return those for whom it was noted now."""
    ordered = sorted(contacts)
    rows = await connection.fetch(
        """
        INSERT INTO person AS p (team_id, profile_id, first_contacted_at)
        SELECT $1, v.profile_id, min(v.at) FROM unnest($2::text[], $3::timestamptz[]) AS v (profile_id, at)
         GROUP BY v.profile_id ORDER BY v.profile_id
        ON CONFLICT (team_id, profile_id) DO UPDATE
           SET first_contacted_at = least(p.first_contacted_at, excluded.first_contacted_at)
         WHERE p.first_contacted_at IS NULL OR p.first_contacted_at > excluded.first_contacted_at
        RETURNING p.profile_id
        """,
        team_id,
        [profile_id for profile_id, _ in ordered],
        [at for _, at in ordered],
    )
    return [row["profile_id"] for row in rows]


async def wrote(connection: Connection, *, team_id: str, inbound: Sequence[tuple[str, datetime]]) -> None:
    """Note the latest message from persons given as (profile, instant)."""
    ordered = sorted(inbound)
    await connection.execute(
        """
        INSERT INTO person AS p (team_id, profile_id, last_inbound_at)
        SELECT $1, v.profile_id, max(v.at) FROM unnest($2::text[], $3::timestamptz[]) AS v (profile_id, at)
         GROUP BY v.profile_id ORDER BY v.profile_id
        ON CONFLICT (team_id, profile_id) DO UPDATE
           SET last_inbound_at = greatest(p.last_inbound_at, excluded.last_inbound_at)
        """,
        team_id,
        [profile_id for profile_id, _ in ordered],
        [at for _, at in ordered],
    )


async def resume(connection: Connection, *, team_id: str, lead_ids: Sequence[str]) -> None:
    """Take persons for leads that go on where they stood, unless another lead has them by now."""
    await connection.execute(
        """
        WITH free AS (
            SELECT p.profile_id, l.id FROM lead l JOIN person p ON p.team_id = $1 AND p.profile_id = l.profile_id
             WHERE l.team_id = $1 AND l.id = ANY($2::text[]) AND p.engaged_lead_id IS NULL
             ORDER BY p.profile_id FOR NO KEY UPDATE OF p
        )
        UPDATE person p SET engaged_lead_id = free.id
          FROM free WHERE p.team_id = $1 AND p.profile_id = free.profile_id AND p.engaged_lead_id IS NULL
        """,
        team_id,
        list(lead_ids),
    )


async def free(
    connection: Connection, *, team_id: str, lead_ids: Sequence[str], unanswered_at: datetime | None, now: datetime
) -> None:
    """Free the persons these leads hold: who waited for them is due at `now`.

    `unanswered_at` notes that a sequence ended there without an answer.
    """
    freed = await _release(connection, team_id=team_id, lead_ids=lead_ids, unanswered_at=unanswered_at)
    await unpark(connection, team_id=team_id, profile_ids=freed, due_at=now)


async def _release(
    connection: Connection, *, team_id: str, lead_ids: Sequence[str], unanswered_at: datetime | None
) -> list[str]:
    """Free the persons these leads hold; return their profiles."""
    rows = await connection.fetch(
        """
        WITH held AS (
            SELECT p.profile_id FROM lead l JOIN person p ON p.team_id = $1 AND p.profile_id = l.profile_id
             WHERE l.team_id = $1 AND l.id = ANY($2::text[]) AND p.engaged_lead_id = l.id
             ORDER BY p.profile_id FOR NO KEY UPDATE OF p
        )
        UPDATE person p SET engaged_lead_id = NULL, unanswered_end_at = coalesce($3, p.unanswered_end_at)
          FROM held WHERE p.team_id = $1 AND p.profile_id = held.profile_id
        RETURNING p.profile_id
        """,
        team_id,
        list(lead_ids),
        unanswered_at,
    )
    return [row["profile_id"] for row in rows]


async def park(connection: Connection, *, team_id: str, lead_ids: Sequence[str]) -> None:
    """Take leads out of the plan until their person is free."""
    await connection.execute(
        """
        WITH due AS (
            DELETE FROM lead_due WHERE team_id = $1 AND lead_id = ANY($2::text[]) RETURNING *
        )
        INSERT INTO lead_parked (team_id, profile_id, lead_id, account_id, campaign_id)
        SELECT $1, l.profile_id, d.lead_id, d.account_id, d.campaign_id
          FROM due d JOIN lead l ON l.team_id = $1 AND l.id = d.lead_id
        ON CONFLICT DO NOTHING
        """,
        team_id,
        list(lead_ids),
    )


# The accounts may have changed while a lead waited outside the plan.
_ASK_FOR_PLANS = """
        asked AS (
            INSERT INTO duty AS d (team_id, kind, key, due_at)
            SELECT DISTINCT $1::text, 'plan', p.campaign_id::text, {due_at}::timestamptz FROM placed p
             WHERE p.is_first AND NOT EXISTS (
                   SELECT FROM campaign_account ca
                     JOIN account_link a ON a.team_id = $1 AND a.id = ca.account_id AND a.status = 'active'
                    WHERE ca.team_id = $1 AND ca.campaign_id = p.campaign_id AND ca.account_id = p.account_id
                      AND ca.is_member)
             ORDER BY 3
            ON CONFLICT (team_id, kind, key) DO UPDATE
               SET due_at = least(d.due_at, excluded.due_at), wanted = d.wanted + 1, starts = 0
        )
"""


async def unpark(connection: Connection, *, team_id: str, profile_ids: Sequence[str], due_at: datetime) -> None:
    """Put the parked leads of persons who are free again back into the plan, and wake their accounts.

    Where an account cannot take a first message any more, the plan is asked to mend that.
    """
    if not profile_ids:
        return
    rows = await connection.fetch(
        """
        WITH woken AS (
            DELETE FROM lead_parked WHERE team_id = $1 AND profile_id = ANY($2::text[]) RETURNING *
        ), placed AS (
            INSERT INTO lead_due (team_id, account_id, campaign_id, is_first, due_at, lead_id)
            SELECT $1, w.account_id, w.campaign_id, l.contacted_at IS NULL, $3, w.lead_id
              FROM woken w JOIN lead l ON l.team_id = $1 AND l.id = w.lead_id AND l.state IN ('ready', 'inSequence')
            ON CONFLICT DO NOTHING
            RETURNING account_id, campaign_id, is_first
        ),
        """
        + _ASK_FOR_PLANS.format(due_at="$3")
        + "SELECT account_id FROM placed",
        team_id,
        list(profile_ids),
        due_at,
    )
    account_ids = sorted({row["account_id"] for row in rows})
    if account_ids:
        await wakeups.give(connection, team_id=team_id, account_ids=account_ids, at=due_at)


async def unpark_all(connection: Connection, *, team_id: str, due_at: datetime) -> None:
    """Put all parked leads of a team back into the plan: the rules they wait for have changed."""
    await connection.execute(
        """
        WITH held AS (
            SELECT profile_id FROM person
             WHERE team_id = $1 AND profile_id IN (SELECT profile_id FROM lead_parked WHERE team_id = $1)
             ORDER BY profile_id FOR NO KEY UPDATE
        ), woken AS (
            DELETE FROM lead_parked k USING held h WHERE k.team_id = $1 AND k.profile_id = h.profile_id RETURNING k.*
        ), placed AS (
            INSERT INTO lead_due (team_id, account_id, campaign_id, is_first, due_at, lead_id)
            SELECT $1, w.account_id, w.campaign_id, l.contacted_at IS NULL, $2, w.lead_id
              FROM woken w JOIN lead l ON l.team_id = $1 AND l.id = w.lead_id AND l.state IN ('ready', 'inSequence')
            ON CONFLICT DO NOTHING
            RETURNING account_id, campaign_id, is_first
        ),
        """
        + _ASK_FOR_PLANS.format(due_at="$2")
        + "SELECT FROM placed",
        team_id,
        due_at,
    )
