"""Settings from the environment."""

from decimal import Decimal
from pathlib import Path

import pytest

from overture import main
from overture.channels.x import prices
from overture.core.words import CostKind
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


def test_other_prices_are_read_from_a_file_and_one_that_is_wrong_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert main.x_price_list_of(Settings.load()) is prices.PUBLISHED
    file = tmp_path / "prices.json"
    monkeypatch.setenv("OVERTURE_X_PRICES", str(file))
    with pytest.raises(StartError, match="OVERTURE_X_PRICES"):
        main.x_price_list_of(Settings.load())
    file.write_text('{"currency": "EUR", "asOf": "2026-10-01", "source": "contract", "prices": {"messageSent": "0.5"}}')
    assert main.x_price_list_of(Settings.load()).prices == {CostKind.MESSAGE_SENT: Decimal("0.5")}
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(StartError, match="no price list"):
        main.x_price_list_of(Settings.load())
