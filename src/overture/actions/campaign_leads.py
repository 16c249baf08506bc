"""The leads of a campaign: add, read, give values."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from overture.actions import account_waits, audit, campaign_access, consents, lead_choice, people, waiting
from overture.actions.consents import Consent
from overture.actions.context import Actor, Context
from overture.actions.people import Named
from overture.actions.waiting import Wait
from overture.core import columns
from overture.core.identifiers import Identifier
from overture.core.words import AuditAction, CampaignStatus, ColumnType, ObjectType
from overture.engine import complete, pacemaker, sync
from overture.errors import InvalidRequest, Path
from overture.store import campaign_columns as stored_columns
from overture.store import duties, heads, leads, outlines, scopes
from overture.store.campaigns import Campaign
from overture.store.lead_filters import Filters
from overture.store.leads import Lead, NewLead
from overture.store.pool import Connection

_PIECE = 1000
"""So many leads are read at a time where all are wanted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Added:
    """How many identifiers became a lead, were one already, or led to nobody."""

    added: int
    skipped: int
    failed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """A lead with what is worked out for people: its values with those of its lists, and when it is written to next.

    `next_send_at` is known of the next lead of an account; of others `ahead` tells how many come before.
    """

    lead: Lead
    data: Mapping[str, Any]
    next_send_at: datetime | None
    ahead: int | None
    wait: Wait | None


async def add(
    context: Context, actor: Actor, *, campaign_id: str, named: Sequence[Named], consent: Consent | None
) -> Added:
    """Add leads by hand. One that is there already keeps its values; one that had left comes back where it was.

    Raises:
        NotFound: no such campaign.
        InvalidRequest: a value its column does not take; nothing is added.
        Unprocessable: `platformNotSupported`.
    """
    async with context.pool.acquire() as connection:
        # Before anybody is looked up: a request that cannot succeed should cost nothing.
        await campaign_access.require(connection, actor, campaign_id=campaign_id)
        values = await _checked_values(connection, actor, campaign_id, named)
    identifiers = [one.identifier for one in named]
    added: int | None = None
    while added is None:
        # Whoever is found between the two is resolved at once the next time.
        resolved = await people.resolve(context, actor, identifiers=identifiers, may_wait=True)
        added = await _insert(
            context, actor, campaign_id, resolved, _values_by_profile(named, values, resolved), consent
        )
    if added:
        context.wake()
    failed = sum(one.identifier in resolved.failed for one in named)
    return Added(added=added, skipped=len(named) - failed - added, failed=failed)


def _values_by_profile(
    named: Sequence[Named], values: Sequence[Mapping[str, columns.Value | None]], resolved: people.Resolved
) -> dict[str, dict[str, columns.Value]]:
    data: dict[str, dict[str, columns.Value]] = {}
    for one, checked in zip(named, values, strict=True):
        if one.identifier in resolved.found:
            kept = {column_id: value for column_id, value in checked.items() if value is not None}
            data.setdefault(resolved.found[one.identifier], {}).update(kept)
    return data


