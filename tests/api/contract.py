"""The contract of the campaign object: of each field its type and bounds, and how fields bind each other."""

import re
from collections.abc import Callable
from typing import Any
from zoneinfo import available_timezones

import httpx

LARGEST = 2**53 - 1


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch("[a-z][0-9a-z]{23}", value) is not None


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", value) is not None


def _is_text(least: int, most: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and least <= len(value) <= most


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= LARGEST


def _is_share(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= 1


def _is_flag(value: Any) -> bool:
    return type(value) is bool


def _is_null_or(test: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or test(value)


def _is_hours(value: Any) -> bool:
    return set(value) <= set("0123456") and all(
        set(day) == {"start", "end"} and 0 <= day["start"] < day["end"] <= 1440 for day in value.values()
    )


def _is_rules(value: Any) -> bool:
    synced, excluded = value["syncedLists"], value["excludedLists"]
    return (
        set(value) == {"syncedLists", "excludedLists", "excludeContacted", "excludeMutuals"}
        and all(set(one) == {"listId", "listName", "columnMapping"} and _is_id(one["listId"]) for one in synced)
        and all(set(one) == {"listId", "listName"} and _is_id(one["listId"]) for one in excluded)
        and _is_flag(value["excludeContacted"])
        and _is_flag(value["excludeMutuals"])
    )


def _is_sequence(value: Any) -> bool:
    steps = value["steps"]
    return (
        set(value) == {"version", "steps"}
        and _is_count(value["version"])
        and [step["rank"] for step in steps] == list(range(len(steps)))
        and all(set(step) == {"id", "rank", "type", "data"} and _is_id(step["id"]) for step in steps)
        and all(step["type"] in ("message", "delay", "like") for step in steps)
    )


def _is_automations(value: Any) -> bool:
    return all(
        set(one) == {"id", "trigger", "action", "actionData", "enabled"}
        and _is_id(one["id"])
        and _is_flag(one["enabled"])
        for one in value
    )


def _is_reason(until: str) -> Callable[[Any], bool]:
    return lambda value: set(value) == {"code", "message", until} and _is_null_or(_is_time)(value[until])


FIELDS: dict[str, Callable[[Any], bool]] = {
    "id": _is_id,
    "name": _is_text(1, 255),
    "description": _is_null_or(_is_text(0, 1000)),
    "status": lambda value: value in ("draft", "active", "paused", "completed"),
    "enabled": _is_flag,
    "dryRun": _is_flag,
    "targetsCount": _is_count,
    "contactedCount": _is_count,
    "repliesCount": _is_count,
    "scopeAssessedCount": _is_count,
    "completionRate": _is_share,
    "replyRate": _is_share,
    "hourlyMessageRate": lambda value: type(value) is int and 1 <= value <= 25,
    "scheduleTimezone": lambda value: value in available_timezones(),
    "scheduleHours": _is_hours,
    "isBuildingPlan": _is_flag,
    "isSyncing": _is_flag,
    "accountLinkIds": lambda value: len(value) == len(set(value)) >= 1 and all(map(_is_id, value)),
    "rules": _is_rules,
    "sequence": _is_sequence,
    "automations": _is_automations,
    "createdAt": _is_time,
    "updatedAt": _is_time,
    "pausedAt": _is_null_or(_is_time),
    "completedAt": _is_null_or(_is_time),
    "lastStartedAt": _is_null_or(_is_time),
    "pauseReason": _is_null_or(_is_reason("since")),
    "heldCount": _is_count,
    "consentMissingCount": _is_count,
    "contactPolicy": lambda value: value in ("inboundOrConsent", "anyoneReachable"),
    "waitsFor": _is_null_or(_is_reason("until")),
    "nextSendAt": _is_null_or(_is_time),
    "finishesAt": _is_null_or(_is_time),
}


def checked(response: httpx.Response) -> dict[str, Any]:
    """Hold an answer against the contract."""
    assert response.status_code == 200, response.text
    campaign: dict[str, Any] = response.json()
    assert set(campaign) == set(FIELDS)
    for name, is_right in FIELDS.items():
        assert is_right(campaign[name]), (name, campaign[name])
    assert campaign["repliesCount"] <= campaign["contactedCount"] <= campaign["targetsCount"]
    assert campaign["scopeAssessedCount"] <= campaign["targetsCount"]
    expected = campaign["repliesCount"] / campaign["contactedCount"] if campaign["contactedCount"] else 0
    assert abs(campaign["replyRate"] - expected) < 1e-9
    assert campaign["createdAt"] <= campaign["updatedAt"]
    assert (campaign["status"] == "completed") == (campaign["completedAt"] is not None)
    if campaign["status"] == "completed":
        assert campaign["contactedCount"] == campaign["targetsCount"]
        assert campaign["completionRate"] == 1
    assert campaign["enabled"] or campaign["status"] in ("draft", "paused")
    return campaign
