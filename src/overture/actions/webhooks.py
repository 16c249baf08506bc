"""Webhooks: where a team's events are brought to."""

import json
import secrets as chance
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypedDict

from overture import clock as clocks
from overture import ids
from overture.actions import audit
from overture.actions.context import Actor, Context
from overture.core import webhooks, whole_events
from overture.core.words import AuditAction, DeliveryState, EventType, EventVersion, MemberRole, ObjectType
from overture.engine import event_form, whole_form
from overture.errors import Conflict, Forbidden, InvalidRequest, NotFound, Unprocessable
from overture.store import deliveries as stored_deliveries
from overture.store import webhooks as endpoints
from overture.store.deliveries import Delivery, Try
from overture.store.outbox import Event
from overture.store.pool import Connection
from overture.store.webhooks import Webhook

MOST = 50
"""How many webhooks a team may have."""

OVERLAP = timedelta(hours=24)
"""How long a former secret counts beside the new one, unless asked otherwise."""

TEST_TYPE = "webhook.test"
_SECRET_BYTES = 32
BY_HAND = "It was switched off by hand."


class WebhookChanges(TypedDict, total=False):
    """What to change of a webhook; what is left out stays."""

    url: str
    description: str | None
    types: Sequence[EventType]
    api_version: EventVersion
    enabled: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A webhook with a secret that was made just now."""

    webhook: Webhook
    secret: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """A delivery, and how its tries went."""

    delivery: Delivery
    tries: Sequence[Try]


async def create(
    context: Context,
    actor: Actor,
    *,
    url: str,
    description: str | None,
    types: Sequence[EventType],
    api_version: EventVersion = EventVersion.THIN,
    allows_private: bool,
) -> Made:
    """Make a webhook. It gets what happens from now on. `allows_private`: it may lead to private networks.

    Raises:
        Forbidden: the token acts for no owner or admin.
        InvalidRequest: the URL is none a webhook can have, or the version has no form for one of the types.
        Unprocessable: `webhookLimitReached`.
    """
    _require_role(actor)
    _check_url(url, allows_private)
    _check_types(types, api_version)
    now = clocks.wall_now()
    webhook = Webhook(
        id=ids.new("b"),
        url=url,
        description=description,
        types=sorted(set(types)),
        api_version=api_version,
        enabled=True,
        disabled_reason=None,
        failing_since=None,
        former_until=None,
        created_at=now,
        updated_at=now,
    )
    secret = webhooks.secret(chance.token_bytes(_SECRET_BYTES))
    sealed = context.sealer.seal(secret, context=_place(actor, webhook.id))
    async with context.pool.acquire() as connection, connection.transaction():
        await endpoints.insert(connection, team_id=actor.team_id, webhook=webhook, sealed_secret=sealed)
        if await endpoints.count(connection, team_id=actor.team_id) > MOST:
            raise Unprocessable(
                f"A team has at most {MOST} webhooks; delete one first.",
                code="webhookLimitReached",
                details={"max": MOST},
            )
        await _record(connection, context, actor, AuditAction.WEBHOOK_CREATED, None, webhook)
    return Made(webhook=webhook, secret=secret)


async def page(context: Context, actor: Actor, *, after: str | None, limit: int) -> list[Webhook]:
    """Return webhooks in the order they were made."""
    async with context.pool.acquire() as connection:
        return await endpoints.page(connection, team_id=actor.team_id, after=after, limit=limit)


async def get(context: Context, actor: Actor, *, webhook_id: str) -> Webhook:
    """Return a webhook.

    Raises:
        NotFound: there is none.
    """
    async with context.pool.acquire() as connection:
        return await _read(connection, actor, webhook_id)


async def change(
    context: Context, actor: Actor, *, webhook_id: str, changes: WebhookChanges, allows_private: bool
) -> Webhook:
    """Change a webhook. One that is switched off loses what was on its way; on again, it gets what happens from then.

    Raises:
        Forbidden: the token acts for no owner or admin.
        NotFound: there is none.
        InvalidRequest: the URL is none a webhook can have, or the version has no form for one of the types.
    """
    _require_role(actor)
    if "url" in changes:
        _check_url(changes["url"], allows_private)
    async with context.pool.acquire() as connection, connection.transaction():
        before = await _read(connection, actor, webhook_id, lock=True)
        changed = replace(before, **changes)
        if "types" in changes:
            changed = replace(changed, types=sorted(set(changes["types"])))
        _check_types(changes.get("types", changed.types), EventVersion(changed.api_version))
        if changed.enabled != before.enabled:
            changed = replace(changed, disabled_reason=None if changed.enabled else BY_HAND)
        if changed == before:
            return before
        changed = replace(changed, updated_at=clocks.wall_now())
        await endpoints.save(connection, team_id=actor.team_id, webhook=changed)
        if before.enabled and not changed.enabled:
            await stored_deliveries.give_up(
                connection, team_id=actor.team_id, webhook_id=webhook_id, wall_now=changed.updated_at
            )
        await _record(connection, context, actor, AuditAction.WEBHOOK_CHANGED, before, changed)
        return await _read(connection, actor, webhook_id)


async def delete(context: Context, actor: Actor, *, webhook_id: str) -> None:
    """Delete a webhook with the record of its deliveries.

    Raises:
        Forbidden: the token acts for no owner or admin.
        NotFound: there is none.
    """
    _require_role(actor)
    async with context.pool.acquire() as connection, connection.transaction():
        before = await _read(connection, actor, webhook_id, lock=True)
        await endpoints.delete(connection, team_id=actor.team_id, webhook_id=webhook_id)
        await _record(connection, context, actor, AuditAction.WEBHOOK_DELETED, before, None)


async def rotate(context: Context, actor: Actor, *, webhook_id: str, overlap: timedelta = OVERLAP) -> Made:
    """Give a webhook a new secret; for `overlap` deliveries are signed with both.

    Raises:
        Forbidden: the token acts for no owner or admin.
        NotFound: there is none.
    """
    _require_role(actor)
    now = clocks.wall_now()
    secret = webhooks.secret(chance.token_bytes(_SECRET_BYTES))
    sealed = context.sealer.seal(secret, context=_place(actor, webhook_id))
    async with context.pool.acquire() as connection, connection.transaction():
        before = await _read(connection, actor, webhook_id, lock=True)
        await endpoints.replace_secret(
            connection,
            team_id=actor.team_id,
            webhook_id=webhook_id,
            sealed_secret=sealed,
            former_until=now + overlap,
            now=now,
        )
        after = await _read(connection, actor, webhook_id)
        await _record(connection, context, actor, AuditAction.WEBHOOK_SECRET_ROTATED, before, after)
    return Made(webhook=after, secret=secret)


async def test(context: Context, actor: Actor, *, webhook_id: str) -> Delivery:
    """Send a webhook an event that tells of nothing; it gets it also while it is switched off.

    Raises:
        Forbidden: the token acts for no owner or admin.
        NotFound: there is none.
    """
    _require_role(actor)
    event_id, now = ids.new("e"), await context.clock.now()
    found = await get(context, actor, webhook_id=webhook_id)
    body = _test_event(found, actor.team_id, event_id, now)
    new = stored_deliveries.NewDelivery(
        event_id=event_id,
        seq=0,
        type=TEST_TYPE,
        object_id=webhook_id,
        body=json.dumps(body, separators=(",", ":")),
        is_extra=True,
    )
    return await _send(context, actor, webhook_id, new)


async def redeliver(context: Context, actor: Actor, *, webhook_id: str, delivery_id: str) -> Delivery:
    """Send the event of a delivery once more, with the same id.

    Raises:
        Forbidden: the token acts for no owner or admin.
        NotFound: there is no such webhook or delivery.
        Conflict: `deliveryPending`; it is on its way still.
    """
    _require_role(actor)
    async with context.pool.acquire() as connection:
        await _read(connection, actor, webhook_id)
        found = await stored_deliveries.read(
            connection, team_id=actor.team_id, webhook_id=webhook_id, delivery_id=delivery_id
        )
        new = await stored_deliveries.sent(
            connection, team_id=actor.team_id, webhook_id=webhook_id, delivery_id=delivery_id
        )
    if found is None or new is None:
        raise NotFound("delivery", delivery_id, place="webhook")
    if found.state == DeliveryState.PENDING:
        raise Conflict("The delivery is on its way still, and tried again by itself.", code="deliveryPending")
    return await _send(context, actor, webhook_id, new)


async def deliveries(
    context: Context,
    actor: Actor,
    *,
    webhook_id: str,
    states: Sequence[DeliveryState],
    after: str | None,
    limit: int,
) -> list[Tried]:
    """Return a webhook's deliveries, the newest first, with how each try went.

    Raises:
        NotFound: there is no such webhook.
    """
    async with context.pool.acquire() as connection:
        await _read(connection, actor, webhook_id)
        found = await stored_deliveries.page(
            connection, team_id=actor.team_id, webhook_id=webhook_id, states=states, after=after, limit=limit
        )
        tries = await stored_deliveries.tries(
            connection, team_id=actor.team_id, delivery_ids=[delivery.id for delivery in found]
        )
    return [Tried(delivery=delivery, tries=tries[delivery.id]) for delivery in found]


async def _send(context: Context, actor: Actor, webhook_id: str, new: stored_deliveries.NewDelivery) -> Delivery:
    async with context.pool.acquire() as connection, connection.transaction():
        await _read(connection, actor, webhook_id)
        keys = {"team_id": actor.team_id, "webhook_id": webhook_id}
        (made,) = await stored_deliveries.add(connection, **keys, new=[new], taken_seq=None, wall_now=clocks.wall_now())
        found = await stored_deliveries.read(connection, **keys, delivery_id=made)
    assert found is not None
    return found


async def _read(connection: Connection, actor: Actor, webhook_id: str, *, lock: bool = False) -> Webhook:
    found = await endpoints.read(connection, team_id=actor.team_id, webhook_id=webhook_id, lock=lock)
    if found is None:
        raise NotFound("webhook", webhook_id)
    return found


def _require_role(actor: Actor) -> None:
    if actor.token_id is not None and actor.role is MemberRole.USER:
        raise Forbidden("Webhooks are for owners and admins of the team: use a token that acts for one.")


def _check_url(url: str, allows_private: bool) -> None:
    fault = webhooks.url_fault(url, allows_private=allows_private)
    if fault is not None:
        raise InvalidRequest([(("url",), fault)])


def _check_types(types: Sequence[str], version: EventVersion) -> None:
    """Refuse types that the version has no form for, with their places in the request."""
    if version is EventVersion.THIN:
        return
    faults = [
        ((("types", place)), f"Version 1.0 has no {kind}: leave it out, or take version 2.")
        for place, kind in enumerate(types)
        if kind not in whole_events.NAMES
    ]
    if faults:
        raise InvalidRequest(faults)


def _test_event(webhook: Webhook, team_id: str, event_id: str, now: datetime) -> Mapping[str, object]:
    if webhook.api_version == EventVersion.WHOLE:
        return whole_form.envelope(event_id=event_id, seq=0, team_id=team_id, kind=TEST_TYPE, at=now, data={})
    event = Event(
        seq=0, id=event_id, type=TEST_TYPE, object_type="webhook", object_id=webhook.id, data={}, created_at=now
    )
    return event_form.written(event)


def _place(actor: Actor, webhook_id: str) -> str:
    return f"{actor.team_id}:{webhook_id}"


async def _record(
    connection: Connection,
    context: Context,
    actor: Actor,
    action: AuditAction,
    before: Webhook | None,
    after: Webhook | None,
) -> None:
    known = after or before
    assert known is not None
    now: datetime = await context.clock.now()
    await audit.record(
        connection,
        actor,
        action=action,
        object_type=ObjectType.WEBHOOK,
        object_id=known.id,
        now=now,
        before=None if before is None else _state(before),
        after=None if after is None else _state(after),
    )


def _state(webhook: Webhook) -> Mapping[str, object]:
    return {
        "url": webhook.url,
        "description": webhook.description,
        "types": list(webhook.types),
        "apiVersion": webhook.api_version,
        "enabled": webhook.enabled,
    }
