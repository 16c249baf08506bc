"""Sync: bring a campaign's leads in line with its lists and rules. Repeatable, and killable at any point."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from overture.core import sequence
from overture.core.words import LeadState
from overture.engine import complete
from overture.store import (
    campaign_accounts,
    duties,
    held,
    leads,
    merges,
    outlines,
    paces,
    persons,
    progress,
    scope_requests,
    scopes,
    wakeups,
)
from overture.store.pool import Connection, Pool


async def step(pool: Pool, *, team_id: str, campaign_id: str, now: datetime) -> None:
    """Take in what has changed since the last run, or everything when the rules have changed.

    What changes is planned in the same transaction. The accounts are woken, and a completed campaign is taken up again,
    in a second one, since their rows are locked before leads; if it never comes, the run is repeated.
    """
    async with (
        pool.acquire() as connection,
        scopes.alone(connection, campaign_id=campaign_id),
        connection.transaction(),
    ):
        await _bring_in_line(connection, team_id=team_id, campaign_id=campaign_id, now=now)
    async with pool.acquire() as connection, connection.transaction():
        await _mend(connection, team_id=team_id, campaign_id=campaign_id, now=now)


async def _bring_in_line(connection: Connection, *, team_id: str, campaign_id: str, now: datetime) -> None:
    """Compare and change leads."""
    keys = {"team_id": team_id, "campaign_id": campaign_id}
    await merges.hold_off(connection, team_id=team_id)
    rules = await scopes.rules(connection, **keys)
    if rules is None:
        return
    request = await scope_requests.read(connection, **keys)
    changes = await scopes.bring_in_line(connection, **keys, rules=rules, now=now, is_full=request.is_full)
    back = await scopes.bring_back(connection, **keys, lead_ids=changes.coming, now=now)
    met = [*changes.gone, *(lead.lead_id for lead in back)]
    if met:
        await persons.lock_of(connection, team_id=team_id, lead_ids=met)
    if changes.gone:
        await progress.withdraw(connection, team_id=team_id, lead_ids=changes.gone)
        await persons.free(connection, team_id=team_id, lead_ids=changes.gone, unanswered_at=None, now=now)
    await _go_on(connection, **keys, back=back, now=now)
    # Before any duty: who changes the rules has the lists, and comes to the duty that has them looked at.
    await scope_requests.done(connection, **keys, request=request)
    if changes.added or changes.gone or changes.coming:
        await duties.want(connection, team_id=team_id, kind="assess", key=campaign_id, due_at=now)
    if changes.overtaken:
        await scope_requests.want(connection, **keys, profile_ids=changes.overtaken)
        await duties.want(connection, team_id=team_id, kind="sync", key=campaign_id, due_at=now)


async def _go_on(
    connection: Connection, *, team_id: str, campaign_id: str, back: Sequence[scopes.Returned], now: datetime
) -> None:
    """Plan leads that came back in mid-sequence; those whose message nobody knows the fate of keep their persons."""
    held = [lead.lead_id for lead in back if lead.state == LeadState.HELD and lead.reason == "notFound"]
    if held:
        await persons.resume(connection, team_id=team_id, lead_ids=held)
    resumed = [lead.lead_id for lead in back if lead.state == LeadState.IN_SEQUENCE]
    if resumed:
        rows = await scopes.resumed(connection, team_id=team_id, campaign_id=campaign_id, lead_ids=resumed)
        await _plan_returned(connection, team_id=team_id, campaign_id=campaign_id, rows=rows, now=now)


async def _mend(connection: Connection, *, team_id: str, campaign_id: str, now: datetime) -> None:
    """Take the campaign up again if it was through, and let leads held for a value or a long text try again.

    A list may have got the value meanwhile.
    """
    pairs = await paces.campaign_pairs(connection, team_id=team_id, campaign_id=campaign_id)
    own = [pair.account_id for pair in pairs]
    await paces.lock_accounts(connection, team_id=team_id, account_ids=own)
    await complete.reopen(connection, team_id=team_id, campaign_id=campaign_id, now=now)
    if await leads.mend(connection, team_id=team_id, campaign_id=campaign_id, lead_ids=None, now=now):
        for kind in ("assess", "plan"):
            await duties.want(connection, team_id=team_id, kind=kind, key=campaign_id, due_at=now)
        await wakeups.give(connection, team_id=team_id, account_ids=own, at=now)


async def resume_returned(
    connection: Connection,
    *,
    team_id: str,
    campaign_id: str,
    now: datetime,
    lead_ids: Sequence[str] | None = None,
) -> None:
    """Give leads that came back in mid-sequence (None: any of the campaign) their next instant, and wake who sends it.

    One whose last message nobody could tell the fate of is held, as it was: a person decides.
    """
    ever = await campaign_accounts.ever_ids(connection, team_id=team_id, campaign_id=campaign_id)
    await paces.lock_accounts(connection, team_id=team_id, account_ids=ever)
    again = await held.hold_again(connection, team_id=team_id, campaign_id=campaign_id, at=now)
    returned = await scopes.resumed(connection, team_id=team_id, campaign_id=campaign_id, lead_ids=lead_ids)
    await persons.lock_of(connection, team_id=team_id, lead_ids=[*again, *(str(row["id"]) for row in returned)])
    if again:
        await progress.unplan(connection, team_id=team_id, lead_ids=again)
        await persons.resume(connection, team_id=team_id, lead_ids=again)
    await _plan_returned(connection, team_id=team_id, campaign_id=campaign_id, rows=returned, now=now)


async def _plan_returned(
    connection: Connection, *, team_id: str, campaign_id: str, rows: Sequence[Mapping[str, object]], now: datetime
) -> None:
    """Plan leads that came back in mid-sequence, and wake who sends to them; those with nothing left are finished."""
    if not rows:
        return
    versions = sorted({(campaign_id, int(str(row["version"]))) for row in rows})
    stored = await outlines.steps(connection, team_id=team_id, versions=versions)
    steps = {version: [sequence.parse_step(one) for one in found] for (_, version), found in stored.items()}
    due: list[tuple[str, str, datetime]] = []
    finished: list[str] = []
    for row in rows:
        since = row["since"]
        assert isinstance(since, datetime)
        found = sequence.message_due(steps.get(int(str(row["version"])), []), int(str(row["rank"])), since)
        if found is None:
            finished.append(str(row["id"]))
        else:
            due.append((str(row["id"]), str(row["account_id"]), found.at))
    if finished:
        await progress.finish(connection, team_id=team_id, lead_ids=finished, at=now)
    if due:
        await persons.resume(connection, team_id=team_id, lead_ids=[lead_id for lead_id, _, _ in due])
        await progress.put_due(connection, team_id=team_id, due=due)
        accounts = sorted({account_id for _, account_id, _ in due})
        await wakeups.give(connection, team_id=team_id, account_ids=accounts, at=now)
