"""Rate limits: how many calls a team may make, over all its tokens and all processes."""

import math

from fastapi import Request

from overture import clock
from overture.actions.context import Context
from overture.api import envelope
from overture.api.admissions import Admissions
from overture.core import instants, quota
from overture.errors import RateLimited
from overture.store import quotas, tokens
from overture.store.tokens import Token

HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


async def count(
    request: Request, *, digest: bytes, bucket: str = quotas.TOKEN, is_urgent: bool = False
) -> Token | None:
    """Look a token up and count the call; None for a token that opens nothing.

    Args:
        request: the call; its answer will tell where the team stands.
        digest: the hash of the token.
        bucket: which count it goes to.
        is_urgent: let it pass, uncounted, also when there is none left.

    Raises:
        RateLimited: the team has made as many calls as it may.
    """
    context: Context = request.app.state.context
    admissions: Admissions | None = request.app.state.admissions
    if admissions is None:
        async with context.pool.acquire() as connection:
            return await tokens.find(
                connection, digest=digest, is_session=bucket == quotas.SESSION, wall_now=clock.wall_now()
            )
    admission = await admissions.admit(digest=digest, bucket=bucket)
    if admission is None:
        return None
    standing = quota.nearest(admission.used, admissions.limits)
    values = (standing.limit, standing.remaining, int(standing.resets_at.timestamp()))
    envelope.say(request, dict(zip(HEADERS, map(str, values), strict=True)))
    if admission.is_admitted or is_urgent:
        return admission.token
    seconds = max(1, math.ceil((standing.resets_at - clock.wall_now()).total_seconds()))
    raise RateLimited(
        f"The team made {standing.limit} calls within the last {standing.window}, as many as it may; "
        f"go on in {seconds} s.",
        details={
            "window": standing.window,
            "limit": standing.limit,
            "resetAt": instants.written(standing.resets_at),
        },
        retry_after_seconds=seconds,
    )
