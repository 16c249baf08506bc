"""What tests of scope share: a campaign whose leads are brought in line by hand, and what its leads are then."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from tests.engine.conftest import World, delay, message

from overture import ids
from overture.actions import campaign_leads, campaign_rules, consents, list_leads
from overture.actions.campaign_rules import Detach, RuleChanges
from overture.actions.people import Named
from overture.core.identifiers import Identifier, IdentifierKind
from overture.engine import sync
from overture.store import duties

STEPS = [message("Hello "), delay(2), message("Again ")]

_RECOUNT = """
    SELECT count(*) FILTER (WHERE state = 'assessing') AS assessing, count(*) FILTER (WHERE state = 'ready') AS ready,
           count(*) FILTER (WHERE state = 'inSequence') AS in_sequence,
           count(*) FILTER (WHERE state = 'finished') AS finished, count(*) FILTER (WHERE state = 'replied') AS replied,
           count(*) FILTER (WHERE state = 'held') AS held, count(*) FILTER (WHERE state = 'failed') AS failed,
           count(*) FILTER (WHERE state = 'canceled') AS canceled,
           count(*) FILTER (WHERE state = 'unreachable') AS unreachable,
           count(*) FILTER (WHERE state = 'excluded') AS excluded, count(*) FILTER (WHERE state = 'removed') AS removed,
           count(*) FILTER (WHERE contacted_at IS NOT NULL
               OR state NOT IN ('excluded', 'removed', 'canceled', 'unreachable')) AS targets,
           count(*) FILTER (WHERE contacted_at IS NOT NULL
               OR state NOT IN ('excluded', 'removed', 'canceled', 'unreachable', 'assessing')) AS assessed,
           count(*) FILTER (WHERE contacted_at IS NOT NULL) AS contacted,
           count(*) FILTER (WHERE contacted_at IS NOT NULL AND state IN ('inSequence', 'held')) AS contacted_open,
           count(*) FILTER (WHERE replied_at IS NOT NULL) AS answered,
           count(*) FILTER (WHERE state = 'excluded' AND reason = 'consentMissing') AS consent_missing
      FROM lead WHERE campaign_id = $1
