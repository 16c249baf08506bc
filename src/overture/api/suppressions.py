"""Suppressions: whom nobody of the team writes to any more."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from fastapi.responses import StreamingResponse
from pydantic import ConfigDict, Field

from overture.actions import people, suppressions
from overture.actions.suppressions import Wanted
from overture.api import bodies, profiles, refusals, routing, tables
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.lead_bodies import DEFAULT_PLATFORM, MOST_LEADS, NamedBody
from overture.api.list_leads import FailedAnswer
from overture.api.paging import CurrentPage, Page
from overture.api.profiles import ProfileAnswer
from overture.core import instants
from overture.core.cells import Cell
from overture.core.words import SuppressionSource
from overture.store.suppressions import Suppression

router = routing.router("Suppressions")
_WHY = "Why, in words for people."
_TABLE = ("platform", "platformId", "username", "displayName", "source", "reason", "by", "createdAt")
_Reason = Annotated[str, Field(min_length=1, max_length=1000)]


class SuppressBody(NamedBody):
    """Somebody to suppress: exactly one of the three identifiers."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"username": "ana", "reason": "Asked us on the phone"}]})

    reason: _Reason | None = Field(default=None, description=_WHY, examples=["Asked us on the phone"])


class ImportSuppressions(bodies.Body):
    """People to suppress."""

    platform: Annotated[str, Field(min_length=1, max_length=64)] = Field(
        default=DEFAULT_PLATFORM, description="Platform of all that name none.", examples=["twitter"]
    )
    suppressions: Annotated[list[SuppressBody], Field(min_length=1, max_length=MOST_LEADS)] = Field(
        description="Who; up to 2000."
    )


class SuppressionAnswer(bodies.Answer):
    """Somebody whom nobody of the team writes to."""

    profile: ProfileAnswer = Field(description="Who it is; its id names the suppression.")
    source: SuppressionSource = Field(
        description="`optOut`: the person's own word; `byHand`: the team's; `forgotten`: the person was erased.",
        examples=["byHand"],
    )
    reason: str | None = Field(description=_WHY, examples=["Asked us on the phone"])
    by: str | None = Field(description="The name of the token that added it; null for an opt-out.", examples=["CRM"])
    created_at: bodies.Instant = Field(description="Since when.")


class ImportedAnswer(bodies.Answer):
    """What became of the people named."""

    added: int = Field(description="Not suppressed before.", examples=[2])
    skipped: int = Field(description="Suppressed already, or named twice.", examples=[0])
    failed: list[FailedAnswer] = Field(description="Who could not be suppressed, and why.")


@router.get("/suppressions", summary="List suppressions")
async def list_suppressions(
    context: CurrentContext,
    actor: CurrentActor,
    paging: CurrentPage,
    q: Annotated[
        str | None,
        Query(
            max_length=255, description="What a username or shown name begins with, or a platform id.", examples=["ana"]
        ),
    ] = None,
    platform: Annotated[
        str | None, Query(max_length=64, description="Only people of this platform.", examples=["twitter"])
    ] = None,
) -> Page[SuppressionAnswer]:
    """Return whom nobody of the team writes to, the latest first."""
    after = None
    if paging.after is not None:
        instant, profile_id = paging.after
        after = (datetime.fromisoformat(str(instant)), str(profile_id))
    rows = await suppressions.page(context, actor, platform=platform, prefix=q or None, after=after, limit=paging.fetch)
    shown, cursor = paging.cut(rows, lambda row: (row.at.isoformat(), row.profile.id))
    return Page(data=[_answer(row) for row in shown], next_cursor=cursor)


@router.post(
    "/suppressions",
    status_code=201,
    summary="Suppress somebody",
    openapi_extra=refusals.of("platformNotSupported", "recipientUnavailable", "profileNotFound"),
)
async def suppress(context: CurrentContext, actor: CurrentActor, body: SuppressBody) -> SuppressionAnswer:
    """Let nobody of the team write to somebody any more: once this returns no message to them leaves, and every
    sequence with them has stopped; what is on its way arrives. Whoever is suppressed already stays so as they were.

    A username that is not known yet is looked up on the platform, for up to ten seconds; a platform id needs no
    look-up.
    """
    field = next(name for name, value in body.model_dump(by_alias=True).items() if value and name in _IDENTIFIERS)
    wanted = Wanted(identifier=body.identifier(DEFAULT_PLATFORM), note=body.reason)
    return _answer(await suppressions.add(context, actor, wanted=wanted, path=(field,)))


@router.post("/suppressions/import", summary="Suppress many", openapi_extra=refusals.of("platformNotSupported"))
async def import_suppressions(context: CurrentContext, actor: CurrentActor, body: ImportSuppressions) -> ImportedAnswer:
    """Suppress up to 2000 people at once, as one by one; who cannot be is told, and keeps nobody else from it."""
    wanted = [Wanted(identifier=one.identifier(body.platform), note=one.reason) for one in body.suppressions]
    done = await suppressions.add_many(context, actor, wanted=wanted)
    failed = [
        FailedAnswer(identifier=identifier.value, reason=why, message=people.MESSAGES[why])
        for identifier, why in done.failed
    ]
    return ImportedAnswer(added=done.added, skipped=done.skipped, failed=failed)


@router.get(
    "/suppressions.csv",
    summary="Download all suppressions",
    response_class=StreamingResponse,
    responses=tables.DOCUMENTED,
)
async def download_suppressions(context: CurrentContext, actor: CurrentActor) -> StreamingResponse:
    """Return whom nobody of the team writes to as CSV, the latest first. What a spreadsheet would calculate gets a
    `'`.
    """
    rows = ([_row(one) for one in piece] async for piece in suppressions.every(context, actor))
    return tables.answer("suppressions.csv", _TABLE, rows)


@router.get("/suppressions/{profile_id}", summary="Get a suppression")
async def get_suppression(context: CurrentContext, actor: CurrentActor, profile_id: str) -> SuppressionAnswer:
    """Return the suppression of one profile."""
    return _answer(await suppressions.get(context, actor, profile_id=profile_id))


@router.delete(
    "/suppressions/{profile_id}",
    status_code=204,
    summary="End a suppression",
    openapi_extra=refusals.of("forbidden"),
)
async def end_suppression(context: CurrentContext, actor: CurrentActor, profile_id: str) -> None:
    """Let somebody be written to again, as an owner: leads that had not been contacted come back as the rules let
    them in; sequences that were stopped stay so. The audit keeps who ended it.
    """
    await suppressions.remove(context, actor, profile_id=profile_id)


_IDENTIFIERS = ("platformId", "username", "externalId")


def _row(suppression: Suppression) -> list[Cell]:
    return [
        suppression.profile.platform,
        suppression.profile.platform_id,
        suppression.profile.username,
        suppression.profile.display_name,
        suppression.source,
        suppression.note,
        suppression.by,
        instants.written(suppression.at),
    ]


def _answer(row: Suppression) -> SuppressionAnswer:
    return SuppressionAnswer(
        profile=profiles.answer(row.profile),
        source=SuppressionSource(row.source),
        reason=row.note,
        by=row.by,
        created_at=row.at,
    )
