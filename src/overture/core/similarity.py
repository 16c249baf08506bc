"""Similarity: whether two texts say nearly the same, as platforms look for it across accounts."""

from collections.abc import Sequence

from overture.core import sequence, text

NEAR = 0.8
"""From this share of common runs of words on, texts count as nearly the same."""

SHORTEST = 8
"""Texts of fewer words are alike by chance."""

_RUN = 3


def fixed_words(step: sequence.MessageStep) -> tuple[str, ...]:
    """The words of a message that are the same for everybody: its static text and the first of its variations."""
    parts = []
    for segment in step.segments:
        match segment:
            case sequence.Static():
                parts.append(segment.text)
            case sequence.Variation():
                parts.append(segment.options[0])
            case sequence.Variable():
                parts.append(" ")
    return tuple(text.normalise("".join(parts)).split())


def near(words: Sequence[str], others: Sequence[tuple[str, Sequence[str]]]) -> set[str]:
    """Return the keys of those `others`, (key, words), that say nearly the same as `words`."""
    if len(words) < SHORTEST:
        return set()
    runs = _runs(words)
    return {key for key, other in others if len(other) >= SHORTEST and _share(runs, _runs(other)) >= NEAR}


def _runs(words: Sequence[str]) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(words[start : start + _RUN]) for start in range(len(words) - _RUN + 1))


def _share(runs: frozenset[tuple[str, ...]], others: frozenset[tuple[str, ...]]) -> float:
    return len(runs & others) / len(runs | others)
