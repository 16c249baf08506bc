"""The vendor's first kind of campaigns, at `/campaigns/{id}`: not here, and said so."""

from overture.api.auth import CurrentActor
from overture.api.v1 import routing
from overture.errors import RouteNotFound

router = routing.router("Campaigns")


@router.api_route("/campaigns", methods=["GET", "POST"], include_in_schema=False)
async def refuse_collection(_: CurrentActor) -> None:
    """Name the address of campaigns."""
    raise RouteNotFound("There are no campaigns of the first kind here. Campaigns are at /api/v1/campaigns/v2.")


@router.api_route("/campaigns/{campaign_id}", methods=["GET", "PATCH", "DELETE"], include_in_schema=False)
@router.api_route("/campaigns/{campaign_id}/pause", methods=["POST"], include_in_schema=False)
@router.api_route("/campaigns/{campaign_id}/resume", methods=["POST"], include_in_schema=False)
async def refuse(_: CurrentActor, campaign_id: str) -> None:
    """Name the address of the campaign."""
    if campaign_id == "v2":
        raise RouteNotFound("There is no id in this address; a campaign is at /api/v1/campaigns/v2/{id}.")
    raise RouteNotFound(
        f"There are no campaigns of the first kind here. Use /api/v1/campaigns/v2/{campaign_id}; "
        "to pause, POST its /disable, to go on, POST its /enable."
    )
