"""Messages by hand: attempts of no campaign, and the person who is kept for one while it is on its way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store import gates
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Intent:
    """A message about to leave that a person, or a program of theirs, sends.

    `message_id` is what it will be called; `token_id` or `member_id` tells whose it is.
    """

    id: str
    app_id: str
    account_id: str
    profile_id: str
    text: str
    message_id: str
    token_id: str | None
    member_id: str | None
    fence: int
    account_revision: int

    @property
    def lead_id(self) -> None:
        """No lead: it is of no campaign."""
        return


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipient:
    """What decides whether an account may write to a person; `has_inbound`: they have written to this account."""

    platform_id: str
    account_status: str
    has_inbound: bool
    has_consent: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """What became of an attempt by hand so far."""

    message_id: str
    state: str
    reason: str | None
    lease_until: datetime


async def write(
    connection: Connection,
    *,
    team_id: str,
    now: datetime,
    lease_until: datetime,
    team_revision: int,
    intent: Intent,
) -> bool:
    """Write an intent if the gates of team and account are open and unchanged; tell whether they are.

    The gates are passed here, last of all, as for the intents of campaigns.
    """
    await gates.pass_all(connection, team_id=team_id)
    written = await connection.fetchrow(
        """
        INSERT INTO attempt (team_id, id, app_id, account_id, profile_id, text, state, intent_at, lease_until, fence,
                             message_id, token_id, member_id)
        SELECT $1, $5, $6, g.account_id, $8, $9, 'intent', $2, $3, $10, $11, $12, $13
          FROM account_gate g
          JOIN team_gate t ON t.team_id = $1 AND t.open AND t.revision = $4
         WHERE g.team_id = $1 AND g.account_id = $7 AND g.open AND g.revision = $14
           FOR SHARE OF g
        RETURNING id
        """,
        team_id,
        now,
        lease_until,
        team_revision,
        intent.id,
        intent.app_id,
        intent.account_id,
        intent.profile_id,
        intent.text,
        intent.fence,
        intent.message_id,
        intent.token_id,
        intent.member_id,
        intent.account_revision,
    )
    return written is not None


async def take_person(connection: Connection, *, team_id: str, profile_id: str, attempt_id: str) -> bool:
    """Keep a person for one message; False where they are suppressed, or kept for another one."""
    taken = await connection.fetchrow(
        """
        INSERT INTO person AS p (team_id, profile_id, by_hand_id) VALUES ($1, $2, $3)
        ON CONFLICT (team_id, profile_id) DO UPDATE SET by_hand_id = excluded.by_hand_id
         WHERE p.suppressed_at IS NULL AND p.by_hand_id IS NULL
        RETURNING profile_id
        """,
        team_id,
        profile_id,
        attempt_id,
    )
    return taken is not None


async def free_persons(connection: Connection, *, team_id: str, attempt_ids: Sequence[str]) -> list[str]:
    """Let go of the persons kept for these messages; return their profiles."""
    rows = await connection.fetch(
        """
        WITH kept AS (
            SELECT p.profile_id FROM attempt a
              JOIN person p ON p.team_id = $1 AND p.profile_id = a.profile_id AND p.by_hand_id = a.id
             WHERE a.team_id = $1 AND a.id = ANY($2::text[])
             ORDER BY p.profile_id FOR NO KEY UPDATE OF p
        )
        UPDATE person p SET by_hand_id = NULL
          FROM kept WHERE p.team_id = $1 AND p.profile_id = kept.profile_id
        RETURNING p.profile_id
        """,
        team_id,
        list(attempt_ids),
    )
    return [row["profile_id"] for row in rows]


async def under_way(connection: Connection, *, team_id: str, account_id: str, profile_id: str) -> str | None:
    """Return the id of the message, or attempt, that is on its way from an account to a person, if there is one."""
    found: str | None = await connection.fetchval(
        """
        SELECT coalesce(message_id, id) FROM attempt
         WHERE team_id = $1 AND account_id = $2 AND profile_id = $3 AND state IN ('intent', 'unknown')
           AND reason IS DISTINCT FROM 'notFound'
         ORDER BY id LIMIT 1
        """,
        team_id,
        account_id,
        profile_id,
    )
    return found


async def kept_for(connection: Connection, *, team_id: str, profile_id: str) -> str | None:
    """Return the id of the message a person is kept for, if they are."""
    found: str | None = await connection.fetchval(
        """
        SELECT a.message_id FROM person p JOIN attempt a ON a.team_id = $1 AND a.id = p.by_hand_id
         WHERE p.team_id = $1 AND p.profile_id = $2
        """,
        team_id,
        profile_id,
    )
    return found


async def recipient(connection: Connection, *, team_id: str, account_id: str, profile_id: str) -> Recipient | None:
    """Return what decides whether an account may write to a person; None if there is no such profile.

    Whoever linked an account to the team has agreed to be written to by it.
    """
    row = await connection.fetchrow(
        """
        SELECT f.platform_id, f.account_status, o.consent_at IS NOT NULL
                   OR EXISTS (SELECT FROM account_link k WHERE k.team_id = $1 AND k.platform = f.platform
                                 AND k.platform_id = f.platform_id AND k.deleted_at IS NULL) AS has_consent,
               EXISTS (SELECT FROM thread t WHERE t.team_id = $1 AND t.account_id = $2 AND t.profile_id = f.id
                          AND t.last_inbound_at IS NOT NULL) AS has_inbound
          FROM profile f LEFT JOIN contact o ON o.team_id = $1 AND o.id = f.contact_id
         WHERE f.team_id = $1 AND f.id = $3
        """,
        team_id,
        account_id,
        profile_id,
    )
    return None if row is None else Recipient(**row)


async def made(connection: Connection, *, team_id: str, attempt_id: str) -> Made | None:
    """Return what became of an attempt by hand; None if there is none."""
    row = await connection.fetchrow(
        """
        SELECT message_id, state, reason, lease_until FROM attempt
         WHERE team_id = $1 AND id = $2 AND message_id IS NOT NULL
        """,
        team_id,
        attempt_id,
    )
    return None if row is None else Made(**row)
