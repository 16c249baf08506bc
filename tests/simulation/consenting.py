"""Who agreed to be written to in a simulated run, and who took it back, from when on."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from random import Random
from typing import Any

from tests.simulation.plan import Edit

from overture.actions import contacts, list_leads
from overture.actions.consents import Consent
from overture.actions.context import Actor, Context
from overture.actions.people import Named
from overture.core.identifiers import Identifier, IdentifierKind

_AGREED = """
SELECT o.id, array_agg(f.platform_id ORDER BY f.id) AS people
  FROM contact o JOIN profile f ON f.team_id = o.team_id AND f.contact_id = o.id
 WHERE o.team_id = $1 AND o.consent_at IS NOT NULL GROUP BY o.id ORDER BY o.id
"""
_LISTS = "SELECT id FROM list WHERE team_id = $1 AND kind = 'user' ORDER BY id"


class Consenting:
    """Records consent and its withdrawal through the program's actions."""

    def __init__(self, context: Context, actor: Actor, people: Sequence[dict[str, Any]]) -> None:
        self._context = context
        self._actor = actor
        self._people = people
        self.given: dict[str, list[tuple[datetime, bool]]] = {}
        """Whether a person agrees, from an instant on; by the id of the platform."""

    def edits(self) -> dict[Edit, Callable[[Random], Awaitable[None]]]:
        """Return what can be done."""
        return {Edit.AGREE: self._agree, Edit.WITHDRAW: self._withdraw}

    async def add(self, list_id: str, places: Sequence[int]) -> None:
        """Put people on a list who agree."""
        people = [self._people[place]["id"] for place in places]
        await self._note(people, agrees=True)
        named = [
            Named(
                identifier=Identifier(kind=IdentifierKind.PLATFORM_ID, value=person, platform="twitter"),
                data={},
                path=("platformIds", place),
            )
            for place, person in enumerate(people)
        ]
        consent = Consent(basis="signedUp", evidence="A form")
        await list_leads.add(self._context, self._actor, list_id=list_id, named=named, consent=consent)

    async def _agree(self, random: Random) -> None:
        found = await self._fetch(_LISTS)
        await self.add(random.choice(found)["id"], random.sample(range(len(self._people)), 2))

    async def _withdraw(self, random: Random) -> None:
        found = await self._fetch(_AGREED)
        if found:
            contact = random.choice(found)
            await contacts.change(self._context, self._actor, contact_id=contact["id"], changes={"consent": None})
            await self._note(contact["people"], agrees=False)

    async def _note(self, people: Sequence[str], *, agrees: bool) -> None:
        now = await self._context.clock.now()
        for person in people:
            self.given.setdefault(person, []).append((now, agrees))

    async def _fetch(self, query: str) -> list[Any]:
        async with self._context.pool.acquire() as connection:
            return list(await connection.fetch(query, self._actor.team_id))
