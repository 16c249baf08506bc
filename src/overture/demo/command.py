"""`overture demo`: a whole campaign on a fresh database and a sandbox platform, in virtual time, with its proof."""

import asyncio
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.markup import escape

from overture.demo import campaign, evidence, leads, progress, proof, report
from overture.demo.campaign import Api, CampaignFailed, Prepared
from overture.demo.progress import CampaignStalled
from overture.demo.server import Server, ServerFailed, Settings, free_port

START = "2026-03-02T08:00:00-05:00"
"""The first instant of the virtual run: a Monday morning in New York, a week before its clocks change."""

HELD, BROKEN, INTERRUPTED = 0, 1, 130
"""Exit codes: the proof holds; it does not, or the demo failed; it was interrupted."""

_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PAUSE_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What a demo does: how many leads of how many people, from which seed; where, and whether it stays."""

    leads: int = 1_000
    people: int = 5_000
    seed: int = 7
    keep: bool = False
    port: int | None = None
    data: Path | None = None


def run(options: Options) -> int:
    """Run the demo to its end and return the exit code; no process of it is left."""
    console = Console()
    if options.leads > options.people:
        console.print(f"[red]There are only {options.people} people for {options.leads} leads.[/]")
        return BROKEN
    if options.data is not None and options.data.exists() and any(options.data.iterdir()):
        console.print(f"[red]{options.data} is not empty. A demo starts afresh: name another directory.[/]")
        return BROKEN
    try:
        with _interruptible(), _directory(options.data) as data:
            settings = Settings(
                data=data,
                port=options.port or free_port(),
                people=options.people,
                seed=options.seed,
                start=START,
            )
            return _run(console, options, Server(settings=settings))
    except KeyboardInterrupt:
        console.print("Interrupted; everything is stopped.")
        return INTERRUPTED
    except (ServerFailed, CampaignFailed, CampaignStalled) as error:
        console.print(f"[bold red]The demo failed.[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        return BROKEN


def _run(console: Console, options: Options, server: Server) -> int:
    try:
        began = time.monotonic()
        server.start()
        server.wait_ready()
        started = time.monotonic() - began
        token = server.token()
        console.print(f"Overture runs at {server.settings.base_url} on a fresh database ({started:.1f} s)")
        is_held = asyncio.run(_campaign(console, options, server, token, started))
        if options.keep:
            console.print(f"\nThe API stays open: {server.settings.base_url}/api/v2   token: {token}", soft_wrap=True)
            console.print(f"Documentation: {server.settings.base_url}/docs. Ctrl-C ends it.")
            _wait_for_interrupt(server)
        return HELD if is_held else BROKEN
    finally:
        with _uninterrupted():
            server.stop()


async def _campaign(console: Console, options: Options, server: Server, token: str, started: float) -> bool:
    """Run the campaign and judge it; tell whether it was completed and its proof holds."""
    settings = server.settings
    api = Api(base_url=settings.base_url, sandbox_url=settings.sandbox_url, token=token)
    try:
        began = time.monotonic()
        prepared = await campaign.prepare(api, lead_count=options.leads, seed=options.seed, say=console.print)
        async with evidence.connected(settings.dsn) as connection:
            campaign_id = prepared.campaign["id"]
            await api.post(f"/campaigns/{campaign_id}/enable")
            enabled = time.monotonic()
            console.print(f"enabled {prepared.campaign['name']!r}; following it in virtual time")
            stall: CampaignStalled | None = None
            try:
                await progress.follow(
                    api,
                    connection,
                    server,
                    console,
                    campaign_id=campaign_id,
                    usernames={key: account["username"] for key, account in prepared.accounts.items()},
                    zone=campaign.ZONE,
                )
            except CampaignStalled as error:
                stall = error
                await api.post(f"/campaigns/{campaign_id}/disable")
                await asyncio.sleep(_PAUSE_SECONDS)  # what is on its way arrives
            ended = time.monotonic()
            history = await evidence.gather(
                api,
                connection,
                campaign_id=campaign_id,
                reachable=_reachable(prepared),
                reply_status=campaign.REPLY_STATUS,
            )
        verdict = proof.judge(history)
        timings = report.Timings(
            start=started,
            preparation=enabled - began,
            run=ended - enabled,
            proof=time.monotonic() - ended,
        )
        report.show(console, history, verdict, imported=options.leads, zone=campaign.ZONE, timings=timings)
        if stall is not None:
            console.print(
                f"[bold red]The campaign was not completed.[/] {escape(str(stall))}", highlight=False, soft_wrap=True
            )
        return verdict.holds and history.counters.status == "completed"
    finally:
        await api.close()


def _reachable(prepared: Prepared) -> frozenset[str]:
    return leads.reachable(prepared.people, [account["platformId"] for account in prepared.accounts.values()])


def _wait_for_interrupt(server: Server) -> None:
    try:
        while True:
            server.check()
            time.sleep(0.5)
    except KeyboardInterrupt:
        return


@contextmanager
def _directory(given: Path | None) -> Iterator[Path]:
    """The data directory: the one given, which stays, or a fresh one, which does not."""
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    path = Path(tempfile.mkdtemp(prefix="overture-demo-"))
    path.chmod(0o711)  # the database's own user must be able to pass when we are root
    try:
        yield path
    finally:
        with _uninterrupted():
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let every order to stop end the demo the way Ctrl-C does, so that it cleans up."""
    heeded = [number for number in _STOPS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, _interrupt) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let cleaning up come to its end, however often Ctrl-C is pressed."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _STOPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    for number in _STOPS:
        signal.signal(number, signal.SIG_IGN)  # once is enough: what follows is the cleaning up
    raise KeyboardInterrupt
