"""Webhooks: endpoints that get a team's events, and how deliveries went."""

from datetime import timedelta
from typing import Annotated, cast

from fastapi import Query, Request
from pydantic import Field

from overture.actions import webhooks
from overture.actions.webhooks import Made, Tried, WebhookChanges
from overture.api import bodies, refusals, routing
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.paging import CurrentPage, Page
from overture.core.words import DeliveryState, EventType, EventVersion
from overture.store.deliveries import Delivery
from overture.store.webhooks import Webhook

router = routing.router("Webhooks", route_class=routing.SecretRoute)

_MOST_HOURS = 24 * 30
_EXAMPLE_URL = "https://crm.example/hooks/overture"
_EXAMPLE_ID = "b0mdbz3k91yq0c8f4w2n7xhs"
_EXAMPLE_TYPES = ["message.received", "target.replied"]
_FORBIDDEN = refusals.of("forbidden")
_URL = "Where events are posted: https, or http, with a host of the open internet; no user name or password in it."
_TYPES = "Which events it gets; none named: all that its version has."
_VERSION = "The form of the events: `2` is thin, `1.0` brings the whole of what they are about, as Inbox's v1 did."


class NewWebhook(bodies.Body):
    """A webhook to make."""

    url: str = Field(min_length=1, max_length=2048, description=_URL, examples=[_EXAMPLE_URL])
    description: bodies.Description | None = Field(default=None, description="What it is for.", examples=["CRM"])
    types: list[bodies.Choice[EventType]] = Field(
        default=[], max_length=100, description=_TYPES, examples=[_EXAMPLE_TYPES]
    )
    api_version: bodies.Choice[EventVersion] = Field(default=EventVersion.THIN, description=_VERSION, examples=["2"])


class ChangeWebhook(bodies.Body):
    """What to change of a webhook; what is left out stays."""

    url: str = bodies.unset(min_length=1, max_length=2048, description=_URL, examples=[_EXAMPLE_URL])
    description: bodies.Description | None = bodies.unset(description="Null clears it.", examples=["CRM"])
    types: list[bodies.Choice[EventType]] = bodies.unset(max_length=100, description=_TYPES, examples=[_EXAMPLE_TYPES])
    api_version: bodies.Choice[EventVersion] = bodies.unset(
        description=_VERSION + " What is on its way stays as it is.", examples=["1.0"]
    )
    enabled: bool = bodies.unset(
        description="Whether it gets events. Off: what was on its way is dropped. On again: it gets what happens then.",
        examples=[True],
    )


class Rotation(bodies.Body):
    """How a secret is replaced."""

    overlap_hours: int = Field(
        default=24,
        ge=0,
        le=_MOST_HOURS,
        description="For so long deliveries are signed with the former secret, too.",
        examples=[24],
    )


class WebhookAnswer(bodies.Answer):
    """One webhook, without its secret."""

    id: str = Field(description="Id of the webhook.", examples=[_EXAMPLE_ID])
    url: str = Field(description="Where events are posted.", examples=[_EXAMPLE_URL])
    description: str | None = Field(description="What it is for.", examples=["CRM"])
    types: list[EventType] = Field(description=_TYPES, examples=[_EXAMPLE_TYPES])
    api_version: EventVersion = Field(description=_VERSION, examples=["2"])
    enabled: bool = Field(description="Whether it gets events.", examples=[True])
    disabled_reason: str | None = Field(
        description="Why it gets none.", examples=["It accepted nothing since 2026-11-18T09:15:00.000Z."]
    )
    failing_since: bodies.Instant | None = Field(
        description="Since when it has accepted nothing; null: the latest delivery was accepted, or there was none."
    )
    former_secret_until: bodies.Instant | None = Field(
        description="Until when deliveries are signed with the former secret, too; null: there is none."
    )
    created_at: bodies.Instant = Field(description="When it was made.")
    updated_at: bodies.Instant = Field(description="When it was last changed.")


