"""The leads of a list: add, remove, set their values."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.actions import audit, consents, people
from overture.actions import lists as list_actions
from overture.actions.consents import Consent
from overture.actions.context import Actor, Context
from overture.actions.people import Named
from overture.core import columns
from overture.core.identifiers import Identifier, IdentifierKind
from overture.core.words import AuditAction, ColumnType, ObjectType
from overture.errors import InvalidRequest, NotFound, Path
from overture.store import duties, list_leads, lists
from overture.store.list_leads import ListLead
from overture.store.pool import Connection

_PIECE = 1000
"""So many leads are read at a time where all are wanted."""

CONSENTS_AT_ONCE = 5_000
"""So many people's consent is recorded in one transaction."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Added:
    """What became of each lead of a request: new on the list, there already, or not to be found (and why)."""

    added: Sequence[Identifier]
    skipped: Sequence[Identifier]
    failed: Sequence[tuple[Identifier, str]]


async def add(
    context: Context, actor: Actor, *, list_id: str, named: Sequence[Named], consent: Consent | None = None
) -> Added:
    """Put leads on a list. Those that are there already keep their values; consent is recorded for these too.

    Raises:
        NotFound: the team has no such list.
        Conflict: `listNotWritable`, a system list.
        InvalidRequest: a value its column does not take; nothing is added.
        Unprocessable: `platformNotSupported`.
    """
    async with context.pool.acquire() as connection:
        # Only to refuse early; the lock below decides. A lock here could last as long as the platform takes to answer.
        await list_actions.require_writable(connection, actor, list_id)
        await _checked_values(connection, actor, list_id, named)
    added: Added | None = None
    while added is None:
        # Whoever is found between the two is resolved at once the next time.
        resolved = await people.resolve(context, actor, identifiers=[one.identifier for one in named], may_wait=True)
        added = await _put(context, actor, list_id, named, resolved, consent)
    if added.added or consent is not None:
        context.wake()
    return added


async def record_consent(context: Context, actor: Actor, *, list_id: str, consent: Consent) -> int:
    """Record consent of everybody who is on a list now, and return of how many; who joins later is not covered.

    It is kept piece by piece: a call that breaks off may be made again.

    Raises:
        NotFound: the team has no such list.
        Conflict: `listNotWritable`, a system list.
    """
    now = await context.clock.now()
    recorded, after = 0, ""
    while True:
        async with context.pool.acquire() as connection, connection.transaction():
            await list_actions.require_writable(connection, actor, list_id)
            profile_ids = await list_leads.present(
                connection, team_id=actor.team_id, list_id=list_id, until=now, after=after, count=CONSENTS_AT_ONCE
            )
            if profile_ids:
                recorded += await consents.record(
                    connection,
                    actor,
                    consent,
                    object_type=ObjectType.LIST,
                    object_id=list_id,
                    profile_ids=profile_ids,
                    now=now,
                )
        if len(profile_ids) < CONSENTS_AT_ONCE:
            break
        after = profile_ids[-1]
    if recorded:
        context.wake()
    return recorded


async def _put(
    context: Context,
    actor: Actor,
    list_id: str,
    named: Sequence[Named],
    resolved: people.Resolved,
    consent: Consent | None,
) -> Added | None:
    """Put resolved leads on a list; None when they are to be resolved anew."""
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        if not await people.hold(connection, actor, resolved):
            return None
        await list_actions.lock(connection, actor, list_id)
        values = await _checked_values(connection, actor, list_id, named)
        data: dict[str, dict[str, columns.Value]] = {}
        for one, checked in zip(named, values, strict=True):
            if one.identifier in resolved.found:
                kept = {column_id: value for column_id, value in checked.items() if value is not None}
                data.setdefault(resolved.found[one.identifier], {}).update(kept)
        fresh = await list_leads.add(connection, team_id=actor.team_id, list_id=list_id, data=data, now=now)
        await list_leads.keep(
            connection, team_id=actor.team_id, list_id=list_id, profile_ids=sorted(data.keys() - fresh)
        )
        following = await _log(connection, actor, list_id, profile_ids=fresh, growth=len(fresh), now=now)
        if fresh:
            await _record(connection, actor, AuditAction.LEADS_ADDED, list_id, sorted(fresh), now)
        if consent is not None and data:
            await consents.record(
                connection,
                actor,
                consent,
                object_type=ObjectType.LIST,
                object_id=list_id,
                profile_ids=sorted(data),
                now=now,
                also=following,
            )
        else:
            await duties.want_syncs(connection, team_id=actor.team_id, campaign_ids=following, due_at=now)
    return _sorted_out(named, resolved, fresh)


