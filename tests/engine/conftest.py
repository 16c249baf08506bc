"""A whole campaign without sockets: the real engine over a real database and the real sandbox, in virtual time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette

from overture import ids, secrets
from overture.actions import accounts, automations, campaign_life, campaign_rules, campaigns, sequences, teams
from overture.actions.context import Actor, Context
from overture.channels.registry import Registry
from overture.channels.x.channel import XChannel
from overture.core.grants import Grant
from overture.core.words import Action, StepType, Trigger
from overture.engine.conductor import Conductor
from overture.engine.keyring import Keyring
from overture.engine.supervisor import Engine
from overture.sandbox import app as sandbox_app
from overture.store import duties, virtual
from overture.store.pool import Pool

START = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
"""A Monday, an hour before the hours open in New York."""

SANDBOX_URL = "http://x.sandbox"
HOURS = {str(day): {"start": 540, "end": 1020} for day in range(1, 6)}


def message(text: str) -> sequences.NewStep:
    """A message step of one static text and the username, so that texts differ between people."""
    segments = [{"type": "static", "text": text}, {"type": "variable", "name": "username", "fallback": "you"}]
    return sequences.NewStep(type=StepType.MESSAGE, data={"segments": segments})


def delay(days: int) -> sequences.NewStep:
    """A delay step of whole days."""
    return sequences.NewStep(type=StepType.DELAY, data={"delaySeconds": days * 86_400, "unit": "days"})


SEQUENCE = [message("Hello "), delay(2), message("Again "), delay(3), message("Last ")]


@dataclass(kw_only=True)
class World:
    """One team on one platform, and an engine that can be run until something holds."""

    context: Context
    actor: Actor
    pool: Pool
    sandbox: Starlette
    platform: httpx.AsyncClient
    clock: virtual.VirtualClock
    account_ids: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    async def people(self, nature: str | None = None, talk: str | None = None) -> list[dict[str, Any]]:
        """People of the platform, of one nature and talk where given."""
        answer = await self.platform.get("/_sandbox/people", params={"limit": 5_000})
        return [
            person
            for person in answer.json()
            if (nature is None or person["nature"] == nature) and (talk is None or person["talk"] == talk)
        ]

    async def messages(self) -> list[dict[str, Any]]:
        """Everything the platform accepted."""
        answer = await self.platform.get("/_sandbox/messages", params={"limit": 10_000})
        found: list[dict[str, Any]] = answer.json()
        return found

    async def fault(self, **fault: Any) -> None:
        """Make the platform misbehave."""
        answer = await self.platform.post("/_sandbox/faults", json=fault)
        assert answer.status_code == 201, answer.text

    async def say(self, sender: str, recipient: str, text: str) -> None:
        """Make somebody write on the platform, outside of Overture."""
        answer = await self.platform.post(
            "/_sandbox/messages", json={"sender": sender, "recipient": recipient, "text": text}
        )
        assert answer.status_code == 201, answer.text

    @property
    def keyring(self) -> Keyring:
        """Opens what the accounts have granted."""
        return Keyring(pool=self.pool, channels=self.context.channels, sealer=self.context.sealer)

    async def link(self, *usernames: str) -> list[str]:
        """Link sandbox accounts and let their app write to anyone reachable."""
        for username in usernames:
            account, _ = await accounts.link(
                self.context,
                self.actor,
                platform="twitter",
                grant=Grant(access_token=f"sandbox-{username}"),
                base_url=SANDBOX_URL,
            )
            self.account_ids[username] = account.id
        await self.pool.execute("UPDATE platform_app SET contact_policy = 'anyoneReachable'")
        return [self.account_ids[username] for username in usernames]

    async def make_list(self, people: Sequence[dict[str, Any]], name: str = "Leads") -> str:
        """Make a list of these people."""
        list_id, now = ids.new("l"), await self.clock.now()
        await self.pool.execute(
            "INSERT INTO list (team_id, id, name, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)",
            self.actor.team_id,
            list_id,
            name,
            now,
        )
        await self.add_to_list(list_id, people)
        return list_id

    async def add_to_list(self, list_id: str, people: Sequence[dict[str, Any]]) -> None:
        """Add people to a list, as an import does."""
        now = await self.clock.now()
        async with self.pool.acquire() as connection, connection.transaction():
            revision = await connection.fetchval(
                "UPDATE list SET revision = revision + 1, leads_count = leads_count + $3 "
                "WHERE team_id = $1 AND id = $2 RETURNING revision",
                self.actor.team_id,
                list_id,
                len(people),
            )
            await connection.execute(
                """
                WITH made AS (
                    INSERT INTO profile (team_id, id, platform, platform_id, username, created_at)
                    SELECT $1, v.id, 'twitter', v.platform_id, v.username, $3
                      FROM unnest($4::text[], $5::text[], $6::text[]) AS v (id, platform_id, username)
                    ON CONFLICT (team_id, platform, platform_id) DO UPDATE SET username = excluded.username
                    RETURNING id
                ), added AS (
                    INSERT INTO list_lead (team_id, list_id, profile_id, added_at, updated_at)
                    SELECT $1, $2, id, $3, $3 FROM made ON CONFLICT DO NOTHING RETURNING profile_id
                )
                INSERT INTO list_change (team_id, list_id, revision, profile_id)
                SELECT $1, $2, $7, profile_id FROM added
                """,
                self.actor.team_id,
                list_id,
                now,
                ids.many("u", len(people)),
                [person["id"] for person in people],
                [person["username"] for person in people],
                revision,
            )
            await connection.execute(
                """
                UPDATE duty d SET due_at = $3, wanted = wanted + 1 FROM campaign_list cl
                 WHERE cl.team_id = $1 AND cl.list_id = $2 AND d.team_id = $1 AND d.kind = 'sync'
                   AND d.key = cl.campaign_id
                """,
                self.actor.team_id,
                list_id,
                now,
            )

    async def take_from_list(self, list_id: str, people: Sequence[dict[str, Any]]) -> None:
        """Take people out of a list."""
        now = await self.clock.now()
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute(
                """
                WITH raised AS (
                    UPDATE list SET revision = revision + 1, leads_count = leads_count - $4
                     WHERE team_id = $1 AND id = $2 RETURNING revision
                ), gone AS (
                    DELETE FROM list_lead m USING profile f
                     WHERE m.team_id = $1 AND m.list_id = $2 AND f.team_id = $1 AND f.id = m.profile_id
                       AND f.platform_id = ANY($3::text[])
                    RETURNING m.profile_id
                )
                INSERT INTO list_change (team_id, list_id, revision, profile_id)
                SELECT $1, $2, revision, profile_id FROM raised, gone
                """,
                self.actor.team_id,
                list_id,
                [person["id"] for person in people],
                len(people),
            )
            for row in await connection.fetch("SELECT campaign_id FROM campaign_list WHERE list_id = $1", list_id):
                await duties.want(
                    connection, team_id=self.actor.team_id, kind="sync", key=row["campaign_id"], due_at=now
                )

    async def campaign(
        self,
        list_ids: Sequence[str],
        *,
        account_ids: Sequence[str] | None = None,
        steps: Sequence[sequences.NewStep] | None = None,
        enabled: bool = True,
        rules: campaign_rules.RuleChanges | None = None,
        rate: int = 8,
    ) -> str:
        """Make a campaign with the usual hours in New York, and enable it."""
        status = await self.pool.fetchval("SELECT id FROM status WHERE team_id = $1 LIMIT 1", self.actor.team_id)
        made = await campaigns.create(
            self.context,
            self.actor,
            campaigns.Draft(
                name="Spring",
                account_ids=list(account_ids or self.account_ids.values()),
                hourly_message_rate=rate,
                zone="America/New_York",
                hours=HOURS,
                rules=campaign_rules.RuleChanges(synced_list_ids=list(list_ids), **(rules or {})),
                steps=list(steps or SEQUENCE),
                automations=[
                    automations.NewAutomation(
                        trigger=Trigger.REPLIED, action=Action.SET_STATUS, data={"statusId": status}
                    )
                ],
            ),
            rules_at=campaign_rules.Where(),
        )
        if enabled:
            await campaign_life.enable(self.context, self.actor, campaign_id=made.id)
        return made.id

    async def lead_states(self, campaign_id: str) -> dict[str, int]:
        """How many leads are in each state."""
        rows = await self.pool.fetch(
            "SELECT state, count(*) AS count FROM lead WHERE campaign_id = $1 GROUP BY state", campaign_id
        )
        return {row["state"]: row["count"] for row in rows}

    async def status(self, campaign_id: str) -> str:
        """The campaign's status."""
        found: str = await self.pool.fetchval("SELECT status FROM campaign WHERE id = $1", campaign_id)
        return found

    async def run_until(
        self, condition: Callable[[], Awaitable[bool]], *, seconds: float = 60.0, seed: int = 1
    ) -> None:
        """Run the engine in virtual time until `condition` holds, or fail after `seconds` of wall time."""
        engine = Engine(
            pool=self.pool,
            clock=self.clock,
            channels=self.context.channels,
            sealer=self.context.sealer,
            draws=Random(seed),
        )

        reached = asyncio.Event()

        async def move_platform(instant: datetime) -> None:
            # Time stands still here: a state that lasts until it moves on is never run past.
            if await condition():
                reached.set()
                await asyncio.Event().wait()
            answer = await self.platform.post("/_sandbox/clock", json={"now": instant.isoformat()})
            assert answer.status_code == 200, answer.text

        conductor = Conductor(pool=self.pool, engine=engine, clock=self.clock, move_platform=move_platform, speed=None)
        conducting = asyncio.create_task(conductor.run())
        running = [asyncio.create_task(engine.run()), conducting]
        try:
            async with asyncio.timeout(seconds):
                while not (reached.is_set() or await condition()):
                    for task in running:
                        if task.done():
                            await task
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"not reached in {seconds} s: {await self.situation()}") from None
        finally:
            conductor.stop()
            engine.stop()
            held = asyncio.create_task(reached.wait())
            await asyncio.wait({conducting, held}, return_when=asyncio.FIRST_COMPLETED)
            held.cancel()
            if reached.is_set():
                running.remove(conducting)
                conducting.cancel()
            await asyncio.gather(*running)

    async def situation(self) -> str:
        """What the run stands still with, for a failed test to say."""
        parts = [f"now {await self.clock.now()}"]
        for table in ("account_link", "account_pace", "campaign_account", "duty", "lead", "lead_due", "assess_queue"):
            rows = await self.pool.fetch(f"SELECT * FROM {table} LIMIT 8")
            parts += [f"{table}: {dict(row)}" for row in rows]
        return "\n".join(parts)

    async def run_until_completed(self, campaign_id: str, *, seconds: float = 60.0) -> None:
        """Run until the campaign is completed."""

        async def is_completed() -> bool:
            return await self.status(campaign_id) == "completed"

        await self.run_until(is_completed, seconds=seconds)


