"""Which events the first version of the vendor's events had, and what it called them."""

from collections.abc import Mapping, Sequence

from overture.core.words import EventType

NAMES: Mapping[EventType, str] = {
    **{
        kind: kind.value
        for kind in EventType
        if kind.partition(".")[0] in ("campaign", "message", "status", "tag", "target", "thread")
        and kind not in (EventType.TARGET_FAILED, EventType.TARGET_HELD)
    },
    **{kind: kind.value.replace("contact.", "prospect.") for kind in EventType if kind.partition(".")[0] == "contact"},
    EventType.MESSAGE_RECEIVED: "message.created",
    EventType.MESSAGE_SENT: "message.created",
}
"""What an event is called there; events that are missing are Overture's own, and it has no form for them."""


def told(types: Sequence[str]) -> list[str]:
    """Return which of these types of events a webhook of that version gets; none named: all that it has."""
    return [kind for kind in types if kind in NAMES] if types else sorted(NAMES)