class FreshWebhook(WebhookAnswer):
    """A webhook with a secret that was made just now."""

    secret: str = Field(
        description="What deliveries are signed with, shown this once.",
        examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="],
    )


class TryAnswer(bodies.Answer):
    """How one try went."""

    at: bodies.Instant = Field(description="When it began.")
    milliseconds: int = Field(description="How long it took.", examples=[83])
    status: int | None = Field(description="The status it was answered with; null: it was not.", examples=[200])
    answer: str | None = Field(description="The beginning of what was answered.", examples=["ok"])
    error: str | None = Field(
        description="What went wrong, in words.", examples=["It did not answer within 15 seconds."]
    )


class DeliveryAnswer(bodies.Answer):
    """One event for one webhook."""

    id: str = Field(description="Id of the delivery.", examples=["v0mdbz3k91yq0c8f4w2n7xhs"])
    event_id: str = Field(
        description="Id of the event, in every try and every repetition: `webhook-id`.",
        examples=["e0mdbz3k91yq0c8f4w2n7xhs"],
    )
    seq: int = Field(description="Number of the event; 0 for a test.", examples=[41])
    type: str = Field(description="Type of the event; `webhook.test` for a test.", examples=["message.received"])
    state: DeliveryState = Field(description="Where it stands.", examples=["delivered"])
    next_try_at: bodies.Instant | None = Field(description="When it is tried next; null: it has ended.")
    created_at: bodies.Instant = Field(description="When it was made.")
    ended_at: bodies.Instant | None = Field(description="When it was accepted or given up.")
    tries: list[TryAnswer] = Field(description="How each try went, in order.")


@router.get("/webhooks", summary="List webhooks")
async def list_webhooks(context: CurrentContext, actor: CurrentActor, paging: CurrentPage) -> Page[WebhookAnswer]:
    """Return the team's webhooks in the order they were made, without their secrets."""
    rows = await webhooks.page(context, actor, after=paging.after_id, limit=paging.fetch)
    shown, cursor = paging.cut(rows, lambda webhook: (webhook.id,))
    return Page(data=[_answer(webhook) for webhook in shown], next_cursor=cursor)


@router.post(
    "/webhooks",
    status_code=201,
    summary="Make a webhook",
    openapi_extra=refusals.of("forbidden", "webhookLimitReached"),
)
async def make_webhook(
    request: Request, context: CurrentContext, actor: CurrentActor, body: NewWebhook
) -> FreshWebhook:
    """Have events posted to an address from now on. The answer shows the secret they are signed with, this once."""
    made = await webhooks.create(
        context,
        actor,
        url=body.url,
        description=body.description,
        types=body.types,
        api_version=body.api_version,
        allows_private=request.app.state.allows_private_webhooks,
    )
    return _fresh(made)


@router.get("/webhooks/{webhook_id}", summary="Get a webhook")
async def get_webhook(context: CurrentContext, actor: CurrentActor, webhook_id: str) -> WebhookAnswer:
    """Return a webhook, without its secret."""
    return _answer(await webhooks.get(context, actor, webhook_id=webhook_id))


@router.patch("/webhooks/{webhook_id}", summary="Change a webhook", openapi_extra=_FORBIDDEN)
async def change_webhook(
    request: Request, context: CurrentContext, actor: CurrentActor, webhook_id: str, body: ChangeWebhook
) -> WebhookAnswer:
    """Change where events go, which, in which form, or whether any do."""
    changed = await webhooks.change(
        context,
        actor,
        webhook_id=webhook_id,
        changes=cast(WebhookChanges, body.given()),
        allows_private=request.app.state.allows_private_webhooks,
    )
    return _answer(changed)


@router.delete("/webhooks/{webhook_id}", status_code=204, summary="Delete a webhook", openapi_extra=_FORBIDDEN)
async def delete_webhook(context: CurrentContext, actor: CurrentActor, webhook_id: str) -> None:
    """Delete a webhook with the record of its deliveries."""
    await webhooks.delete(context, actor, webhook_id=webhook_id)


