"""Sequences: put together, replaced by a new version, read again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from overture import ids
from overture.actions import audit, campaign_access, campaign_columns, campaign_leads
from overture.actions.context import Actor, Context
from overture.core import sequence
from overture.core.words import AuditAction, CampaignStatus, ObjectType, StepType
from overture.engine import pacemaker
from overture.errors import InvalidRequest, Path, Unprocessable
from overture.store import campaign_columns as stored_columns
from overture.store import gates, sequences
from overture.store.campaign_columns import Column
from overture.store.pool import Connection
from overture.store.sequences import Version

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class AppliesTo(StrEnum):
    """Whom a new version concerns: leads under way as well, or only those who have not begun."""

    ALL = "all"
    NEW = "new"


@dataclass(frozen=True, kw_only=True, slots=True)
class NewStep:
    """A step as sent: `data` in wire form; `id` where it continues a step of the current version."""

    type: StepType
    data: Mapping[str, Any]
    id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Replaced:
    """What a replacement made: the version, its steps in wire form, and how many leads take it.

    `ready`: not begun, and will begin with it. `in_sequence`: under way, and go on with it. `ended`: get nothing.
    """

    version: int
    steps: Sequence[dict[str, Any]]
    ready: int
    in_sequence: int
    ended: int


async def check(
    context: Context, actor: Actor, *, campaign_id: str, steps: Sequence[NewStep], applies_to: AppliesTo
) -> Replaced:
    """Say what `replace` would make. Nothing is locked: it is asked while somebody writes, and sends go on.

    Raises:
        NotFound: no such campaign.
        InvalidRequest: steps that are not a sequence, or that name what the campaign does not have.
        Unprocessable: `preflightFailed`: an enabled campaign needs a message to send.
    """
    keys = {"team_id": actor.team_id, "campaign_id": campaign_id}
    async with context.pool.acquire() as connection:
        campaign = await campaign_access.read(connection, actor, campaign_id=campaign_id)
        columns = await stored_columns.all_of(connection, **keys)
        affected = await sequences.affected(connection, **keys)
    built = _whole(steps, campaign.steps, columns, is_enabled=campaign.enabled)
    return _replaced(campaign.sequence_version + 1, built, affected, applies_to)


async def replace(
    context: Context, actor: Actor, *, campaign_id: str, steps: Sequence[NewStep], applies_to: AppliesTo
) -> Replaced:
    """Make a new version of a campaign's sequence; older ones stay readable.

    Raises:
        NotFound: no such campaign.
        InvalidRequest: steps that are not a sequence, or that name what the campaign does not have.
        Unprocessable: `preflightFailed`: an enabled campaign needs a message to send.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        state = await campaign_access.lock_with_accounts(connection, actor, campaign_id=campaign_id)
        keys = {"team_id": actor.team_id, "campaign_id": campaign_id}
        current = await sequences.steps(connection, **keys, version=state.sequence_version)
        columns = await stored_columns.all_of(connection, **keys)
        built = _whole(steps, current, columns, is_enabled=state.enabled)
        affected = await sequences.affected(connection, **keys)
        version = await insert(
            connection, actor, campaign_id=campaign_id, after=state.sequence_version, steps=built, now=now
        )
        if state.sequence_version:
            await _tell_leads(connection, actor, campaign_id, state.sequence_version, built, applies_to, now)
        is_active = state.status == CampaignStatus.ACTIVE
        await campaign_leads.mend(
            connection, actor, campaign_id=campaign_id, lead_ids=None, is_active=is_active, now=now
        )
        if is_active:
            await pacemaker.refresh_campaign(connection, **keys, now=now)
        await gates.change_campaign(connection, **keys, is_open=is_active, now=now)
        await audit.record(
            connection,
            actor,
            action=AuditAction.SEQUENCE_REPLACED,
            object_type=ObjectType.CAMPAIGN,
            object_id=campaign_id,
            now=now,
            before={"version": state.sequence_version},
            after={"version": version, "appliesTo": applies_to},
        )
    context.wake()
    return _replaced(version, built, affected, applies_to)


def _whole(
    steps: Sequence[NewStep], current: Sequence[Mapping[str, Any]], columns: Sequence[Column], *, is_enabled: bool
) -> list[sequence.Step]:
    """Put steps together; those of an enabled campaign must send something."""
    built = build(steps, current_ids={step["id"] for step in current}, columns=columns)
    if is_enabled and not any(isinstance(step, sequence.MessageStep) for step in built):
        raise Unprocessable(
            "An enabled campaign needs a message to send. Add one, or disable the campaign first.",
            code="preflightFailed",
            details={"issues": [_no_message()]},
        )
    return built


def _replaced(
    version: int, built: Sequence[sequence.Step], affected: sequences.Affected, applies_to: AppliesTo
) -> Replaced:
    return Replaced(
        version=version,
        steps=[sequence.as_json(step) for step in built],
        ready=affected.ready,
        in_sequence=affected.in_sequence if applies_to is AppliesTo.ALL else 0,
        ended=affected.ended,
    )


