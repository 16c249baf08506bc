"""A row of a history: when an account and somebody wrote to each other, as an archive or a CSV tells it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from overture.core import columns, csvheader, identifiers, lead_rows
from overture.core.csvheader import HeaderWrong
from overture.core.words import ColumnType

_FIRST_YEAR, _LAST_YEAR = 2000, 2199


class Field(StrEnum):
    """What a column of a history tells."""

    SENT_AT = "sentAt"
    RECEIVED_AT = "receivedAt"
    MESSAGE_ID = "messageId"
    TEXT = "text"


_HEADERS: Mapping[Field, tuple[str, ...]] = {
    Field.SENT_AT: ("sentat", "sent", "senton", "contactedat", "contactedon", "firstcontactedat"),
    Field.RECEIVED_AT: ("receivedat", "received", "receivedon", "repliedat", "repliedon", "wroteat", "lastinboundat"),
    Field.MESSAGE_ID: ("messageid",),
    Field.TEXT: ("text", "message"),
}


class Reason(StrEnum):
    """Why a row that names somebody is not taken."""

    NO_INSTANT = "noInstant"
    NOT_AN_INSTANT = "notAnInstant"
    TWO_INSTANTS = "twoInstants"
    MESSAGE_ID_INVALID = "messageIdInvalid"
    MESSAGE_ID_MISSING = "messageIdMissing"


class Told(NamedTuple):
    """What a row tells: when the account wrote to somebody, when they wrote to it, or both.

    One that names a message tells of exactly one of the two; `text` is what the message says.
    """

    sent_at: datetime | None
    received_at: datetime | None
    message_id: str | None
    text: str

    @property
    def instants(self) -> list[datetime]:
        """When it was, once or twice."""
        return [at for at in (self.sent_at, self.received_at) if at is not None]


def fields(headers: Sequence[str], places: Mapping[int, str]) -> dict[Field, int]:
    """Find what is told in which of these places of a file; other columns are passed over.

    Raises:
        HeaderWrong: no column tells when somebody wrote.
    """
    found = csvheader.matching({place: headers[place] for place in places}, _HEADERS)
    if Field.SENT_AT not in found and Field.RECEIVED_AT not in found:
        raise HeaderWrong(
            "No column tells when somebody wrote: name one sentAt (the account wrote to them) or receivedAt (they "
            "wrote to the account)."
        )
    return found


def filled(headers: Sequence[str], places: Mapping[str, int]) -> list[lead_rows.Filled]:
    """Return the columns of a history as those of a file of leads are read: as text."""
    return [
        lead_rows.Filled(place=place, column_id=field, kind=ColumnType.TEXT, header=headers[place])
        for field, place in places.items()
    ]


def read(platform: str, values: Mapping[str, columns.Value]) -> Told | Reason:
    """Read what a row tells beside whom it names; a reason tells why it is not taken."""
    texts = {name: str(value) for name, value in values.items()}
    instants: dict[Field, datetime] = {}
    for field in (Field.SENT_AT, Field.RECEIVED_AT):
        if field in texts:
            at = instant(texts[field])
            if at is None:
                return Reason.NOT_AN_INSTANT
            instants[field] = at
    if not instants:
        return Reason.NO_INSTANT
    message_id = None
    if Field.MESSAGE_ID in texts:
        # Ids of messages and of people have one form.
        message_id = identifiers.platform_id(platform, texts[Field.MESSAGE_ID])
        if message_id is None:
            return Reason.MESSAGE_ID_INVALID
        if len(instants) > 1:
            return Reason.TWO_INSTANTS
    elif Field.TEXT in texts:
        return Reason.MESSAGE_ID_MISSING
    return Told(
        sent_at=instants.get(Field.SENT_AT),
        received_at=instants.get(Field.RECEIVED_AT),
        message_id=message_id,
        text=texts.get(Field.TEXT, ""),
    )


def instant(text: str) -> datetime | None:
    """Read an instant in ISO 8601, in UTC where it names no zone; a day is its beginning. None: it is none."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
