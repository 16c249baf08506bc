"""Text: from segments and a lead's values to the message that is sent."""

import hashlib
import html
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from overture.core import sequence

# Common forms of address that may stand before a name; nobody is greeted with "Hi Dr.".
_TITLES = frozenset({"dr", "mr", "mrs", "ms", "miss", "mx", "prof", "professor", "rev", "sir"})
_JOINERS = "\u200c\u200d"  # needed inside words of Persian and of Indic scripts
_NAME_END = re.compile(r"[,;:|]")  # "Jane Doe, PhD", "Jane Doe: writer"
_INITIALS = re.compile(r"(?:\w{1,2}\.)+")  # "J.", "J.R.R.", "Jr."


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Which option a lead got of the variation at a place among the segments; both counted from 0."""

    segment_index: int
    option_index: int


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """The finished text, and the options that were picked for it."""

    text: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Missing:
    """The first variable for which there is neither a value nor a fallback: the message must not be sent."""

    variable: str


def render(step: sequence.MessageStep, *, lead_key: str, values: Mapping[str, str | None]) -> Rendered | Missing:
    """Put a message together for one lead; the same arguments always give the same text.

    A blank value counts as none; white space around a value is dropped, everything else stays as written.

    Args:
        step: the message; its variations have at least one option each.
        lead_key: what identifies the lead for good, such as its id; it decides the options.
        values: the lead's values by variable name, built-in and custom.
    """
    parts: list[str] = []
    choices: list[Choice] = []
    for index, segment in enumerate(step.segments):
        match segment:
            case sequence.Static():
                parts.append(segment.text)
            case sequence.Variation():
                option = _pick(lead_key, step.id, index, len(segment.options))
                parts.append(segment.options[option])
                choices.append(Choice(segment_index=index, option_index=option))
            case sequence.Variable():
                value = _given(values.get(segment.name)) or segment.fallback
                if value is None:
                    return Missing(variable=segment.name)
                parts.append(value)
    return Rendered(text="".join(parts), choices=tuple(choices))


def profile_values(
    *,
    name: str | None,
    username: str | None,
    bio: str | None,
    location: str | None,
    website: str | None,
    follower_count: int | None,
) -> dict[str, str | None]:
    """The values of all built-in variables for one profile; None where the profile gives nothing to use.

    People decorate display names, so the name is read like this: emoji and other symbols are dropped; styled
    letters (𝓙𝓪𝓷𝓮) become plain ones; the name ends at a comma, colon, bar or bracket, or at a word without
    letters or digits such as "-" or "@"; words without a letter are dropped. `full-name` is what remains,
    with any title; for the other two a leading title ("Dr.") is left out. `first-name` is the first word,
    `last-name` all others, so a name of one word has none. Upper and lower case stay as the person wrote
    them.
    """
    words = _name_words(name or "")
    called = words[1:] if len(words) > 1 and words[0].rstrip(".").casefold() in _TITLES else words
    return {
        "first-name": called[0] if called else None,
        "last-name": " ".join(called[1:]) or None,
        "full-name": " ".join(words) or None,
        "username": _given((username or "").strip().removeprefix("@")),
        "bio": _given(bio),
        "location": _given(location),
        "website": _given(website),
        "follower-count": None if follower_count is None else str(follower_count),
    }


def length(text: str) -> int:
    """The length of a text in Unicode code points."""
    return len(text)


def normalise(text: str) -> str:
    """The form in which texts are compared: compatible letters, case and white space make no difference."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    # Folding can leave letters apart from their accents, so they are composed once more.
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def _pick(lead_key: str, step_id: str, segment_index: int, count: int) -> int:
    # Lengths go in as well, so that no two different sets of parts are hashed as the same text.
    source = f"{len(lead_key)}:{lead_key}:{len(step_id)}:{step_id}:{segment_index}"
    digest = hashlib.sha256(source.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest) % count


def _given(value: str | None) -> str | None:
    return None if value is None or sequence.is_blank(value) else value.strip()


def _name_words(name: str) -> list[str]:
    words: list[str] = []
    plain = name
    if not (name.isascii() and name.isprintable()):  # such a name is all plain
        plain = unicodedata.normalize("NFKC", "".join(_undecorated(character) for character in name))
    for joined_word in plain.strip().removeprefix("@").split():
        word = joined_word.strip(_JOINERS)
        if not word:
            continue
        if word.isalpha():  # nothing to take off, as of nearly every word
            words.append(word)
            continue
        if word[0] in "([{" or not any(character.isalnum() for character in word):
            if words:
                break
            word = word.lstrip("([{")
        ending = _NAME_END.search(word)
        kept = _trim(word[: ending.start()] if ending else word)
        if any(character.isalpha() for character in kept):
            words.append(kept)
        if ending and words:
            break
    return words


def _undecorated(character: str) -> str:
    """The character itself, or what stands in its place when it only decorates a name."""
    category = unicodedata.category(character)
    if character in _JOINERS:
        return character
    if category == "Cf" or "\ufe00" <= character <= "\ufe0f":  # variation selectors, which follow an emoji
        return ""
    if category == "So":
        # A circled or squared letter is a letter in disguise; a trade mark sign, standing for two, is not.
        plain = unicodedata.normalize("NFKC", character)
        return plain if len(plain) == 1 and plain.isascii() else " "
    if category in {"Sm", "Sk"}:
        # Some emoji are of these categories; signs such as | or ~, also in wide form, are left to the caller.
        return character if unicodedata.normalize("NFKC", character).isascii() else " "
    if category in {"Cc", "Cn", "Co", "Cs", "Me"} or sequence.is_blank(character):
        return " "
    return character


def _trim(word: str) -> str:
    """The word without punctuation around it; the full stop of initials or of a title stays."""
    start, end = 0, len(word)
    while start < end and not _belongs(word[start]):
        start += 1
    while end > start and not _belongs(word[end - 1]):
        end -= 1
    bare, with_stop = word[start:end], word[start : end + 1]
    keeps_stop = _INITIALS.fullmatch(with_stop) or (with_stop.endswith(".") and bare.casefold() in _TITLES)
    return with_stop if keeps_stop else bare


def _belongs(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"


def plain(text: str) -> str:
    """Return a text without what platforms change in it, for comparing: spacing, and signs they escape."""
    return " ".join(html.unescape(text).split())


LONGEST_PREVIEW = 200


def preview(text: str) -> str | None:
    """Return one line that shows how a message begins; None where there is nothing to show."""
    line = " ".join(text.split())
    if len(line) > LONGEST_PREVIEW:
        line = line[: LONGEST_PREVIEW - 1].rstrip() + "…"
    return line or None
