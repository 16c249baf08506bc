"""The vendor's first kind of campaigns, at `/campaigns/{id}`: not here, and said so."""

from starlette.convertors import StringConvertor, register_url_convertor

from overture.api.auth import CurrentActor
from overture.api.v1 import routing
from overture.errors import RouteNotFound


class _OlderId(StringConvertor):
    """An id of the first kind: not `v2`, below which the second kind has addresses of its own."""

    regex = r"(?!v2(?:/|$))[^/]+"


register_url_convertor("older", _OlderId())
router = routing.router("Campaigns")


@router.api_route("/campaigns", methods=["GET", "POST"], include_in_schema=False)
async def refuse_collection(_: CurrentActor) -> None:
    """Name the address of campaigns."""
    raise RouteNotFound("There are no campaigns of the first kind here. Campaigns are at /api/v1/campaigns/v2.")


@router.api_route("/campaigns/{campaign_id:older}", methods=["GET", "PATCH", "DELETE"], include_in_schema=False)
@router.api_route("/campaigns/{campaign_id:older}/pause", methods=["POST"], include_in_schema=False)
@router.api_route("/campaigns/{campaign_id:older}/resume", methods=["POST"], include_in_schema=False)
async def refuse(_: CurrentActor, campaign_id: str) -> None:
    """Name the address of the campaign."""
    raise RouteNotFound(
        f"There are no campaigns of the first kind here. Use /api/v1/campaigns/v2/{campaign_id}; "
        "to pause, POST its /disable, to go on, POST its /enable."
    )
