"""Sync against a model: after any seeded series of edits a campaign's leads are what the rules of the core say."""

from dataclasses import dataclass, field, replace
from random import Random

import pytest
from tests.engine.conftest import START, World
from tests.engine.scoping import Scoping

from overture.actions import suppressions
from overture.actions.suppressions import Wanted
from overture.core import scope
from overture.core.identifiers import Identifier, IdentifierKind
from overture.core.scope import Membership, Rules
from overture.core.words import MemberRole
from overture.store import scope_requests

LISTS = ("a", "b", "c")
PEOPLE = [str(number) for number in range(1, 9)]
EDITS = 40


@dataclass
class Model:
    """What is so, in plain sets; people by platform id."""

    members: dict[str, set[str]] = field(default_factory=lambda: {name: set() for name in LISTS})
    synced: list[str] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)
    exclude_contacted: bool = False
    exclude_mutuals: bool = False
    needs_consent: bool = False
    direct: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    contacted: set[str] = field(default_factory=set)
    contacted_here: set[str] = field(default_factory=set)
    inbound: set[str] = field(default_factory=set)
    consented: set[str] = field(default_factory=set)
    suppressed: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)

    def brought(self) -> set[str]:
        return set().union(*(self.members[name] for name in self.synced))

    def expected(self) -> dict[str, tuple[str, str | None]]:
        """State and reason of everybody who is or was a lead."""
        self.known |= self.brought() | self.direct
        found: dict[str, tuple[str, str | None]] = {}
        for person in sorted(self.known):
            verdict = scope.decide(
                Membership(
                    synced=person in self.brought(),
                    excluded_list=any(person in self.members[name] for name in self.excluded),
                    direct=person in self.direct,
                    contacted_by_team=person in self.contacted,
                    mutual=person in self.contacted & self.inbound,
                    contacted_here=person in self.contacted_here,
                    deleted_by_hand=person in self.deleted,
                    consent_missing=self.needs_consent and person not in self.consented,
                    suppressed=person in self.suppressed,
                ),
                Rules(exclude_contacted=self.exclude_contacted, exclude_mutuals=self.exclude_mutuals),
            )
            inside = "inSequence" if person in self.contacted_here else "assessing"
            found[person] = (verdict.state or inside, verdict.reason)
        return found


def wanted(profile_id: str) -> Wanted:
    """Name somebody to suppress."""
    return Wanted(
        identifier=Identifier(kind=IdentifierKind.EXTERNAL_ID, value=profile_id, platform="twitter"), note=None
    )


