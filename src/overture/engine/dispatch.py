"""Dispatch: one transaction that turns due leads of leased accounts into intents. Nothing is sent inside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import msgspec

from overture import ids
from overture.channels.port import Capabilities
from overture.channels.registry import Registry
from overture.core import lifecycle, pacing, policy
from overture.core.sequence import LikeStep
from overture.core.words import LeadState
from overture.engine import allowance, composing, engagement, pacemaker, targets
from overture.engine.turns import Candidate, Turn
from overture.store import budgets, by_hand, claims, duties, gates, ledger, outbox, outlines, paces, persons, progress
from overture.store.pool import Connection, Pool, hot_transaction

LEASE = timedelta(seconds=20)
"""How long a worker may hold an account (wall time): one call's time-out, and as much again to settle it."""

FRESH = timedelta(seconds=60)
"""How old the reading of an account's inbox may be when a follow-up leaves."""

INBOX_WAIT = timedelta(seconds=60)
"""How long an account waits for its inbox to be read before it asks again."""

OVERTAKEN_WAIT = timedelta(seconds=1)
"""How long an account waits whose lead somebody moves in the plan at this moment."""

BATCH = 100


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """An intent that is committed and must be sent now; `lease_until` (wall time) is when others may look into it.

    `decided_at` (engine time) is the instant it was found allowed at. `likes` are the like steps before it, for the
    account that the platform knows as `own_id`.
    """

    team_id: str
    platform: str
    base_url: str
    sealed_token: bytes
    recipient_id: str
    lease_until: datetime
    decided_at: datetime
    intent: ledger.Intent | by_hand.Intent
    own_id: str = ""
    likes: tuple[LikeStep, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed:
    """What a claim has found: what to send now, and whether more of the team is due at once."""

    ready: list[Ready]
    is_due_again: bool


class GateMoved(Exception):
    """A campaign or an account was edited between the decision and the intent: nothing was written."""


class Dispatcher:
    """Claims accounts of one team and writes the intents of what they send next."""

    def __init__(self, *, pool: Pool, channels: Registry, draws: Random) -> None:
        self._pool = pool
        self._channels = channels
        self._draws = draws

    async def claim(self, team_id: str, *, now: datetime, wall_now: datetime, count: int = BATCH) -> Claimed:
        """Claim up to `count` accounts.

        `now` is engine time, `wall_now` wall time.
        """
        try:
            async with self._pool.acquire() as connection, hot_transaction(connection):
                return await self._claim(connection, team_id, now=now, wall_now=wall_now, count=count)
        except GateMoved:
            return Claimed(ready=[], is_due_again=True)

    async def _claim(
        self, connection: Connection, team_id: str, *, now: datetime, wall_now: datetime, count: int
    ) -> Claimed:
        leased = await claims.lease_accounts(connection, team_id=team_id, now=now, wall_now=wall_now, count=count)
        if not leased:
            await claims.served_team(connection, team_id=team_id, wall_now=wall_now)
            return Claimed(ready=[], is_due_again=False)
        turn = Turn(
            team_id=team_id,
            now=now,
            wall_now=wall_now,
            accounts={account.account_id: account for account in leased},
            allowances=await allowance.count(connection, team_id=team_id, accounts=leased, now=now),
            rules=leased[0].rules,
        )
        candidates = await self._candidates(connection, turn)
        candidates = await engagement.engage(connection, turn, candidates)
        await self._settle_decisions(connection, turn)
        candidates = await self._charge(connection, turn, candidates)
        intents = self._intents(turn, candidates)
        await self._move_pace(connection, turn, candidates)
        if intents:
            written = await ledger.write_intents(
                connection,
                team_id=team_id,
                now=now,
                lease_until=wall_now + LEASE,
                team_revision=turn.rules.team_revision,
                intents=intents,
            )
            if written < len(intents):
                raise GateMoved
        if len(leased) < count:
            await claims.served_team(connection, team_id=team_id, wall_now=wall_now)
        else:
            await claims.served_part_of_team(connection, team_id=team_id, wall_now=wall_now)
        await outbox.append(connection, team_id=team_id, now=now, events=turn.events)
        ready = [
            Ready(
                team_id=team_id,
                platform=turn.accounts[intent.account_id].platform,
                base_url=turn.accounts[intent.account_id].base_url,
                sealed_token=turn.accounts[intent.account_id].sealed_token,
                recipient_id=candidate.lead.platform_id,
                lease_until=wall_now + LEASE,
                decided_at=now,
                intent=intent,
                own_id=turn.accounts[intent.account_id].platform_id,
                likes=candidate.message.likes,
            )
            for intent, candidate in zip(intents, candidates, strict=True)
        ]
        is_due_again = len(leased) == count or min(turn.wakes.values()) <= now
        return Claimed(ready=ready, is_due_again=is_due_again)

    async def _candidates(self, connection: Connection, turn: Turn) -> list[Candidate]:
        """Pick leads of the accounts that may send, and keep those whose message may leave now."""
        if not turn.rules.is_team_open:
            # Asked once more under a lock: a resume that came between would have woken nobody.
            is_open = await gates.is_team_open(connection, team_id=turn.team_id)
            turn.wakes = dict.fromkeys(turn.accounts, turn.now if is_open else pacemaker.NEVER)
            return []
        free = []
        for account_id, allowed in turn.allowances.items():
            if allowed.barred_until is not None:
                turn.wakes[account_id] = allowed.barred_until
            else:
                free.append(account_id)
        picks = await claims.next_leads(connection, team_id=turn.team_id, account_ids=free, now=turn.now)
        if not picks:
            return []
        campaign_ids = sorted({pick.campaign_id for pick in picks})
        turn.outline = await outlines.read(connection, team_id=turn.team_id, campaign_ids=campaign_ids)
        rooms = await self._pair_rooms(connection, turn, picks)
        picks = [pick for pick in picks if self._is_paced(turn, pick, rooms)]
        picks = [pick for pick in picks if await self._is_inbox_fresh(connection, turn, pick)]
        leads = await claims.lock_leads(connection, team_id=turn.team_id, picks=picks)
        composer = await composing.prepare(connection, team_id=turn.team_id, leads=leads, outline=turn.outline)
        by_id = {lead.lead_id: lead for lead in leads}
        found = []
        for pick in picks:
            lead = by_id.get(pick.lead_id)
            if lead is None:
                turn.wakes[pick.account_id] = turn.now + OVERTAKEN_WAIT
                continue
            if lead.state not in lifecycle.SENDABLE_STATES:
                turn.dropped.append(pick.lead_id)
                continue
            message = self._compose(turn, composer, pick, lead)
            if message is not None:
                found.append(Candidate(pick=pick, lead=lead, message=message, room=rooms[pick.account_id]))
        if turn.stops or turn.finished:
            # All at once: candidates take their persons first, then these are freed.
            await persons.lock(connection, team_id=turn.team_id, profile_ids=[lead.profile_id for lead in leads])
        return found

    async def _pair_rooms(self, connection: Connection, turn: Turn, picks: Sequence[claims.Pick]) -> dict[str, int]:
        used_up = [pick for pick in picks if pick.room == 0]
        rooms = {pick.account_id: pick.room for pick in picks}
        if used_up:
            ends = await ledger.account_ends(
                connection,
                team_id=turn.team_id,
                account_ids=[pick.account_id for pick in used_up],
                after=turn.now - allowance.HOUR,
            )
            for pick in used_up:
                room, free_at = allowance.pair_room(
                    ends[pick.account_id],
                    campaign_id=pick.campaign_id,
                    rate=turn.outline[pick.campaign_id].schedule.rate,
                    now=turn.now,
                )
                rooms[pick.account_id] = room
                if room == 0:
                    turn.moved.append((pick.account_id, pick.campaign_id, self._pair_next(turn, pick, free_at)))
        return rooms

    def _is_paced(self, turn: Turn, pick: claims.Pick, rooms: dict[str, int]) -> bool:
        """Whether the hours are open for this pair now and its rate leaves room; else note when they are."""
        if rooms[pick.account_id] == 0:
            return False
        allowed_at = self._pair_next(turn, pick, turn.now)
        if allowed_at > turn.now:
            turn.moved.append((pick.account_id, pick.campaign_id, allowed_at))
            return False
        return True

    def _pair_next(self, turn: Turn, pick: claims.Pick, not_before: datetime) -> datetime:
        return pacemaker.next_at(
            turn.outline[pick.campaign_id].schedule,
            draw=pick.draw,
            opening_draw=pick.opening_draw,
            last_end=pick.pair_last_end,
            not_before=not_before,
        )

    async def _is_inbox_fresh(self, connection: Connection, turn: Turn, pick: claims.Pick) -> bool:
        """Whether a follow-up may rely on the inbox; else ask for a reading and come back."""
        if pick.is_first or turn.accounts[pick.account_id].read_at >= turn.now - FRESH:
            return True
        await duties.want(connection, team_id=turn.team_id, kind="replies", key=pick.account_id, due_at=turn.now)
        turn.wakes[pick.account_id] = turn.now + INBOX_WAIT
        turn.unread.append(pick.account_id)
        return False

    def _compose(
        self, turn: Turn, composer: composing.Composer, pick: claims.Pick, lead: claims.DueLead
    ) -> composing.Message | None:
        account = turn.accounts[pick.account_id]
        if not policy.may_contact(
            account.contact_policy, has_inbound=lead.last_inbound_at is not None, has_consent=lead.has_consent
        ):
            state = LeadState.EXCLUDED if pick.is_first else LeadState.CANCELED
            turn.stops.append(progress.Stop(lead_id=lead.lead_id, state=state, reason="consentMissing"))
            return None
        composed = composer.compose(lead, now=turn.now, longest=self._capabilities(account).longest_text)
        match composed:
            case composing.Message():
                return composed
            case composing.Later(at=at):
                turn.later.append((lead.lead_id, pick.account_id, at))
            case composing.Held(reason=reason):
                _hold(turn, lead, reason)
            case composing.Finished() if lead.state == LeadState.IN_SEQUENCE:
                turn.finished.append(lead.lead_id)
            case composing.Finished():
                _hold(turn, lead, "noMessage")
        return None

    def _capabilities(self, account: claims.LeasedAccount) -> Capabilities:
        channel = self._channels.get(account.platform)
        assert channel is not None
        return channel.capabilities

    async def _settle_decisions(self, connection: Connection, turn: Turn) -> None:
        """Write what was decided for leads that send nothing now."""
        await progress.stop(connection, team_id=turn.team_id, stops=turn.stops, at=turn.now)
        if turn.stops:
            await persons.free(
                connection,
                team_id=turn.team_id,
                lead_ids=[stop.lead_id for stop in turn.stops if stop.state != LeadState.HELD],
                unanswered_at=None,
                now=turn.now,
            )
        if turn.finished:
            await progress.finish(connection, team_id=turn.team_id, lead_ids=turn.finished, at=turn.now)
            await persons.free(
                connection, team_id=turn.team_id, lead_ids=turn.finished, unanswered_at=turn.now, now=turn.now
            )
        if turn.later:
            await progress.put_due(connection, team_id=turn.team_id, due=turn.later)
        if turn.dropped:
            await progress.take_due(connection, team_id=turn.team_id, lead_ids=turn.dropped)
        if turn.parked:
            await persons.park(connection, team_id=turn.team_id, lead_ids=turn.parked)
        if turn.moved:
            await paces.set_next(connection, team_id=turn.team_id, moved=turn.moved)

    async def _charge(self, connection: Connection, turn: Turn, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Charge each app's budget; cut the batch to what it still allows."""
        by_app: dict[str, list[Candidate]] = {}
        for candidate in candidates:
            by_app.setdefault(turn.accounts[candidate.pick.account_id].app_id, []).append(candidate)
        kept = []
        for app_id in sorted(by_app):
            wanted = by_app[app_id]
            granted, free_at = await budgets.charge(
                connection, team_id=turn.team_id, app_id=app_id, count=len(wanted), now=turn.now
            )
            kept += wanted[:granted]
            for candidate in wanted[granted:]:
                turn.wakes[candidate.pick.account_id] = free_at
        return sorted(kept, key=lambda candidate: candidate.pick.account_id)

    def _intents(self, turn: Turn, candidates: Sequence[Candidate]) -> list[ledger.Intent]:
        return [
            ledger.Intent(
                id=attempt_id,
                app_id=turn.accounts[candidate.pick.account_id].app_id,
                account_id=candidate.pick.account_id,
                campaign_id=candidate.pick.campaign_id,
                lead_id=candidate.lead.lead_id,
                profile_id=candidate.lead.profile_id,
                sequence_version=candidate.message.version,
                rank=candidate.message.step.rank,
                step_id=candidate.message.step.id,
                is_first=candidate.pick.is_first,
                text=candidate.message.text,
                choices=candidate.message.choices,
                planned_at=candidate.lead.planned_at,
                fence=turn.accounts[candidate.pick.account_id].fence,
                campaign_revision=candidate.pick.gate_revision,
                account_revision=turn.accounts[candidate.pick.account_id].gate_revision,
            )
            for attempt_id, candidate in zip(ids.many("q", len(candidates)), candidates, strict=True)
        ]

    async def _move_pace(self, connection: Connection, turn: Turn, candidates: Sequence[Candidate]) -> None:
        """Move the pace by one gap for what is sent, give back what is not, and say when each account wakes."""
        if candidates:
            await progress.take_due(
                connection,
                team_id=turn.team_id,
                lead_ids=[candidate.lead.lead_id for candidate in candidates],
            )
            await paces.move_pairs(
                connection,
                team_id=turn.team_id,
                now=turn.now,
                steps=[self._pace_step(turn, candidate) for candidate in candidates],
            )
        sending = {candidate.pick.account_id for candidate in candidates}
        undecided = [account_id for account_id in turn.accounts if account_id not in turn.wakes]
        idle = await claims.idle_wakes(connection, team_id=turn.team_id, account_ids=undecided)
        for account_id, wake_at in idle.items():
            turn.wakes[account_id] = max(wake_at or pacemaker.NEVER, turn.now)
        for account_id in sending:
            gap = pacing.minimum_gap(turn.accounts[account_id].hourly_limit)
            turn.wakes[account_id] = max(turn.wakes[account_id], turn.now + gap)
        spending, resting = sorted(sending), sorted(turn.wakes.keys() - sending)
        if spending:
            await paces.spend_accounts(
                connection,
                team_id=turn.team_id,
                now=turn.now,
                lease_until=turn.wall_now + LEASE,
                account_ids=spending,
                wake_at=[turn.wakes[account_id] for account_id in spending],
                hourly_room=[turn.allowances[account_id].hourly_room - 1 for account_id in spending],
                daily_room=[turn.allowances[account_id].daily_room - 1 for account_id in spending],
            )
        if resting:
            await claims.release_accounts(
                connection,
                team_id=turn.team_id,
                account_ids=resting,
                wake_at=[turn.wakes[account_id] for account_id in resting],
                unread=turn.unread,
            )

    def _pace_step(self, turn: Turn, candidate: Candidate) -> paces.Step:
        draw = self._draws.uniform(pacing.DRAW_LOW, pacing.DRAW_HIGH)
        opening_draw = self._draws.random()
        schedule = turn.outline[candidate.pick.campaign_id].schedule
        return paces.Step(
            account_id=candidate.pick.account_id,
            campaign_id=candidate.pick.campaign_id,
            draw=draw,
            opening_draw=opening_draw,
            last_end=turn.now,
            next_at=pacemaker.next_at(
                schedule, draw=draw, opening_draw=opening_draw, last_end=turn.now, not_before=turn.now
            ),
            room=candidate.room - 1,
        )


def _hold(turn: Turn, lead: claims.DueLead, reason: str) -> None:
    turn.stops.append(progress.Stop(lead_id=lead.lead_id, state=LeadState.HELD, reason=reason))
    turn.events.append(targets.held(campaign_id=lead.campaign_id, profile_id=lead.profile_id, reason=reason))
