"""Imports of an account's history: what it and others wrote to each other before it was linked."""

from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import Field

from overture.actions import histories
from overture.api import bodies, routing
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.imports import ImportJobAnswer, answer, encoded_text
from overture.api.paging import CurrentPage, Page
from overture.core.words import JobStatus

router = routing.router("Account links")
_EXAMPLE = "username,sentAt,receivedAt\nana,2025-03-01T09:30:00Z,2025-03-02T18:00:00Z\n"
_AS_A_FORM: dict[str, Any] = {
    "requestBody": {
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "description": "The file itself, with what the JSON body holds as further fields.",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "`data/direct-messages.js` of an archive of X, or a CSV.",
                            "examples": [_EXAMPLE],
                        },
                        "fileName": {
                            "type": "string",
                            "description": "Name of the file, to know the job by; left out, the one of the part.",
                            "examples": ["direct-messages.js"],
                        },
                        "checkOnly": {"type": "string", "description": "`true` or `false`.", "examples": ["true"]},
                    },
                }
            }
        }
    }
}


class HistorySource(bodies.Body):
    """An archive of X, or a CSV."""

    type: Literal["history"] = Field(description="The kind of import.", examples=["history"])
    content: str = Field(
        description="The text of the file: `data/direct-messages.js` of an archive of X; or a CSV whose columns name "
        "the person (`username`, `platformId` or `profileUrl`), tell when the account wrote to them (`sentAt`) and "
        "they to it (`receivedAt`), and may give a message with `messageId` and `text`.",
        examples=[_EXAMPLE],
    )
    file_name: Annotated[str, Field(min_length=1, max_length=255)] = Field(
        description="Name of the file, to know the job by.", examples=["direct-messages.js"]
    )


class ImportHistory(bodies.Body):
    """What to import."""

    data: HistorySource = Field(description="The file.")
    check_only: bool = Field(
        default=False,
        description="Read and check every row, count and collect the rejects as an import would, and change nothing.",
        examples=[False],
    )


@router.post(
    "/account-links/{account_link_id}/import-jobs", summary="Import the history of an account", openapi_extra=_AS_A_FORM
)
async def import_history(
    context: CurrentContext, actor: CurrentActor, account_link_id: str, body: ImportHistory
) -> ImportJobAnswer:
    """Begin to import what the account and others wrote to each other before the platform's own record begins.

    It fills the lists Contacted and Mutual, counts as having written to the account, and honours every "stop"; nothing
    of it counts as sent by Overture. A file comes in up to 64 MiB of JSON, or as a form with the file itself, up to 256
    MiB. The job is followed, canceled, and its rejects are read at `/lists/{listId}/import-jobs/{id}`.
    """
    new = histories.NewHistory(file_name=body.data.file_name, check_only=body.check_only)
    job = await histories.create(
        context,
        actor,
        account_id=account_link_id,
        pieces=encoded_text(body.data.content),
        content_path=("data", "content"),
        describe=lambda: new,
    )
    return answer(job)


@router.get("/account-links/{account_link_id}/import-jobs", summary="List the imports of an account's history")
async def list_history_imports(
    context: CurrentContext,
    actor: CurrentActor,
    account_link_id: str,
    paging: CurrentPage,
    status: Annotated[list[JobStatus], Query(description="Only these states.", examples=[["running"]])] = [],  # noqa: B006 - FastAPI copies it
) -> Page[ImportJobAnswer]:
    """Return import jobs, the newest first."""
    rows = await histories.read_page(
        context, actor, account_id=account_link_id, statuses=status, before=paging.after_id, count=paging.fetch
    )
    shown, cursor = paging.cut(rows, lambda job: (job.id,))
    return Page(data=[answer(job) for job in shown], next_cursor=cursor)
