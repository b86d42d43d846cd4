"""JSON Schema of a mapping file, for editors: completion, hover text and red underlines.

Types, defaults, bounds and descriptions come from the models. Rules between keys are added here, as
``if``/``then``. What JSON Schema cannot say stays with the reader: whatever compares two mappings,
and a few rules that compare two values (``docs/mappings.md`` lists them).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from airflow_landing_loader.config.mapping.column_names import POSITION_PATTERN
from airflow_landing_loader.config.mapping.explain import NOT_WRITTEN
from airflow_landing_loader.config.mapping.identity import SHORT_FORMS
from airflow_landing_loader.config.mapping.json_path import PATH_SCHEMA
from airflow_landing_loader.config.mapping.lines import LINE_KEYS
from airflow_landing_loader.config.mapping.listing import LISTING_SCHEMAS
from airflow_landing_loader.config.mapping.model import (
    COUNTS,
    PROOFS,
    RESERVED_KEYS,
    TableMapping,
)
from airflow_landing_loader.config.mapping.proof import (
    COLUMN_KEYS,
    COUNT_KEY,
    COUNT_KEYS,
    FORMAT_KEYS,
    KEYS_OF_FORMAT,
    PLACES,
    PROVING,
    STATUS_KEYS,
    GoFormat,
)
from airflow_landing_loader.config.mapping.rules import FILE_PATTERN_SCHEMA, TABLE_SCHEMA
from airflow_landing_loader.config.mapping.totals import KINDS
from airflow_landing_loader.config.yaml.schema import tidied

Schema = dict[str, Any]

_TOTAL_KEYS = tuple(f"{kind}_at" for kind in KINDS)
_DIALECT = GenerateJsonSchema.schema_dialect


def mapping_json_schema() -> Schema:
    """The JSON Schema (draft 2020-12) of one mapping file; equal at every call."""
    model = tidied(TableMapping.model_json_schema())
    definitions: Schema = model.pop("$defs")
    for name in NOT_WRITTEN:
        model["properties"].pop(name)
    model["required"] = ["table"]
    model["properties"]["table"] = {"$ref": "#/$defs/TableName"}
    for key, short in (("csv", ["auto"]), ("identity", [*SHORT_FORMS])):
        keys = model["properties"][key].pop("$ref")
        model["properties"][key]["anyOf"] = [{"enum": short}, {"$ref": keys}]
    for key in LINE_KEYS:
        lines = definitions["CsvDialect"]["properties"][key]
        lines["anyOf"] = [{"$ref": "#/$defs/LineText"}, {"$ref": lines.pop("$ref")}]
    definitions["LineText"] = definitions["LineMark"]["properties"]["line"]
    definitions["LineMark"]["oneOf"] = [{"required": ["line"]}, {"required": ["match"]}]
    definitions["Trailer"]["oneOf"] = [
        {
            "required": ["row_count_column"],
            "properties": {"match": {"not": {}}, **_totals_at({"type": "integer"})},
        },
        {
            "required": ["match"],
            "properties": {
                "row_count_column": {"not": {}},
                "tag": {"not": {}},
                **_totals_at({"type": "string"}),
            },
        },
    ]
    definitions["HeaderRecord"]["properties"]["totals"]["allOf"] = [
        _totals_at({"type": "string"})["totals"]
    ]
    _let_totals_be_short(definitions)
    definitions["BigQueryTable"]["dependentRequired"] = {"partition_column": ["partition_by"]}
    definitions["Numbers"]["allOf"] = [
        _if(_has("decimal", {"const": ","}), {"properties": {"group": {"not": {"const": ","}}}}),
        _if(
            {"not": _has("decimal", {"const": ","})},
            {"properties": {"group": {"not": {"const": "."}}}},
        ),
    ]
    model["properties"] |= {key: _reserved() for key in RESERVED_KEYS}
    model["allOf"] = _mapping_rules()
    definitions["GoFile"]["allOf"] = _go_file_rules()
    definitions["CsvDialect"]["allOf"] = _csv_rules()
    definitions["Identity"]["allOf"] = [_if(_has("content", {"const": True}), _never("key"))]
    definitions["Expectation"]["allOf"] = [
        _if(_has("due", {"const": "next_day"}), {"required": ["date_part"]})
    ]
    table_name = {
        "type": "string",
        "description": TableMapping.model_fields["table"].description,
        **TABLE_SCHEMA,
    }
    return {
        "$schema": _DIALECT,
        "title": "Table mappings",
        "description": "File name patterns, each with the table that its files feed.",
        "type": ["object", "null"],
        "propertyNames": {
            **FILE_PATTERN_SCHEMA,
            "not": {"enum": ["<<", *RESERVED_KEYS]},
        },
        "additionalProperties": {
            "anyOf": [{"$ref": "#/$defs/TableName"}, {"$ref": "#/$defs/TableMapping"}]
        },
        "$defs": {"TableName": table_name, "TableMapping": model, **definitions},
    }


def mapping_json_schema_text() -> str:
    """The schema as the text of a file."""
    return json.dumps(mapping_json_schema(), indent=2) + "\n"


def _reserved() -> Schema:
    return {
        "not": {},
        "description": "Reserved for a later release.",
        "doNotSuggest": True,  # known to editors' YAML and JSON language servers
    }


def _if(condition: Schema, then: Schema, otherwise: Schema | None = None) -> Schema:
    rule = {"if": condition, "then": then}
    return rule if otherwise is None else {**rule, "else": otherwise}


def _has(key: str, value: Schema) -> Schema:
    return {"required": [key], "properties": {key: value}}


def _never(*keys: str) -> Schema:
    return {"properties": {key: {"not": {}} for key in keys}}


def _let_totals_be_short(definitions: Schema) -> None:
    """A place alone is that of the sum."""
    place = definitions["ColumnTotals"]["properties"]["sum_at"]["anyOf"]
    for proof in ("GoFile", "Trailer", "HeaderRecord"):
        by_column = definitions[proof]["properties"]["totals"]["patternProperties"]
        for name in by_column:
            by_column[name] = {"anyOf": [*place, by_column[name]]}
    definitions["ColumnTotals"] |= {
        "anyOf": [{"required": [key]} for key in _TOTAL_KEYS],
        "dependentRequired": {"width": ["hash_total_at"]},
    }


def _totals_at(place: Schema) -> Schema:
    """``totals`` whose places are all of one kind."""
    whole = {"properties": dict.fromkeys(_TOTAL_KEYS, place)}
    return {"totals": {"additionalProperties": _if({"type": "object"}, whole, place)}}


def _mapping_rules() -> list[Schema]:
    counts_trailer = _has("go_file", _has("count_includes", {"contains": {"const": "trailer"}}))
    untagged = _has("trailer", _has("tag", {"const": False}))
    totalled = [_has(proof, {"required": ["totals"]}) for proof in PROOFS]
    numbered = _has("go_file", {"required": ["sequence_number"]})
    return [
        _if({"required": ["numbers"]}, {"anyOf": totalled}),
        _if(numbered, _has("sequence", _never("part"))),
        _if({"required": ["sequence"], "not": numbered}, _has("sequence", {"required": ["part"]})),
        _if(counts_trailer, {"required": ["trailer"]}),
        _if(_has("on_bad_row", {"const": "reject"}), {"not": untagged}),
        _if(
            {
                "allOf": [
                    _has("on_bad_row", {"const": "reject"}),
                    _never(*COUNTS),
                ]
            },
            {"not": _has("csv", _has("footer_rows", {"exclusiveMinimum": 0}))},
        ),
    ]


def _go_file_rules() -> list[Schema]:
    counted, with_status = _any_of(COUNT_KEYS), _any_of(STATUS_KEYS)
    no_name: Schema = {"not": {"type": "string"}}
    positions: Schema = {
        "properties": {**dict.fromkeys(COLUMN_KEYS, no_name), **_totals_at(no_name)}
    }
    positions["properties"]["lists_files"] = {**no_name, "properties": {"column": no_name}}
    return [
        *(_if(_has("format", {"const": form}), _format_rules(form)) for form in KEYS_OF_FORMAT),
        _if({"required": ["lists_files"]}, _never("sequence_number")),
        *(
            {"not": {"required": [keys[0], other]}}
            for keys in (COUNT_KEYS, STATUS_KEYS)
            for other in keys[1:]
        ),
        _if(_has("header", {"const": False}), positions),
        _if(_has("status_ok", {"not": {"const": ["SUCCESS"]}}), with_status),
        _if(_has("count_includes", {"minItems": 1}), counted),
        {"properties": {"delimiter": {"not": {"pattern": '"'}}}},
    ]


def _format_rules(form: GoFormat) -> Schema:
    rules = _never(*(key for key in FORMAT_KEYS if key not in KEYS_OF_FORMAT[form]))
    kinds: dict[str, Schema] = {"properties": {"type": "string"}, "json": PATH_SCHEMA}
    if form in kinds:
        rules["properties"] |= {**dict.fromkeys(PLACES, kinds[form]), **_totals_at(kinds[form])}
    if form in LISTING_SCHEMAS:
        rules["properties"]["lists_files"] = LISTING_SCHEMAS[form]
    return {**rules, **_any_of(PROVING)} if form in COUNT_KEY else rules


def _any_of(keys: Sequence[str]) -> Schema:
    return {"anyOf": [{"required": [key]} for key in keys]}


def _csv_rules() -> list[Schema]:
    return [
        _if(
            _has("header", {"const": False}),
            {"required": ["columns"], "properties": {"rename": {"maxProperties": 0}}},
        ),
        _if(
            _has("rename", {"not": {"propertyNames": {"not": {"pattern": POSITION_PATTERN}}}}),
            {"required": ["columns"]},
        ),
        _if(_has("quote", {"const": ""}), _never("escape")),
        _if(_has("skip_rows", {"exclusiveMinimum": 0}), _never("data_start")),
        _if(_has("footer_rows", {"exclusiveMinimum": 0}), _never("data_end")),
        _if(
            {"not": {"required": ["quote"]}},
            {"properties": {"delimiter": {"not": {"pattern": '"'}}}},
        ),
        *_writing_rules(),
    ]


def _writing_rules() -> list[Schema]:
    """What goes with the keys for what RFC 4180 does not know."""
    quoted = {"not": _has("quote", {"const": ""})}
    backslash = {"not": {"pattern": r"\\"}}
    return [
        _if(_has("blank_around_quotes", {"const": True}), quoted),
        _if(
            _has("excel_formulas", {"const": True}),
            {
                "properties": {
                    "quote": {"const": '"'},
                    "escape": {"const": '"'},
                    "delimiter": {"not": {"pattern": "="}},
                }
            },
        ),
        _if(
            {"required": ["escape_sequences"]},
            {
                "properties": {
                    **dict.fromkeys(("delimiter", "quote", "comments"), backslash),
                    "excel_formulas": {"const": False},
                }
            },
        ),
        _if(
            _has("escape_sequences", {"const": "postgres"}),
            {"required": ["quote"], "properties": {"quote": {"const": ""}}},
        ),
        _if(_has("escape_sequences", {"const": "spark"}), quoted),
    ]
