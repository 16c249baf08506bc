"""Opt-outs: what silences a team, and what does not."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overture.core import opt_outs

# Sentences that hold the words and mean something else, by language.
ORDINARY = (
    "Can you stop by our stand?",
    "I will not stop until I have tried it",
    "Don't stop!",
    "Please don't stop sending these",
    "Non-stop flights?",
    "How do I cancel my order?",
    "What a quit... quite nice idea",
    "In the end we took the blue one",
    "Wo kann ich mich zum Newsletter abmelden und was kostet das?",
    "Stopp mal, wie teuer ist das?",
    "Bitte schreiben Sie mir mehr dazu",
    "Je ne m'arrête jamais, racontez",
    "Merci beaucoup",
    "El edificio es muy alto",
    "Por favor",
    "Basta con un mensaje mañana",
    "Vou sair de férias, falamos depois",
    "Non smetti mai di stupirmi",
    "Ik kan niet stoppen met lachen",
    "Не могу остановиться, расскажите ещё",
    "Где автобус стоп на карте?",
    "توقف المطر اليوم",
    "我们在公交停止的地方见",
    "配信停止の方法を教えてください",
    "थोड़ा रुको, मैं देखता हूँ",
    "",
    "...",
    "👍",
)
PHRASES = [phrase for phrases in opt_outs.PHRASES.values() for phrase in phrases]
AROUND = st.text("  \t\n.!?,;:…\"'()[]*_~-–—。！؟।🙏🛑\ufe0f", max_size=6)


def _cases(phrase: str) -> Iterator[str]:
    yield from (phrase, phrase.upper(), phrase.title())


def test_at_least_ten_languages_are_known_and_dated() -> None:
    assert len(opt_outs.PHRASES) >= 10
    assert all(opt_outs.PHRASES.values())
    assert opt_outs.AS_OF.year >= 2026


@pytest.mark.parametrize("sentence", ORDINARY)
def test_whoever_says_more_is_read_by_a_person(sentence: str) -> None:
    assert not opt_outs.is_opt_out(sentence)


@pytest.mark.parametrize(
    "message",
    [
        "STOP",
        "stop!!!",
        "Please stop.",
        "Stop, thanks",
        "stop stop stop",
        "Please stop, thank you!",
        "don’t contact me",
        "🛑 Stop 🛑",
        "Bitte nicht mehr schreiben",
        "Désinscrire, s’il vous plaît",
        "No me escribas más, por favor",
        "ＳＴＯＰ",
        "退订",
    ],
)
def test_whoever_says_nothing_else_is_left_alone(message: str) -> None:
    assert opt_outs.is_opt_out(message)


@given(st.sampled_from(PHRASES), AROUND, AROUND)
def test_a_phrase_counts_whatever_its_case_and_what_stands_around_it(phrase: str, before: str, after: str) -> None:
    assert all(opt_outs.is_opt_out(before + written + after) for written in _cases(phrase))


@given(st.sampled_from(PHRASES), st.sampled_from(["coffee", "price", "Kaffee", "demain", "завтра", "7"]), st.booleans())
def test_a_phrase_within_a_sentence_does_not_count(phrase: str, word: str, comes_first: bool) -> None:
    assert not opt_outs.is_opt_out(f"{word} {phrase}" if comes_first else f"{phrase} {word}")


@given(st.sampled_from(PHRASES), st.sampled_from(["coffee", "Kaffee", "завтра"]), st.sampled_from(["demain", "7", ""]))
def test_a_phrase_within_a_sentence_is_mentioned(phrase: str, before: str, after: str) -> None:
    assert opt_outs.mentions(f"{before} {phrase.upper()}, {after}")


@pytest.mark.parametrize(
    ("message", "mentioned"),
    [
        ("I think you should stop writing", True),
        ("我已经说过不要再发了，谢谢", True),
        ("もう配信停止してください", True),
        ("Our bus stops there, unstoppable", False),
        ("Tell me more", False),
        ("", False),
        ("don't " * 2_000, False),
    ],
)
def test_a_mention_is_of_whole_words_where_there_are_spaces(message: str, mentioned: bool) -> None:
    assert opt_outs.mentions(message) is mentioned


@given(st.text())
def test_whatever_opts_out_mentions_it(message: str) -> None:
    assert opt_outs.mentions(message) or not opt_outs.is_opt_out(message)


@given(st.text(max_size=40).filter(lambda text: not any(character.isalpha() for character in text)))
def test_what_has_no_letters_says_nothing(message: str) -> None:
    assert not opt_outs.is_opt_out(message)


@given(st.sampled_from(sorted(opt_outs.COURTESY)))
def test_courtesy_alone_says_nothing(words: str) -> None:
    assert not opt_outs.is_opt_out(words)


@given(st.text())
def test_whatever_people_write_is_judged(message: str) -> None:
    assert opt_outs.is_opt_out(message) in {True, False}


def test_a_long_message_is_judged_at_once() -> None:
    assert not opt_outs.is_opt_out("stop " * 2_000)
