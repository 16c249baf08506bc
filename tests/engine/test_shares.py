"""Shares: whoever comes finds a place, however many teams are there already and however much each wants."""

from hypothesis import given
from hypothesis import strategies as st

from overture.engine.shares import Shares

PLACES = 24


@given(st.lists(st.tuples(st.integers(1, 6), st.booleans()), max_size=200))
def test_a_team_takes_no_more_than_it_leaves_free_and_a_newcomer_finds_room(moves: list[tuple[int, bool]]) -> None:
    shares, held = Shares(PLACES), dict.fromkeys(map(str, range(1, 7)), 0)
    for number, takes in moves:
        team_id = str(number)
        if takes and (room := shares.room(team_id)):
            shares.take(team_id, room)
            held[team_id] += room
            assert held[team_id] <= PLACES - shares.taken + 1
        elif not takes and held[team_id]:
            shares.give(team_id)
            held[team_id] -= 1
        assert shares.taken == sum(held.values()) <= PLACES
        free = PLACES - shares.taken
        for each, count in held.items():
            assert (shares.room(each) == 0) == (count >= free)
            assert (each in shares.sated()) == (count > 0 and count >= free)


def test_half_is_for_one_alone_and_a_third_each_for_two() -> None:
    shares = Shares(PLACES)
    shares.take("a", shares.room("a"))
    assert shares.taken == PLACES / 2
    assert shares.sated() == ["a"]

    shares.take("b", shares.room("b"))
    for _ in range(PLACES):
        shares.give("a")
        for team_id in ("b", "a"):
            shares.take(team_id, shares.room(team_id))
    assert shares.room("c") >= PLACES / 3 / 2
    assert set(shares.sated()) == {"a", "b"}
