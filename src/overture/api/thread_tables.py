"""Conversations, and so the people of them, as CSV."""

from collections.abc import Mapping, Sequence

from fastapi.responses import StreamingResponse

from overture.actions import statuses, threads
from overture.actions.threads import ThreadExpansion, View
from overture.api import routing, tables
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.wanted_threads import LatestFirst, WantedThreads
from overture.core import instants
from overture.core.cells import Cell
from overture.store.folders import Place
from overture.store.statuses import Status

router = routing.router("Threads")
_TABLE = (
    "id",
    "accountLinkId",
    "account",
    *tables.PROFILE,
    "contactId",
    "status",
    "assignee",
    "archived",
    "unread",
    "lastMessageAt",
    "lastMessageDirection",
    "lastMessage",
    "createdAt",
)


@router.get("/threads.csv", summary="Download threads", response_class=StreamingResponse, responses=tables.DOCUMENTED)
async def download_threads(
    context: CurrentContext, actor: CurrentActor, wanted: WantedThreads, order: LatestFirst = "desc"
) -> StreamingResponse:
    """Return threads with their people as CSV, in the same order. What a spreadsheet would calculate gets a `'`."""

    async def read_statuses(after: tuple[int, str] | None) -> Sequence[Status]:
        return await statuses.read_page(context, actor, after=after, count=tables.AT_ONCE)

    places = tables.pieces(read_statuses, lambda status: (status.position, status.id))
    names = {status.id: status.name async for piece in places for status in piece}

    async def read(after: Place | None) -> Sequence[tuple[Place, View | None]]:
        found, places = await threads.page(
            context,
            actor,
            wanted=wanted,
            descending=order == "desc",
            expand=list(ThreadExpansion),
            after=after,
            limit=tables.AT_ONCE,
        )
        views = {view.thread.id: view for view in found}
        return [(place, views.get(place.id)) for place in places]

    # One that was deleted between the two looks is left out.
    rows = (
        [_cells(view, names) for _, view in piece if view is not None]
        async for piece in tables.pieces(read, lambda row: row[0])
    )
    return tables.answer("threads.csv", _TABLE, rows)


def _cells(view: View, statuses: Mapping[str, str]) -> list[Cell]:
    thread, last = view.thread, view.thread.last
    status_id = None if view.contact is None else view.contact.contact.status_id
    return [
        thread.id,
        thread.account_id,
        None if view.account is None else view.account.username,
        *([None] * len(tables.PROFILE) if view.profile is None else tables.profile(view.profile)),
        thread.contact_id,
        None if status_id is None else statuses.get(status_id),
        None if view.assignee is None else view.assignee.name,
        thread.archived,
        thread.unread,
        None if last is None else instants.written(last.at),
        None if last is None else last.direction,
        None if last is None else last.content,
        instants.written(thread.created_at),
    ]
