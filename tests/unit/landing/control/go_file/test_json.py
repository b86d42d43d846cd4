"""JSON go files: paths, the entry that counts, and that nothing which is no JSON is taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.go_files import DATA, read, refusal

from airflow_landing_loader.exceptions import ErrorCode, LandingError
from airflow_landing_loader.landing.control.go_file.json_text import MAX_DEPTH

ROWS = {"format": "json", "row_count": "$.rows"}
FILES = {"format": "json", "row_count": "$.files[*].rows"}
OTHER = "trades_20240114.csv"


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("$", 5),
        ("$.rows", {"rows": 5}),
        ("$.rows", {"rows": "5"}),
        ("$['row count']", {"row count": 5}),
        ('$["it\'s"]', {"it's": 5}),
        ("$.a.b[1].c-d", {"a": {"b": [0, {"c-d": 5}]}}),
        ("$[0]", [5, 6]),
        ("$.größe", {"größe": 5}),
        ("$.files[*].rows", {"files": [{"rows": 5}]}),
        ("$.files[*]", {"files": {DATA: 5, OTHER: 6}}),
        ("$[*][*].n", [{"x": {"n": 6, "f": OTHER}}, {"y": {"n": 5, "f": DATA}}]),
    ],
)
def test_paths_lead_to_the_count(tmp_path: Path, path: str, document: Any) -> None:
    text = json.dumps(document, ensure_ascii=False)
    assert read(tmp_path, text, format="json", row_count=path).expected_records == 5


@pytest.mark.parametrize(
    "files",
    [
        [{"name": OTHER, "rows": 9}, {"name": DATA, "rows": 5}],
        [{"name": OTHER}, {"name": f"s3://bucket/{DATA}", "rows": 5}],
        [{"name": DATA, "rows": 5}, {"name": DATA, "rows": 5, "again": True}],
        [{"name": "the only one", "rows": 5}],
        {OTHER: {"rows": 9}, DATA: {"rows": 5}},
        {"x": {"file": OTHER, "rows": 9}, "y": {"file": DATA, "rows": 5}},
    ],
)
def test_the_entry_that_names_the_data_file_counts(tmp_path: Path, files: Any) -> None:
    assert read(tmp_path, json.dumps({"files": files}), **FILES).expected_records == 5


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ([], ErrorCode.GO_FILE_NO_LINE),
        (5, ErrorCode.GO_FILE_NO_LINE),
        ([{"rows": 5}, {"rows": 5}], ErrorCode.GO_FILE_NO_LINE),
        ([{"name": OTHER, "rows": 5}, {"name": "x.csv", "rows": 5}], ErrorCode.GO_FILE_NO_LINE),
        ([{"name": OTHER, "rows": 5}], ErrorCode.GO_FILE_OTHER_FILE),
        ([{"is": "x.csv", "rows": 5}], ErrorCode.GO_FILE_OTHER_FILE),
        ({OTHER: {"rows": 5}}, ErrorCode.GO_FILE_OTHER_FILE),
        ([{"name": DATA, "rows": 5}, {"name": DATA, "rows": 6}], ErrorCode.GO_FILE_BAD_COUNT),
        ([{"name": DATA}, {"name": OTHER, "rows": 5}], ErrorCode.GO_FILE_NO_KEY),
        ([{"name": DATA, "rows": None}], ErrorCode.GO_FILE_NO_KEY),
        ([{"name": DATA, "rows": [5]}], ErrorCode.GO_FILE_NO_KEY),
        ([{"name": DATA, "rows": 5.0}], ErrorCode.GO_FILE_BAD_COUNT),
        ([{"name": DATA, "rows": 1e300}], ErrorCode.GO_FILE_BAD_COUNT),
        ([{"name": DATA, "rows": -5}], ErrorCode.GO_FILE_BAD_COUNT),
        ([{"name": DATA, "rows": True}], ErrorCode.GO_FILE_BAD_COUNT),
        ([{"name": DATA, "rows": " 5"}], ErrorCode.GO_FILE_BAD_COUNT),
        ([{"name": DATA, "rows": 2**63}], ErrorCode.GO_FILE_BAD_COUNT),
    ],
)
def test_no_other_entry_counts(tmp_path: Path, files: Any, code: ErrorCode) -> None:
    error = refusal(tmp_path, json.dumps({"x": 1, "files": files}), **FILES)
    assert error.code is code, error


def test_no_name_of_another_file_stands_anywhere(tmp_path: Path) -> None:
    for text in (f'{{"rows": 5,\n"file": "{OTHER}"}}', '{"rows": 5,\n"x": [{"name": "y.csv"}]}'):
        error = refusal(tmp_path, text, **ROWS)
        assert (error.code, error.detail.line) == (ErrorCode.GO_FILE_OTHER_FILE, 2)
    for text in (
        f'{{"rows": 5, "file": "{DATA}", "previous": "{OTHER}"}}',
        '{"rows": 5, "x": "y.csv"}',
    ):
        assert read(tmp_path, text, **ROWS).expected_records == 5


@pytest.mark.parametrize(
    ("content", "place", "why"),
    [
        ("", (1, 1), "too early"),
        ("{", (1, 2), "too early"),
        ('{"rows": 5', (1, 11), "too early"),
        ('{"rows": 5}\n x', (2, 2), "more behind"),
        ('{"rows": 5} {}', (1, 13), "more behind"),
        ('{"rows": 5,\r\n"rows": 5}', (2, 1), "stands twice"),
        ('{"rows": 5, "x": NaN}', (1, 18), "a value"),
        ('{"rows": 5, "x": Infinity}', (1, 18), "a value"),
        ('{"rows": 05}', (1, 11), "comma or }"),
        ('{"rows": +5}', (1, 10), "a value"),
        ('{"rows": 5,}', (1, 12), "name in double quotes"),
        ('{"x": [1,], "rows": 5}', (1, 10), "a value"),
        ("{'rows': 5}", (1, 2), "name in double quotes"),
        ('{"rows" 5}', (1, 9), "colon"),
        ('{"rows": 5 "x": 1}', (1, 12), "comma"),
        ('{"rows": 5, "x": "a\nb"}', (1, 20), "double quotes"),
        ('{"rows": 5, "x": "a', (1, 18), "double quotes"),
        ('{"rows": 5, "x": "\\x"}', (1, 19), "double quotes"),
        ('{"rows": 5, "x": "\\ud800"}', (1, 26), "half of a character"),
        ("\n// c\n5", (2, 1), "a value"),
        ("[" * 1_000_000, (1, MAX_DEPTH + 2), "deeper"),
        ('{"a":' * 200_000, (1, 5 * MAX_DEPTH + 6), "deeper"),
    ],
)
def test_what_is_no_json_is_refused_where_it_stands(
    tmp_path: Path, content: str, place: tuple[int, int], why: str
) -> None:
    error = refusal(tmp_path, content, **ROWS)
    assert error.code is ErrorCode.GO_FILE_UNREADABLE
    assert why in error.detail.message
    assert (error.detail.line, error.detail.column) == place


def test_values_say_their_lines(tmp_path: Path) -> None:
    text = json.dumps({"files": [{"name": DATA, "rows": "five"}]}, indent=1)
    error = refusal(tmp_path, text, **FILES)
    assert (error.code, error.detail.line) == (ErrorCode.GO_FILE_BAD_COUNT, 5)
    error = refusal(tmp_path, '{\n"x": {\n}}', format="json", row_count="$.x.rows")
    assert (error.code, error.detail.line) == (ErrorCode.GO_FILE_NO_KEY, 2)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=15,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=documents, indent=st.none() | st.integers(0, 2), cut=st.integers(0, 200))
def test_what_python_writes_is_read_and_a_part_of_it_is_not(
    tmp_path: Path, document: Any, indent: int | None, cut: int
) -> None:
    """``json`` writes NaN and Infinity, too, which are no JSON."""
    text = json.dumps({"rows": 5, "x": document}, indent=indent)
    bad = False
    try:
        json.dumps(document, allow_nan=False)
    except ValueError:
        bad = True
    for piece in (text, text[:cut]):
        found: int | ErrorCode | None
        try:
            found = read(tmp_path, piece, **ROWS).expected_records
        except LandingError as error:
            found = error.code
        good = piece == text and not bad
        assert found == (5 if good else ErrorCode.GO_FILE_UNREADABLE)
