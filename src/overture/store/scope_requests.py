"""What a sync is asked to look at: every lead of a campaign anew, or profiles of which something has changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.store import campaign_rules
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What is to be compared, as it was asked for when the sync began.

    `revisions` are those of the campaign's lists, `seen` what the last sync had taken in of them (below 0: nothing).
    """

    is_full: bool
    wanted: int
    revisions: dict[tuple[str, str], int]
    seen: dict[tuple[str, str], int]


async def want_full(connection: Connection, *, team_id: str, campaign_ids: Sequence[str]) -> None:
    """Have the next sync of these campaigns compare everything."""
    await connection.execute(
        """
        INSERT INTO scope_request AS r (team_id, campaign_id)
        SELECT $1, u.id FROM unnest($2::text[]) AS u (id) ORDER BY u.id
        ON CONFLICT (team_id, campaign_id) DO UPDATE SET wanted = r.wanted + 1
        """,
        team_id,
        list(campaign_ids),
    )


async def want(connection: Connection, *, team_id: str, campaign_id: str, profile_ids: Sequence[str]) -> None:
    """Have the next sync of a campaign look at these profiles."""
    await connection.execute(
        """
        INSERT INTO scope_queue (team_id, campaign_id, profile_id)
        SELECT $1, $2, u.id FROM unnest($3::text[]) AS u (id)
        """,
        team_id,
        campaign_id,
        list(profile_ids),
    )


async def read(connection: Connection, *, team_id: str, campaign_id: str) -> Request:
    """Return what is asked for now.

    A campaign without lists, of which nobody said what has changed, is compared as a whole.
    """
    row = await connection.fetchrow(
        """
        SELECT coalesce(r.wanted, 0) AS wanted, coalesce(r.wanted > r.done, false) AS is_asked_for,
               EXISTS (SELECT FROM scope_queue q WHERE q.team_id = $1 AND q.campaign_id = $2) AS has_profiles,
               (SELECT coalesce(jsonb_agg(jsonb_build_array(cl.list_id, cl.role, l.revision, cl.seen_revision)), '[]')
                  FROM campaign_list cl JOIN list l ON l.team_id = $1 AND l.id = cl.list_id
                 WHERE cl.team_id = $1 AND cl.campaign_id = $2) AS lists
          FROM (SELECT) one LEFT JOIN scope_request r ON r.team_id = $1 AND r.campaign_id = $2
        """,
        team_id,
        campaign_id,
    )
    assert row is not None
    lists = row["lists"]
    is_full = row["is_asked_for"] or any(seen < 0 for *_, seen in lists) or not (lists or row["has_profiles"])
    return Request(
        is_full=is_full,
        wanted=row["wanted"],
        revisions={(list_id, role): revision for list_id, role, revision, _ in lists},
        seen={(list_id, role): seen for list_id, role, _, seen in lists},
    )


async def done(connection: Connection, *, team_id: str, campaign_id: str, request: Request) -> None:
    """Note that what was asked for is done, and forget list changes that every campaign has taken in.

    What was asked for anew meanwhile stays asked for. While a campaign has yet to see a list for the first time, the
    list's changes are kept: it may be reading at this moment.
    """
    await campaign_rules.lock(connection, team_id=team_id, campaign_id=campaign_id)
    await connection.execute(
        """
        WITH noted AS (
            UPDATE scope_request SET done = greatest(done, $3::bigint) WHERE team_id = $1 AND campaign_id = $2
        )
        UPDATE campaign_list cl SET seen_revision = v.revision
          FROM unnest($4::text[], $5::text[], $6::bigint[], $7::bigint[]) AS v (list_id, role, revision, seen)
         WHERE cl.team_id = $1 AND cl.campaign_id = $2 AND cl.list_id = v.list_id AND cl.role = v.role
           AND cl.seen_revision = v.seen AND v.revision > v.seen
        """,
        team_id,
        campaign_id,
        request.wanted,
        [list_id for list_id, _ in request.revisions],
        [role for _, role in request.revisions],
        list(request.revisions.values()),
        [request.seen[key] for key in request.revisions],
    )
    await connection.execute(
        """
        WITH taken_in AS (
            SELECT cl.list_id, min(cl.seen_revision) AS revision FROM campaign_list cl
             WHERE cl.team_id = $1 AND cl.list_id = ANY($2::text[])
             GROUP BY cl.list_id HAVING min(cl.seen_revision) >= 0
        )
        DELETE FROM list_change h USING taken_in t
         WHERE h.team_id = $1 AND h.list_id = t.list_id AND h.revision <= t.revision
        """,
        team_id,
        sorted({list_id for list_id, _ in request.revisions}),
    )


