"""What v1 takes: arrays in three forms, the vendor's other names, and what it passes over and says so."""

from typing import Any

import httpx
import pytest
from tests.api import campaigning

IGNORED = "X-Overture-Ignored"


async def _create(v1: httpx.AsyncClient, account: dict[str, Any], **body: Any) -> httpx.Response:
    return await v1.post("/campaigns/v2", json={"name": "A", "accountLinkIds": [account["id"]], **body})


# ---------------------------------------------------------------- forms of the same


@pytest.mark.parametrize(
    "query",
    [
        "status=draft&status=active",
        "status[]=draft&status[]=active",
        "status[0]=draft&status[1]=active",
        "status%5B7%5D=draft&status%5B%5D=active",
    ],
)
async def test_arrays_in_queries_have_three_forms(v1: httpx.AsyncClient, campaign: dict[str, Any], query: str) -> None:
    response = await v1.get(f"/campaigns/v2?{query}")
    assert [one["id"] for one in response.json()["data"]] == [campaign["id"]]
    assert IGNORED not in response.headers
    assert (await v1.get(f"/campaigns/v2?{query.replace('draft', 'paused')}")).json()["data"] == []


async def test_the_form_of_an_array_does_not_matter_to_a_cursor(v1: httpx.AsyncClient, account: dict[str, Any]) -> None:
    for _ in range(2):
        await _create(v1, account)
    first = (await v1.get("/campaigns/v2?limit=1&status[]=draft")).json()
    second = await v1.get("/campaigns/v2", params={"limit": 1, "status": "draft", "cursor": first["nextCursor"]})
    assert len(second.json()["data"]) == 1


async def test_accounts_named_twice_count_once(v1: httpx.AsyncClient, account: dict[str, Any], link: Any) -> None:
    other = await link("ben")
    ids = [account["id"], other["id"], account["id"]]
    made = (await v1.post("/campaigns/v2", json={"name": "A", "accountLinkIds": ids})).json()
    assert made["accountLinkIds"] == ids[:2]
    changed = await v1.patch(f"/campaigns/v2/{made['id']}", json={"accountLinkIds": [other["id"], other["id"]]})
    assert changed.json()["accountLinkIds"] == [other["id"]]


@pytest.mark.parametrize("name", ["like", "likeTweet", "like-tweet", "like_tweet"])
async def test_a_like_step_has_four_names(v1: httpx.AsyncClient, account: dict[str, Any], name: str) -> None:
    steps = [campaigning.message("Hi"), {"type": name, "data": {}}, {"type": name}]
    made = (await _create(v1, account, sequence={"steps": steps})).json()
    replaced = (await v1.put(f"/campaigns/v2/{made['id']}/sequence", json={"steps": steps})).json()
    for answer in (made["sequence"], replaced):
        assert [(step["type"], step["data"]) for step in answer["steps"][1:]] == [("like", {}), ("like", {})]


@pytest.mark.parametrize("name", ["timezone", "timeZone", "scheduleTimezone"])
async def test_the_time_zone_has_three_names(v1: httpx.AsyncClient, account: dict[str, Any], name: str) -> None:
    made = (await _create(v1, account, **{name: "Europe/Berlin"})).json()
    assert made["scheduleTimezone"] == "Europe/Berlin"
    changed = (await v1.patch(f"/campaigns/v2/{made['id']}", json={name: "Asia/Tokyo"})).json()
    assert changed["scheduleTimezone"] == "Asia/Tokyo"


async def test_two_time_zones_that_differ_are_refused(v1: httpx.AsyncClient, account: dict[str, Any]) -> None:
    both = {"timezone": "Europe/Berlin", "scheduleTimezone": "Asia/Tokyo"}
    made = (await _create(v1, account)).json()
    for response in (await _create(v1, account, **both), await v1.patch(f"/campaigns/v2/{made['id']}", json=both)):
        assert (response.status_code, response.json()["error"]["code"]) == (400, "INVALID_REQUEST")
    same = {"timezone": "Asia/Tokyo", "timeZone": "Asia/Tokyo"}
    changed = await v1.patch(f"/campaigns/v2/{made['id']}", json=same)
    assert changed.json()["scheduleTimezone"] == "Asia/Tokyo"


