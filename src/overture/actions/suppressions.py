"""Suppressions: whom nobody of the team writes to any more."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from overture.actions import audit, people
from overture.actions.context import Actor, Context
from overture.core.identifiers import Identifier, IdentifierKind
from overture.core.words import AuditAction, MemberRole, ObjectType, SuppressionSource
from overture.engine import complete, suppress
from overture.errors import Forbidden, InvalidRequest, NotFound, Path, Unprocessable
from overture.store import duties, suppressions
from overture.store.pool import Connection
from overture.store.suppressions import New, Suppression

_AT_ONCE = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Somebody to suppress, and why, in words for people."""

    identifier: Identifier
    note: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """How many were not suppressed before or were already, and who could not be; why is a key of `people.MESSAGES`."""

    added: int
    skipped: int
    failed: Sequence[tuple[Identifier, str]]


async def add(context: Context, actor: Actor, *, wanted: Wanted, path: Path) -> Suppression:
    """Suppress somebody at once. Somebody who is suppressed already stays so as it was.

    Args:
        path: where in the request the identifier stands.

    Raises:
        InvalidRequest: what cannot be an identifier.
        NotFound: `profileNotFound`, an id of ours that is none.
        Unprocessable: `recipientUnavailable`, the platform has nobody of that username or could not be asked;
            `platformNotSupported`.
    """
    now = await context.clock.now()
    async with AsyncExitStack() as stack:
        connection, resolved = await _begin_resolved(stack, context, actor, [wanted.identifier])
        if wanted.identifier in resolved.failed:
            raise _unknown(wanted.identifier, resolved.failed[wanted.identifier], path)
        new = New(profile_id=resolved.found[wanted.identifier], note=wanted.note)
        added, ended = await _begin(connection, actor, [new], now)
        found = await suppressions.find(connection, team_id=actor.team_id, profile_id=new.profile_id)
        assert found is not None
        if added:
            await _record(connection, actor, AuditAction.SUPPRESSION_ADDED, new.profile_id, now, after=_state(found))
    await complete.check(context.pool, team_id=actor.team_id, campaign_ids=ended, now=now)
    return found


async def add_many(context: Context, actor: Actor, *, wanted: Sequence[Wanted]) -> Imported:
    """Suppress many at once; who cannot be is told, and keeps nobody else from it.

    Raises:
        Unprocessable: `platformNotSupported`.
    """
    now = await context.clock.now()
    async with AsyncExitStack() as stack:
        connection, resolved = await _begin_resolved(stack, context, actor, [one.identifier for one in wanted])
        notes: dict[str, str | None] = {}
        for one in wanted:
            if one.identifier in resolved.found:
                notes.setdefault(resolved.found[one.identifier], one.note)
        new = [New(profile_id=profile_id, note=note) for profile_id, note in notes.items()]
        added, ended = await _begin(connection, actor, new, now)
        if added:
            await audit.record(
                connection,
                actor,
                action=AuditAction.SUPPRESSION_IMPORTED,
                object_type=ObjectType.TEAM,
                object_id=actor.team_id,
                now=now,
                after={"peopleCount": len(added)},
            )
    await complete.check(context.pool, team_id=actor.team_id, campaign_ids=ended, now=now)
    failed = [(one.identifier, why) for one in wanted if (why := resolved.failed.get(one.identifier)) is not None]
    return Imported(added=len(added), skipped=len(wanted) - len(failed) - len(added), failed=failed)


async def get(context: Context, actor: Actor, *, profile_id: str) -> Suppression:
    """Return the suppression of a profile.

    Raises:
        NotFound: it is not suppressed.
    """
    async with context.pool.acquire() as connection:
        found = await suppressions.find(connection, team_id=actor.team_id, profile_id=profile_id)
    if found is None:
        raise _none(profile_id)
    return found


