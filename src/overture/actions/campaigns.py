"""Campaigns: make, read, change, copy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as dataclass_replace
from datetime import datetime
from typing import Any, TypedDict

from overture import ids
from overture.actions import audit, automations, campaign_access, campaign_columns, campaign_rules, seats, sequences
from overture.actions.automations import NewAutomation
from overture.actions.campaign_columns import NewColumn
from overture.actions.campaign_rules import RuleChanges
from overture.actions.context import Actor, Context
from overture.actions.sequences import NewStep
from overture.core import names, window
from overture.core.words import AuditAction, CampaignStatus, ObjectType
from overture.engine import complete, halts, pacemaker
from overture.errors import InvalidRequest, NotFound, Path
from overture.store import campaign_accounts, campaigns, duties, gates, outbox, scope_requests
from overture.store import campaign_columns as stored_columns
from overture.store.campaign_order import Order, Place
from overture.store.campaigns import Campaign, Settings
from overture.store.pool import Connection

DEFAULT_RATE = 8
DEFAULT_ZONE = "UTC"
DEFAULT_HOURS: Mapping[str, Mapping[str, int]] = {str(day): {"start": 540, "end": 1020} for day in range(1, 6)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A campaign to make. Hours in wire form; `steps` None makes no sequence at all."""

    name: str
    account_ids: Sequence[str]
    description: str | None = None
    hourly_message_rate: int = DEFAULT_RATE
    zone: str = DEFAULT_ZONE
    hours: Mapping[str, Mapping[str, int]] = field(default_factory=lambda: dict(DEFAULT_HOURS))
    rules: RuleChanges = field(default_factory=RuleChanges)
    columns: Sequence[NewColumn] = ()
    steps: Sequence[NewStep] | None = None
    automations: Sequence[NewAutomation] = ()


class CampaignChanges(TypedDict, total=False):
    """What to change of a campaign; what is absent stays."""

    name: str
    description: str | None
    account_link_ids: Sequence[str]
    hourly_message_rate: int
    schedule_timezone: str
    schedule_hours: Mapping[str, Mapping[str, int]]


async def create(context: Context, actor: Actor, draft: Draft, *, rules_at: campaign_rules.Where) -> Campaign:
    """Make a draft with all its parts; a sync is wanted already when it has rules.

    Args:
        rules_at: where the parts of the rules stand in the request.

    Raises:
        InvalidRequest: something is not well formed, with its path; nothing is made then.
        NotFound: an account, list, column, status, tag or member the team does not have.
    """
    settings = Settings(
        name=_checked_name(draft.name),
        description=draft.description,
        hourly_message_rate=draft.hourly_message_rate,
        zone=draft.zone,
        hours=draft.hours,
        exclude_contacted=False,
        exclude_mutuals=False,
    )
    check_hours(settings)
    check_distinct(draft.account_ids)
    campaign_id, now = ids.new("c"), await context.clock.now()
    keys = {"team_id": actor.team_id, "campaign_id": campaign_id}
    async with context.pool.acquire() as connection, connection.transaction():
        await _require_linked(connection, actor, draft.account_ids)
        await campaigns.insert(connection, **keys, settings=settings, now=now)
        await gates.create_campaign(connection, **keys)
        await campaign_accounts.replace(connection, **keys, seats=seats.draw(draft.account_ids))
        await campaign_columns.insert(
            connection, actor, campaign_id=campaign_id, new=draft.columns, now=now, path=("columns",)
        )
        has_rules = await campaign_rules.apply(
            connection,
            actor,
            campaign_id=campaign_id,
            settings=settings,
            changes=draft.rules,
            now=now,
            by_name=True,
            where=rules_at,
        )
        await _insert_sequence(connection, actor, campaign_id, draft.steps, now)
        await automations.insert(
            connection, actor, campaign_id=campaign_id, new=draft.automations, now=now, path=("automations",)
        )
        made = await _finish_creation(connection, actor, campaign_id, has_rules, now)
    context.wake()
    return made


async def get(context: Context, actor: Actor, *, campaign_id: str) -> Campaign:
    """Return a campaign.

    Raises:
        NotFound: no such campaign.
    """
    async with context.pool.acquire() as connection:
        return await campaign_access.read(connection, actor, campaign_id=campaign_id)


async def page(
    context: Context,
    actor: Actor,
    *,
    statuses: Sequence[CampaignStatus],
    text: str | None,
    order: Order,
    after: Place | None,
    limit: int,
) -> list[Campaign]:
    """Return campaigns in order; `statuses` empty for all, `text` a part of the name."""
    async with context.pool.acquire() as connection:
        return await campaigns.page(
            connection,
            team_id=actor.team_id,
            statuses=statuses,
            text=text,
            order=order,
            after=after,
            limit=limit,
        )