async def page(
    context: Context, actor: Actor, *, campaign_id: str, filters: Filters, after: str | None, limit: int
) -> list[View]:
    """Return leads of a campaign by profile id.

    Raises:
        NotFound: no such campaign.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection:
        campaign = await campaign_access.read(connection, actor, campaign_id=campaign_id)
        rows = await leads.page(
            connection,
            team_id=actor.team_id,
            campaign_id=campaign_id,
            filters=filters,
            after=after,
            limit=limit,
            now=now,
        )
        return await _views(connection, actor, campaign, rows, now)


async def every(context: Context, actor: Actor, *, campaign_id: str, filters: Filters) -> AsyncIterator[list[View]]:
    """Return all leads a filter lets through, in pieces, each read when it is asked for.

    Raises:
        NotFound: no such campaign.
    """
    after: str | None = None
    while True:
        found = await page(context, actor, campaign_id=campaign_id, filters=filters, after=after, limit=_PIECE)
        if found:
            yield found
        if len(found) < _PIECE:
            return
        after = found[-1].lead.profile.id


async def get(context: Context, actor: Actor, *, campaign_id: str, identifier: Identifier) -> View:
    """Return one lead of a campaign.

    Raises:
        NotFound: no such campaign, or no such lead in it.
        Unprocessable: `platformNotSupported`.
    """
    people.require_channel(context, identifier.platform)
    now = await context.clock.now()
    async with context.pool.acquire() as connection:
        return await _get(connection, actor, campaign_id, identifier, now)


async def change(
    context: Context, actor: Actor, *, campaign_id: str, identifier: Identifier, data: Mapping[str, object]
) -> View:
    """Set values of one lead; null and empty text clear. A lead held for a value tries again.

    Raises:
        NotFound: no such campaign, or no such lead in it.
        InvalidRequest: a value its column does not take.
        Unprocessable: `platformNotSupported`.
    """
    people.require_channel(context, identifier.platform)
    now = await context.clock.now()
    named = Named(identifier=identifier, data=data, path=())
    async with context.pool.acquire() as connection, connection.transaction():
        state = await campaign_access.lock_with_accounts(connection, actor, campaign_id=campaign_id)
        (checked,) = await _checked_values(connection, actor, campaign_id, [named])
        found = await _get(connection, actor, campaign_id, identifier, now)
        await leads.set_values(
            connection,
            team_id=actor.team_id,
            lead_id=found.lead.id,
            values={column_id: value for column_id, value in checked.items() if value is not None},
            cleared=[column_id for column_id, value in checked.items() if value is None],
        )
        await audit.record(
            connection,
            actor,
            action=AuditAction.LEAD_CHANGED,
            object_type=ObjectType.CAMPAIGN,
            object_id=campaign_id,
            now=now,
            after={"profileId": found.lead.profile.id, "data": checked},
        )
        await mend(
            connection,
            actor,
            campaign_id=campaign_id,
            lead_ids=[found.lead.id],
            is_active=state.status == CampaignStatus.ACTIVE,
            now=now,
        )
        changed = await _get(connection, actor, campaign_id, identifier, now)
    context.wake()
    return changed


async def mend(
    connection: Connection,
    actor: Actor,
    *,
    campaign_id: str,
    lead_ids: Sequence[str] | None,
    is_active: bool,
    now: datetime,
) -> None:
    """Let leads held for a missing value or a long text try again; the campaign's accounts are locked."""
    keys = {"team_id": actor.team_id, "campaign_id": campaign_id}
    if not await leads.mend(connection, **keys, lead_ids=lead_ids, now=now):
        return
    for kind in ("assess", "plan"):
        await duties.want(connection, team_id=actor.team_id, kind=kind, key=campaign_id, due_at=now)
    if is_active:
        await pacemaker.refresh_campaign(connection, **keys, now=now)


async def _insert(
    context: Context,
    actor: Actor,
    campaign_id: str,
    resolved: people.Resolved,
    data: Mapping[str, Mapping[str, columns.Value]],
    consent: Consent | None,
) -> int | None:
    """Add profiles with their values; return how many leads that made, None when they are to be resolved anew."""
    fresh = [NewLead(profile_id=profile_id, data=data[profile_id]) for profile_id in sorted(data)]
    if not fresh:
        return 0
    now = await context.clock.now()
    keys = {"team_id": actor.team_id, "campaign_id": campaign_id}
    async with context.pool.acquire() as connection, connection.transaction():
        if not await people.hold(connection, actor, resolved):
            return None
        await campaign_access.lock_with_accounts(connection, actor, campaign_id=campaign_id)
        if consent is not None:
            await consents.record(
                connection,
                actor,
                consent,
                object_type=ObjectType.CAMPAIGN,
                object_id=campaign_id,
                profile_ids=[lead.profile_id for lead in fresh],
                now=now,
            )
        rules = await scopes.rules(connection, **keys)
        assert rules is not None
        added = await leads.add(connection, **keys, rules=rules, leads=fresh, now=now)
        if added:
            await lead_choice.record(
                connection,
                actor,
                action=AuditAction.LEADS_ADDED,
                campaign_id=campaign_id,
                profile_ids=[lead.profile_id for lead in fresh],
                now=now,
                decided={"added": added},
            )
            await sync.resume_returned(connection, **keys, now=now)
            await duties.want(connection, team_id=actor.team_id, kind="assess", key=campaign_id, due_at=now)
            await complete.reopen(connection, **keys, now=now)
    return added


