"""Which leads of a campaign a call asks for, in its query or in its body."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import Field

from overture.api import bodies
from overture.api.campaign_parts import EXAMPLE_ACCOUNT, EXAMPLE_STEP
from overture.core.words import LeadStage, LeadState
from overture.errors import InvalidRequest, Path
from overture.store.lead_filters import Filters, Sent

_MOST = 100
_Id = Annotated[str, Field(max_length=64)]
_Reason = Annotated[str, Field(min_length=1, max_length=255)]
_Option = Annotated[str, Field(pattern=r"^[0-9]{1,4}-[0-9]{1,4}$")]

_STATE: dict[str, Any] = {"description": "Only these states.", "examples": [["held", "inSequence"]]}
_REASON: dict[str, Any] = {
    "description": "Only for these reasons; `variableMissing` stands for each `variableMissing:…`.",
    "max_length": _MOST,
    "examples": [["suppressed"]],
}
_ACCOUNT: dict[str, Any] = {"description": "Only leads of these accounts.", "examples": [[EXAMPLE_ACCOUNT]]}
_STEP: dict[str, Any] = {
    "description": "Only those whose next step is one of these.",
    "max_length": _MOST,
    "examples": [[EXAMPLE_STEP]],
}
_STAGE: dict[str, Any] = {
    "description": "Only those that have come so far, as the campaign counts them: `inScope` are its targets "
    "(`targetsCount`), `reachable` those of them that are assessed, and so on along the funnel.",
    "examples": ["contacted"],
}
_SENT: dict[str, Any] = {
    "description": "Only those to whom this step was sent.",
    "max_length": 64,
    "examples": [EXAMPLE_STEP],
}
_ANSWERED: dict[str, Any] = {
    "description": "Only those who answered this step; not together with `sentStepId`.",
    "max_length": 64,
    "examples": [EXAMPLE_STEP],
}
_OPTION: dict[str, Any] = {
    "description": "Of those to whom `sentStepId` was sent, or who answered `answeredStepId`: only those for whom this "
    "option was picked, by the numbers of its segment and of the option in it, from 0.",
    "examples": ["1-0"],
}
_STATUS: dict[str, Any] = {
    "description": "Only people who have one of these statuses, by id; `none`: who have none.",
    "max_length": _MOST,
    "examples": [["w0mdbz3k91yq0c8f4w2n7xhs"]],
}
_NAME: dict[str, Any] = {
    "description": "How the username or display name begins.",
    "max_length": 255,
    "examples": ["ana"],
}


class LeadFilter(bodies.Body):
    """Leads by where they stand; what is left out lets everybody through."""

    state: list[bodies.Choice[LeadState]] = Field(default_factory=list, **_STATE)
    reason: list[_Reason] = Field(default_factory=list, **_REASON)
    account_link_id: list[str] = Field(default_factory=list, **_ACCOUNT)
    step_id: list[_Id] = Field(default_factory=list, **_STEP)
    stage: bodies.Choice[LeadStage] | None = Field(default=None, **_STAGE)
    sent_step_id: str | None = Field(default=None, **_SENT)
    answered_step_id: str | None = Field(default=None, **_ANSWERED)
    option: _Option | None = Field(default=None, **_OPTION)
    status_id: list[_Id] = Field(default_factory=list, **_STATUS)
    q: str | None = Field(default=None, **_NAME)

    def filters(self) -> Filters:
        """Return what it lets through.

        Raises:
            InvalidRequest: filters that mean nothing together.
        """
        given = {name: getattr(self, name) for name in type(self).model_fields}
        return _filters(**given, path=("filter",))


def read(
    state: Annotated[list[LeadState], Query(**_STATE)] = [],  # noqa: B006 - FastAPI copies it
    reason: Annotated[list[_Reason], Query(**_REASON)] = [],  # noqa: B006 - the same
    account_link_id: Annotated[list[str], Query(alias="accountLinkId", **_ACCOUNT)] = [],  # noqa: B006 - the same
    step_id: Annotated[list[_Id], Query(alias="stepId", **_STEP)] = [],  # noqa: B006 - the same
    stage: Annotated[LeadStage | None, Query(**_STAGE)] = None,
    sent_step_id: Annotated[str | None, Query(alias="sentStepId", **_SENT)] = None,
    answered_step_id: Annotated[str | None, Query(alias="answeredStepId", **_ANSWERED)] = None,
    option: Annotated[_Option | None, Query(**_OPTION)] = None,
    status_id: Annotated[list[_Id], Query(alias="statusId", **_STATUS)] = [],  # noqa: B006 - the same
    q: Annotated[str | None, Query(**_NAME)] = None,
) -> Filters:
    """Read the filters from the query.

    Raises:
        InvalidRequest: filters that mean nothing together.
    """
    return _filters(
        state=state,
        reason=reason,
        account_link_id=account_link_id,
        step_id=step_id,
        stage=stage,
        sent_step_id=sent_step_id,
        answered_step_id=answered_step_id,
        option=option,
        status_id=status_id,
        q=q,
        path=(),
    )


WantedLeads = Annotated[Filters, Depends(read)]


def _filters(
    *,
    state: Sequence[LeadState],
    reason: Sequence[str],
    account_link_id: Sequence[str],
    step_id: Sequence[str],
    stage: LeadStage | None,
    sent_step_id: str | None,
    answered_step_id: str | None,
    option: str | None,
    status_id: Sequence[str],
    q: str | None,
    path: Path,
) -> Filters:
    """Read a filter as clients write it: a username may have its @."""
    return Filters(
        states=state,
        reasons=reason,
        account_ids=account_link_id,
        step_ids=step_id,
        stage=stage,
        sent=_sent(sent_step_id, answered_step_id, option, path),
        status_ids=status_id,
        prefix=(q or "").strip().removeprefix("@") or None,
    )


def _sent(sent_step_id: str | None, answered_step_id: str | None, option: str | None, path: Path) -> Sent | None:
    if sent_step_id is not None and answered_step_id is not None:
        message = "Ask for those who got a step or for those who answered one, not for both."
        raise InvalidRequest([((*path, "answeredStepId"), message)])
    step_id = answered_step_id if sent_step_id is None else sent_step_id
    if step_id is None:
        if option is not None:
            raise InvalidRequest([((*path, "option"), "Say of which step: add `sentStepId` or `answeredStepId`.")])
        return None
    picked = None
    if option is not None:
        segment, _, number = option.partition("-")
        picked = (int(segment), int(number))
    return Sent(step_id=step_id, option=picked, is_answered=answered_step_id is not None)
