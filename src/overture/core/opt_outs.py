"""Opt-outs: the words by which people say that they want no more messages, as data.

The first rule: a message opts out if it is nothing but one of these phrases, whatever its case, punctuation and
spacing, with or without a word of courtesy before or after it, and said once or several times over. Whatever says more
is read by a person: "Can you stop by our stand?" must not silence a team for good. The second rule: whatever has one of
the phrases in it is shown to a person to decide.
"""

import unicodedata
from collections.abc import Mapping
from datetime import date

from overture.core import text

AS_OF = date(2026, 11, 25)
"""When the phrases were last gone through."""

PHRASES: Mapping[str, tuple[str, ...]] = {
    "ar": (
        "توقف",
        "الغاء الاشتراك",
        "إلغاء الاشتراك",
        "لا تراسلني",
        "لا تراسلني مرة اخرى",
        "أوقف الرسائل",
    ),
    "de": (
        "stopp",
        "abmelden",
        "abbestellen",
        "austragen",
        "aufhören",
        "hören sie auf",
        "nicht mehr schreiben",
        "schreiben sie mir nicht mehr",
        "schreib mir nicht mehr",
        "keine nachrichten mehr",
        "lass mich in ruhe",
        "lassen sie mich in ruhe",
    ),
    "en": (
        "stop",
        "stop it",
        "stop all",
        "stopall",
        "end",
        "quit",
        "cancel",
        "unsubscribe",
        "unsubscribe me",
        "opt out",
        "opt-out",
        "optout",
        "opt me out",
        "remove me",
        "remove me from your list",
        "take me off your list",
        "leave me alone",
        "do not contact me",
        "do not contact me again",
        "don't contact me",
        "don't contact me again",
        "do not message me",
        "don't message me",
        "don't message me again",
        "do not write to me",
        "don't write to me",
        "no more messages",
        "stop messaging me",
        "stop writing to me",
        "stop contacting me",
        "stop texting me",
        "stop spamming me",
    ),
    "es": (
        "basta",
        "alto",
        "parar",
        "baja",
        "darme de baja",
        "dame de baja",
        "dar de baja",
        "cancelar suscripción",
        "cancelar la suscripción",
        "no me escribas más",
        "no me escriba más",
        "no me contactes",
        "no más mensajes",
        "deja de escribirme",
    ),
    "fr": (
        "arrêt",
        "arrête",
        "arrêtez",
        "désinscrire",
        "désinscription",
        "désabonner",
        "me désabonner",
        "désabonnez-moi",
        "désinscrivez-moi",
        "ne me contactez plus",
        "ne me contacte plus",
        "ne m'écrivez plus",
        "ne m'écris plus",
        "plus de messages",
        "laissez-moi tranquille",
    ),
    "hi": (
        "रुको",
        "रुकें",
        "बंद करो",
        "बंद करें",
        "मुझे मैसेज मत करो",
        "मुझे संदेश न भेजें",
        "सदस्यता रद्द करें",
    ),
    "it": (
        "basta così",
        "smetti",
        "smettila",
        "smetta",
        "cancellami",
        "disiscrivimi",
        "disiscrivermi",
        "annulla iscrizione",
        "non scrivermi più",
        "non mi scriva più",
        "non contattarmi più",
        "niente più messaggi",
    ),
    "ja": (
        "停止",
        "配信停止",
        "解除",
        "やめて",
        "やめてください",
        "連絡しないでください",
        "送らないでください",
        "もう送らないで",
    ),
    "nl": (
        "stoppen",
        "afmelden",
        "uitschrijven",
        "schrijf me uit",
        "meld me af",
        "geen berichten meer",
        "niet meer schrijven",
        "stuur me geen berichten meer",
        "laat me met rust",
    ),
    "pt": (
        "pare",
        "sair",
        "descadastrar",
        "me descadastre",
        "cancelar inscrição",
        "cancelar a inscrição",
        "não me contate mais",
        "não me escreva mais",
        "não envie mais mensagens",
        "chega de mensagens",
    ),
    "ru": (
        "стоп",
        "хватит",
        "отписаться",
        "отпишите меня",
        "отписка",
        "не пишите мне",
        "не пиши мне",
        "больше не пишите",
    ),
    "zh": (
        "停止",
        "退订",
        "退訂",
        "取消订阅",
        "取消訂閱",
        "别再发了",
        "不要再发了",
        "请勿打扰",
        "不要联系我",
        "別再傳了",
    ),
}
"""Phrases by language (ISO 639-1)."""

