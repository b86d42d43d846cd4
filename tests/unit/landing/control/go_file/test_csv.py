"""CSV go files: delimiters, headers, encodings, and names with their folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.support.go_files import CSV, DATA, read, refusal

from airflow_landing_loader.exceptions import ErrorCode


@pytest.mark.parametrize(
    ("delimiter", "content"),
    [
        ("|", f"{DATA} | 5|x"),
        ("|", f'"{DATA}"|"5"'),
        ("\t", f"{DATA}\t5\t"),
        ("\t", f'"{DATA}" \t "5"'),
        (";", f"a,b;5\n{DATA};5"),
        ("||", f"{DATA}||5||x"),
        ("§", f"{DATA}§ 5"),
        (" ", f"{DATA} 5"),
    ],
)
def test_other_delimiters(tmp_path: Path, delimiter: str, content: str) -> None:
    assert read(tmp_path, content, **CSV, delimiter=delimiter).expected_records == 5


def test_a_delimiter_that_is_a_blank_separates_empty_fields(tmp_path: Path) -> None:
    assert read(tmp_path, f"{DATA}\t\t5", **{**CSV, "row_count_column": 3}, delimiter="\t")
    code = refusal(tmp_path, f"{DATA}\t\t5", **CSV, delimiter="\t").code
    assert code is ErrorCode.GO_FILE_BAD_COUNT


@pytest.mark.parametrize("encoding", ["windows-1252", "utf-16", "cp037", "shift_jis", "utf-16-le"])
def test_other_encodings(tmp_path: Path, encoding: str) -> None:
    content = f"{DATA},5\n".encode(encoding)
    assert read(tmp_path, content, **CSV, encoding=encoding).expected_records == 5


def test_what_is_not_in_its_encoding_says_where(tmp_path: Path) -> None:
    error = refusal(tmp_path, b"a,1\nb,\x81,2\n", **CSV, encoding="windows-1252")
    assert (error.code, error.detail.line) == (ErrorCode.GO_FILE_UNREADABLE, 2)
    assert "windows-1252" in error.detail.message
    assert "go_file.encoding" in (error.detail.hint or "")
    error = refusal(tmp_path, f"{DATA},5\n".encode("utf-16"), **CSV)
    assert "byte order mark of utf-16" in error.detail.message


@pytest.mark.parametrize(
    ("rules", "content"),
    [
        ({"header": True, "row_count": 2}, f"file,rows\n{DATA},5"),
        ({"header": True, "row_count": 2}, "file,rows\nx,5"),
        ({"header": False, "row_count": 2}, f"{DATA},5"),
        ({"row_count": "rows"}, f"file,rows\n{DATA},5"),
        ({"row_count": 2, "size": "bytes"}, f"file,rows,bytes\n{DATA},5,7"),
    ],
)
def test_headers(tmp_path: Path, rules: dict[str, Any], content: str) -> None:
    assert read(tmp_path, content, format="csv", **rules).expected_records == 5


def test_a_line_may_name_the_data_file_as_senders_write_it(tmp_path: Path) -> None:
    other = "/out/trades_20240114.csv,9"
    for name in (
        f"/out/{DATA}",
        f"C:\\out\\{DATA}",
        "TRADES_20240115.CSV",
        f"'{DATA}'",
        f"{DATA}.gz",
    ):
        assert read(tmp_path, f"{other}\n{name},5\n", **CSV).expected_records == 5
    # To the letter comes first.
    assert read(tmp_path, f"{DATA}.gz,4\n{DATA},5\n", **CSV).expected_records == 5
    code = refusal(tmp_path, f"/a/{DATA},4\n/b/{DATA},5\n", **CSV).code
    assert code is ErrorCode.GO_FILE_BAD_COUNT


def test_a_header_alone_is_no_line(tmp_path: Path) -> None:
    code = refusal(tmp_path, "file,rows\n", format="csv", row_count=2, header=True).code
    assert code is ErrorCode.GO_FILE_NO_LINE
