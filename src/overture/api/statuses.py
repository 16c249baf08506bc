"""Statuses of the pipeline and the colour palette."""

from pydantic import Field

from overture.actions import statuses
from overture.api import bodies, refusals, routing
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.paging import Page, ShortPage
from overture.core import colors
from overture.store.statuses import Status

router = routing.router("Statuses")
_COLOR = "A palette name or a hexadecimal colour."
_REFERENCE = "Id or name of the status; case and accents of the name do not matter."


class CreateStatus(bodies.Body):
    """A new status."""

    name: bodies.Name = Field(description="Unique in the team, whatever its case and accents.", examples=["Won"])
    color: str | None = Field(default=None, description=_COLOR + " Left out: one is chosen.", examples=["green"])


class ChangeStatus(bodies.Body):
    """What to change of a status; what is left out stays."""

    name: bodies.Name = bodies.unset(description="New name.", examples=["Customer"])
    color: str = bodies.unset(description=_COLOR, examples=["#40c057"])


class OrderStatuses(bodies.Body):
    """All statuses of the team in another order."""

    ids: list[str] = Field(
        description="The ids of all statuses, each once, in their new order.",
        examples=[["w0mdbz3k91yq0c8f4w2n7xhs"]],
    )


class StatusAnswer(bodies.Answer):
    """One status."""

    id: str = Field(description="Id of the status.", examples=["w0mdbz3k91yq0c8f4w2n7xhs"])
    name: str = Field(description="Name of the status.", examples=["Won"])
    color: str = Field(description="Colour, `#rrggbb`.", examples=["#40c057"])
    created_at: bodies.Instant = Field(description="When it was made.")


class ColorAnswer(bodies.Answer):
    """One colour of the palette."""

    name: str = Field(description="Name of the colour.", examples=["green"])
    hex: str = Field(description="Its value, `#rrggbb`.", examples=["#40c057"])


@router.get("/colors", summary="List the palette")
async def list_colors() -> list[ColorAnswer]:
    """Return the colours that have names."""
    return [ColorAnswer(name=name, hex=value) for name, value in colors.PALETTE.items()]


@router.get("/statuses", summary="List statuses")
async def list_statuses(context: CurrentContext, actor: CurrentActor, paging: ShortPage) -> Page[StatusAnswer]:
    """Return the statuses in the order of the board."""
    rows = await statuses.read_page(context, actor, after=paging.after_placed, count=paging.fetch)
    shown, cursor = paging.cut(rows, lambda status: (status.position, status.id))
    return Page(data=[answer(status) for status in shown], next_cursor=cursor)


@router.post("/statuses", status_code=201, summary="Create a status", openapi_extra=refusals.of("nameTaken"))
async def create_status(context: CurrentContext, actor: CurrentActor, body: CreateStatus) -> StatusAnswer:
    """Add a status at the end of the board."""
    return answer(await statuses.create(context, actor, name=body.name, color=body.color))


@router.put("/statuses/order", summary="Order the statuses", openapi_extra=refusals.of("statusNotFound"))
async def order_statuses(context: CurrentContext, actor: CurrentActor, body: OrderStatuses) -> list[StatusAnswer]:
    """Put all statuses in another order, on the board; return them in it. New ones come after."""
    return [answer(status) for status in await statuses.order(context, actor, status_ids=body.ids)]


@router.get("/statuses/{status_ref:path}", summary="Get a status", description=_REFERENCE)
async def get_status(context: CurrentContext, actor: CurrentActor, status_ref: str) -> StatusAnswer:
    """Return a status."""
    return answer(await statuses.get(context, actor, reference=status_ref))


@router.patch(
    "/statuses/{status_ref:path}",
    summary="Change a status",
    description=_REFERENCE,
    openapi_extra=refusals.of("nameTaken"),
)
async def change_status(
    context: CurrentContext, actor: CurrentActor, status_ref: str, body: ChangeStatus
) -> StatusAnswer:
    """Rename or recolour a status."""
    given = body.given()
    changed = await statuses.change(
        context, actor, reference=status_ref, name=given.get("name"), color=given.get("color")
    )
    return answer(changed)


@router.delete(
    "/statuses/{status_ref:path}",
    status_code=204,
    summary="Delete a status",
    description=_REFERENCE + " Contacts that have it have none afterwards; automations that set it are switched off.",
)
async def delete_status(context: CurrentContext, actor: CurrentActor, status_ref: str) -> None:
    """Delete a status."""
    await statuses.delete(context, actor, reference=status_ref)


def answer(status: Status) -> StatusAnswer:
    """Put a status into its wire form."""
    return StatusAnswer(id=status.id, name=status.name, color=status.color, created_at=status.created_at)
