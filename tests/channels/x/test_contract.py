"""The channel's requests, judged by X's own OpenAPI document where the machine holds a copy."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from tests import x_document

from overture.channels.port import ChannelError, Credentials
from overture.channels.x.channel import XChannel
from overture.core.words import Audience

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
CREDENTIALS = Credentials(base_url="https://api.x.com", token="token")

pytestmark = x_document.needed


class Judge:
    """Finds what X's document would refuse in a request: path, parameters, values, body."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    def faults(self, request: httpx.Request) -> list[str]:
        """Return every fault of `request`."""
        method = request.method.lower()
        operation, path_values = self._operation(method, request.url.path)
        if operation is None:
            return [f"no operation {method} {request.url.path}"]
        declared = [self._resolved(one) for one in operation.get("parameters", [])]
        queried = {one["name"]: self._resolved(one["schema"]) for one in declared if one["in"] == "query"}
        in_path = {one["name"]: self._resolved(one["schema"]) for one in declared if one["in"] == "path"}
        found = []
        for name, value in request.url.params.items():
            if name not in queried:
                found.append(f"unknown parameter {name}")
            else:
                found += self._faults_of_value(name, value, queried[name])
        for name, value in path_values.items():
            found += self._faults_of_value(name, value, in_path[name])
        required = {one["name"] for one in declared if one["in"] == "query" and one.get("required")}
        found += [f"missing {name}" for name in required - set(request.url.params)]
        return found + self._faults_of_body(operation, request.content)

    def _operation(self, method: str, path: str) -> tuple[dict[str, Any] | None, dict[str, str]]:
        # A path without parameters wins over one whose parameter would swallow its last part.
        for template in sorted(self._document["paths"], key=lambda one: one.count("{")):
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
            match = re.fullmatch(pattern, path)
            if match and method in self._document["paths"][template]:
                return self._document["paths"][template][method], match.groupdict()
        return None, {}

    def _faults_of_value(self, name: str, value: str, schema: dict[str, Any]) -> list[str]:
        if schema["type"] == "array":
            values, item = value.split(","), self._resolved(schema["items"])
            if len(values) > schema.get("maxItems", len(values)) or len(set(values)) != len(values):
                return [f"{name}: too many or repeated values"]
            return [fault for one in values for fault in self._faults_of_value(name, one, item)]
        if schema["type"] == "integer":
            is_within = value.isdecimal() and schema["minimum"] <= int(value) <= schema["maximum"]
            return [] if is_within else [f"{name}: {value}"]
        is_listed = value in schema.get("enum", [value])
        is_formed = re.search(schema.get("pattern", ""), value) and len(value) >= schema.get("minLength", 0)
        return [] if is_listed and is_formed else [f"{name}: {value}"]

    def _faults_of_body(self, operation: dict[str, Any], content: bytes) -> list[str]:
        if "requestBody" not in operation:
            return ["unexpected body"] if content else []
        schema = self._resolved(operation["requestBody"]["content"]["application/json"]["schema"])
        body = json.loads(content)
        found = [f"unknown member {name}" for name in set(body) - set(schema["properties"])]
        options = schema.get("anyOf", [{"required": schema.get("required", [])}])
        if not any(set(option["required"]) <= set(body) for option in options):
            found.append("neither text nor attachments" if "text" in schema["properties"] else "something is missing")
        if "text" in schema["properties"] and len(body.get("text", "x")) < schema["properties"]["text"]["minLength"]:
            found.append("empty text")
        for name in {"event_type", "tag", "tweet_id", "url", "webhook_id"} & set(body) & set(schema["properties"]):
            found += self._faults_of_value(name, body[name], schema["properties"][name])
        return found

    def _resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            target: Any = self._document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(json.loads(x_document.PLACE.read_text()))


async def test_every_request_of_the_channel_is_one_x_documents(judge: Judge) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.path.endswith(("tweets", "likes")):
            return httpx.Response(200, json={"data": [{"id": "9", "text": "Hi"}]})
        if request.url.path.endswith("dm_events"):
            token = {"next_token": "0123456789abcdef"} if "pagination_token" not in request.url.params else {}
            return httpx.Response(200, json={"data": [], "meta": {"result_count": 0, **token}})
        if request.url.path.endswith(("followers", "following", "liking_users")):
            return httpx.Response(200, json={"meta": {"result_count": 0}})
        return httpx.Response(503)

    channel = XChannel(transport=httpx.MockTransport(answer))
    await channel.send(CREDENTIALS, recipient_id="77", text="Hi", now=NOW)
    await channel.read_inbox(CREDENTIALS, until_id=None, own_id="5")
    await channel.read_conversation(CREDENTIALS, with_id="77", since=NOW, own_id="5")
    for audience in Audience:
        for page, most in ((None, 1), ("0123456789abcdef", 100_000)):
            await channel.list_audience(CREDENTIALS, audience=audience, of_id="77", page=page, most=most)
    await channel.like_latest(CREDENTIALS, of_id="77", own_id="5")
    for call in (
        channel.identify(CREDENTIALS),
        channel.look_up(CREDENTIALS, platform_ids=[str(number) for number in range(100)]),
        channel.look_up(CREDENTIALS, usernames=["grace", "Ada_1"]),
    ):
        with pytest.raises(ChannelError):
            await call

    assert len(seen) == 16
    assert [fault for request in seen for fault in judge.faults(request)] == []


