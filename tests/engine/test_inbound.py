"""An answer counts once, for the lead its account last wrote to before it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from overture.channels.port import InboxMessage
from overture.engine import inbound
from overture.store.inboxes import ConcernedLead

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def lead(lead_id: str, at: datetime | None, account_id: str = "ana") -> ConcernedLead:
    return ConcernedLead(
        lead_id=lead_id,
        campaign_id="c",
        profile_id="u",
        state="finished",
        account_id=account_id,
        joined_at=NOON - HOUR,
        contacted_at=at,
    )


def message(at: datetime) -> InboxMessage:
    return InboxMessage(
        platform_id="1", conversation_id=None, sender_id="2", other_id="2", is_inbound=True, text="Hi", sent_at=at
    )


EARLIER, LATER = lead("earlier", NOON), lead("later", NOON + 2 * HOUR)


def answered(
    leads: list[ConcernedLead], *at: datetime, tried: dict[str, datetime] | None = None
) -> dict[str, datetime]:
    return inbound._answered(leads, "ana", [message(one) for one in at], tried or {})


def test_it_counts_for_the_lead_written_to_most_recently() -> None:
    assert answered([EARLIER, LATER], NOON + 3 * HOUR) == {"later": NOON + 3 * HOUR}


def test_one_that_is_read_after_another_campaign_has_written_counts_for_the_lead_it_answers() -> None:
    assert answered([LATER, EARLIER], NOON + HOUR) == {"earlier": NOON + HOUR}


def test_of_several_each_counts_for_its_own_lead_and_the_first_tells_when() -> None:
    at = [NOON + HOUR, NOON + 3 * HOUR, NOON + 4 * HOUR]
    assert answered([EARLIER, LATER], *at) == {"earlier": at[0], "later": at[1]}


def test_what_came_while_the_message_was_on_its_way_counts() -> None:
    assert answered([EARLIER], NOON - HOUR / 2, tried={"earlier": NOON - HOUR}) == {"earlier": NOON - HOUR / 2}


def test_what_came_before_or_to_another_account_does_not_count() -> None:
    assert answered([EARLIER], NOON - HOUR) == {}
    assert answered([replace(EARLIER, account_id="ben")], NOON + HOUR) == {}
    assert answered([lead("never", None)], NOON + HOUR) == {}