async def change(context: Context, actor: Actor, *, campaign_id: str, changes: CampaignChanges) -> Campaign:
    """Change settings and accounts. What was sent before stands; the next attempt follows the new settings.

    Raises:
        NotFound: no such campaign or account.
        InvalidRequest: something is not well formed, with its path; nothing changes then.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        state = await campaign_access.lock_with_accounts(
            connection, actor, campaign_id=campaign_id, joining=changes.get("account_link_ids", ())
        )
        settings = dataclass_replace(
            state.settings,
            name=_checked_name(changes["name"]) if "name" in changes else state.settings.name,
            description=changes.get("description", state.settings.description),
            hourly_message_rate=changes.get("hourly_message_rate", state.settings.hourly_message_rate),
            zone=changes.get("schedule_timezone", state.settings.zone),
            hours=changes.get("schedule_hours", state.settings.hours),
        )
        check_hours(settings)
        members = await campaign_accounts.member_ids(connection, team_id=actor.team_id, campaign_id=campaign_id)
        has_moved = False
        if "account_link_ids" in changes:
            has_moved = await _change_accounts(connection, actor, campaign_id, changes["account_link_ids"], now)
        if has_moved or settings != state.settings:
            keys = {"team_id": actor.team_id, "campaign_id": campaign_id}
            await campaigns.save(connection, **keys, settings=settings, now=now)
            await pacemaker.refresh_campaign(connection, **keys, now=now)
            await gates.change_campaign(connection, **keys, is_open=state.status == CampaignStatus.ACTIVE, now=now)
            before, after = audit.differences(
                _wire(state.settings, members), _wire(settings, changes.get("account_link_ids", members))
            )
            await _record(connection, actor, AuditAction.CAMPAIGN_CHANGED, campaign_id, before, after, now)
        if has_moved:
            # More accounts may reach more leads; other accounts may be none that can go on.
            await complete.reopen(connection, team_id=actor.team_id, campaign_id=campaign_id, now=now)
            events: list[outbox.NewEvent] = []
            await halts.pause_campaigns(
                connection, team_id=actor.team_id, now=now, code=halts.NO_ACCOUNT, events=events
            )
            await outbox.append(connection, team_id=actor.team_id, now=now, events=events)
        changed = await campaign_access.read(connection, actor, campaign_id=campaign_id)
    context.wake()
    return changed


async def duplicate(context: Context, actor: Actor, *, campaign_id: str) -> Campaign:
    """Copy settings, accounts, columns, rules, sequence and automations into a new draft; hand-added leads stay behind.

    Raises:
        NotFound: no such campaign, or the copy needs something that is gone, such as an unlinked account.
    """
    async with context.pool.acquire() as connection:
        source = await campaign_access.read(connection, actor, campaign_id=campaign_id)
        columns = await stored_columns.all_of(connection, team_id=actor.team_id, campaign_id=campaign_id)
    return await _copy(context, actor, source, columns)


async def _copy(context: Context, actor: Actor, source: Campaign, columns: Sequence[stored_columns.Column]) -> Campaign:
    """Make the copy. Columns keep their ids, so that texts, mappings and values go on naming them."""
    campaign_id, now = ids.new("c"), await context.clock.now()
    keys = {"team_id": actor.team_id, "campaign_id": campaign_id}
    suffix = " (copy)"
    settings = dataclass_replace(source.settings, name=source.settings.name[: 255 - len(suffix)] + suffix)
    async with context.pool.acquire() as connection, connection.transaction():
        linked = await campaign_accounts.linked(connection, team_id=actor.team_id, account_ids=source.account_ids)
        accounts = [account_id for account_id in source.account_ids if account_id in linked]
        await campaigns.insert(connection, **keys, settings=settings, now=now)
        await gates.create_campaign(connection, **keys)
        await campaign_accounts.replace(connection, **keys, seats=seats.draw(accounts))
        fresh = [dataclass_replace(column, created_at=now, updated_at=now) for column in columns]
        await stored_columns.insert(connection, **keys, columns=fresh)
        rules = RuleChanges(
            synced_list_ids=[entry["listId"] for entry in source.synced_lists],
            excluded_list_ids=[entry["listId"] for entry in source.excluded_lists],
            column_mappings={entry["listId"]: entry["columnMapping"] for entry in source.synced_lists},
            auto_map_columns=False,
        )
        has_lists = await campaign_rules.apply(
            connection, actor, campaign_id=campaign_id, settings=settings, changes=rules, now=now
        )
        if source.sequence_version:
            steps = [NewStep(type=step["type"], data=step["data"]) for step in source.steps]
            await _insert_sequence(connection, actor, campaign_id, steps, now)
        await automations.copy(connection, actor, source_id=source.id, campaign_id=campaign_id, now=now)
        has_rules = has_lists or settings.exclude_contacted or settings.exclude_mutuals
        made = await _finish_creation(connection, actor, campaign_id, has_rules, now)
    context.wake()
    return made


async def _insert_sequence(
    connection: Connection, actor: Actor, campaign_id: str, steps: Sequence[NewStep] | None, now: datetime
) -> None:
    if steps is None:
        return
    columns = await stored_columns.all_of(connection, team_id=actor.team_id, campaign_id=campaign_id)
    built = sequences.build(steps, current_ids=set(), columns=columns, by_name=True, path=("sequence",))
    await sequences.insert(connection, actor, campaign_id=campaign_id, after=0, steps=built, now=now)


async def _finish_creation(
    connection: Connection,
    actor: Actor,
    campaign_id: str,
    has_rules: bool,
    now: datetime,
) -> Campaign:
    keys = {"team_id": actor.team_id, "campaign_id": campaign_id}
    if has_rules:
        await duties.want(connection, team_id=actor.team_id, kind="sync", key=campaign_id, due_at=now)
    await gates.change_campaign(connection, **keys, is_open=False, now=now)
    made = await campaign_access.read(connection, actor, campaign_id=campaign_id)
    after = {"name": made.settings.name, "accountLinkIds": list(made.account_ids)}
    await _record(connection, actor, AuditAction.CAMPAIGN_CREATED, campaign_id, None, after, now)
    event = outbox.NewEvent(type="campaign.created", object_type="campaign", object_id=campaign_id, data={})
    await outbox.append(connection, team_id=actor.team_id, now=now, events=[event])
    return made


async def _record(
    connection: Connection,
    actor: Actor,
    action: AuditAction,
    campaign_id: str,
    before: audit.State | None,
    after: audit.State,
    now: datetime,
) -> None:
    await audit.record(
        connection,
        actor,
        action=action,
        object_type=ObjectType.CAMPAIGN,
        object_id=campaign_id,
        now=now,
        before=before,
        after=after,
    )


def _wire(settings: Settings, account_ids: Sequence[str]) -> dict[str, Any]:
    """Return what `change` changes, in the names of the API."""
    return {
        "name": settings.name,
        "description": settings.description,
        "accountLinkIds": list(account_ids),
        "hourlyMessageRate": settings.hourly_message_rate,
        "scheduleTimezone": settings.zone,
        "scheduleHours": settings.hours,
    }


async def _change_accounts(
    connection: Connection, actor: Actor, campaign_id: str, account_ids: Sequence[str], now: datetime
) -> bool:
    """Make these the campaign's accounts; tell whether they are others than before, or in another order."""
    keys = {"team_id": actor.team_id, "campaign_id": campaign_id}
    present = await campaign_accounts.member_ids(connection, **keys)
    check_distinct(account_ids)
    if list(account_ids) == present:
        return False
    added = [account_id for account_id in account_ids if account_id not in present]
    await _require_linked(connection, actor, added)
    await campaign_accounts.replace(connection, **keys, seats=seats.draw(account_ids))
    if added:
        await campaign_accounts.ask_again(connection, **keys, at=now)
    # Whom the accounts may write to without consent is another question for each of them.
    await scope_requests.want_full(connection, team_id=actor.team_id, campaign_ids=[campaign_id])
    for kind in ("assess", "plan", "sync"):
        await duties.want(connection, team_id=actor.team_id, kind=kind, key=campaign_id, due_at=now)
    return True


