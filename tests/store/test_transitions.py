"""What may become of a lead stands in the code and in the database, and both say the same."""

from overture.core import lifecycle
from overture.store.pool import Pool


async def test_the_transitions_of_the_database_are_those_of_the_code(database: Pool) -> None:
    rows = await database.fetch("SELECT before, after FROM lead_transition")
    assert {(row["before"], row["after"]) for row in rows} == {
        (before, after) for before, following in lifecycle.LEAD.items() for after in following
    }
