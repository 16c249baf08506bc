"""Members: the people of a team."""

import httpx
from tests.api.conftest import START, Tenant

from overture import ids
from overture.store.pool import Pool


async def _add(database: Pool, team: Tenant, name: str) -> str:
    member_id = ids.new("m")
    await database.execute(
        "INSERT INTO member (team_id, id, name, email, role, created_at) VALUES ($1, $2, $3, $4, 'user', $5)",
        team.id,
        member_id,
        name,
        f"{name.lower()}@example.com",
        START,
    )
    return member_id


async def test_members_are_listed_oldest_first(client: httpx.AsyncClient, database: Pool, team: Tenant) -> None:
    added = [await _add(database, team, name) for name in ("Zoe", "Ben")]
    first = (await client.get("/members", params={"limit": 2})).json()
    second = (await client.get("/members", params={"limit": 2, "cursor": first["nextCursor"]})).json()
    owner, *others = first["data"] + second["data"]
    assert (owner["name"], owner["role"], owner["email"]) == ("Owner", "owner", None)
    assert [member["id"] for member in others] == added
    assert second["nextCursor"] is None


async def test_a_member_has_every_field(client: httpx.AsyncClient, database: Pool, team: Tenant) -> None:
    member_id = await _add(database, team, "Zoe")
    assert (await client.get(f"/members/{member_id}")).json() == {
        "id": member_id,
        "name": "Zoe",
        "email": "zoe@example.com",
        "imageUrl": None,
        "role": "user",
        "createdAt": "2026-11-23T09:00:00.000Z",
    }


async def test_another_teams_member_does_not_exist(client: httpx.AsyncClient, other_client: httpx.AsyncClient) -> None:
    (owner,) = (await client.get("/members")).json()["data"]
    response = await other_client.get(f"/members/{owner['id']}")
    assert (response.status_code, response.json()["code"]) == (404, "memberNotFound")