@router.post("/webhooks/{webhook_id}/rotate-secret", summary="Replace a webhook's secret", openapi_extra=_FORBIDDEN)
async def rotate_webhook_secret(
    context: CurrentContext, actor: CurrentActor, webhook_id: str, body: Rotation
) -> FreshWebhook:
    """Make a new secret, shown this once; for a while deliveries are signed with both."""
    overlap = timedelta(hours=body.overlap_hours)
    return _fresh(await webhooks.rotate(context, actor, webhook_id=webhook_id, overlap=overlap))


@router.post("/webhooks/{webhook_id}/test", summary="Test a webhook", openapi_extra=_FORBIDDEN)
async def test_webhook(context: CurrentContext, actor: CurrentActor, webhook_id: str) -> DeliveryAnswer:
    """Have an event posted that tells of nothing, also while the webhook is off; its deliveries say how it went."""
    return _delivery(await webhooks.test(context, actor, webhook_id=webhook_id))


@router.get("/webhooks/{webhook_id}/deliveries", summary="List a webhook's deliveries")
async def list_deliveries(
    context: CurrentContext,
    actor: CurrentActor,
    webhook_id: str,
    paging: CurrentPage,
    state: Annotated[list[DeliveryState], Query(description="Only those that stand so.", examples=[["failed"]])] = [],  # noqa: B006 - FastAPI copies it
) -> Page[DeliveryAnswer]:
    """Return deliveries with every try, the newest first. Those that have ended are kept for 30 days."""
    rows = await webhooks.deliveries(
        context, actor, webhook_id=webhook_id, states=state, after=paging.after_id, limit=paging.fetch
    )
    shown, cursor = paging.cut(rows, lambda tried: (tried.delivery.id,))
    return Page(data=[_tried(tried) for tried in shown], next_cursor=cursor)


@router.post(
    "/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver",
    summary="Deliver an event once more",
    openapi_extra=refusals.of("forbidden", "deliveryNotFound", "deliveryPending"),
)
async def redeliver(context: CurrentContext, actor: CurrentActor, webhook_id: str, delivery_id: str) -> DeliveryAnswer:
    """Post the event of a delivery that has ended once more, as a delivery of its own with the same `webhook-id`."""
    return _delivery(await webhooks.redeliver(context, actor, webhook_id=webhook_id, delivery_id=delivery_id))


def _answer(webhook: Webhook) -> WebhookAnswer:
    return WebhookAnswer(
        id=webhook.id,
        url=webhook.url,
        description=webhook.description,
        types=[EventType(one) for one in webhook.types],
        api_version=EventVersion(webhook.api_version),
        enabled=webhook.enabled,
        disabled_reason=webhook.disabled_reason,
        failing_since=webhook.failing_since,
        former_secret_until=webhook.former_until,
        created_at=webhook.created_at,
        updated_at=webhook.updated_at,
    )


def _fresh(made: Made) -> FreshWebhook:
    return FreshWebhook(**_answer(made.webhook).model_dump(by_alias=False), secret=made.secret)


def _delivery(delivery: Delivery) -> DeliveryAnswer:
    return _tried(Tried(delivery=delivery, tries=[]))


def _tried(tried: Tried) -> DeliveryAnswer:
    delivery = tried.delivery
    return DeliveryAnswer(
        id=delivery.id,
        event_id=delivery.event_id,
        seq=delivery.seq,
        type=delivery.type,
        state=DeliveryState(delivery.state),
        next_try_at=None if delivery.ended_at is not None else delivery.next_at,
        created_at=delivery.created_at,
        ended_at=delivery.ended_at,
        tries=[
            TryAnswer(at=one.at, milliseconds=one.milliseconds, status=one.status, answer=one.answer, error=one.error)
            for one in tried.tries
        ],
    )
