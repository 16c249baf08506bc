"""Log lines: their form, and the secrets that are not in them."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog

from overture import logs, secrets
from overture.logs import MASK


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def read(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    captured = capsys.readouterr()
    assert captured.out == ""
    return [json.loads(line) for line in captured.err.splitlines()]


def test_a_line_is_one_json_object_with_time_level_and_name(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()

    structlog.get_logger("overture.engine").info("sent", leads=3, note="two\nlines")

    (line,) = read(capsys)
    moment = datetime.fromisoformat(line.pop("timestamp"))
    assert moment.tzinfo == UTC
    assert line == {
        "event": "sent",
        "leads": 3,
        "level": "info",
        "logger": "overture.engine",
        "note": "two\nlines",
    }


def test_libraries_write_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()

    logging.getLogger("uvicorn.access").info(
        '%s - "%s %s"', "127.0.0.1", "GET", "/v1/live?token=abcdef&page=2", extra={"color_message": "x"}
    )

    (line,) = read(capsys)
    assert line["logger"] == "uvicorn.access"
    assert line["event"] == f'127.0.0.1 - "GET /v1/live?token={MASK}&page=2"'
    assert "color_message" not in line


def test_lines_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("warning")

    structlog.get_logger().info("quiet")
    logging.getLogger("uvicorn").info("quiet")
    structlog.get_logger().warning("loud")

    assert [line["event"] for line in read(capsys)] == ["loud"]


def test_starts_and_stops_are_told_once_by_this_program(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()

    logging.getLogger("uvicorn.error").info("Waiting for application startup.")
    logging.getLogger("uvicorn.error").warning("loud")

    assert [line["event"] for line in read(capsys)] == ["loud"]


def test_configuring_twice_writes_each_line_once(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    logs.configure()

    structlog.get_logger().info("once")

    assert len(read(capsys)) == 1


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="no log level"):
        logs.configure("loud")


def test_bound_context_is_on_every_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()

    with structlog.contextvars.bound_contextvars(team_id="t1"):
        structlog.get_logger().info("one")
        logging.getLogger("library").warning("two")

    assert [line["team_id"] for line in read(capsys)] == ["t1", "t1"]


def test_exceptions_are_written_without_the_secrets_in_them(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    token = secrets.new_token()

    try:
        raise RuntimeError(f"refused {token}")
    except RuntimeError:
        structlog.get_logger().exception("failed")
        logging.getLogger("asyncio").exception("failed too")

    first, second = read(capsys)
    for line in (first, second):
        assert "RuntimeError: refused ovt_" in line["exception"]
        assert token not in json.dumps(line)


def test_lines_for_people_are_redacted_too(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(json=False)

    structlog.get_logger().info("signed in", password="hunter2")

    text = capsys.readouterr().err
    assert "signed in" in text
    assert "hunter2" not in text


@pytest.mark.parametrize(
    "name",
    [
        *("authorization", "Authorization", "token", "access_token", "refreshToken", "client_secret"),
        *("password", "Set-Cookie", "cookie", "sealed", "sealed_token", "api_key", "apiKey", "X-Api-Key"),
        *("OVERTURE_SECRET_KEY", "private_key", "webhook_secret", "codeVerifier"),
    ],
)
def test_values_of_telling_names_are_masked(name: str) -> None:
    assert logs.redact(None, "info", {name: "value"}) == {name: MASK}
    assert logs.redact(None, "info", {"request": [{name: b"value"}]}) == {"request": [{name: MASK}]}


@pytest.mark.parametrize("name", ["token_id", "tokenKind", "tokens_count", "token_expires_at", "key", "secretary"])
def test_names_that_only_look_alike_keep_their_values(name: str) -> None:
    assert logs.redact(None, "info", {name: "value"}) == {name: "value"}


def test_an_absent_secret_is_shown_as_absent() -> None:
    assert logs.redact(None, "info", {"token": None, "password": False}) == {"token": None, "password": False}


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("sent Bearer abc.def-123456", "abc.def-123456"),
        ("Authorization: OAuth abcdef", "abcdef"),
        ("{'Cookie': 'a=b1b1; c=d1d1'}", "d1d1"),
        ("found ovt_AbCdEfGh12345678-_x here", "AbCdEfGh"),
        ("postgresql://overture:hunter2@db.example/overture", "hunter2"),
        ("POST grant_type=refresh_token&refresh_token=rrr111&x=1", "rrr111"),
        ('{"access_token": "aaa111", "expires_in": 7200}', "aaa111"),
        ("client_secret='ccc111'", "ccc111"),
        ("GET /oauth/callback?state=sss111&code=ddd111", "ddd111"),
        ("GET /oauth/callback?state=sss111&code=ddd111", "sss111"),
    ],
)
def test_secrets_inside_texts_are_masked(text: str, hidden: str) -> None:
    cleaned = logs.redact_text(text)

    assert hidden not in cleaned
    assert MASK in cleaned


@pytest.mark.parametrize(
    "text",
    [
        "the token of team 3 is used up",
        "https://example.org:8080/a@b",
        "listening on 127.0.0.1:8000",
        "code=403",
    ],
)
def test_plain_texts_stay_as_they_are(text: str) -> None:
    assert logs.redact_text(text) == text


def test_secrets_are_found_at_any_depth_and_in_unknown_objects() -> None:
    class Client:
        def __repr__(self) -> str:
            return "Client(password='hunter2')"

    endless: list[Any] = []
    endless.append(endless)
    cleaned = logs.redact(
        None, "info", {"a": ({"b": [{"c": "ovt_AbCdEfGh12345678"}]},), "client": Client(), "endless": endless}
    )

    text = json.dumps(cleaned)
    assert "AbCdEfGh" not in text
    assert "hunter2" not in text
