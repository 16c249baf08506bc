"""Imports of leads and of histories, as a form with the file itself: of any encoding, and never whole in memory."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Request
from pydantic import Field, ValidationError
from starlette.routing import Match
from starlette.types import Scope

from overture.actions import histories, imports
from overture.api import bodies, failures, reading, routing
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.imports import ImportJobAnswer, ImportOptions, answer
from overture.api.lead_bodies import DEFAULT_PLATFORM, ConsentBody
from overture.api.multipart import Upload
from overture.errors import InvalidRequest, Path
from overture.store.pool import Pool

FILE = "file"
SECONDS_IN_ALL = 1_800
SECONDS_BETWEEN = 60
"""How long an upload may take, and stand still: it holds a connection of the database."""

_TEXTS = frozenset({"fileName", "mergeStrategy"})
_NAMELESS = "upload.csv"


class HistoryOptions(bodies.Body):
    """The fields beside the file of a history."""

    file_name: Annotated[str, Field(min_length=1, max_length=255)] = Field(
        description="Name of the file, to know the job by; left out, the one the form gives it.",
        examples=["leads.csv"],
    )
    check_only: bool = Field(default=False, description="Change nothing.", examples=[False])


class UploadOptions(ImportOptions, HistoryOptions):
    """The fields beside the file of leads."""

    consent: ConsentBody | None = Field(default=None, description="Consent of everybody in the file.")


_Options = TypeVar("_Options", bound=HistoryOptions)


class UploadRoute(routing.StreamedRoute):
    """The operation at an address that takes JSON as well: this one where the body is a form."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether a call is for this operation."""
        kind = dict(scope.get("headers", ())).get(b"content-type", b"").partition(b";")[0].strip().lower()
        return super().matches(scope) if kind == b"multipart/form-data" else (Match.NONE, {})


router: APIRouter = routing.router("Imports", route_class=UploadRoute)


def places(pool: Pool) -> asyncio.Semaphore:
    """Make the places for uploads: each holds a connection while its file arrives, and others need some."""
    return asyncio.Semaphore(max(1, pool.get_max_size() // 4))


@router.post("/lists/{list_id}/import-jobs", include_in_schema=False)
async def upload_import_job(
    context: CurrentContext, actor: CurrentActor, list_id: str, request: Request
) -> ImportJobAnswer:
    """Begin to import an uploaded file into a list."""
    upload = _upload(request, UploadOptions)

    def describe() -> imports.NewImport:
        options = _options(upload, UploadOptions)
        return options.new_import(
            platform=DEFAULT_PLATFORM,
            file_name=options.file_name,
            consent=options.consent,
            check_only=options.check_only,
            content_path=(FILE,),
            options_path=(),
        )

    async with request.app.state.upload_places:
        job = await imports.create(context, actor, list_id=list_id, pieces=_in_time(upload.file()), describe=describe)
    return answer(job)


@router.post("/account-links/{account_link_id}/import-jobs", include_in_schema=False)
async def upload_history(
    context: CurrentContext, actor: CurrentActor, account_link_id: str, request: Request
) -> ImportJobAnswer:
    """Begin to import an uploaded history of an account."""
    upload = _upload(request, HistoryOptions)

    def describe() -> histories.NewHistory:
        options = _options(upload, HistoryOptions)
        return histories.NewHistory(file_name=options.file_name, check_only=options.check_only)

    async with request.app.state.upload_places:
        job = await histories.create(
            context,
            actor,
            account_id=account_link_id,
            pieces=_in_time(upload.file()),
            content_path=(FILE,),
            describe=describe,
        )
    return answer(job)


def _upload(request: Request, kind: type[bodies.Body]) -> Upload:
    fields = {field.alias or name for name, field in kind.model_fields.items()}
    return Upload(request, file=FILE, fields=fields)


async def _in_time(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    end = loop.time() + SECONDS_IN_ALL
    while True:
        try:
            async with asyncio.timeout_at(min(end, loop.time() + SECONDS_BETWEEN)):
                piece = await anext(pieces, None)
        except TimeoutError as error:
            raise InvalidRequest([((FILE,), "The upload takes too long; send it again in smaller files.")]) from error
        if piece is None:
            return
        yield piece


def _options(upload: Upload, kind: type[_Options]) -> _Options:
    given: dict[str, Any] = {"fileName": _bare(upload.file_name)}
    for name, value in upload.fields.items():
        given[name] = value if name in _TEXTS else _parsed(name, value)
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        found = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        raise failures.issues(found, given) from error


def _parsed(name: str, text: str) -> Any:
    """Read a field whose value is JSON."""
    try:
        parsed = reading.parse(f'{{"{name}": {text}}}'.encode())
    except InvalidRequest as error:
        raise InvalidRequest([_placed(name, issue) for issue in (error.details or {})["issues"]]) from error
    if set(parsed) != {name}:
        raise InvalidRequest([((name,), "Must be JSON, as in the body of the same call without a file.")])
    return parsed[name]


def _placed(name: str, issue: dict[str, Any]) -> tuple[Path, str]:
    path: Path = issue["path"] or (name,)
    return path, str(issue["message"]).replace("The body is", "The value is")


def _bare(file_name: str | None) -> str:
    """Return a file's name without the folders some browsers put before it."""
    return ((file_name or "").replace("\\", "/").rpartition("/")[2] or _NAMELESS)[-255:]
