"""The sandbox's answers, judged by X's own OpenAPI document where the machine holds a copy.

Every answer a test of the sandbox gets over `calls.client_of` is judged as well; here each call and each refusal is.
"""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from tests import x_document
from tests.sandbox import calls
from tests.sandbox.calls import Client

from overture.sandbox import refusals
from overture.sandbox.people import Nature
from overture.sandbox.platform import Platform
from overture.sandbox.profiles import KNOWN_FIELDS
from overture.sandbox.talk import Talk

pytestmark = x_document.needed

BASE = "https://api.x.com"
USER = {"id": "7", "name": "Ada", "username": "ada"}
MISSING = {"title": "Not Found Error", "detail": "None.", "type": f"{BASE}/2/problems/resource-not-found"}
SENT = {"dm_conversation_id": "5-7", "dm_event_id": "9"}
SEND = "/2/dm_conversations/with/7/messages"


async def test_every_call_is_answered_as_x_documents(client: Client, platform: Platform) -> None:
    person = calls.talker(platform, Talk.SILENT)
    gone = [calls.one(platform, nature) for nature in (Nature.SUSPENDED, Nature.NOT_FOUND)]
    people = ",".join(each.id for each in (person, *gone))
    fields = {"user.fields": ",".join(sorted(KNOWN_FIELDS))}
    for text in ("Hello", "Are you there?"):
        assert (await calls.send(client, person.id, text)).status_code == 201
    calls_of_x: list[tuple[str, dict[str, str]]] = [
        ("/2/users", {"ids": people, **fields}),
        ("/2/users", {"ids": gone[0].id}),
        ("/2/users/by", {"usernames": person.username, **fields}),
        ("/2/users/me", fields),
        ("/2/dm_events", {"dm_event.fields": "created_at,dm_conversation_id,event_type,id,text", "max_results": "1"}),
        ("/2/dm_events", {"expansions": "sender_id", "user.fields": "username"}),
        (f"/2/dm_conversations/with/{person.id}/dm_events", {"dm_event.fields": "created_at,sender_id"}),
        (f"/2/dm_conversations/with/{gone[0].id}/dm_events", {}),
        (f"/2/users/{calls.ANA.id}/followers", {"max_results": "3", **fields}),
        (f"/2/users/{calls.ANA.id}/following", {"max_results": "3"}),
        ("/2/tweets/1234567/liking_users", {"max_results": "3", **fields}),
    ]
    for path, parameters in calls_of_x:
        answer = await client.get(path, params=parameters)
        assert answer.status_code == 200, (path, answer.text)
        assert x_document.faults(answer.request, answer) == []


@pytest.mark.parametrize("name", refusals.TABLE)
async def test_every_refusal_has_a_form_that_x_uses(make_app: Callable[..., Starlette], name: str) -> None:
    client = calls.client_of(make_app())
    await calls.break_with(client, "refused", refusal=name, next=1)
    answer = await calls.send(client, "42")
    assert answer.status_code == refusals.TABLE[name].status
    assert x_document.faults(answer.request, answer) == []


@pytest.mark.parametrize(
    ("path", "status", "body", "kind"),
    [
        ("/2/users", 200, {"data": [{**USER, "id": 7}]}, "json"),
        ("/2/users", 200, {"data": [{"id": "7", "name": "Ada"}]}, "json"),
        ("/2/users", 200, {"data": USER}, "json"),
        ("/2/users", 200, {"data": [{**USER, "shoe_size": 40}]}, "json"),
        ("/2/users", 200, {"data": [{**USER, "id": "x7"}]}, "json"),
        ("/2/users", 200, {"data": [{**USER, "protected": "yes"}]}, "json"),
        ("/2/users", 200, {"data": [{**USER, "created_at": "yesterday"}]}, "json"),
        ("/2/users", 200, {"data": [{**USER, "public_metrics": {"followers_count": 3}}]}, "json"),
        ("/2/users", 200, {"errors": [{"title": "Not Found Error"}]}, "json"),
        ("/2/users", 200, {"errors": [MISSING]}, "json"),
        ("/2/users/me", 200, [], "json"),
        ("/2/users/me", 200, {"data": USER}, "xml"),
        ("/2/users/me", 202, {"data": USER}, "json"),
        ("/2/dm_events", 200, {"data": [{"event_type": "MessageCreate"}]}, "json"),
        ("/2/dm_events", 200, {"data": [{"id": "x", "event_type": "MessageCreate"}]}, "json"),
        ("/2/dm_events", 200, {"meta": {"result_count": "1"}}, "json"),
        (SEND, 200, {"data": SENT}, "json"),
        (SEND, 201, {"data": {**SENT, "dm_event_id": 9}}, "json"),
        (SEND, 201, {"data": {"dm_conversation_id": "5-7"}}, "json"),
        (SEND, 403, {"errors": []}, "json"),
        (SEND, 403, {"errors": [{"code": "150", "message": "No."}]}, "json"),
        (SEND, 403, {"title": "Forbidden", "type": "about:blank", "status": 403}, "problem+json"),
        (SEND, 403, {"title": "Forbidden", "detail": "No.", "type": "about:blank", "status": 404}, "problem+json"),
        (SEND, 403, {"title": "Forbidden", "detail": "No.", "type": f"{BASE}/2/problems/moon"}, "problem+json"),
        (SEND, 404, MISSING, "problem+json"),
    ],
)
def test_the_judge_is_not_blind(path: str, status: int, body: Any, kind: str) -> None:
    method = "POST" if path == SEND else "GET"
    answer = httpx.Response(status, json=body, headers={"content-type": f"application/{kind}"})
    assert x_document.faults(httpx.Request(method, BASE + path), answer) != []


@pytest.mark.parametrize("left", [None, "-1", "soon", ""])
def test_headers_of_a_window_come_together_and_are_numbers(left: str | None) -> None:
    headers = {"x-rate-limit-limit": "15", "x-rate-limit-reset": "1793613600"}
    if left is not None:
        headers["x-rate-limit-remaining"] = left
    answer = httpx.Response(200, json={"data": USER}, headers=headers)
    assert x_document.faults(httpx.Request("GET", f"{BASE}/2/users/me"), answer) != []


def test_what_x_does_not_have_is_not_judged() -> None:
    request = httpx.Request("GET", f"{BASE}/_sandbox/clock")
    assert x_document.faults(request, httpx.Response(200, json={"now": "2026-03-02T09:00:00Z"})) == []
