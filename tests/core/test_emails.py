"""Addresses are kept as they are written, and compared without case."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overture.core import emails


@pytest.mark.parametrize("email", ["ana@example.com", "a@b", "ána+x@exämple.com", "A.B@EXAMPLE.COM"])
def test_an_address_is_kept_as_it_is_written(email: str) -> None:
    assert emails.clean(f"  {email} ") == email


@pytest.mark.parametrize(
    "email", ["", "ana", "@", "ana@", "@example.com", "a b@c", "a@b@c", "a@b\x00", "\x00@b", "a@" + "b" * 253]
)
def test_what_is_no_address_is_none(email: str) -> None:
    assert emails.clean(email) is None


@given(st.emails())
def test_spellings_of_an_address_are_the_same(email: str) -> None:
    assert emails.key(f" {email.upper()}") == emails.key(email.lower())
    assert emails.clean(email) is None or emails.key(str(emails.clean(email))) == emails.key(email)
