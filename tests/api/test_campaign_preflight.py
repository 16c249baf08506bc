"""What pre-flight says before a campaign starts."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.api import campaigning
from tests.api.campaigning import LIKE, message, variable
from tests.api.conftest import Link

from overture.actions import preflight as preflights
from overture.actions.context import Context, operator
from overture.channels.registry import Registry
from overture.channels.x.channel import XChannel

DAY = timedelta(days=1)
HI = {"steps": [message("Hi")]}


async def switch(client: httpx.AsyncClient, campaign: dict[str, Any], verb: str) -> dict[str, Any]:
    response = await client.post(f"/campaigns/{campaign['id']}/{verb}")
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def preflight(client: httpx.AsyncClient, campaign: dict[str, Any]) -> dict[str, Any]:
    response = await client.get(f"/campaigns/{campaign['id']}/preflight")
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def found(report: dict[str, Any]) -> dict[str, tuple[str, int]]:
    return {issue["code"]: (issue["severity"], issue["count"]) for issue in report["issues"]}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sequence": {"steps": []}}, "noSequence"),
        ({"sequence": {"steps": [LIKE]}}, "noMessage"),
        ({"scheduleHours": {}}, "noSendingHours"),
        ({"sequence": {"steps": [message("x" * 10_001)]}}, "textTooLong"),
        (
            {"sequence": {"steps": [message("x" * 9_999, {"type": "variation", "options": ["abc", "ab"]})]}},
            "textTooLong",
        ),
    ],
)
async def test_what_can_never_work_refuses_the_start(
    client: httpx.AsyncClient, link: Link, change: dict[str, Any], code: str
) -> None:
    campaign = await campaigning.create(client, await link("ana"), **{"sequence": HI, **change})
    refused = await client.post(f"/campaigns/{campaign['id']}/enable")
    assert (refused.status_code, refused.json()["code"]) == (422, "preflightFailed")
    report = await preflight(client, campaign)
    assert report["ready"] is False
    assert refused.json()["details"]["issues"] == [i for i in report["issues"] if i["severity"] == "error"]
    assert [issue["code"] for issue in refused.json()["details"]["issues"]] == [code]
    assert await campaigning.read(client, campaign) == campaign


ERRORS: dict[str, tuple[str, list[str | int], int]] = {
    "noSequence": ("DELETE FROM sequence_step", ["sequence", "steps"], 1),
    "noMessage": ("UPDATE sequence_step SET type = 'like', data = '{}'", ["sequence", "steps"], 1),
    "noSendingHours": ("UPDATE campaign SET schedule_hours = '{}'", ["scheduleHours"], 1),
    "noAccount": ("UPDATE account_link SET status = 'offline'", ["accountLinkIds"], 1),
    "textTooLong": (
        "UPDATE sequence_step SET data = jsonb_build_object('segments', jsonb_build_array("
        "jsonb_build_object('type', 'static', 'text', repeat('x', 10001))))",
        ["sequence", "steps", 0],
        1,
    ),
    "unknownVariable": ("DELETE FROM campaign_column", ["sequence", "steps", 0, "data", "segments", 1], 1),
    "consentMissing": ("UPDATE contact SET consent_basis = NULL, consent_at = NULL", ["rules"], 2),
}


@pytest.mark.parametrize("code", ERRORS)
async def test_every_error_names_its_place_how_much_it_concerns_and_the_remedy(
    client: httpx.AsyncClient, link: Link, context: Context, code: str
) -> None:
    """Broken underneath the API, which takes most of it no more: what was fine once may have gone since."""
    statement, path, count = ERRORS[code]
    campaign = await campaigning.create(
        client,
        await link("ana"),
        columns=[{"name": "City"}],
        sequence={"steps": [message("Hi from ", variable("City", "here"))]},
    )
    await campaigning.add(client, campaign, "1", "2")
    assert found(await preflight(client, campaign)) == {}
    await context.pool.execute(statement)
    report = await preflight(client, campaign)
    (issue,) = (issue for issue in report["issues"] if issue["severity"] == "error")
    assert (issue["severity"], issue["code"], issue["path"], issue["count"]) == ("error", code, path, count)
    assert issue["message"] and issue["remedy"]
    refused = await client.post(f"/campaigns/{campaign['id']}/enable")
    assert (refused.status_code, refused.json()["details"]["issues"]) == (422, [issue])
    assert (await campaigning.read(client, campaign))["status"] == "draft"


async def test_accounts_that_are_all_offline_refuse_the_start_and_some_only_warn(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    ana, ben = await link("ana"), await link("ben")
    campaign = await campaigning.create(client, ana, accountLinkIds=[ana["id"], ben["id"]], sequence=HI)
    await context.pool.execute("UPDATE account_link SET status = 'offline' WHERE id = $1", ana["id"])
    assert found(await preflight(client, campaign)) == {"accountOffline": ("warning", 1)}
    await context.pool.execute("UPDATE account_link SET status = 'offline'")
    assert found(await preflight(client, campaign)) == {"noAccount": ("error", 2)}
    assert (await client.post(f"/campaigns/{campaign['id']}/enable")).status_code == 422


async def test_where_the_app_may_like_accounts_that_did_not_grant_it_warn(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    channel = XChannel(likes=True)
    may_like = replace(context, channels=Registry([channel]))
    ana, ben = await link("ana"), await link("ben")
    both = [ana["id"], ben["id"]]
    campaign = await campaigning.create(client, ana, accountLinkIds=both, sequence={"steps": [LIKE, message("Hi")]})
    assert found(await preflight(client, campaign)) == {"likesSkipped": ("warning", 1)}
    team_id = await context.pool.fetchval("SELECT team_id FROM campaign")

    async def warned() -> list[tuple[str, int]]:
        report = await preflights.report(may_like, operator(team_id), campaign_id=campaign["id"])
        return [(issue.code, issue.count) for issue in report.issues]

    assert await warned() == []
    scopes = ["dm.read", "dm.write", "tweet.read", "users.read", "offline.access"]
    await context.pool.execute("UPDATE account_link SET scopes = $1 WHERE id = $2", scopes, ana["id"])
    assert await warned() == [("likesSkipped", 1)]
    await channel.close()


async def test_accounts_without_the_rights_messages_need_warn(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    ana, ben = await link("ana"), await link("ben")
    campaign = await campaigning.create(client, ana, accountLinkIds=[ana["id"], ben["id"]], sequence=HI)
    scopes = ["dm.write", "tweet.read", "users.read", "offline.access"]
    await context.pool.execute("UPDATE account_link SET scopes = $1 WHERE id = $2", scopes, ana["id"])
    report = await preflight(client, campaign)
    assert found(report) == {"scopeMissing": ("warning", 1)}
    assert "dm.read" in report["issues"][0]["message"]
    await context.pool.execute("UPDATE account_link SET scopes = $1", [*scopes, "dm.read"])
    assert found(await preflight(client, campaign)) == {}


async def test_consent_missing_for_all_refuses_and_for_some_warns(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    ana = await link("ana")
    campaign = await campaigning.create(client, ana, sequence=HI)
    assert found(await preflight(client, campaign)) == {}
    await client.post(f"/campaigns/{campaign['id']}/leads", json={"platformIds": ["101", "102"]})
    assert found(await preflight(client, campaign)) == {"consentMissing": ("error", 2)}
    assert (await client.post(f"/campaigns/{campaign['id']}/enable")).status_code == 422
    await campaigning.add(client, campaign, "103")
    assert found(await preflight(client, campaign)) == {"consentMissing": ("warning", 2)}
    await switch(client, campaign, "enable")
    await campaigning.write_to_anyone(context)
    assert found(await preflight(client, campaign)) == {"anyoneReachable": ("warning", 1)}
    assert (await campaigning.read(client, campaign))["contactPolicy"] == "anyoneReachable"


async def test_warnings_count_leads_without_values_and_texts_that_would_be_too_long(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    ana = await link("ana")
    await campaigning.write_to_anyone(context)
    founders = await campaigning.make_list(client, "Founders", ["City"])
    city = founders["columns"]["City"]
    await client.post(
        f"/lists/{founders['id']}/leads",
        json={"leads": [{"platformId": "1", "data": {city: "Lisbon"}}, {"platformId": "2", "data": {city: " "}}]},
    )
    campaign = await campaigning.create(
        client,
        ana,
        rules={"syncedListIds": [founders["id"]]},
        sequence={
            "steps": [message("Hi ", variable("City")), message("x" * 9_990, variable("City", "longer than ten"))]
        },
    )
    (ours,) = campaign["rules"]["syncedLists"][0]["columnMapping"].values()
    for platform_id, data in (("1", {}), ("2", {}), ("3", {}), ("4", {ours: "Porto"}), ("5", {ours: " "})):
        await campaigning.put(context, campaign, platform_id, state="ready", data=data)
    await campaigning.put(context, campaign, "6", state="inSequence", account=ana, contacted=DAY, rank=1)
    report = await preflight(client, campaign)
    assert report["ready"] is True
    # 1 has a value from its list, 4 its own, 6 is past the step; the fallback of the second text is what is too long.
    assert found(report) == {
        "valueMissing": ("warning", 3),
        "renderedTooLong": ("warning", 4),
        "stillSyncing": ("warning", 1),
        "anyoneReachable": ("warning", 1),
    }
    assert report["issues"][0]["path"] == ["sequence", "steps", 0]
    await switch(client, campaign, "enable")


async def test_other_warnings_name_their_place(client: httpx.AsyncClient, link: Link) -> None:
    campaign = await campaigning.create(
        client,
        await link("ana"),
        hourlyMessageRate=21,
        rules={"excludeMutuals": True},
        sequence={"steps": [message("Hi"), LIKE]},
    )
    report = await preflight(client, campaign)
    assert {issue["code"]: issue["path"] for issue in report["issues"]} == {
        "rateHigh": ["hourlyMessageRate"],
        "likesSkipped": ["sequence", "steps", 1],
        "shortHistory": ["rules", "excludeMutuals"],
        "stillSyncing": ["rules"],
    }
    assert report["ready"] is True
    assert all(issue["message"] and issue["remedy"] for issue in report["issues"])


async def test_the_estimate_counts_what_is_left_to_send_and_by_when(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    ana = await link("ana")
    campaign = await campaigning.create(
        client, ana, sequence={"steps": [message("1"), campaigning.delay(2), message("2")]}
    )
    empty = (await preflight(client, campaign))["estimate"]
    nothing = {"currency": "USD", "lookUps": 0, "sends": 0, "readings": 0}
    assert empty == {
        "messages": 0,
        "accounts": 1,
        "finishesAt": None,
        "lookUps": 0,
        "cost": 0,
        "costs": nothing,
    }
    for number in range(8):
        await campaigning.put(context, campaign, str(number), state="ready")
    await campaigning.put(context, campaign, "9", state="inSequence", account=ana, contacted=DAY, rank=1)
    estimate = (await preflight(client, campaign))["estimate"]
    assert estimate["messages"] == 17
    # Monday 09:00: eight an hour begin by 10:00, and the last follow-up is due two days after.
    assert estimate["finishesAt"] == "2026-11-25T10:00:00.000Z"


async def test_the_estimate_tells_what_look_ups_sends_and_readings_cost(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    ana = await link("ana")
    steps = [message("1"), campaigning.delay(2), message("2")]
    campaign = await campaigning.create(client, ana, sequence={"steps": steps})
    for number in range(3):
        await campaigning.put(context, campaign, str(number), state="assessing")
    for number in range(3, 5):
        await campaigning.put(context, campaign, str(number), state="ready")
    estimate = (await preflight(client, campaign))["estimate"]
    assert (estimate["lookUps"], estimate["messages"]) == (3, 10)
    # Three look-ups at 0.010, ten messages at 0.015; these and an answer from each of five are read at 0.010.
    assert estimate["costs"] == {"currency": "USD", "lookUps": 0.03, "sends": 0.15, "readings": 0.15}
    assert estimate["cost"] == 0.33


async def test_who_let_accounts_write_to_anyone_is_shown_with_day_and_note(
    client: httpx.AsyncClient, link: Link, context: Context
) -> None:
    campaign = await campaigning.create(client, await link("ana"), sequence=HI)
    assert "anyoneReachable" not in found(await preflight(client, campaign))
    await link("ben")
    chosen = {"contactPolicy": "anyoneReachable", "note": "All of them are customers."}
    assert (await client.put("/platforms/twitter/policy", json=chosen)).status_code == 200
    shown = (await client.get("/platforms/twitter/policy")).json()
    report = await preflight(client, campaign)
    (issue,) = (one for one in report["issues"] if one["code"] == "anyoneReachable")
    assert (issue["severity"], issue["path"], issue["count"]) == ("warning", ["accountLinkIds"], 1)
    now = await context.clock.now()
    assert f"{shown['changedBy']} on {now:%d %B %Y}: All of them are customers." in issue["message"]
    assert (await campaigning.read(client, campaign))["contactPolicy"] == "anyoneReachable"


async def test_the_rules_of_the_platform_are_shown_with_date_and_source(client: httpx.AsyncClient, link: Link) -> None:
    campaign = await campaigning.create(client, await link("ana"), sequence=HI)
    rules = (await preflight(client, campaign))["rules"]
    assert {rule["code"] for rule in rules} >= {"automatedLabel", "disclosure", "inboundOrConsent", "noAutomatedLikes"}
    assert all(rule["source"].startswith("https://docs.x.com/") and rule["remedy"] for rule in rules)
    assert all(rule["seenOn"].startswith("2026-") for rule in rules)


async def test_texts_that_other_accounts_send_nearly_the_same_warn(client: httpx.AsyncClient, link: Link) -> None:
    ana, ben = await link("ana"), await link("ben")
    pitch = "thank you for asking about our roastery, shall I send you a bag to try this week?"
    theirs = await campaigning.create(client, ana, name="Theirs", sequence={"steps": [message(f"Hi, {pitch}")]})
    other_words = "We have opened a second shop near the harbour and would love to see you there on Friday."
    steps = [message(other_words), campaigning.delay(1), message(f"Hello, {pitch.upper()}")]
    ours = await campaigning.create(client, ben, sequence={"steps": steps})
    assert "textsAlike" not in found(await preflight(client, ours))
    await switch(client, theirs, "enable")
    (issue,) = (one for one in (await preflight(client, ours))["issues"] if one["code"] == "textsAlike")
    assert (issue["severity"], issue["path"], issue["count"]) == ("warning", ["sequence", "steps", 2], 1)
    assert "'Theirs'" in issue["message"]
    # From the same account it is one sender who says it.
    same = await campaigning.create(client, ana, sequence={"steps": [message(f"Hi, {pitch}")]})
    assert "textsAlike" not in found(await preflight(client, same))
