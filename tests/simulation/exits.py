"""What a team stops in the middle of a run: all its sending, one lead, one person; and what it takes up again."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Any

from tests.simulation.closings import Closings
from tests.simulation.plan import Edit

from overture.actions import lead_continuation, lead_exits, lead_restore, suppressions, team_settings
from overture.actions.context import Actor, Context
from overture.actions.people import Named
from overture.actions.suppressions import Wanted
from overture.core.identifiers import Identifier, IdentifierKind
from overture.core.words import MemberRole

_SUPPRESSED = """
SELECT f.id, f.platform_id FROM person p JOIN profile f ON f.id = p.profile_id
 WHERE p.team_id = $1 AND p.suppressed_at IS NOT NULL ORDER BY f.id
"""
_ANSWERED = """
SELECT l.id, l.campaign_id, f.platform_id, m.id AS message_id, m.sent_at
  FROM lead l JOIN profile f ON f.id = l.profile_id
 CROSS JOIN LATERAL (
    SELECT k.id, k.sent_at FROM thread t JOIN message k ON k.team_id = $1 AND k.thread_id = t.id
     WHERE t.team_id = $1 AND t.profile_id = f.id AND k.direction = 'inbound' ORDER BY k.sent_at DESC, k.id DESC LIMIT 1
 ) m
 WHERE l.team_id = $1 AND l.state = 'replied' ORDER BY l.id
"""
_LEADS = """
SELECT l.id, l.campaign_id, f.platform_id FROM lead l JOIN profile f ON f.id = l.profile_id WHERE l.team_id = $1
"""


class Exits:
    """Stops and takes up again through the program's actions, and notes from when on nothing may begin."""

    def __init__(self, context: Context, actor: Actor, closings: Closings, people: Sequence[dict[str, Any]]) -> None:
        self._context = context
        self._actor = actor
        self._closings = closings
        self._people = people
        self.lifted: dict[str, list[datetime]] = {}
        """When suppressions were ended, by whose they were: ids of the platform."""
        self.continued: dict[str, list[tuple[datetime, datetime]]] = {}
        """By lead: from when on what its person had written until then was no answer."""

    def edits(self) -> dict[Edit, Callable[[Random], Awaitable[None]]]:
        """Return what can be done."""
        return {
            Edit.STOP_TEAM: self._stop_team,
            Edit.RESUME_TEAM: self.resume_team,
            Edit.CANCEL: self._cancel,
            Edit.REMOVE: self._remove,
            Edit.RESTORE: self._restore,
            Edit.SUPPRESS: self._suppress,
            Edit.UNSUPPRESS: self._unsuppress,
            Edit.CONTINUE: self._continue,
        }

    async def _stop_team(self, _: Random) -> None:
        await team_settings.stop(self._context, self._actor)
        self._closings.close(self._actor.team_id)

    async def resume_team(self, _: Random | None = None) -> None:
        """Let the team send again."""
        self._closings.open(self._actor.team_id)
        await team_settings.resume(self._context, self._actor)

    async def _cancel(self, random: Random) -> None:
        lead = await self._any_lead(random, "AND l.state IN ('ready', 'inSequence')")
        if lead is not None:
            await lead_exits.cancel(
                self._context,
                self._actor,
                campaign_id=lead["campaign_id"],
                identifier=_identifier(lead["platform_id"]),
            )
            self._closings.close(lead["id"])

    async def _remove(self, random: Random) -> None:
        lead = await self._any_lead(random, "AND l.state IN ('ready', 'inSequence')")
        if lead is not None:
            named = Named(identifier=_identifier(lead["platform_id"]), data={}, path=("platformIds", 0))
            await lead_exits.remove(self._context, self._actor, campaign_id=lead["campaign_id"], named=[named])
            self._closings.close(lead["id"])

    async def _restore(self, random: Random) -> None:
        lead = await self._any_lead(random, "AND l.state IN ('canceled', 'removed')")
        if lead is not None:
            self._closings.open(lead["id"])
            await lead_restore.restore(
                self._context,
                self._actor,
                campaign_id=lead["campaign_id"],
                identifier=_identifier(lead["platform_id"]),
            )

    async def _suppress(self, random: Random) -> None:
        person = random.choice(self._people)["id"]
        wanted = Wanted(identifier=_identifier(person), note=None)
        suppressed = await suppressions.add(self._context, self._actor, wanted=wanted, path=("platformId",))
        self._closings.close(suppressed.profile.id)

    async def _unsuppress(self, random: Random) -> None:
        async with self._context.pool.acquire() as connection:
            found = await connection.fetch(_SUPPRESSED, self._actor.team_id)
        if found:
            person = random.choice(found)
            self._closings.open(person["id"])
            owner = replace(self._actor, role=MemberRole.OWNER)
            await suppressions.remove(self._context, owner, profile_id=person["id"])
            self.lifted.setdefault(person["platform_id"], []).append(await self._context.clock.now())

    async def _continue(self, random: Random) -> None:
        """Read an answer and find that it is none."""
        async with self._context.pool.acquire() as connection:
            found = await connection.fetch(_ANSWERED, self._actor.team_id)
        if found:
            lead = random.choice(found)
            since = await self._context.clock.now()
            # Whoever took it out when it had been answered already has stopped nothing.
            self._closings.open(lead["id"])
            await lead_continuation.go_on(
                self._context,
                self._actor,
                campaign_id=lead["campaign_id"],
                identifier=_identifier(lead["platform_id"]),
                message_id=lead["message_id"],
            )
            self.continued.setdefault(lead["id"], []).append((since, lead["sent_at"]))

    async def _any_lead(self, random: Random, condition: str) -> Any:
        async with self._context.pool.acquire() as connection:
            found = await connection.fetch(f"{_LEADS} {condition} ORDER BY l.id", self._actor.team_id)
        return random.choice(found) if found else None


def _identifier(platform_id: str) -> Identifier:
    return Identifier(kind=IdentifierKind.PLATFORM_ID, value=platform_id, platform="twitter")
