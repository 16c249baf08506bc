"""Which threads a call asks for, by folder and filters."""

from typing import Annotated, Literal

from fastapi import Depends, Query
from pydantic import Field

from overture.actions.threads import Wanted
from overture.core.words import Folder
from overture.errors import InvalidRequest
from overture.store.folders import Filters

_MOST = 100
_Id = Annotated[str, Field(max_length=64)]
_Named = Annotated[str, Field(min_length=1, max_length=255)]

Order = Literal["desc", "asc"]
LatestFirst = Annotated[Order, Query(description="`desc`: what was said last comes first.", examples=["desc"])]


def read(
    account_link_id: Annotated[
        list[_Id],
        Query(
            alias="accountLinkId",
            description="Only of these accounts.",
            max_length=_MOST,
            examples=[["a0mdbz3k91yq0c8f4w2n7xhs"]],
        ),
    ] = [],  # noqa: B006 - FastAPI copies it
    platform: Annotated[
        list[_Named], Query(description="Only on these platforms.", max_length=_MOST, examples=[["twitter"]])
    ] = [],  # noqa: B006 - the same
    contact_id: Annotated[
        list[_Id],
        Query(
            alias="contactId",
            description="Only with these contacts.",
            max_length=_MOST,
            examples=[["o0mdbz3k91yq0c8f4w2n7xhs"]],
        ),
    ] = [],  # noqa: B006 - the same
    folder: Annotated[
        Folder,
        Query(
            description="`inbox`: neither archived nor requests. `noReply`: those of the inbox in which the other side "
            "spoke last. `requests`: not accepted yet. `archived`, `all`.",
            examples=["noReply"],
        ),
    ] = Folder.INBOX,
    tag: Annotated[
        list[_Named],
        Query(
            description="Only with contacts that have one of these tags, by id or name.",
            max_length=_MOST,
            examples=[["VIP"]],
        ),
    ] = [],  # noqa: B006 - the same
    status: Annotated[
        list[_Named],
        Query(
            description="Only with contacts in one of these statuses, by id or name.",
            max_length=_MOST,
            examples=[["Interested"]],
        ),
    ] = [],  # noqa: B006 - the same
    assignee_id: Annotated[
        list[_Id],
        Query(
            alias="assigneeId",
            description="Only those that one of these members looks after.",
            max_length=_MOST,
            examples=[["m0mdbz3k91yq0c8f4w2n7xhs"]],
        ),
    ] = [],  # noqa: B006 - the same
    unassigned: Annotated[
        bool, Query(description="Only those that nobody looks after; not together with `assigneeId`.", examples=[True])
    ] = False,
    campaign_id: Annotated[
        list[_Id],
        Query(
            alias="campaignId",
            description="Only those in which one of these campaigns wrote. That archives them: ask with "
            "`folder=archived` or `folder=all`.",
            max_length=_MOST,
            examples=[["c0mdbz3k91yq0c8f4w2n7xhs"]],
        ),
    ] = [],  # noqa: B006 - the same
    q: Annotated[
        str | None,
        Query(
            description="How a username or display name begins, or words they wrote; the last may be a beginning.",
            min_length=1,
            max_length=200,
            examples=["ana"],
        ),
    ] = None,
) -> Wanted:
    """Read the folder and the filters from the query.

    Raises:
        InvalidRequest: filters that leave nothing by their meaning.
    """
    if unassigned and assignee_id:
        raise InvalidRequest([(("unassigned",), "Ask for those nobody looks after or for members: one of the two.")])
    return Wanted(
        filters=Filters(
            folder=folder,
            account_ids=sorted(set(account_link_id)),
            platforms=platform,
            assignee_ids=assignee_id,
            is_unassigned=unassigned,
            campaign_ids=campaign_id,
            words=q,
        ),
        contact_ids=contact_id,
        tags=tag,
        statuses=status,
    )


WantedThreads = Annotated[Wanted, Depends(read)]
