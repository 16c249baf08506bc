"""Assess: find out which of a campaign's accounts may write to each lead, asking no more than needed."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from overture.channels import port
from overture.channels.registry import Registry
from overture.core import policy
from overture.core.lookup import Lookup, Person
from overture.core.words import REACHABLE_VERDICTS, AccountStatus, CostKind, LeadState, ReadEndpoint, VerdictKind
from overture.engine import complete, plan
from overture.engine.hearing import Hearing
from overture.engine.keyring import Keyring
from overture.secrets import Sealer
from overture.store import costs, duties, people, persons, progress, reach
from overture.store.pool import Connection, Pool

TRIES = 3
"""After so many look-ups without a definite word a lead counts as reachable; the send itself will tell."""

STEP = 2000
CALLS_AT_ONCE = 4
RETRY = timedelta(minutes=1)

_GONE = {"suspended": VerdictKind.SUSPENDED, "notFound": VerdictKind.NOT_FOUND}


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A batch of profiles to look up through one account."""

    account: reach.Asker
    leads: tuple[reach.QueuedLead, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What is known of one lead: reached by these accounts, or to be asked through one of those, or out."""

    reached: tuple[str, ...] = ()
    askable: tuple[str, ...] = ()
    out: str | None = None


class Assessor:
    """Works off a campaign's queue of leads to be assessed."""

    def __init__(self, *, pool: Pool, channels: Registry, sealer: Sealer) -> None:
        self._pool = pool
        self._channels = channels
        self._keyring = Keyring(pool=pool, channels=channels, sealer=sealer)

    async def step(self, *, team_id: str, campaign_id: str, now: datetime) -> datetime | None:
        """Assess part of the queue; return when to go on (engine time), None when nothing is left to ask."""
        async with self._pool.acquire() as connection:
            askers = await reach.askers(connection, team_id=team_id, campaign_id=campaign_id)
            resting = _resting(askers, now)
            leads = await self._next_leads(connection, team_id, campaign_id, askers, now) if askers else []
            loads = await plan.loads(connection, team_id=team_id, campaign_id=campaign_id)
        if not leads:
            return min(resting.values(), default=None)
        questions = list(self._questions(leads, askers, loads, resting))
        hearing = Hearing(ReadEndpoint.PROFILES, now=now)
        answers, retry_at = await self._ask(team_id, questions, hearing, now)
        async with self._pool.acquire() as connection:
            await hearing.keep(connection, team_id=team_id)
        await self._bill(team_id, answers, now)
        async with self._pool.acquire() as connection, connection.transaction():
            resolved = await self._conclude(connection, team_id, campaign_id, leads, askers, answers, now)
        await complete.check(self._pool, team_id=team_id, campaign_ids=[campaign_id], now=now)
        if retry_at is not None:
            return retry_at
        if answers or resolved:
            return now
        return min((resting | hearing.rests).values(), default=None)

    async def _bill(self, team_id: str, answers: Sequence[tuple[Question, Lookup]], now: datetime) -> None:
        shown: Counter[str] = Counter()
        for question, answer in answers:
            shown[question.account.account_id] += len(answer.people)
        async with self._pool.acquire() as connection:
            await costs.count(connection, team_id=team_id, kind=CostKind.PROFILE_READ, units=shown, now=now)

    async def _next_leads(
        self, connection: Connection, team_id: str, campaign_id: str, askers: Sequence[reach.Asker], now: datetime
    ) -> list[reach.QueuedLead]:
        """Return the next part of the queue in which something can be asked or decided."""
        after, resting = "", _resting(askers, now)
        while True:
            leads = await reach.queued(
                connection,
                team_id=team_id,
                campaign_id=campaign_id,
                after=after,
                fresh_since=now - plan.FRESH,
                count=STEP,
            )
            if not leads or any(_is_of_use(lead, askers, resting) for lead in leads):
                return leads
            after = leads[-1].lead_id

    def _questions(
        self,
        leads: Sequence[reach.QueuedLead],
        askers: Sequence[reach.Asker],
        loads: plan.Loads,
        resting: Mapping[str, datetime],
    ) -> Iterable[Question]:
        """Ask about each lead through the account with the least to do, so that few leads have to be moved later."""
        wanted: dict[str, list[reach.QueuedLead]] = {}
        for lead in leads:
            askable = [account_id for account_id in _askable(lead, askers) if account_id not in resting]
            if askable:
                chosen = loads.lightest(askable)
                loads.add(chosen)
                wanted.setdefault(chosen, []).append(lead)
        for asker in askers:
            channel = self._channels.get(asker.platform)
            asked = wanted.get(asker.account_id, [])
            if channel is None:
                continue
            size = channel.capabilities.lookup_batch
            for start in range(0, len(asked), size):
                yield Question(account=asker, leads=tuple(asked[start : start + size]))

    async def _ask(
        self, team_id: str, questions: Sequence[Question], hearing: Hearing, now: datetime
    ) -> tuple[list[tuple[Question, Lookup]], datetime | None]:
        """Look up all questions, some at once.

        Return the answers, and when questions that were refused for another reason than their number may be asked
        again. `hearing` takes what the platform says of its windows.
        """
        slots = asyncio.Semaphore(CALLS_AT_ONCE)
        retry_at: datetime | None = None
        answers: list[tuple[Question, Lookup]] = []

        async def ask(question: Question) -> None:
            nonlocal retry_at
            channel = self._channels.get(question.account.platform)
            assert channel is not None
            account_id = question.account.account_id
            async with slots:
                if retry_at is not None or account_id in hearing.rests:
                    return
                try:
                    credentials = await self._keyring.credentials(
                        team_id=team_id,
                        account_id=account_id,
                        base_url=question.account.base_url,
                        sealed_grant=question.account.sealed_token,
                    )
                    ids = [lead.platform_id for lead in question.leads]
                    answer = await channel.look_up(credentials, platform_ids=ids)
                except port.ChannelError as error:
                    hearing.refused(account_id, error)
                    if error.kind != "rateLimited":
                        retry_at = max(error.retry_at or now, now + RETRY)
                    return
                answers.append((question, answer))
                hearing.answered(account_id, answer)

        await asyncio.gather(*(ask(question) for question in questions))
        return answers, retry_at

    async def _conclude(
        self,
        connection: Connection,
        team_id: str,
        campaign_id: str,
        leads: Sequence[reach.QueuedLead],
        askers: Sequence[reach.Asker],
        answers: Sequence[tuple[Question, Lookup]],
        now: datetime,
    ) -> bool:
        """Store what was learned and move on the leads for which it is enough; tell whether any moved."""
        await progress.lock(connection, team_id=team_id, lead_ids=[lead.lead_id for lead in leads])
        learned = [verdict for question, lookup in answers for verdict in _verdicts(question, lookup)]
        await reach.save_verdicts(connection, team_id=team_id, now=now, verdicts=learned)
        known = {(verdict.profile_id, verdict.account_id): verdict.verdict for verdict in learned}
        reached: list[tuple[str, tuple[str, ...]]] = []
        stops: list[progress.Stop] = []
        further: list[tuple[str, tuple[str, ...]]] = []
        for lead in leads:
            if lead.further is not None and _askable(lead, askers, known):
                continue  # not answered yet: it stays, as it is
            standing = judge(lead, askers, known)
            if lead.further is not None:
                further.append((lead.lead_id, standing.reached))
            elif standing.reached:
                reached.append((lead.lead_id, standing.reached))
                continue
            elif standing.out is not None:
                state = LeadState.EXCLUDED if standing.out == VerdictKind.CONSENT_MISSING else LeadState.UNREACHABLE
                stops.append(progress.Stop(lead_id=lead.lead_id, state=state, reason=standing.out))
        numbers = await reach.reach_ids(
            connection,
            team_id=team_id,
            campaign_id=campaign_id,
            sets=[accounts for _, accounts in [*reached, *further] if accounts],
        )
        await reach.make_ready(
            connection,
            team_id=team_id,
            campaign_id=campaign_id,
            reached=[(lead_id, numbers[accounts]) for lead_id, accounts in reached],
        )
        await reach.widen(
            connection,
            team_id=team_id,
            campaign_id=campaign_id,
            reached=[(lead_id, numbers[accounts]) for lead_id, accounts in further if accounts],
        )
        await progress.stop_if_open(connection, team_id=team_id, stops=stops, at=now)
        # One that came back from an account that could not send may hold its person still.
        ended = [stop.lead_id for stop in stops]
        await persons.free(connection, team_id=team_id, lead_ids=ended, unanswered_at=None, now=now)
        unclear = [
            lead.lead_id
            for question, _ in answers
            for lead in question.leads
            if known.get((lead.profile_id, question.account.account_id)) == VerdictKind.UNKNOWN
        ]
        await reach.count_try(connection, team_id=team_id, campaign_id=campaign_id, lead_ids=unclear)
        await reach.leave_queue(
            connection,
            team_id=team_id,
            campaign_id=campaign_id,
            assessed=[lead_id for lead_id, _ in reached],
            further=[lead_id for lead_id, _ in further],
        )
        if reached or further:
            await duties.want(connection, team_id=team_id, kind="plan", key=campaign_id, due_at=now)
        # Last: an answer that comes in has its leads and asks for plans, and gives the person a contact then.
        await self._save_profiles(connection, team_id, answers, now)
        return bool(reached or further or stops)

    async def _save_profiles(
        self, connection: Connection, team_id: str, answers: Sequence[tuple[Question, Lookup]], now: datetime
    ) -> None:
        """Save everybody the answers showed in one order: campaigns that share people are assessed side by side."""
        for platform in sorted({question.account.platform for question, _ in answers}):
            lookups = [lookup for question, lookup in answers if question.account.platform == platform]
            shown = [person for lookup in lookups for person in lookup.people]
            absent = [one for lookup in lookups for one in lookup.absent]
            if shown and absent:
                known = [*(person.platform_id for person in shown), *(one.identifier for one in absent)]
                await people.hold_known(connection, team_id=team_id, platform=platform, platform_ids=known)
            await people.save_people(connection, team_id=team_id, platform=platform, people=shown, now=now)
            await people.save_absent(connection, team_id=team_id, platform=platform, absent=absent, now=now)


def _resting(askers: Sequence[reach.Asker], now: datetime) -> dict[str, datetime]:
    """Return the accounts of which the platform takes no look-ups now, with the instant at which it does again."""
    rests = {asker.account_id: asker.rest_until for asker in askers}
    return {account_id: until for account_id, until in rests.items() if until is not None and until > now}


def _is_of_use(lead: reach.QueuedLead, askers: Sequence[reach.Asker], resting: Mapping[str, datetime]) -> bool:
    """Whether something can be asked or decided about a lead now."""
    askable = _askable(lead, askers)
    if askable:
        return any(account_id not in resting for account_id in askable)
    return judge(lead, askers) != Standing()


def _askable(
    lead: reach.QueuedLead,
    askers: Sequence[reach.Asker],
    learned: Mapping[tuple[str, str], str] | None = None,
) -> tuple[str, ...]:
    """Return the accounts a lead may be asked about through: any until one reaches it, or the one the plan named."""
    if lead.further is None:
        return judge(lead, askers, learned).askable
    known = (learned or {}).get((lead.profile_id, lead.further)) or lead.verdicts.get(lead.further)
    may_ask = known is None and any(
        asker.account_id == lead.further
        and asker.status == AccountStatus.ACTIVE
        and policy.may_contact(
            asker.contact_policy, has_inbound=lead.further in lead.inbound, has_consent=lead.has_consent
        )
        for asker in askers
    )
    return (lead.further,) if may_ask else ()


def judge(
    lead: reach.QueuedLead,
    askers: Sequence[reach.Asker],
    learned: Mapping[tuple[str, str], str] | None = None,
) -> Standing:
    """Say where a lead stands by what is known, and what was `learned` since: one account that reaches it is enough."""
    if lead.account_status in _GONE:
        return Standing(out=_GONE[lead.account_status])
    if lead.awaits_lookup:
        return Standing()
    reached: list[str] = []
    askable: list[str] = []
    waits = can_send = False
    refusals: list[str] = []
    for asker in askers:
        if not policy.may_contact(
            asker.contact_policy,
            has_inbound=asker.account_id in lead.inbound,
            has_consent=lead.has_consent,
        ):
            refusals.append(VerdictKind.CONSENT_MISSING)
            continue
        verdict = (learned or {}).get((lead.profile_id, asker.account_id)) or lead.verdicts.get(asker.account_id)
        if verdict in REACHABLE_VERDICTS or (verdict == VerdictKind.UNKNOWN and lead.tries + 1 >= TRIES):
            reached.append(asker.account_id)
            can_send = can_send or asker.status == AccountStatus.ACTIVE
        elif verdict in _GONE.values():
            return Standing(out=verdict)
        elif verdict is not None and verdict != VerdictKind.UNKNOWN:
            refusals.append(verdict)
        elif asker.status != AccountStatus.ACTIVE:
            waits = True
        else:
            askable.append(asker.account_id)
    if can_send:
        return Standing(reached=tuple(sorted(reached)))
    # Only accounts that cannot send now reach the lead: another may, or else it waits for one of them.
    if askable or waits or reached or not refusals:
        return Standing(askable=tuple(askable))
    definite = [refusal for refusal in refusals if refusal != VerdictKind.CONSENT_MISSING]
    return Standing(out=definite[0] if definite else refusals[0])


def _verdicts(question: Question, lookup: Lookup) -> Iterable[reach.Verdict]:
    people_by_id = {person.platform_id: person for person in lookup.people}
    absent = {entry.identifier: entry.reason for entry in lookup.absent}
    for lead in question.leads:
        person = people_by_id.get(lead.platform_id)
        if person is not None:
            verdict = _verdict(person)
        else:
            verdict = _GONE.get(absent.get(lead.platform_id, ""), VerdictKind.NOT_FOUND)
        yield reach.Verdict(profile_id=lead.profile_id, account_id=question.account.account_id, verdict=verdict)


def _verdict(person: Person) -> VerdictKind:
    if person.may_receive is None:
        return VerdictKind.UNKNOWN
    if person.may_receive:
        return VerdictKind.FOLLOWS if person.follows_account else VerdictKind.OPEN
    if person.blocks_or_blocked:
        return VerdictKind.BLOCKED
    return VerdictKind.PROTECTED if person.is_protected else VerdictKind.CLOSED
