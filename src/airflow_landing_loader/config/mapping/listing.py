"""A go file that names its data files: where their names stand in it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import PlainValidator, WithJsonSchema
from pydantic_core.core_schema import ValidationInfo

from airflow_landing_loader.config.mapping.fields import MAX_COLUMNS
from airflow_landing_loader.config.mapping.json_path import PATH_SCHEMA, is_json_path
from airflow_landing_loader.config.yaml.values import refusal, whole_number
from airflow_landing_loader.exceptions import ErrorCode

_FORMS = {"csv": "column", "json": "path"}
_CURES = {
    "csv": ("the column that holds the names, by position or header name", "1"),
    "json": ("the path that leads to the names", "$.files[*].name"),
    "checksum": ("true, as the names stand behind the checksums", "true"),
}
_COLUMN_SCHEMAS: list[dict[str, Any]] = [
    {"type": "integer", "minimum": 1, "maximum": MAX_COLUMNS},
    {"type": "string", "minLength": 1, "maxLength": 255},
]


def _with_form(key: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
    form = {
        "type": "object",
        "properties": {key: {"anyOf": choices}},
        "required": [key],
        "additionalProperties": False,
    }
    return {"anyOf": [*choices, form]}


LISTING_SCHEMAS: dict[str, dict[str, Any]] = {
    "csv": _with_form("column", _COLUMN_SCHEMAS),
    "json": _with_form("path", [PATH_SCHEMA]),
    "checksum": {"const": True},
}
"""What ``lists_files`` may be, by the format of the go file."""


def _place(value: object, info: ValidationInfo) -> object:
    """The place alone, also where it is written as ``{column: name}`` or ``{path: $.names[*]}``.

    :raises PydanticCustomError: ``mapping.bad_value``; what a format has no names for is refused
        by the model.
    """
    form = info.data.get("format")
    if value is None or form not in _CURES:
        return value
    key = _FORMS.get(form)
    place = value[key] if isinstance(value, dict) and list(value) == [key] else value
    place = whole_number(place)
    if not _fits(form, place):
        what, example = _CURES[form]
        raise refusal(
            ErrorCode.MAPPING_BAD_VALUE,
            f"lists_files of a {form} go file is {what}.",
            hint=f"For example lists_files: {example}.",
        )
    return place


def _fits(form: str, place: object) -> bool:
    if form == "checksum":
        return place is True
    if isinstance(place, str):
        return is_json_path(place) if form == "json" else 1 <= len(place) <= 255
    if isinstance(place, bool) or not isinstance(place, int):
        return False
    return form == "csv" and 1 <= place <= MAX_COLUMNS


_ANY_SCHEMA = [
    *LISTING_SCHEMAS["csv"]["anyOf"],
    LISTING_SCHEMAS["json"]["anyOf"][-1],
    LISTING_SCHEMAS["checksum"],
]
ListsFiles = Annotated[
    int | str | Literal[True] | None,
    PlainValidator(_place),
    WithJsonSchema(
        {
            "anyOf": [
                *LISTING_SCHEMAS["csv"]["anyOf"],
                *LISTING_SCHEMAS["json"]["anyOf"][1:],
                LISTING_SCHEMAS["checksum"],
            ]
        }
    ),
]
"""A column of csv, a path of json, true for checksum; ``None``: it names no file."""
