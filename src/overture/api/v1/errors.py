"""Errors on the wire of v1: `{"error": {code, message, status, details, requestId}}`."""

import re
from collections.abc import Sequence
from typing import Any

from pydantic import Field

from overture.api import bodies
from overture.api.refusals import Form
from overture.errors import ApiError

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NAMES = {"contactNotFound": "PROSPECT_NOT_FOUND"}


class ErrorObject(bodies.Answer):
    """An error."""

    code: str = Field(description="What is wrong, for programs.", examples=["CAMPAIGN_NOT_FOUND"])
    message: str = Field(
        description="What is wrong and what to do, for people.", examples=["There is no campaign 'x' in this team."]
    )
    status: int = Field(description="The HTTP status.", examples=[404])
    details: dict[str, Any] | None = Field(description="More, by code.", examples=[{"id": "x"}])
    request_id: str = Field(description="Also in `X-Request-Id`.", examples=["5f0c2a9be41d7c3388a1e6f2"])


class ErrorAnswer(bodies.Answer):
    """What every refused call answers."""

    error: ErrorObject = Field(description="What went wrong.")


def shape(error: ApiError, request_id: str) -> bodies.Answer:
    """Put an error into its wire form."""
    told = ErrorObject(
        code=_name(error.code),
        message=error.message,
        status=error.status,
        details=error.details,
        request_id=request_id,
    )
    return ErrorAnswer(error=told)


def _name(code: str) -> str:
    return _NAMES.get(code) or _WORD.sub("_", code).upper()


def _of_codes(status: int, codes: Sequence[str]) -> dict[str, Any]:
    narrower = {"code": {"enum": list(codes)}, "status": {"const": status}}
    return {"error": {"type": "object", "properties": narrower}}


FORM = Form(name=_name, shape=shape, properties=_of_codes)
"""How its document describes refusals."""
