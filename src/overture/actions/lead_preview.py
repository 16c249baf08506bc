"""Preview: all messages of one lead, written by the code that sends them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from overture.actions import campaign_access, campaign_leads, lead_choice, people, sequences
from overture.actions.campaign_leads import View
from overture.actions.context import Actor, Context
from overture.actions.sequences import NewStep
from overture.core import sequence, window
from overture.core.identifiers import Identifier
from overture.core.words import LeadState
from overture.engine import composing
from overture.store import campaign_columns, outlines, previews
from overture.store import sequences as stored_sequences
from overture.store.claims import DueLead
from overture.store.outlines import Outline
from overture.store.previews import Sent

_GOING = frozenset({LeadState.ASSESSING, LeadState.READY, LeadState.IN_SEQUENCE, LeadState.HELD})


class Place(StrEnum):
    """Where a message stands for the lead."""

    SENT = "sent"
    UNDER_WAY = "underWay"
    PASSED = "passed"
    NEXT = "next"
    LATER = "later"
    NEVER = "never"


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """The option a lead gets of the variation at a place among the segments; both counted from 0."""

    segment: int
    option: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message as the lead got it or would get it now. `reason`: why it would be held."""

    step_id: str
    rank: int
    place: Place
    text: str | None
    options: Sequence[Option]
    values: Mapping[str, str | None]
    reason: str | None
    sent_at: datetime | None
    could_go_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """All messages of a lead's version of the sequence; `limit`: the longest text the platform takes."""

    version: int
    limit: int
    messages: Sequence[Message]


async def preview(context: Context, actor: Actor, *, campaign_id: str, identifier: Identifier) -> Preview:
    """Write all messages of a lead as they would be sent now.

    Raises:
        NotFound: no such campaign, or no such lead in it.
        Unprocessable: `platformNotSupported`.
    """
    channel = people.require_channel(context, identifier.platform)
    view = await campaign_leads.get(context, actor, campaign_id=campaign_id, identifier=identifier)
    now = await context.clock.now()
    async with context.pool.acquire() as connection:
        lead = await previews.lead(connection, team_id=actor.team_id, lead_id=view.lead.id)
        sent = await previews.sent(connection, team_id=actor.team_id, lead_id=view.lead.id)
        outline = await outlines.read(connection, team_id=actor.team_id, campaign_ids=[campaign_id])
        composer = await composing.prepare(connection, team_id=actor.team_id, leads=[lead], outline=outline)
    limit = channel.capabilities.longest_text
    messages = _messages(composer, lead, view, sent, limit=limit)
    version = lead.sequence_version or outline[campaign_id].sequence_version
    timed = _timed(messages, composer.steps(lead), lead, view, outline[campaign_id], now)
    return Preview(version=version, limit=limit, messages=timed)


@dataclass(frozen=True, kw_only=True, slots=True)
class Drafted:
    """A message of a sequence that is not saved, as a lead would get it. `step_id`: of a step that is saved already."""

    step_id: str | None
    rank: int
    text: str | None
    options: Sequence[Option]
    values: Mapping[str, str | None]
    reason: str | None


