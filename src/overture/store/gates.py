"""Gates: the row an intent must find open and unchanged, so that a pause or an edit holds once it has returned."""

from collections.abc import Sequence
from datetime import datetime

from overture.store.pool import Connection


async def create_campaign(connection: Connection, *, team_id: str, campaign_id: str) -> None:
    """Insert the closed gate of a new campaign."""
    await connection.execute(
        "INSERT INTO campaign_gate (team_id, campaign_id, open) VALUES ($1, $2, false)", team_id, campaign_id
    )


async def create_account(connection: Connection, *, team_id: str, account_id: str) -> None:
    """Insert the open gate of a new account."""
    await connection.execute(
        "INSERT INTO account_gate (team_id, account_id, open) VALUES ($1, $2, true)", team_id, account_id
    )


async def change_account(connection: Connection, *, team_id: str, account_id: str, is_open: bool) -> None:
    """Open or close an account; returns once every intent that saw the old gate has committed."""
    await connection.execute(
        "UPDATE account_gate SET open = $3, revision = revision + 1 WHERE team_id = $1 AND account_id = $2",
        team_id,
        account_id,
        is_open,
    )


async def change_team(connection: Connection, *, team_id: str, is_open: bool) -> None:
    """Open or close a team; returns once every intent that saw the old gate has committed."""
    await connection.execute(
        "UPDATE team_gate SET open = $2, revision = revision + 1 WHERE team_id = $1", team_id, is_open
    )


async def touch_team(connection: Connection, *, team_id: str) -> None:
    """Tell a team's claims that its rules have changed; returns once every intent under the former has committed."""
    await connection.execute("UPDATE team_gate SET revision = revision + 1 WHERE team_id = $1", team_id)


async def pass_all(connection: Connection, *, team_id: str, campaign_ids: Sequence[str] = ()) -> None:
    """Keep the gates of a team and of these campaigns from changing until the transaction ends.

    Changes that wait already go first: what the next statement reads is what holds. Call it late, as all that is asked
    after it keeps changes waiting.
    """
    # The team first, campaigns in key order: so they are taken, too, where several are changed at once.
    await connection.execute(
        "SELECT pass_gate(id) FROM unnest($1::text[]) AS v (id)", [team_id, *sorted(set(campaign_ids))]
    )


async def is_team_open(connection: Connection, *, team_id: str) -> bool:
    """Tell whether a team may send, and keep that from changing until the transaction ends."""
    await pass_all(connection, team_id=team_id)
    is_open: bool = await connection.fetchval("SELECT open FROM team_gate WHERE team_id = $1", team_id)
    return is_open


async def change_campaign(
    connection: Connection, *, team_id: str, campaign_id: str, is_open: bool, now: datetime
) -> None:
    """Raise the campaign's revision and record the settings that hold from now on.

    Call it last among the writes to a campaign. Returns once every intent that saw the old revision has committed.
    They hold from no earlier than the old settings did, and than the last message under those: whoever changes them may
    have been held up since it looked at its clock.
    """
    revision: int = await connection.fetchval(
        """
        UPDATE campaign_gate SET open = $3, revision = revision + 1
         WHERE team_id = $1 AND campaign_id = $2 RETURNING revision
        """,
        team_id,
        campaign_id,
        is_open,
    )
    # A statement of its own, which sees the intents that the gate has waited for.
    await connection.execute(
        """
        INSERT INTO campaign_revision (team_id, campaign_id, revision, at, settings)
        SELECT c.team_id, c.id, $3, greatest(
            $5,
            (SELECT at FROM campaign_revision WHERE team_id = $1 AND campaign_id = $2 AND revision = $3::bigint - 1),
            (SELECT max(served_at) FROM campaign_account WHERE team_id = $1 AND campaign_id = $2)
        ), jsonb_build_object(
            'open', $4::boolean,
            'status', c.status,
            'hourlyMessageRate', c.hourly_message_rate,
            'scheduleTimezone', c.schedule_timezone,
            'scheduleHours', c.schedule_hours,
            'sequenceVersion', c.sequence_version,
            'accountLinkIds', (SELECT coalesce(jsonb_agg(a.account_id ORDER BY a.position), '[]')
                                 FROM campaign_account a
                                WHERE a.team_id = c.team_id AND a.campaign_id = c.id AND a.is_member),
            'syncedListIds', (SELECT coalesce(jsonb_agg(l.list_id ORDER BY l.position), '[]') FROM campaign_list l
                               WHERE l.team_id = c.team_id AND l.campaign_id = c.id AND l.role = 'synced'),
            'excludedListIds', (SELECT coalesce(jsonb_agg(l.list_id ORDER BY l.position), '[]') FROM campaign_list l
                                 WHERE l.team_id = c.team_id AND l.campaign_id = c.id AND l.role = 'excluded'),
            'excludeContacted', c.exclude_contacted,
            'excludeMutuals', c.exclude_mutuals)
          FROM campaign c
         WHERE c.team_id = $1 AND c.id = $2
        """,
        team_id,
        campaign_id,
        revision,
        is_open,
        now,
    )