async def _checked_values(
    connection: Connection, actor: Actor, campaign_id: str, named: Sequence[Named]
) -> list[dict[str, columns.Value | None]]:
    known = await stored_columns.all_of(connection, team_id=actor.team_id, campaign_id=campaign_id)
    kinds = {column.id: ColumnType(column.type) for column in known}
    values: list[dict[str, columns.Value | None]] = []
    wrong: list[tuple[Path, str]] = []
    for one in named:
        checked, found = columns.checked_all(kinds, one.data)
        values.append(checked)
        wrong.extend(((*one.path, "data", column_id), message) for column_id, message in found)
    if wrong:
        raise InvalidRequest(wrong)
    return values


async def _get(connection: Connection, actor: Actor, campaign_id: str, identifier: Identifier, now: datetime) -> View:
    campaign = await campaign_access.read(connection, actor, campaign_id=campaign_id)
    found = await people.find(connection, actor, identifiers=[identifier])
    lead = None
    if identifier in found:
        lead = await leads.find(
            connection, team_id=actor.team_id, campaign_id=campaign_id, profile_id=found[identifier], now=now
        )
    if lead is None:
        raise lead_choice.not_found(identifier)
    (view,) = await _views(connection, actor, campaign, [lead], now)
    return view


async def _views(
    connection: Connection, actor: Actor, campaign: Campaign, rows: Sequence[Lead], now: datetime
) -> list[View]:
    """Work out what people see, in two more statements whatever the number of leads."""
    mappings = [(entry["listId"], entry["columnMapping"]) for entry in campaign.synced_lists if entry["columnMapping"]]
    listed = await outlines.list_values(
        connection,
        team_id=actor.team_id,
        list_ids=[list_id for list_id, _ in mappings],
        profile_ids=[lead.profile.id for lead in rows],
    )
    accounts = sorted({lead.account_id for lead in rows if lead.due_at is not None and lead.account_id is not None})
    found = await heads.read(
        connection,
        team_id=actor.team_id,
        campaign_ids=[campaign.id],
        account_ids=accounts,
        most=len(accounts),
        now=now,
    )
    counted = await account_waits.count(connection, team_id=actor.team_id, found=found, now=now)
    instants = {head.lead_id: account_waits.next_send(campaign, head, counted, now) for head in found}
    barriers = {head.lead_id: account_waits.of_head(campaign, head, counted, now) for head in found}
    idle = {head.account_id: account_waits.of_account(head) for head in found}
    views = []
    for lead in rows:
        next_send_at = instants.get(lead.id)
        left_alone_until = lead.left_alone_until or now
        if lead.is_engaged_elsewhere or (left_alone_until > now and left_alone_until > (lead.due_at or now)):
            next_send_at = None
        ahead = None if next_send_at is not None else lead.ahead
        views.append(
            View(
                lead=lead,
                data=_values(lead, mappings, listed),
                next_send_at=next_send_at,
                ahead=ahead,
                wait=waiting.of_lead(
                    campaign,
                    lead,
                    account=idle.get(lead.account_id or "") or barriers.get(lead.id),
                    next_send_at=next_send_at,
                    ahead=ahead,
                    now=now,
                ),
            )
        )
    return views


def _values(
    lead: Lead,
    mappings: Sequence[tuple[str, Mapping[str, str]]],
    listed: Mapping[tuple[str, str], Mapping[str, Any]],
) -> dict[str, Any]:
    """A lead's values as texts take them: set on the lead first, then its lists in their order, first non-empty."""
    values: dict[str, Any] = {}
    for list_id, mapping in reversed(mappings):
        held = listed.get((list_id, lead.profile.id), {})
        values |= {target: held[source] for source, target in mapping.items() if held.get(source) not in (None, "")}
    return values | {column_id: value for column_id, value in lead.data.items() if value not in (None, "")}
