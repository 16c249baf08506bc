"""What pre-flight asks of a campaign's leads, each question one statement over all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """A variable in a message; `step` is its rank."""

    step: int
    name: str
    fallback: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """How many leads have no value for a variable that has no fallback."""

    step: int
    name: str
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Remaining:
    """How many leads stand at a rank of the current version with messages still to come."""

    rank: int
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherMessage:
    """A message of another campaign; `step` as on the wire."""

    campaign_id: str
    campaign_name: str
    step: dict[str, Any]


# Leads that are known and not ended; one left out for missing consent would come in with it.
_KNOWN = """
    l.team_id = $1 AND l.campaign_id = $2
    AND (l.state IN ('assessing', 'ready', 'inSequence', 'held')
         OR (l.state = 'excluded' AND l.reason = 'consentMissing'))
"""
_OPEN = "l.team_id = $1 AND l.campaign_id = $2 AND l.state IN ('assessing', 'ready', 'inSequence', 'held')"
_CONSENTING = """
    (EXISTS (SELECT FROM profile f JOIN contact o ON o.team_id = f.team_id AND o.id = f.contact_id
              WHERE f.team_id = l.team_id AND f.id = l.profile_id AND o.consent_at IS NOT NULL)
     OR EXISTS (SELECT FROM thread t WHERE t.team_id = l.team_id AND t.account_id = ANY($3::text[])
                   AND t.profile_id = l.profile_id AND t.last_inbound_at IS NOT NULL))
"""

# The value of a variable for a lead, in the order texts take it: set on the lead, then lists in order. Names are read
# as texts read them only roughly here: who has no display name at all has no name.
_VALUE = """
    nullif(btrim(CASE u.name
        WHEN 'username' THEN f.username
        WHEN 'bio' THEN f.bio
        WHEN 'location' THEN f.location
        WHEN 'website' THEN f.website
        WHEN 'follower-count' THEN f.follower_count::text
        WHEN 'first-name' THEN f.display_name
        WHEN 'full-name' THEN f.display_name
        WHEN 'last-name' THEN CASE WHEN btrim(f.display_name) LIKE '% %' THEN f.display_name END
        ELSE coalesce(nullif(btrim(l.data ->> u.name), ''), (
            SELECT btrim(v.data ->> m.source_id)
              FROM unnest($4::text[], $5::text[], $6::text[]) WITH ORDINALITY
                   AS m (target_id, list_id, source_id, position)
              JOIN list_lead v ON v.team_id = $1 AND v.list_id = m.list_id AND v.profile_id = l.profile_id
             WHERE m.target_id = u.name AND btrim(v.data ->> m.source_id) <> ''
             ORDER BY m.position LIMIT 1))
        END), '')
