"""What accounts have granted is renewed in time, once over all processes, and never lost on the way."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

import pytest
import pytest_asyncio
from tests.engine.conftest import SANDBOX_URL, World, message

from overture import clock as clocks
from overture.actions import accounts, clients, linking, tokens
from overture.actions.clients import Registration
from overture.actions.context import operator
from overture.channels.port import App, ChannelError, Credentials
from overture.channels.x import oauth
from overture.core import grants
from overture.core.grants import Grant
from overture.core.words import MemberRole
from overture.engine import keyring as keyrings
from overture.engine.keyring import Keyring
from overture.store import grants as stored

REDIRECT = "http://127.0.0.1:8080/oauth/twitter/callback"


@contextmanager
def later(span: timedelta) -> Iterator[None]:
    """Let the machine's clock, for us, stand so much later."""
    real = clocks.wall_now
    with mock.patch.object(clocks, "wall_now", lambda: real() + span):
        yield


@pytest_asyncio.fixture
async def linked(world: World) -> AsyncIterator[World]:
    """A team whose account ana was linked in a browser."""
    token, _ = await tokens.create(world.context, operator(world.actor.team_id), name="test")
    world.actor = replace(world.actor, token_id=token.id, role=MemberRole.OWNER)
    await clients.register(
        world.context,
        world.actor,
        platform="twitter",
        base_url=SANDBOX_URL,
        registration=Registration(client_id="sandbox-client", client_secret="sandbox-secret"),
    )
    await world.link("ben")
    page, _ = await linking.begin(
        world.context, world.actor, platform="twitter", base_url=SANDBOX_URL, redirect_uri=REDIRECT
    )
    answer = await world.platform.post(page, data={"account": "ana"})
    told = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    account = await linking.finish(world.context, state=told["state"], code=told["code"])
    world.account_ids["ana"] = account.id
    yield world


async def held(world: World) -> stored.Held:
    async with world.pool.acquire() as connection:
        found = await stored.read(connection, team_id=world.actor.team_id, account_id=world.account_ids["ana"])
    assert found is not None
    return found


async def grant_of(world: World) -> Grant:
    place = keyrings.place(world.actor.team_id, world.account_ids["ana"])
    return grants.read(world.context.sealer.open((await held(world)).sealed_grant, context=place))


async def credentials(world: World, keyring: Keyring | None = None, sealed: bytes | None = None) -> Credentials:
    return await (keyring or world.keyring).credentials(
        team_id=world.actor.team_id,
        account_id=world.account_ids["ana"],
        base_url=SANDBOX_URL,
        sealed_grant=sealed or (await held(world)).sealed_grant,
    )


async def who(world: World, opened: Credentials) -> str:
    channel = world.context.channels.get("twitter")
    assert channel is not None
    return (await channel.identify(opened)).username


async def test_a_grant_that_lasts_is_used_as_it_is(linked: World) -> None:
    before = await grant_of(linked)
    with later(timedelta(seconds=7_200) - grants.EARLY - timedelta(seconds=30)):
        opened = await credentials(linked)
    assert opened.token == before.access_token == (await grant_of(linked)).access_token


async def test_a_grant_that_is_about_to_end_is_renewed_before_it_is_used(linked: World) -> None:
    before = await grant_of(linked)
    with later(timedelta(seconds=7_200)):
        opened = await credentials(linked)
    after = await grant_of(linked)
    assert opened.token == after.access_token != before.access_token
    assert after.refresh_token != before.refresh_token
    assert await who(linked, opened) == "ana"


async def test_however_many_find_it_ending_at_once_it_is_renewed_once(linked: World) -> None:
    sealed = (await held(linked)).sealed_grant
    rings = [linked.keyring for _ in range(5)]
    with later(timedelta(seconds=7_200)):
        opened = await asyncio.gather(*(credentials(linked, ring, sealed) for ring in rings for _ in range(4)))
    assert {one.token for one in opened} == {(await grant_of(linked)).access_token}
    assert await who(linked, opened[0]) == "ana"


async def test_a_renewal_ends_although_nobody_waits_for_it_any_more(linked: World) -> None:
    real, may_go_on = oauth.Authority.renew, asyncio.Event()

    async def slow(self: oauth.Authority, *args: object) -> Grant:
        renewed = await real(self, *args)  # type: ignore[arg-type]  # what was passed is passed on
        await may_go_on.wait()
        return renewed

    before = await grant_of(linked)
    ring = linked.keyring
    with mock.patch.object(oauth.Authority, "renew", slow), later(timedelta(seconds=7_200)):
        waiting = asyncio.create_task(credentials(linked, ring))
        await asyncio.sleep(0.2)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        may_go_on.set()
        opened = await credentials(linked, ring)
    assert opened.token == (await grant_of(linked)).access_token != before.access_token
    assert await who(linked, opened) == "ana"


