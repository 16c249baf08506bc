"""The team of a simulated run: what it sets up, and what it does while its campaigns run."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from random import Random
from typing import Any

import httpx
from tests.simulation import plan
from tests.simulation.closings import Closings
from tests.simulation.consenting import Consenting
from tests.simulation.exits import Exits
from tests.simulation.plan import Edit, Happening, Plan, TeamPlan

from overture.actions import (
    accounts,
    automations,
    campaign_life,
    campaign_rules,
    campaigns,
    imports,
    lead_release,
    list_leads,
    lists,
    recipients,
    sending,
    sequences,
    teams,
)
from overture.actions.context import Actor, Context
from overture.actions.people import Named
from overture.core.grants import Grant
from overture.core.identifiers import Identifier, IdentifierKind
from overture.core.words import AccountStatus, Action, MergeStrategy, StepType, Trigger
from overture.errors import ApiError, Unprocessable

RECONTACT_DAYS = 2
_OPEN = "('assessing', 'ready', 'inSequence', 'held')"


class Team:
    """Sets everything up through the program's actions, and edits it as the plan says."""

    def __init__(
        self,
        context: Context,
        actor: Actor,
        control: httpx.AsyncClient,
        drawn: Plan,
        own: TeamPlan,
        closings: Closings,
        people: list[dict[str, Any]],
    ) -> None:
        self.context = context
        self.actor = actor
        self.people = people
        self._control = control
        self._plan = drawn
        self._own = own
        self._closings = closings
        self._exits = Exits(context, actor, closings, people)
        self.consenting = Consenting(context, actor, people)
        self.account_ids: list[str] = []
        self.list_ids: list[str] = []
        self.campaign_ids: list[str] = []
        self._status = ""
        self._texts = 0
        self._stays_paused: list[str] = []
        self.lifted = self._exits.lifted
        self.continued = self._exits.continued
        self.limits: dict[str, list[tuple[datetime, int, int]]] = {}
        """Each account's hourly and daily limit from an instant on."""

    @classmethod
    async def found(
        cls, context: Context, control: httpx.AsyncClient, drawn: Plan, own: TeamPlan, closings: Closings
    ) -> "Team":
        """Make a team with its accounts, lists and campaigns, and start them."""
        made = await teams.create(context, name="Team", owner_name="Owner")
        answer = await control.get("/_sandbox/people", params={"limit": drawn.people})
        actor = Actor(team_id=made.id, token_id="k" * 24, name="simulation")
        team = cls(context, actor, control, drawn, own, closings, answer.json())
        for username in own.senders:
            account, _ = await accounts.link(
                context,
                team.actor,
                platform="twitter",
                grant=Grant(access_token=f"sandbox-{username}"),
                base_url="http://x.sandbox",
            )
            team.account_ids.append(account.id)
            team.limits[account.id] = [(drawn.start, account.hourly_limit, account.daily_limit)]
        if not own.asks:
            await team._execute("UPDATE platform_app SET contact_policy = 'anyoneReachable' WHERE team_id = $1")
        await team._execute("UPDATE team SET recontact_after_days = $2 WHERE team_id = $1", RECONTACT_DAYS)
        await team._execute("UPDATE app_budget SET daily_cap = $2 WHERE team_id = $1", own.daily_cap)
        statuses = await team._fetch("SELECT id FROM status WHERE team_id = $1 ORDER BY position LIMIT 1")
        team._status = statuses[0]["id"]
        for number, members in enumerate(own.lists):
            made_list = await lists.create(context, team.actor, name=f"List {number}", description=None)
            team.list_ids.append(made_list.id)
            await team._add(made_list.id, members)
            if own.asks:
                await team.consenting.add(made_list.id, members[: (len(members) + 1) // 2])
        for each in own.campaigns:
            await team._create(each)
        return team

    async def do(self, happening: Happening) -> None:
        """Do one edit; what the program refuses is refused, as a person would see."""
        random = Random(happening.draw)
        try:
            await self._edits()[happening.edit](random)
        except ApiError:
            return

    async def close(self) -> None:
        """Towards the end: nothing misbehaves, everything is on, and a person has looked at what is held."""
        await self._control.delete("/_sandbox/faults")
        await self._refusable(self._exits.resume_team())
        for account_id in self.account_ids:
            await self._refusable(self._set_account(account_id, AccountStatus.ACTIVE))
        self._stays_paused = [one for one in self.campaign_ids if not await self._is_let_go_on(one)]
        await self._release(lead_release.Decision.STOP)

    async def is_done(self) -> bool:
        """Whether no lead has anything to come, nothing is synced or imported, and no outcome is still looked for."""
        return not await self._fetch(
            f"""
            SELECT FROM lead WHERE team_id = $1 AND state IN {_OPEN} AND campaign_id <> ALL($2::text[])
             UNION ALL SELECT FROM duty WHERE team_id = $1 AND kind = 'sync' AND wanted > done
             UNION ALL SELECT FROM import_job WHERE team_id = $1 AND completed_at IS NULL
             UNION ALL SELECT FROM attempt WHERE team_id = $1 AND state IN ('intent', 'unknown')
                          AND reason IS DISTINCT FROM 'notFound' LIMIT 1
            """,
            self._stays_paused,
        )

    async def unfinished(self) -> list[dict[str, Any]]:
        """Return leads that still wait, for a failed history to say."""
        rows = await self._fetch(
            f"""
            SELECT l.*, c.status FROM lead l JOIN campaign c ON c.id = l.campaign_id
             WHERE l.team_id = $1 AND state IN {_OPEN} AND campaign_id <> ALL($2::text[]) LIMIT 3
            """,
            self._stays_paused,
        )
        return [dict(row) for row in rows]

    def _edits(self) -> dict[Edit, Callable[[Random], Awaitable[None]]]:
        return {
            Edit.PAUSE: self._pause,
            Edit.RESUME: self._resume,
            Edit.RATE: self._rate,
            Edit.HOURS: self._hours,
            Edit.ZONE: self._zone,
            Edit.ACCOUNTS: self._accounts,
            Edit.SEQUENCE: self._sequence,
            Edit.RULES: self._rules,
            Edit.ADD: self._add_people,
            Edit.ADD_NAMED: self._add_named,
            Edit.TAKE: self._take_people,
            Edit.LIMITS: self._limits,
            Edit.HOLD_ACCOUNT: self._hold_account,
            Edit.WRITE: self._write,
            Edit.SEND: self._send,
            Edit.FAULT: self._fault,
            Edit.RELEASE: self._release_some,
            Edit.IMPORT: self._import,
            **self._exits.edits(),
            **self.consenting.edits(),
        }

    async def _create(self, drawn: plan.CampaignPlan) -> None:
        made = await campaigns.create(
            self.context,
            self.actor,
            campaigns.Draft(
                name="Campaign",
                account_ids=[self.account_ids[place] for place in drawn.accounts],
                hourly_message_rate=drawn.rate,
                zone=self._plan.zone,
                hours=drawn.hours,
                rules=campaign_rules.RuleChanges(
                    synced_list_ids=[self.list_ids[place] for place in drawn.lists],
                    exclude_contacted=drawn.exclude_contacted,
                ),
                steps=self._steps(drawn.delays),
                automations=[
                    automations.NewAutomation(
                        trigger=Trigger.REPLIED, action=Action.SET_STATUS, data={"statusId": self._status}
                    )
                ],
            ),
            rules_at=campaign_rules.Where(),
        )
        self.campaign_ids.append(made.id)
        await campaign_life.enable(self.context, self.actor, campaign_id=made.id)

    def _steps(self, delays: Sequence[int], known: Sequence[str] = ()) -> list[sequences.NewStep]:
        """Messages with these seconds between them; no two ever have the same text."""
        steps = []
        for place in range(len(delays) + 1):
            self._texts += 1
            segments = [
                {"type": "static", "text": f"{self._texts}: "},
                {"type": "variable", "name": "username", "fallback": "you"},
            ]
            known_id = known[place] if place < len(known) else None
            steps.append(sequences.NewStep(type=StepType.MESSAGE, data={"segments": segments}, id=known_id))
            if place < len(delays):
                waiting = {"delaySeconds": delays[place], "unit": "minutes"}
                steps.append(sequences.NewStep(type=StepType.DELAY, data=waiting))
        return steps

    async def _pause(self, random: Random) -> None:
        campaign_id = random.choice(self.campaign_ids)
        await campaign_life.disable(self.context, self.actor, campaign_id=campaign_id)
        self._closings.close(campaign_id)

    async def _resume(self, random: Random) -> None:
        await self._enable(random.choice(self.campaign_ids))

    async def _enable(self, campaign_id: str) -> None:
        self._closings.open(campaign_id)
        await campaign_life.enable(self.context, self.actor, campaign_id=campaign_id)

    async def _is_let_go_on(self, campaign_id: str) -> bool:
        """Start a campaign; pre-flight refuses one of whose leads none has agreed to be written to any more."""
        try:
            await self._enable(campaign_id)
        except Unprocessable as refused:
            assert refused.details is not None
            return [issue["code"] for issue in refused.details["issues"]] != ["consentMissing"]
        except ApiError:
            pass
        return True

    async def _rate(self, random: Random) -> None:
        await self._change(random, campaigns.CampaignChanges(hourly_message_rate=random.choice((1, 3, 8, 25))))

    async def _hours(self, random: Random) -> None:
        await self._change(random, campaigns.CampaignChanges(schedule_hours=plan.hours(random)))

    async def _zone(self, random: Random) -> None:
        await self._change(random, campaigns.CampaignChanges(schedule_timezone=random.choice(plan.ZONES)))

    async def _accounts(self, random: Random) -> None:
        await self._change(
            random,
            campaigns.CampaignChanges(
                account_link_ids=random.sample(self.account_ids, random.randint(1, len(self.account_ids)))
            ),
        )

    async def _change(self, random: Random, changes: campaigns.CampaignChanges) -> None:
        campaign_id = random.choice(self.campaign_ids)
        await campaigns.change(self.context, self.actor, campaign_id=campaign_id, changes=changes)

    async def _sequence(self, random: Random) -> None:
        campaign_id = random.choice(self.campaign_ids)
        delays = [random.choice((600, 7_200, 86_400)) for _ in range(random.randint(0, 2))]
        rows = await self._fetch(
            """
            SELECT s.id FROM sequence_step s JOIN campaign c ON c.id = s.campaign_id AND c.sequence_version = s.version
             WHERE c.team_id = $1 AND c.id = $2 AND s.type = 'message' ORDER BY s.rank
            """,
            campaign_id,
        )
        known = [row["id"] for row in rows] if random.random() < 0.5 else []
        await sequences.replace(
            self.context,
            self.actor,
            campaign_id=campaign_id,
            steps=self._steps(delays, known),
            applies_to=random.choice(list(sequences.AppliesTo)),
        )

    async def _rules(self, random: Random) -> None:
        synced = random.sample(self.list_ids, random.randint(1, len(self.list_ids)))
        excluded = [list_id for list_id in self.list_ids if list_id not in synced and random.random() < 0.5]
        changes = campaign_rules.RuleChanges(
            synced_list_ids=synced,
            excluded_list_ids=excluded,
            exclude_contacted=random.random() < 0.3,
            detach_behavior=random.choice(list(campaign_rules.Detach)),
        )
        campaign_id = random.choice(self.campaign_ids)
        await campaign_rules.change(self.context, self.actor, campaign_id=campaign_id, changes=changes)

    async def _add_people(self, random: Random) -> None:
        await self._add(random.choice(self.list_ids), random.sample(range(len(self.people)), 4))

    async def _add_named(self, random: Random) -> None:
        """Add people by username; the platform is asked for those nobody knows yet, at once or when it answers."""
        named = [
            Named(
                identifier=Identifier(kind=IdentifierKind.USERNAME, value=person["username"], platform="twitter"),
                data={},
                path=("usernames", place),
            )
            for place, person in enumerate(random.sample(self.people, 3))
        ]
        await list_leads.add(self.context, self.actor, list_id=random.choice(self.list_ids), named=named)

    async def _import(self, random: Random) -> None:
        """Import people by id or name, known or not, into a list; some rows are wrong, some stand twice."""
        rows = []
        for person in random.choices(self.people, k=random.randint(3, 12)):
            named = (person["id"], "") if random.random() < 0.5 else ("", person["username"])
            rows.append(",".join((*named, random.choice(("", "Acme", "Bolt")))))
        rows.append(random.choice(("nobody?,,", ",nobody_of_this,", "7000000001,,")))
        content = "\n".join(["id,username,company", *rows])
        described = imports.NewImport(
            platform="twitter", file_name="people.csv", mapping=None, merge_strategy=random.choice(list(MergeStrategy))
        )

        async def pieces() -> AsyncIterator[bytes]:
            yield content.encode()

        await imports.create(
            self.context,
            self.actor,
            list_id=random.choice(self.list_ids),
            pieces=pieces(),
            describe=lambda: described,
        )

    async def _take_people(self, random: Random) -> None:
        await list_leads.remove(
            self.context,
            self.actor,
            list_id=random.choice(self.list_ids),
            named=self._named(random.sample(range(len(self.people)), len(self.people) // 4)),
        )

    async def _limits(self, random: Random) -> None:
        account_id, hourly, daily = (
            random.choice(self.account_ids),
            random.choice((2, 6, 25)),
            random.choice((5, 20, 200)),
        )
        await accounts.change(self.context, self.actor, account_id=account_id, hourly_limit=hourly, daily_limit=daily)
        self.limits[account_id].append((await self.context.clock.now(), hourly, daily))

    async def _hold_account(self, random: Random) -> None:
        status = random.choice((AccountStatus.PAUSED, AccountStatus.ACTIVE))
        await self._set_account(random.choice(self.account_ids), status)

    async def _set_account(self, account_id: str, status: AccountStatus) -> None:
        if status is AccountStatus.ACTIVE:
            self._closings.open(account_id)
        await accounts.change(self.context, self.actor, account_id=account_id, status=status)
        if status is AccountStatus.PAUSED:
            self._closings.close(account_id)

    async def _write(self, random: Random) -> None:
        text = random.choice(("Hello there", "stop", "Who are you?", "Unsubscribe"))
        person, account = random.choice(self.people)["id"], random.choice(self._own.senders)
        await self._control.post("/_sandbox/messages", json={"sender": person, "recipient": account, "text": text})

    async def _send(self, random: Random) -> None:
        """Send a message by hand."""
        self._texts += 1
        target = recipients.OnPlatform(
            account_id=random.choice(self.account_ids), platform="twitter", platform_id=random.choice(self.people)["id"]
        )
        draft = sending.Draft(target=target, content=f"By hand {self._texts}", reply_to=None)
        await sending.send(self.context, self.actor, draft=draft, key=None)

    async def _fault(self, random: Random) -> None:
        fault: dict[str, Any] = {"kind": random.choice(plan.FAULTS), "next": random.randint(1, 4)}
        if fault["kind"] == "latency":
            fault["seconds"] = random.choice((0.5, 5.0, 20.0))
        answer = await self._control.post("/_sandbox/faults", json=fault)
        assert answer.status_code == 201, answer.text

    async def _release_some(self, random: Random) -> None:
        await self._release(random.choice(list(lead_release.Decision)))

    async def _release(self, decision: lead_release.Decision) -> None:
        held = await self._fetch(
            """
            SELECT l.campaign_id, f.platform_id FROM lead l JOIN profile f ON f.id = l.profile_id
             WHERE l.team_id = $1 AND l.state = 'held' ORDER BY l.id
            """
        )
        for row in held:
            identifier = Identifier(kind=IdentifierKind.PLATFORM_ID, value=row["platform_id"], platform="twitter")
            await self._refusable(
                lead_release.release(
                    self.context,
                    self.actor,
                    campaign_id=row["campaign_id"],
                    identifier=identifier,
                    decision=decision,
                )
            )

    async def _add(self, list_id: str, places: Sequence[int]) -> None:
        await list_leads.add(self.context, self.actor, list_id=list_id, named=self._named(places))

    def _named(self, places: Sequence[int]) -> list[Named]:
        return [
            Named(
                identifier=Identifier(
                    kind=IdentifierKind.PLATFORM_ID, value=self.people[place]["id"], platform="twitter"
                ),
                data={},
                path=("platformIds", place),
            )
            for place in places
        ]

    async def _refusable(self, work: Awaitable[Any]) -> None:
        try:
            await work
        except ApiError:
            return

    async def _execute(self, statement: str, *values: Any) -> None:
        async with self.context.pool.acquire() as connection:
            await connection.execute(statement, self.actor.team_id, *values)

    async def _fetch(self, query: str, *values: Any) -> list[Any]:
        async with self.context.pool.acquire() as connection:
            return list(await connection.fetch(query, self.actor.team_id, *values))
