"""Tags, which mark contacts."""

from pydantic import Field

from overture.actions import tags
from overture.api import bodies, refusals, routing
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.paging import Page, ShortPage
from overture.store.tags import Tag

router = routing.router("Tags")
_COLOR = "A palette name or a hexadecimal colour."
_REFERENCE = "Id or name of the tag; case and accents of the name do not matter."


class CreateTag(bodies.Body):
    """A new tag."""

    name: bodies.Name = Field(description="Unique in the team, whatever its case and accents.", examples=["VIP"])
    color: str | None = Field(default=None, description=_COLOR + " Left out: one is chosen.", examples=["violet"])


class ChangeTag(bodies.Body):
    """What to change of a tag; what is left out stays."""

    name: bodies.Name = bodies.unset(description="New name.", examples=["Speaker"])
    color: str = bodies.unset(description=_COLOR, examples=["#7950f2"])


class OrderTags(bodies.Body):
    """All tags of the team in another order."""

    ids: list[str] = Field(
        description="The ids of all tags, each once, in their new order.",
        examples=[["h0mdbz3k91yq0c8f4w2n7xhs"]],
    )


class TagAnswer(bodies.Answer):
    """One tag."""

    id: str = Field(description="Id of the tag.", examples=["h0mdbz3k91yq0c8f4w2n7xhs"])
    name: str = Field(description="Name of the tag.", examples=["VIP"])
    color: str = Field(description="Colour, `#rrggbb`.", examples=["#7950f2"])
    created_at: bodies.Instant = Field(description="When it was made.")


@router.get("/tags", summary="List tags")
async def list_tags(context: CurrentContext, actor: CurrentActor, paging: ShortPage) -> Page[TagAnswer]:
    """Return the tags in the team's order."""
    rows = await tags.read_page(context, actor, after=paging.after_placed, limit=paging.fetch)
    shown, cursor = paging.cut(rows, lambda tag: (tag.position, tag.id))
    return Page(data=[answer(tag) for tag in shown], next_cursor=cursor)


@router.post(
    "/tags", status_code=201, summary="Create a tag", openapi_extra=refusals.of("nameTaken", "tagLimitReached")
)
async def create_tag(context: CurrentContext, actor: CurrentActor, body: CreateTag) -> TagAnswer:
    """Add a tag; a team may have 1000."""
    return answer(await tags.create(context, actor, name=body.name, color=body.color))


@router.put("/tags/order", summary="Order the tags", openapi_extra=refusals.of("tagNotFound"))
async def order_tags(context: CurrentContext, actor: CurrentActor, body: OrderTags) -> list[TagAnswer]:
    """Put all tags in another order, wherever they are listed; return them in it. New ones come after."""
    return [answer(tag) for tag in await tags.order(context, actor, tag_ids=body.ids)]


@router.get("/tags/{tag_ref:path}", summary="Get a tag", description=_REFERENCE)
async def get_tag(context: CurrentContext, actor: CurrentActor, tag_ref: str) -> TagAnswer:
    """Return a tag."""
    return answer(await tags.get(context, actor, reference=tag_ref))


@router.patch(
    "/tags/{tag_ref:path}",
    summary="Change a tag",
    description=_REFERENCE,
    openapi_extra=refusals.of("nameTaken"),
)
async def change_tag(context: CurrentContext, actor: CurrentActor, tag_ref: str, body: ChangeTag) -> TagAnswer:
    """Rename or recolour a tag."""
    given = body.given()
    return answer(
        await tags.change(context, actor, reference=tag_ref, name=given.get("name"), color=given.get("color"))
    )


@router.delete(
    "/tags/{tag_ref:path}",
    status_code=204,
    summary="Delete a tag",
    description=_REFERENCE + " No contact has it afterwards; automations that use it are switched off.",
)
async def delete_tag(context: CurrentContext, actor: CurrentActor, tag_ref: str) -> None:
    """Delete a tag."""
    await tags.delete(context, actor, reference=tag_ref)


def answer(tag: Tag) -> TagAnswer:
    """Put a tag into its wire form."""
    return TagAnswer(id=tag.id, name=tag.name, color=tag.color, created_at=tag.created_at)