async def test_every_request_about_what_x_tells_by_itself_is_one_x_documents(judge: Judge) -> None:
    seen: list[httpx.Request] = []
    hooks = [
        {"id": "7", "url": "https://other.example/team/app", "valid": True},
        {"id": "8", "url": "https://own.example/team/app", "valid": False},
    ]

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if (request.method, request.url.path) == ("GET", "/2/webhooks"):
            return httpx.Response(200, json={"data": hooks})
        if (request.method, request.url.path) == ("GET", "/2/activity/subscriptions"):
            token = {} if "pagination_token" in request.url.params else {"next_token": "0123456789abcdef"}
            former = {
                "subscription_id": "9",
                "event_type": "dm.received",
                "filter": {"user_id": "4"},
                "tag": "team/app",
            }
            return httpx.Response(200, json={"data": [former] if token else [], "meta": token})
        return httpx.Response(200, json={"data": {"id": "8", "url": "https://own.example", "valid": True}})

    channel = XChannel(transport=httpx.MockTransport(answer))
    telling = await channel.push.keep(
        CREDENTIALS, address="https://own.example/team/app", tag="team/app", own_ids=["5"]
    )
    hooks.clear()
    await channel.push.keep(CREDENTIALS, address="https://own.example/team/app", tag="team/app", own_ids=[])
    lines = [line async for line in channel.push.listen(CREDENTIALS)]

    assert telling.told == {"5"} and lines == []
    # X's guides name `oauth.revoke`; its document does not, and a refusal of it is passed over.
    judged = [request for request in seen if b"oauth.revoke" not in request.content]
    assert [f"{request.method} {request.url.path}" for request in judged if request.method != "GET"] == [
        "DELETE /2/webhooks/7",
        "PUT /2/webhooks/8",
        "DELETE /2/activity/subscriptions",
        "POST /2/activity/subscriptions",
        "POST /2/activity/subscriptions",
        "POST /2/webhooks",
        "DELETE /2/activity/subscriptions",
    ]
    assert len(seen) == len(judged) + 1
    assert [fault for request in judged for fault in judge.faults(request)] == []


@pytest.mark.parametrize(
    ("method", "address", "body"),
    [
        ("GET", "/2/dm_events?dm_event.fields=sender_id", None),
        ("GET", "/2/dm_events?max_results=101", None),
        ("GET", "/2/dm_events?event_types=Message", None),
        ("GET", "/2/dm_events?since_id=5", None),
        ("GET", "/2/users?ids=x7", None),
        ("GET", "/2/users", None),
        ("GET", "/2/users/by?usernames=sixteen_letters_", None),
        ("GET", "/2/users/me?user.fields=tweet_count", None),
        ("GET", "/2/users/7/followers?max_results=1001", None),
        ("GET", "/2/tweets/7/liking_users?max_results=101", None),
        ("GET", "/2/nothing", None),
        ("GET", "/2/activity/subscriptions?max_results=1001", None),
        ("DELETE", "/2/activity/subscriptions", None),
        ("PUT", "/2/webhooks/x", None),
        ("POST", "/2/webhooks", {"address": "https://own.example"}),
        ("POST", "/2/activity/subscriptions", {"event_type": "dm.written", "filter": {}}),
        ("POST", "/2/activity/subscriptions", {"event_type": "dm.received"}),
        ("POST", "/2/dm_conversations/with/me/messages", {"text": "Hi"}),
        ("POST", "/2/dm_conversations/with/7/messages", {"txt": "Hi"}),
        ("POST", "/2/dm_conversations/with/7/messages", {"text": ""}),
        ("POST", "/2/users/7/likes", {"tweet_id": "x9"}),
        ("POST", "/2/users/7/likes", {"post_id": "9"}),
        ("GET", "/2/users/7/tweets?max_results=4", None),
        ("GET", "/2/users/7/tweets?exclude=everything", None),
    ],
)
def test_the_judge_is_not_blind(method: str, address: str, body: dict[str, str] | None, judge: Judge) -> None:
    request = httpx.Request(method, "https://api.x.com" + address, json=body)

    assert judge.faults(request) != []
