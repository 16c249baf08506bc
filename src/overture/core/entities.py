"""Entities: what a platform makes of the text of a message: links, shared posts, mentions, tags."""

import re
from dataclasses import dataclass, field

from overture.core import post_links

_LINK = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_CLOSING = ".,;:!?'\"…)]}»”’"
_OPENING = {")": "(", "]": "[", "}": "{"}
_MENTION = re.compile(r"(?<![\w@])@([A-Za-z0-9_]{1,15})(?![\w@])")
_HASHTAG = re.compile(r"(?<![\w#&/])#(\w*[^\W\d_]\w*)")
_CASHTAG = re.compile(r"(?<![\w$])\$([A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?)(?!\w)")
_LONGEST_SHOWN = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Entity:
    """A part of a text, from `start` up to `end` (code points): what it names."""

    start: int
    end: int
    value: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Entities:
    """The parts of one text, each kind in the order of the text."""

    links: tuple[Entity, ...] = field(default=())
    mentions: tuple[Entity, ...] = field(default=())
    hashtags: tuple[Entity, ...] = field(default=())
    cashtags: tuple[Entity, ...] = field(default=())


def find(text: str) -> Entities:
    """Find the parts of a text; of a link only the link itself."""
    links = tuple(_links(text))
    return Entities(
        links=links,
        mentions=_outside(links, _MENTION, text),
        hashtags=_outside(links, _HASHTAG, text),
        cashtags=_outside(links, _CASHTAG, text),
    )


def post(platform: str, link: Entity) -> str | None:
    """Return the id of the post that a link leads to; None when it leads elsewhere."""
    return post_links.post_id(platform, link.value)


def shown(link: str) -> str:
    """Return a link as it is shown: without its scheme, and cut where it is long."""
    plain = link.split("://", 1)[-1].removeprefix("www.")
    return plain if len(plain) <= _LONGEST_SHOWN else plain[: _LONGEST_SHOWN - 1] + "…"


def _links(text: str) -> list[Entity]:
    found = []
    for match in _LINK.finditer(text):
        value = match[0]
        # What closes a sentence is no part of the link, unless the link opened it.
        while value[-1] in _CLOSING:
            opening = _OPENING.get(value[-1])
            if opening is not None and value.count(opening) >= value.count(value[-1]):
                break
            value = value[:-1]
        if "://" in value and not value.endswith("://"):
            found.append(Entity(start=match.start(), end=match.start() + len(value), value=value))
    return found


def _outside(links: tuple[Entity, ...], pattern: re.Pattern[str], text: str) -> tuple[Entity, ...]:
    return tuple(
        Entity(start=match.start(), end=match.end(), value=match[1])
        for match in pattern.finditer(text)
        if not any(link.start <= match.start() < link.end for link in links)
    )
