"""`Idempotency-Key`: a call sent twice is done once.

The key, the effect and the answer are one transaction. The operation gets a context whose pool hands out the very
connection of that transaction, so what its actions commit are savepoints until the answer is kept beside them.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, cast

import asyncpg
from fastapi import Request, Response

from overture import clock
from overture.actions.context import Actor, Context
from overture.api.fingerprint import Fingerprint
from overture.errors import Conflict, InvalidRequest, Unprocessable
from overture.store import idempotency
from overture.store.idempotency import Kept
from overture.store.pool import Connection, Pool, SingleConnection

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
DOCUMENTED = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "Any text of your own that names this call. Sent again within 24 hours, the call is not done "
    "again: it gets the first answer.",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": r"^[\x20-\x7E]+$",
        # Not an example of the parameter: viewers fill those in, and a second call with it would be a repetition.
        "examples": ["create-first-campaign-1"],
    },
}
_SANE_KEY = re.compile(r"[\x20-\x7e]{1,255}")
_TRIES = 3
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def key_of(request: Request) -> str | None:
    """Return the key of a call, if it has one.

    Raises:
        InvalidRequest: more than one, or one that is not 1 to 255 printable ASCII characters.
    """
    keys = request.headers.getlist(HEADER)
    if not keys or request.method != "POST":
        return None
    if len(keys) > 1 or not _SANE_KEY.fullmatch(keys[0]):
        raise InvalidRequest([((HEADER,), "Must be given once, as 1 to 255 printable ASCII characters.")])
    return keys[0]


def places(pool: Pool) -> asyncio.Semaphore:
    """Make the places for keyed calls: each holds a connection while it waits for a platform, and others need some."""
    return asyncio.Semaphore(max(1, pool.get_max_size() // 2))


async def serve(
    request: Request, *, key: str, fingerprint: Fingerprint, handle: Handler, may_repeat: bool, is_secret: bool
) -> Response:
    """Do a keyed call once, or give the answer it got before.

    Args:
        request: the call; its token has been checked.
        key: what the client calls it.
        fingerprint: has seen, or is to see, the body.
        handle: the operation.
        may_repeat: the body can be read once more, so a transaction the database gave up can be run again.
        is_secret: the answer may hold a secret, so it is kept sealed.

    Raises:
        Conflict: `requestInProgress`.
        Unprocessable: `idempotencyKeyReused`.
    """
    context: Context = request.app.state.context
    async with request.app.state.keyed_places:
        for tried in range(1, _TRIES + 1):
            woken = asyncio.Event()
            try:
                async with context.pool.acquire() as connection, connection.transaction():
                    request.state.context = replace(
                        context, pool=cast(Pool, SingleConnection(connection)), wake=woken.set
                    )
                    response = await _serve_once(connection, request, key, fingerprint, handle, is_secret)
            except _Refused as refused:
                return refused.response
            except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
                if not may_repeat or tried == _TRIES:
                    raise
                continue
            if woken.is_set():
                context.wake()
            return response
    raise AssertionError("the last try returns or raises")


class _Refused(Exception):
    """Rolls back what led to an answer that is no success."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


async def _serve_once(
    connection: Connection, request: Request, key: str, fingerprint: Fingerprint, handle: Handler, is_secret: bool
) -> Response:
    actor: Actor = request.state.actor
    context: Context = request.app.state.context
    place = f"{actor.team_id}:{key}"
    if not await idempotency.try_lock(connection, team_id=actor.team_id, key=key):
        raise Conflict(
            "A call with this Idempotency-Key is still running; send it again in a moment.", code="requestInProgress"
        )
    found = await idempotency.find(connection, team_id=actor.team_id, key=key, wall_now=clock.wall_now())
    if found is not None:
        if found.fingerprint != await fingerprint.finish():
            raise Unprocessable(
                "This Idempotency-Key was used for another call; use a new key for a new call.",
                code="idempotencyKeyReused",
            )
        # Not by `media_type`: that would add a charset once more.
        headers = {REPLAYED: "true"} | ({"Content-Type": found.media_type} if found.media_type else {})
        kept_body = context.sealer.open(found.body, context=place).encode() if found.is_sealed else found.body
        return Response(kept_body, found.status, headers)
    response = await handle(request)
    if not 200 <= response.status_code < 300:
        raise _Refused(response)
    kept = Kept(
        fingerprint=await fingerprint.finish(),
        status=response.status_code,
        media_type=response.headers.get("content-type"),
        body=context.sealer.seal(bytes(response.body).decode(), context=place) if is_secret else bytes(response.body),
        is_sealed=is_secret,
    )
    await idempotency.keep(connection, team_id=actor.team_id, key=key, kept=kept, wall_now=clock.wall_now())
    return response
