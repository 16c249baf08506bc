"""Webhooks: chores that bring a team's events to one endpoint each, in order for each object."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from overture import clock
from overture.clock import EngineClock
from overture.core import instants, webhooks, whole_events
from overture.core.words import ChoreKind, EventType, EventVersion
from overture.engine import event_form, surroundings, whole_form
from overture.engine.chores import Chore
from overture.engine.posting import Answer, Poster
from overture.secrets import Sealer
from overture.store import deliveries, outbox
from overture.store import webhooks as endpoints
from overture.store.outbox import Event
from overture.store.pool import Connection, Pool

AT_ONCE = 16
"""How many deliveries are on their way to one endpoint at once."""

TURN_SECONDS = 20.0
"""How long one endpoint is served before others that wait have their turn."""

WINDOW = 1_000
_TAKEN = 500
_UNATTENDED = 200
_USER_AGENT = "Overture-Webhooks/1"


class Deliverer:
    """Serves endpoints."""

    name = ChoreKind.WEBHOOK

    def __init__(self, *, pool: Pool, clock: EngineClock, sealer: Sealer, poster: Poster) -> None:
        self._pool = pool
        self._clock = clock
        self._sealer = sealer
        self._poster = poster
        self._broken_until: dict[str, float] = {}

    async def work(self, chore: Chore, *, halt: asyncio.Event) -> bool:
        """Serve one endpoint until nothing is due; False hands it back, to be gone on with after others."""
        until = time.monotonic() + TURN_SECONDS
        while not halt.is_set() and time.monotonic() < until:
            async with self._pool.acquire() as connection, connection.transaction():
                target = await self._take(connection, chore)
            if target is None:
                return True
            async with self._pool.acquire() as connection:
                due = await deliveries.due(
                    connection,
                    team_id=chore.team_id,
                    webhook_id=chore.key,
                    wall_now=clock.wall_now(),
                    window=WINDOW,
                    count=AT_ONCE,
                )
            if not due:
                if target.taken_seq == target.newest_seq:
                    return True
                continue
            await self._deliver(chore, target, due)
        return False

    async def postpone(self, chore: Chore, *, error: Exception | None, by: timedelta) -> None:  # noqa: ARG002 - as every kind has it
        """Leave an endpoint alone for a while; what is due for it stays so, and another worker may take it up."""
        self._broken_until[chore.key] = time.monotonic() + by.total_seconds()

    async def unattended(self, connection: Connection) -> Sequence[Chore]:
        """Return endpoints that have something new or due."""
        found = await endpoints.unattended(connection, wall_now=clock.wall_now(), count=_UNATTENDED)
        now = time.monotonic()
        self._broken_until = {key: until for key, until in self._broken_until.items() if until > now}
        return [
            Chore(team_id=team_id, key=webhook_id)
            for team_id, webhook_id in found
            if webhook_id not in self._broken_until
        ]

    async def _take(self, connection: Connection, chore: Chore) -> endpoints.Target | None:
        """Make deliveries of events the endpoint has none of yet, and return where they go."""
        target = await endpoints.target(connection, team_id=chore.team_id, webhook_id=chore.key)
        if target is None or target.taken_seq >= target.newest_seq:
            return target
        is_whole = target.api_version == EventVersion.WHOLE
        types = whole_events.told(target.types) if is_whole else target.types
        read = await outbox.read(
            connection, team_id=chore.team_id, after_seq=target.taken_seq, types=types, limit=_TAKEN
        )
        write = _whole if is_whole else _thin
        new = await write(connection, chore.team_id, await self._clock.now(), read.events)
        await deliveries.add(
            connection,
            team_id=chore.team_id,
            webhook_id=chore.key,
            new=new,
            # What happened since the endpoint was looked at has been read already.
            taken_seq=read.last_seq if read.has_more else max(read.last_seq, target.newest_seq),
            wall_now=clock.wall_now(),
        )
        return target

    async def _deliver(self, chore: Chore, target: endpoints.Target, due: Sequence[deliveries.Due]) -> None:
        """Try deliveries side by side, and write down how it went."""
        now = clock.wall_now()
        secrets = [self._open(chore, target.sealed_secret)]
        if target.sealed_former_secret is not None and target.former_until is not None and now < target.former_until:
            secrets.append(self._open(chore, target.sealed_former_secret))
        answers = await asyncio.gather(*(self._post(target.url, one, secrets, now) for one in due))
        ended = clock.wall_now()
        outcomes = [_outcome(one, answer, now, ended) for one, answer in zip(due, answers, strict=True)]
        async with self._pool.acquire() as connection, connection.transaction():
            since = await deliveries.settle(
                connection, team_id=chore.team_id, webhook_id=chore.key, outcomes=outcomes, wall_now=ended
            )
            if since is not None and ended - since >= webhooks.SWITCHED_OFF_AFTER:
                await self._switch_off(connection, chore, since, ended)

    def _open(self, chore: Chore, sealed: bytes) -> str:
        return self._sealer.open(sealed, context=f"{chore.team_id}:{chore.key}")

    async def _post(self, url: str, one: deliveries.Due, secrets: Sequence[str], now: datetime) -> Answer:
        body = one.body.encode()
        signed = webhooks.signed_headers(body, event_id=one.event_id, at=int(now.timestamp()), secrets=secrets)
        headers = {"Content-Type": "application/json", "User-Agent": _USER_AGENT, **signed}
        return await self._poster.post(url, body=body, headers=headers)

    async def _switch_off(self, connection: Connection, chore: Chore, since: datetime, wall_now: datetime) -> None:
        reason = f"It accepted nothing since {instants.written(since.astimezone(UTC))}."
        keys = {"team_id": chore.team_id, "webhook_id": chore.key}
        if not await endpoints.switch_off(connection, **keys, reason=reason, now=wall_now):
            return
        await deliveries.give_up(connection, **keys, wall_now=wall_now)
        event = outbox.NewEvent(
            type=EventType.WEBHOOK_DISABLED, object_type="webhook", object_id=chore.key, data={"reason": reason}
        )
        await outbox.append(connection, team_id=chore.team_id, now=await self._clock.now(), events=[event])


async def _thin(
    _connection: Connection, _team_id: str, _now: datetime, events: Sequence[Event]
) -> list[deliveries.NewDelivery]:
    """Make deliveries of events as the API shows them."""
    return [
        _new(event, event_form.written(event), event.object_id if event.object_type == "contact" else None)
        for event in events
    ]


async def _whole(
    connection: Connection, team_id: str, now: datetime, events: Sequence[Event]
) -> list[deliveries.NewDelivery]:
    """Make deliveries of events with the whole of what they are about."""
    around = await surroundings.of(connection, team_id=team_id, events=events)
    return [
        _new(
            event,
            whole_form.written(event, one, team_id=team_id, now=now),
            None if one.contact is None else one.contact.id,
        )
        for event, one in zip(events, around, strict=True)
    ]


def _new(event: Event, body: Mapping[str, Any], contact_id: str | None) -> deliveries.NewDelivery:
    return deliveries.NewDelivery(
        event_id=event.id,
        seq=event.seq,
        type=event.type,
        object_id=event.object_id,
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        contact_id=contact_id,
    )


def _outcome(one: deliveries.Due, answer: Answer, began: datetime, ended: datetime) -> deliveries.Outcome:
    wait = None if answer.is_accepted else webhooks.next_try(one.tries + 1)
    return deliveries.Outcome(
        delivery_id=one.id,
        tried=deliveries.Try(
            number=one.tries + 1,
            at=began,
            milliseconds=answer.milliseconds,
            status=answer.status,
            answer=answer.text,
            error=answer.error,
        ),
        is_accepted=answer.is_accepted,
        next_at=None if wait is None else ended + wait,
    )
