"""The table of X's refusals: data of this program (`refusals.toml`), and rows of an operator that come before it."""

import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from overture.core.words import OutcomeKind

LARGEST_FILE = 1_048_576


class RefusalsUnusable(ValueError):
    """A file of refusals cannot be used; the text says where, and what is wrong."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One kind of refusal. Every condition given must hold; the first row that matches decides.

    `problem` is the last part of the problem's type, `code` the older number, `phrase` a part of the detail
    or of a message, `detail` the whole of it; texts are compared without regard to case.
    """

    kind: OutcomeKind
    reason: str
    status: int | None = None
    problem: str | None = None
    code: int | None = None
    phrase: str | None = None
    detail: str | None = None


_Text = Annotated[str, Field(min_length=1, max_length=500)]


class _Written(BaseModel):
    """A row as it is written in a file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Literal[
        "recipientRefused",
        "senderRefused",
        "rateLimited",
        "outOfCredit",
        "authLost",
        "unknown",
        "notSent",
        "invalid",
    ]
    reason: Annotated[str, Field(pattern=r"^[a-z][A-Za-z0-9]{0,39}$")]
    status: Annotated[int, Field(ge=400, le=499)] | None = None
    problem: _Text | None = None
    code: int | None = None
    phrase: _Text | None = None
    detail: _Text | None = None

    @model_validator(mode="after")
    def _has_a_condition(self) -> Self:
        if all(each is None for each in (self.status, self.problem, self.code, self.phrase, self.detail)):
            raise ValueError("Needs one of status, problem, code, phrase and detail, or it would match everything.")
        return self

    def row(self) -> Row:
        return Row(
            kind=OutcomeKind(self.kind),
            reason=self.reason,
            status=self.status,
            problem=None if self.problem is None else self.problem.casefold(),
            code=self.code,
            phrase=self.phrase,
            detail=self.detail,
        )


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    refusal: list[_Written]


def built_in() -> tuple[Row, ...]:
    """Return the refusals of a direct message seen in X's documentation and in the field, most specific first."""
    return _read(resources.files(__package__).joinpath("refusals.toml").read_text(encoding="utf-8"))


def load(path: Path) -> tuple[Row, ...]:
    """Return the rows of an operator's file, in its order.

    Raises:
        RefusalsUnusable: there is no such file, or what stands in it makes no sense.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise RefusalsUnusable(f"{path} is larger than {LARGEST_FILE} bytes.")
        return _read(content.decode("utf-8"))
    except OSError as error:
        raise RefusalsUnusable(f"{path} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        raise RefusalsUnusable(f"{path}: {'; '.join(map(_fault, error.errors()))}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise RefusalsUnusable(f"{path} is no TOML file: {error}") from error


def _read(text: str) -> tuple[Row, ...]:
    return tuple(written.row() for written in _File.model_validate(tomllib.loads(text)).refusal)


def _fault(fault: object) -> str:
    """Say where a file is wrong: rows are counted from 1, as people count."""
    assert isinstance(fault, dict)
    place = " ".join(str(part + 1) if isinstance(part, int) else str(part) for part in fault["loc"])
    return f"{place}: {fault['msg'].removeprefix('Value error, ')}"