@pytest.mark.parametrize("name", ["rules", "leadRules"])
async def test_rules_have_two_names_and_two_shapes(v1: httpx.AsyncClient, account: dict[str, Any], name: str) -> None:
    first = (await v1.post("/lists", json={"name": "First"})).json()["id"]
    second = (await v1.post("/lists", json={"name": "Second"})).json()["id"]
    shown = {
        "syncedLists": [{"listId": first, "listName": "First", "columnMapping": {}}],
        "excludedLists": [{"listId": second, "listName": "Second"}],
        "excludeContacted": True,
        "excludeMutuals": False,
    }
    given = {"syncedListIds": [first], "excludedListIds": [second], "excludeContacted": True}
    for rules in (shown, given):
        made = (await _create(v1, account, **{name: rules})).json()
        assert made["rules"] == shown
        assert made["isSyncing"] is True


async def test_columns_that_nothing_maps_stay_out(
    v1: httpx.AsyncClient, client: httpx.AsyncClient, account: dict[str, Any]
) -> None:
    listed = await campaigning.make_list(client, "A", ["Company"])
    made = (await _create(v1, account, rules={"syncedListIds": [listed["id"]]})).json()
    path = f"/campaigns/v2/{made['id']}"
    assert (await v1.get(f"{path}/columns")).json()["data"] == []
    changed = await v1.patch(f"{path}/rules", json={"syncedListIds": [listed["id"]]})
    assert changed.json() == {"success": True}
    assert (await v1.get(f"{path}/columns")).json()["data"] == []
    own = (await v1.post(f"{path}/columns", json={"name": "Firm"})).json()["id"]
    mapping = {listed["columns"]["Company"]: own}
    await v1.patch(f"{path}/rules", json={"columnMappings": {listed["id"]: mapping}, "detachBehavior": "unlink"})
    assert (await v1.get(path)).json()["rules"]["syncedLists"][0]["columnMapping"] == mapping


# ---------------------------------------------------------------- what is passed over


async def test_unknown_members_and_parameters_are_passed_over_and_named(
    v1: httpx.AsyncClient, account: dict[str, Any]
) -> None:
    made = await _create(v1, account, dryRun=True, type="sequence", hourlyMessageRate=9)
    assert made.status_code == 200, made.text
    assert (made.json()["dryRun"], made.json()["hourlyMessageRate"]) == (False, 9)
    assert made.headers[IGNORED] == "dryRun, type"
    path = f"/campaigns/v2/{made.json()['id']}"
    read = await v1.get(f"{path}?expand=lists&fields[]=id")
    assert (read.status_code, read.headers[IGNORED]) == (200, "expand, fields[]")
    changed = await v1.patch(path, json={"name": "B", "rules": {"syncedListIds": []}, "type": 1})
    assert (changed.json()["name"], changed.headers[IGNORED]) == ("B", "rules, type")
    started = await v1.post(f"{path}/disable", json={"force": True})
    assert (started.status_code, started.headers[IGNORED]) == (200, "force")


async def test_a_member_below_is_named_by_its_place_and_repetitions_once(
    v1: httpx.AsyncClient, campaign: dict[str, Any]
) -> None:
    steps = [
        {**campaigning.message("Hi"), "campaignVersion": 3},
        {"type": "delay", "data": {"delaySeconds": 86400, "unit": "days", "jitter": 5}, "campaignVersion": 3},
        {
            "type": "message",
            "data": {"segments": [{"type": "static", "text": "Again", "bold": True}], "message": {"data": {"x": 1}}},
        },
    ]
    response = await v1.put(f"/campaigns/v2/{campaign['id']}/sequence", json={"steps": steps})
    assert response.status_code == 200, response.text
    assert response.headers[IGNORED].split(", ") == [
        "steps[].campaignVersion",
        "steps[].data.jitter",
        "steps[].data.segments[].bold",
        "steps[].data.message",
    ]
    leads = {"leads": [{"platformId": str(number), "score": number} for number in range(1, 6)]}
    added = await v1.post(f"/campaigns/v2/{campaign['id']}/leads", json=leads)
    assert (added.json()["added"], added.headers[IGNORED]) == (5, "leads[].score")


