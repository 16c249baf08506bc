"""Like steps: where the app may, a post is liked right before the message, which leaves whatever comes of that."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from starlette.applications import Starlette
from tests.engine.conftest import START, World, delay, message, opened
from tests.engine.test_timeline import told

from overture.actions import forgetting, sequences
from overture.channels.x.channel import XChannel
from overture.core.words import MemberRole, StepType
from overture.engine import liking
from overture.sandbox import app as sandbox_app
from overture.sandbox import posts
from overture.store.pool import Pool

LIKE = sequences.NewStep(type=StepType.LIKE, data={})
STEPS = [LIKE, message("Hello "), delay(1), LIKE, message("Still there? ")]


@pytest.fixture
def sandbox() -> Starlette:
    """A platform whose app may like."""
    return sandbox_app.create_app(people=2_000, seed=3, start=START, may_like=True)


@pytest_asyncio.fixture
async def world(database: Pool, sandbox: Starlette) -> AsyncIterator[World]:
    async with opened(database, sandbox, likes=True) as made:
        yield made


async def run(world: World, steps: list[sequences.NewStep] = STEPS) -> tuple[str, dict[str, Any]]:
    """Run a campaign with one person to its end."""
    await world.link("ana")
    (person,) = (await world.people(nature="open", talk="silent"))[:1]
    campaign_id = await world.campaign([await world.make_list([person])], steps=steps)
    await world.run_until_completed(campaign_id)
    return campaign_id, person


def steps_of(entries: list[tuple[str, str | None, str | None]]) -> list[tuple[str, str | None]]:
    """Return what became of messages and likes, in order."""
    return [(kind, reason) for kind, _, reason in entries if kind in ("liked", "stepSkipped", "attempt")]


async def test_the_latest_post_is_liked_before_each_message(world: World, sandbox: Starlette) -> None:
    campaign_id, person = await run(world)
    latest = posts.post_ids(sandbox.state.platform.by_id(person["id"]))[0]
    own_id = await world.pool.fetchval("SELECT platform_id FROM account_link")
    assert sandbox.state.posts.liked == [(own_id, latest)], "once more changes nothing"
    kinds = steps_of(await told(world, campaign_id, person))
    assert kinds == [("liked", None), ("attempt", None), ("liked", None), ("attempt", None)]
    rows = await world.pool.fetch("SELECT post_id, rank, version FROM lead_like ORDER BY rank")
    assert [tuple(row) for row in rows] == [(latest, 0, 1), (latest, 3, 1)]
    assert len(await world.messages()) == 2


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"kind": "refused", "refusal": "clientNotEnrolled"}, "appForbidden"),
        ({"kind": "refused", "refusal": "scopesMissing"}, "scopeMissing"),
        ({"kind": "rateLimited"}, "rateLimit"),
        ({"kind": "serverError"}, "serverError"),
    ],
)
async def test_a_like_that_is_refused_is_passed_over_and_said_why(
    world: World, sandbox: Starlette, fault: dict[str, Any], reason: str
) -> None:
    await world.fault(**fault, endpoint="like")
    campaign_id, person = await run(world, [LIKE, message("Hello ")])
    assert sandbox.state.posts.liked == []
    assert steps_of(await told(world, campaign_id, person)) == [("stepSkipped", reason), ("attempt", None)]
    assert len(await world.messages()) == 1
    status = await world.pool.fetchval("SELECT status FROM account_link")
    rest_until = await world.pool.fetchval("SELECT rest_until FROM account_pace")
    assert (status, rest_until < START) == ("active", True), "a like costs no account"


async def test_without_the_operator_s_word_nothing_is_liked_and_the_rule_is_told(
    database: Pool, sandbox: Starlette
) -> None:
    async with opened(database, sandbox) as world:
        campaign_id, person = await run(world, [LIKE, message("Hello ")])
        assert sandbox.state.posts.liked == []
        kinds = steps_of(await told(world, campaign_id, person))
        assert kinds == [("stepSkipped", "automatedLikesForbidden"), ("attempt", None)]
        assert await world.pool.fetchval("SELECT count(*) FROM lead_like") == 0


@pytest.mark.parametrize(
    ("broken", "reason"), [(asyncio.sleep, "timeout"), (None, "channelBroke")], ids=["too slow", "broken"]
)
async def test_a_message_waits_for_its_like_for_a_moment_alone(
    world: World, monkeypatch: pytest.MonkeyPatch, broken: Any, reason: str
) -> None:
    async def like_latest(*_: Any, **__: Any) -> str:
        if broken is None:
            raise RuntimeError("broken")
        await broken(10)
        return "1"

    monkeypatch.setattr(liking, "SECONDS", 0.05)
    monkeypatch.setattr(XChannel, "like_latest", like_latest)
    campaign_id, person = await run(world, [LIKE, message("Hello ")])
    assert steps_of(await told(world, campaign_id, person)) == [("stepSkipped", reason), ("attempt", None)]


async def test_who_is_forgotten_leaves_no_trace_of_what_was_liked(world: World) -> None:
    await run(world, [LIKE, message("Hello ")])
    assert await world.pool.fetchval("SELECT count(*) FROM lead_like") == 1
    contact_id = "o" + (await world.pool.fetchval("SELECT profile_id FROM lead"))[1:]
    owner = replace(world.actor, role=MemberRole.OWNER)
    await forgetting.forget(world.context, owner, contact_id=contact_id)
    assert await world.pool.fetchval("SELECT count(*) FROM lead_like") == 0
