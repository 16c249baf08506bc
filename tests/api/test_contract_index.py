"""The page that lists the promises of the API beside their tests: it tells the truth, and leaves no operation out."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parents[1]
REFERENCE = TESTS.parent / "docs" / "reference"
PAGE = REFERENCE / "contract.md"
EVERYWHERE = ("all", "v1")


def _rows() -> Iterator[tuple[str, str, list[str]]]:
    """Each promise, the calls it is about, and the tests that prove it."""
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("| ") else []
        if cells and cells[0] not in ("Promise", "---"):
            promise, calls, proofs = cells
            yield promise, calls, re.findall("`([^`]+)`", proofs)


def _operations() -> set[str]:
    paths = json.loads((REFERENCE / "openapi.json").read_text())["paths"]
    return {
        f"{method.upper()} {path.removeprefix('/api/v2')}"
        for path, operations in paths.items()
        for method in operations
    }


@cache
def _tests(file: str) -> set[str]:
    """Name the tests of a file, those of a class behind its name."""
    found: set[str] = set()
    for node in ast.parse((TESTS / file).read_text()).body:
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{name}" for name in _functions(node.body)}
    return found | set(_functions(ast.parse((TESTS / file).read_text()).body))


def _functions(body: list[ast.stmt]) -> Iterator[str]:
    return (node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_promise_is_proven_by_tests_that_exist() -> None:
    rows = list(_rows())
    assert len(rows) > 100
    for promise, _, proofs in rows:
        assert proofs, f"nothing proves {promise!r}"
        for proof in proofs:
            file, _, name = proof.partition("::")
            assert (TESTS / file).is_file(), f"{promise!r}: there is no {file}"
            assert name in _tests(file), f"{promise!r}: {file} has no {name}"


def test_every_operation_has_a_promise_of_its_own_and_none_is_made_for_others() -> None:
    named = {call for _, calls, _ in _rows() if calls not in EVERYWHERE for call in re.findall("`([^`]+)`", calls)}
    assert _operations() - named == set(), "operations without a row in docs/reference/contract.md"
    assert named - _operations() == set(), "rows about operations that are not there"
