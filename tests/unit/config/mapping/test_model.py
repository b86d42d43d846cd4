"""The models: rules between keys, values that others build on, and the way through JSON."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from pydantic import ValidationError
from tests.support.mappings import EVERY_KEY

from airflow_landing_loader.config.mapping.model import RESERVED_KEYS, CsvDialect, TableMapping
from airflow_landing_loader.config.mapping.patterns.pattern import Pattern

PROPERTIES = {"pattern": "x_*.go", "format": "properties", "row_count_key": "n"}
CSV = {"pattern": "x_*.go", "format": "csv", "row_count_column": 2}

EVERYTHING: dict[str, Any] = {
    "pattern": "x_*.csv",
    **EVERY_KEY,
    "name_count": None,  # it needs a number in the pattern
    "sequence": None,  # so does this, and an identity that tells them apart
    "origin": "x.yaml:1",
}
COUNTED: dict[str, Any] = {
    "pattern": "x_{n:0d}_{rows:0d}.csv",
    "table": "b",
    "name_count": {"part": "rows", "count_includes": ["header"]},
    "sequence": {"part": "n"},
}


def mapping(**keys: Any) -> TableMapping:
    return TableMapping.model_validate({"pattern": "x_*.csv", "table": "raw_x", **keys})


def errors(**keys: Any) -> list[tuple[str, str]]:
    """Place and type of every error."""
    with pytest.raises(ValidationError) as error:
        mapping(**keys)
    found = error.value.errors(include_url=False)
    return [(".".join(str(step) for step in item["loc"]), item["type"]) for item in found]


@pytest.mark.parametrize("keys", [EVERYTHING, COUNTED, {"pattern": "a", "table": "b"}])
def test_the_way_through_json_and_pickle_changes_nothing(keys: dict[str, Any]) -> None:
    first = TableMapping.model_validate(keys)
    assert TableMapping.model_validate(first.model_dump(mode="json")) == first
    assert TableMapping.model_validate(json.loads(first.model_dump_json())) == first
    assert TableMapping.model_validate(first.model_dump()) == first
    assert pickle.loads(pickle.dumps(first)) == first
    assert hash(first) == hash(TableMapping.model_validate(keys))


def test_everything_is_every_field() -> None:
    assert set(EVERYTHING) == set(TableMapping.model_fields)


def test_defaults() -> None:
    found = mapping()
    assert found.model_dump(exclude={"pattern", "table"}) == {
        "ignore_case": False,
        "go_file": None,
        "trailer": None,
        "header_record": None,
        "name_count": None,
        "numbers": None,
        "exclude": (),
        "csv": {
            "auto": False,
            "delimiter": ",",
            "quote": '"',
            "escape": None,
            "encoding": "utf-8",
            "header": True,
            "columns": None,
            "rename": {},
            "repeated_header": "refuse",
            "skip_rows": 0,
            "skip_lines": None,
            "data_start": None,
            "data_end": None,
            "footer_rows": 0,
            "null_values": (),
            "row_number": False,
            "trailing_delimiter": "refuse",
            "blank_around_quotes": False,
            "excel_formulas": False,
            "comments": None,
            "mixed_line_ends": False,
            "escape_sequences": None,
        },
        "add_columns": {},
        "types": {},
        "compression": "auto",
        "on_bad_row": "fail",
        "max_rejected": 0.01,
        "quality": None,
        "on_duplicate": "skip",
        "on_redelivery": "append",
        "identity": {"content": False, "key": None},
        "sequence": None,
        "expect": None,
        "settle_seconds": 10.0,
        "grace_seconds": 60.0,
        "max_record_bytes": 1048576,
        "max_record_lines": 1000,
        "max_expansion": 200.0,
        "free_expansion_bytes": 1073741824,
        "archive_layout": "",
        "schedule": None,
        "workers": None,
        "on_failed_file": "fail_run",
        "dbt": True,
        "dag": {
            "owner": None,
            "tags": (),
            "retries": None,
            "description": None,
            "paused_at_creation": None,
        },
        "bigquery": {
            "partition_by": None,
            "partition_column": None,
            "cluster_by": (),
            "location": None,
            "commit": "transaction",
            "labels": {},
        },
        "notify": None,
        "origin": "",
    }


def test_values_are_brought_into_one_form() -> None:
    found = mapping(
        csv={"encoding": "UTF8", "escape": '"', "skip_rows": 2.0},
        schedule="@continuous",
        settle_seconds=3,
        go_file=CSV | {"row_count_column": 2.0},
    )
    assert (found.csv.encoding, found.csv.escape, found.csv.skip_rows) == ("utf-8", None, 2)
    assert (found.schedule, found.settle_seconds) == (None, 3.0)
    assert found.go_file is not None
    assert type(found.go_file.row_count_column) is int
    assert type(found.csv.skip_rows) is int


def test_helpers() -> None:
    found = TableMapping.model_validate(EVERYTHING)
    assert found.data_pattern == Pattern.parse("x_*.csv", ignore_case=True)
    assert found.go_pattern == Pattern.parse("x_*.go", ignore_case=True)
    assert mapping().go_pattern is None
    assert (found.dag_id, mapping().dag_id) == ("landing__staging__raw_x", "landing__raw_x")
    assert [found.matches(name) for name in ("X_1.csv", "x_Test_1.csv", "x_1.bak.csv", "y")] == [
        True,
        False,
        False,
        False,
    ]


def test_mappings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        mapping().table = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"go_file": PROPERTIES | {"row_count_key": None}}, ("row_count_key", "missing_key")),
        (
            {"go_file": {"pattern": "x_*.go", "format": "csv"}},
            ("row_count_column", "missing_key"),
        ),
        ({"go_file": PROPERTIES | {"row_count_column": 2}}, ("row_count_column", "unknown_key")),
        ({"go_file": CSV | {"row_count_key": "n"}}, ("row_count_key", "unknown_key")),
        ({"go_file": PROPERTIES | {"status_column": 2}}, ("status_column", "unknown_key")),
        ({"go_file": CSV | {"status_key": "s"}}, ("status_key", "unknown_key")),
        ({"go_file": CSV | {"status_ok": ["OK"]}}, ("status_ok", "missing_key")),
        ({"go_file": CSV | {"row_count_column": 0}}, ("row_count_column", "bad_value")),
        ({"go_file": CSV | {"row_count_column": True}}, ("row_count_column", "bad_value")),
        ({"go_file": CSV | {"row_count_column": ""}}, ("row_count_column", "bad_value")),
        ({"go_file": CSV | {"row_count_column": 1.5}}, ("row_count_column", "bad_value")),
        ({"go_file": CSV | {"pattern": "*.tmp"}}, ("pattern", "bad_pattern")),
    ],
)
def test_go_file_rules(keys: dict[str, Any], expected: tuple[str, str]) -> None:
    assert errors(**keys) == [(f"go_file.{expected[0]}", f"mapping.{expected[1]}")]


@pytest.mark.parametrize(
    ("csv", "expected"),
    [
        ({"header": False}, ("columns", "missing_key")),
        ({"columns": ["a", " A "]}, ("columns", "contradiction")),
        ({"columns": ["a", "_Load_ID"]}, ("columns.1", "bad_value")),
        ({"header": False, "columns": ["a"], "rename": {"b": "a"}}, ("rename", "contradiction")),
        ({"rename": {"a": "x", "A": "y"}}, ("rename", "contradiction")),
        ({"rename": {"a": "x", "b": "X"}}, ("rename", "contradiction")),
        ({"rename": {"a": "x"}, "columns": ["a", "b"]}, ("rename", "contradiction")),
        ({"rename": {"#2": "x"}}, ("rename", "missing_key")),
        ({"rename": {"a": ""}}, ("rename.a", "bad_value")),
        ({"rename": {"a": "_extra"}}, ("rename.a", "bad_value")),
        ({"header": False, "columns": ["a", "A"]}, ("columns", "contradiction")),
        ({"quote": "|", "delimiter": "||"}, ("quote", "contradiction")),
        ({"delimiter": '",'}, ("quote", "contradiction")),
        ({"quote": "", "escape": "\\"}, ("escape", "contradiction")),
        ({"delimiter": "\\", "escape": "\\"}, ("escape", "contradiction")),
        ({"encoding": "utf-7"}, ("encoding", "bad_value")),
    ],
)
def test_csv_rules(csv: dict[str, Any], expected: tuple[str, str]) -> None:
    assert errors(csv=csv) == [(f"csv.{expected[0]}", f"mapping.{expected[1]}")]


def test_a_delimiter_may_be_a_quote_where_nothing_is_quoted() -> None:
    assert CsvDialect.model_validate({"delimiter": '"', "quote": ""}).quote == ""


@pytest.mark.parametrize("reference", [["*.go"], ["x.go"], ["x_*_*.go"]])
def test_go_patterns_have_the_data_patterns_stars(reference: list[str]) -> None:
    keys = CSV | {"pattern": reference[0]}
    if reference == ["*.go"]:
        assert mapping(go_file=keys).go_file is not None
    else:
        assert errors(go_file=keys) == [("go_file", "mapping.bad_pattern")]


def test_a_counted_trailer_must_exist() -> None:
    counted = CSV | {"count_includes": ["trailer"]}
    assert errors(go_file=counted) == [("trailer", "mapping.contradiction")]
    assert mapping(go_file=counted, trailer={"row_count_column": 1}).trailer is not None


def test_an_exclude_leaves_something() -> None:
    assert errors(exclude=["y", "x_*"]) == [("exclude", "mapping.bad_pattern")]
    assert errors(exclude=["a/b"]) == [("exclude.0", "mapping.bad_pattern")]
    assert mapping(exclude=["*.tmp", "x_1*"]).matches("x_2.csv")


@pytest.mark.parametrize("pattern", ["", ".x*", "x.tmp", "*.part", "a/b", "..", "/x"])
def test_patterns_that_no_file_can_match(pattern: str) -> None:
    assert errors(pattern=pattern) == [("pattern", "mapping.bad_pattern")]


@pytest.mark.parametrize("key", [*RESERVED_KEYS, "go_fil", "Table"])
def test_unknown_keys(key: str) -> None:
    assert errors(**{key: {}}) == [(key, "extra_forbidden")]


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("max_rejected", [0, 0.999], [1, -0.1, True, "0.1"]),
        ("settle_seconds", [0, 86400, 0.5], [-1, 86401, True, "2", float("inf")]),
        ("grace_seconds", [0, 604800], [-1, 604801, float("nan")]),
        ("max_record_bytes", [1, 1024**3, 5.0], [0, 1024**3 + 1, True, "5", 1.5]),
        ("max_record_lines", [1, 1_000_000], [0, 1_000_001]),
        ("max_expansion", [1, 2.5, 1_000_000], [0, 0.9, 1_000_001, "200", float("inf")]),
        ("free_expansion_bytes", [0, 1024**4], [-1, 1024**4 + 1, 1.5]),
        ("workers", [1, 256, 2.0], [0, 257, True, "4", 1.5]),
        ("dbt", [True, False], [0, 1, "true"]),
        ("on_bad_row", ["fail", "reject"], ["skip", "", 1]),
        ("on_duplicate", ["skip", "load", "fail"], ["append"]),
        ("on_redelivery", ["append", "replace", "fail"], ["skip"]),
        ("identity", ["name", "content"], ["hash"]),
        ("on_failed_file", ["fail_run", "continue"], ["fail"]),
        ("exclude", [["a", "b"], []], ["a", {"a": 1}, [1], [""]]),
        ("csv", [{}, {"skip_rows": 0}], ["", [], {"skip_rows": -1}, {"header": "no"}]),
        ("csv", [{"null_values": ["x"]}], [{"null_values": [""]}, {"null_values": [-1]}]),
        ("dag", [{"retries": 100}, {"tags": ["x" * 100]}], [{"retries": 101}, {"retries": True}]),
        ("dag", [{"owner": "x"}], [{"owner": ""}, {"tags": ["x" * 101]}, {"tags": "x"}]),
        ("notify", [{"to": []}, {"on": [], "to": ["a"]}], [{}, {"to": ["a b"]}, {"to": "a"}, []]),
        ("trailer", [{"row_count_column": 1}], [{"row_count_column": 0}, {}]),
        ("trailer", [{"row_count_column": 1, "tag": False}], [{"row_count_column": "1"}]),
        (
            "trailer",
            [{"row_count_column": 1, "tag": "no"}],
            [
                {"row_count_column": 1, "tag": True},
                {"row_count_column": 1, "tag": 0},
                {"row_count_column": 1, "tag": ""},
            ],
        ),
    ],
)
def test_bounds_and_types(key: str, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        mapping(**{key: value})
    for value in bad:
        assert [place.partition(".")[0] for place, _ in errors(**{key: value})] == [key]


def test_independent_errors_are_found_together() -> None:
    found = errors(
        table="a b",
        go_file=CSV | {"pattern": "x.go"},
        csv={"header": False, "quote": "''"},
        exclude=["x*"],
        dag={"retries": -1},
        dbt="no",
    )
    assert [place for place, _ in found] == [
        "table",
        "go_file",
        "exclude",
        "csv.quote",
        "csv.columns",
        "dbt",
        "dag.retries",
    ]