COURTESY = frozenset(
    {
        *("please", "pls", "plz", "thanks", "thank you", "thx", "sorry", "now"),
        *("bitte", "danke", "sofort"),
        *("svp", "s'il vous plaît", "s'il te plaît", "merci"),
        *("por favor", "gracias", "ya", "obrigado", "obrigada"),
        *("per favore", "grazie"),
        *("alsjeblieft", "alstublieft", "graag", "bedankt"),
        *("пожалуйста", "спасибо"),
        *("من فضلك", "شكرا", "कृपया", "धन्यवाद", "请", "請", "谢谢", "謝謝", "ください", "お願いします"),
    }
)
"""What may stand before or after a phrase without making it say more."""


def is_opt_out(message: str) -> bool:
    """Tell whether a message says that its sender wants no more, and nothing else."""
    if len(message) > _LONGEST:
        return False
    words = _words(message)
    while words:
        if " ".join(words) in _PHRASES:
            return True
        shorter = _without_courtesy(words) or _said_once(words)
        if shorter is None:
            return False
        words = shorter
    return False


def mentions(message: str) -> bool:
    """Tell whether a message has one of the phrases anywhere in it: a person reads what it means."""
    words = _words(message)
    for start, word in enumerate(words):
        for length in _LENGTHS.get(word, ()):
            if " ".join(words[start : start + length]) in _PHRASES:
                return True
    bare = "".join(words)
    return any(phrase in bare for phrase in _UNSPACED)


def _words(message: str) -> list[str]:
    """The words of a message, without what stands around them."""
    bare = (_bare(word) for word in text.normalise(message).replace("\u2019", "'").split())
    return [word for word in bare if word]


def _bare(word: str) -> str:
    start, end = 0, len(word)
    while start < end and _is_around(word[start]):
        start += 1
    while end > start and _is_around(word[end - 1]):
        end -= 1
    return word[start:end]


def _is_around(character: str) -> bool:
    return unicodedata.category(character)[0] in "PSZC" or character == "\ufe0f"


def _without_courtesy(words: list[str]) -> list[str] | None:
    for length in (3, 2, 1):
        if len(words) > length:
            if " ".join(words[:length]) in _COURTESY:
                return words[length:]
            if " ".join(words[-length:]) in _COURTESY:
                return words[:-length]
    return None


def _said_once(words: list[str]) -> list[str] | None:
    """What is said several times over and over; None if nothing is."""
    for length in range(1, len(words) // 2 + 1):
        if len(words) % length == 0 and words == words[:length] * (len(words) // length):
            return words[:length]
    return None


_PHRASES = frozenset(" ".join(_words(phrase)) for phrases in PHRASES.values() for phrase in phrases)
_COURTESY = frozenset(" ".join(_words(words)) for words in COURTESY)
_LENGTHS: dict[str, frozenset[int]] = {
    first: frozenset(len(phrase.split()) for phrase in _PHRASES if phrase.split()[0] == first)
    for first in {phrase.split()[0] for phrase in _PHRASES}
}
"""By the first word of phrases, how many words they have."""
_UNSPACED = frozenset("".join(_words(phrase)) for language in ("ja", "zh") for phrase in PHRASES[language])
"""Phrases of languages that put no space between words."""
_LONGEST = 10 * max(len(phrase) for phrase in _PHRASES)
