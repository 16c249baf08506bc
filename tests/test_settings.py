"""Settings from the environment."""

import pytest

from overture.errors import StartError
from overture.settings import Settings


@pytest.mark.parametrize(("value", "limits"), [("off", None), ("1/20/300", (1, 20, 300)), ("", (300, 10_000, 100_000))])
def test_rate_limits_are_three_numbers_or_off(
    monkeypatch: pytest.MonkeyPatch, value: str, limits: tuple[int, int, int] | None
) -> None:
    monkeypatch.setenv("OVERTURE_RATE_LIMITS", value)
    assert Settings.load().call_limits == limits


@pytest.mark.parametrize("value", ["on", "300", "0/1/1", "-1/1/1", "1/1", "1/1/1/1", "1.5/1/1", "9999999999/1/1"])
def test_rate_limits_that_make_no_sense_are_named(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("OVERTURE_RATE_LIMITS", value)
    with pytest.raises(StartError, match="OVERTURE_RATE_LIMITS"):
        Settings.load()


@pytest.mark.parametrize(
    ("value", "origins"),
    [
        ("", []),
        ("*", ["*"]),
        ("https://a.example", ["https://a.example"]),
        ("http://localhost:5173, https://B.example", ["http://localhost:5173", "https://b.example"]),
    ],
)
def test_pages_that_may_call_are_named_by_their_origin(
    monkeypatch: pytest.MonkeyPatch, value: str, origins: list[str]
) -> None:
    monkeypatch.setenv("OVERTURE_CORS_ORIGINS", value)
    assert Settings.load().browser_origins == origins


@pytest.mark.parametrize(
    "value", ["a.example", "https://a.example/", "https://a.example/x", "*,https://a", "null", ","]
)
def test_what_is_no_origin_is_named(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("OVERTURE_CORS_ORIGINS", value)
    with pytest.raises(StartError, match="OVERTURE_CORS_ORIGINS"):
        Settings.load()
