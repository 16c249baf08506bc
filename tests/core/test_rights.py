"""What an account can do by what it has granted."""

from hypothesis import given
from hypothesis import strategies as st

from overture.core import rights
from overture.core.rights import Scope
from overture.core.words import Capability

SCOPES = st.lists(
    st.builds(
        Scope,
        name=st.sampled_from([f"right.{number}" for number in range(9)]),
        costs=st.text(min_size=1),
        is_needed=st.booleans(),
        opens=st.frozensets(st.sampled_from(Capability)),
    ),
    unique_by=lambda scope: scope.name,
)
NAMES = st.lists(st.sampled_from([f"right.{number}" for number in range(12)]))


@given(SCOPES)
def test_who_has_not_told_lacks_nothing(asked: list[Scope]) -> None:
    assert rights.missing(asked, None) == []


@given(SCOPES, NAMES)
def test_what_is_lacking_was_asked_for_and_not_granted(asked: list[Scope], granted: list[str]) -> None:
    lacking = rights.missing(asked, granted)
    assert {scope.name for scope in lacking} == {scope.name for scope in asked} - set(granted)


@given(SCOPES, NAMES)
def test_nothing_is_left_that_rests_on_what_is_lacking(asked: list[Scope], granted: list[str]) -> None:
    lacking = rights.missing(asked, granted)
    left = rights.left(list(Capability), lacking)
    for capability in Capability:
        assert (capability in left) is not any(capability in scope.opens for scope in lacking)


def test_each_lack_is_told_with_its_cost() -> None:
    scopes = [Scope(name="a", costs="nothing works"), Scope(name="b", costs="it is slow")]
    assert rights.told(scopes) == "without a nothing works; without b it is slow"
