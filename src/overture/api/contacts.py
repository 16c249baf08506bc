"""Contacts: what a team notes about people."""

from decimal import Decimal
from typing import Annotated, Literal, cast

from fastapi import Query
from pydantic import Field

from overture.actions import contacts, forgetting
from overture.actions.contacts import ContactChanges, Expansion, NewConsent, View
from overture.api import bodies, members, profiles, refusals, routing, statuses, tags
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.members import MemberAnswer
from overture.api.paging import CurrentPage, Page
from overture.api.profiles import ProfileAnswer
from overture.api.statuses import StatusAnswer
from overture.api.tags import TagAnswer
from overture.core.identifiers import Identifier, IdentifierKind
from overture.errors import InvalidRequest

router = routing.router("Contacts")
_MOST = 100
_Basis = Literal["wroteToUs", "signedUp", "agreedInConversation"]
_Expand = Annotated[
    list[Expansion], Query(description="What to show beside its id.", max_length=4, examples=[["status", "tags"]])
]
_Named = Annotated[str, Field(min_length=1, max_length=255)]


class RecordConsent(bodies.Body):
    """That a person agreed to be written to."""

    basis: _Basis = Field(description="On what ground they agreed.", examples=["agreedInConversation"])
    evidence: Annotated[str, Field(min_length=1, max_length=2000)] = Field(
        description="A sentence or link that shows it.", examples=["Said so at our stand, 2 November"]
    )


class ChangeContact(bodies.Body):
    """What to change of a contact; what is left out stays, null clears."""

    status: Annotated[str, Field(max_length=255)] | None = bodies.unset(
        description="Id or name of the status.", examples=["Interested"]
    )
    notes: Annotated[str, Field(max_length=10_000)] | None = bodies.unset(
        description="Notes of the team.", examples=["Prefers mornings"]
    )
    valuation: Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)] | None = bodies.unset(
        description="What the person may be worth, in the team's currency.", examples=[1200]
    )
    assignee_id: str | None = bodies.unset(
        description="The member who looks after the person.", examples=["m0mdbz3k91yq0c8f4w2n7xhs"]
    )
    consent: RecordConsent | None = bodies.unset(
        description="Records that the person agreed to be written to; null withdraws it.",
    )


class ConsentAnswer(bodies.Answer):
    """That a person agreed to be written to."""

    basis: _Basis = Field(description="On what ground they agreed.", examples=["agreedInConversation"])
    evidence: str = Field(description="What shows it.", examples=["Said so at our stand, 2 November"])
    recorded_at: bodies.Instant = Field(description="When it was recorded.")
    recorded_by: str | None = Field(description="The name of the token that recorded it.", examples=["CRM"])


class ContactAnswer(bodies.Answer):
    """What the team notes about one person."""

    id: str = Field(description="Id of the contact.", examples=["o0mdbz3k91yq0c8f4w2n7xhs"])
    profiles: list[ProfileAnswer] = Field(description="The person's profiles, the oldest first.")
    status_id: str | None = Field(description="Where in the pipeline.", examples=["w0mdbz3k91yq0c8f4w2n7xhs"])
    status: StatusAnswer | None = Field(description="The status; null unless expanded.")
    tag_ids: list[str] = Field(description="Tags, in the order they were added.", examples=[[]])
    tags: list[TagAnswer] | None = Field(description="The tags; null unless expanded.")
    notes: str | None = Field(description="Notes of the team.", examples=["Prefers mornings"])
    valuation: float | None = Field(
        description="What the person may be worth, in the team's currency.", examples=[1200]
    )
    assignee_id: str | None = Field(
        description="The member who looks after the person.", examples=["m0mdbz3k91yq0c8f4w2n7xhs"]
    )
    assignee: MemberAnswer | None = Field(description="The member; null unless expanded.")
    consent: ConsentAnswer | None = Field(description="That the person agreed to be written to; null: not recorded.")
    created_at: bodies.Instant = Field(description="When the team first heard of the person.")
    updated_at: bodies.Instant = Field(description="When something was last noted.")