async def _require_linked(connection: Connection, actor: Actor, account_ids: Sequence[str]) -> None:
    linked = await campaign_accounts.linked(connection, team_id=actor.team_id, account_ids=account_ids)
    for account_id in account_ids:
        if account_id not in linked:
            raise NotFound("accountLink", account_id)


def check_distinct(account_ids: Sequence[str]) -> None:
    """Check that there are accounts, and none twice.

    Raises:
        InvalidRequest: there is none, or one is named again.
    """
    path = ("accountLinkIds",)
    if not account_ids:
        raise InvalidRequest([(path, "A campaign needs at least one account.")])
    for position, account_id in enumerate(account_ids):
        if account_id in account_ids[:position]:
            raise InvalidRequest([((*path, position), f"The account {account_id!r} is given twice.")])


def _checked_name(name: str) -> str:
    cleaned = names.clean(name)
    if not cleaned:
        raise InvalidRequest([(("name",), "Must have at least one character that is not a space.")])
    return cleaned


def check_hours(settings: Settings) -> None:
    """Check zone and sending hours.

    Raises:
        InvalidRequest: one of them is not well formed, with its path.
    """
    found: list[tuple[Path, str]] = []
    try:
        window.Hours(zone=settings.zone, days={})
    except ValueError as error:
        found.append((("scheduleTimezone",), f"{error}: use a name like Europe/Berlin."))
    for day, minutes in settings.hours.items():
        try:
            window.Hours.parse("UTC", {day: minutes})
        except ValueError as error:
            found.append((("scheduleHours", day), f"{str(error)[0].upper()}{str(error)[1:]}."))
    if found:
        raise InvalidRequest(found)
