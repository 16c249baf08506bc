"""Sending by hand: one message through the ledger, limits, gates and suppressions that hold for campaigns too."""

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime

import structlog

from overture import clock as clocks
from overture import ids
from overture.actions import audit, capabilities, messages, recipients, send_refusals, threads
from overture.actions.context import Actor, Context
from overture.actions.recipients import Recipient, Target
from overture.core import identifiers, pacing, policy
from overture.core import text as texts
from overture.core.words import ActorType, AttemptState, AuditAction, ObjectType, OutcomeKind
from overture.engine import allowance, dispatch, sending, settle
from overture.engine.keyring import Keyring
from overture.errors import Conflict, NotFound, SendUnconfirmed, Unavailable, Unprocessable
from overture.store import accounts, budgets, by_hand, claims, idempotency, paces
from overture.store.by_hand import Made
from overture.store.idempotency import Kept
from overture.store.pool import GONE, PASSING, Connection

_log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 12.0
"""How long a message waits for another of the same account to arrive: one call's time-out, and a little."""

_PAUSE_SECONDS = 0.1
_SETTLE_PAUSES = (0.05, 0.25, 1.0, 0.0)
"""Seconds before an outcome is written once more that met a fault of the database; then others find it out."""

_NEVER_LEFT = (AttemptState.REFUSED, AttemptState.NOT_SENT, AttemptState.HELD)


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """What the caller calls this message, and the digest of all they ask for."""

    value: str
    fingerprint: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What is to be said to whom. `reply_to`: the message it answers in particular."""

    target: Target
    content: str
    reply_to: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A message the platform has taken, with its thread; `is_replay`: an earlier call with the same key sent it."""

    message: messages.View
    thread: threads.View
    is_replay: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Begun:
    """An intent that is committed and must be sent now, and what its message will be called."""

    ready: dispatch.Ready
    message_id: str


class _Busy(Exception):
    """Somebody else sends from the account, or decides about it, at this very moment."""


async def send(context: Context, actor: Actor, *, draft: Draft, key: Key | None) -> Sent:
    """Send one message, at most once.

    Raises:
        NotFound: no such thread, account, contact or message.
        InvalidRequest: the target cannot be one.
        Conflict: `sendInProgress`, `sendingStopped`, `accountLinkDisconnected`.
        Unprocessable: `recipientUnavailable`, `contentRejected`, `profileAmbiguous`, `capabilityNotSupported`,
            `platformNotSupported`, `idempotencyKeyReused`.
        PlatformRateLimited: limits of the account or its app are used up, or the platform takes no more.
        PlatformFailed: the platform refused the account.
        SendUnconfirmed: nobody knows whether it has left.
        Unavailable: the platform, or the account, cannot be used now.
    """
    recipient = await recipients.find(context, actor, target=draft.target)
    if draft.reply_to is not None:
        await messages.refuse(context, actor, message_id=draft.reply_to, capability="message:reply")
    _check_text(context, recipient, draft.content)
    for is_last in (False, True):
        begun = await _begin_in_time(context, actor, recipient, draft.content, key)
        if isinstance(begun, Made):
            return await _again(context, actor, begun)
        result = await _deliver(context, begun.ready)
        if result is None:
            raise SendUnconfirmed(begun.message_id)
        if is_last or result.outcome.reason != "tokenRenewed":
            send_refusals.check(result.outcome, account_id=recipient.account.id, now=result.ended_at)
            break
    return await _sent(context, actor, begun.message_id, is_replay=False)


def _check_text(context: Context, recipient: Recipient, content: str) -> None:
    channel = context.channels.get(recipient.account.platform)
    if channel is None:
        capabilities.refuse(recipient.account.platform, "message:send")
    longest = channel.capabilities.longest_text
    if texts.length(content) > longest:
        detail = f"The text has {texts.length(content)} characters; the platform takes {longest}."
        raise Unprocessable(detail, code="contentRejected", details={"detail": detail})


async def _again(context: Context, actor: Actor, made: Made) -> Sent:
    """Give the answer of the message an earlier call with the same key made."""
    if made.state == AttemptState.ACCEPTED:
        return await _sent(context, actor, made.message_id, is_replay=True)
    if made.state == AttemptState.INTENT and made.lease_until > clocks.wall_now():
        raise _in_progress(made.message_id)
    raise SendUnconfirmed(made.message_id)


