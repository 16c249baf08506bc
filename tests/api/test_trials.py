"""Trials: a message as a lead would get it goes to an account of the team, and nothing changes for the lead."""

from typing import Any

import httpx
import pytest_asyncio
from tests.engine.conftest import World, delay, message

from overture.core.words import ContactPolicy


class Scene:
    """A draft of two messages for one lead, and two accounts."""

    def __init__(self, client: httpx.AsyncClient, path: str, steps: list[str], body: dict[str, str]) -> None:
        self.client = client
        self.path = path
        self.steps = steps
        self.body = body

    async def send(self, key: str | None = None, **other: Any) -> httpx.Response:
        headers = {} if key is None else {"Idempotency-Key": key}
        body = {"stepId": self.steps[0]} | self.body | other
        return await self.client.post(f"{self.path}/trial", json=body, headers=headers)


@pytest_asyncio.fixture
async def scene(world: World, world_client: httpx.AsyncClient) -> Scene:
    ana, ben = await world.link("ana", "ben")
    person = (await world.people(nature="open"))[0]
    steps = [message("Hello "), delay(1), message("Again ")]
    campaign_id = await world.campaign([], steps=steps, enabled=False)
    added = await world_client.post(f"/campaigns/{campaign_id}/leads", json={"usernames": [person["username"]]})
    assert added.json()["added"] == 1, added.text
    sequence = (await world_client.get(f"/campaigns/{campaign_id}")).json()["sequence"]["steps"]
    return Scene(
        world_client,
        f"/campaigns/{campaign_id}/leads/{person['id']}",
        [step["id"] for step in sequence if step["type"] == "message"],
        {"accountLinkId": ana, "toAccountLinkId": ben},
    )


async def test_the_team_reads_what_the_lead_would_read(world: World, scene: Scene) -> None:
    before = (await scene.client.get(scene.path)).json()
    preview = (await scene.client.get(f"{scene.path}/preview")).json()
    sent = await scene.send()
    assert sent.status_code == 201, sent.text
    (recorded,) = await world.messages()
    assert recorded["text"] == preview["messages"][0]["text"] == sent.json()["message"]["content"]
    accounts = (await scene.client.get("/account-links")).json()["data"]
    assert [recorded["sender"], recorded["recipient"]] == [account["platformId"] for account in accounts]
    assert (await scene.client.get(scene.path)).json() == before
    assert (await scene.client.get(f"{scene.path}/preview")).json()["messages"][0]["state"] != "sent"


async def test_whoever_linked_an_account_has_agreed_to_it(world: World, scene: Scene) -> None:
    await world.pool.execute("UPDATE platform_app SET contact_policy = $1", ContactPolicy.INBOUND_OR_CONSENT)
    assert (await scene.send()).status_code == 201
    await world.pool.execute("UPDATE account_link SET deleted_at = created_at WHERE username = 'ben'")
    gone = await scene.send()
    assert (gone.status_code, gone.json()["code"]) == (404, "accountLinkNotFound")


async def test_it_is_sent_once_for_its_key(world: World, scene: Scene) -> None:
    answers = [await scene.send("once") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json()["message"]["id"] == answers[1].json()["message"]["id"]
    assert len(await world.messages()) == 1


async def test_limits_hold_for_it(scene: Scene) -> None:
    patched = await scene.client.patch(f"/account-links/{scene.body['accountLinkId']}", json={"hourlyLimit": 1})
    assert patched.status_code == 200, patched.text
    assert (await scene.send()).status_code == 201
    refused = await scene.send(stepId=scene.steps[1])
    assert (refused.status_code, refused.json()["code"]) == (429, "platformRateLimited")


async def test_what_cannot_be_tried_is_refused(world: World, scene: Scene) -> None:
    nothing = "0" * 23
    for other, expected in (
        ({"stepId": "s" + nothing}, (404, "stepNotFound")),
        ({"accountLinkId": "a" + nothing}, (404, "accountLinkNotFound")),
        ({"toAccountLinkId": "a" + nothing}, (404, "accountLinkNotFound")),
        ({"toAccountLinkId": scene.body["accountLinkId"]}, (422, "recipientUnavailable")),
    ):
        answer = await scene.send(**other)
        assert (answer.status_code, answer.json()["code"]) == expected
    assert await world.messages() == []


async def test_a_message_that_would_be_held_is_not_sent(world: World, scene: Scene) -> None:
    campaign = scene.path.split("/leads/", maxsplit=1)[0]
    segments = [{"type": "static", "text": "Hi "}, {"type": "variable", "name": "website"}]
    replaced = await scene.client.put(
        f"{campaign}/sequence", json={"steps": [{"type": "message", "data": {"segments": segments}}]}
    )
    await world.pool.execute("UPDATE profile SET website = NULL")
    refused = await scene.send(stepId=replaced.json()["steps"][0]["id"])
    assert (refused.status_code, refused.json()["code"]) == (422, "contentRejected")
    assert refused.json()["details"]["detail"] == "variableMissing:website"
