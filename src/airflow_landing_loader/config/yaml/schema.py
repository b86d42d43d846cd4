"""JSON Schema of models as a person writes the YAML."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def tidied(schema: Any) -> Any:
    """A schema without pydantic's titles, and without null: in a file, a key without a value is an
    error."""
    if isinstance(schema, list):
        return [tidied(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    tidy: Schema = {}
    for key, value in schema.items():
        if key == "title" and isinstance(value, str):
            continue
        if key == "default" and (value is None or isinstance(value, dict)):
            continue
        tidy[key] = tidied(value)
    return _without_null(tidy)


def _without_null(schema: Schema) -> Schema:
    choices = schema.get("anyOf")
    if not choices or {"type": "null"} not in choices:
        return schema
    rest = [choice for choice in choices if choice != {"type": "null"}]
    others = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**others, **rest[0]} if len(rest) == 1 else {**others, "anyOf": rest}
