"""The form of an event, as the API shows it and webhooks bring it."""

from typing import Any

from overture.core import instants
from overture.store.outbox import Event

BASE = "/api/v2"
_OBJECTS = {
    "accountLink": "/account-links/{id}",
    "campaign": "/campaigns/{id}",
    "contact": "/contacts/{id}",
    "importJob": "/lists/{listId}/import-jobs/{id}",
    "message": "/messages/{id}",
    "status": "/statuses/{id}",
    "tag": "/tags/{id}",
    "thread": "/threads/{id}",
    "webhook": "/webhooks/{id}",
}


def written(event: Event) -> dict[str, Any]:
    """Return an event in wire form."""
    return {
        "id": event.id,
        "seq": event.seq,
        "type": event.type,
        "apiVersion": "2",
        "createdAt": instants.written(event.created_at),
        "object": {"type": event.object_type, "id": event.object_id, "url": address(event)},
        "data": dict(event.data),
    }


def address(event: Event) -> str | None:
    """Return the path where the API shows what it happened to; None where it does nowhere."""
    template = _OBJECTS.get(event.object_type)
    if template is None:
        return None
    try:
        return BASE + template.format(id=event.object_id, **event.data)
    except KeyError:
        return None  # an older event of an import, which does not tell its list
