"""Having X tell by itself: the app's webhook, and a subscription for each kind of event of each account."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from overture.channels.port import ChannelError, Credentials, Telling
from overture.channels.x import answers
from overture.channels.x.answers import Answer
from overture.channels.x.client import CallFailed, Client

MESSAGES = "dm.received"
NEEDED = (MESSAGES, "chat.received")
OPTIONAL = ("oauth.revoke",)
"""Asked for once, with the rest: X's guides name it, its document does not."""

_HOOKS, _SUBSCRIPTIONS = "/2/webhooks", "/2/activity/subscriptions"
_PER_PAGE, _PAGE_CAP = 1_000, 20
_DELETED_AT_ONCE = 100
_OF_ONE_ACCOUNT = frozenset({"invalid", "authLost", "unavailable"})
"""What a refusal of one subscription may come from that the next one need not meet. Rates and credit are the app's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Subscription:
    id: str
    event_type: str
    own_id: str
    hook_id: str | None


async def keep(client: Client, app: Credentials, *, address: str | None, tag: str, own_ids: Sequence[str]) -> Telling:
    """Have X tell of these accounts alone.

    Raises:
        ChannelError: X refuses the app, or the address, or does not answer.
    """
    hook_id = await _keep_hook(client, app, address=address, tag=tag)
    there = [one async for one in _subscriptions(client, app, tag)]
    wanted = frozenset(own_ids)
    kept = {(one.event_type, one.own_id) for one in there if one.own_id in wanted and one.hook_id == hook_id}
    left = [one.id for one in there if one.own_id not in wanted or one.hook_id != hook_id]
    for first in range(0, len(left), _DELETED_AT_ONCE):
        ids = ",".join(left[first : first + _DELETED_AT_ONCE])
        await _change(client, app, "DELETE", f"{_SUBSCRIPTIONS}?ids={ids}")
    problems: dict[str, str] = {}
    untold: set[str] = set()
    for own_id in own_ids:
        kinds = NEEDED if (MESSAGES, own_id) in kept else NEEDED + OPTIONAL
        for event_type in kinds:
            if (event_type, own_id) in kept or own_id in untold:
                continue
            body: dict[str, object] = {"event_type": event_type, "filter": {"user_id": own_id}, "tag": tag}
            if hook_id is not None:
                body["webhook_id"] = hook_id
            try:
                await _change(client, app, "POST", _SUBSCRIPTIONS, body)
            except ChannelError as error:
                if error.kind not in _OF_ONE_ACCOUNT:
                    raise
                if event_type in NEEDED:
                    problems.setdefault(own_id, f"{error.detail} ({event_type})")
                if event_type == MESSAGES:
                    untold.add(own_id)
    return Telling(told=wanted - untold, problems=problems)


async def _keep_hook(client: Client, app: Credentials, *, address: str | None, tag: str) -> str | None:
    """Have X know the address, and no former one; return what it calls it."""
    found = _items(await _read(client, app, _HOOKS, {}))
    ours = [hook for hook in found if str(hook.get("url", "")).endswith(f"/{tag}")]
    for hook in ours:
        if hook["url"] != address:
            await _change(client, app, "DELETE", f"{_HOOKS}/{_id(hook)}")
    if address is None:
        return None
    kept = [hook for hook in ours if hook["url"] == address]
    if not kept:
        made = (await _change(client, app, "POST", _HOOKS, {"url": address})).get("data")
        return _id(made if isinstance(made, Mapping) else {})
    if kept[0].get("valid") is not True:
        await _change(client, app, "PUT", f"{_HOOKS}/{_id(kept[0])}")
    return _id(kept[0])


async def _subscriptions(client: Client, app: Credentials, tag: str) -> AsyncIterator[_Subscription]:
    token: str | None = None
    for _ in range(_PAGE_CAP):
        parameters = {"max_results": str(_PER_PAGE)} | ({} if token is None else {"pagination_token": token})
        body = await _read(client, app, _SUBSCRIPTIONS, parameters)
        for item in _items(body):
            subscribed = item.get("filter")
            if item.get("tag") != tag or not isinstance(subscribed, Mapping):
                continue
            hook_id = item.get("webhook_id")
            yield _Subscription(
                id=_id(item, "subscription_id"),
                event_type=str(item.get("event_type")),
                own_id=str(subscribed.get("user_id")),
                hook_id=hook_id if isinstance(hook_id, str) else None,
            )
        meta = body.get("meta")
        following = meta.get("next_token") if isinstance(meta, Mapping) else None
        if not isinstance(following, str):
            return
        token = following


async def _read(client: Client, app: Credentials, path: str, parameters: Mapping[str, str]) -> Mapping[str, Any]:
    try:
        return _body(await client.get(app, path, parameters))
    except CallFailed as failure:
        raise answers.read_error(failure.outcome) from failure


async def _change(
    client: Client,
    app: Credentials,
    method: Literal["POST", "PUT", "DELETE"],
    path: str,
    body: Mapping[str, object] | None = None,
) -> Mapping[str, Any]:
    try:
        return _body(await client.change(app, method, path, body or {}))
    except CallFailed as failure:
        raise answers.read_error(failure.outcome) from failure


def _body(answer: Answer) -> Mapping[str, Any]:
    if not answer.is_success:
        raise answers.read_error(answers.refused(answer, now=None))
    if answer.body is None:
        raise ChannelError("unavailable", "the answer is no JSON object")
    return answer.body


def _items(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    items = body.get("data", [])
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []


def _id(item: Mapping[str, Any], name: str = "id") -> str:
    found = answers.identifier(item.get(name))
    if found is None:
        raise ChannelError("unavailable", f"the answer holds no {name}")
    return found
