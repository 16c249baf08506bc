"""Events: what happened, to be read again in order, or as it happens."""

import re
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

from fastapi import Header, Query, Request
from pydantic import Field
from sse_starlette import EventSourceResponse, JSONServerSentEvent

from overture.actions import events
from overture.actions.context import Actor, Context
from overture.api import bodies, routing
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.live import Live
from overture.core.words import EventType
from overture.engine import event_form
from overture.errors import InvalidRequest
from overture.store.outbox import Event

router = routing.router("Events")

HEARTBEAT_SECONDS = 15
"""How often a stream shows that it lives, and looks whether its token still opens the team."""

_STREAM = "text/event-stream"
_PART = 100
_LARGEST_SEQ = 2**53 - 1
_EXAMPLE_ID = "e0mdbz3k91yq0c8f4w2n7xhs"


class EventObject(bodies.Answer):
    """What an event is about."""

    type: str = Field(description="What kind of thing it is.", examples=["thread"])
    id: str = Field(description="Its id.", examples=["r0mdbz3k91yq0c8f4w2n7xhs"])
    url: str | None = Field(
        description="Where the API shows it, while it is there; null where no address does.",
        examples=["/api/v2/threads/r0mdbz3k91yq0c8f4w2n7xhs"],
    )


class EventAnswer(bodies.Answer):
    """Something that happened."""

    id: str = Field(description="Id of the event: whoever gets one twice knows it by this.", examples=[_EXAMPLE_ID])
    seq: int = Field(description="Its number: the team's events are numbered from 1 without gaps.", examples=[41])
    type: EventType = Field(description="What happened.", examples=["message.received"])
    api_version: str = Field(description="The form of the event.", examples=["2"])
    created_at: bodies.Instant = Field(description="When it happened.")
    object: EventObject = Field(description="What it happened to.")
    data: dict[str, Any] = Field(
        description="More, by type; a change brings the changed value only.",
        examples=[{"threadId": "r0mdbz3k91yq0c8f4w2n7xhs"}],
    )


class EventsAnswer(bodies.Answer):
    """A part of the events."""

    data: list[EventAnswer] = Field(description="The events, in their order.")
    last_seq: int = Field(
        description="All events up to this number were looked at: `afterSeq` of the next call.", examples=[41]
    )
    has_more: bool = Field(description="Whether there are later ones already.", examples=[False])
    first_seq: int | None = Field(
        description="Number of the oldest event that is kept; those before, of more than 30 days ago, are gone. "
        "Null: none is kept.",
        examples=[1],
    )


@router.get(
    "/events",
    summary="Read events",
    response_model=EventsAnswer,
    responses={200: {"content": {_STREAM: {"schema": {"type": "string"}}}}},
)
async def list_events(
    request: Request,
    context: CurrentContext,
    actor: CurrentActor,
    after_seq: Annotated[
        int | None,
        Query(
            alias="afterSeq",
            ge=0,
            le=_LARGEST_SEQ,
            description="Only events after this number. Left out: from the oldest that is kept; in a stream, from now.",
            examples=[40],
        ),
    ] = None,
    type_: Annotated[
        list[EventType], Query(alias="type", description="Only these types.", examples=[["message.received"]])
    ] = [],  # noqa: B006 - FastAPI copies it
    limit: Annotated[int, Query(ge=1, le=1000, description="How many to return at most.", examples=[100])] = 100,
    last_event_id: Annotated[
        str | None,
        Header(
            alias="Last-Event-ID",
            description="Of a stream: the last `id` that arrived; it goes on behind that. Goes before `afterSeq`.",
            examples=["40"],
        ),
    ] = None,
) -> Any:
    """Return what happened, oldest first. A page may hold fewer than `limit` although there are more: `hasMore` tells.

    With `Accept: text/event-stream` the answer does not end: it brings each event as it happens, as a server-sent event
    whose `id` is the number, whose `event` is the type and whose `data` is the event.
    """
    if _STREAM in request.headers.get("accept", ""):
        position = _position(last_event_id, after_seq)
        start = await events.newest(context, actor) if position is None else position
        stream = _stream(context, actor, request.app.state.live, start, type_)
        return EventSourceResponse(stream, ping=HEARTBEAT_SECONDS)
    part = await events.read(context, actor, after_seq=after_seq or 0, types=type_, limit=limit)
    return EventsAnswer(
        data=[answer(event) for event in part.read.events],
        last_seq=part.read.last_seq,
        has_more=part.read.has_more,
        first_seq=part.first_seq,
    )


def answer(event: Event) -> EventAnswer:
    """Put an event into wire form: the one that streams and webhooks bring."""
    return EventAnswer.model_validate(event_form.written(event))


async def _stream(
    context: Context, actor: Actor, live: Live, after_seq: int, types: Sequence[EventType]
) -> AsyncIterator[JSONServerSentEvent]:
    """Bring events as they happen, for as long as the token opens the team."""
    while await events.may_go_on(context, actor):
        part = await events.read(context, actor, after_seq=after_seq, types=types, limit=_PART)
        for event in part.read.events:
            yield JSONServerSentEvent(event_form.written(event), id=str(event.seq), event=event.type)
        after_seq = part.read.last_seq
        if not part.read.has_more:
            await live.wait(team_id=actor.team_id, after_seq=after_seq, seconds=HEARTBEAT_SECONDS)


def _position(last_event_id: str | None, after_seq: int | None) -> int | None:
    if last_event_id is None:
        return after_seq
    if not re.fullmatch(r"[0-9]{1,15}", last_event_id):
        raise InvalidRequest([(("Last-Event-ID",), "Must be the number of an event; leave it out to begin from now.")])
    return int(last_event_id)
