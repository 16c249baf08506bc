"""The rows of an import: what they say of whom, whom they find, and which are not taken."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from overture.core import csvheader, lead_rows
from overture.core.csvfile import Record
from overture.core.csvheader import Target
from overture.core.identifiers import IdentifierKind
from overture.core.lead_rows import Layout, LeadRow, Values
from overture.core.words import ColumnType, MergeStrategy
from overture.engine import lookups
from overture.engine.import_batches import Row
from overture.store import import_rejects, lists, people
from overture.store.imports import Job, Reading
from overture.store.pool import Connection

_LINE_END = "\r\n"


@dataclass(kw_only=True, slots=True)
class Found:
    """The profiles behind the rows of one batch, by platform id and by lower-case username."""

    by_id: dict[str, str] = field(default_factory=dict)
    by_username: dict[str, str] = field(default_factory=dict)

    def profile(self, row: LeadRow) -> str | None:
        """Return the profile a row names, if it is known."""
        named = self.by_id if row.identifier.kind is IdentifierKind.PLATFORM_ID else self.by_username
        return named.get(row.identifier.value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Rows to be taken together, the profiles of usernames the team knows, and the platform's answers about others."""

    rows: Sequence[Row]
    known: Mapping[str, str]
    answers: lookups.Answers


async def save_people(connection: Connection, *, team_id: str, platform: str, batch: Batch, now: datetime) -> Found:
    """Make sure that everybody the rows name has a profile, as far as they exist."""
    saved, by_id = await people.save_all(
        connection,
        team_id=team_id,
        platform=platform,
        people=batch.answers.people,
        platform_ids=identifiers(batch.rows, IdentifierKind.PLATFORM_ID),
        now=now,
    )
    met = {person.username.lower(): saved[person.platform_id] for person in batch.answers.people}
    return Found(by_id=by_id, by_username={**batch.known, **met})


async def find_people(connection: Connection, *, team_id: str, platform: str, batch: Batch) -> Found:
    """Return those whom the rows name and nothing is made for; whoever has no profile yet stands for themselves."""
    platform_ids = identifiers(batch.rows, IdentifierKind.PLATFORM_ID)
    met = {person.username.lower(): person.platform_id for person in batch.answers.people}
    named = [*platform_ids, *met.values()]
    profiles = await people.find_ids(connection, team_id=team_id, platform=platform, platform_ids=named)
    by_id = {platform_id: profiles.get(platform_id, platform_id) for platform_id in named}
    by_username = {username: by_id[platform_id] for username, platform_id in met.items()}
    return Found(by_id=by_id, by_username={**batch.known, **by_username})


async def read_layout(connection: Connection, *, team_id: str, job: Job, reading: Reading) -> Layout:
    """Join what the job says of the file with the columns the list has now."""
    columns = await lists.read_columns(connection, team_id=team_id, list_id=job.list_id)
    kinds = {column.id: ColumnType(column.type) for column in columns}
    if job.check_only:
        # Columns the import would make; nothing has made them.
        kinds = {filled.column_id: ColumnType.TEXT for filled in reading.filled} | kinds
    return Layout(
        platform=reading.platform,
        width=len(reading.headers),
        ours=csvheader.ours(reading.headers),
        identifiers={Target(target): place for target, place in reading.identifiers.items()},
        filled=[
            lead_rows.Filled(
                place=filled.place,
                column_id=filled.column_id,
                kind=kinds[filled.column_id],
                header=reading.headers[filled.place],
            )
            for filled in reading.filled
            if filled.column_id in kinds
        ],
    )


def identifiers(rows: Sequence[Row], kind: IdentifierKind) -> list[str]:
    """Return what rows say of their person in this way."""
    return [
        row.said.identifier.value for row in rows if isinstance(row.said, LeadRow) and row.said.identifier.kind is kind
    ]


def answered(rows: Sequence[Row], known: Mapping[str, str], answers: lookups.Answers) -> Sequence[Row]:
    """Return the rows before the first one whose username is known to nobody yet."""
    met = {person.username.lower() for person in answers.people}
    for number, row in enumerate(rows):
        said = row.said
        if isinstance(said, LeadRow) and said.identifier.kind is IdentifierKind.USERNAME:
            username = said.identifier.value
            if username not in known and username not in met and username not in answers.absent:
                return rows[:number]
    return rows


def sort_out(
    rows: Sequence[Row],
    found: Found,
    absent: Mapping[str, str],
    *,
    layout: Layout,
    column_ids: set[str],
    strategy: MergeStrategy,
) -> tuple[dict[str, Values], list[import_rejects.Reject]]:
    """Divide rows into values by profile, several rows of one person put together, and rejects."""
    taken: dict[str, Values] = {}
    rejects: list[import_rejects.Reject] = []
    is_whole = column_ids.issuperset(filled.column_id for filled in layout.filled)
    for row in rows:
        said = row.said
        if isinstance(said, str):
            rejects.append(reject(layout, row.record, said))
            continue
        profile_id = found.profile(said)
        if profile_id is None:
            reason = absent.get(said.identifier.value, lead_rows.Reason.NOT_FOUND)
            rejects.append(reject(layout, row.record, reason))
            continue
        values = said.values
        if not is_whole:
            # A column was deleted while the file was being read.
            values = {column_id: value for column_id, value in values.items() if column_id in column_ids}
        before = taken.get(profile_id)
        taken[profile_id] = values if before is None else lead_rows.merged(strategy, before, values)
    return taken, rejects


def reject(layout: Layout, record: Record, reason: str) -> import_rejects.Reject:
    """Keep a row as one record of CSV; one that cannot be read becomes its only field."""
    written = io.StringIO()
    if record.problem is None:
        fields = [cell for place, cell in enumerate(record.fields) if place not in layout.ours]
    else:
        fields = [record.text.replace("\x00", "\ufffd")]
    # The writer quotes a line break within a cell only where it is told to end lines with one.
    csv.writer(written, lineterminator=_LINE_END).writerow(fields)
    return import_rejects.Reject(
        line=record.line, reason=str(reason), content=written.getvalue().removesuffix(_LINE_END)
    )
