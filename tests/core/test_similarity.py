"""Similarity of texts: symmetric, blind to case and spacing, and never by chance."""

from hypothesis import given
from hypothesis import strategies as st

from overture.core import sequence, similarity

WORDS = st.lists(st.sampled_from("abcdefgh"), min_size=similarity.SHORTEST, max_size=30)


def step(*segments: sequence.Segment) -> sequence.MessageStep:
    return sequence.MessageStep(id="s", rank=0, segments=segments)


def test_what_is_the_same_for_everybody_is_compared() -> None:
    words = similarity.fixed_words(
        step(
            sequence.Variation(options=("Hi", "Hello")),
            sequence.Static(text=" Dear "),
            sequence.Variable(name="first-name", fallback="there"),
            sequence.Static(text=",  THANK you"),
        )
    )
    assert words == ("hi", "dear", ",", "thank", "you")


@given(WORDS)
def test_a_text_is_near_itself(words: list[str]) -> None:
    assert similarity.near(words, [("own", words)]) == {"own"}


@given(WORDS, WORDS)
def test_nearness_holds_both_ways(one: list[str], other: list[str]) -> None:
    assert bool(similarity.near(one, [("x", other)])) == bool(similarity.near(other, [("x", one)]))


@given(WORDS)
def test_texts_without_a_word_in_common_are_not_near(words: list[str]) -> None:
    assert similarity.near(words, [("x", [word + "!" for word in words])]) == set()


@given(st.lists(st.sampled_from("ab"), max_size=similarity.SHORTEST - 1))
def test_short_texts_are_alike_by_chance(words: list[str]) -> None:
    assert similarity.near(words, [("x", words)]) == set()
    assert similarity.near(["a"] * 20, [("x", words)]) == set()


def test_one_word_changed_in_a_long_text_is_still_near() -> None:
    words = [f"w{number}" for number in range(40)]
    assert similarity.near(words, [("x", [*words[:20], "other", *words[21:]])]) == {"x"}
