"""The demo's campaign, killed in the middle of sending: what the platform has must satisfy the same proof."""

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from overture.demo import campaign, command, evidence, leads, proof
from overture.demo.campaign import Api
from overture.demo.server import Server, Settings, free_port

LEADS, PEOPLE, SEED = 60, 400, 7
ARRIVED = {"kind": "timeoutAfterAccept", "endpoint": "send", "next": 1}
"""The next message reaches the platform, whose answer never comes: at the kill only the platform knows of it."""

LOST = {"kind": "latency", "endpoint": "send", "seconds": 60, "next": 1}
"""The next message is still on its way at the kill: the platform never gets it."""

PATIENCE_SECONDS = 420.0
"""A message nobody can tell about is held two minutes after its lease ended; each kill may leave some."""


@pytest.fixture
def server() -> Iterator[Server]:
    """An `overture up` on a fresh directory; nothing of it is left after the test."""
    data = Path(tempfile.mkdtemp(prefix="overture-crash-"))
    data.chmod(0o711)
    made = Server(settings=Settings(data=data, port=free_port(), people=PEOPLE, seed=SEED, start=command.START))
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(data, ignore_errors=True)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("kills", "database_dies"),
    [(((20, ARRIVED), (70, LOST)), False), (((50, ARRIVED),), True)],
    ids=["the database goes on", "the database dies too"],
)
async def test_a_killed_campaign_completes_without_loss_or_repetition(
    server: Server, kills: tuple[tuple[int, dict[str, Any]], ...], database_dies: bool
) -> None:
    api = await _start(server)
    prepared = await campaign.prepare(api, lead_count=LEADS, seed=SEED, say=print)
    campaign_id = prepared.campaign["id"]
    await api.post(f"/campaigns/{campaign_id}/enable")
    for count, fault in kills:
        await _until_sent(api, count)
        await _until_met(api, server, fault)
        await api.close()
        server.kill()
        if database_dies:
            _kill_database(server.settings.data)
        api = await _start(server)
    decisions = await _until_completed(api, campaign_id)

    account_ids = [account["platformId"] for account in prepared.accounts.values()]
    async with evidence.connected(server.settings.dsn) as connection:
        history = await evidence.gather(
            api,
            connection,
            campaign_id=campaign_id,
            reachable=leads.reachable(prepared.people, account_ids),
            reply_status=campaign.REPLY_STATUS,
        )
        lost = await connection.fetchval("SELECT count(*) FROM attempt WHERE reason IN ('notFound', 'leaseEnded')")
    await api.close()
    verdict = proof.judge(history)
    assert {each.law: each.violations for each in verdict.verdicts if not each.holds} == {}
    assert verdict.messages > LEADS
    # What was lost is known to be lost; a person decides, unless an answer has ended the lead in the meantime.
    assert lost >= sum(fault is LOST for _, fault in kills)
    assert len(decisions) <= lost
    assert history.counters.status == "completed"


async def _start(server: Server) -> Api:
    server.start()
    await asyncio.to_thread(server.wait_ready)
    settings = server.settings
    return Api(base_url=settings.base_url, sandbox_url=settings.sandbox_url, token=server.token())


async def _until_met(api: Api, server: Server, fault: dict[str, Any]) -> None:
    """Order a fault and wait until a message has met it."""
    async with httpx.AsyncClient(base_url=server.settings.sandbox_url) as client:
        response = await client.post("/_sandbox/faults", json=fault)
        assert response.status_code == 201, response.text

    async def is_met() -> bool:
        in_force = await api.sandbox("/faults")
        return len(in_force) == 0

    await _until(is_met, "no message has met the fault", pause=0.005)
    await asyncio.sleep(0.1)  # a message that arrives has arrived by now


async def _until_sent(api: Api, count: int) -> None:
    async def has_sent() -> bool:
        messages = await api.sandbox("/messages", limit=10_000)
        sent = [message for message in messages if message["origin"] == "api"]
        return len(sent) >= count

    await _until(has_sent, f"{count} messages have not been sent", pause=0.005)


async def _until_completed(api: Api, campaign_id: str) -> set[str]:
    """Wait for the end, and decide as a person would where nobody can tell what became of a message.

    Returns the people whose messages were decided about.
    """
    decisions: set[str] = set()

    async def is_completed() -> bool:
        shown = await api.get(f"/campaigns/{campaign_id}")
        if shown["heldCount"]:
            for lead in await api.pages(f"/campaigns/{campaign_id}/leads", state="held"):
                decisions.add(await _decide(api, campaign_id, lead))
        return bool(shown["status"] == "completed")

    await _until(is_completed, "the campaign has not been completed", pause=0.2)
    return decisions


async def _decide(api: Api, campaign_id: str, lead: dict[str, Any]) -> str:
    """The platform does not have the message, so it is sent again."""
    assert lead["reason"] == "notFound", lead
    person = str(lead["profile"]["platformId"])
    await api.post(f"/campaigns/{campaign_id}/leads/{person}/release", {"action": "resend"})
    return person


async def _until(is_done: Callable[[], Awaitable[bool]], problem: str, *, pause: float) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await is_done():
        assert time.monotonic() < deadline, f"{problem} after {PATIENCE_SECONDS:.0f} s"
        await asyncio.sleep(pause)


def _kill_database(data: Path) -> None:
    number = int((data / "postgres" / "postmaster.pid").read_text(encoding="ascii").split()[0])
    with suppress(ProcessLookupError):
        os.kill(number, signal.SIGKILL)
