"""Suppress: nobody of the team writes to somebody any more, and every sequence with that person stops."""

from collections.abc import Sequence
from datetime import datetime

from overture.core.words import LeadState
from overture.store import inboxes, ledger, persons, progress, scope_requests, suppressions
from overture.store.pool import Connection


async def begin(
    connection: Connection, *, team_id: str, new: Sequence[suppressions.New], source: str, by: str | None, at: datetime
) -> tuple[set[str], list[str]]:
    """Suppress people; return the profiles that were not suppressed before, and the campaigns in which a lead ended.

    Once the transaction is committed no message to them leaves; one whose intent is committed arrives.
    """
    added, ended = await stop(connection, team_id=team_id, new=new, source=source, by=by, at=at)
    await scope_requests.follow(connection, team_id=team_id, now=at, suppressed=added)
    return added, ended


async def stop(
    connection: Connection, *, team_id: str, new: Sequence[suppressions.New], source: str, by: str | None, at: datetime
) -> tuple[set[str], list[str]]:
    """Suppress people as `begin` does, but leave it to the caller to let campaigns follow those added."""
    profile_ids = [one.profile_id for one in new]
    leads = await inboxes.concerned_leads(connection, team_id=team_id, profile_ids=profile_ids)
    added = await suppressions.add(connection, team_id=team_id, new=new, source=source, by=by, at=at)
    tried = await ledger.first_intents(connection, team_id=team_id, lead_ids=[lead.lead_id for lead in leads])
    stops = [stop for lead in leads if (stop := stop_of(lead, tried.get(lead.lead_id))) is not None]
    stopped = await progress.stop_if_open(connection, team_id=team_id, stops=stops, at=at)
    ended = [lead.lead_id for lead in stopped]
    await persons.free(connection, team_id=team_id, lead_ids=ended, unanswered_at=None, now=at)
    return added, sorted({lead.campaign_id for lead in stopped})


def stop_of(lead: inboxes.ConcernedLead, first_intent: datetime | None) -> progress.Stop | None:
    """Say how a lead ends whose person is suppressed; None where a message on its way must be settled first."""
    if first_intent is None:
        return progress.Stop(lead_id=lead.lead_id, state=LeadState.EXCLUDED, reason="suppressed")
    if lead.state == LeadState.IN_SEQUENCE or (lead.state == LeadState.HELD and lead.contacted_at is not None):
        return progress.Stop(lead_id=lead.lead_id, state=LeadState.CANCELED, reason="suppressed")
    return None
