"""One mapping as it is written: the model if it is right, else what is wrong and where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from airflow_landing_loader.config.mapping.explain import NOT_WRITTEN, VOCABULARY
from airflow_landing_loader.config.mapping.fields import Exclude, FilePattern, TableName
from airflow_landing_loader.config.mapping.model import RESERVED_KEYS, TableMapping
from airflow_landing_loader.config.mapping.patterns.pattern import Pattern
from airflow_landing_loader.config.yaml.findings import Finding, faults, within
from airflow_landing_loader.config.yaml.nodes import (
    MapNode,
    Node,
    Pair,
    ScalarNode,
    plain,
)
from airflow_landing_loader.exceptions import ErrorCode

MAX_FINDINGS = 50
"""Per mapping; a wrong file of a megabyte shall not become a report of a hundred."""

_Value = TypeVar("_Value")
_PATTERN: TypeAdapter[str] = TypeAdapter(FilePattern)
_TABLE: TypeAdapter[str] = TypeAdapter(TableName)
_EXCLUDES: TypeAdapter[list[str]] = TypeAdapter(list[Exclude])


@dataclass(frozen=True)
class Written:
    """One mapping of a file, right or wrong, as far as it can be read.

    What can be read of a wrong mapping matters, because its pattern still claims its files: a
    mapping that overlaps it must not begin to load them while it is broken.

    :param pair: pattern and value as they stand in the file.
    :param shown: the file, as people see it.
    :param mapping: the model, if there is no finding.
    :param findings: what is wrong, in order of place.
    :param table: its table, if that is a legal name.
    :param pattern: its pattern, if that is legal.
    :param go_pattern: its go file's pattern, if there is a legal one.
    :param excludes: its excludes; ``None`` if they are not legal.
    :param lists_files: whether its go files are to name their data files.
    """

    pair: Pair
    shown: str
    mapping: TableMapping | None
    findings: tuple[Finding, ...]
    table: str | None
    pattern: Pattern | None
    go_pattern: Pattern | None
    excludes: tuple[Pattern, ...] | None
    lists_files: bool

    @property
    def origin(self) -> str:
        """``file:line``."""
        return f"{self.shown}:{self.pair.place.line}"


def read_pair(pair: Pair, shown: str) -> Written:
    """Validate one mapping.

    :param pair: pattern and value as they stand in the file.
    :param shown: the file, as people see it.
    """
    values = _values(pair.value)
    mapping, found = _validated(pair, values, f"{shown}:{pair.place.line}")
    go_file = values.get("go_file")
    go_text = go_file.get("pattern") if isinstance(go_file, dict) else None
    excludes = _legal(_EXCLUDES, values.get("exclude", []))
    parse = partial(Pattern.parse, ignore_case=values.get("ignore_case") is True)
    return Written(
        pair=pair,
        shown=shown,
        mapping=mapping,
        findings=found,
        table=_legal(_TABLE, values.get("table")),
        pattern=_pattern(pair.key, parse),
        go_pattern=_pattern(go_text, parse),
        excludes=None if excludes is None else tuple(map(parse, excludes)),
        lists_files=isinstance(go_file, dict) and go_file.get("lists_files") is not None,
    )


def _values(node: Node) -> dict[str, Any]:
    written = plain(node)
    if isinstance(written, str):
        return {"table": written}
    return written if isinstance(written, dict) else {}


def _validated(
    pair: Pair, values: dict[str, Any], origin: str
) -> tuple[TableMapping | None, tuple[Finding, ...]]:
    whole = _fault_of_whole(pair)
    if whole:
        return None, (whole,)
    found = list(islice(faults(pair.value), MAX_FINDINGS))
    unreadable = {f.path for f in found if f.code is not ErrorCode.CONFIG_DUPLICATE_KEY}
    found += [VOCABULARY.unknown((key,), pair) for key in NOT_WRITTEN if key in _written_keys(pair)]
    fields = {key: value for key, value in values.items() if key not in NOT_WRITTEN}
    mapping = None
    try:
        mapping = TableMapping.model_validate({**fields, "pattern": pair.key, "origin": origin})
    except ValidationError as error:
        explained = islice(VOCABULARY.explain(error, pair), MAX_FINDINGS)
        found += (finding for finding in explained if not within(finding.path, unreadable))
    found.sort(key=lambda finding: (finding.place.line, finding.place.column))
    return None if found else mapping, tuple(found[:MAX_FINDINGS])


def _fault_of_whole(pair: Pair) -> Finding | None:
    """Why there is no point in looking into the mapping."""
    node = pair.value
    if pair.fault:
        return Finding(pair.fault.code, pair.fault.message, pair.fault.hint, pair.place)
    if pair.key in RESERVED_KEYS:
        return Finding(
            ErrorCode.MAPPING_RESERVED_KEY,
            f"The key {pair.key} is reserved for a later release; it is not read as a pattern.",
            "Remove it.",
            pair.place,
        )
    if isinstance(node, MapNode) and not node.fault:
        return None
    if isinstance(node, ScalarNode) and isinstance(node.value, str) and not node.fault:
        return None
    message = "After a pattern comes the name of its table, or a mapping of keys."
    hint = f"For example `{pair.key}: raw_trades`."
    if node.fault:
        message, hint = f"{node.fault.message} {message}", node.fault.hint
    return Finding(ErrorCode.MAPPING_BAD_VALUE, message, hint, node.place)


def _written_keys(pair: Pair) -> set[str]:
    node = pair.value
    return {inner.key for inner in node.pairs} if isinstance(node, MapNode) else set()


def _legal(adapter: TypeAdapter[_Value], value: object) -> _Value | None:
    try:
        return adapter.validate_python(value)
    except ValidationError:
        return None


def _pattern(text: object, parse: Callable[[str], Pattern]) -> Pattern | None:
    legal = _legal(_PATTERN, text)
    return None if legal is None else parse(legal)