async def test_while_the_platform_does_not_renew_a_grant_serves_to_its_end(linked: World) -> None:
    before = await grant_of(linked)
    outage = ChannelError("unavailable", "HTTP 503")
    with mock.patch.object(oauth.Authority, "renew", mock.AsyncMock(side_effect=outage)):
        with later(timedelta(seconds=7_200) - timedelta(seconds=60)):
            assert (await credentials(linked)).token == before.access_token
        with later(timedelta(seconds=7_201)), pytest.raises(ChannelError) as refused:
            await credentials(linked)
    assert refused.value.kind == "unavailable"
    assert await grant_of(linked) == before


async def test_a_read_whose_token_is_refused_goes_on_with_the_next_one(linked: World) -> None:
    opened = await credentials(linked)
    await revoke_access(linked)
    with later(keyrings.YOUNG * 2):
        assert await who(linked, opened) == "ana"
    assert (await grant_of(linked)).access_token != opened.token


async def test_a_token_that_is_refused_as_soon_as_it_is_given_is_not_renewed_for_ever(linked: World) -> None:
    opened = await credentials(linked)
    await revoke_access(linked)
    with pytest.raises(ChannelError) as refused:
        await who(linked, opened)
    assert refused.value.kind == "authLost"


async def test_a_link_made_anew_while_the_former_is_renewed_stays(linked: World) -> None:
    place = keyrings.place(linked.actor.team_id, linked.account_ids["ana"])
    anew = linked.context.sealer.seal("sandbox-ana", context=place)
    async with linked.pool.acquire() as connection:
        keys = {"team_id": linked.actor.team_id, "account_id": linked.account_ids["ana"]}
        former = (await held(linked)).sealed_grant
        await stored.replace(connection, **keys, former=former, sealed_grant=anew, scopes=None)
        await stored.replace(connection, **keys, former=b"another", sealed_grant=b"lost", scopes=None)
    assert (await held(linked)).sealed_grant == anew


async def test_a_message_whose_token_is_refused_leaves_once_it_is_renewed(linked: World) -> None:
    people = (await linked.people("open", "silent"))[:4]
    campaign_id = await linked.campaign([await linked.make_list(people)], steps=[message("Hello ")])
    await revoke_access(linked)

    async def is_over() -> bool:
        return await linked.status(campaign_id) == "completed"

    with later(keyrings.YOUNG * 2):
        await linked.run_until(is_over)
    states = {row[0] for row in await linked.pool.fetch("SELECT state FROM lead")}
    assert states == {"finished"}
    written = (await linked.platform.get("/_sandbox/messages")).json()
    assert len(written) == len(people)
    assert len({one["recipient"] for one in written}) == len(people)


async def test_an_account_whose_grant_was_taken_back_is_offline_and_loses_no_lead(linked: World) -> None:
    people = (await linked.people("open", "silent"))[:2]
    await linked.campaign([await linked.make_list(people)], steps=[message("Hello ")])
    grant = await grant_of(linked)
    authority = clients.require_authority(linked.context, "twitter")
    app = App(base_url=SANDBOX_URL, client_id="sandbox-client", client_secret="sandbox-secret")
    await authority.revoke(app, grant)

    async def is_offline() -> bool:
        status = "SELECT status FROM account_link WHERE id = $1"
        return bool(await linked.pool.fetchval(status, linked.account_ids["ana"]) == "offline")

    with later(timedelta(seconds=7_200)):
        await linked.run_until(is_offline)
    code = await linked.pool.fetchval("SELECT offline_code FROM account_link WHERE status = 'offline'")
    assert code == "grantRefused"
    assert not await linked.pool.fetchval(
        "SELECT count(*) FROM lead WHERE state NOT IN ('assessing', 'ready', 'finished')"
    )


async def test_disconnecting_an_account_gives_its_grant_back(linked: World) -> None:
    opened = await credentials(linked)
    await accounts.disconnect(linked.context, linked.actor, account_id=linked.account_ids["ana"])
    with pytest.raises(ChannelError):
        await who(linked, Credentials(base_url=SANDBOX_URL, token=opened.token))


async def test_disconnecting_works_also_where_the_platform_takes_nothing_back(linked: World) -> None:
    outage = ChannelError("unavailable", "HTTP 503")
    with mock.patch.object(oauth.Authority, "revoke", mock.AsyncMock(side_effect=outage)):
        await accounts.disconnect(linked.context, linked.actor, account_id=linked.account_ids["ana"])
    assert not await linked.pool.fetchval(
        "SELECT count(*) FROM account_link WHERE id = $1 AND deleted_at IS NULL", linked.account_ids["ana"]
    )


async def revoke_access(world: World) -> None:
    """Let every access token end that the platform has given so far; refresh tokens serve on."""
    world.sandbox.state.grants._clock = lambda: time.time() + 7_300