"""


async def has_known_leads(connection: Connection, *, team_id: str, campaign_id: str) -> bool:
    """Tell whether the campaign knows any lead it could write to."""
    found: bool = await connection.fetchval(f"SELECT EXISTS (SELECT FROM lead l WHERE {_KNOWN})", team_id, campaign_id)
    return found


async def has_consenting_lead(
    connection: Connection, *, team_id: str, campaign_id: str, account_ids: Sequence[str]
) -> bool:
    """Tell whether any known lead gave consent or wrote to one of these accounts; stops at the first."""
    found: bool = await connection.fetchval(
        f"SELECT EXISTS (SELECT FROM lead l WHERE {_KNOWN} AND {_CONSENTING})",
        team_id,
        campaign_id,
        list(account_ids),
    )
    return found


async def count_without_consent(
    connection: Connection, *, team_id: str, campaign_id: str, account_ids: Sequence[str]
) -> int:
    """Count known leads who neither gave consent nor wrote to one of these accounts."""
    count: int = await connection.fetchval(
        f"SELECT count(*) FROM lead l WHERE {_KNOWN} AND NOT {_CONSENTING}",
        team_id,
        campaign_id,
        list(account_ids),
    )
    return count


async def missing_values(
    connection: Connection,
    *,
    team_id: str,
    campaign_id: str,
    uses: Sequence[Use],
    mappings: Sequence[tuple[str, str, str]],
) -> list[Gap]:
    """Count leads without a value for each of `uses` at their step or before it.

    A profile variable is known only of profiles that were looked up. `mappings`: (campaign column, list, list column)
    in the order of the lists.
    """
    rows = await connection.fetch(
        f"""
        SELECT u.step, u.name, count(*) AS count
          FROM unnest($3::jsonb[]) AS given (item)
         CROSS JOIN LATERAL (SELECT (item ->> 'step')::int AS step, item ->> 'name' AS name) u
          JOIN lead l ON {_OPEN} AND l.rank <= u.step
          JOIN profile f ON f.team_id = l.team_id AND f.id = l.profile_id
         WHERE (u.name LIKE 'custom\\_%' OR f.looked_up_at IS NOT NULL) AND {_VALUE} IS NULL
         GROUP BY u.step, u.name ORDER BY u.step, u.name
        """,
        team_id,
        campaign_id,
        [{"step": use.step, "name": use.name} for use in uses],
        *_columns(mappings),
    )
    return [Gap(**row) for row in rows]


async def count_too_long(
    connection: Connection,
    *,
    team_id: str,
    campaign_id: str,
    step: int,
    fixed: int,
    limit: int,
    uses: Sequence[Use],
    mappings: Sequence[tuple[str, str, str]],
) -> int:
    """Count leads whose message of `step` is longer than `limit` characters, `fixed` of them the same for all."""
    count: int = await connection.fetchval(
        f"""
        SELECT count(*)
          FROM lead l
          JOIN profile f ON f.team_id = l.team_id AND f.id = l.profile_id
         WHERE {_OPEN} AND l.rank <= $7
           AND $8::bigint + (SELECT sum(char_length(coalesce({_VALUE}, u.fallback, '')))
                               FROM unnest($3::jsonb[]) AS given (item)
                              CROSS JOIN LATERAL (SELECT item ->> 'name' AS name, item ->> 'fallback' AS fallback) u
                            ) > $9::bigint
        """,
        team_id,
        campaign_id,
        [{"name": use.name, "fallback": use.fallback} for use in uses],
        *_columns(mappings),
        step,
        fixed,
        limit,
    )
    return count


async def remaining(connection: Connection, *, team_id: str, campaign_id: str) -> list[Remaining]:
    """Count leads in scope by the rank of their next step."""
    rows = await connection.fetch(
        f"SELECT l.rank, count(*) AS count FROM lead l WHERE {_OPEN} GROUP BY l.rank ORDER BY l.rank",
        team_id,
        campaign_id,
    )
    return [Remaining(**row) for row in rows]


async def count_short_histories(connection: Connection, *, team_id: str, since: datetime) -> int:
    """Count linked accounts whose messages are known only from later than `since`."""
    count: int = await connection.fetchval(
        """
        SELECT count(*) FROM account_link
         WHERE team_id = $1 AND deleted_at IS NULL AND (history_from IS NULL OR history_from > $2)
        """,
        team_id,
        since,
    )
    return count


async def messages_of_other_accounts(
    connection: Connection, *, team_id: str, campaign_id: str, count: int
) -> list[OtherMessage]:
    """Return messages of enabled campaigns that send from accounts this campaign does not use, the latest first."""
    rows = await connection.fetch(
        """
        SELECT c.id AS campaign_id, c.name AS campaign_name, s.id, s.rank, s.type, s.data
          FROM campaign c
          JOIN sequence_step s ON s.team_id = $1 AND s.campaign_id = c.id AND s.version = c.sequence_version
               AND s.type = 'message'
         WHERE c.team_id = $1 AND c.id <> $2 AND c.enabled AND c.deleted_at IS NULL
           AND EXISTS (SELECT FROM campaign_account m
                        WHERE m.team_id = $1 AND m.campaign_id = c.id AND m.is_member
                          AND NOT EXISTS (SELECT FROM campaign_account o
                                           WHERE o.team_id = $1 AND o.campaign_id = $2 AND o.is_member
                                             AND o.account_id = m.account_id))
         ORDER BY c.id DESC, s.rank LIMIT $3
        """,
        team_id,
        campaign_id,
        count,
    )
    return [
        OtherMessage(
            campaign_id=row["campaign_id"],
            campaign_name=row["campaign_name"],
            step={name: row[name] for name in ("id", "rank", "type", "data")},
        )
        for row in rows
    ]


def _columns(mappings: Sequence[tuple[str, str, str]]) -> tuple[list[str], list[str], list[str]]:
    return (
        [target for target, _, _ in mappings],
        [list_id for _, list_id, _ in mappings],
        [source for _, _, source in mappings],
    )
