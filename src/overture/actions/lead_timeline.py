"""Timeline: everything that happened to one lead of a campaign."""

from datetime import datetime

from overture.actions import campaign_access, lead_choice, people
from overture.actions.context import Actor, Context
from overture.core.identifiers import Identifier
from overture.store import selections, timelines
from overture.store.timelines import Entry


async def page(
    context: Context,
    actor: Actor,
    *,
    campaign_id: str,
    identifier: Identifier,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[Entry]:
    """Return what happened to a lead, oldest first.

    Raises:
        NotFound: no such campaign, or no such lead in it.
        Unprocessable: `platformNotSupported`.
    """
    people.require_channel(context, identifier.platform)
    async with context.pool.acquire() as connection:
        await campaign_access.require(connection, actor, campaign_id=campaign_id)
        lead_id = await lead_choice.one(connection, actor, campaign_id=campaign_id, identifier=identifier)
        return await timelines.page(
            connection,
            team_id=actor.team_id,
            campaign_id=campaign_id,
            lead_id=lead_id,
            profile_id=await selections.profile(connection, team_id=actor.team_id, lead_id=lead_id),
            after=after,
            limit=limit,
        )
