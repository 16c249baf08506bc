"""An import, killed or stopped in the middle: every row of the file is on the list once, and counted once."""

import asyncio
import csv
import io
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from overture.demo import command
from overture.demo.server import Server, Settings, free_port
from overture.engine import chores

ROWS, DOUBLES, BROKEN = 60_000, 500, 300
FIRST_ID = 4_000_000_000
PATIENCE_SECONDS = 420.0
STOP_SECONDS = 5.0


@pytest.fixture
def server() -> Iterator[Server]:
    """An `overture up` on a fresh directory; nothing of it is left after the test."""
    data = Path(tempfile.mkdtemp(prefix="overture-crash-"))
    data.chmod(0o711)
    made = Server(settings=Settings(data=data, port=free_port(), people=100, seed=7, start=command.START))
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(data, ignore_errors=True)


def _file() -> bytes:
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(["user id", "company"])
    rows.writerows([str(FIRST_ID + number), f"Company {number}"] for number in range(ROWS))
    rows.writerows([str(FIRST_ID + number), ""] for number in range(DOUBLES))
    rows.writerows(["nobody?", str(number)] for number in range(BROKEN))
    return written.getvalue().encode()


@pytest.mark.timeout(900)
async def test_a_killed_import_takes_every_row_once(server: Server) -> None:
    api = await _start(server)
    list_path = f"/lists/{(await api.post('/lists', json={'name': 'Killed'})).json()['id']}"
    uploaded = await api.post(f"{list_path}/import-jobs", files={"file": ("leads.csv", _file())})
    assert uploaded.status_code == 200, uploaded.text
    job_path = f"{list_path}/import-jobs/{uploaded.json()['id']}"
    seen = 0
    for _ in range(2):
        seen = await _until_beyond(api, job_path, seen)
        await api.aclose()
        server.kill()
        api = await _start(server)
        found = (await api.get(job_path)).json()
        assert found["status"] != "completed", "the kill came too late to prove anything"
        assert found["processedCount"] >= seen
    await _is_whole(api, list_path, job_path)
    await api.aclose()


@pytest.mark.timeout(900)
async def test_a_stopped_worker_hands_its_import_back_and_it_goes_on_at_once(server: Server) -> None:
    api = await _start(server)
    list_path = f"/lists/{(await api.post('/lists', json={'name': 'Stopped'})).json()['id']}"
    uploaded = await api.post(f"{list_path}/import-jobs", files={"file": ("leads.csv", _file())})
    job_path = f"{list_path}/import-jobs/{uploaded.json()['id']}"
    await _until_beyond(api, job_path, 0)
    await api.aclose()
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < STOP_SECONDS
    api = await _start(server)
    seen = (await api.get(job_path)).json()
    assert seen["status"] != "completed", "the stop came too late to prove anything"
    began = time.monotonic()
    await _until_beyond(api, job_path, seen["processedCount"])
    # Not only when the queue takes its worker for dead.
    assert time.monotonic() - began < chores.HEARTBEAT_TIMEOUT.total_seconds() / 2
    await _is_whole(api, list_path, job_path)
    await api.aclose()


async def _is_whole(api: httpx.AsyncClient, list_path: str, job_path: str) -> None:
    job = await _until_completed(api, job_path)
    counts = {name: job[name] for name in ("addedCount", "skippedCount", "failedCount", "totalCount")}
    assert counts == {
        "addedCount": ROWS,
        "skippedCount": DOUBLES,
        "failedCount": BROKEN,
        "totalCount": ROWS + DOUBLES + BROKEN,
    }
    assert (await api.get(list_path)).json()["leadsCount"] == ROWS
    rejects = (await api.get(f"{job_path}/rejects.csv")).text.splitlines()[1:]
    assert len({line.split(",")[0] for line in rejects}) == len(rejects) == BROKEN


async def _start(server: Server) -> httpx.AsyncClient:
    server.start()
    await asyncio.to_thread(server.wait_ready)
    headers = {"Authorization": f"Bearer {server.token()}"}
    return httpx.AsyncClient(base_url=f"{server.settings.base_url}/api/v2", headers=headers, timeout=60)


async def _until_beyond(api: httpx.AsyncClient, job_path: str, seen: int) -> int:
    """Wait until more rows are worked off than `seen`; return how many."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        count: int = (await api.get(job_path)).json()["processedCount"]
        if count > seen:
            return count
        assert time.monotonic() < deadline, f"the import stands at row {count}"
        await asyncio.sleep(0.002)


async def _until_completed(api: httpx.AsyncClient, job_path: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        job: dict[str, Any] = (await api.get(job_path)).json()
        if job["status"] == "completed":
            return job
        assert time.monotonic() < deadline, f"the import does not end: {job}"
        await asyncio.sleep(0.2)
