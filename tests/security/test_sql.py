"""What becomes part of a statement is a name, a number or a quoted text, whoever wrote it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.loading.sql import sql_name, sql_text
from airflow_landing_loader.loading.warehouses.bigquery.raw_table import (
    quoted as quoted_for_bigquery,
)
from airflow_landing_loader.loading.warehouses.bigquery.script import script
from airflow_landing_loader.loading.warehouses.duckdb.session import SessionOptions, writing
from airflow_landing_loader.loading.warehouses.manifest import Manifest

GOOD: dict[str, Any] = {
    "id": "0123456789abcdef",
    "parts": [
        {
            "table": "raw_a",
            "columns": [["a", "STRING"], ["b", "NUMERIC(38, 9)"], ["c", "ARRAY<STRING>"]],
            "row_number": False,
            "direct": False,
            "uris": ["gs://bucket/x"],
            "row_count": 1,
        }
    ],
    "files": [],
    "loads": [],
    "load_columns": [],
    "deliveries": [],
    "replaces": [],
    "basis": 0,
    "load_totals": [],
    "load_quality": [],
    "events": [],
}
TEXT = st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1)


@given(TEXT)
def test_quoting_gives_the_text_and_the_name_back(text: str) -> None:
    con = duckdb.connect()
    found = con.execute(f"SELECT {sql_text(text)} AS {sql_name(text)}")
    assert found.fetchall() == [(text,)]
    assert found.description[0][0] == text


def test_a_manifest_of_a_loader_is_read() -> None:
    manifest = Manifest.from_json(json.dumps(GOOD).encode())
    assert json.loads(manifest.to_json()) == GOOD
    assert "CAST(s.c1 AS NUMERIC)" in script(manifest)
    of_an_earlier_release = {
        key: value
        for key, value in GOOD.items()
        if key not in ("load_totals", "load_quality", "events")
    }
    assert Manifest.from_json(json.dumps(of_an_earlier_release).encode()) == manifest


def with_column(type_: str) -> dict[str, Any]:
    part = {**GOOD["parts"][0], "columns": [["a", type_]]}
    return {**GOOD, "parts": [part]}


@pytest.mark.parametrize(
    "forged",
    [
        with_column("STRING); DROP TABLE x; --"),
        with_column("STRING) FROM secret.t --"),
        with_column("STRING\n; SELECT 1"),
        with_column("string"),
        with_column(""),
        {**GOOD, "id": "x; DROP TABLE y"},
        {**GOOD, "id": "../../x"},
        {**GOOD, "id": ""},
        {**GOOD, "id": 5},
        {**GOOD, "parts": 5},
        {**GOOD, "more": 5},
        {},
        [],
        None,
    ],
)
def test_a_forged_manifest_becomes_no_statement(forged: Any) -> None:
    with pytest.raises(TransientError) as caught:
        Manifest.from_json(json.dumps(forged).encode())
    assert caught.value.code is ErrorCode.WAREHOUSE_UNAVAILABLE
    assert "staging" in (caught.value.detail.hint or "")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_no_manifest(content: bytes) -> None:
    with pytest.raises(TransientError):
        Manifest.from_json(content)


def test_names_in_a_forged_manifest_stay_names() -> None:
    """Bigquery's own quoting: a backtick or backslash in a name does not end it."""
    part = {**GOOD["parts"][0], "table": "a` WHERE 1; --", "columns": [["\\`x", "STRING"]]}
    text = script(Manifest.from_json(json.dumps({**GOOD, "parts": [part]}).encode()))
    assert quoted_for_bigquery("a` WHERE 1; --") == "`a\\` WHERE 1; --`"
    assert "INSERT INTO `a\\` WHERE 1; --` (`\\\\\\`x`" in text


@pytest.mark.parametrize(
    "table", ["loads", "load_columns", "load_totals", "load_quality", "deliveries"]
)
@pytest.mark.parametrize("row", [[], [1], ["x"] * 3, [{}] * 24, 5])
def test_rows_of_other_kinds_are_no_manifest(table: str, row: Any) -> None:
    with pytest.raises(TransientError):
        Manifest.from_json(json.dumps({**GOOD, table: [row]}).encode())


def test_no_extension_comes_over_the_network(tmp_path: Path) -> None:
    with writing(tmp_path / "x.duckdb", SessionOptions(), "a test") as con:
        found = con.execute("SELECT current_setting('autoinstall_known_extensions')").fetchone()
    assert found == (False,)
