"""Follows a campaign to its end and shows how far it is: a live table in a terminal, plain lines elsewhere."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from overture.demo import evidence
from overture.demo.campaign import Api
from overture.demo.server import Server
from overture.store.pool import Connection

IDLE = timedelta(days=30)
"""Virtual time without a send or an answer after which a campaign will not get any further."""

STUCK_SECONDS = 300.0
"""Wall time in which not even the clock moves."""

_LOOK_SECONDS = 0.4
_LINE_SECONDS = 2.0


class CampaignStalled(Exception):
    """The campaign is not completed and nothing happens any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """How far the campaign is: the platform's time, the campaign as the API shows it, and sends by account link."""

    at: datetime
    campaign: Mapping[str, Any]
    sends: Mapping[str, tuple[int, int]]

    @property
    def signs(self) -> tuple[object, ...]:
        """What changes whenever the campaign gets further."""
        return (self.campaign["targetsCount"], self.campaign["repliesCount"], *self.sends.values())


async def take_look(api: Api, connection: Connection, campaign_id: str) -> Look:
    """Look once."""
    shown = await api.sandbox("/clock")
    return Look(
        at=datetime.fromisoformat(shown["now"]),
        campaign=await api.get(f"/campaigns/{campaign_id}"),
        sends=await evidence.sends_by_account(connection, campaign_id=campaign_id),
    )


async def follow(
    api: Api,
    connection: Connection,
    server: Server,
    console: Console,
    *,
    campaign_id: str,
    usernames: Mapping[str, str],
    zone: str,
) -> Look:
    """Show the campaign until it is completed; return the last look.

    Args:
        usernames: the accounts by account link, in the order they are shown.
        zone: the time zone dates are shown in.

    Raises:
        ServerFailed: the server ended.
        CampaignStalled: nothing happens any more.
    """
    clock = ZoneInfo(zone)
    patience = _Patience()
    look = await take_look(api, connection, campaign_id)
    if not console.is_terminal:
        said = 0.0
        while look.campaign["status"] != "completed":
            if time.monotonic() - said > _LINE_SECONDS:
                said = time.monotonic()
                console.print(_line(look, clock), soft_wrap=True)
            look = await _next(api, connection, server, campaign_id, patience)
        return look
    with Live(_table(look, usernames, clock), console=console, transient=True, auto_refresh=False) as live:
        while look.campaign["status"] != "completed":
            look = await _next(api, connection, server, campaign_id, patience)
            live.update(_table(look, usernames, clock), refresh=True)
    return look


class _Patience:
    """Tells when waiting makes no more sense."""

    def __init__(self) -> None:
        self._signs: tuple[object, ...] = ()
        self._since = self._at = datetime.min.replace(tzinfo=UTC)
        self._moved = time.monotonic()

    def check(self, look: Look) -> None:
        if look.signs != self._signs:
            self._signs, self._since = look.signs, look.at
        if look.at != self._at:
            self._at, self._moved = look.at, time.monotonic()
        waits = look.campaign["waitsFor"]
        why = f" It waits for: {waits['message']}" if waits else ""
        if look.at - self._since > IDLE:
            raise CampaignStalled(f"Nothing was sent or answered for {IDLE.days} days.{why}")
        if time.monotonic() - self._moved > STUCK_SECONDS:
            raise CampaignStalled(f"The clock has not moved for {STUCK_SECONDS:.0f} s.{why}")


async def _next(api: Api, connection: Connection, server: Server, campaign_id: str, patience: _Patience) -> Look:
    await asyncio.sleep(_LOOK_SECONDS)
    server.check()
    look = await take_look(api, connection, campaign_id)
    patience.check(look)
    return look


def _line(look: Look, clock: ZoneInfo) -> str:
    campaign = look.campaign
    return (
        f"{_date(look.at, clock)}  contacted {campaign['contactedCount']}/{campaign['targetsCount']}"
        f"  sent {_total(look)}  replies {campaign['repliesCount']}  done {campaign['completionRate']:.0%}"
    )


def _table(look: Look, usernames: Mapping[str, str], clock: ZoneInfo) -> Table:
    campaign = look.campaign
    table = Table(title=f"{campaign['name']}: {_date(look.at, clock)}", min_width=70, box=box.SIMPLE)
    table.add_column("account")
    for name in ("contacted", "follow-ups", "messages"):
        table.add_column(name, justify="right")
    for account_id, username in usernames.items():
        firsts, follow_ups = look.sends.get(account_id, (0, 0))
        table.add_row(f"@{username}", str(firsts), str(follow_ups), str(firsts + follow_ups))
    table.add_section()
    targets = campaign["targetsCount"]
    contacted = f"{campaign['contactedCount']} of {targets}"
    table.add_row("all", contacted, "", str(_total(look)))
    table.add_row("replies", str(campaign["repliesCount"]), f"{campaign['replyRate']:.0%}", "")
    table.add_row("done", ProgressBar(total=1.0, completed=campaign["completionRate"], width=20), "", "")
    return table


def _total(look: Look) -> int:
    return sum(firsts + follow_ups for firsts, follow_ups in look.sends.values())


def _date(at: datetime, clock: ZoneInfo) -> str:
    return at.astimezone(clock).strftime("%a %d %b %Y %H:%M")
