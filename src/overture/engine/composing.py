"""Composing: from a lead's position and values to the message that is due, or to the reason why there is none."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from overture.core import sequence, text
from overture.engine import versions
from overture.store import claims, outlines
from overture.store.pool import Connection

RESTORED = "restored"
"""Why a lead is held that may have had its message: the backup that was restored does not tell."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message ready to leave; `likes` are the like steps passed on the way to it."""

    step: sequence.MessageStep
    version: int
    text: str
    choices: tuple[tuple[int, int], ...]
    likes: tuple[sequence.LikeStep, ...] = ()


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it would read now. `reason` tells why it would be held; without a text a value is missing.

    `values`: of the variables it uses. `choices`: (segment, option) of its variations.
    """

    text: str | None
    choices: tuple[tuple[int, int], ...]
    values: Mapping[str, str | None]
    reason: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Later:
    """The next message is due at another instant."""

    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A person has to mend something first."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """No message is left."""


Composed = Message | Later | Held | Finished


class Composer:
    """Writes messages for leads of one team; versions and list values are read once per batch."""

    def __init__(
        self,
        *,
        versions: Mapping[tuple[str, int], Sequence[sequence.Step]],
        outline: Mapping[str, outlines.Outline],
        values: Mapping[tuple[str, str], Mapping[str, Any]],
    ) -> None:
        self._versions = versions
        self._outlines = outline
        self._values = values

    def compose(self, lead: claims.DueLead, *, now: datetime, longest: int) -> Composed:
        """Write the message that is due to `lead` at `now`; `longest` is the platform's limit in code points."""
        outline = self._outlines[lead.campaign_id]
        version = lead.sequence_version or outline.sequence_version
        steps = self._versions.get((lead.campaign_id, version), ())
        rank = lead.rank
        while True:
            due = sequence.message_due(steps, rank, lead.since or now)
            if due is None:
                return Finished()
            if due.at > now:
                return Later(at=due.at)
            draft = self.draft(lead, due.step, longest=longest)
            if draft.text is None or draft.text not in lead.sent_texts:
                break
            rank = due.step.rank + 1  # the lead has had this text already: the step counts as done
        if draft.reason is not None:
            return Held(reason=draft.reason)
        assert draft.text is not None
        if lead.unplaced_texts and text.plain(draft.text) in map(text.plain, lead.unplaced_texts):
            return Held(reason=RESTORED)
        return Message(step=due.step, version=version, text=draft.text, choices=draft.choices, likes=due.skipped_likes)

    def draft(self, lead: claims.DueLead, step: sequence.MessageStep, *, longest: int) -> Draft:
        """Write one message for `lead`, whether it is due or not."""
        names = {segment.name for segment in step.segments if isinstance(segment, sequence.Variable)}
        # Reading names out of a profile costs more than all the rest: only for a message that uses them.
        values = self.lead_values(lead, names=names) if names else {}
        rendered = text.render(step, lead_key=lead.lead_id, values=values)
        shown = {name: values.get(name) for name in names}
        if isinstance(rendered, text.Missing):
            return Draft(text=None, choices=(), values=shown, reason=f"variableMissing:{rendered.variable}")
        choices = tuple((choice.segment_index, choice.option_index) for choice in rendered.choices)
        reason = "textTooLong" if text.length(rendered.text) > longest else None
        return Draft(text=rendered.text, choices=choices, values=shown, reason=reason)

    def steps(self, lead: claims.DueLead) -> Sequence[sequence.Step]:
        """Return the steps of the version a lead follows."""
        version = lead.sequence_version or self._outlines[lead.campaign_id].sequence_version
        return self._versions.get((lead.campaign_id, version), ())

    def lead_values(self, lead: claims.DueLead, *, names: Set[str]) -> dict[str, str | None]:
        """Return a lead's values by variable, at least those called `names`.

        A value set on the lead comes first, then the lists in order, the first that is not empty.
        """
        values: dict[str, str | None] = {}
        for list_id, mapping in reversed(self._outlines[lead.campaign_id].mappings):
            held = self._values.get((list_id, lead.profile_id), {})
            for source, target in mapping.items():
                if (shown := show(held.get(source))) is not None:
                    values[target] = shown
        for column, value in lead.data.items():
            if (shown := show(value)) is not None:
                values[column] = shown
        if not names & sequence.BUILT_IN_VARIABLES:
            return values
        return values | text.profile_values(
            name=lead.display_name,
            username=lead.username,
            bio=lead.bio,
            location=lead.location,
            website=lead.website,
            follower_count=lead.follower_count,
        )


async def prepare(
    connection: Connection,
    *,
    team_id: str,
    leads: Sequence[claims.DueLead],
    outline: Mapping[str, outlines.Outline],
) -> Composer:
    """Read what these leads' messages need beside their campaigns' outlines, in two statements at most."""
    wanted = {(lead.campaign_id, lead.sequence_version or outline[lead.campaign_id].sequence_version) for lead in leads}
    steps = await versions.steps(connection, team_id=team_id, wanted=wanted)
    list_ids = sorted({list_id for entry in outline.values() for list_id, _ in entry.mappings})
    values = await outlines.list_values(
        connection, team_id=team_id, list_ids=list_ids, profile_ids=[lead.profile_id for lead in leads]
    )
    return Composer(versions=steps, outline=outline, values=values)


def show(value: Any) -> str | None:
    """Return a column value as it reads in a message; None when there is nothing to read."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip() or None
