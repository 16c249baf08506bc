"""The base of everything read from and written to the wire."""

from contextlib import suppress
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, Strict, StringConstraints
from pydantic.alias_generators import to_camel

from overture.core import instants

ID_PATTERN = "^[a-z][0-9a-z]{23}$"
EXAMPLE_TIME = "2026-11-23T09:15:00.000Z"


class Body(BaseModel):
    """What a client sends: strict types, no unknown fields, names in camelCase on the wire."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, alias_generator=to_camel)

    def given(self) -> dict[str, Any]:
        """Return what the client named, by field: for PATCH, where omitted means unchanged."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}


class Answer(BaseModel):
    """What a client gets: every documented field, always; made by the names of the fields."""

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        json_schema_serialization_defaults_required=True,
    )


class ErrorAnswer(Answer):
    """What every refused call answers."""

    code: str = Field(description="What is wrong, for programs.", examples=["invalidRequest"])
    message: str = Field(
        description="What is wrong and what to do, for people.", examples=["name: This is required; add it."]
    )
    details: dict[str, Any] | None = Field(
        description="More, by code.",
        examples=[{"issues": [{"path": ["name"], "message": "This is required; add it."}]}],
    )
    request_id: str = Field(description="Also in `X-Request-Id`.", examples=["5f0c2a9be41d7c3388a1e6f2"])


class Success(Answer):
    """The answer of a call that has nothing to tell."""

    success: bool = Field(default=True, description="Always true.", examples=[True])


def unset(**field: Any) -> Any:
    """Make an optional field of a PATCH body that cannot be null; `Body.given` tells whether it was there."""
    return Field(default=None, json_schema_extra=_without_default, **field)


def _read_instant(value: object) -> datetime:
    """Read an instant from a query: text in ISO 8601 with its time zone, and nothing else."""
    with suppress(ValueError):
        instant = datetime.fromisoformat(str(value))
        if instant.tzinfo is not None:
            return instant.astimezone(UTC) if MINYEAR < instant.year < MAXYEAR else instant.replace(tzinfo=UTC)
    raise ValueError(f"Must be an instant with its time zone, such as {EXAMPLE_TIME} (write a + as %2B).")


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


_Value = TypeVar("_Value")

Choice = Annotated[_Value, Strict(False)]
"""`Choice[SomeEnum]` in a `Body`: JSON has no enums, so their values come as strings."""

Instant = Annotated[
    datetime,
    PlainSerializer(instants.written, return_type=str, when_used="json"),
    Field(examples=[EXAMPLE_TIME]),
]
"""A time in an answer."""

QueryInstant = Annotated[datetime, BeforeValidator(_read_instant)]
"""A time in a query."""

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
Email = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=254)]
Description = Annotated[str, StringConstraints(max_length=1000)]
