"""Mapping files: what is accepted agrees with the schema, all else is explained in its place."""

from __future__ import annotations

import itertools
import re
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from airflow_landing_loader.config.mapping.explain import VOCABULARY
from airflow_landing_loader.config.mapping.model import RESERVED_KEYS, TableMapping
from airflow_landing_loader.config.mapping.reader import MappingSet, read_mappings
from airflow_landing_loader.config.yaml.nodes import MapNode, Node, ScalarNode, plain
from airflow_landing_loader.config.yaml.parser import decode, lines_of, parse
from airflow_landing_loader.dag_factory.docs import problem_page, table_page
from airflow_landing_loader.exceptions import ConfigurationError
from airflow_landing_loader.settings import Settings
from fuzzing.choices import Choices
from fuzzing.model.mapping_schema import VALIDATOR, check_schema
from fuzzing.promises import check_refusal

_SECTIONS = (
    (),
    ("go_file",),
    ("trailer",),
    ("header_record",),
    ("go_file", "totals", "*"),
    ("numbers",),
    ("csv",),
    ("csv", "data_end"),
    ("dag",),
    ("bigquery",),
    ("identity",),
    ("quality",),
    ("sequence",),
    ("expect",),
    ("expect", "rows"),
)
_KEYS = sorted({*RESERVED_KEYS, *itertools.chain.from_iterable(map(VOCABULARY.keys_of, _SECTIONS))})
TOKENS = (
    b"\n", b"\n  ", b"\n    ", b": ", b":", b"- ", b" ", b"{", b"}", b"[", b"]", b", ", b"'", b'"',
    b"&a ", b"*a", b"!!str ", b"!!set ", b"!x ", b"|\n", b">-\n", b"#", b"---\n", b"...\n",
    b"%YAML 1.1\n", b"? ", b"<<: ", b"~", b"null", b"true", b"false", b"no", b"0", b"1", b"2.0",
    b"-1", b"1e3", b"0x1F", b"0o17", b".5", b".inf", b".nan", b"1_000", b"999999999999999999999",
    b"\t", b"\r\n", b"\0", b"\xff", b"\xef\xbb\xbf", b"\\t", b"\\n", b"\\x00", b"\\ud800",
    b"\\U0001F600", b"\x85", "\u2028".encode(), "é".encode(), "\U0001f600".encode(),
    b"\x7f", b"\xc2\x80",
    b"x_*.csv: ", b"x_*_*.csv: ", b"*: ", b"y_*.csv:\n  ", b"'x_*.csv'", b".x", b"..", b"a/b", b"*",
    b"x_{r}_{d:%Y%m%d}.csv: ", b"x_{n:0d}*: ", b"{r}", b"{n:0d}", b"{{", b"}}", b"[r]",
    b"x_*.go", b"table: raw_x", b"raw_x", b"staging.raw_y", b"load_metadata", b"_load_id",
    b"properties", b"csv", b"fail", b"reject", b"skip", b"append", b"header", b"{table}/{yyyy}",
    b"END", b"^T", b"(?P<count>1)", b"(?P<n>2)", b"n", b"$.n", b"totals: {a: 2}",
    b"{a: BIGINT}", b"[a, [a, b]]", b"99.5", b"DECIMAL(9,2)", b"DATE",
    b'"07:00"', b"Europe/London", b"mon-fri", b"GB", b"1..", b"50%", b"2024-12-25",
    b"utf-16", b"@daily", b"0 6 30 2 *", b"*/5 1,2 l jan sun", b"record_count", b"day", b"EU",
    *(f"{key}: ".encode() for key in _KEYS),
)  # fmt: skip

_DAG_ID = re.compile(r"landing__[A-Za-z0-9_]+")
_FILLS = ("", "1", "x.csv", "_")
_SETTINGS = Settings(
    landing_path="/l", archive_path="/a", failed_path="/f", table_config_path="/t",
    duckdb_path="/d.duckdb",
)  # fmt: skip


class _Writer(yaml.SafeDumper):
    """Writes every text in double quotes, so that it can only be text."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


_Writer.add_representer(
    str, lambda writer, text: writer.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="fuzzing-mappings-")


def run(data: bytes) -> None:
    """Read a mapping file."""
    content = Choices(data).text(TOKENS)
    read = _read(content)
    _check_problems(read, content)
    for mapping in read.mappings:
        _check_mapping(mapping)
    _check_names(read.mappings)
    if read.mappings:
        table_page(read.mappings, _SETTINGS, dbt=True)
    node = _node(content)
    if isinstance(node, MapNode):
        if not _has_fault(node):
            check_schema(plain(node), read.errors)
        _check_accepted(read, node)


def _read(content: bytes) -> MappingSet:
    path = Path(_folder().name) / "a.yaml"
    path.write_bytes(content)
    return read_mappings(path.parent)


def _node(content: bytes) -> Node | None:
    try:
        return parse(decode(content))
    except ConfigurationError:
        return None


def _check_problems(read: MappingSet, content: bytes) -> None:
    assert read.mappings or read.errors, "nothing is read, and nothing is said"
    lines = lines_of(content.decode("utf-8-sig", "replace"))
    for problem in read.errors:
        detail = problem.detail
        check_refusal(detail, lines=len(lines), areas=("config", "mapping"))
        if detail.line is not None and isinstance(detail.column, int):
            assert detail.column <= len(lines[detail.line - 1]) + 1, "behind the end of the line"
        rendered = problem.render()
        assert all(char.isprintable() or char == "\n" for char in rendered), "control characters"
        assert rendered in problem_page(rendered, "mapping")


def _check_mapping(mapping: TableMapping) -> None:
    assert TableMapping.model_validate_json(mapping.model_dump_json()) == mapping
    assert _DAG_ID.fullmatch(mapping.dag_id), mapping.dag_id
    hash(mapping)


def _check_names(mappings: tuple[TableMapping, ...]) -> None:
    """No name belongs to two mappings, and no go file is a data file."""
    for mapping in mappings:
        for fill in _FILLS:
            pattern = mapping.data_pattern
            name = pattern.fill([one.example() if one.form else fill for one in pattern.wildcards])
            texts = pattern.match(name)
            assert sum(other.matches(name) for other in mappings) <= 1, f"{name!r} is of two"
            if texts is not None and mapping.go_pattern is not None and mapping.matches(name):
                go_name = mapping.go_pattern.counterpart(pattern, texts)
                assert not any(other.matches(go_name) for other in mappings), f"{go_name!r}"


def _check_accepted(read: MappingSet, node: MapNode) -> None:
    """What is accepted is so without its neighbours, and however it is written."""
    places = {(mapping.pattern, mapping.origin) for mapping in read.mappings}
    document = {
        pair.key: plain(pair.value)
        for pair in node.pairs
        if (pair.key, f"a.yaml:{pair.place.line}") in places
    }
    VALIDATOR.validate(document)
    again = (
        _read(yaml.dump(document, Dumper=_Writer, sort_keys=False).encode()) if document else read
    )
    assert [_without_origin(mapping) for mapping in again.mappings] == [
        _without_origin(mapping) for mapping in read.mappings
    ], "written anew, it means something else"


def _without_origin(mapping: TableMapping) -> TableMapping:
    return mapping.model_copy(update={"origin": ""})


def _has_fault(node: Node) -> bool:
    if node.fault is not None or isinstance(node, ScalarNode):
        return node.fault is not None
    if isinstance(node, MapNode):
        return any(pair.fault is not None or _has_fault(pair.value) for pair in node.pairs)
    return any(map(_has_fault, node.items))