async def page(
    context: Context,
    actor: Actor,
    *,
    platform: str | None,
    prefix: str | None,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[Suppression]:
    """Return suppressions, the latest first; `prefix` of username or shown name, or a whole id of the platform."""
    async with context.pool.acquire() as connection:
        return await suppressions.page(
            connection, team_id=actor.team_id, platform=platform, prefix=prefix, after=after, limit=limit
        )


async def remove(context: Context, actor: Actor, *, profile_id: str) -> None:
    """Let a person be written to again, as an owner: leads it left out come back as the rules let them in.

    Raises:
        Forbidden: whoever asks does not act for an owner.
        NotFound: the person is not suppressed.
    """
    if actor.role is not MemberRole.OWNER:
        raise Forbidden("Only an owner of the team may end a suppression; use a token of an owner.")
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        campaign_ids = await suppressions.return_leads(connection, team_id=actor.team_id, profile_id=profile_id)
        found = await suppressions.find(connection, team_id=actor.team_id, profile_id=profile_id)
        if found is None or not await suppressions.remove(connection, team_id=actor.team_id, profile_id=profile_id):
            raise _none(profile_id)
        await duties.want_syncs(connection, team_id=actor.team_id, campaign_ids=campaign_ids, due_at=now)
        await _record(connection, actor, AuditAction.SUPPRESSION_REMOVED, profile_id, now, before=_state(found))
    context.wake()


async def every(context: Context, actor: Actor) -> AsyncIterator[list[Suppression]]:
    """Return all suppressions in pieces, the latest first."""
    after: tuple[datetime, str] | None = None
    while rows := await page(context, actor, platform=None, prefix=None, after=after, limit=_AT_ONCE):
        yield rows
        after = (rows[-1].at, rows[-1].profile.id)


async def _resolve(context: Context, actor: Actor, identifiers: Sequence[Identifier]) -> people.Resolved:
    """Find whom the team knows, also those whose profile is gone, before anybody is looked up."""
    for platform in dict.fromkeys(one.platform for one in identifiers):
        people.require_channel(context, platform)
    async with context.pool.acquire() as connection:
        known = await people.find(connection, actor, identifiers=identifiers)
    rest = [one for one in identifiers if one not in known]
    resolved = await people.resolve(context, actor, identifiers=rest)
    found = {**known, **resolved.found}
    # Any of those known may be one of whom only the username is.
    return people.Resolved(found=found, failed=resolved.failed, awaited=frozenset(found.values()))


async def _begin_resolved(
    stack: AsyncExitStack, context: Context, actor: Actor, identifiers: Sequence[Identifier]
) -> tuple[Connection, people.Resolved]:
    """Begin a transaction in which whoever the identifiers name stays who they are."""
    while True:
        resolved = await _resolve(context, actor, identifiers)
        async with AsyncExitStack() as attempt:
            connection = await attempt.enter_async_context(context.pool.acquire())
            await attempt.enter_async_context(connection.transaction())
            if await people.hold(connection, actor, resolved):
                stack.push_async_exit(attempt.pop_all())
                return connection, resolved


async def _begin(connection: Connection, actor: Actor, new: Sequence[New], now: datetime) -> tuple[set[str], list[str]]:
    return await suppress.begin(
        connection, team_id=actor.team_id, new=new, source=SuppressionSource.BY_HAND, by=actor.name, at=now
    )


async def _record(
    connection: Connection,
    actor: Actor,
    action: AuditAction,
    profile_id: str,
    now: datetime,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    await audit.record(
        connection,
        actor,
        action=action,
        object_type=ObjectType.PROFILE,
        object_id=profile_id,
        now=now,
        before=before,
        after=after,
    )


def _state(suppression: Suppression) -> dict[str, Any]:
    return {"source": suppression.source, "reason": suppression.note, "by": suppression.by}


def _none(profile_id: str) -> NotFound:
    return NotFound("suppression", profile_id, hint="Suppressions are named by the id of their profile.")


def _unknown(identifier: Identifier, why: str, path: Path) -> InvalidRequest | NotFound | Unprocessable:
    message = people.MESSAGES[why]
    if why == people.INVALID:
        return InvalidRequest([(path, message)])
    if identifier.kind is IdentifierKind.EXTERNAL_ID:
        return NotFound("profile", identifier.value)
    return Unprocessable(
        f"{message} Nobody was suppressed; check the username, or name the person by platformId.",
        code="recipientUnavailable",
        details={"reason": why},
    )
