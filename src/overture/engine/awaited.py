"""Awaited: find out whose the usernames are that the platform did not tell when they were added."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from overture.channels.registry import Registry
from overture.core.words import LeadState
from overture.engine import complete, lookups, suppress, sync
from overture.secrets import Sealer
from overture.store import (
    awaited,
    campaign_accounts,
    campaigns,
    duties,
    leads,
    list_leads,
    merges,
    paces,
    people,
    progress,
    scope_requests,
    scopes,
    suppressions,
)
from overture.store.merges import Double
from overture.store.pool import Connection, Pool

STEP = 400
"""So many usernames of a platform are looked up before what was learned is stored."""

_DECIDED = (LeadState.CANCELED, LeadState.REMOVED)


class Seeker:
    """Works off a team's usernames that wait for their look-up."""

    def __init__(self, *, pool: Pool, channels: Registry, sealer: Sealer) -> None:
        self._pool = pool
        self._finder = lookups.Finder(pool=pool, channels=channels, sealer=sealer)

    async def step(self, *, team_id: str, now: datetime) -> datetime | None:
        """Look up the next part; return when to go on (engine time), None when nobody waits any more."""
        async with self._pool.acquire() as connection:
            waiting = await awaited.next_usernames(connection, team_id=team_id, count=STEP)
        dues: list[datetime] = []
        for platform, usernames in waiting.items():
            answers = await self._finder.find(team_id=team_id, platform=platform, usernames=usernames, now=now)
            if answers.people or answers.absent:
                async with self._pool.acquire() as connection, connection.transaction():
                    ended = await _take_in(connection, team_id=team_id, platform=platform, answers=answers, now=now)
                await complete.check(self._pool, team_id=team_id, campaign_ids=sorted(ended), now=now)
            dues.append(now if answers.refusal is None else answers.refusal.retry_at)
        return min(dues, default=None)


async def _take_in(
    connection: Connection, *, team_id: str, platform: str, answers: lookups.Answers, now: datetime
) -> set[str]:
    """Store what was learned; whoever turns out to be known already takes over what waited for them.

    Returns the campaigns in which a lead ended by that.
    """
    names = {person.username.lower(): person.platform_id for person in answers.people}
    await merges.begin(connection, team_id=team_id)
    waiting = await awaited.lock(connection, team_id=team_id, platform=platform, usernames=[*names, *answers.absent])
    adopted = await awaited.adopt(connection, team_id=team_id, platform=platform, people=answers.people)
    known = await people.find_ids(connection, team_id=team_id, platform=platform, platform_ids=sorted(names.values()))
    ended = await awaited.end(connection, team_id=team_id, platform=platform, absent=answers.absent, now=now)
    settled = {*adopted, *ended}
    left = {waiting[name]: known[names[name]] for name in sorted(names) if waiting.get(name, "") not in {"", *settled}}
    campaign_ids: set[str] = set()
    while left:
        heirs = {waited: heir for heir, waited in {heir: waited for waited, heir in left.items()}.items()}
        campaign_ids.update(await _merge(connection, team_id=team_id, heirs=heirs, now=now))
        left = {waited: heir for waited, heir in left.items() if waited not in heirs}
    # Last, for this takes profiles that others take when they have their leads already.
    await people.save_people(connection, team_id=team_id, platform=platform, people=answers.people, now=now)
    for campaign_id in await awaited.campaigns_assessing(connection, team_id=team_id, profile_ids=sorted(settled)):
        await duties.want(connection, team_id=team_id, kind="assess", key=campaign_id, due_at=now)
    return campaign_ids


async def _merge(connection: Connection, *, team_id: str, heirs: Mapping[str, str], now: datetime) -> set[str]:
    """Hand everything over to the `heirs`, each of whom takes over from one; the waiting profiles are locked.

    Returns the campaigns in which a lead ended by that.
    """
    concerned = await merges.campaigns(connection, team_id=team_id, profile_ids=list(heirs))
    accounts: set[str] = set()
    for campaign_id in concerned:
        accounts.update(await campaign_accounts.ever_ids(connection, team_id=team_id, campaign_id=campaign_id))
    await paces.lock_accounts(connection, team_id=team_id, account_ids=sorted(accounts))
    for campaign_id in concerned:
        await campaigns.lock(connection, team_id=team_id, campaign_id=campaign_id)
    doubles = await merges.doubles(connection, team_id=team_id, heirs=heirs)
    await merges.drop_doubles(connection, team_id=team_id, doubles=doubles)
    await merges.move_leads(connection, team_id=team_id, heirs=heirs)
    await merges.merge_contacts(connection, team_id=team_id, heirs=heirs, now=now)
    stops = [
        progress.Stop(lead_id=one.lead_id, state=one.waited_state, reason=one.waited_reason or one.waited_state)
        for one in doubles
        if one.waited_state in _DECIDED
    ]
    await progress.stop_if_open(connection, team_id=team_id, stops=stops, at=now)
    for campaign_id in concerned:
        again = [one for one in doubles if one.campaign_id == campaign_id and _counts_as_added(one)]
        await _add_again(connection, team_id=team_id, campaign_id=campaign_id, doubles=again, now=now)
        await scope_requests.want(
            connection, team_id=team_id, campaign_id=campaign_id, profile_ids=sorted(heirs.values())
        )
    ended = await _suppress(connection, team_id=team_id, heirs=heirs)
    following = set(concerned)
    for list_id in await merges.lists(connection, team_id=team_id, profile_ids=list(heirs)):
        await merges.move_on_list(connection, team_id=team_id, list_id=list_id, heirs=heirs, now=now)
        following.update(await list_leads.campaigns_following(connection, team_id=team_id, list_id=list_id))
    await merges.drop_profiles(connection, team_id=team_id, profile_ids=list(heirs))
    for campaign_id in sorted(following):
        await duties.want(connection, team_id=team_id, kind="assess", key=campaign_id, due_at=now)
    await duties.want_syncs(connection, team_id=team_id, campaign_ids=following, due_at=now)
    return ended.union(concerned)


async def _suppress(connection: Connection, *, team_id: str, heirs: Mapping[str, str]) -> set[str]:
    """Leave alone whoever was to be left alone under the name; return the campaigns in which a lead ended."""
    found = await merges.take_suppressions(connection, team_id=team_id, heirs=heirs)
    ended: set[str] = set()
    for source, by, at in sorted({(one.source, one.by, one.at) for one in found}):
        new = [
            suppressions.New(profile_id=one.profile_id, note=one.note)
            for one in found
            if (one.source, one.by, one.at) == (source, by, at)
        ]
        _, stopped = await suppress.begin(connection, team_id=team_id, new=new, source=source, by=by, at=at)
        ended.update(stopped)
    return ended


def _counts_as_added(double: Double) -> bool:
    """Whether the lead that waited had been added by hand, and nobody has thought better of it."""
    return double.was_direct and not double.was_deleted and double.waited_state not in _DECIDED


async def _add_again(
    connection: Connection, *, team_id: str, campaign_id: str, doubles: Sequence[Double], now: datetime
) -> None:
    """Do with leads that are there already what adding them by their id would have done."""
    rules = await scopes.rules(connection, team_id=team_id, campaign_id=campaign_id)
    if rules is None or not doubles:
        return
    named = [leads.NewLead(profile_id=one.profile_id, data={}) for one in doubles]
    if await leads.add(connection, team_id=team_id, campaign_id=campaign_id, rules=rules, leads=named, now=now):
        await sync.resume_returned(connection, team_id=team_id, campaign_id=campaign_id, now=now)
        await complete.reopen(connection, team_id=team_id, campaign_id=campaign_id, now=now)
