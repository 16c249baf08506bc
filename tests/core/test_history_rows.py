"""Rows of a history: when somebody wrote, and what is no instant."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overture.core import history_rows
from overture.core.csvheader import HeaderWrong
from overture.core.history_rows import Field, Reason, Told

MARCH = datetime(2025, 3, 1, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2025-03-01T09:30:00.000Z", MARCH),
        ("2025-03-01 09:30", MARCH),
        ("2025-03-01T10:30:00+01:00", MARCH),
        (" 2025-03-01 ", MARCH.replace(hour=0, minute=0)),
        ("01.03.2025", None),
        ("1740821400", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("", None),
    ],
)
def test_instants_are_read_in_one_form(text: str, instant: datetime | None) -> None:
    assert history_rows.instant(text) == instant


@given(st.text(max_size=40) | st.datetimes().map(str))
def test_whatever_stands_there_is_an_instant_of_our_time_or_none(text: str) -> None:
    found = history_rows.instant(text)
    assert found is None or (1999 <= found.year <= 2200 and found.tzinfo is UTC)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"sentAt": "2025-03-01 09:30"}, Told(MARCH, None, None, "")),
        ({"receivedAt": "2025-03-01 09:30", "messageId": "12", "text": "Hi"}, Told(None, MARCH, "12", "Hi")),
        ({"sentAt": "2025-03-01 09:30", "receivedAt": "2025-03-01 09:30"}, Told(MARCH, MARCH, None, "")),
        ({}, Reason.NO_INSTANT),
        ({"text": "Hi", "messageId": "1"}, Reason.NO_INSTANT),
        ({"sentAt": "soon"}, Reason.NOT_AN_INSTANT),
        ({"sentAt": "2025-03-01", "messageId": "x"}, Reason.MESSAGE_ID_INVALID),
        ({"sentAt": "2025-03-01", "text": "Hi"}, Reason.MESSAGE_ID_MISSING),
        ({"sentAt": "2025-03-01", "receivedAt": "2025-03-01", "messageId": "1"}, Reason.TWO_INSTANTS),
    ],
)
def test_a_row_tells_when_somebody_wrote_or_why_it_does_not(values: dict[str, str], said: Told | Reason) -> None:
    assert history_rows.read("twitter", values) == said


def test_columns_are_found_by_their_names() -> None:
    headers = ["username", "Sent at", "notes", "Replied_At"]
    assert history_rows.fields(headers, {1: "Sent at", 2: "notes", 3: "Replied_At"}) == {
        Field.SENT_AT: 1,
        Field.RECEIVED_AT: 3,
    }
    with pytest.raises(HeaderWrong, match="sentAt"):
        history_rows.fields(headers, {2: "notes"})
