"""The application under `/api/v1`, with a document of its own."""

from fastapi import FastAPI

from overture.api import contract, envelope, failures
from overture.api.v1 import campaign_leads, campaigns, errors, lists, older, routing, teams

_RESOURCES = (teams, lists, campaigns, campaign_leads, older)


def create(host: FastAPI) -> FastAPI:
    """Make the face; it works with what `host`, the application it stands in, works with."""
    face = contract.Application(
        refusal_form=errors.FORM,
        is_lenient=True,
        title="Overture, for programs written against Inbox API v1",
        version="1",
        description="Campaigns, lists, leads and imports under the addresses, names and shapes of Inbox API v1.",
        servers=[{"url": "/api/v1"}],
        root_path_in_servers=False,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        strict_content_type=False,
    )
    face.state = host.state
    face.add_middleware(envelope.Unbroken, shape=errors.shape)
    failures.install(face, shape=errors.shape)
    for resource in _RESOURCES:
        # Any other route would skip the token and the checks of query and body.
        assert all(isinstance(route, routing.Route) for route in resource.router.routes)
        face.include_router(resource.router)
    return face
