"""Examples in the documents of both faces: everything a call takes or answers has one, and each is right."""

import functools
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from overture.api import app

Schema = dict[str, Any]
DOCUMENTS = pytest.mark.parametrize("document", [app.document(), app.document_of_v1()], ids=["v2", "v1"])


@DOCUMENTS
def test_every_parameter_has_an_example(document: Schema) -> None:
    without = [name for name, parameter in _parameters(document) if not _given(parameter)]
    assert without == []


@DOCUMENTS
def test_every_field_of_a_body_and_of_an_answer_has_an_example(document: Schema) -> None:
    """Its own, or those of what it is made of."""
    without = [name for name, field in _fields(document) if not _is_shown(document, field)]
    assert without == []


@DOCUMENTS
def test_what_may_hold_something_shows_more_than_null(document: Schema) -> None:
    bare = [
        name
        for name, field in _fields(document)
        if field.get("examples") == [None] and field.get("type") != "null" and "default" not in field
    ]
    assert bare == []


@DOCUMENTS
def test_every_example_is_right(document: Schema) -> None:
    wrong = []
    for name, schema, example in _examples(document):
        components = document["components"] if "$ref" in str(schema) else {}
        validator = jsonschema_rs.Draft202012Validator(
            {"allOf": [schema], "components": components}, validate_formats=True
        )
        wrong += [(name, example, fault.message) for fault in validator.iter_errors(example)]
    assert wrong == []


@DOCUMENTS
def test_names_in_the_document_are_made_for_programs(document: Schema) -> None:
    names = [told["operationId"] for _, told in _operations(document)]
    assert len(set(names)) == len(names)
    assert all(name.isalnum() and name[0].islower() for name in names), names
    assert [name for name in document["components"]["schemas"] if not name.isalnum()] == []


def _operations(document: Schema) -> Iterator[tuple[str, Schema]]:
    for path, operations in document["paths"].items():
        for method, told in operations.items():
            yield f"{method.upper()} {path}", told


def _parameters(document: Schema) -> Iterator[tuple[str, Schema]]:
    for name, told in _operations(document):
        for parameter in told.get("parameters", ()):
            yield f"{name} {parameter['name']}", parameter


def _fields(document: Schema) -> Iterator[tuple[str, Schema]]:
    for owner, schema in document["components"]["schemas"].items():
        yield from _properties(owner, schema)
    for name, told in _operations(document):
        for content in told.get("requestBody", {}).get("content", {}).values():
            yield from _properties(name, content["schema"])


def _contents(document: Schema) -> Iterator[tuple[str, Schema]]:
    """Everything that calls bring and get, of one media type."""
    answers = list(document["components"]["responses"].items())
    for name, told in _operations(document):
        answers += [(f"{name} {status}", answer) for status, answer in told["responses"].items()]
        answers.append((name, told.get("requestBody", {})))
    for name, answer in answers:
        for content in answer.get("content", {}).values():
            yield name, content


def _properties(owner: str, schema: Schema) -> Iterator[tuple[str, Schema]]:
    for name, field in schema.get("properties", {}).items():
        yield f"{owner}.{name}", field


def _examples(document: Schema) -> Iterator[tuple[str, Schema, Any]]:
    for name, parameter in _parameters(document):
        for example in _given(parameter):
            yield name, parameter["schema"], example
    for name, field in _fields(document):
        for example in field.get("examples", ()):
            yield name, field, example
    for name, content in _contents(document):
        for key, example in content.get("examples", {}).items():
            yield f"{name} {key}", content["schema"], example["value"]


def _given(parameter: Schema) -> list[Any]:
    return [parameter["example"]] if "example" in parameter else parameter["schema"].get("examples", [])


def _is_shown(document: Schema, schema: Schema, within: tuple[str, ...] = ()) -> bool:
    if schema.get("examples") or "const" in schema or schema.get("type") == "null":
        return True
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return name in within or _is_shown(document, document["components"]["schemas"][name], (*within, name))
    is_shown = functools.partial(_is_shown, document, within=within)
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return all(map(is_shown, schema[key]))
    if schema.get("type") == "array":
        return is_shown(schema.get("items", {}))
    return bool(schema.get("properties")) and all(map(is_shown, schema["properties"].values()))