@pytest.mark.parametrize("name", ["scheduleZone", "ruleSet", "listIds", "whitelist", "accounts", "AccountIds"])
async def test_what_could_send_to_wrong_people_or_at_wrong_hours_is_refused_on_create(
    v1: httpx.AsyncClient, account: dict[str, Any], name: str
) -> None:
    refused = await _create(v1, account, **{name: ["x"]})
    assert refused.status_code == 400
    assert refused.json()["error"]["details"]["issues"][0]["path"] == [name]
    assert (await v1.get("/campaigns/v2")).json()["data"] == []


async def test_elsewhere_such_a_name_is_passed_over(v1: httpx.AsyncClient, campaign: dict[str, Any]) -> None:
    response = await v1.patch(f"/campaigns/v2/{campaign['id']}", json={"name": "B", "listIds": ["x"]})
    assert (response.status_code, response.headers[IGNORED]) == (200, "listIds")


async def test_known_members_are_as_strict_as_ever(v1: httpx.AsyncClient, account: dict[str, Any]) -> None:
    wrongs: tuple[dict[str, Any], ...] = (
        {"hourlyMessageRate": "9"},
        {"hourlyMessageRate": 26},
        {"scheduleHours": {"7": {}}},
        {"name": ""},
    )
    for wrong in wrongs:
        response = await _create(v1, account, **wrong, unknown=1)
        assert response.status_code == 400
        assert {issue["path"][0] for issue in response.json()["error"]["details"]["issues"]} == set(wrong)


async def test_an_unknown_column_is_no_unknown_member(v1: httpx.AsyncClient, campaign: dict[str, Any]) -> None:
    path = f"/campaigns/v2/{campaign['id']}/leads"
    response = await v1.post(path, json={"leads": [{"platformId": "7", "data": {"custom_x": "Acme"}}]})
    assert response.status_code == 400
    assert (await v1.get(path)).json()["data"] == []


@pytest.mark.parametrize("name", ["é\n\r: x", "a,b", "\u202e🦆", "x" * 5000, "", " ", "[]", "__proto__"])
async def test_any_name_may_be_passed_over(v1: httpx.AsyncClient, name: str) -> None:
    response = await v1.post("/lists", json={"name": "A", name: 1})
    assert response.status_code == 200, response.text
    assert response.headers[IGNORED].isascii()
    assert len(response.headers[IGNORED]) < 2100
    query = await v1.get("/lists", params={name or "x": "1"})
    assert (query.status_code, IGNORED in query.headers) == (200, True)


async def test_a_great_many_names_are_told_in_part(v1: httpx.AsyncClient) -> None:
    response = await v1.post("/lists", json={"name": "A", **{f"unknown{number}": 1 for number in range(20_000)}})
    told = response.headers[IGNORED].split(", ")
    assert response.status_code == 200
    assert (told[0], told[-1]) == ("unknown0", "...")
    assert len(response.headers[IGNORED]) <= 2100


@pytest.mark.parametrize(
    "step",
    [
        {"type": "message", "message": {"data": {"segments": [1]}}, "data": {"segments": [{"x": 1}], "y": 1}},
        {
            "type": "message",
            "message": [],
            "x": 1,
            "data": {"segments": [{"type": "static", "text": "a", "static": 1}]},
        },
        {"type": "message", "message": {"x": {"y": 1}}, "x": {"y": 1}, "data": {"data": {}, "segments": {"0": {}}}},
        {"type": "like", "like": {"data": [{"x": 1}]}, "data": {"x": [1]}},
        {"type": ["like"], "x": 1},
    ],
)
async def test_names_that_look_like_places_mislead_nobody(
    v1: httpx.AsyncClient, campaign: dict[str, Any], step: dict[str, Any]
) -> None:
    response = await v1.put(f"/campaigns/v2/{campaign['id']}/sequence", json={"steps": [step, step]})
    assert response.status_code in (200, 400), response.text
