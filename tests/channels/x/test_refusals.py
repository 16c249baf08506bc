"""The table of refusals as a file: the built-in one is whole, and an operator's is read or refused in plain words."""

from pathlib import Path

import pytest

from overture.channels.x import refusals
from overture.channels.x.refusals import RefusalsUnusable, Row
from overture.core.words import OutcomeKind

GOOD = """
[[refusal]]
status = 403
problem = "Some-Problem"
phrase = "teapot"
kind = "recipientRefused"
reason = "closed"

[[refusal]]
code = 999
kind = "senderRefused"
reason = "odd"
"""


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "refusals.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_the_rows_of_a_file_are_read_in_its_order(tmp_path: Path) -> None:
    assert refusals.load(written(tmp_path, GOOD)) == (
        Row(
            status=403,
            problem="some-problem",
            phrase="teapot",
            kind=OutcomeKind.RECIPIENT_REFUSED,
            reason="closed",
        ),
        Row(code=999, kind=OutcomeKind.SENDER_REFUSED, reason="odd"),
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (GOOD.replace("senderRefused", "accepted"), "refusal 2 kind: Input should be 'recipientRefused'"),
        (GOOD.replace("code = 999", 'code = "999"'), "refusal 2 code: Input should be a valid integer"),
        (GOOD.replace("code = 999", ""), "refusal 2: Needs one of status"),
        (GOOD.replace("status = 403", "status = 503"), "refusal 1 status: Input should be less than or equal to 499"),
        (GOOD.replace("phrase", "phrases"), "refusal 1 phrases: Extra inputs are not permitted"),
        (GOOD.replace('"odd"', '"not one word"'), "refusal 2 reason"),
        (GOOD.replace('"teapot"', '""'), "refusal 1 phrase"),
        ("", "refusal: Field required"),
        ("refusal = 1", "refusal: Input should be a valid list"),
        ("[[refusal", "no TOML file"),
        (b"\xff\xfe", "no TOML file"),
        ("x = " + "[" * 20_000, "no TOML file"),
        (b"#" * (refusals.LARGEST_FILE + 1), "larger than"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_with_the_place(tmp_path: Path, content: str | bytes, told: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(RefusalsUnusable) as caught:
        refusals.load(path)
    assert told in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RefusalsUnusable, match=r"nothing\.toml cannot be read"):
        refusals.load(tmp_path / "nothing.toml")
    with pytest.raises(RefusalsUnusable, match="cannot be read"):
        refusals.load(tmp_path)


def test_the_built_in_table_is_part_of_the_package() -> None:
    assert len(refusals.built_in()) > 40
