"""By which way answers come in is the operator's choice; left alone, it follows from where Overture is reached."""

import pytest

from overture import main
from overture.core.words import AnswerWay
from overture.errors import StartError
from overture.settings import Settings

LISTENING = "http://127.0.0.1:8080"


def way(
    monkeypatch: pytest.MonkeyPatch, answers: str | None, public_url: str | None, listening: str | None = LISTENING
) -> tuple[AnswerWay, str]:
    for name, value in (("OVERTURE_X_ANSWERS", answers), ("OVERTURE_PUBLIC_URL", public_url)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    wish = main.wish_of(Settings.load(), listening=listening)
    return wish.way, wish.public_url


@pytest.mark.parametrize("listening", [LISTENING, None])
@pytest.mark.parametrize(
    ("public_url", "expected"),
    [
        ("https://overture.example", (AnswerWay.WEBHOOK, "https://overture.example")),
        ("https://overture.example:443/", (AnswerWay.WEBHOOK, "https://overture.example")),
        ("https://overture.example/crm/", (AnswerWay.WEBHOOK, "https://overture.example/crm")),
        ("https://overture.example:8443", (AnswerWay.STREAM, "")),
        ("http://overture.example", (AnswerWay.STREAM, "")),
        (None, (AnswerWay.STREAM, "")),
    ],
)
def test_left_alone_it_is_a_webhook_where_the_platform_posts_to(
    monkeypatch: pytest.MonkeyPatch, public_url: str | None, expected: tuple[AnswerWay, str], listening: str | None
) -> None:
    assert way(monkeypatch, None, public_url, listening) == expected
    assert way(monkeypatch, "auto", public_url, listening) == expected


def test_what_the_operator_says_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert way(monkeypatch, "poll", "https://overture.example")[0] is AnswerWay.POLL
    assert way(monkeypatch, "stream", "https://overture.example")[0] is AnswerWay.STREAM
    assert way(monkeypatch, "webhook", None) == (AnswerWay.WEBHOOK, LISTENING)


def test_a_worker_that_nobody_reaches_must_be_told_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StartError, match="OVERTURE_PUBLIC_URL"):
        way(monkeypatch, "webhook", None, None)


def test_another_word_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StartError, match="OVERTURE_X_ANSWERS"):
        way(monkeypatch, "push", None)
