"""What tests of campaigns share: bodies, and leads put where a test needs them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx

from overture import ids
from overture.actions.context import Context

START = datetime.fromisoformat("2026-11-23T09:00:00+00:00")


def text(words: str) -> dict[str, Any]:
    return {"type": "static", "text": words}


def variable(name: str, fallback: str | None = None) -> dict[str, Any]:
    return {"type": "variable", "name": name, "fallback": fallback}


def message(*segments: dict[str, Any] | str, **more: Any) -> dict[str, Any]:
    parts = [text(segment) if isinstance(segment, str) else segment for segment in segments]
    return {"type": "message", "data": {"segments": parts}, **more}


def delay(days: int = 1, **more: Any) -> dict[str, Any]:
    return {"type": "delay", "data": {"delaySeconds": days * 86_400, "unit": "days"}, **more}


LIKE: dict[str, Any] = {"type": "like", "data": {}}


async def create(client: httpx.AsyncClient, account: dict[str, Any], **body: Any) -> dict[str, Any]:
    """Make a campaign; what is not named has its default."""
    response = await client.post("/campaigns", json={"name": "Autumn", "accountLinkIds": [account["id"]], **body})
    assert response.status_code == 200, response.text
    made: dict[str, Any] = response.json()
    return made


async def read(client: httpx.AsyncClient, campaign: dict[str, Any]) -> dict[str, Any]:
    response = await client.get(f"/campaigns/{campaign['id']}")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def enable(client: httpx.AsyncClient, campaign: dict[str, Any]) -> dict[str, Any]:
    response = await client.post(f"/campaigns/{campaign['id']}/enable")
    assert response.status_code == 200, response.text
    started: dict[str, Any] = response.json()
    return started


async def write_to_anyone(context: Context) -> None:
    """Let the apps of all accounts write to whom they reach: consent is not what this test is about."""
    await context.pool.execute("UPDATE platform_app SET contact_policy = 'anyoneReachable'")


async def make_list(
    client: httpx.AsyncClient, name: str, columns: Sequence[str] = (), kind: str = "text"
) -> dict[str, Any]:
    """Make a list with columns of one type; `columns` maps names to ids in the answer."""
    made: dict[str, Any] = (await client.post("/lists", json={"name": name})).json()
    made["columns"] = {}
    for column in columns:
        answer = await client.post(f"/lists/{made['id']}/columns", json={"name": column, "type": kind})
        assert answer.status_code == 200, answer.text
        made["columns"][column] = answer.json()["id"]
    return made


async def fill(client: httpx.AsyncClient, target: dict[str, Any], *platform_ids: str) -> None:
    response = await client.post(f"/lists/{target['id']}/leads", json={"platformIds": list(platform_ids)})
    assert response.status_code == 200, response.text


async def add(client: httpx.AsyncClient, campaign: dict[str, Any], *platform_ids: str, **body: Any) -> dict[str, int]:
    """Add leads who have all agreed."""
    consent = {"basis": "signedUp", "evidence": "form"}
    response = await client.post(
        f"/campaigns/{campaign['id']}/leads", json={"platformIds": list(platform_ids), "consent": consent, **body}
    )
    assert response.status_code == 200, response.text
    counts: dict[str, int] = response.json()
    return counts


async def lead(client: httpx.AsyncClient, campaign: dict[str, Any], platform_id: str) -> dict[str, Any]:
    response = await client.get(f"/campaigns/{campaign['id']}/leads/{platform_id}")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def issue_paths(response: httpx.Response) -> list[list[str | int]]:
    """The paths of a 400's issues."""
    assert response.status_code == 400, response.text
    assert response.json()["code"] == "invalidRequest"
    return [issue["path"] for issue in response.json()["details"]["issues"]]


async def put(
    context: Context,
    campaign: dict[str, Any],
    platform_id: str,
    *,
    state: str,
    account: dict[str, Any] | None = None,
    rank: int = 0,
    contacted: timedelta | None = None,
    replied: bool = False,
    reason: str | None = None,
    due: timedelta | None = None,
    data: dict[str, Any] | None = None,
) -> str:
    """Put a lead where the engine would have brought it; `contacted` ago, `due` from the start of the test."""
    lead_id, profile_id = ids.new("d"), ids.new("u")
    at = None if contacted is None else START - contacted
    async with context.pool.acquire() as connection, connection.transaction():
        team_id = await connection.fetchval("SELECT team_id FROM campaign WHERE id = $1", campaign["id"])
        profile_id = await connection.fetchval(
            """
            INSERT INTO profile (team_id, id, platform, platform_id, username, display_name, looked_up_at, created_at)
            VALUES ($1, $2, 'twitter', $3::text, 'user' || $3::text, 'User ' || $3::text, $4, $4)
            ON CONFLICT (team_id, platform, platform_id) DO UPDATE SET username = excluded.username RETURNING id
            """,
            team_id,
            profile_id,
            platform_id,
            START,
        )
        await connection.execute(
            """
            INSERT INTO lead (team_id, id, campaign_id, profile_id, state, reason, account_id, rank, is_direct, data,
                              joined_at, first_intent_at, since, contacted_at, replied_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, true, $9, $10, $11, $11, $11, $12)
            """,
            team_id,
            lead_id,
            campaign["id"],
            profile_id,
            state,
            reason,
            account["id"] if account is not None and at is not None else None,
            rank,
            data or {},
            START,
            at,
            START if replied else None,
        )
        if due is not None:
            assert account is not None
            await connection.execute(
                """
                INSERT INTO lead_due (team_id, account_id, campaign_id, is_first, due_at, lead_id)
                VALUES ($1, $2, $3, $4, $5, $6)
                """,
                team_id,
                account["id"],
                campaign["id"],
                at is None,
                START + due,
                lead_id,
            )
    return lead_id


async def wrote(context: Context, lead_id: str, *, account: dict[str, Any]) -> None:
    """Note in the ledger that the account wrote the first message to a lead that is contacted."""
    await context.pool.execute(
        """
        INSERT INTO attempt (team_id, id, app_id, account_id, campaign_id, lead_id, profile_id, sequence_version, rank,
                             step_id, is_first, text, state, campaign_revision, intent_at, ended_at, accepted_at,
                             lease_until, fence)
        SELECT team_id, $2, $3, $3, campaign_id, id, profile_id, 1, 0, $4, true, 'Hi', 'accepted', 1, contacted_at,
               contacted_at, contacted_at, contacted_at, 1
          FROM lead WHERE id = $1
        """,
        lead_id,
        ids.new("q"),
        account["id"],
        ids.new("s"),
    )
