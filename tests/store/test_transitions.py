"""What may become of a lead stands in the code and in the database, and both say the same."""

import re

import asyncpg
import pytest

from overture import ids
from overture.core import lifecycle
from overture.core.words import LeadState
from overture.store.pool import Pool


async def test_the_transitions_of_the_database_are_those_of_the_code(database: Pool) -> None:
    rows = await database.fetch("SELECT before, after FROM lead_transition")
    assert {(row["before"], row["after"]) for row in rows} == {
        (before, after) for before, following in lifecycle.LEAD.items() for after in following
    }


async def test_the_trigger_asks_the_table_about_no_transition_that_is_in_it(database: Pool) -> None:
    condition = await database.fetchval(
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'lead'::regclass"
        " AND tgname = 'lead_transition_check'"
    )
    known = {tuple(pair.split()) for pair in re.findall(r"'(\w+ \w+)'", condition)}
    assert known == {(before, after) for before, following in lifecycle.LEAD.items() for after in following}


@pytest.mark.parametrize("after", sorted(set(LeadState) - lifecycle.LEAD[LeadState.EXCLUDED] - {LeadState.EXCLUDED}))
async def test_a_lead_cannot_pass_into_a_state_that_does_not_follow(database: Pool, after: LeadState) -> None:
    lead_id = ids.new("d")
    await database.execute(
        "INSERT INTO lead (team_id, id, campaign_id, profile_id, state, reason, is_direct, joined_at)"
        " VALUES ($1, $2, $3, $4, 'excluded', 'contacted', false, now())",
        ids.new("t"),
        lead_id,
        ids.new("c"),
        ids.new("u"),
    )
    with pytest.raises(asyncpg.CheckViolationError, match=f"cannot pass from excluded to {after}"):
        await database.execute("UPDATE lead SET state = $2 WHERE id = $1", lead_id, after)
