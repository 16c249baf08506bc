"""Imports into lists."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import Query
from fastapi.responses import StreamingResponse
from pydantic import Field

from overture.actions import audiences, imports
from overture.api import bodies, refusals, routing, tables
from overture.api.audiences import FollowSource, LikesSource
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.lead_bodies import DEFAULT_PLATFORM, ConsentBody
from overture.api.paging import CurrentPage, Page
from overture.core.csvheader import MOST_HEADERS, Mapped
from overture.core.words import JobStatus, MergeStrategy
from overture.errors import Path
from overture.store.imports import Job

router = routing.router("Imports")
_EXAMPLE_CSV = "username,company\nana,Acme\n"
_PIECE_CHARACTERS = 262_144
_AS_A_FORM: dict[str, Any] = {
    "requestBody": {
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "description": "The file itself, in any usual encoding, with what `data` holds as further fields.",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "The CSV.",
                            "examples": ["username\nana\n"],
                        },
                        "fileName": {
                            "type": "string",
                            "description": "Name of the file, to know the job by; left out, the one of the part.",
                            "examples": ["leads.csv"],
                        },
                        "columnMapping": {
                            "type": "string",
                            "description": "As in `data`, as JSON.",
                            "examples": ['[{"csvHeader": "Handle", "targetColumnId": "username"}]'],
                        },
                        "mergeStrategy": {"type": "string", "description": "As in `data`.", "examples": ["fillEmpty"]},
                        "consent": {
                            "type": "string",
                            "description": "As in the JSON body, as JSON.",
                            "examples": ['{"basis": "signedUp", "evidence": "Form of 2026-11-02"}'],
                        },
                        "checkOnly": {"type": "string", "description": "`true` or `false`.", "examples": ["true"]},
                    },
                }
            }
        }
    }
}


class MappedColumn(bodies.Body):
    """What one column of the file fills."""

    csv_header: Annotated[str, Field(min_length=1, max_length=10_000)] = Field(
        description="Header in the file.", examples=["company"]
    )
    target_column_id: Annotated[str, Field(min_length=1, max_length=255)] = Field(
        description="`platformId`, `username`, `profileUrl`, or the id of a column of the list.",
        examples=["custom_f0mdbz3k91yq0c8f4w2n7xhs"],
    )


class ImportOptions(bodies.Body):
    """What to do with a file, however it comes."""

    column_mapping: Annotated[list[MappedColumn], Field(max_length=MOST_HEADERS)] | None = Field(
        default=None,
        description="What to read; other columns are passed over, except that a usual header still tells who a row "
        "is if nothing here does. Left out: every column, into list columns of the same name.",
    )
    merge_strategy: bodies.Choice[MergeStrategy] = Field(
        default=MergeStrategy.OVERWRITE,
        description="For people on the list already: `overwrite` their values, `fillEmpty` ones only, or `keep` all. "
        "An empty cell never clears a value.",
        examples=["overwrite"],
    )

    def new_import(
        self,
        *,
        platform: str,
        file_name: str,
        consent: ConsentBody | None,
        check_only: bool,
        content_path: Path,
        options_path: Path,
    ) -> imports.NewImport:
        """Return what is to be done.

        Args:
            platform: whose people the file names.
            file_name: what the file is called.
            consent: to record for everybody in it.
            check_only: change nothing.
            content_path: where in the request it is.
            options_path: where in the request these options are.
        """
        mapping = None
        if self.column_mapping is not None:
            mapping = [Mapped(header=one.csv_header, target=one.target_column_id) for one in self.column_mapping]
        return imports.NewImport(
            platform=platform,
            file_name=file_name,
            mapping=mapping,
            merge_strategy=self.merge_strategy,
            check_only=check_only,
            consent=None if consent is None else consent.to_consent(),
            content_path=content_path,
            mapping_path=(*options_path, "columnMapping"),
        )


class CsvSource(ImportOptions):
    """A CSV file; delimiter and usual headers are recognised."""

    type: Literal["csv"] = Field(description="The kind of import.", examples=["csv"])
    content: str = Field(description="The text of the file; its first line names the columns.", examples=[_EXAMPLE_CSV])
    file_name: Annotated[str, Field(min_length=1, max_length=255)] = Field(
        description="Name of the file, to know the job by.", examples=["leads.csv"]
    )


class CreateImport(bodies.Body):
    """What to import."""

    data: Annotated[CsvSource | FollowSource | LikesSource, Field(discriminator="type")] = Field(
        description="Where the leads come from: a file, or people the platform lists."
    )
    consent: ConsentBody | None = Field(
        default=None,
        description="Consent to record for everybody it names, also for those who are on the list already.",
    )
    check_only: bool = Field(
        default=False,
        description="Read and check everybody, count and collect the rejects as an import would, and change nothing.",
        examples=[False],
    )


class ImportJobAnswer(bodies.Answer):
    """One import job."""

    id: str = Field(description="Id of the job.", examples=["j0mdbz3k91yq0c8f4w2n7xhs"])
    type: str = Field(description="`csv`, `followers`, `following`, `likes` or `history`.", examples=["csv"])
    list_id: str = Field(
        description="The list it fills; a `history` fills the list Contacted.", examples=["l0mdbz3k91yq0c8f4w2n7xhs"]
    )
    account_link_id: str | None = Field(
        description="The account whose history it is; null for other types.",
        examples=[None, "a0mdbz3k91yq0c8f4w2n7xhs"],
    )
    status: JobStatus = Field(
        description="`paused` goes on by itself; `completed`, `failed` and `canceled` are final.", examples=["running"]
    )
    total_count: int | None = Field(
        description="Rows of the file: at most so many, until the job is completed. Null while nobody knows.",
        examples=[1000],
    )
    processed_count: int = Field(description="Rows worked off; a listed person is one.", examples=[600])
    added_count: int = Field(
        description="Rows that put somebody on the list; of a `history`, rows that told something new.", examples=[500]
    )
    skipped_count: int = Field(
        description="Rows of people who were on the list already, or in an earlier row; of a `history`, rows that told "
        "nothing new.",
        examples=[80],
    )
    failed_count: int = Field(description="Rows not taken; `rejects.csv` tells why.", examples=[20])
    error: str | None = Field(
        description="What went wrong, or what it waits for.",
        examples=[None, "The file is empty: its first line must name the columns."],
    )
    created_at: bodies.Instant = Field(description="When it was asked for.")
    updated_at: bodies.Instant = Field(description="When it last got on.")
    completed_at: bodies.Instant | None = Field(description="When it ended.")
    check_only: bool = Field(
        description="It only checks the file; its counts are what an import would do.", examples=[False]
    )
    undone_at: bodies.Instant | None = Field(description="When it was undone.")


@router.post(
    "/lists/{list_id}/import-jobs",
    summary="Import leads from a file or from the platform",
    openapi_extra=_AS_A_FORM | refusals.of("listNotWritable", "platformNotSupported"),
)
async def create_import_job(
    context: CurrentContext, actor: CurrentActor, list_id: str, body: CreateImport
) -> ImportJobAnswer:
    """Begin to import into a list.

    A CSV comes in up to 64 MiB of JSON, or as a form with the file itself, up to 256 MiB. People whom the platform
    lists (who follows somebody, whom they follow, who liked a post) are read in the background, within its limits.
    """
    if not isinstance(body.data, CsvSource):
        new_audience = body.data.new_audience(consent=body.consent, check_only=body.check_only)
        return answer(await audiences.create(context, actor, list_id=list_id, new=new_audience))
    new = body.data.new_import(
        platform=DEFAULT_PLATFORM,
        file_name=body.data.file_name,
        consent=body.consent,
        check_only=body.check_only,
        content_path=("data", "content"),
        options_path=("data",),
    )
    job = await imports.create(
        context, actor, list_id=list_id, pieces=encoded_text(body.data.content), describe=lambda: new
    )
    return answer(job)


@router.get("/lists/{list_id}/import-jobs", summary="List a list's import jobs")
async def list_import_jobs(
    context: CurrentContext,
    actor: CurrentActor,
    list_id: str,
    paging: CurrentPage,
    status: Annotated[list[JobStatus], Query(description="Only these states.", examples=[["running"]])] = [],  # noqa: B006 - FastAPI copies it
) -> Page[ImportJobAnswer]:
    """Return import jobs, the newest first."""
    rows = await imports.read_page(
        context, actor, list_id=list_id, statuses=status, before=paging.after_id, count=paging.fetch
    )
    shown, cursor = paging.cut(rows, lambda job: (job.id,))
    return Page(data=[answer(job) for job in shown], next_cursor=cursor)


@router.get("/lists/{list_id}/import-jobs/{job_id}", summary="Get an import job")
async def get_import_job(context: CurrentContext, actor: CurrentActor, list_id: str, job_id: str) -> ImportJobAnswer:
    """Return one import job."""
    return answer(await imports.get(context, actor, list_id=list_id, job_id=job_id))


@router.post(
    "/lists/{list_id}/import-jobs/{job_id}/cancel",
    summary="Cancel an import job",
    openapi_extra=refusals.of("importJobFinished"),
)
async def cancel_import_job(context: CurrentContext, actor: CurrentActor, list_id: str, job_id: str) -> ImportJobAnswer:
    """End a job that has not ended; the rows it took stay."""
    return answer(await imports.cancel(context, actor, list_id=list_id, job_id=job_id))


@router.post(
    "/lists/{list_id}/import-jobs/{job_id}/undo",
    summary="Undo an import job",
    openapi_extra=refusals.of("listNotWritable", "importJobNotFinished", "nothingToUndo", "importTooOld"),
)
async def undo_import_job(context: CurrentContext, actor: CurrentActor, list_id: str, job_id: str) -> ImportJobAnswer:
    """Take back what an ended job changed; people and values somebody touched since stay as they are. Up to 90 days
    after its end.
    """
    return answer(await imports.undo(context, actor, list_id=list_id, job_id=job_id))


@router.get(
    "/lists/{list_id}/import-jobs/{job_id}/rejects.csv",
    summary="Download the rows that were not taken",
    response_class=StreamingResponse,
    responses=tables.DOCUMENTED,
    openapi_extra=refusals.of("importTooOld"),
)
async def download_rejects(
    context: CurrentContext, actor: CurrentActor, list_id: str, job_id: str
) -> StreamingResponse:
    """Return the rejected rows as CSV: line, reason and the row. Mended, the file can be imported as it is. Kept for 90
    days after the job's end.
    """
    rows = await imports.rejects(context, actor, list_id=list_id, job_id=job_id)
    return tables.written("rejects.csv", rows)


async def encoded_text(content: str) -> AsyncIterator[bytes]:
    """Return a text as the pieces of a file; for other operations too."""
    for start in range(0, len(content), _PIECE_CHARACTERS):
        yield content[start : start + _PIECE_CHARACTERS].encode()


def answer(job: Job) -> ImportJobAnswer:
    """Put a job into its wire form."""
    return ImportJobAnswer(
        id=job.id,
        type=job.type,
        list_id=job.list_id,
        account_link_id=job.account_id,
        status=JobStatus(job.status),
        total_count=job.total_count,
        processed_count=job.processed_count,
        added_count=job.added_count,
        skipped_count=job.skipped_count,
        failed_count=job.failed_count,
        error=job.error,
        created_at=job.created_at,
        updated_at=job.updated_at,
        completed_at=job.completed_at,
        check_only=job.check_only,
        undone_at=job.undone_at,
    )
