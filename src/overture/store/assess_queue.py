"""The queue of leads whose reachability is to be found out, and of those a further account is to be asked about."""

from datetime import datetime

from overture.store.pool import Connection

ANEW = "ON CONFLICT (team_id, campaign_id, lead_id) DO UPDATE SET account_id = NULL, tries = 0"
"""How a lead that is to be assessed is put in. One that stands there already is there for a further account only, as a
plan that was made at the same moment left it: taken out as such, it would be assessed by nobody."""


async def want_forgotten(connection: Connection, *, team_id: str, campaign_id: str, due_at: datetime) -> None:
    """Have what is in the queue worked off if no run is to come: one under way may have looked before it was there."""
    await connection.execute(
        """
        INSERT INTO duty AS d (team_id, kind, key, due_at)
        SELECT $1::text, 'assess', $2::text, $3::timestamptz
         WHERE EXISTS (SELECT FROM assess_queue WHERE team_id = $1::text AND campaign_id = $2::text)
        ON CONFLICT (team_id, kind, key) DO UPDATE
           SET due_at = least(d.due_at, excluded.due_at), wanted = d.wanted + 1, starts = 0
         WHERE d.due_at = 'infinity' OR d.lease_until > '-infinity'
        """,
        team_id,
        campaign_id,
        due_at,
    )