async def versions(
    context: Context, actor: Actor, *, campaign_id: str, before: int | None, limit: int
) -> list[Version]:
    """Return versions of a campaign's sequence, newest first.

    Raises:
        NotFound: no such campaign.
    """
    async with context.pool.acquire() as connection:
        await campaign_access.require(connection, actor, campaign_id=campaign_id)
        return await sequences.page(
            connection, team_id=actor.team_id, campaign_id=campaign_id, before=before, limit=limit
        )


async def insert(
    connection: Connection,
    actor: Actor,
    *,
    campaign_id: str,
    after: int,
    steps: Sequence[sequence.Step],
    now: datetime,
) -> int:
    """Store `steps` as the version after `after`, and make it the current one; return its number."""
    version = after + 1
    await sequences.insert(
        connection,
        team_id=actor.team_id,
        campaign_id=campaign_id,
        version=version,
        steps=[sequence.as_json(step) for step in steps],
        now=now,
    )
    return version


def build(
    new: Sequence[NewStep],
    *,
    current_ids: set[str],
    columns: Sequence[Column],
    by_name: bool = False,
    path: Path = (),
) -> list[sequence.Step]:
    """Put steps together: ids kept or drawn, ranks by place, variables checked against the campaign's columns.

    `by_name`: a variable may name a column by its name, since ids do not exist before the campaign does. `path` leads
    to the object that holds `steps` in the request.

    Raises:
        InvalidRequest: every fault, each with its path.
    """
    column_ids = {column.id for column in columns}
    named, unclear = campaign_columns.by_name(columns) if by_name else ({}, set())
    found: list[tuple[Path, str]] = []
    built: list[sequence.Step] = []
    taken: set[str] = set()
    for rank, step in enumerate(new):
        if step.id is not None and step.id not in current_ids:
            fault = f"{step.id!r} is no step of the current version: leave the id out for a new step."
            found.append(((*path, "steps", rank, "id"), fault))
        elif step.id in taken:
            found.append(((*path, "steps", rank, "id"), f"The step {step.id!r} is given twice."))
        step_id = step.id or ids.new("s")
        taken.add(step_id)
        data = _with_column_ids(step.data, named)
        wire = {"id": step_id, "rank": rank, "type": step.type, "data": data}
        built.append(sequence.parse_step(wire))
    ambiguous = {
        (*where, "name"): name for where, name in variables(built) if name in unclear - sequence.BUILT_IN_VARIABLES
    }
    found.extend(
        ((*path, *problem.path), _sentence(problem.message))
        for problem in sequence.problems(built)
        if tuple(problem.path) not in ambiguous
    )
    found.extend(((*path, *where), campaign_columns.ambiguous(name)) for where, name in ambiguous.items())
    found.extend(
        ((*path, *where, "name"), f"The campaign has no column {name!r}. Create it first, or use another.")
        for where, name in variables(built)
        if name.startswith(sequence.CUSTOM_PREFIX) and name not in column_ids
    )
    if found:
        raise InvalidRequest(found)
    return built


def variables(steps: Sequence[sequence.Step]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield every variable used, with the path to its segment from the sequence."""
    for rank, step in enumerate(steps):
        if isinstance(step, sequence.MessageStep):
            for position, segment in enumerate(step.segments):
                if isinstance(segment, sequence.Variable):
                    yield ("steps", rank, "data", "segments", position), segment.name


async def _tell_leads(
    connection: Connection,
    actor: Actor,
    campaign_id: str,
    before: int,
    built: Sequence[sequence.Step],
    applies_to: AppliesTo,
    now: datetime,
) -> None:
    keys = {"team_id": actor.team_id, "campaign_id": campaign_id}
    if applies_to is AppliesTo.NEW:
        await sequences.pin(connection, **keys, version=before)
        return
    await sequences.carry_over(connection, **keys, before=before, after=before + 1)
    await sequences.reschedule(connection, **keys, waits=_waits(built), now=now)


def _waits(steps: Sequence[sequence.Step]) -> list[tuple[int, int | None]]:
    """For each rank, the seconds a lead there waits for its next message; None where no message is left."""
    found: list[tuple[int, int | None]] = []
    for rank in range(len(steps)):
        due = sequence.message_due(steps, rank, _EPOCH)
        found.append((rank, None if due is None else int((due.at - _EPOCH).total_seconds())))
    return found


def _with_column_ids(data: Mapping[str, Any], named: Mapping[str, str]) -> dict[str, Any]:
    if "segments" not in data:
        return dict(data)
    return {**data, "segments": [_with_column_id(segment, named) for segment in data["segments"]]}


def _with_column_id(segment: Mapping[str, Any], named: Mapping[str, str]) -> dict[str, Any]:
    name = segment.get("name", "")
    if name in sequence.BUILT_IN_VARIABLES or name not in named:
        return dict(segment)
    return {**segment, "name": named[name]}


def _sentence(message: str) -> str:
    return message[0].upper() + message[1:] + "."


def _no_message() -> dict[str, Any]:
    return {
        "severity": "error",
        "code": "noMessage",
        "path": ["steps"],
        "count": 1,
        "message": "The sequence has no message.",
        "remedy": "Add a message step.",
    }