async def remove(context: Context, actor: Actor, *, list_id: str, named: Sequence[Named]) -> int:
    """Take leads off a list; return how many were on it. Names the team does not know count for nothing.

    Raises:
        NotFound: the team has no such list.
        Conflict: `listNotWritable`, a system list.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        await list_actions.lock(connection, actor, list_id)
        found = await people.find(connection, actor, identifiers=[one.identifier for one in named])
        gone = await list_leads.remove(
            connection, team_id=actor.team_id, list_id=list_id, profile_ids=sorted(set(found.values()))
        )
        following = await _log(connection, actor, list_id, profile_ids=gone, growth=-len(gone), now=now)
        await duties.want_syncs(connection, team_id=actor.team_id, campaign_ids=following, due_at=now)
        if gone:
            await _record(connection, actor, AuditAction.LEADS_REMOVED, list_id, sorted(gone), now)
    if gone:
        context.wake()
    return len(gone)


async def change(
    context: Context,
    actor: Actor,
    *,
    list_id: str,
    platform: str,
    platform_id: str,
    data: Mapping[str, object],
) -> ListLead:
    """Set values of one lead; null and empty text clear.

    Raises:
        NotFound: the team has no such list, or the list no such lead.
        Conflict: `listNotWritable`, a system list.
        InvalidRequest: a value its column does not take.
        Unprocessable: `platformNotSupported`.
    """
    people.require_channel(context, platform)
    now = await context.clock.now()
    identifier = Identifier(kind=IdentifierKind.PLATFORM_ID, value=platform_id, platform=platform)
    named = Named(identifier=identifier, data=data, path=())
    async with context.pool.acquire() as connection, connection.transaction():
        await list_actions.lock(connection, actor, list_id)
        found = await people.find(connection, actor, identifiers=[identifier])
        profile_id = found.get(identifier)
        if profile_id is None:
            raise NotFound("lead", platform_id, place="list", hint="Leads are named by platform id here.")
        (values,) = await _checked_values(connection, actor, list_id, [named])
        is_there = await list_leads.change_data(
            connection,
            team_id=actor.team_id,
            list_id=list_id,
            profile_id=profile_id,
            values={column_id: value for column_id, value in values.items() if value is not None},
            cleared=[column_id for column_id, value in values.items() if value is None],
            now=now,
        )
        lead = await list_leads.read_one(connection, team_id=actor.team_id, list_id=list_id, profile_id=profile_id)
        await _tell_campaigns(connection, actor, list_id, now)
        if is_there:
            await audit.record(
                connection,
                actor,
                action=AuditAction.LEAD_CHANGED,
                object_type=ObjectType.LIST,
                object_id=list_id,
                now=now,
                after={"profileId": profile_id, "data": values},
            )
    context.wake()
    if not is_there or lead is None:
        raise NotFound("lead", platform_id, place="list", hint="Leads are named by platform id here.")
    return lead


async def read_page(context: Context, actor: Actor, *, list_id: str, after: str | None, count: int) -> list[ListLead]:
    """Return leads of a list, of system lists too.

    Raises:
        NotFound: the team has no such list.
    """
    async with context.pool.acquire() as connection:
        found = await list_actions.require(connection, actor, list_id)
        if found.kind == list_actions.USER:
            return await list_leads.read_page(
                connection, team_id=actor.team_id, list_id=list_id, after=after, count=count
            )
        return await list_leads.read_system_page(
            connection, team_id=actor.team_id, kind=found.kind, after=after, count=count
        )


async def every(context: Context, actor: Actor, *, list_id: str) -> AsyncIterator[list[ListLead]]:
    """Return all leads of a list in pieces, each read when it is asked for.

    Raises:
        NotFound: the team has no such list.
    """
    after: str | None = None
    while True:
        found = await read_page(context, actor, list_id=list_id, after=after, count=_PIECE)
        if found:
            yield found
        if len(found) < _PIECE:
            return
        after = found[-1].profile.id


async def _checked_values(
    connection: Connection, actor: Actor, list_id: str, named: Sequence[Named]
) -> list[dict[str, columns.Value | None]]:
    """Return the values of each lead in the form they are kept in."""
    kinds: dict[str, ColumnType] = {}
    if any(one.data for one in named):
        known = await lists.read_columns(connection, team_id=actor.team_id, list_id=list_id)
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


async def _log(
    connection: Connection,
    actor: Actor,
    list_id: str,
    *,
    profile_ids: set[str],
    growth: int,
    now: datetime,
) -> list[str]:
    """Log a change of members; return the campaigns that follow it."""
    if not profile_ids:
        return []
    await list_leads.log_change(
        connection,
        team_id=actor.team_id,
        list_id=list_id,
        profile_ids=sorted(profile_ids),
        growth=growth,
        now=now,
    )
    return await list_leads.campaigns_following(connection, team_id=actor.team_id, list_id=list_id)


async def _record(
    connection: Connection,
    actor: Actor,
    action: AuditAction,
    list_id: str,
    profile_ids: Sequence[str],
    now: datetime,
) -> None:
    await audit.record(
        connection,
        actor,
        action=action,
        object_type=ObjectType.LIST,
        object_id=list_id,
        now=now,
        after={"count": len(profile_ids), "profileIds": list(profile_ids[: audit.MOST_NAMED])},
    )


async def _tell_campaigns(connection: Connection, actor: Actor, list_id: str, now: datetime) -> None:
    """Let the campaigns that follow a list take in what has changed: members, or values that a lead is held for."""
    following = await list_leads.campaigns_following(connection, team_id=actor.team_id, list_id=list_id)
    await duties.want_syncs(connection, team_id=actor.team_id, campaign_ids=following, due_at=now)


def _sorted_out(named: Sequence[Named], resolved: people.Resolved, fresh: set[str]) -> Added:
    added: list[Identifier] = []
    skipped: list[Identifier] = []
    failed: list[tuple[Identifier, str]] = []
    remaining = set(fresh)
    for one in named:
        profile_id = resolved.found.get(one.identifier)
        if profile_id is None:
            failed.append((one.identifier, resolved.failed[one.identifier]))
        elif profile_id in remaining:
            remaining.discard(profile_id)
            added.append(one.identifier)
        else:
            skipped.append(one.identifier)
    return Added(added=added, skipped=skipped, failed=failed)
