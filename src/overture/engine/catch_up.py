"""Catching up: a restored backup learns from the platform what was sent since it was made, before it sends again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from overture import clock as clocks
from overture import ids
from overture.channels import port
from overture.core import lifecycle, sequence
from overture.core import text as texts
from overture.core.outcome import Outcome
from overture.core.words import LeadState, OutcomeKind
from overture.engine import composing, settle, targets
from overture.store import gates, outbox, outlines, paces, persons, previews, progress, restored, teams, wakeups
from overture.store.claims import DueLead
from overture.store.pool import Connection, Pool
from overture.store.restored import Candidate, Found

_BEFORE = timedelta(seconds=1)
"""How long before the platform took it a message is said to have been tried: nobody knows when it was."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Next:
    """The message a lead would get next, as it would read now (None: a value is missing)."""

    lead: Candidate
    version: int
    step: sequence.MessageStep
    text: str | None


async def take(
    connection: Connection,
    *,
    team_id: str,
    account_id: str,
    messages: Sequence[port.InboxMessage],
    profiles: Mapping[str, str],
    now: datetime,
) -> list[str]:
    """Settle outgoing messages the ledger lacks; return the campaigns in which a lead ended.

    Each is taken for the next step of the lead it was for: the one whose text it has, or the only one there is. Where
    that cannot be told, every lead of the person that might get it again is held. A message to somebody who is no lead
    is remembered for when they become one. The account is locked already.
    """
    waiting: dict[str, list[port.InboxMessage]] = {}
    for message in sorted(messages, key=lambda message: int(message.platform_id)):
        waiting.setdefault(profiles[message.other_id], []).append(message)
    ended: set[str] = set()
    while waiting:
        first = {profile_id: left[0] for profile_id, left in waiting.items()}
        ended.update(await _take_one_each(connection, team_id, account_id, first, now))
        waiting = {profile_id: left[1:] for profile_id, left in waiting.items() if len(left) > 1}
    return sorted(ended)


async def _take_one_each(
    connection: Connection, team_id: str, account_id: str, messages: Mapping[str, port.InboxMessage], now: datetime
) -> list[str]:
    leads = await restored.candidates(connection, team_id=team_id, account_id=account_id, profile_ids=list(messages))
    following = await _following(connection, team_id, leads)
    found: list[tuple[Found, port.InboxMessage]] = []
    doubtful: list[str] = []
    unplaced: list[tuple[str, str, str]] = []
    for profile_id, message in messages.items():
        options = [option for option in following if option.lead.profile_id == profile_id]
        chosen = _choose(options, message.text)
        if chosen is not None:
            found.append((_found(chosen, message), message))
        elif going := [option.lead.lead_id for option in options if option.lead.state in lifecycle.OPEN_STATES]:
            doubtful += going
        else:
            unplaced.append((profile_id, message.platform_id, message.text))
    stops = [progress.Stop(lead_id=lead_id, state=LeadState.HELD, reason=composing.RESTORED) for lead_id in doubtful]
    stopped = await progress.stop_if_open(connection, team_id=team_id, stops=stops, at=now)
    held = [
        targets.held(campaign_id=lead.campaign_id, profile_id=lead.profile_id, reason=composing.RESTORED)
        for lead in stopped
    ]
    await restored.keep_unplaced(connection, team_id=team_id, messages=unplaced)
    ended = await _settle(connection, team_id, account_id, found, now) if found else []
    await outbox.append(connection, team_id=team_id, now=now, events=held)
    return ended


async def _following(connection: Connection, team_id: str, leads: Sequence[Candidate]) -> list[_Next]:
    """Write the next message of each lead that has one."""
    known = await previews.leads(connection, team_id=team_id, lead_ids=[lead.lead_id for lead in leads])
    outline = await outlines.read(
        connection, team_id=team_id, campaign_ids=sorted({lead.campaign_id for lead in leads})
    )
    composer = await composing.prepare(connection, team_id=team_id, leads=list(known.values()), outline=outline)
    following = []
    for lead in leads:
        due = known[lead.lead_id]
        step = _next_step(composer, due)
        if step is not None:
            version = due.sequence_version or outline[lead.campaign_id].sequence_version
            text = composer.draft(due, step, longest=0).text
            following.append(_Next(lead=lead, version=version, step=step, text=text))
    return following


def _next_step(composer: composing.Composer, lead: DueLead) -> sequence.MessageStep | None:
    for step in composer.steps(lead):
        if isinstance(step, sequence.MessageStep) and step.rank >= lead.rank:
            text = composer.draft(lead, step, longest=0).text
            if text is None or text not in lead.sent_texts:
                return step
    return None


def _choose(options: Sequence[_Next], text: str) -> _Next | None:
    alike = [option for option in options if option.text is not None and texts.plain(option.text) == texts.plain(text)]
    going = [option for option in alike or options if option.lead.state in lifecycle.OPEN_STATES]
    if len(going) == 1:
        return going[0]
    under_way = [option for option in going if option.lead.state == LeadState.IN_SEQUENCE]
    if alike and len(under_way) == 1:
        return under_way[0]
    return alike[0] if len(alike) == 1 else None


def _found(chosen: _Next, message: port.InboxMessage) -> Found:
    return Found(
        attempt_id=ids.new("q"),
        lead=chosen.lead,
        version=chosen.version,
        rank=chosen.step.rank,
        step_id=chosen.step.id,
        text=message.text,
        sent_at=message.sent_at - _BEFORE,
    )


async def _settle(
    connection: Connection,
    team_id: str,
    account_id: str,
    found: Sequence[tuple[Found, port.InboxMessage]],
    now: datetime,
) -> list[str]:
    await persons.engage(
        connection,
        team_id=team_id,
        wanted=[
            persons.Engagement(
                profile_id=one.lead.profile_id, lead_id=one.lead.lead_id, is_first=False, excludes_contacted=False
            )
            for one, _ in found
        ],
        allow_parallel=False,
        recontact_before=now,
    )
    await progress.unplan(connection, team_id=team_id, lead_ids=[one.lead.lead_id for one, _ in found])
    await restored.write_attempts(
        connection,
        team_id=team_id,
        account_id=account_id,
        wall_now=clocks.wall_now(),
        found=[one for one, _ in found],
    )
    results = [
        settle.Result(
            attempt_id=one.attempt_id,
            account_id=account_id,
            lead_id=one.lead.lead_id,
            profile_id=one.lead.profile_id,
            outcome=Outcome(
                kind=OutcomeKind.ACCEPTED,
                platform_message_id=message.platform_id,
                conversation_id=message.conversation_id,
            ),
            ended_at=message.sent_at,
            accepted_at=message.sent_at,
        )
        for one, message in found
    ]
    return await settle.take(connection, team_id=team_id, now=now, results=results)


async def finish(pool: Pool, *, team_id: str, account_id: str, now: datetime) -> None:
    """Note that an account has caught up; with the last one its team may send again, unless somebody stopped it."""
    async with pool.acquire() as connection, connection.transaction():
        await paces.lock_team(connection, team_id=team_id)
        team = await teams.lock(connection, team_id=team_id)
        is_last = await restored.forget(connection, team_id=team_id, account_id=account_id)
        if is_last and team is not None and team.stopped_at is None:
            await wakeups.give_team(connection, team_id=team_id, at=now)
            await gates.change_team(connection, team_id=team_id, is_open=True)
