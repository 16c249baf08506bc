"""The calls of an app about webhooks, subscriptions and the stream, opened by its own token."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from overture.sandbox import activity, answers, deliveries, instants, refusals
from overture.sandbox.activity import Activity, NotTaken, Problem, Subscription, Webhook
from overture.sandbox.admission import Refused
from overture.sandbox.deliveries import Deliveries
from overture.sandbox.platform import Platform

MOST_STREAMS = 2
KEEP_ALIVE_SECONDS = 20.0
_PAGE = 1_000
_DELETED_AT_ONCE = 100
_KNOWN = frozenset({"event_type", "filter", "tag", "webhook_id"})
_Handler = Callable[[Request], Awaitable[Response]]


class ActivityCalls:
    """The routes of one app.

    Args:
        platform: whose accounts can be subscribed to.
        subscribed: who wants what.
        bringing: how events travel.
        closing: set when the platform goes down; ends the streams.
    """

    def __init__(
        self, *, platform: Platform, subscribed: Activity, bringing: Deliveries, closing: asyncio.Event
    ) -> None:
        self._platform = platform
        self._subscribed = subscribed
        self._bringing = bringing
        self._closing = closing

    def routes(self) -> list[Route]:
        """Return the routes of all calls."""
        table: tuple[tuple[str, str, _Handler], ...] = (
            ("GET", "/2/webhooks", self._webhooks),
            ("POST", "/2/webhooks", self._add_webhook),
            ("PUT", "/2/webhooks/{id}", self._validate),
            ("DELETE", "/2/webhooks/{id}", self._remove_webhook),
            ("GET", "/2/activity/subscriptions", self._subscriptions),
            ("POST", "/2/activity/subscriptions", self._subscribe),
            ("DELETE", "/2/activity/subscriptions", self._unsubscribe_many),
            ("DELETE", "/2/activity/subscriptions/{id}", self._unsubscribe),
            ("GET", "/2/activity/stream", self._stream),
        )
        return [Route(path, _of_app(handler), methods=[verb]) for verb, path, handler in table]

    async def _webhooks(self, _: Request) -> Response:
        shown = [_webhook(each) for each in self._subscribed.webhooks.values()]
        return answers.shown({"data": shown, "meta": {"result_count": len(shown)}})

    async def _add_webhook(self, request: Request) -> Response:
        url = (await _body(request)).get("url")
        if not isinstance(url, str) or not deliveries.is_address(url):
            raise NotTaken(Problem.URL)
        if not await self._bringing.proves_itself(url):
            raise NotTaken(Problem.CRC)
        webhook = self._subscribed.add_webhook(url, self._platform.now())
        self._bringing.keep_time()
        return answers.shown({"data": _webhook(webhook)})

    async def _validate(self, request: Request) -> Response:
        webhook = self._subscribed.webhooks.get(request.path_params["id"])
        if webhook is None:
            raise Refused(refusals.TABLE["noSuchPath"])
        is_valid = await self._bringing.proves_itself(webhook.url)
        self._subscribed.mark(webhook, is_valid=is_valid)
        if not is_valid:
            raise NotTaken(Problem.CRC)
        return answers.shown({"data": {"valid": True}})

    async def _remove_webhook(self, request: Request) -> Response:
        if not self._subscribed.remove_webhook(request.path_params["id"]):
            raise Refused(refusals.TABLE["noSuchPath"])
        return answers.shown({"data": {"deleted": True}})

    async def _subscriptions(self, request: Request) -> Response:
        token = request.query_params.get("pagination_token", "0")
        most = request.query_params.get("max_results", str(_PAGE))
        if not (token.isdecimal() and most.isdecimal() and 1 <= int(most) <= _PAGE):
            raise Refused(refusals.invalid("max_results", most, "max_results is a number from 1 to 1000"))
        every = list(self._subscribed.subscriptions.values())
        first, last = int(token), int(token) + int(most)
        meta: dict[str, Any] = {"result_count": len(every[first:last])}
        if last < len(every):
            meta["next_token"] = f"{last:016d}"
        return answers.shown({"data": [_subscription(each) for each in every[first:last]], "meta": meta})

    async def _subscribe(self, request: Request) -> Response:
        body = await _body(request)
        event_type, given, tag = body.get("event_type"), body.get("filter"), body.get("tag")
        user_id = given.get("user_id") if isinstance(given, dict) else None
        webhook_id = body.get("webhook_id")
        if set(body) - _KNOWN or not isinstance(tag, str | None) or not isinstance(webhook_id, str | None):
            raise Refused(refusals.invalid("", "", "The body is not a subscription"))
        if event_type not in activity.TYPES:
            raise Refused(refusals.invalid("event_type", str(event_type), "event_type is not one of the known types"))
        if not isinstance(user_id, str) or user_id not in {account.id for account in self._platform.accounts}:
            # The events are private: only of accounts that have let the app act for them.
            raise Refused(refusals.TABLE["notPermitted"])
        if webhook_id is not None and webhook_id not in self._subscribed.webhooks:
            raise Refused(refusals.invalid("webhook_id", webhook_id, "There is no such webhook"))
        subscription = self._subscribed.subscribe(
            event_type=event_type, user_id=user_id, tag=tag, webhook_id=webhook_id, moment=self._platform.now()
        )
        self._bringing.keep_time()
        return answers.shown({"data": {"subscription": _subscription(subscription)}})

    async def _unsubscribe(self, request: Request) -> Response:
        if self._subscribed.subscriptions.pop(request.path_params["id"], None) is None:
            raise Refused(refusals.TABLE["noSuchPath"])
        return answers.shown({"data": {"deleted": True}})

    async def _unsubscribe_many(self, request: Request) -> Response:
        ids = request.query_params.get("ids", "").split(",")
        if not 1 <= len(ids) <= _DELETED_AT_ONCE or not all(each.isdecimal() for each in ids):
            raise Refused(refusals.invalid("ids", "", "ids takes 1 to 100 numbers"))
        gone = [each for each in ids if self._subscribed.subscriptions.pop(each, None) is not None]
        return answers.shown(
            {
                "data": [{"subscription_id": each, "deleted": True} for each in gone],
                "meta": {"total_subscriptions": len(self._subscribed.subscriptions)},
            }
        )

    async def _stream(self, _: Request) -> Response:
        if self._bringing.open_streams >= MOST_STREAMS:
            raise Refused(refusals.TOO_MANY_STREAMS)
        return StreamingResponse(self._lines(), media_type="application/json")

    async def _lines(self) -> AsyncIterator[bytes]:
        queue = self._bringing.open_stream()
        closing = asyncio.create_task(self._closing.wait())
        line = asyncio.create_task(queue.get())
        try:
            yield b"\r\n"
            while not closing.done():
                await asyncio.wait({line, closing}, timeout=KEEP_ALIVE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                if not line.done():
                    yield b"\r\n"
                elif (content := line.result()) is None:
                    return
                else:
                    line = asyncio.create_task(queue.get())
                    yield content
        finally:
            closing.cancel()
            line.cancel()
            self._bringing.close_stream(queue)


def _of_app(handler: _Handler) -> _Handler:
    """Return an endpoint that only the app's own token opens."""

    async def answer(request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or token.strip() != activity.BEARER:
            return answers.refused(refusals.TABLE["unauthorized"])
        try:
            return await handler(request)
        except Refused as refused:
            return answers.refused(refused.refusal)
        except NotTaken as error:
            return answers.refused(refusals.not_taken(error.problem))
        except ClientDisconnect:
            return Response(status_code=400)

    return answer


async def _body(request: Request) -> Mapping[str, Any]:
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Refused(refusals.invalid("", "", "The body is not a JSON object"))
    return body


def _webhook(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "valid": webhook.is_valid,
        "created_at": instants.text_of(webhook.created),
    }


def _subscription(subscription: Subscription) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "subscription_id": subscription.id,
        "event_type": subscription.event_type,
        "filter": {"user_id": subscription.user_id},
        "created_at": instants.text_of(subscription.created),
        "updated_at": instants.text_of(subscription.created),
    }
    if subscription.tag is not None:
        shown["tag"] = subscription.tag
    if subscription.webhook_id is not None:
        shown["webhook_id"] = subscription.webhook_id
    return shown