"""


def _named(platform_ids: Sequence[str], data: dict[str, Any] | None = None) -> list[Named]:
    return [
        Named(
            identifier=Identifier(kind=IdentifierKind.PLATFORM_ID, value=one, platform="twitter"),
            data=data or {},
            path=(),
        )
        for one in platform_ids
    ]


@dataclass(kw_only=True)
class Scoping:
    """One campaign with lists by name; nothing runs by itself but what a test calls."""

    world: World
    campaign_id: str = ""
    lists: dict[str, str] = field(default_factory=dict)

    async def begin(self, *names: str, **rules: Any) -> None:
        """Make the lists, link an account, and make a draft with rules over them, by their names."""
        if not self.world.account_ids:
            await self.world.link("ana")
        for name in names:
            self.lists[name] = await self.world.make_list([], name)
        self.campaign_id = await self.world.campaign([], steps=STEPS, enabled=False)
        if rules:
            await self.change(**rules)

    async def change(self, **rules: Any) -> None:
        """Change the rules: `synced` and `excluded` name lists."""
        changes: dict[str, Any] = {"auto_map_columns": True, **rules}
        for name, key in (("synced", "synced_list_ids"), ("excluded", "excluded_list_ids")):
            if name in changes:
                changes[key] = [self.lists[one] for one in changes.pop(name)]
        if "detach_behavior" in changes:
            changes["detach_behavior"] = Detach(changes["detach_behavior"])
        await campaign_rules.change(
            self.world.context, self.world.actor, campaign_id=self.campaign_id, changes=cast("RuleChanges", changes)
        )

    async def put(self, name: str, *platform_ids: str) -> None:
        """Put people on a list."""
        await list_leads.add(self.world.context, self.world.actor, list_id=self.lists[name], named=_named(platform_ids))

    async def take(self, name: str, *platform_ids: str) -> None:
        """Take people off a list."""
        await list_leads.remove(
            self.world.context, self.world.actor, list_id=self.lists[name], named=_named(platform_ids)
        )

    async def add(self, *platform_ids: str, consent: bool = False) -> None:
        """Add people to the campaign by hand."""
        said = consents.Consent(basis="signedUp", evidence="form") if consent else None
        await campaign_leads.add(
            self.world.context,
            self.world.actor,
            campaign_id=self.campaign_id,
            named=_named(platform_ids),
            consent=said,
        )

    async def sync(self) -> None:
        """Run the campaign's sync for as long as it is wanted, as the engine does."""
        for _ in range(5):
            wanted = await self.world.pool.fetchval(
                "SELECT wanted FROM duty WHERE kind = 'sync' AND key = $1 AND wanted > done", self.campaign_id
            )
            if wanted is None:
                return
            await sync.step(
                self.world.pool,
                team_id=self.world.actor.team_id,
                campaign_id=self.campaign_id,
                now=await self.world.clock.now(),
            )
            await self.world.pool.execute(
                "UPDATE duty SET done = $2 WHERE kind = 'sync' AND key = $1", self.campaign_id, wanted
            )
        raise AssertionError("the sync is wanted again and again")

    async def is_syncing(self) -> bool:
        async with self.world.pool.acquire() as connection:
            return bool(
                await duties.pending(connection, team_id=self.world.actor.team_id, kind="sync", keys=[self.campaign_id])
            )

    async def leads(self) -> dict[str, tuple[str, str | None]]:
        """State and reason of each lead by platform id."""
        rows = await self.world.pool.fetch(
            """
            SELECT f.platform_id, l.state, l.reason FROM lead l JOIN profile f ON f.id = l.profile_id
             WHERE l.campaign_id = $1 ORDER BY f.platform_id
            """,
            self.campaign_id,
        )
        return {row["platform_id"]: (row["state"], row["reason"]) for row in rows}

    async def lead_id(self, platform_id: str) -> str:
        found: str = await self.world.pool.fetchval(
            """
            SELECT l.id FROM lead l JOIN profile f ON f.id = l.profile_id
             WHERE l.campaign_id = $1 AND f.platform_id = $2
            """,
            self.campaign_id,
            platform_id,
        )
        return found

    async def contact(self, platform_id: str) -> None:
        """Have this campaign's first message accepted, as a settlement leaves it."""
        now = await self.world.clock.now()
        lead_id = await self.lead_id(platform_id)
        account_id = next(iter(self.world.account_ids.values()))
        await self.world.pool.execute(
            "UPDATE lead SET state = 'ready', reason = NULL WHERE id = $1 AND state = 'assessing'", lead_id
        )
        await self.world.pool.execute(
            """
            UPDATE lead SET state = 'inSequence', account_id = $2, rank = 1, since = $3, contacted_at = $3,
                   first_intent_at = $3
             WHERE id = $1
            """,
            lead_id,
            account_id,
            now,
        )
        await self.world.pool.execute(
            """
            INSERT INTO lead_due (team_id, account_id, campaign_id, is_first, due_at, lead_id)
            VALUES ($1, $2, $3, false, $4, $5)
            """,
            self.world.actor.team_id,
            account_id,
            self.campaign_id,
            now + timedelta(days=2),
            lead_id,
        )
        await self.world.pool.execute("DELETE FROM assess_queue WHERE lead_id = $1", lead_id)
        await self.person(platform_id, contacted=now)

    async def person(
        self, platform_id: str, *, contacted: datetime | None = None, inbound: datetime | None = None
    ) -> None:
        """Note what is known of somebody, wherever it happened; nobody is told."""
        await self.world.pool.execute(
            """
            INSERT INTO person AS p (team_id, profile_id, first_contacted_at, last_inbound_at)
            SELECT team_id, id, $2, $3 FROM profile WHERE platform_id = $1
            ON CONFLICT (team_id, profile_id) DO UPDATE
               SET first_contacted_at = coalesce(p.first_contacted_at, excluded.first_contacted_at),
                   last_inbound_at = coalesce(p.last_inbound_at, excluded.last_inbound_at)
            """,
            platform_id,
            contacted,
            inbound,
        )

    async def delete(self, platform_id: str) -> None:
        """Take a lead out as a person does who deletes it."""
        await self.world.pool.execute(
            "UPDATE lead SET state = 'removed', reason = 'deletedByHand', is_deleted_by_hand = true WHERE id = $1",
            await self.lead_id(platform_id),
        )

    async def attempt(self, platform_id: str, state: str) -> None:
        """Leave an attempt behind whose outcome is open."""
        now = await self.world.clock.now()
        account_id = next(iter(self.world.account_ids.values()))
        await self.world.pool.execute(
            """
            INSERT INTO attempt (team_id, id, app_id, account_id, campaign_id, lead_id, profile_id, sequence_version,
                                 rank, step_id, is_first, text, reason, state, campaign_revision, intent_at, ended_at,
                                 lease_until, fence)
            SELECT l.team_id, $2, $3, $4, l.campaign_id, l.id, l.profile_id, 1, 0, s.id, true, 'x',
                   CASE WHEN $5::text = 'unknown' THEN 'notFound' END, $5::text, 1,
                   $6::timestamptz, CASE WHEN $5::text = 'intent' THEN 'infinity' ELSE $6::timestamptz END,
                   $6::timestamptz, 1
              FROM lead l JOIN sequence_step s ON s.campaign_id = l.campaign_id AND s.rank = 0 WHERE l.id = $1
            """,
            await self.lead_id(platform_id),
            ids.new("q"),
            ids.new("p"),
            account_id,
            state,
            now,
        )

    async def due(self) -> set[str]:
        """Who is planned, by platform id."""
        rows = await self.world.pool.fetch(
            """
            SELECT f.platform_id FROM lead_due d JOIN lead l ON l.id = d.lead_id JOIN profile f ON f.id = l.profile_id
             WHERE d.campaign_id = $1
            """,
            self.campaign_id,
        )
        return {row["platform_id"] for row in rows}

    async def check_counters(self) -> None:
        """No counter differs from its recount, and queues hold who belongs there."""
        counted = await self.world.pool.fetchrow(_RECOUNT, self.campaign_id)
        assert counted is not None
        sums = ", ".join(f"coalesce(sum({name}), 0)::bigint AS {name}" for name in dict(counted))
        kept = await self.world.pool.fetchrow(
            f"SELECT {sums} FROM campaign_counter WHERE campaign_id = $1", self.campaign_id
        )
        assert dict(kept or {}) == dict(counted)
        queued = await self.world.pool.fetchval(
            """
            SELECT count(*) FROM lead l FULL JOIN assess_queue q ON q.lead_id = l.id
             WHERE coalesce(l.campaign_id, q.campaign_id) = $1
               AND (l.state = 'assessing') IS DISTINCT FROM (q.lead_id IS NOT NULL)
            """,
            self.campaign_id,
        )
        assert queued == 0
