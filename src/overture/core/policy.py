"""Policy: whom an account may write to, and which answers mean "never again". Platform rules are data with a source."""

from dataclasses import dataclass
from datetime import date

from overture.core import text
from overture.core.words import ContactPolicy


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A rule a platform has published."""

    platform: str
    code: str
    rule: str
    since: date
    source: str


RULES = (
    Rule(
        platform="twitter",
        code="inboundOrConsent",
        rule="Automated direct messages only to people who wrote first or agreed to it, with an easy way out.",
        since=date(2026, 8, 22),
        source="https://docs.x.com/developer-guidelines",
    ),
    Rule(
        platform="twitter",
        code="noAutomatedLikes",
        rule="Likes must be directly initiated by a person; the API takes none on self-serve tiers.",
        since=date(2026, 4, 16),
        source="https://docs.x.com/changelog",
    ),
)

OPT_OUT_PHRASES = frozenset(
    text.normalise(phrase)
    for phrase in (
        "stop",
        "unsubscribe",
        "opt out",
        "opt-out",
        "remove me",
        "leave me alone",
        "do not contact me",
        "don't contact me",
        "no more messages",
        "stop messaging me",
        "please stop",
        "stopp",
        "abmelden",
        "abbestellen",
        "bitte nicht mehr schreiben",
        "arrêtez",
        "arrête",
        "désinscrire",
        "désabonner",
        "ne me contactez plus",
        "basta",
        "alto",
        "parar",
        "cancelar suscripción",
        "no me escribas más",
        "dar de baja",
        "pare",
        "sair",
        "cancelar inscrição",
        "não me contate mais",
        "smetti",
        "cancellami",
        "non scrivermi più",
        "disiscrivimi",
        "stoppen",
        "afmelden",
        "uitschrijven",
        "отписаться",
        "стоп",
        "не пишите мне",
        "توقف",
        "الغاء الاشتراك",
        "停止",
        "退订",
        "取消订阅",
        "配信停止",
        "やめて",
        "रुको",
        "बंद करो",
    )
)
"""Phrases that alone, normalised, are a person's word that nobody of the team may write again."""


def may_contact(contact_policy: str, *, has_inbound: bool, has_consent: bool) -> bool:
    """Tell whether an account may write first to somebody.

    `has_inbound`: the person has written to this account; `has_consent`: consent is recorded for the person.
    """
    return contact_policy == ContactPolicy.ANYONE_REACHABLE or has_inbound or has_consent


def is_opt_out(message: str) -> bool:
    """Tell whether a message is nothing but an opt-out phrase, whatever its case, punctuation and spacing."""
    return text.normalise(message).strip(" .!?,;:…\"'()[]*_~-–—。！") in OPT_OUT_PHRASES
