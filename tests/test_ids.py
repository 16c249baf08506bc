import random

import pytest

from overture import ids


def test_ids_have_one_form_and_ascend_in_the_order_they_were_made_also_within_a_millisecond() -> None:
    made = [ids.new("c") for _ in range(5_000)]
    assert all(ids.is_valid(each) for each in made)
    assert made == sorted(set(made))


def test_a_batch_ascends_and_comes_after_what_was_made_before_it() -> None:
    before = ids.new("d")
    batch = ids.many("d", 300)
    after = ids.new("d")
    assert all(ids.is_valid(each) for each in batch)
    assert [before, *batch, after] == sorted({before, *batch, after})


def test_ids_still_ascend_when_the_clock_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    later = ids.new("d")
    monkeypatch.setattr(ids, "_milliseconds", lambda: 0)
    assert ids.new("d") > later


def test_a_seeded_source_makes_the_same_ids_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "_milliseconds", lambda: 1_000)
    try:
        ids.seed(random.Random(7))
        first = [ids.new("d") for _ in range(3)]
        ids.seed(random.Random(7))
        assert [ids.new("d") for _ in range(3)] == first
    finally:
        ids.seed(random.SystemRandom())
