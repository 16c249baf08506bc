"""Engagement: which lead may write to its person. The person's row decides, in the transaction of the intent."""

from collections.abc import Sequence
from datetime import timedelta

from overture.core.words import LeadState
from overture.engine.turns import Candidate, Turn
from overture.store import persons, progress
from overture.store.pool import Connection


async def engage(connection: Connection, turn: Turn, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Keep the candidates that won their person; the others wait for it, or are out."""
    chosen: dict[str, Candidate] = {}
    for candidate in candidates:
        if candidate.lead.profile_id not in chosen:
            chosen[candidate.lead.profile_id] = candidate
    if not chosen:
        return []
    recontact = timedelta(days=turn.rules.recontact_after_days)
    won = await persons.engage(
        connection,
        team_id=turn.team_id,
        wanted=[
            persons.Engagement(
                profile_id=profile_id,
                lead_id=candidate.lead.lead_id,
                is_first=candidate.pick.is_first,
                excludes_contacted=turn.outline[candidate.pick.campaign_id].exclude_contacted,
            )
            for profile_id, candidate in chosen.items()
        ],
        allow_parallel=turn.rules.allow_parallel_campaigns,
        recontact_before=turn.now - recontact,
    )
    winners = [candidate for candidate in chosen.values() if candidate.lead.lead_id in won]
    losers = [candidate for candidate in candidates if candidate.lead.lead_id not in won]
    if losers:
        await _explain_losers(connection, turn, losers, recontact)
    return sorted(winners, key=lambda candidate: candidate.pick.account_id)


async def _explain_losers(
    connection: Connection, turn: Turn, losers: Sequence[Candidate], recontact: timedelta
) -> None:
    known = await persons.read(
        connection, team_id=turn.team_id, profile_ids=[loser.lead.profile_id for loser in losers]
    )
    for loser in losers:
        lead, pick, person = loser.lead, loser.pick, known[loser.lead.profile_id]
        excludes = turn.outline[pick.campaign_id].exclude_contacted
        if person.suppressed_at is not None:
            state = LeadState.EXCLUDED if pick.is_first else LeadState.CANCELED
            turn.stops.append(progress.Stop(lead_id=lead.lead_id, state=state, reason="suppressed"))
        elif pick.is_first and excludes and person.first_contacted_at is not None:
            turn.stops.append(progress.Stop(lead_id=lead.lead_id, state=LeadState.EXCLUDED, reason="contacted"))
        elif person.by_hand_id is None and person.engaged_lead_id == lead.lead_id:
            # It has the person, and only stood behind another lead in this turn, which waits for it from now on.
            turn.later.append((lead.lead_id, pick.account_id, turn.now))
        elif person.by_hand_id is not None or person.engaged_lead_id is not None or person.unanswered_end_at is None:
            turn.parked.append(lead.lead_id)
        else:
            turn.later.append((lead.lead_id, pick.account_id, person.unanswered_end_at + recontact))
