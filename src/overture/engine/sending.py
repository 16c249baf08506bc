"""Sending: the platform call between intent and outcome, with no transaction open."""

import asyncio
from datetime import datetime

import structlog

from overture import clock as clocks
from overture.channels import port
from overture.channels.registry import Registry
from overture.clock import EngineClock
from overture.core.outcome import Outcome
from overture.core.pacing import CALL_TIMEOUT
from overture.core.words import OutcomeKind
from overture.engine import dispatch, liking, settle
from overture.engine.keyring import Keyring
from overture.store import ledger

OLDEST_DECISION = CALL_TIMEOUT
"""How much engine time may have passed since a message was found allowed, when its call begins."""

_log = structlog.get_logger(__name__)
_TIMEOUT = CALL_TIMEOUT.total_seconds()


async def send(ready: dispatch.Ready, *, channels: Registry, keyring: Keyring, clock: EngineClock) -> settle.Result:
    """Send one message and return what became of it. Whatever goes wrong is an outcome: most often "unknown"."""
    channel = channels.get(ready.platform)
    assert channel is not None
    intent = ready.intent
    now = await clock.now()
    liked: tuple[liking.Liked, ...] = ()
    try:
        credentials = await keyring.credentials(
            team_id=ready.team_id,
            account_id=intent.account_id,
            base_url=ready.base_url,
            sealed_grant=ready.sealed_token,
        )
        liked = await liking.like(
            channel,
            credentials,
            steps=ready.likes,
            version=intent.sequence_version if isinstance(intent, ledger.Intent) else 0,
            at=ready.decided_at,
            of_id=ready.recipient_id,
            own_id=ready.own_id,
        )
        if is_too_late(ready, now=await clock.now()):
            outcome = Outcome(kind=OutcomeKind.NOT_SENT, reason="tooLate")
        else:
            # The channel has its own time-out; this one is for a channel that does not keep it.
            async with asyncio.timeout(_TIMEOUT * 1.5):
                outcome = await channel.send(credentials, recipient_id=ready.recipient_id, text=intent.text, now=now)
    except port.ChannelError as error:
        # Nothing was sent: what was granted could not be renewed.
        kind = OutcomeKind.AUTH_LOST if error.kind == "authLost" else OutcomeKind.NOT_SENT
        outcome = Outcome(kind=kind, reason=error.reason or "grantNotRenewed", detail=error.detail)
    except Exception as error:
        _log.error("send_broke", attempt_id=intent.id, error=repr(error))
        outcome = Outcome(kind=OutcomeKind.UNKNOWN, reason="channelBroke", detail=repr(error)[:500])
    ended_at = await clock.now()
    if outcome.kind == OutcomeKind.UNKNOWN:
        ended_at += dispatch.LEASE + CALL_TIMEOUT
    return settle.Result(
        attempt_id=intent.id,
        account_id=intent.account_id,
        lead_id=intent.lead_id,
        profile_id=intent.profile_id,
        outcome=outcome,
        ended_at=ended_at,
        liked=liked,
    )


def is_too_late(ready: dispatch.Ready, *, now: datetime) -> bool:
    """Whether a call begun now might still be under way when the lease has ended, or leave after what allowed it.

    A process that was stopped between the intent and the call, or a machine that slept, must not send what others
    have meanwhile looked into, paused or given to somebody else. One that was stopped after it had looked at its clock
    and before the intent has a fresh lease, and hours, gaps and limits that held when it looked.
    """
    return clocks.wall_now() > ready.lease_until - CALL_TIMEOUT or now > ready.decided_at + OLDEST_DECISION
