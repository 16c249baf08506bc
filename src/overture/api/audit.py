"""The audit: who did what, and when."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from fastapi.responses import StreamingResponse
from pydantic import Field

from overture.actions import audit
from overture.api import bodies, routing, tables
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.paging import CurrentPage, Page
from overture.core import instants
from overture.core.cells import Cell
from overture.core.words import ActorType, AuditAction, ObjectType
from overture.store.audits import Entry, Filters

router = routing.router("Audit")
_TABLE = ("at", "actorType", "actorId", "actorName", "action", "objectType", "objectId", "before", "after")


class ActorAnswer(bodies.Answer):
    """Who did it."""

    type: ActorType = Field(
        description="`token`, `member` who has signed in, or `operator` for whoever runs the program on its machine.",
        examples=["token"],
    )
    id: str | None = Field(
        description="Id of the token or the member; null for the operator.", examples=["k0mdbz3k91yq0c8f4w2n7xhs"]
    )
    name: str = Field(description="Its name at that time.", examples=["Dashboard"])


class ObjectAnswer(bodies.Answer):
    """What it was done to."""

    type: ObjectType = Field(description="What kind of thing it is.", examples=["campaign"])
    id: str = Field(description="Id of the thing.", examples=["c0mdbz3k91yq0c8f4w2n7xhs"])


class EntryAnswer(bodies.Answer):
    """One act."""

    id: str = Field(description="Id of the entry.", examples=["y0mdbz3k91yq0c8f4w2n7xhs"])
    at: bodies.Instant = Field(description="When it was done.")
    actor: ActorAnswer = Field(description="Whose act it was.")
    action: AuditAction = Field(description="What was done.", examples=["campaign.enabled"])
    object: ObjectAnswer = Field(description="The thing it was done to.")
    before: dict[str, Any] | None = Field(
        description="What the act changed, as it was; null where there was nothing before.",
        examples=[{"hourlyMessageRate": 8}],
    )
    after: dict[str, Any] | None = Field(
        description="The same as the act left it, or what the act was about; null where nothing is left.",
        examples=[{"hourlyMessageRate": 12}],
    )


@router.get("/audit", summary="List who did what")
async def list_audit(
    context: CurrentContext,
    actor: CurrentActor,
    paging: CurrentPage,
    action: Annotated[list[AuditAction], Query(description="Only these acts.", examples=[["campaign.enabled"]])] = [],  # noqa: B006 - FastAPI copies it
    object_type: Annotated[
        ObjectType | None,
        Query(alias="objectType", description="Only acts on things of this kind.", examples=["campaign"]),
    ] = None,
    object_id: Annotated[
        str | None,
        Query(
            alias="objectId",
            description="Only acts on this thing.",
            max_length=64,
            examples=["c0mdbz3k91yq0c8f4w2n7xhs"],
        ),
    ] = None,
    since: Annotated[
        bodies.QueryInstant | None,
        Query(alias="from", description="Only acts at or after this instant.", examples=[bodies.EXAMPLE_TIME]),
    ] = None,
    until: Annotated[
        bodies.QueryInstant | None,
        Query(alias="to", description="Only acts before this instant.", examples=["2026-11-24T00:00:00.000Z"]),
    ] = None,
) -> Page[EntryAnswer]:
    """Return what people and their programs did, the newest first. Entries are never changed nor deleted."""
    after = None
    if paging.after is not None:
        instant, entry_id = paging.after
        after = (datetime.fromisoformat(str(instant)), str(entry_id))
    filters = Filters(actions=action, object_type=object_type, object_id=object_id, since=since, until=until)
    rows = await audit.page(context, actor, filters=filters, after=after, limit=paging.fetch)
    shown, cursor = paging.cut(rows, lambda entry: (entry.at.isoformat(), entry.id))
    return Page(data=[_answer(entry) for entry in shown], next_cursor=cursor)


@router.get(
    "/audit.csv", summary="Download who did what", response_class=StreamingResponse, responses=tables.DOCUMENTED
)
async def download_audit(
    context: CurrentContext,
    actor: CurrentActor,
    since: Annotated[
        bodies.QueryInstant | None,
        Query(alias="from", description="Only acts at or after this instant.", examples=[bodies.EXAMPLE_TIME]),
    ] = None,
    until: Annotated[
        bodies.QueryInstant | None,
        Query(alias="to", description="Only acts before this instant.", examples=["2026-11-24T00:00:00.000Z"]),
    ] = None,
) -> StreamingResponse:
    """Return what people and their programs did as CSV, the newest first, with what changed as JSON."""
    filters = Filters(actions=[], object_type=None, object_id=None, since=since, until=until)

    async def read(after: tuple[datetime, str] | None) -> Sequence[Entry]:
        return await audit.page(context, actor, filters=filters, after=after, limit=tables.AT_ONCE)

    rows = ([_cells(one) for one in piece] async for piece in tables.pieces(read, lambda one: (one.at, one.id)))
    return tables.answer("audit.csv", _TABLE, rows)


def _cells(entry: Entry) -> list[Cell]:
    return [
        instants.written(entry.at),
        entry.actor_type,
        entry.actor_id,
        entry.actor_name,
        entry.action,
        entry.object_type,
        entry.object_id,
        None if entry.before is None else json.dumps(entry.before, ensure_ascii=False),
        None if entry.after is None else json.dumps(entry.after, ensure_ascii=False),
    ]


def _answer(entry: Entry) -> EntryAnswer:
    return EntryAnswer(
        id=entry.id,
        at=entry.at,
        actor=ActorAnswer(type=ActorType(entry.actor_type), id=entry.actor_id, name=entry.actor_name),
        action=AuditAction(entry.action),
        object=ObjectAnswer(type=ObjectType(entry.object_type), id=entry.object_id),
        before=None if entry.before is None else dict(entry.before),
        after=None if entry.after is None else dict(entry.after),
    )
