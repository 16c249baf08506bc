"""How people answer: whether, after which message, how much later, and in what words."""

import math
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

from overture.sandbox.draws import Draws

_MINUTE = 60_000
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_NORMAL = NormalDist()
_MEDIAN_DELAY = 4 * _HOUR
# Of the delay's logarithm: one answer in twenty comes within 17 minutes, one in twenty after 2.3 days.
_SPREAD = 1.6
_SHORTEST_DELAY = 2 * _MINUTE
_LONGEST_DELAY = 6 * _DAY


class Talk(StrEnum):
    """What a person does with messages from an account."""

    SILENT = "silent"
    ANSWERS = "answers"
    STOPS = "stops"
    SEVERAL = "several"


@dataclass(frozen=True, kw_only=True, slots=True)
class Habit:
    """A person's way of talking: which kind, and after which message of one account (1 is the first)."""

    talk: Talk
    after: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One message a person will write, `delay` milliseconds after the message that caused it."""

    delay: int
    text: str


SHARES = ((Talk.SILENT, 0.60), (Talk.ANSWERS, 0.24), (Talk.STOPS, 0.06), (Talk.SEVERAL, 0.10))
AFTER_SHARES = ((1, 0.65), (2, 0.25), (3, 0.10))

_REPLIES = (
    "Thanks for reaching out! Tell me more.",
    "Interesting, what does it cost?",
    "Not right now, maybe next quarter.",
    "Who is this?",
    "Sounds good, can we talk on Thursday?",
    "haha ok 😄",
    "No thanks, we already have something for that.",
    "Send me a link & I'll have a look <3",
    "Merci, ça m'intéresse !",
    "Ja, gerne. Wann passt es dir?",
    "شكرا، أرسل لي التفاصيل",
    "Can you stop by our stand at the fair next week?",
    "👍",
    "Hi, yes\nI read it. Let me ask my team first.",
)
_STOPS = (
    "stop", "Stop.", "STOP", "unsubscribe", "Unsubscribe please", "please stop messaging me",
    "Stop writing to me, I am not interested.", "remove me from your list", "arrêtez",
    "Bitte keine Nachrichten mehr",
)  # fmt: skip
_OPENINGS = ("hey", "Hi there", "oh nice", "Hmm", "ok so", "wait")
_CONTINUATIONS = (
    "I had a look at your profile",
    "we tried something like this last year",
    "but I am not the right person for it",
    "do you work with small teams?",
    "sorry, sent too early",
    "my colleague may be interested, I will ask",
    "anyway, have a good day 🙂",
    "what would be the next step?",
)


def habit(draws: Draws) -> Habit:
    """Draw a person's way of talking."""
    return Habit(talk=draws.weighted(SHARES), after=draws.weighted(AFTER_SHARES))


def answers(talk: Talk, draws: Draws) -> tuple[Answer, ...]:
    """Draw all that a person with this kind of talk writes once the message that makes them talk is there."""
    if talk is Talk.SILENT:
        return ()
    delay = _first_delay(draws)
    if talk is Talk.ANSWERS:
        return (Answer(delay=delay, text=draws.choice(_REPLIES)),)
    if talk is Talk.STOPS:
        return (Answer(delay=delay, text=draws.choice(_STOPS)),)
    written = [Answer(delay=delay, text=draws.choice(_OPENINGS))]
    for _ in range(1 + draws.below(3)):
        delay += 5_000 + draws.below(20 * _MINUTE)
        written.append(Answer(delay=delay, text=draws.choice(_CONTINUATIONS)))
    return tuple(written)


def _first_delay(draws: Draws) -> int:
    # Half a step is added because the logarithmic law has no value at exactly 0.
    deviation = _NORMAL.inv_cdf((draws.number() + 0.5) / 2**32)
    delay = int(_MEDIAN_DELAY * math.exp(_SPREAD * deviation))
    return min(max(delay, _SHORTEST_DELAY), _LONGEST_DELAY)