def platform_without_limits() -> Starlette:
    """A platform whose own limits are out of the way."""
    return sandbox_app.create_app(people=2_000, seed=3, start=START, limits=None)


@asynccontextmanager
async def opened(database: Pool, sandbox: Starlette, *, likes: bool = False) -> AsyncIterator[World]:
    """One team with nothing in it, at `START`; `likes`: the operator says that its app may like."""
    async with database.acquire() as connection:
        await virtual.start(connection, START)
    clock = virtual.VirtualClock(database)
    transport = httpx.ASGITransport(app=sandbox)
    channels = Registry([XChannel(transport=transport, likes=likes)])
    context = Context(
        pool=database,
        clock=clock,
        channels=channels,
        sealer=secrets.Sealer([bytes(range(32))]),
        wake=lambda: None,
    )
    team = await teams.create(context, name="Team", owner_name="Owner")
    actor = Actor(team_id=team.id, token_id="k" * 24, name="test")
    async with httpx.AsyncClient(transport=transport, base_url=SANDBOX_URL) as platform:
        yield World(context=context, actor=actor, pool=database, sandbox=sandbox, platform=platform, clock=clock)
    await channels.close()


@pytest.fixture
def sandbox() -> Starlette:
    return platform_without_limits()


@pytest_asyncio.fixture
async def world(database: Pool, sandbox: Starlette) -> AsyncIterator[World]:
    async with opened(database, sandbox) as made:
        yield made