async def _sent(context: Context, actor: Actor, message_id: str, *, is_replay: bool) -> Sent:
    message = await messages.get(context, actor, message_id=message_id)
    thread = await threads.get(context, actor, thread_id=message.message.thread_id)
    return Sent(message=message, thread=thread, is_replay=is_replay)


async def _begin_in_time(
    context: Context, actor: Actor, recipient: Recipient, content: str, key: Key | None
) -> _Begun | Made:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            async with context.pool.acquire() as connection, connection.transaction():
                return await _begin(context, connection, actor, recipient, content, key)
        except (_Busy, *PASSING) as error:
            if time.monotonic() > deadline:
                raise Unavailable(
                    "Another message of this account is on its way; try again in a moment.",
                    details={"retryAfterSeconds": 5},
                ) from error
        await asyncio.sleep(_PAUSE_SECONDS)


async def _begin(
    context: Context, connection: Connection, actor: Actor, recipient: Recipient, content: str, key: Key | None
) -> _Begun | Made:
    """Write the intent, or return what became of the one that the key has made already."""
    earlier = None if key is None else await _earlier(connection, actor, key)
    if earlier is not None and earlier.state not in _NEVER_LEFT:
        return earlier
    now, wall_now = await context.clock.now(), clocks.wall_now()
    held = await claims.hold_account(connection, team_id=actor.team_id, account_id=recipient.account.id)
    if held is None:
        raise NotFound("accountLink", recipient.account.id)
    if held.lease_until > wall_now:
        raise _Busy
    account = held.account
    await _check_gates(connection, actor, account)
    allowed = await allowance.count_by_hand(connection, team_id=actor.team_id, account=account, now=now)
    if allowed.barred_until is not None:
        raise send_refusals.barred(account, until=allowed.barred_until, now=now)
    attempt_id, message_id = ids.new("q"), ids.new("g")
    recipient_id = await _take_person(connection, actor, recipient, account, attempt_id)
    granted, free_at = await budgets.charge(connection, team_id=actor.team_id, app_id=account.app_id, count=1, now=now)
    if not granted:
        raise send_refusals.barred(account, until=free_at, now=now)
    lease_until = wall_now + dispatch.LEASE
    await paces.spend_accounts(
        connection,
        team_id=actor.team_id,
        now=now,
        lease_until=lease_until,
        account_ids=[account.account_id],
        wake_at=[max(held.wake_at, now + pacing.minimum_gap(account.hourly_limit))],
        hourly_room=[allowed.hourly_room - 1],
        daily_room=[allowed.daily_room - 1],
    )
    await _write_down(connection, actor, recipient, message_id, attempt_id, key, now, wall_now)
    intent = by_hand.Intent(
        id=attempt_id,
        app_id=account.app_id,
        account_id=account.account_id,
        profile_id=recipient.profile_id,
        text=content,
        message_id=message_id,
        token_id=actor.token_id if actor.type is ActorType.TOKEN else None,
        member_id=None if actor.type is ActorType.TOKEN else actor.member_id,
        fence=account.fence,
        account_revision=account.gate_revision,
    )
    is_written = await by_hand.write(
        connection,
        team_id=actor.team_id,
        now=now,
        lease_until=lease_until,
        team_revision=account.rules.team_revision,
        intent=intent,
    )
    if not is_written:
        raise _Busy
    ready = dispatch.Ready(
        team_id=actor.team_id,
        platform=account.platform,
        base_url=account.base_url,
        sealed_token=account.sealed_token,
        recipient_id=recipient_id,
        lease_until=lease_until,
        decided_at=now,
        intent=intent,
    )
    return _Begun(ready=ready, message_id=message_id)


async def _earlier(connection: Connection, actor: Actor, key: Key) -> Made | None:
    """Return what became of the message this key has made, and keep others from making one meanwhile."""
    if not await idempotency.try_lock(connection, team_id=actor.team_id, key=key.value):
        raise _Busy
    found = await idempotency.find(connection, team_id=actor.team_id, key=key.value, wall_now=clocks.wall_now())
    if found is None:
        return None
    if found.fingerprint != key.fingerprint or found.attempt_id is None:
        raise Unprocessable(
            "This Idempotency-Key was used for another call; use a new key for a new call.",
            code="idempotencyKeyReused",
        )
    return await by_hand.made(connection, team_id=actor.team_id, attempt_id=found.attempt_id)


