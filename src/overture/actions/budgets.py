"""Budgets: how much the platform, its app and the team's own limits let accounts do now."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from overture.actions.context import Actor, Context
from overture.channels.port import Channel
from overture.core import budget
from overture.core.budget import Spent, Standing, Told
from overture.core.words import BudgetScope, BudgetSource
from overture.store import apps, budget_windows
from overture.store.accounts import Account
from overture.store.pool import Connection

HOUR, DAY = (int(timedelta(hours=hours).total_seconds()) for hours in (1, 24))


async def of_accounts(context: Context, actor: Actor, *, accounts: Sequence[Account]) -> dict[str, list[Standing]]:
    """Return, by account, where its budgets stand: the team's limits, the platform's windows, and those of its app."""
    if not accounts:
        return {}
    now = await context.clock.now()
    ids = [account.id for account in accounts]
    spans = sorted({HOUR, DAY, *_spans(context, accounts)})
    async with context.pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
        team_id = actor.team_id
        told = await budget_windows.of_accounts(connection, team_id=team_id, account_ids=ids)
        sent = await budget_windows.sent(connection, team_id=team_id, account_ids=ids, spans=spans, now=now)
        left = await budget_windows.left_accounts(connection, team_id=team_id, account_ids=ids, seconds=DAY, now=now)
        app_ids = sorted({account.app_id for account in accounts})
        of_apps = await _of_apps(connection, context, actor, app_ids=app_ids, now=now)
    return {
        account.id: [
            *_limits(context, account, sent[account.id], left[account.id]),
            *_windows(context, account.platform, told[account.id], sent[account.id], BudgetScope.ACCOUNT, now),
            *of_apps[account.app_id],
        ]
        for account in accounts
    }


async def of_app(context: Context, actor: Actor, *, app_id: str) -> list[Standing]:
    """Return where the windows stand that all accounts of an app share."""
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
        found = await _of_apps(connection, context, actor, app_ids=[app_id], now=now)
    return found[app_id]


async def _of_apps(
    connection: Connection, context: Context, actor: Actor, *, app_ids: Sequence[str], now: datetime
) -> dict[str, list[Standing]]:
    platforms = await apps.platforms(connection, team_id=actor.team_id, app_ids=app_ids)
    told = await budget_windows.of_apps(connection, team_id=actor.team_id, app_ids=app_ids)
    sent = await budget_windows.sent_by_app(connection, team_id=actor.team_id, app_ids=app_ids, seconds=DAY, now=now)
    return {
        app_id: _windows(context, platforms[app_id], told[app_id], [sent[app_id]], BudgetScope.APP, now)
        for app_id in app_ids
    }


def _limits(context: Context, account: Account, sent: Sequence[Spent], left: Spent) -> list[Standing]:
    """Return the team's own limits, and the most the platform lets the account send by all its clients together."""
    by_span = {spent.seconds: spent for spent in sent}
    found = [
        budget.of_limit(account.hourly_limit, by_span[HOUR], source=BudgetSource.LIMIT),
        budget.of_limit(account.daily_limit, by_span[DAY], source=BudgetSource.LIMIT),
    ]
    channel = context.channels.get(account.platform)
    if channel is not None:
        ceiling = channel.capabilities.account_daily_ceiling
        # What has just left is in the ledger before it is in the conversation.
        fuller = max(by_span[DAY], left, key=lambda spent: spent.used)
        found.append(budget.of_limit(ceiling, fuller, source=BudgetSource.CEILING))
    return found


def _windows(
    context: Context, platform: str, told: Sequence[Told], sent: Sequence[Spent], scope: BudgetScope, now: datetime
) -> list[Standing]:
    channel = context.channels.get(platform)
    if channel is None:
        return []
    return budget.of_platform(channel.capabilities.windows, told, sent, scope=scope, now=now)


def _spans(context: Context, accounts: Sequence[Account]) -> set[int]:
    channels: list[Channel | None] = [context.channels.get(platform) for platform in {one.platform for one in accounts}]
    return {one.seconds for channel in channels if channel is not None for one in channel.capabilities.windows}
