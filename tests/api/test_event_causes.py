"""Every type of event has a cause: done here through the API or by the engine, and the event stands in the transaction
in which what it tells of was written.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.engine.conftest import SEQUENCE, World, message
from tests.engine.importing import Imports

from overture import clock as clocks
from overture.actions import sequences
from overture.core.words import EventType, StepType
from overture.engine.chores import Chore
from overture.engine.posting import Answer, Poster
from overture.engine.webhooks import Deliverer

ONE = [message("Hello ")]
CONSENT = {"basis": "signedUp", "evidence": "form"}
BY_OBJECT = {
    "accountLink": "account_link",
    "campaign": "campaign",
    "contact": "contact",
    "importJob": "import_job",
    "message": "message",
    "status": "status",
    "tag": "tag",
    "thread": "thread",
    "webhook": "webhook",
}


@dataclass(kw_only=True)
class Stage:
    """A team with an account, its API, and an engine that runs in virtual time."""

    world: World
    client: httpx.AsyncClient
    monkeypatch: pytest.MonkeyPatch

    async def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        response = await self.client.request(method, path, json=body)
        assert response.is_success, response.text
        found: dict[str, Any] = response.json() if response.content else {}
        return found

    async def account(self) -> str:
        (account_id,) = await self.world.link("ana")
        return account_id

    async def campaign(self, *, enabled: bool = False) -> str:
        """A campaign without leads."""
        account_id = await self.account()
        made = await self.call("POST", "/campaigns", {"name": "Autumn", "accountLinkIds": [account_id]})
        if enabled:
            segments = [{"type": "static", "text": "Hello"}]
            steps = [{"type": "message", "data": {"segments": segments}}]
            await self.call("PUT", f"/campaigns/{made['id']}/sequence", {"steps": steps})
            await self.call("POST", f"/campaigns/{made['id']}/enable")
        campaign_id: str = made["id"]
        return campaign_id

    async def running(self, talk: str = "silent", steps: list[sequences.NewStep] | None = None) -> str:
        """A campaign that is about to write to one person; return who that is."""
        await self.account()
        person = next(one for one in await self.world.people("open", talk) if one["answersAfter"] in (None, 1))
        await self.world.campaign([await self.world.make_list([person])], steps=steps or ONE)
        person_id: str = person["id"]
        return person_id

    async def until(self, kind: EventType) -> None:
        """Let the engine run until an event is there."""

        async def is_there() -> bool:
            found: bool = await self.world.pool.fetchval("SELECT EXISTS (SELECT FROM event WHERE type = $1)", kind)
            return found

        await self.world.run_until(is_there)

    async def written(self) -> None:
        """Let somebody write to the account, and read it."""
        person = (await self.world.people("open", "silent"))[0]
        account_id = await self.account()
        name = await self.world.pool.fetchval("SELECT platform_id FROM account_link WHERE id = $1", account_id)
        await self.world.say(person["id"], name, "Hi there")
        await self.until(EventType.MESSAGE_RECEIVED)

    async def thread(self) -> dict[str, Any]:
        """A conversation that somebody has begun."""
        await self.written()
        found: dict[str, Any] = (await self.call("GET", "/threads"))["data"][0]
        return found

    async def contact(self) -> str:
        """The address of a contact."""
        return f"/contacts/{(await self.thread())['contactId']}"

    async def member(self) -> str:
        found: str = (await self.call("GET", "/members"))["data"][0]["id"]
        return found


Cause = Callable[[Stage], Awaitable[None]]
CAUSES: dict[EventType, Cause] = {}


def causes(*kinds: EventType) -> Callable[[Cause], Cause]:
    """Name what a cause leads to."""

    def keep(cause: Cause) -> Cause:
        CAUSES.update(dict.fromkeys(kinds, cause))
        return cause

    return keep


@causes(EventType.CAMPAIGN_CREATED)
async def make_a_campaign(stage: Stage) -> None:
    await stage.campaign()


@causes(EventType.CAMPAIGN_STARTED)
async def start_a_campaign(stage: Stage) -> None:
    await stage.campaign(enabled=True)


@causes(EventType.CAMPAIGN_PAUSED)
async def pause_a_campaign(stage: Stage) -> None:
    await stage.call("POST", f"/campaigns/{await stage.campaign(enabled=True)}/disable")


@causes(EventType.CAMPAIGN_RESUMED)
async def resume_a_campaign(stage: Stage) -> None:
    campaign_id = await stage.campaign(enabled=True)
    for act in ("disable", "enable"):
        await stage.call("POST", f"/campaigns/{campaign_id}/{act}")


@causes(EventType.CAMPAIGN_COMPLETED)
async def write_to_all(stage: Stage) -> None:
    await stage.running()
    await stage.until(EventType.CAMPAIGN_COMPLETED)


@causes(EventType.TARGET_CONTACTED)
async def write_to_somebody(stage: Stage) -> None:
    await stage.running()
    await stage.until(EventType.TARGET_CONTACTED)


@causes(EventType.TARGET_FOLLOW_UP_SENT)
async def write_again(stage: Stage) -> None:
    await stage.running(steps=SEQUENCE)
    await stage.until(EventType.TARGET_FOLLOW_UP_SENT)


@causes(EventType.TARGET_REPLIED)
async def answer(stage: Stage) -> None:
    await stage.running("answers", SEQUENCE)
    await stage.until(EventType.TARGET_REPLIED)


@causes(EventType.TARGET_HELD)
async def lack_a_value(stage: Stage) -> None:
    segments = [{"type": "static", "text": "You live in "}, {"type": "variable", "name": "location", "fallback": None}]
    steps = [sequences.NewStep(type=StepType.MESSAGE, data={"segments": segments})]
    await stage.account()
    people = [one for one in await stage.world.people("open") if not one.get("location")]
    await stage.world.campaign([await stage.world.make_list(people[:1])], steps=steps)
    await stage.until(EventType.TARGET_HELD)


@causes(EventType.TARGET_FAILED)
async def refuse_what_follows(stage: Stage) -> None:
    await stage.running(steps=SEQUENCE)
    await stage.until(EventType.TARGET_CONTACTED)
    await stage.world.fault(kind="refused", endpoint="send", refusal="cannotMessage")
    await stage.until(EventType.TARGET_FAILED)


@causes(EventType.MESSAGE_RECEIVED, EventType.THREAD_CREATED)
async def write_to_the_account(stage: Stage) -> None:
    await stage.written()


@causes(EventType.MESSAGE_SENT)
async def answer_by_hand(stage: Stage) -> None:
    thread = await stage.thread()
    await stage.call("POST", "/messages", {"target": {"type": "thread", "threadId": thread["id"]}, "content": "Hello"})


@causes(EventType.THREAD_ARCHIVED)
async def archive(stage: Stage) -> None:
    await stage.call("PATCH", f"/threads/{(await stage.thread())['id']}", {"archived": True})


@causes(EventType.THREAD_UNARCHIVED)
async def bring_back(stage: Stage) -> None:
    path = f"/threads/{(await stage.thread())['id']}"
    for is_archived in (True, False):
        await stage.call("PATCH", path, {"archived": is_archived})


@causes(EventType.THREAD_ASSIGNED)
async def give_away(stage: Stage) -> None:
    await stage.call("PATCH", f"/threads/{(await stage.thread())['id']}", {"assigneeId": await stage.member()})


@causes(EventType.THREAD_UNASSIGNED)
async def take_away(stage: Stage) -> None:
    path = f"/threads/{(await stage.thread())['id']}"
    for member_id in (await stage.member(), None):
        await stage.call("PATCH", path, {"assigneeId": member_id})


@causes(EventType.THREAD_DELETED)
async def delete_a_thread(stage: Stage) -> None:
    await stage.call("DELETE", f"/threads/{(await stage.thread())['id']}")


@causes(EventType.CONTACT_STATUS_CHANGED)
async def set_a_status(stage: Stage) -> None:
    status = (await stage.call("GET", "/statuses"))["data"][0]
    await stage.call("PATCH", await stage.contact(), {"status": status["id"]})


@causes(EventType.CONTACT_TAGS_CHANGED)
async def add_a_tag(stage: Stage) -> None:
    tag = await stage.call("POST", "/tags", {"name": "VIP"})
    await stage.call("PUT", f"{await stage.contact()}/tags/{tag['id']}")


@causes(EventType.CONTACT_NOTES_CHANGED)
async def note_something(stage: Stage) -> None:
    await stage.call("PATCH", await stage.contact(), {"notes": "Likes espresso"})


@causes(EventType.CONTACT_VALUATION_CHANGED)
async def value(stage: Stage) -> None:
    await stage.call("PATCH", await stage.contact(), {"valuation": 120})


@causes(EventType.CONTACT_ASSIGNEE_CHANGED)
async def assign(stage: Stage) -> None:
    await stage.call("PATCH", await stage.contact(), {"assigneeId": await stage.member()})


@causes(EventType.TAG_CREATED)
async def make_a_tag(stage: Stage) -> None:
    await stage.call("POST", "/tags", {"name": "VIP"})


@causes(EventType.TAG_UPDATED)
async def rename_a_tag(stage: Stage) -> None:
    await make_a_tag(stage)
    await stage.call("PATCH", "/tags/VIP", {"name": "Regular"})


@causes(EventType.TAG_DELETED)
async def delete_a_tag(stage: Stage) -> None:
    await make_a_tag(stage)
    await stage.call("DELETE", "/tags/VIP")


@causes(EventType.STATUS_CREATED)
async def make_a_status(stage: Stage) -> None:
    await stage.call("POST", "/statuses", {"name": "Warm"})


@causes(EventType.STATUS_UPDATED)
async def rename_a_status(stage: Stage) -> None:
    await make_a_status(stage)
    await stage.call("PATCH", "/statuses/Warm", {"name": "Hot"})


@causes(EventType.STATUS_DELETED)
async def delete_a_status(stage: Stage) -> None:
    await make_a_status(stage)
    await stage.call("DELETE", "/statuses/Warm")


@causes(EventType.ACCOUNT_LINK_OFFLINE)
async def revoke_an_account(stage: Stage) -> None:
    await stage.running()
    await stage.world.fault(kind="authLost", account="ana")
    await stage.until(EventType.ACCOUNT_LINK_OFFLINE)


@causes(EventType.ACCOUNT_LINK_PAUSED)
async def pause_an_account(stage: Stage) -> None:
    await stage.call("PATCH", f"/account-links/{await stage.account()}", {"status": "paused"})


@causes(EventType.ACCOUNT_LINK_RESUMED)
async def resume_an_account(stage: Stage) -> None:
    path = f"/account-links/{await stage.account()}"
    for status in ("paused", "active"):
        await stage.call("PATCH", path, {"status": status})


@causes(EventType.IMPORT_COMPLETED)
async def bring_a_file(stage: Stage) -> None:
    await _import(stage)
    await stage.until(EventType.IMPORT_COMPLETED)


@causes(EventType.IMPORT_FAILED)
async def break_an_import_off(stage: Stage) -> None:
    list_id, job_id = await _import(stage)
    importer = Imports(stage.world, list_id).importer
    chore = Chore(team_id=stage.world.actor.team_id, key=job_id)

    async def break_off(*_: Any, **__: Any) -> bool:
        raise RuntimeError

    stage.monkeypatch.setattr("overture.store.people.save_ids", break_off)
    for _ in range(6):
        try:
            await importer.work(chore, halt=asyncio.Event())
        except RuntimeError as error:
            await importer.postpone(chore, error=error, by=timedelta(seconds=30))


async def _import(stage: Stage) -> tuple[str, str]:
    listed = await stage.call("POST", "/lists", {"name": "Leads"})
    data = {"type": "csv", "content": "id\n1\n2\n", "fileName": "leads.csv"}
    job = await stage.call("POST", f"/lists/{listed['id']}/import-jobs", {"data": data, "consent": CONSENT})
    return listed["id"], job["id"]


@causes(EventType.WEBHOOK_DISABLED)
async def refuse_for_five_days(stage: Stage) -> None:
    made = await stage.call("POST", "/webhooks", {"url": "https://crm.example/hooks"})
    poster = _Refusing()
    deliverer = Deliverer(
        pool=stage.world.pool, clock=stage.world.clock, sealer=stage.world.context.sealer, poster=poster
    )
    begins = clocks.wall_now()
    for day in range(6):
        stage.monkeypatch.setattr(clocks, "wall_now", lambda day=day: begins + timedelta(days=day))
        await stage.call("POST", "/tags", {"name": f"Tag {day}"})
        await deliverer.work(Chore(team_id=stage.world.actor.team_id, key=made["id"]), halt=asyncio.Event())


class _Refusing(Poster):
    def __init__(self) -> None:
        pass

    async def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:  # noqa: ARG002 - as the real one takes it
        return Answer(status=500, text="no", error=None, milliseconds=1)


WITHOUT_CAUSE = {
    EventType.MESSAGE_EDITED: "message:edit",
    EventType.MESSAGE_DELETED: "message:unsend",
    EventType.MESSAGE_REACTION_ADDED: "message:react",
    EventType.MESSAGE_REACTION_REMOVED: "message:react",
}
"""What only happens on a platform that has this capability; none has."""


async def test_every_type_has_its_cause_or_wants_a_capability_that_no_platform_has(
    world_client: httpx.AsyncClient,
) -> None:
    assert set(EventType) == CAUSES.keys() | WITHOUT_CAUSE.keys()
    platforms = (await world_client.get("/platforms")).json()
    assert platforms
    assert not any(set(WITHOUT_CAUSE.values()) & set(platform["capabilities"]) for platform in platforms)


@pytest.mark.parametrize("kind", CAUSES, ids=str)
async def test_what_happens_is_told_in_the_transaction_that_lets_it_happen(
    world: World, world_client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, kind: EventType
) -> None:
    await CAUSES[kind](Stage(world=world, client=world_client, monkeypatch=monkeypatch))
    events = await world.pool.fetch("SELECT *, xmin::text AS written FROM event WHERE type = $1 ORDER BY seq", kind)
    assert events, f"nothing told of {kind}"
    assert await _witness(world, dict(events[-1])) == events[-1]["written"]
    told = (await world_client.get("/events", params={"type": kind})).json()["data"]
    assert [event["id"] for event in told] == [event["id"] for event in events]


async def _witness(world: World, event: Mapping[str, Any]) -> str | None:
    """Return the transaction that last wrote what an event is about; of what is gone, the one that wrote it down."""
    data, object_id = event["data"], event["object_id"]
    if event["type"].endswith(".deleted") and event["object_type"] != "thread":
        row = "audit_entry WHERE object_id = $1 ORDER BY id DESC"
    elif "messageId" in data:
        row, object_id = "message WHERE id = $1", data["messageId"]
    elif "profileId" in data:
        row, object_id = "lead WHERE profile_id = $1", data["profileId"]
    else:
        row = f"{BY_OBJECT[event['object_type']]} WHERE id = $1"
    written: str | None = await world.pool.fetchval(f"SELECT xmin::text FROM {row} LIMIT 1", object_id)
    return written
