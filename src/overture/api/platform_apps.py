"""Platform apps: the team's own app at a platform, through which accounts are linked in the browser."""

from typing import Annotated

from fastapi import Request
from pydantic import Field

from overture.actions import budgets as stands
from overture.actions import clients
from overture.actions.clients import Registration
from overture.actions.context import Actor, Context
from overture.api import bodies, budgets, callbacks, platforms, refusals, routing
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.budgets import BudgetAnswer
from overture.store.clients import Client

router = routing.router("Platforms")

_Printable = Annotated[str, Field(pattern=r"^[!-~]{1,255}$")]


class RegisterApp(bodies.Body):
    """What the platform knows the team's app by."""

    client_id: _Printable = Field(description="Its OAuth 2.0 client id.", examples=["sandbox-client"])
    client_secret: _Printable | None = Field(
        default=None,
        description="Its OAuth 2.0 client secret; null for a public app, which has none.",
        examples=["sandbox-secret"],
    )
    bearer_token: Annotated[str, Field(pattern=r"^[!-~]{1,4096}$")] | None = Field(
        default=None,
        description="Its own bearer token, by which it asks to be told of answers at once; null without one.",
        examples=["sandbox-bearer"],
    )
    consumer_secret: _Printable | None = Field(
        default=None,
        description="Its API key secret (consumer secret), by which the platform signs what it pushes; null without.",
        examples=["sandbox-consumer-secret"],
    )


class AppAnswer(bodies.Answer):
    """The team's app at a platform. Its secrets are never told."""

    platform: str = Field(description="Key of the platform.", examples=["twitter"])
    client_id: str = Field(description="Its OAuth 2.0 client id.", examples=["sandbox-client"])
    has_client_secret: bool = Field(description="Whether a client secret is kept.", examples=[True])
    has_bearer_token: bool = Field(description="Whether its own bearer token is kept.", examples=[True])
    has_consumer_secret: bool = Field(description="Whether its API key secret is kept.", examples=[True])
    redirect_uri: str = Field(
        description="The callback address the app must be registered with, letter by letter.",
        examples=["http://127.0.0.1:8080/oauth/twitter/callback"],
    )
    scopes: list[str] = Field(description="What it asks of those who link.", examples=[["dm.read", "dm.write"]])
    budgets: list[BudgetAnswer] = Field(description="How much all its accounts together may do now.")
    changed_at: bodies.Instant = Field(description="When it was registered.")
    changed_by: str = Field(description="Name of the token that registered it.", examples=["Dashboard"])


@router.get(
    "/platforms/{platform}/app",
    summary="Get the team's app",
    openapi_extra=refusals.of("appNotFound", "capabilityNotSupported"),
)
async def get_app(context: CurrentContext, actor: CurrentActor, platform: str, request: Request) -> AppAnswer:
    """Return the app through which accounts are linked in the browser."""
    base_url = platforms.address(request, platform)
    found = await clients.get(context, actor, platform=platform, base_url=base_url)
    return await _answer(context, actor, request, platform, found)


@router.put(
    "/platforms/{platform}/app",
    summary="Register the team's app",
    openapi_extra=refusals.of("capabilityNotSupported", "forbidden"),
)
async def register_app(
    context: CurrentContext, actor: CurrentActor, platform: str, body: RegisterApp, request: Request
) -> AppAnswer:
    """Register the team's app, as an owner; accounts linked through another app before are linked again later.

    The platform must know the app with `redirectUri` as a callback address. What is left out is forgotten.
    """
    kept = await clients.register(
        context,
        actor,
        platform=platform,
        base_url=platforms.address(request, platform),
        registration=Registration(
            client_id=body.client_id,
            client_secret=body.client_secret,
            bearer_token=body.bearer_token,
            consumer_secret=body.consumer_secret,
        ),
    )
    return await _answer(context, actor, request, platform, kept)


@router.delete(
    "/platforms/{platform}/app",
    status_code=204,
    summary="Forget the team's app",
    openapi_extra=refusals.of("appNotFound", "capabilityNotSupported", "forbidden"),
)
async def forget_app(context: CurrentContext, actor: CurrentActor, platform: str, request: Request) -> None:
    """Forget the app, as an owner; accounts linked through it send on until their access has to be renewed."""
    base_url = platforms.address(request, platform)
    await clients.forget(context, actor, platform=platform, base_url=base_url)


async def _answer(context: Context, actor: Actor, request: Request, platform: str, client: Client) -> AppAnswer:
    standings = await stands.of_app(context, actor, app_id=client.app_id)
    return AppAnswer(
        platform=platform,
        client_id=client.client_id,
        has_client_secret=client.sealed_secret is not None,
        has_bearer_token=client.sealed_bearer_token is not None,
        has_consumer_secret=client.sealed_consumer_secret is not None,
        redirect_uri=callbacks.address(request, platform),
        scopes=[scope.name for scope in clients.require_authority(context, platform).scopes],
        budgets=[budgets.answer(standing) for standing in standings],
        changed_at=client.changed_at,
        changed_by=client.changed_by,
    )
