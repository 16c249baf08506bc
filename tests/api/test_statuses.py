"""Statuses of the pipeline."""

import httpx
import pytest
from tests.api.conftest import START, Tenant

from overture import ids
from overture.store.pool import Pool


async def test_a_new_team_has_a_pipeline_in_board_order(client: httpx.AsyncClient) -> None:
    answer = (await client.get("/statuses")).json()
    assert [status["name"] for status in answer["data"]] == [
        "New",
        "Interested",
        "Not interested",
        "Won",
        "Lost",
    ]
    assert answer["nextCursor"] is None


async def test_a_status_is_found_by_id_and_by_name_whatever_its_case_and_accents(
    client: httpx.AsyncClient,
) -> None:
    made = await client.post("/statuses", json={"name": "Café Über", "color": "#ABC"})
    assert made.status_code == 201
    assert made.json()["color"] == "#aabbcc"
    for reference in (made.json()["id"], "cafe uber", "CAFÉ ÜBER", "Cafe\u0301 u\u0308ber"):
        found = await client.get(f"/statuses/{reference}")
        assert found.status_code == 200, reference
        assert found.json() == made.json()


async def test_a_name_is_taken_whatever_its_case_and_accents(client: httpx.AsyncClient) -> None:
    for name in ("new", "NÉW", " New "):
        refused = await client.post("/statuses", json={"name": name})
        assert (refused.status_code, refused.json()["code"]) == (409, "nameTaken")
        assert refused.json()["details"] == {"name": name.strip()}
    renamed = await client.patch("/statuses/Won", json={"name": "lost"})
    assert renamed.json()["code"] == "nameTaken"


async def test_a_status_may_be_spelled_anew(client: httpx.AsyncClient) -> None:
    changed = await client.patch("/statuses/won", json={"name": "WON!", "color": "Teal"})
    assert (changed.json()["name"], changed.json()["color"]) == ("WON!", "#12b886")
    assert (await client.patch("/statuses/won!", json={"name": "Won!"})).json()["name"] == "Won!"


async def test_a_deleted_status_is_nobodys_any_more(client: httpx.AsyncClient, database: Pool, team: Tenant) -> None:
    won = (await client.get("/statuses/won")).json()["id"]
    await database.execute(
        "INSERT INTO contact (team_id, id, status_id, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)",
        team.id,
        ids.new("o"),
        won,
        START,
    )
    assert (await client.delete("/statuses/won")).status_code == 204
    assert (await client.get(f"/statuses/{won}")).json()["code"] == "statusNotFound"
    assert await database.fetchval("SELECT status_id FROM contact") is None
    kinds = await database.fetch("SELECT type, object_id FROM event")
    assert [tuple(row) for row in kinds] == [("status.deleted", won)]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, ["name"]),
        ({"name": " "}, ["name"]),
        ({"name": "A", "color": "beige"}, ["color"]),
        ({"name": "A", "color": "#12345"}, ["color"]),
        ({"name": "A", "color": 5}, ["color"]),
        ({"name": "A", "position": 1}, ["position"]),
    ],
)
async def test_a_status_that_cannot_be_is_refused_with_the_place(
    client: httpx.AsyncClient, body: dict[str, object], path: list[str]
) -> None:
    response = await client.post("/statuses", json=body)
    assert response.status_code == 400
    assert [issue["path"] for issue in response.json()["details"]["issues"]] == [path]


async def test_a_new_status_gets_a_colour_and_the_end_of_the_board(client: httpx.AsyncClient) -> None:
    made = (await client.post("/statuses", json={"name": "Later"})).json()
    palette = {color["hex"] for color in (await client.get("/colors")).json()}
    assert made["color"] in palette
    assert (await client.get("/statuses")).json()["data"][-1] == made


async def test_pages_keep_the_order_of_the_board(client: httpx.AsyncClient) -> None:
    first = (await client.get("/statuses", params={"limit": 3})).json()
    second = (await client.get("/statuses", params={"limit": 3, "cursor": first["nextCursor"]})).json()
    assert [row["name"] for row in first["data"] + second["data"]][-1] == "Lost"
    assert (len(second["data"]), second["nextCursor"]) == (2, None)


async def test_another_teams_status_does_not_exist(client: httpx.AsyncClient, other_client: httpx.AsyncClient) -> None:
    won = (await client.get("/statuses/won")).json()["id"]
    assert (await other_client.get(f"/statuses/{won}")).status_code == 404
    assert (await other_client.get("/statuses/won")).json()["id"] != won
