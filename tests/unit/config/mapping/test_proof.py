"""What a mapping may say of go files of each form, and what it is told otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.proof import GoFile
from airflow_landing_loader.config.mapping.reader import read_mappings

PRESENCE = {"pattern": "x_*.go", "format": "presence"}
PROPERTIES = {"pattern": "x_*.go", "format": "properties", "row_count_key": "n"}
CSV = {"pattern": "x_*.go", "format": "csv", "row_count_column": 2}
JSON = {"pattern": "x_*.go", "format": "json"}


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (CSV | {"row_count": 2}, ("row_count_column", "contradiction")),
        (CSV | {"status": 2, "status_column": 3}, ("status_column", "contradiction")),
        (CSV | {"header": False, "size": "bytes"}, ("size", "contradiction")),
        (CSV | {"delimiter": '|"'}, ("delimiter", "contradiction")),
        (CSV | {"delimiter": "\n"}, ("delimiter", "bad_value")),
        (CSV | {"encoding": "utf-9"}, ("encoding", "bad_value")),
        (CSV | {"checksum": 0}, ("checksum", "bad_value")),
        (PROPERTIES | {"delimiter": ";"}, ("delimiter", "unknown_key")),
        (PROPERTIES | {"size": 2}, ("size", "bad_value")),
        (PRESENCE | {"row_count_key": "n"}, ("row_count_key", "unknown_key")),
        (PRESENCE | {"status": "n"}, ("status", "unknown_key")),
        (PRESENCE | {"encoding": "utf-8"}, ("encoding", "unknown_key")),
        (PRESENCE | {"count_includes": ["header"]}, ("count_includes", "missing_key")),
        (PRESENCE | {"status_ok": ["OK"]}, ("status_ok", "missing_key")),
        (
            PRESENCE | {"format": "checksum", "checksum": 1},
            ("checksum", "unknown_key"),
        ),
        (JSON, ("row_count", "missing_key")),
        (JSON | {"business_date": "$.day"}, ("row_count", "missing_key")),
        (JSON | {"row_count": "rows"}, ("row_count", "bad_value")),
        (JSON | {"row_count": 2}, ("row_count", "bad_value")),
        (
            JSON | {"row_count_key": "n", "size": "$.n"},
            ("row_count_key", "unknown_key"),
        ),
    ],
)
def test_contradictions(keys: dict[str, Any], expected: tuple[str, str]) -> None:
    with pytest.raises(ValidationError) as caught:
        GoFile.model_validate(keys)
    found = [(str(error["loc"][-1]), error["type"]) for error in caught.value.errors()]
    assert found == [(expected[0], f"mapping.{expected[1]}")]


@pytest.mark.parametrize(
    "keys",
    [
        PRESENCE,
        PRESENCE | {"format": "checksum", "encoding": "latin-1"},
        PRESENCE | {"format": "properties", "row_count": "n", "encoding": "utf-16"},
        PRESENCE | {"format": "csv", "status": 2, "status_ok": ["OK"], "header": False},
        PRESENCE | {"format": "csv", "checksum": "md5", "delimiter": "\t"},
        JSON | {"size": "$"},
        JSON | {"row_count": "$.files[*]['row count']", "count_includes": ["header"]},
    ],
)
def test_go_files_of_every_form(keys: dict[str, Any]) -> None:
    fields = {"pattern": "x_*.csv", "table": "t", "go_file": keys}
    found = TableMapping.model_validate(fields)
    assert TableMapping.model_validate_json(found.model_dump_json()) == found


def test_two_words_for_one_place() -> None:
    found = GoFile.model_validate(CSV | {"status_column": "state"})
    assert (found.count_place, found.status_place, found.has_header) == (2, "state", True)


@pytest.mark.parametrize(
    ("keys", "message", "hint"),
    [
        (
            "format: json, row_count: $..n",
            "row_count is not a path into a JSON document",
            "$.files[*].rows",
        ),
        (
            "format: json, size: $.n, row_count_key: n",
            "row_count_key is not for a json go file",
            "Use row_count, or change format.",
        ),
        (
            "format: presence, row_count_key: n",
            "row_count_key is not for a presence go file",
            "Remove it, or change format.",
        ),
        (
            "format: csv, business_date: 2",
            "A csv go file needs row_count_column, or checksum, size, totals or status",
            "Add row_count_column: 2. Where the file alone is the proof, write format: presence.",
        ),
        (
            "format: properties, row_count: 5",
            "row_count is the key of a property, but is the number 5.",
            'Put it in quotes: "5".',
        ),
    ],
)
def test_messages_say_what_to_write(tmp_path: Path, keys: str, message: str, hint: str) -> None:
    text = f"x_*.csv:\n  table: raw\n  go_file: {{pattern: x_*.go, {keys}}}\n"
    (tmp_path / "a.yaml").write_text(text)
    (problem,) = read_mappings(tmp_path).errors
    assert message in problem.detail.message
    assert hint in (problem.detail.hint or "")
