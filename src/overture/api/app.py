"""The HTTP application: every resource under `/api/v2`, the face of v1, health, and the documents."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.cors import CORSMiddleware

from overture.actions.context import Context
from overture.api import (
    accounts,
    analytics_tables,
    audit,
    automations,
    callbacks,
    campaign_analytics,
    campaign_columns,
    campaign_leads,
    campaign_preflight,
    campaigns,
    compression,
    contacts,
    contract,
    documents,
    envelope,
    events,
    failures,
    health,
    histories,
    hooks,
    idempotency,
    import_uploads,
    imports,
    lead_continuation,
    lead_preview,
    lead_timeline,
    list_consents,
    list_leads,
    lists,
    members,
    messages,
    methods,
    metrics,
    page,
    platform_apps,
    platform_costs,
    platforms,
    rates,
    rehearsals,
    routing,
    rule_preview,
    sends,
    sequences,
    sessions,
    statuses,
    suppressions,
    tags,
    team_overview,
    teams,
    thread_tables,
    threads,
    tokens,
    trials,
    webhooks,
)
from overture.api.admissions import Admissions
from overture.api.live import Live
from overture.api.v1 import face, leniency
from overture.settings import DEFAULT_PUBLIC_URL

DEFAULT_PLATFORM_URLS: Mapping[str, str] = {"twitter": "https://api.x.com"}
_DESCRIPTION = """Direct-message outreach campaigns: lists, campaigns, accounts, people.

Every call needs a token of the team, as `Authorization: Bearer <token>`; here, press *Authorize* and paste it.
`overture up` keeps one in the file `token` of its data directory; `POST /tokens` makes more. In place of a token the
page of Overture has a session (`POST /session`), which a cookie holds. Refused calls answer
`{code, message, details, requestId}`: programs branch on `code`."""
_V1 = "/api/v1"
_V2 = "/api/v2"
_BESIDE = (health.router, documents.router, callbacks.router, hooks.router, metrics.router)
"""What is served beside the API."""
_RESOURCES = (
    teams,
    team_overview,
    tokens,
    members,
    sessions,
    audit,
    events,
    platforms,
    platform_apps,
    platform_costs,
    accounts,
    lists,
    list_leads,
    list_consents,
    import_uploads,
    imports,
    histories,
    statuses,
    tags,
    contacts,
    suppressions,
    thread_tables,
    threads,
    messages,
    sends,
    campaigns,
    campaign_preflight,
    campaign_columns,
    campaign_leads,
    campaign_analytics,
    analytics_tables,
    lead_continuation,
    lead_preview,
    rehearsals,
    rule_preview,
    trials,
    lead_timeline,
    sequences,
    automations,
    webhooks,
)


def create_app(
    context: Context,
    *,
    platform_urls: Mapping[str, str] = DEFAULT_PLATFORM_URLS,
    call_limits: Sequence[int] | None = None,
    cors_origins: Sequence[str] = (),
    public_url: str = DEFAULT_PUBLIC_URL,
    allows_private_webhooks: bool = False,
    page_folder: Path = page.FOLDER,
) -> FastAPI:
    """Make the application.

    Args:
        context: what actions work with; whoever made it closes it.
        platform_urls: where each platform answers, by platform key; accounts are linked there.
        call_limits: how many calls a team may make in a minute, an hour and a day; None for any number.
        cors_origins: where pages may come from that call the API from a browser; `*` for anywhere.
        allows_private_webhooks: let webhooks lead to this machine and its private networks.
        page_folder: where the page is, if it was built.
        public_url: where browsers find this server, without a slash at the end; platforms send them back there.
    """
    app = _routed()
    app.state.context = context
    app.state.platform_urls = dict(platform_urls)
    app.state.admissions = None if call_limits is None else Admissions(context.pool, call_limits)
    app.state.allows_private_webhooks = allows_private_webhooks
    app.state.live = Live(context.pool)
    app.state.public_url = public_url
    app.state.keyed_places = idempotency.places(context.pool)
    app.state.upload_places = import_uploads.places(context.pool)
    _add_layers(app, cors_origins, page_folder)
    return app


def document() -> dict[str, Any]:
    """Return the OpenAPI document of `/api/v2`; it is the same wherever and on whatever Overture runs."""
    return _routed().openapi()


def document_of_v1() -> dict[str, Any]:
    """Return the OpenAPI document of `/api/v1`."""
    return face.create(_routed()).openapi()


def _routed() -> FastAPI:
    app = contract.Application(
        title="Overture",
        version="2",
        description=_DESCRIPTION,
        openapi_url="/api/v2/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        strict_content_type=False,
    )
    failures.install(app)
    for router in _BESIDE:
        app.include_router(router)
    for router in (*(resource.router for resource in _RESOURCES), sessions.open_router):
        # Any other route would skip the token and the checks of query and body.
        assert all(isinstance(route, routing.Route) for route in router.routes)
        app.include_router(router, prefix=_V2)
    app.mount(_V1, face.create(app))
    return app


def _add_layers(app: FastAPI, cors_origins: Sequence[str], page_folder: Path) -> None:
    """Put the layers around the application, the innermost first."""
    own = [route.path for router in _BESIDE for route in router.routes if isinstance(route, APIRoute)]
    reserved = {path.split("/")[1] for path in (*own, _V1, _V2)} - {""}
    app.add_middleware(page.Page, folder=page_folder, reserved=reserved)
    app.add_middleware(compression.Compression)
    app.add_middleware(envelope.Unbroken)
    app.add_middleware(methods.Head)
    if cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=cors_origins,
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", idempotency.HEADER, envelope.REQUEST_ID],
            expose_headers=[
                "Allow",
                "Content-Disposition",
                "Retry-After",
                envelope.REQUEST_ID,
                idempotency.REPLAYED,
                leniency.HEADER,
                *rates.HEADERS,
            ],
        )
    app.add_middleware(envelope.Envelope)
