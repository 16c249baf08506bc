"""Liking: the like steps before a message, taken right before it where the app may like, and never in its way."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

import structlog

from overture.channels import port
from overture.channels.port import Channel, Credentials
from overture.core.sequence import LikeStep

SECONDS = 4.0
"""How long a message waits for its likes: it has a lease."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Liked:
    """What became of one like step: the post, or the reason why there is none."""

    step: LikeStep
    version: int
    at: datetime
    post_id: str | None
    reason: str | None


async def like(
    channel: Channel,
    credentials: Credentials,
    *,
    steps: tuple[LikeStep, ...],
    version: int,
    at: datetime,
    of_id: str,
    own_id: str,
) -> tuple[Liked, ...]:
    """Like the latest post of somebody once for all these steps. Whatever goes wrong is a reason to pass over them."""
    if not steps or not channel.capabilities.likes:
        return ()
    post_id: str | None = None
    reason: str | None = None
    try:
        async with asyncio.timeout(SECONDS):
            post_id = await channel.like_latest(credentials, of_id=of_id, own_id=own_id)
    except port.ChannelError as error:
        reason = "noPost" if error.kind == "gone" else error.reason or error.kind
    except TimeoutError:
        reason = "timeout"
    except Exception as error:
        _log.error("like_broke", error=repr(error))
        reason = "channelBroke"
    return tuple(Liked(step=step, version=version, at=at, post_id=post_id, reason=reason) for step in steps)
