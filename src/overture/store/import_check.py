"""What a check-only import would do: whom it has met so far, in a table of its own."""

from collections.abc import Collection

from overture.store.pool import Connection


async def platform_ids(connection: Connection, *, team_id: str, profile_ids: Collection[str]) -> dict[str, str]:
    """Return the platform ids of profiles."""
    rows = await connection.fetch(
        "SELECT id, platform_id FROM profile WHERE team_id = $1 AND id = ANY($2::text[])", team_id, list(profile_ids)
    )
    return {row["id"]: row["platform_id"] for row in rows}


async def meet(
    connection: Connection, *, team_id: str, list_id: str, job_id: str, platform: str, met: Collection[str]
) -> int:
    """Note people by platform id; return how many the import would add: neither met before nor on the list."""
    count: int = await connection.fetchval(
        """
        WITH met AS (
            INSERT INTO import_met (team_id, job_id, platform_id)
            SELECT $1, $3, u.platform_id FROM unnest($5::text[]) AS u (platform_id)
            ON CONFLICT DO NOTHING RETURNING platform_id
        )
        SELECT count(*) FROM met
         WHERE NOT EXISTS (SELECT FROM profile p
                             JOIN list_lead l ON l.team_id = $1 AND l.list_id = $2 AND l.profile_id = p.id
                            WHERE p.team_id = $1 AND p.platform = $4 AND p.platform_id = met.platform_id)
        """,
        team_id,
        list_id,
        job_id,
        platform,
        sorted(met),
    )
    return count
