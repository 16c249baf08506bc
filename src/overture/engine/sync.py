"""Sync: bring a campaign's leads in line with its lists and rules. Repeatable, and killable at any point."""

from datetime import datetime

from overture.core import sequence
from overture.engine import complete
from overture.store import campaign_accounts, duties, held, leads, outlines, paces, persons, progress, scopes
from overture.store.pool import Connection, Pool


async def step(pool: Pool, *, team_id: str, campaign_id: str, now: datetime) -> None:
    """Take in what has changed in the lists since the last run, or everything when the rules have changed."""
    async with pool.acquire() as connection, connection.transaction():
        rules = await scopes.rules(connection, team_id=team_id, campaign_id=campaign_id)
        if rules is None:
            return
        is_full, revisions = await scopes.list_revisions(connection, team_id=team_id, campaign_id=campaign_id)
        changed = await scopes.bring_in_line(
            connection, team_id=team_id, campaign_id=campaign_id, rules=rules, now=now, is_full=is_full
        )
        added = await scopes.bring_in(
            connection, team_id=team_id, campaign_id=campaign_id, rules=rules, now=now, is_full=is_full
        )
        await scopes.seen(connection, team_id=team_id, campaign_id=campaign_id, revisions=revisions)
        if added or changed:
            await duties.want(connection, team_id=team_id, kind="assess", key=campaign_id, due_at=now)
            await complete.reopen(connection, team_id=team_id, campaign_id=campaign_id, now=now)
    async with pool.acquire() as connection, connection.transaction():
        if changed:
            await resume_returned(connection, team_id=team_id, campaign_id=campaign_id, now=now)
        await _mend(connection, team_id=team_id, campaign_id=campaign_id, now=now)


async def _mend(connection: Connection, *, team_id: str, campaign_id: str, now: datetime) -> None:
    """Let leads held for a missing value or a long text try again: a list may have got the value meanwhile."""
    pairs = await paces.campaign_pairs(connection, team_id=team_id, campaign_id=campaign_id)
    accounts = [pair.account_id for pair in pairs]
    await paces.lock_accounts(connection, team_id=team_id, account_ids=accounts)
    if await leads.mend(connection, team_id=team_id, campaign_id=campaign_id, lead_ids=None, now=now):
        for kind in ("assess", "plan"):
            await duties.want(connection, team_id=team_id, kind=kind, key=campaign_id, due_at=now)
        await paces.wake(connection, team_id=team_id, account_ids=accounts, at=now)


async def resume_returned(connection: Connection, *, team_id: str, campaign_id: str, now: datetime) -> None:
    """Give leads that came back in mid-sequence their next instant; those with nothing left are finished.

    One whose last message nobody could tell the fate of is held, as it was: a person decides.
    """
    ever = await campaign_accounts.ever_ids(connection, team_id=team_id, campaign_id=campaign_id)
    await paces.lock_accounts(connection, team_id=team_id, account_ids=ever)
    again = await held.hold_again(connection, team_id=team_id, campaign_id=campaign_id)
    await progress.unplan(connection, team_id=team_id, lead_ids=again)
    if again:
        await persons.resume(connection, team_id=team_id, lead_ids=again)
    rows = await scopes.resumed(connection, team_id=team_id, campaign_id=campaign_id)
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
    accounts = sorted({account for _, account, _ in due})
    await paces.lock_accounts(connection, team_id=team_id, account_ids=accounts)
    if finished:
        await progress.finish(connection, team_id=team_id, lead_ids=finished)
    if due:
        await persons.resume(connection, team_id=team_id, lead_ids=[lead_id for lead_id, _, _ in due])
        await progress.put_due(connection, team_id=team_id, due=due)
        await paces.wake(connection, team_id=team_id, account_ids=accounts, at=now)
