"""How every action comes to a campaign: by its id, in the team of whoever asks."""

from collections.abc import Sequence

from overture.actions.context import Actor
from overture.errors import NotFound
from overture.store import campaign_accounts, campaigns, paces
from overture.store.campaigns import Campaign, State
from overture.store.pool import Connection


async def lock(connection: Connection, actor: Actor, *, campaign_id: str) -> State:
    """Lock a campaign for an edit that touches neither its leads nor its pace, and return where it stands.

    Raises:
        NotFound: the team has no such campaign.
    """
    state = await campaigns.lock(connection, team_id=actor.team_id, campaign_id=campaign_id)
    if state is None:
        raise NotFound("campaign", campaign_id)
    return state


async def lock_with_accounts(
    connection: Connection, actor: Actor, *, campaign_id: str, joining: Sequence[str] = ()
) -> State:
    """Lock a campaign for an edit that touches its leads or its pace, and return where it stands.

    Its accounts, and those that are `joining`, are locked before it: whoever settles a message comes to the campaign
    from the account.

    Raises:
        NotFound: the team has no such campaign.
    """
    account_ids = await campaign_accounts.ever_ids(connection, team_id=actor.team_id, campaign_id=campaign_id)
    await paces.lock_accounts(connection, team_id=actor.team_id, account_ids=[*account_ids, *joining])
    return await lock(connection, actor, campaign_id=campaign_id)


async def require(connection: Connection, actor: Actor, *, campaign_id: str) -> None:
    """Check that the team has the campaign.

    Raises:
        NotFound: it has not.
    """
    if not await campaigns.exists(connection, team_id=actor.team_id, campaign_id=campaign_id):
        raise NotFound("campaign", campaign_id)


async def read(connection: Connection, actor: Actor, *, campaign_id: str) -> Campaign:
    """Return a campaign with everything that belongs to it.

    Raises:
        NotFound: the team has no such campaign.
    """
    found = await campaigns.find(connection, team_id=actor.team_id, campaign_id=campaign_id)
    if found is None:
        raise NotFound("campaign", campaign_id)
    return found