_CONTACTED = """
    SELECT c.id AS campaign_id, l.profile_id FROM campaign c
      JOIN lead l ON l.team_id = $1 AND l.campaign_id = c.id AND l.profile_id = ANY($3::text[])
     WHERE c.team_id = $1 AND (c.exclude_contacted OR c.exclude_mutuals) AND c.deleted_at IS NULL
       AND l.contacted_at IS NULL AND l.state IN ('assessing', 'ready', 'held', 'unreachable', 'excluded')
"""
_WROTE = """
    SELECT l.campaign_id, l.profile_id FROM lead l
      JOIN campaign c ON c.team_id = $1 AND c.id = l.campaign_id AND c.deleted_at IS NULL
     WHERE l.team_id = $1 AND l.profile_id = ANY($3::text[]) AND l.contacted_at IS NULL
       AND (l.state = 'excluded' AND l.reason = 'consentMissing'
            OR c.exclude_mutuals AND l.state IN ('assessing', 'ready', 'held', 'unreachable', 'excluded'))
"""
_SUPPRESSED = """
    SELECT l.campaign_id, l.profile_id FROM lead l
      JOIN campaign c ON c.team_id = $1 AND c.id = l.campaign_id AND c.deleted_at IS NULL
     WHERE l.team_id = $1 AND l.profile_id = ANY($3::text[]) AND l.contacted_at IS NULL
       AND l.state IN ('unreachable', 'excluded') AND l.reason IS DISTINCT FROM 'suppressed'
"""


async def follow(
    connection: Connection,
    *,
    team_id: str,
    now: datetime,
    contacted: Iterable[str] = (),
    wrote: Iterable[str] = (),
    suppressed: Iterable[str] = (),
) -> None:
    """Let campaigns look again at profiles of which something has changed, and have them synced.

    Call it after their leads have moved on, and after every lock of profiles and contacts: an edit has those when it
    asks for a sync.

    Args:
        connection: inside the transaction in which it happens.
        team_id: the team.
        now: the instant of it.
        contacted: who has just been written to: out where nobody contacted elsewhere is taken.
        wrote: who has just written: eligible now, or on the list Mutual.
        suppressed: who was suppressed while out already: that is the reason from now on.
    """
    told = [(_CONTACTED, contacted), (_WROTE, wrote), (_SUPPRESSED, suppressed)]
    changes = [(concerned, ids) for concerned, named in told if (ids := sorted(set(named)))]
    if not changes:
        return
    concerned = " UNION ".join(one.replace("$3", f"${number}") for number, (one, _) in enumerate(changes, 3))
    await connection.execute(
        f"""
        WITH concerned AS MATERIALIZED ({concerned}), queued AS (
            INSERT INTO scope_queue (team_id, campaign_id, profile_id)
            SELECT $1, campaign_id, profile_id FROM concerned
        )
        INSERT INTO duty AS d (team_id, kind, key, due_at)
        SELECT DISTINCT $1, 'sync', campaign_id, $2::timestamptz FROM concerned ORDER BY campaign_id
        ON CONFLICT (team_id, kind, key) DO UPDATE
           SET due_at = least(d.due_at, excluded.due_at), wanted = d.wanted + 1, starts = 0
        """,
        team_id,
        now,
        *(ids for _, ids in changes),
    )
