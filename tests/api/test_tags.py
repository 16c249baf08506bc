"""Tags: they mark contacts, and are found by id or by name."""

import asyncio

import httpx
import pytest
from tests.api.conftest import START, Link, Tenant

from overture import ids
from overture.actions import tags
from overture.actions.context import Context
from overture.errors import Unprocessable
from overture.store.pool import Pool


async def _make(client: httpx.AsyncClient, name: str = "VIP", **more: str) -> str:
    response = await client.post("/tags", json={"name": name, **more})
    assert response.status_code == 201, response.text
    made: str = response.json()["id"]
    return made


async def test_a_tag_is_found_by_id_and_by_name_whatever_its_case_and_accents(client: httpx.AsyncClient) -> None:
    made = await client.post("/tags", json={"name": "Café Über", "color": "#ABC"})
    assert made.status_code == 201
    assert made.json()["color"] == "#aabbcc"
    for reference in (made.json()["id"], "cafe uber", "CAFÉ ÜBER", "Cafe\u0301 u\u0308ber"):
        found = await client.get(f"/tags/{reference}")
        assert (found.status_code, found.json()) == (200, made.json())


async def test_the_id_wins_over_a_name(client: httpx.AsyncClient) -> None:
    first = await _make(client)
    await _make(client, first)
    assert (await client.get(f"/tags/{first}")).json()["name"] == "VIP"


async def test_a_new_tag_gets_a_colour_of_the_palette(client: httpx.AsyncClient) -> None:
    palette = {color["name"]: color["hex"] for color in (await client.get("/colors")).json()}
    await _make(client)
    await _make(client, "Speaker", color="Teal")
    chosen, named = (await client.get("/tags")).json()["data"]
    assert chosen["color"] in palette.values()
    assert named["color"] == palette["teal"]


async def test_a_name_is_taken_whatever_its_case_and_accents(client: httpx.AsyncClient) -> None:
    await _make(client)
    other = await _make(client, "Speaker")
    for refused in (
        await client.post("/tags", json={"name": " vìp "}),
        await client.patch(f"/tags/{other}", json={"name": "vìp"}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "nameTaken")
        assert refused.json()["details"] == {"name": "vìp"}
    assert (await client.patch("/tags/vip", json={"name": "Vip", "color": "red"})).json()["name"] == "Vip"


@pytest.mark.parametrize(
    ("body", "path"),
    [({}, "name"), ({"name": " "}, "name"), ({"name": "A", "color": "beige"}, "color"), ({"name": 5}, "name")],
)
async def test_a_tag_that_cannot_be_is_refused_with_the_place(
    client: httpx.AsyncClient, body: dict[str, object], path: str
) -> None:
    response = await client.post("/tags", json=body)
    assert response.status_code == 400
    assert [issue["path"] for issue in response.json()["details"]["issues"]] == [[path]]


async def test_pages_of_tags_come_oldest_first(client: httpx.AsyncClient) -> None:
    made = [await _make(client, name) for name in ("C", "A", "B")]
    first = (await client.get("/tags", params={"limit": 2})).json()
    second = (await client.get("/tags", params={"limit": 2, "cursor": first["nextCursor"]})).json()
    assert [tag["id"] for tag in first["data"] + second["data"]] == made
    assert second["nextCursor"] is None


async def test_a_deleted_tag_is_on_no_contact_and_in_no_automation(
    client: httpx.AsyncClient, database: Pool, team: Tenant, link: Link
) -> None:
    account = (await link())["id"]
    gone, kept = await _make(client), await _make(client, "Kept")
    for number, held in enumerate(([gone], [kept, gone], [kept])):
        await database.execute(
            "INSERT INTO contact (team_id, id, tag_ids, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)",
            team.id,
            f"o{number:023}",
            held,
            START,
        )
    automations = [
        {"trigger": "replied", "action": action, "actionData": {"tagId": tag_id}}
        for action, tag_id in (("addTag", gone), ("removeTag", gone), ("addTag", kept))
    ]
    body = {"name": "A", "accountLinkIds": [account], "automations": automations}
    campaign = (await client.post("/campaigns", json=body)).json()["id"]

    assert (await client.delete("/tags/vip")).status_code == 204

    assert (await client.get(f"/tags/{gone}")).json()["code"] == "tagNotFound"
    rows = await database.fetch("SELECT tag_ids FROM contact ORDER BY id")
    assert [row["tag_ids"] for row in rows] == [[], [kept], [kept]]
    after = (await client.get(f"/campaigns/{campaign}")).json()["automations"]
    assert [automation["enabled"] for automation in after] == [False, False, True]
    kinds = await database.fetch("SELECT type FROM event WHERE object_type = 'tag' ORDER BY seq")
    assert [row["type"] for row in kinds] == ["tag.created", "tag.created", "tag.deleted"]


async def test_a_team_has_no_more_tags_than_it_may(
    client: httpx.AsyncClient, context: Context, team: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tags, "MOST", 2)
    await _make(client)
    results = await asyncio.gather(
        *(tags.create(context, team.actor, name=f"T{number}", color=None) for number in range(5)),
        return_exceptions=True,
    )
    refused = [result for result in results if isinstance(result, Unprocessable)]
    assert len(refused) == 4
    response = await client.post("/tags", json={"name": "One more"})
    assert (response.status_code, response.json()["code"]) == (422, "tagLimitReached")
    assert response.json()["details"] == {"max": 2}


async def test_another_teams_tag_does_not_exist(client: httpx.AsyncClient, other_client: httpx.AsyncClient) -> None:
    made = await _make(client)
    for reference in (made, "vip", ids.new("h")):
        assert (await other_client.get(f"/tags/{reference}")).status_code == 404
        assert (await other_client.patch(f"/tags/{reference}", json={"name": "Mine"})).status_code == 404
        assert (await other_client.delete(f"/tags/{reference}")).status_code == 404
    assert (await client.get("/tags/vip")).json()["id"] == made


async def test_a_name_with_a_slash_is_an_address_too(client: httpx.AsyncClient) -> None:
    tag = await _make(client, "B2B/SaaS")
    assert (await client.get("/tags/b2b%2Fsaas")).json()["id"] == tag
    renamed = await client.patch("/tags/B2B%2FSaaS", json={"name": "A/B/C"})
    assert renamed.json()["id"] == tag
    assert (await client.delete("/tags/a%2Fb%2Fc")).status_code == 204
    assert (await client.get("/tags/a%2Fb%2Fc")).json()["code"] == "tagNotFound"