class History:
    """A series of edits drawn from a seed, made in the database and in the model alike."""

    def __init__(self, scoping: Scoping, seed: int) -> None:
        self.draws = Random(seed)
        self.scoping = scoping
        self.model = Model()

    async def edit(self) -> None:
        edits = (
            self.put,
            self.put,
            self.take,
            self.rules,
            self.rules,
            self.add,
            self.contact,
            self.meet,
            self.consent,
            self.delete,
            self.suppress,
            self.suppress,
        )
        await self.draws.choice(edits)()

    def some(self) -> list[str]:
        return sorted(self.draws.sample(PEOPLE, self.draws.randint(1, 3)))

    async def put(self) -> None:
        name, people = self.draws.choice(LISTS), self.some()
        await self.scoping.put(name, *people)
        self.model.members[name] |= set(people)

    async def take(self) -> None:
        name, people = self.draws.choice(LISTS), self.some()
        await self.scoping.take(name, *people)
        self.model.members[name] -= set(people)

    async def rules(self) -> None:
        model, before = self.model, list(self.model.synced)
        await self.scoping.sync()  # whom a list has brought is known only then, and unlinking is about them
        model.expected()
        match self.draws.choice(["synced", "excluded", "contacted", "mutuals"]):
            case "synced":
                model.synced = self.draws.sample(LISTS, self.draws.randint(0, 3))
                removes = self.draws.random() < 0.5
                if not removes:
                    left = set().union(*(model.members[name] for name in before if name not in model.synced))
                    model.direct |= left - model.brought() - model.deleted
                await self.scoping.change(synced=model.synced, detach_behavior="remove" if removes else "unlink")
            case "excluded":
                model.excluded = self.draws.sample(LISTS, self.draws.randint(0, 1))
                await self.scoping.change(excluded=model.excluded)
            case "contacted":
                model.exclude_contacted = not model.exclude_contacted
                await self.scoping.change(exclude_contacted=model.exclude_contacted)
            case _:
                model.exclude_mutuals = not model.exclude_mutuals
                await self.scoping.change(exclude_mutuals=model.exclude_mutuals)

    async def add(self) -> None:
        people = self.some()
        await self.scoping.add(*people)
        self.model.direct |= set(people)
        self.model.known |= set(people)
        self.model.deleted -= set(people)

    async def contact(self) -> None:
        await self.scoping.sync()
        able = [person for person, state in (await self.scoping.leads()).items() if state == ("assessing", None)]
        if able:
            person = self.draws.choice(able)
            await self.scoping.contact(person)
            self.model.contacted.add(person)
            self.model.contacted_here.add(person)

    async def meet(self) -> None:
        """Somebody is contacted elsewhere, or had written before: the rules are told as the send path tells them."""
        person = self.draws.choice(PEOPLE)
        profile_id = await self.scoping.world.pool.fetchval("SELECT id FROM profile WHERE platform_id = $1", person)
        if profile_id is None:
            return
        async with self.scoping.world.pool.acquire() as connection, connection.transaction():
            team_id = self.scoping.world.actor.team_id
            if self.draws.random() < 0.5:
                await self.scoping.person(person, contacted=START)
                self.model.contacted.add(person)
                await scope_requests.follow(connection, team_id=team_id, now=START, contacted=[profile_id])
            else:
                await self.scoping.person(person, inbound=START)
                self.model.inbound.add(person)
                await scope_requests.follow(connection, team_id=team_id, now=START, wrote=[profile_id])

    async def consent(self) -> None:
        person = self.draws.choice(PEOPLE)
        await self.scoping.add(person, consent=True)
        self.model.direct.add(person)
        self.model.known.add(person)
        self.model.deleted.discard(person)
        self.model.consented.add(person)

    async def suppress(self) -> None:
        """Somebody nobody has written to here is suppressed, or is no more."""
        person = self.draws.choice(PEOPLE)
        profile_id = await self.scoping.world.pool.fetchval("SELECT id FROM profile WHERE platform_id = $1", person)
        if profile_id is None or person in self.model.contacted_here:
            return
        context, actor = self.scoping.world.context, self.scoping.world.actor
        if person in self.model.suppressed:
            await suppressions.remove(context, replace(actor, role=MemberRole.OWNER), profile_id=profile_id)
        else:
            await suppressions.add_many(context, actor, wanted=[wanted(profile_id)])
        self.model.suppressed ^= {person}

    async def delete(self) -> None:
        await self.scoping.sync()
        self.model.expected()
        able = [person for person, (state, _) in (await self.scoping.leads()).items() if state != "removed"]
        if able:
            person = self.draws.choice(able)
            await self.scoping.delete(person)
            await self.scoping.world.pool.execute(
                "DELETE FROM assess_queue WHERE lead_id = $1", await self.scoping.lead_id(person)
            )
            self.model.deleted.add(person)
            self.model.direct.discard(person)


@pytest.mark.parametrize("seed", range(8))
async def test_leads_after_any_edits_are_what_the_rules_say(world: World, seed: int) -> None:
    scoping = Scoping(world=world)
    await scoping.begin(*LISTS)
    history = History(scoping, seed)
    history.model.needs_consent = seed % 2 == 1
    if history.model.needs_consent:
        await world.pool.execute("UPDATE platform_app SET contact_policy = 'inboundOrConsent'")
    for _ in range(EDITS):
        await history.edit()
        if history.draws.random() < 0.5:
            await scoping.sync()
            assert await scoping.leads() == history.model.expected(), f"seed {seed}"
            await scoping.check_counters()
    await scoping.sync()
    leads = await scoping.leads()
    assert leads == history.model.expected(), f"seed {seed}"
    # Nothing was missed that comparing everything would find.
    async with world.pool.acquire() as connection:
        await scope_requests.want_full(connection, team_id=world.actor.team_id, campaign_ids=[scoping.campaign_id])
    await world.pool.execute("UPDATE duty SET wanted = wanted + 1 WHERE kind = 'sync'")
    await scoping.sync()
    assert await scoping.leads() == leads
    await scoping.check_counters()
