"""Quiet: whether anything is open or due, and what comes next. The conductor of a virtual run asks nothing else."""

from dataclasses import dataclass
from datetime import datetime

from overture.store import claims
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """`is_busy`: an intent is open, a lease is held, or something is due or can be taken up now.

    The others are the nearest later instants.

    `has_chores` tells that an import is not ended and does not wait: that is busy too. `is_running` tells that a
    campaign is active or will resume by itself, or that an import will; `next_return` is when an app that the platform
    had stopped may try again.
    """

    is_busy: bool
    has_chores: bool
    is_running: bool
    next_duty: datetime | None
    next_chore: datetime | None
    next_send: datetime | None
    next_return: datetime | None

    @property
    def next_due(self) -> datetime | None:
        """The nearest instant at which anything is due; None when nothing ever is."""
        instants = (self.next_duty, self.next_chore, self.next_send, self.next_return)
        return min((at for at in instants if at is not None), default=None)

    def sends_are_due(self, now: datetime) -> bool:
        """Tell whether accounts or apps become due by `now`."""
        return any(at is not None and at <= now for at in (self.next_send, self.next_return))

    def duties_are_due(self, now: datetime) -> bool:
        """Tell whether a duty becomes due by `now`."""
        return self.next_duty is not None and self.next_duty <= now

    def chores_are_due(self, now: datetime) -> bool:
        """Tell whether an import goes on by `now`."""
        return self.next_chore is not None and self.next_chore <= now


async def look(connection: Connection, *, now: datetime, wall_now: datetime) -> State:
    """Look at everything that may hold the clock at `now` (engine time)."""
    row = await connection.fetchrow(
        f"""
        WITH chores AS (
            SELECT coalesce(bool_or(resume_at IS NULL OR resume_at <= $1), false) AS any_now,
                   min(resume_at) FILTER (WHERE resume_at > $1) AS next_at, count(*) > 0 AS any_open
              FROM import_job WHERE completed_at IS NULL
        )
        SELECT chores.any_now
            OR EXISTS (SELECT FROM attempt WHERE state = 'intent')
            OR EXISTS (SELECT FROM account_pace WHERE lease_until > $2)
            OR EXISTS (SELECT FROM duty WHERE due_at <= $1 OR lease_until > $2)
            OR EXISTS (SELECT FROM team_due WHERE next_at <= $1) OR EXISTS (SELECT FROM wake_up)
            OR EXISTS (SELECT FROM {claims.RESUMABLE}) AS is_busy,
            chores.any_now AS has_chores,
            chores.any_open OR EXISTS (SELECT FROM campaign WHERE status = 'active')
            OR EXISTS (SELECT FROM campaign WHERE status = 'paused' AND pause_code IS NOT NULL) AS is_running,
            (SELECT min(due_at) FROM duty WHERE due_at > $1 AND due_at < 'infinity') AS next_duty,
            chores.next_at AS next_chore,
            (SELECT min(next_at) FROM team_due WHERE next_at > $1 AND next_at < 'infinity') AS next_send,
            (SELECT min(paused_until) FROM app_budget WHERE paused_until > $1) AS next_return
          FROM chores
        """,
        now,
        wall_now,
    )
    assert row is not None
    return State(**row)