@router.get("/contacts", summary="Find contacts", openapi_extra=refusals.of("platformNotSupported"))
async def list_contacts(
    context: CurrentContext,
    actor: CurrentActor,
    paging: CurrentPage,
    platform: Annotated[str, Query(max_length=64, description="Platform of the profiles.", examples=["twitter"])],
    platform_id: Annotated[
        list[_Named],
        Query(
            alias="platformId",
            description="Ids of the platform, up to 100.",
            max_length=_MOST,
            examples=[["1900000000000000042"]],
        ),
    ] = [],  # noqa: B006 - FastAPI copies it
    username: Annotated[
        list[_Named],
        Query(description="Usernames, with or without @, up to 100.", max_length=_MOST, examples=[["ana"]]),
    ] = [],  # noqa: B006 - FastAPI copies it
    expand: _Expand = [],  # noqa: B006 - FastAPI copies it
) -> Page[ContactAnswer]:
    """Return the contacts of the people named, by platform id or by username; whom the team does not know is left out.

    Everybody the team knows has a contact: whoever is or was on a list or in a campaign, wrote, or is suppressed.
    Nobody is looked up on the platform.
    """
    if bool(platform_id) == bool(username):
        raise InvalidRequest([(("platformId",), "Name people by platformId or by username: one of the two.")])
    kind = IdentifierKind.PLATFORM_ID if platform_id else IdentifierKind.USERNAME
    identifiers = [Identifier(kind=kind, value=value, platform=platform) for value in platform_id or username]
    rows = await contacts.page(
        context, actor, identifiers=identifiers, expand=expand, after=paging.after_id, limit=paging.fetch
    )
    shown, cursor = paging.cut(rows, lambda view: (view.contact.id,))
    return Page(data=[answer(view) for view in shown], next_cursor=cursor)


@router.get("/contacts/{contact_id}", summary="Get a contact")
async def get_contact(
    context: CurrentContext,
    actor: CurrentActor,
    contact_id: str,
    expand: _Expand = [],  # noqa: B006 - FastAPI copies it
) -> ContactAnswer:
    """Return one contact."""
    return answer(await contacts.get(context, actor, contact_id=contact_id, expand=expand))


@router.patch(
    "/contacts/{contact_id}",
    summary="Change a contact",
    openapi_extra=refusals.of("statusNotFound", "memberNotFound"),
)
async def change_contact(
    context: CurrentContext, actor: CurrentActor, contact_id: str, body: ChangeContact
) -> ContactAnswer:
    """Note something about a contact. Leads that wait for its consent come in by themselves; once a withdrawal
    returns, nobody who needed it is written to first.
    """
    changes = cast(ContactChanges, body.given())
    if body.valuation is not None:
        changes["valuation"] = Decimal(str(body.valuation))
    if body.consent is not None:
        changes["consent"] = NewConsent(basis=body.consent.basis, evidence=body.consent.evidence)
    return answer(await contacts.change(context, actor, contact_id=contact_id, changes=changes))


@router.post(
    "/contacts/{contact_id}/forget",
    summary="Forget a person",
    openapi_extra=refusals.of("forbidden", "sendInProgress"),
)
async def forget_contact(context: CurrentContext, actor: CurrentActor, contact_id: str) -> ContactAnswer:
    """Erase a person for good, as an owner or admin: names, profile, notes, values, consent, and the texts of all
    messages. They leave all lists, every sequence stops, and nobody of the team writes to them again, also when they
    are met anew: a salted hash of the platform's id is kept. Counters stay, and when something was sent.
    """
    return answer(await forgetting.forget(context, actor, contact_id=contact_id))


@router.put("/contacts/{contact_id}/tags/{tag_ref:path}", summary="Tag a contact")
async def tag_contact(context: CurrentContext, actor: CurrentActor, contact_id: str, tag_ref: str) -> ContactAnswer:
    """Add a tag, by id or by name; a contact that has it keeps it."""
    return answer(await contacts.change_tag(context, actor, contact_id=contact_id, reference=tag_ref, is_added=True))


@router.delete("/contacts/{contact_id}/tags/{tag_ref:path}", summary="Take a tag off a contact")
async def untag_contact(context: CurrentContext, actor: CurrentActor, contact_id: str, tag_ref: str) -> ContactAnswer:
    """Take a tag off, by id or by name; a contact without it stays as it is."""
    return answer(await contacts.change_tag(context, actor, contact_id=contact_id, reference=tag_ref, is_added=False))


def answer(view: View) -> ContactAnswer:
    """Put a contact into its wire form."""
    contact, consent = view.contact, view.contact.consent
    return ContactAnswer(
        id=contact.id,
        profiles=[profiles.answer(profile) for profile in contact.profiles],
        status_id=contact.status_id,
        status=None if view.status is None else statuses.answer(view.status),
        tag_ids=list(contact.tag_ids),
        tags=None if view.tags is None else [tags.answer(tag) for tag in view.tags],
        notes=contact.notes,
        valuation=None if contact.valuation is None else float(contact.valuation),
        assignee_id=contact.assignee_id,
        assignee=None if view.assignee is None else members.answer(view.assignee),
        consent=None
        if consent is None
        else ConsentAnswer(
            basis=cast(_Basis, consent.basis),
            evidence=consent.evidence,
            recorded_at=consent.at,
            recorded_by=consent.by,
        ),
        created_at=contact.created_at,
        updated_at=contact.updated_at,
    )
