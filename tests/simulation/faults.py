"""Ways to break the program on purpose, for the judge to see."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from unittest import mock

from msgspec import structs
from tests.simulation import database
from tests.simulation.plan import Edit

from overture.core import pacing, policy, window
from overture.core.words import OutcomeKind
from overture.engine import dispatch, pacemaker, sending, settle
from overture.store import ledger, paces, progress


@contextlib.contextmanager
def _rewritten(*changes: tuple[str, str]) -> Iterator[None]:
    """Change the text of statements."""
    database.REWRITES.extend(changes)
    try:
        yield
    finally:
        database.REWRITES.clear()


def _gate_not_locked() -> contextlib.AbstractContextManager[Any]:
    return _rewritten(("FOR SHARE OF a", ""), ("SELECT pass_gate(id) FROM", "SELECT FROM"))


@contextlib.contextmanager
def _pace_at_settle() -> Iterator[None]:
    """Move the pace when the outcome is known, as if the claim did not count yet."""
    kept: dict[str, list[tuple[str, datetime, paces.Step]]] = {}
    move, end, spend = paces.move_pairs, paces.end_attempts, paces.spend_accounts

    async def keep(_: Any, *, team_id: str, now: datetime, steps: Sequence[paces.Step]) -> None:
        for step in steps:
            kept.setdefault(step.account_id, []).append((team_id, now, step))

    async def spend_nothing(connection: Any, *, now: datetime, account_ids: Sequence[str], **rest: Any) -> None:
        rest["wake_at"] = [now for _ in account_ids]
        for room in ("hourly_room", "daily_room"):
            rest[room] = [left + 1 for left in rest[room]]
        long_ago = datetime(2000, 1, 1, tzinfo=UTC)
        await spend(connection, now=long_ago, account_ids=account_ids, **rest)

    async def move_at_end(connection: Any, *, account_ids: Sequence[str], **rest: Any) -> Any:
        for account_id in account_ids:
            for team_id, now, step in kept.pop(account_id, []):
                await move(connection, team_id=team_id, now=now, steps=[step])
        return await end(connection, account_ids=account_ids, **rest)

    with (
        mock.patch.object(paces, "move_pairs", keep),
        mock.patch.object(paces, "spend_accounts", spend_nothing),
        mock.patch.object(paces, "end_attempts", move_at_end),
    ):
        yield


def _person_ignored() -> contextlib.AbstractContextManager[Any]:
    return _rewritten(
        ("AND (p.engaged_lead_id IS NULL OR p.engaged_lead_id = excluded.engaged_lead_id OR $6)", "AND (true OR $6)"),
        ("AND (p.unanswered_end_at IS NULL OR p.unanswered_end_at <= $7 OR $6", "AND (true OR $7::timestamptz IS NULL"),
    )


def _fence_ignored() -> contextlib.AbstractContextManager[Any]:
    """Send however long ago the account was leased."""
    return mock.patch.object(sending, "is_too_late", lambda _, **__: False)


def _outcome_overwritten() -> contextlib.AbstractContextManager[Any]:
    return _rewritten(
        ("AND (a.state = 'intent' OR (a.state = 'unknown' AND v.state <> 'unknown'))", "AND a.state IS NOT NULL")
    )


@contextlib.contextmanager
def _unknown_sent_again() -> Iterator[None]:
    """Take silence for a no."""
    send = sending.send

    async def send_or_not(ready: dispatch.Ready, **parts: Any) -> settle.Result:
        result = await send(ready, **parts)
        if result.outcome.kind != OutcomeKind.UNKNOWN:
            return result
        return structs.replace(result, outcome=structs.replace(result.outcome, kind=OutcomeKind.NOT_SENT))

    with mock.patch.object(sending, "send", send_or_not):
        yield


@contextlib.contextmanager
def _clock_change_missed() -> Iterator[None]:
    """Go on with the offset that held before the change."""
    spans = window._spans

    def first_offset(zone: str, block: int) -> tuple[tuple[int, int, int], ...]:
        found = spans(zone, block)
        return ((found[0][0], found[-1][1], found[0][2]),)

    with mock.patch.object(window, "_spans", first_offset):
        yield


@contextlib.contextmanager
def _counter_forgotten() -> Iterator[None]:
    """Move leads on after a message without the triggers that count."""
    advance = progress.advance

    async def advance_uncounted(connection: Any, **rest: Any) -> Any:
        await connection.execute("SET LOCAL session_replication_role = replica")
        try:
            return await advance(connection, **rest)
        finally:
            await connection.execute("SET LOCAL session_replication_role = origin")

    with mock.patch.object(progress, "advance", advance_uncounted):
        yield


@contextlib.contextmanager
def _follow_up_elsewhere() -> Iterator[None]:
    """Plan the next message of a lead for another account of its campaign."""
    advances = settle._advances

    async def advances_elsewhere(connection: Any, team_id: str, accepted: Sequence[ledger.Settled], *rest: Any) -> Any:
        found = []
        for advance, attempt in zip(await advances(connection, team_id, accepted, *rest), accepted, strict=True):
            other = await connection.fetchval(
                "SELECT account_id FROM campaign_account WHERE team_id = $1 AND campaign_id = $2 AND account_id <> $3"
                " AND is_member ORDER BY account_id LIMIT 1",
                team_id,
                attempt.campaign_id,
                attempt.account_id,
            )
            found.append(structs.replace(advance, account_id=other or attempt.account_id))
        return found

    with mock.patch.object(settle, "_advances", advances_elsewhere):
        yield


def _suppressed_by_hand() -> contextlib.AbstractContextManager[Any]:
    """Let messages by hand reach people who are suppressed."""
    return _rewritten(("WHERE p.suppressed_at IS NULL AND p.by_hand_id IS NULL", "WHERE p.by_hand_id IS NULL"))


@contextlib.contextmanager
def _consent_ignored() -> Iterator[None]:
    with (
        _rewritten(("consent_missing AND ", "consent_missing AND false AND ")),
        mock.patch.object(policy, "may_contact", lambda *_, **__: True),
    ):
        yield


def _passed_over_and_counted() -> contextlib.AbstractContextManager[Any]:
    """Let who gave no answer go on, and count them among those who answered."""
    return _rewritten(("replied_at = NULL, passed_over_until", "passed_over_until"))


@contextlib.contextmanager
def _catch_up_burst() -> Iterator[None]:
    """Count gaps from when a message should have gone, so that time lost is made up for."""
    pace_step = dispatch.Dispatcher._pace_step

    def scheduled(self: Any, turn: Any, candidate: Any) -> paces.Step:
        step = pace_step(self, turn, candidate)
        pick = candidate.pick
        if pick.pair_last_end is None:
            return step
        schedule = turn.outline[pick.campaign_id].schedule
        last_end = min(turn.now, pick.pair_last_end + pacing.gap(schedule.rate, pick.draw))
        next_at = pacemaker.next_at(
            schedule, draw=step.draw, opening_draw=step.opening_draw, last_end=last_end, not_before=last_end
        )
        return structs.replace(step, last_end=last_end, next_at=next_at, room=99)

    with mock.patch.object(dispatch.Dispatcher, "_pace_step", scheduled):
        yield


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """A way to break the program, the edits that bring it to light soonest, and a seed that does."""

    plant: Callable[[], contextlib.AbstractContextManager[Any]]
    seed: int
    focus: tuple[Edit, ...] = ()


FAULTS = {
    "gateNotLocked": Fault(plant=_gate_not_locked, seed=130, focus=(Edit.STOP_TEAM, Edit.RESUME_TEAM)),
    "paceAtSettle": Fault(plant=_pace_at_settle, seed=30, focus=(Edit.KILL, Edit.FREEZE)),
    "personIgnored": Fault(plant=_person_ignored, seed=3, focus=(Edit.RATE, Edit.HOURS)),
    "fenceIgnored": Fault(plant=_fence_ignored, seed=9, focus=(Edit.FREEZE_INTENDED,)),
    "outcomeOverwritten": Fault(
        plant=_outcome_overwritten, seed=9, focus=(Edit.FREEZE_ANSWERED, Edit.FREEZE_ANSWERED, Edit.RELEASE)
    ),
    "unknownSentAgain": Fault(plant=_unknown_sent_again, seed=5, focus=(Edit.FAULT,)),
    "clockChangeMissed": Fault(plant=_clock_change_missed, seed=7),
    "counterForgotten": Fault(plant=_counter_forgotten, seed=5),
    "followUpElsewhere": Fault(plant=_follow_up_elsewhere, seed=1),
    "suppressedByHand": Fault(plant=_suppressed_by_hand, seed=2, focus=(Edit.SEND, Edit.SUPPRESS)),
    "consentIgnored": Fault(plant=_consent_ignored, seed=3, focus=(Edit.WITHDRAW, Edit.AGREE, Edit.RATE)),
    "passedOverAndCounted": Fault(plant=_passed_over_and_counted, seed=1, focus=(Edit.CONTINUE, Edit.RATE)),
    "catchUpBurst": Fault(plant=_catch_up_burst, seed=3, focus=(Edit.PAUSE, Edit.RESUME, Edit.HOLD_ACCOUNT)),
}


def focus(name: str | None) -> tuple[Edit, ...]:
    """Return the edits that bring a fault to light; none for a whole program."""
    return FAULTS[name].focus if name is not None else ()


@contextlib.contextmanager
def planted(name: str | None) -> Iterator[None]:
    """Break the program in the named way while the block runs; None leaves it whole."""
    if name is None:
        yield
        return
    with FAULTS[name].plant():
        yield
