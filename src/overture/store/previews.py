"""Previews: what must be known of one lead to write all its messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store.claims import DueLead
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A message that was sent to a lead, or is on its way, with the options it took."""

    step_id: str
    text: str
    choices: Sequence[Sequence[int]]
    accepted_at: datetime | None


async def lead(connection: Connection, *, team_id: str, lead_id: str) -> DueLead:
    """Return a lead with the person's profile, as those are read that are to be sent to; nothing is locked."""
    return (await leads(connection, team_id=team_id, lead_ids=[lead_id]))[lead_id]


async def leads(connection: Connection, *, team_id: str, lead_ids: Sequence[str]) -> dict[str, DueLead]:
    """Return several of them, by id."""
    rows = await connection.fetch(
        """
        SELECT l.id AS lead_id, l.campaign_id, l.profile_id, l.state, l.sequence_version, l.rank, l.since, l.data,
               f.platform_id, f.username, f.display_name, f.bio, f.location, f.website, f.follower_count,
               coalesce(o.consent_at IS NOT NULL, false) AS has_consent, NULL::timestamptz AS last_inbound_at,
               coalesce((SELECT array_agg(s.text) FROM attempt s WHERE s.team_id = $1 AND s.lead_id = l.id
                            AND s.state IN ('intent', 'unknown', 'accepted')), '{}') AS sent_texts,
               ARRAY(SELECT content FROM unplaced_message u WHERE u.team_id = $1 AND u.profile_id = l.profile_id)
                   AS unplaced_texts, NULL::timestamptz AS planned_at
          FROM lead l
          JOIN profile f ON f.team_id = $1 AND f.id = l.profile_id
          LEFT JOIN contact o ON o.team_id = $1 AND o.id = f.contact_id
         WHERE l.team_id = $1 AND l.id = ANY($2::text[])
        """,
        team_id,
        list(lead_ids),
    )
    return {row["lead_id"]: DueLead(**row) for row in rows}


async def sent(connection: Connection, *, team_id: str, lead_id: str) -> dict[str, Sent]:
    """Return what was sent to a lead or is on its way, by step."""
    rows = await connection.fetch(
        """
        SELECT step_id, text, choices, accepted_at FROM attempt
         WHERE team_id = $1 AND lead_id = $2 AND state IN ('intent', 'unknown', 'accepted')
        """,
        team_id,
        lead_id,
    )
    return {row["step_id"]: Sent(**row) for row in rows}