async def _check_gates(connection: Connection, actor: Actor, account: claims.LeasedAccount) -> None:
    if not account.rules.is_team_open:
        raise Conflict("All sending of the team is stopped: POST /team/resume lets it go on.", code="sendingStopped")
    if not account.is_open:
        found = await accounts.read(connection, team_id=actor.team_id, account_id=account.account_id)
        status = "offline" if found is None else found.status
        raise Conflict(
            f"The account is {status}: "
            + ("resume it." if status == "paused" else "link it again, so that it can send."),
            code="accountLinkDisconnected",
            details={"accountLinkId": account.account_id, "status": status},
        )


async def _take_person(
    connection: Connection, actor: Actor, recipient: Recipient, account: claims.LeasedAccount, attempt_id: str
) -> str:
    """Keep the person for this message; return their id on the platform."""
    keys = {"team_id": actor.team_id, "profile_id": recipient.profile_id}
    if not await by_hand.take_person(connection, **keys, attempt_id=attempt_id):
        message_id = await by_hand.kept_for(connection, **keys)
        if message_id is not None:
            raise _in_progress(message_id)
        raise recipients.unavailable("suppressed", "Nobody of the team may write to this person: they are suppressed.")
    message_id = await by_hand.under_way(connection, **keys, account_id=account.account_id)
    if message_id is not None:
        raise _in_progress(message_id)
    found = await by_hand.recipient(connection, **keys, account_id=account.account_id)
    if found is None or found.account_status != "active" or identifiers.is_placeholder(found.platform_id):
        reason = "notFound" if found is None or found.account_status == "active" else found.account_status
        raise recipients.unavailable(reason, f"The platform has no such person to write to ({reason}).")
    if found.platform_id == recipient.account.platform_id:
        raise recipients.unavailable("self", "An account cannot write to itself.")
    if not policy.may_contact(account.contact_policy, has_inbound=found.has_inbound, has_consent=found.has_consent):
        raise recipients.unavailable(
            "consentMissing",
            "The contact policy lets this account write only to people who wrote to it or have agreed: record their "
            "consent, or wait until they write.",
        )
    return found.platform_id


async def _write_down(
    connection: Connection,
    actor: Actor,
    recipient: Recipient,
    message_id: str,
    attempt_id: str,
    key: Key | None,
    now: datetime,
    wall_now: datetime,
) -> None:
    """Note who sends, and under which key."""
    if key is not None:
        kept = Kept(
            fingerprint=key.fingerprint,
            status=201,
            media_type=None,
            body=b"",
            is_sealed=False,
            attempt_id=attempt_id,
        )
        await idempotency.keep(connection, team_id=actor.team_id, key=key.value, kept=kept, wall_now=wall_now)
    await audit.record(
        connection,
        actor,
        action=AuditAction.MESSAGE_SENT,
        object_type=ObjectType.MESSAGE,
        object_id=message_id,
        now=now,
        after={"accountLinkId": recipient.account.id, "profileId": recipient.profile_id},
    )


async def _deliver(context: Context, ready: dispatch.Ready) -> settle.Result | None:
    """Send and write the outcome down, to the end also if the caller goes away; None if nobody knows what it is."""
    return await asyncio.shield(asyncio.create_task(_send_and_settle(context, ready)))


async def _send_and_settle(context: Context, ready: dispatch.Ready) -> settle.Result | None:
    keyring = Keyring(pool=context.pool, channels=context.channels, sealer=context.sealer)
    result = await sending.send(ready, channels=context.channels, keyring=keyring, clock=context.clock)
    for pause in _SETTLE_PAUSES:
        try:
            await settle.settle(context.pool, team_id=ready.team_id, now=await context.clock.now(), results=[result])
        except (*PASSING, *GONE) as error:
            _log.warning("settle_retried", team_id=ready.team_id, error=repr(error))
            await asyncio.sleep(pause)
            continue
        context.wake()
        return None if result.outcome.kind is OutcomeKind.UNKNOWN else result
    # The intent stays open: the conversation will tell.
    return None


def _in_progress(message_id: str) -> Conflict:
    return Conflict(
        "A message to this person is on its way; wait until it has arrived.",
        code="sendInProgress",
        details={"messageId": message_id},
    )
