"""Text: rendering with fallbacks and stable variations, and what is read out of profiles."""

from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from overture.core import sequence, text
from overture.core.sequence import MessageStep, Segment, Static, Variable, Variation

CHEAP = settings(max_examples=80, deadline=None, database=None)


def message(*segments: Segment, identifier: str = "step") -> MessageStep:
    return MessageStep(id=identifier, rank=0, segments=segments)


def values(
    name: str | None = None,
    *,
    username: str | None = None,
    bio: str | None = None,
    location: str | None = None,
    website: str | None = None,
    follower_count: int | None = None,
) -> dict[str, str | None]:
    return text.profile_values(
        name=name,
        username=username,
        bio=bio,
        location=location,
        website=website,
        follower_count=follower_count,
    )


GREETING = message(Static(text="Hi "), Variable(name="first-name", fallback="there"), Static(text="!"))


def test_segments_are_joined_as_written() -> None:
    assert text.render(GREETING, lead_key="l", values={"first-name": "Jane"}) == text.Rendered(
        text="Hi Jane!", choices=()
    )


@pytest.mark.parametrize("value", [None, "", "  ", "\n", "\u200b", "\u3164"])
def test_an_empty_or_blank_value_uses_the_fallback(value: str | None) -> None:
    assert text.render(GREETING, lead_key="l", values={"first-name": value}) == text.Rendered(
        text="Hi there!", choices=()
    )


def test_an_absent_value_uses_the_fallback() -> None:
    assert text.render(GREETING, lead_key="l", values={}) == text.Rendered(text="Hi there!", choices=())


def test_no_value_and_no_fallback_never_renders() -> None:
    step = message(Static(text="Hi "), Variable(name="a", fallback=None), Variable(name="b", fallback=None))
    assert text.render(step, lead_key="l", values={"a": "x", "b": " "}) == text.Missing(variable="b")


def test_an_empty_fallback_is_a_fallback() -> None:
    step = message(Static(text="Hi"), Variable(name="a", fallback=""), Static(text="!"))
    assert text.render(step, lead_key="l", values={}) == text.Rendered(text="Hi!", choices=())


def test_white_space_around_a_value_is_dropped_and_within_it_kept() -> None:
    step = message(Static(text="<"), Variable(name="bio", fallback=None), Static(text=">"))
    rendered = text.render(step, lead_key="l", values={"bio": " a\n b \n"})
    assert rendered == text.Rendered(text="<a\n b>", choices=())


def test_braces_and_backslashes_in_values_are_plain_text() -> None:
    step = message(Variable(name="bio", fallback=None))
    assert text.render(step, lead_key="l", values={"bio": r"{x} \1 %s"}) == text.Rendered(text=r"{x} \1 %s", choices=())


def test_a_variation_is_picked_for_good_and_recorded() -> None:
    step = message(Static(text="- "), Variation(options=("a", "b", "c")))
    first = text.render(step, lead_key="lead-7", values={})
    assert isinstance(first, text.Rendered)
    assert first.choices == (text.Choice(segment_index=1, option_index="abc".index(first.text[2:])),)
    assert text.render(step, lead_key="lead-7", values={"bio": "other"}) == first


def test_the_pick_never_changes_between_releases() -> None:
    step = message(Variation(options=tuple("abcdefghij")))
    picks = [text.render(step, lead_key=f"lead-{number}", values={}) for number in range(8)]
    assert "".join(pick.text for pick in picks if isinstance(pick, text.Rendered)) == "digfhadc"


def test_options_are_shared_out_evenly_and_places_pick_independently() -> None:
    step = message(Variation(options=("a", "b", "c")), Variation(options=("a", "b", "c")))
    other = message(Variation(options=("a", "b", "c")), identifier="other")
    counted: Counter[str] = Counter()
    for number in range(3600):
        here = text.render(step, lead_key=str(number), values={})
        there = text.render(other, lead_key=str(number), values={})
        assert isinstance(here, text.Rendered) and isinstance(there, text.Rendered)
        counted[f"{here.text}"] += 1
        counted[f"{here.text[0]}/{there.text}"] += 1
    assert len(counted) == 18
    assert all(330 < count < 470 for count in counted.values())  # 400 ± 3.7 standard deviations, and fixed for ever


SOME_TEXT = st.text(alphabet="ab \u200b\n👋", max_size=3)
SEGMENTS = st.one_of(
    st.builds(Static, text=SOME_TEXT),
    st.builds(Variable, name=st.sampled_from(["bio", "username"]), fallback=st.one_of(st.none(), SOME_TEXT)),
    st.builds(Variation, options=st.lists(SOME_TEXT, min_size=1, max_size=3).map(tuple)),
)


@CHEAP
@given(
    st.lists(SEGMENTS, max_size=4),
    st.text(max_size=3),
    st.dictionaries(st.sampled_from(["bio", "username"]), st.one_of(st.none(), SOME_TEXT)),
)
def test_a_message_without_problems_never_renders_blank(
    segments: list[Segment], lead_key: str, given_values: dict[str, str | None]
) -> None:
    step = message(*segments)
    rendered = text.render(step, lead_key=lead_key, values=given_values)
    if not sequence.problems([step]) and isinstance(rendered, text.Rendered):
        assert not sequence.is_blank(rendered.text)


