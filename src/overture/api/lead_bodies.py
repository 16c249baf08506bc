"""How a request names leads: the same for lists and campaigns."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from overture.actions.consents import Consent
from overture.actions.lead_choice import Choice
from overture.actions.people import Named
from overture.api import bodies
from overture.api.wanted_leads import LeadFilter
from overture.core.identifiers import Identifier, IdentifierKind
from overture.errors import InvalidRequest
from overture.store.lead_filters import Filters

DEFAULT_PLATFORM = "twitter"
MOST_LEADS = 2000
_Key = Annotated[str, Field(min_length=1, max_length=255)]
_Keys = Annotated[list[_Key], Field(min_length=1, max_length=MOST_LEADS)]
_Platform = Annotated[str, Field(min_length=1, max_length=64)]


class NamedBody(bodies.Body):
    """One person's profile: exactly one of the three identifiers."""

    platform_id: _Key | None = Field(default=None, description="The platform's id.", examples=["1000000000000000001"])
    username: _Key | None = Field(default=None, description="Username, with or without @.", examples=["ana"])
    external_id: _Key | None = Field(
        default=None, description="Overture's profile id.", examples=["u0mdbz3k91yq0c8f4w2n7xhs"]
    )
    platform: _Platform | None = Field(default=None, description="Platform of this profile.", examples=["twitter"])

    @model_validator(mode="after")
    def _has_one_identifier(self) -> Self:
        if sum(value is not None for value in (self.platform_id, self.username, self.external_id)) != 1:
            raise ValueError("Must have exactly one of platformId, username and externalId.")
        return self

    def identifier(self, platform: str) -> Identifier:
        """Return by what the profile is named; `platform` holds where it names none itself."""
        named = (
            (IdentifierKind.PLATFORM_ID, self.platform_id),
            (IdentifierKind.USERNAME, self.username),
            (IdentifierKind.EXTERNAL_ID, self.external_id),
        )
        kind, value = next((kind, value) for kind, value in named if value is not None)
        return Identifier(kind=kind, value=value, platform=self.platform or platform)


class LeadBody(NamedBody):
    """One lead: exactly one of the three identifiers, and its column values."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"username": "ana", "data": {"custom_f0mdbz3k91yq0c8f4w2n7xhs": "Acme"}}]}
    )

    data: dict[str, Any] | None = Field(
        default=None,
        description="Values by column id.",
        examples=[{"custom_f0mdbz3k91yq0c8f4w2n7xhs": "Acme"}],
    )


class Leads(bodies.Body):
    """Any number of leads, named in any of four ways; at least one lead."""

    platform: _Platform = Field(
        default=DEFAULT_PLATFORM, description="Platform of all that name none.", examples=["twitter"]
    )
    platform_ids: _Keys | None = Field(
        default=None, description="Ids of the platform.", examples=[["1000000000000000001"]]
    )
    usernames: _Keys | None = Field(default=None, description="Usernames, with or without @.", examples=[["ana"]])
    external_ids: _Keys | None = Field(
        default=None, description="Overture's profile ids.", examples=[["u0mdbz3k91yq0c8f4w2n7xhs"]]
    )
    leads: Annotated[list[LeadBody], Field(min_length=1, max_length=MOST_LEADS)] | None = Field(
        default=None, description="Leads with column values."
    )

    def named(self) -> list[Named]:
        """Return every lead of the request, in the order platformIds, usernames, externalIds, leads.

        Raises:
            InvalidRequest: there is none.
        """
        found = list(self._named())
        if not found:
            message = "Name at least one lead: in platformIds, usernames, externalIds or leads."
            raise InvalidRequest([((), message)])
        return found

    def _named(self) -> Iterator[Named]:
        arrays = (
            (IdentifierKind.PLATFORM_ID, "platformIds", self.platform_ids),
            (IdentifierKind.USERNAME, "usernames", self.usernames),
            (IdentifierKind.EXTERNAL_ID, "externalIds", self.external_ids),
        )
        for kind, field, values in arrays:
            for number, value in enumerate(values or ()):
                identifier = Identifier(kind=kind, value=value, platform=self.platform)
                yield Named(identifier=identifier, data={}, path=(field, number))
        for number, lead in enumerate(self.leads or ()):
            yield Named(identifier=lead.identifier(self.platform), data=lead.data or {}, path=("leads", number))


class ConsentBody(bodies.Body):
    """Consent of everybody in this request."""

    basis: Literal["wroteToUs", "signedUp", "agreedInConversation"] = Field(
        description="On what ground they agreed.", examples=["signedUp"]
    )
    evidence: Annotated[str, Field(min_length=1, max_length=2000)] = Field(
        description="A sentence or link that shows it.", examples=["Signed up at the fair, form of 2026-11-02"]
    )

    def to_consent(self) -> Consent:
        """Return it as the actions take it."""
        return Consent(basis=self.basis, evidence=self.evidence)


class AddLeads(Leads):
    """Leads to add to a list or to a campaign."""

    consent: ConsentBody | None = Field(
        default=None, description="Consent to record for all of them; without it campaigns may leave them out."
    )

    def recorded(self) -> Consent | None:
        """Return the consent that comes with the leads, if any does."""
        return None if self.consent is None else self.consent.to_consent()


class ChosenLeads(Leads):
    """Leads of a campaign: by name, or all that a filter lets through."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"usernames": ["ohaddad9207"]}]})

    filter: LeadFilter | None = Field(
        default=None, description="Instead of names: `{}` means every lead of the campaign."
    )

    def choice(self) -> Choice:
        """Return which leads are meant.

        Raises:
            InvalidRequest: neither names nor a filter, or both.
        """
        if self.filter is None:
            if not any(self._named()):
                message = "Say which leads: in platformIds, usernames, externalIds or leads, or by a filter."
                raise InvalidRequest([((), message)])
            return Choice(named=self.named(), filters=Filters())
        if any(self._named()):
            raise InvalidRequest([(("filter",), "Name leads or give a filter, not both.")])
        return Choice(named=None, filters=self.filter.filters())
