"""What pydantic found wrong, in words for the person who wrote the mapping."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from airflow_landing_loader.config.mapping.counted_name import NameCount
from airflow_landing_loader.config.mapping.expectation import Expectation, RowsExpected
from airflow_landing_loader.config.mapping.identity import Identity
from airflow_landing_loader.config.mapping.lines import LINE_KEYS, LineMark
from airflow_landing_loader.config.mapping.model import (
    PROOFS,
    RESERVED_KEYS,
    BigQueryTable,
    CsvDialect,
    DagOptions,
    GoFile,
    HeaderRecord,
    TableMapping,
    Trailer,
)
from airflow_landing_loader.config.mapping.numbers import Numbers
from airflow_landing_loader.config.mapping.quality import Quality
from airflow_landing_loader.config.mapping.sequence import Sequence
from airflow_landing_loader.config.mapping.totals import ColumnTotals
from airflow_landing_loader.config.yaml.findings import Finding, KeyPath, Spot, dotted, locate
from airflow_landing_loader.config.yaml.nodes import ListNode, MapNode, Node, Pair, ScalarNode
from airflow_landing_loader.config.yaml.values import did_you_mean, whole_number
from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.safe_text import counted

NOT_WRITTEN = ("pattern", "origin")
"""Fields of the model that are no keys: the pattern is the key above, the origin is ours."""

_ANY = "*"
"""Stands for a name that a person chooses."""

_SECTIONS: dict[KeyPath, type[BaseModel]] = {
    (): TableMapping,
    ("go_file",): GoFile,
    ("trailer",): Trailer,
    ("header_record",): HeaderRecord,
    **{(key, "totals", _ANY): ColumnTotals for key in PROOFS},
    ("name_count",): NameCount,
    ("numbers",): Numbers,
    ("csv",): CsvDialect,
    **{("csv", key): LineMark for key in LINE_KEYS},
    ("dag",): DagOptions,
    ("bigquery",): BigQueryTable,
    ("identity",): Identity,
    ("quality",): Quality,
    ("sequence",): Sequence,
    ("expect",): Expectation,
    ("expect", "rows"): RowsExpected,
}
_YAML_1_1_FLAGS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false"}
_MAX_SHOWN = 60

_Wording = tuple[str, str | None]  # message and hint


def explain(error: ValidationError, pair: Pair) -> Iterator[Finding]:
    """One finding for each error, at its place in the file; a key that is misspelt is not missing.

    :param error: from validating the plain values of ``pair``.
    :param pair: pattern and value of the mapping.
    """
    entries = error.errors(include_url=False, include_input=False)
    found = [finding for details in entries if (finding := _finding(details, pair))]
    misspelt = {(f.path[:-1], f.hint) for f in found if f.code is ErrorCode.MAPPING_UNKNOWN_KEY}
    for finding in found:
        lacking = finding.code is ErrorCode.MAPPING_MISSING_KEY
        if not lacking or (finding.path[:-1], _guess(finding.path[-1])) not in misspelt:
            yield finding


def keys_of(section: KeyPath) -> tuple[str, ...]:
    """The keys that may be written in a section of a mapping, in the order of the docs.

    :param section: ``()`` for the mapping itself, ``("csv",)`` and so on below it.
    """
    hidden = () if section else NOT_WRITTEN
    return tuple(name for name in _SECTIONS[_home(section)].model_fields if name not in hidden)


def _home(section: KeyPath) -> KeyPath:
    """The section as it is known, whatever name a person has given it."""
    return (*section[:2], _ANY) if section[1:2] == ("totals",) else section


def unknown_key(path: KeyPath, pair: Pair) -> Finding:
    """The finding for a key that does not exist, or not yet.

    :param path: keys down to the unknown one.
    :param pair: pattern and value of the mapping.
    """
    section, key = path[:-1], str(path[-1])
    place = locate(pair, path).key
    if not section and key in RESERVED_KEYS:
        return Finding(
            ErrorCode.MAPPING_RESERVED_KEY,
            f"The key {key} is reserved for a later release.",
            "Remove it.",
            place,
            path,
        )
    allowed = keys_of(section)
    hint = _elsewhere(key, section) or did_you_mean(key, allowed)
    choice = "" if hint else f" Allowed: {', '.join(allowed)}."
    return Finding(
        ErrorCode.MAPPING_UNKNOWN_KEY,
        f"{_quoted(key)} is not a key of {dotted(section) or 'a mapping'}.{choice}",
        hint,
        place,
        path,
    )


def _guess(key: object) -> str | None:
    """The hint of a key that was to be this one."""
    return did_you_mean(str(key), (str(key),))


def _elsewhere(key: str, section: KeyPath) -> str | None:
    """A hint for a key that is right in another place."""
    if not section and key == "pattern":
        return "The pattern is the key that this mapping stands under."
    homes = [s for s in _SECTIONS if s != section and key in keys_of(s)]
    if not homes or key in keys_of(section):
        return None
    places = " or ".join(f"under {dotted(s)}" if s else "beside table" for s in homes)
    return f"{key} belongs {places}."


def _finding(details: ErrorDetails, pair: Pair) -> Finding | None:
    path: KeyPath = details["loc"]
    if path[-1:] == ("[key]",):  # pydantic's word for the name in a map, instead of its value
        path = path[:-1]
    kind, context = details["type"], details.get("ctx") or {}
    if kind == "extra_forbidden":
        return unknown_key(path, pair)
    if kind.startswith("mapping."):
        at = tuple(context.get("at") or ())
        path = path[:-1] + at if at else path
        place = locate(pair, path).value
        if path == ("pattern",):
            path, place = (), pair.place
        return Finding(ErrorCode(kind), context["message"], context["hint"], place, path)
    spot = locate(pair, path)
    if kind == "missing":
        return Finding(
            ErrorCode.MAPPING_MISSING_KEY,
            f"The key {path[-1]} is missing{_in(path[:-1])}.",
            _example_of(str(path[-1])),
            spot.key,
            path,
        )
    if kind == "too_short" and isinstance(spot.node, ListNode) and spot.node.items:
        return None  # only because its items were refused, which is reported for each
    message, hint = _wording(kind, context, details["msg"], spot)
    return Finding(ErrorCode.MAPPING_BAD_VALUE, f"{dotted(path)} {message}", hint, spot.value, path)


def _in(section: KeyPath) -> str:
    return f" in {dotted(section)}" if section else ""


def _example_of(key: str) -> str:
    example = {
        "table": "raw_trades",
        "pattern": "trades_*.go",
        "format": "properties, or presence, csv, json, checksum",
        "row_count_column": "1",
        "by": '"07:00"',
        "part": "seq",
    }
    return f"Add {key}: {example[key]}." if key in example else f"Add {key}."


def _wording(kind: str, context: dict[str, Any], fallback: str, spot: Spot) -> _Wording:
    words = _WORDS.get(kind)
    if words:
        return words(spot.node, context)
    return f"is not allowed: {fallback}.", None


def _text(node: Node | None, _: dict[str, Any]) -> _Wording:
    hint = None
    if isinstance(node, ScalarNode):
        hint = f'Put it in quotes: "{node.text}".'
    return f"must be text, but is {_described(node)}.", hint


def _whole(node: Node | None, _: dict[str, Any]) -> _Wording:
    return f"must be a whole number, but is {_described(node)}.", _unquote(node)


def _number(node: Node | None, _: dict[str, Any]) -> _Wording:
    return f"must be a number, but is {_described(node)}.", _unquote(node)


def _flag(node: Node | None, _: dict[str, Any]) -> _Wording:
    word = node.text.lower() if isinstance(node, ScalarNode) else ""
    meant = _YAML_1_1_FLAGS.get(word, word if word in ("true", "false") else None)
    hint = f"Write {meant}." if meant else None
    return f"must be true or false, but is {_described(node)}.", hint


def _list(node: Node | None, _: dict[str, Any]) -> _Wording:
    hint = (
        f"Write a list: [{node.text}]." if isinstance(node, ScalarNode) else "Write a list: [...]."
    )
    return f"must be a list, but is {_described(node)}.", hint


def _keys(node: Node | None, context: dict[str, Any]) -> _Wording:
    sections = {model.__name__: section for section, model in _SECTIONS.items()}
    allowed = ", ".join(keys_of(sections[context["class_name"]]))
    return f"must hold keys, but is {_described(node)}. Allowed: {allowed}.", "Write them below it."


def _choice(node: Node | None, context: dict[str, Any]) -> _Wording:
    allowed = re.findall("'([^']*)'", context["expected"])
    written = node.text if isinstance(node, ScalarNode) else ""
    return (
        f"is {_described(node)}. Allowed: {', '.join(allowed)}.",
        did_you_mean(written, allowed),
    )


def _unquote(node: Node | None) -> str | None:
    quoted = isinstance(node, ScalarNode) and re.fullmatch(r"[-+]?[0-9]+(\.[0-9]+)?", node.text)
    return "Write it without quotes." if quoted else None


def _limit(words: str, key: str) -> Callable[[Node | None, dict[str, Any]], _Wording]:
    def wording(node: Node | None, context: dict[str, Any]) -> _Wording:
        bound = whole_number(context[key])
        return f"must be {words} {bound}, but is {_described(node)}.", None

    return wording


def _length(words: str, key: str, unit: str) -> Callable[[Node | None, dict[str, Any]], _Wording]:
    def wording(_: Node | None, context: dict[str, Any]) -> _Wording:
        return f"must have {words} {counted(context[key], unit)}.", None

    return wording


_WORDS: dict[str, Callable[[Node | None, dict[str, Any]], _Wording]] = {
    "string_type": _text,
    "int_type": _whole,
    "float_type": _number,
    "bool_type": _flag,
    "tuple_type": _list,
    "model_type": _keys,
    "literal_error": _choice,
    "greater_than_equal": _limit("at least", "ge"),
    "less_than_equal": _limit("at most", "le"),
    "less_than": _limit("less than", "lt"),
    "string_too_short": _length("at least", "min_length", "character"),
    "string_too_long": _length("at most", "max_length", "character"),
    "too_short": _length("at least", "min_length", "item"),
    "too_long": _length("at most", "max_length", "item"),
}


def _described(node: Node | None) -> str:
    if isinstance(node, ListNode):
        return "a list"
    if isinstance(node, MapNode):
        return "a mapping of keys"
    if node is None:
        return "something else"
    if isinstance(node.value, str):
        return f"the text {_quoted(node.text)}"
    return node.text if isinstance(node.value, bool) else f"the number {node.text}"


def _quoted(text: str) -> str:
    return repr(text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "...")