@pytest.mark.parametrize(
    ("name", "first", "last", "full"),
    [
        ("Jane Doe", "Jane", "Doe", "Jane Doe"),
        ("  Jane \t Doe ", "Jane", "Doe", "Jane Doe"),
        ("jane", "jane", None, "jane"),
        ("@jane", "jane", None, "jane"),
        ("Juan de la Cruz", "Juan", "de la Cruz", "Juan de la Cruz"),
        ("山田太郎", "山田太郎", None, "山田太郎"),
        ("José Núñez", "José", "Núñez", "José Núñez"),
        ("Jean-Luc O'Neill", "Jean-Luc", "O'Neill", "Jean-Luc O'Neill"),
        ("A$AP Rocky", "A$AP", "Rocky", "A$AP Rocky"),
        ("J.R.R. Tolkien Jr.", "J.R.R.", "Tolkien Jr.", "J.R.R. Tolkien Jr."),
        ("Jane.", "Jane", None, "Jane"),
        ("علی\u200cرضا", "علی\u200cرضا", None, "علی\u200cرضا"),
    ],
)
def test_a_plain_name_is_split_at_its_first_space(name: str, first: str, last: str | None, full: str) -> None:
    read = values(name)
    assert (read["first-name"], read["last-name"], read["full-name"]) == (first, last, full)


@pytest.mark.parametrize(
    "name",
    [
        "✨ Jane 🚀 Doe ✨",
        "Jane👩\u200d💻 Doe 🇩🇪",
        "Jane ❤️ Doe™",
        "👋🏽Jane Doe 1️⃣",
        "~ Jane Doe ~",
        "“Jane” Doe",
        "𝓙𝓪𝓷𝓮 𝓓𝓸𝓮",
        "Ⓙane Ｄｏｅ",
        "Jane\u200b Doe\ufeff",
        "Jane\nDoe",
    ],
)
def test_decoration_of_a_name_is_dropped(name: str) -> None:
    read = values(name)
    assert (read["first-name"], read["last-name"], read["full-name"]) == ("Jane", "Doe", "Jane Doe")


@pytest.mark.parametrize("title", ["Dr.", "DR", "Prof.", "mrs"])
def test_a_title_is_not_a_first_name(title: str) -> None:
    read = values(f"{title} JANE DOE")
    assert (read["first-name"], read["last-name"]) == ("JANE", "DOE")
    assert read["full-name"] == f"{title} JANE DOE"


def test_a_title_alone_is_a_name() -> None:
    assert values("Sir")["first-name"] == "Sir"


@pytest.mark.parametrize(
    "addition",
    [
        " | CEO",
        "| CEO",
        "｜CEO",
        ", PhD",
        ": writer",
        " - founder",
        " — founder",
        " (she/her)",
        " @ Acme",
        " & Joe",
        " • x",
        " / x",
    ],
)
def test_what_follows_a_name_is_not_part_of_it(addition: str) -> None:
    assert values(f"Jane Doe{addition}")["full-name"] == "Jane Doe"


@pytest.mark.parametrize("name", [None, "", " ", "🚀🔥", "👩\u200d💻", "\u3164", "1337", "...", "@", "|"])
def test_a_name_without_letters_gives_nothing(name: str | None) -> None:
    read = values(name)
    assert (read["first-name"], read["last-name"], read["full-name"]) == (None, None, None)


@CHEAP
@given(st.text(max_size=20))
def test_no_name_gives_a_blank_value(name: str) -> None:
    read = values(name)
    for variable in ("first-name", "last-name", "full-name"):
        value = read[variable]
        assert value is None or not sequence.is_blank(value)
    assert (read["first-name"] is None) is (read["full-name"] is None)


def test_the_other_fields_come_as_they_are_and_blank_ones_as_nothing() -> None:
    read = values(username="@jane", bio=" Hi\nthere ", location=" ", website="", follower_count=0)
    assert read["username"] == "jane"
    assert read["bio"] == "Hi\nthere"
    assert read["location"] is None
    assert read["website"] is None
    assert read["follower-count"] == "0"
    assert values()["follower-count"] is None


def test_a_profile_gives_exactly_the_built_in_variables() -> None:
    assert set(values()) == sequence.BUILT_IN_VARIABLES


def test_length_counts_code_points() -> None:
    assert text.length("añ👋🏽") == 4


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("STOP", "stop"),
        ("  stop \n it ", "stop it"),
        ("ｓｔｏｐ", "stop"),
        ("𝐒𝐓𝐎𝐏", "stop"),
        ("Straße", "STRASSE"),
        ("ne\u0301e", "NÉE"),
        ("\u00a0stop\u3000", "stop"),
    ],
)
def test_texts_that_differ_in_form_only_compare_as_equal(one: str, other: str) -> None:
    assert text.normalise(one) == text.normalise(other)


def test_texts_that_differ_in_words_do_not_compare_as_equal() -> None:
    assert text.normalise("stop") != text.normalise("s top")
    assert text.normalise("cafe") != text.normalise("café")


@CHEAP
@given(st.text(max_size=12))
@example("\u1e9e\u0301")  # ẞ and an accent: folds to "ss" and the accent, which then compose
def test_normalising_twice_changes_nothing(anything: str) -> None:
    once = text.normalise(anything)
    assert text.normalise(once) == once
