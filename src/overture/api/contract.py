"""The OpenAPI document, with what holds for every operation and so stands at none of them."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic.alias_generators import to_camel

from overture.api import refusals
from overture.api.refusals import Form

_PARAMETERS: Mapping[str, tuple[str, str]] = {
    "status_ref": ("Id or name of the status; case and accents of the name do not matter.", "interested"),
    "tag_ref": ("Id or name of the tag; case and accents of the name do not matter.", "vip"),
    "contact_id": ("Id of the contact.", "o0mdbz3k91yq0c8f4w2n7xhs"),
    "profile_id": ("Id of the profile.", "u0mdbz3k91yq0c8f4w2n7xhs"),
    "index": ("Its place among the message's attachments, from 0.", "0"),
    "identifier": ("Who is meant: the `platformId`, unless `by` says otherwise.", "1900000000000000042"),
    "platform_id": ("The platform's id of the lead.", "1900000000000000042"),
}
_SCHEME = "HTTPBearer"
_SAID_OF_ANY = "Successful Response"


class Application(FastAPI):
    """An application whose document is whole.

    Args:
        refusal_form: how it answers refusals.
        is_lenient: whether it passes over members of bodies that it does not know.
        options: those of the framework.
    """

    def __init__(self, *, refusal_form: Form | None = None, is_lenient: bool = False, **options: Any) -> None:
        super().__init__(generate_unique_id_function=_operation_id, **options)
        self._refusal_form = refusal_form or Form()
        self._is_lenient = is_lenient

    def openapi(self) -> dict[str, Any]:
        """Return the document; it is made once."""
        if self.openapi_schema is None:
            self.openapi_schema = _complete(super().openapi(), self._refusal_form)
            if self._is_lenient:
                _loosen(self.openapi_schema)
        return self.openapi_schema


def _complete(document: dict[str, Any], refusal_form: Form) -> dict[str, Any]:
    _name_by_title(document)
    shared = document["components"].setdefault("responses", {})
    for method, operation in _operations(document):
        operation.setdefault("security", [{_SCHEME: []}])
        refusals.complete(operation, method, refusal_form, shared)
        if "requestBody" in operation:
            operation["requestBody"]["required"] = _needs_body(document, operation["requestBody"])
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                _describe(parameter)
            parameter["schema"] = _of_parameter(parameter["schema"])
        _describe_success(document, operation["responses"])
    for schema in document["components"]["schemas"].values():
        # Made of the names of the fields: viewers would show them in the place of these.
        for field in schema.get("properties", {}).values():
            field.pop("title", None)
    return document


def _loosen(document: dict[str, Any]) -> None:
    for schema in document["components"]["schemas"].values():
        if schema.get("additionalProperties") is False:
            del schema["additionalProperties"]


def _of_parameter(schema: dict[str, Any]) -> dict[str, Any]:
    """Leave out what parameters cannot be: null, and titled."""
    options = [one for one in schema.pop("anyOf", ()) if one != {"type": "null"}]
    schema.pop("title", None)
    return {**schema, **(options[0] if len(options) == 1 else {"anyOf": options} if options else {})}


def _describe_success(document: Mapping[str, Any], responses: dict[str, Any]) -> None:
    """Say of what is answered what it is, instead of that it is."""
    for status, response in responses.items():
        if status < "300" and response.get("description") == _SAID_OF_ANY:
            schema = response.get("content", {}).get("application/json", {}).get("schema", {})
            named = document["components"]["schemas"].get(schema.get("$ref", "").rsplit("/", 1)[-1], {})
            is_page = "nextCursor" in named.get("properties", {})
            unnamed = "One page." if is_page else "All of them." if schema else "Done."
            response["description"] = named.get("description", unnamed)


def _name_by_title(document: dict[str, Any]) -> None:
    """Name what the framework gave no plain name, pages, as it is titled."""
    schemas = document["components"]["schemas"]
    names = {name: schema["title"] for name, schema in schemas.items() if not name.isalnum()}
    references = {f"#/components/schemas/{name}": f"#/components/schemas/{title}" for name, title in names.items()}
    document["components"]["schemas"] = {names.get(name, name): schema for name, schema in schemas.items()}
    _refer(document, references)


def _refer(part: Any, references: Mapping[str, str]) -> None:
    if isinstance(part, dict):
        if part.get("$ref") in references:
            part["$ref"] = references[part["$ref"]]
        for value in part.values():
            _refer(value, references)
    elif isinstance(part, list):
        for value in part:
            _refer(value, references)


def _operation_id(route: APIRoute) -> str:
    """Name an operation as programs made from the document call it."""
    return to_camel(route.name)


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for operations in document["paths"].values():
        yield from operations.items()


def _needs_body(document: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Tell whether a call must have a body; where it need not, none equals `{}`."""
    schema = body["content"].get("application/json", {}).get("schema", {})
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return bool(schema.get("required"))


def _describe(parameter: dict[str, Any]) -> None:
    name: str = parameter["name"]
    if name in _PARAMETERS:
        description, example = _PARAMETERS[name]
    else:
        words = name.removesuffix("_id").replace("_", " ")
        prefix = "custom_f" if words == "column" else words[0]
        description, example = f"Id of the {words}.", f"{prefix}0mdbz3k91yq0c8f4w2n7xhs"
    parameter.setdefault("description", description)
    parameter.setdefault("example", example)