async def preview_draft(
    context: Context, actor: Actor, *, campaign_id: str, identifier: Identifier, steps: Sequence[NewStep]
) -> tuple[int, list[Drafted]]:
    """Write all messages of a sequence that is not saved, as a lead would get them; return the longest text, and them.

    Raises:
        NotFound: no such campaign, or no such lead in it.
        InvalidRequest: steps that are not a sequence, or that name what the campaign does not have.
        Unprocessable: `platformNotSupported`.
    """
    limit = people.require_channel(context, identifier.platform).capabilities.longest_text
    keys = {"team_id": actor.team_id, "campaign_id": campaign_id}
    async with context.pool.acquire() as connection:
        await campaign_access.require(connection, actor, campaign_id=campaign_id)
        lead_id = await lead_choice.one(connection, actor, campaign_id=campaign_id, identifier=identifier)
        lead = await previews.lead(connection, team_id=actor.team_id, lead_id=lead_id)
        outline = await outlines.read(connection, team_id=actor.team_id, campaign_ids=[campaign_id])
        version = outline[campaign_id].sequence_version
        current = await stored_sequences.steps(connection, **keys, version=version)
        columns = await campaign_columns.all_of(connection, **keys)
        composer = await composing.prepare(connection, team_id=actor.team_id, leads=[lead], outline=outline)
    built = sequences.build(steps, current_ids={step["id"] for step in current}, columns=columns)
    drafted: list[Drafted] = []
    for given, step in zip(steps, built, strict=True):
        if isinstance(step, sequence.MessageStep):
            # What has no id yet is told apart by its place, so that the next look picks the same options.
            named = step if given.id is not None else replace(step, id=f"new {step.rank}")
            draft = composer.draft(lead, named, longest=limit)
            drafted.append(
                Drafted(
                    step_id=given.id,
                    rank=step.rank,
                    text=draft.text,
                    options=_options(step, draft.choices),
                    values=draft.values,
                    reason=draft.reason,
                )
            )
    return limit, drafted


def _messages(
    composer: composing.Composer, lead: DueLead, view: View, sent: Mapping[str, Sent], *, limit: int
) -> list[Message]:
    messages: list[Message] = []
    is_next = view.lead.state in _GOING
    for step in composer.steps(lead):
        if not isinstance(step, sequence.MessageStep):
            continue
        draft = composer.draft(lead, step, longest=limit)
        had = sent.get(step.id)
        text, choices = (draft.text, draft.choices) if had is None else (had.text, had.choices)
        if had is not None:
            place = Place.UNDER_WAY if had.accepted_at is None else Place.SENT
        elif step.rank < lead.rank or (draft.text is not None and draft.text in lead.sent_texts):
            place = Place.PASSED
        elif view.lead.state not in _GOING:
            place = Place.NEVER
        else:
            place, is_next = (Place.NEXT if is_next else Place.LATER), False
        messages.append(
            Message(
                step_id=step.id,
                rank=step.rank,
                place=place,
                text=text,
                options=_options(step, choices),
                values=draft.values if had is None else {},
                reason=draft.reason if had is None else None,
                sent_at=None if had is None else had.accepted_at,
                could_go_at=None,
            )
        )
    return messages


def _options(step: sequence.MessageStep, choices: Sequence[Sequence[int]]) -> list[Option]:
    """Name the options that were picked; a step edited since then may not have them any more."""
    options = []
    for segment_index, option_index in choices:
        segment = step.segments[segment_index] if segment_index < len(step.segments) else None
        if isinstance(segment, sequence.Variation) and option_index < len(segment.options):
            text = segment.options[option_index]
            options.append(Option(segment=segment_index, option=option_index, text=text))
    return options


def _timed(
    messages: Sequence[Message],
    steps: Sequence[sequence.Step],
    lead: DueLead,
    view: View,
    outline: Outline,
    now: datetime,
) -> list[Message]:
    """Say when each message to come could go: after the delays before it, within the sending hours."""
    timed: list[Message] = []
    rank, since, is_possible = lead.rank, lead.since or now, True
    for message in messages:
        if message.place not in (Place.NEXT, Place.LATER) or not is_possible:
            timed.append(message)
            continue
        at = view.next_send_at if message.place is Place.NEXT else None
        if at is None:
            at = window.next_open(
                outline.schedule.hours, max(now, _due_at(steps, message.rank, rank, since), view.lead.due_at or now)
            )
        is_possible = at is not None
        rank, since = message.rank + 1, at or since
        timed.append(replace(message, could_go_at=at))
    return timed


def _due_at(steps: Sequence[sequence.Step], wanted: int, rank: int, since: datetime) -> datetime:
    """Return when the message of rank `wanted` is due for whoever stands at `rank`; what lies between is passed."""
    between = [step for step in steps if step.rank == wanted or not isinstance(step, sequence.MessageStep)]
    due = sequence.message_due(between, rank, since)
    return since if due is None else due.at
