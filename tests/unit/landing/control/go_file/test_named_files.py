"""A go file that names another data file is not this one's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.support.go_files import CSV, DATA, PROPERTIES, read, refusal

from airflow_landing_loader.exceptions import ErrorCode


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("trades_20240114.csv,5", "trades_20240114.csv"),
        ("/out/TRADES_20240114.CSV.gz,5", "/out/TRADES_20240114.CSV.gz"),
        ("positions_20240115.csv,5", "positions_20240115.csv"),
        ("trades_20240114.go,5", "trades_20240114.go"),
        ('"C:\\out\\trades_20240114.csv",5', "C:\\out\\trades_20240114.csv"),
        ("5,5,trades_20240114.csv\r\n\x1a", "trades_20240114.csv"),
        ("'trades_20240114.csv',5", "'trades_20240114.csv'"),
    ],
)
def test_a_go_file_of_one_line_names_no_other_data_file(
    tmp_path: Path, content: str, named: str
) -> None:
    error = refusal(tmp_path, content, **CSV)
    assert error.code is ErrorCode.GO_FILE_OTHER_FILE
    assert named in error.detail.message


@pytest.mark.parametrize(
    "content",
    [
        "/out/trades_20240115.csv,5",
        "TRADES_20240115.CSV.GZ,5",
        "trades_20240115.go,5",
        f"{DATA},5,trades_20240114.csv",
        "trades,5",
        "trades_20240115_1,5",  # a batch's name, say
        "'trades_20240115.csv',5",
        "2024.01.15,5,1.csv.sha256",
    ],
)
def test_what_names_no_other_data_file(tmp_path: Path, content: str) -> None:
    assert read(tmp_path, content, **CSV).expected_records == 5


PACKED = [
    {"pattern": "trades_*.zip", "ending": ".zip"},
    {"pattern": "trades_{day:0d}.gz", "ending": ".gz"},
]


@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize(
    "content",
    [
        "trades_20240115.csv,5",
        "TRADES_20240115.TXT,5",
        "trades_20240115.csv.zip,5",
        "trades_20240115,5",
        "trades_20240114.csv,7\ntrades_20240115.csv,5",
        "trades_v2,5",
        "data.csv,5",
    ],
)
def test_the_file_within_an_archive_may_be_named(
    packed: dict[str, Any], content: str, tmp_path: Path
) -> None:
    assert read(tmp_path, content, **CSV, **packed).expected_records == 5


@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize(
    "named", ["trades_20240114.csv", "trades_20240114.zip", "TRADES_20240114.txt.GZ"]
)
def test_another_file_of_that_form_may_not(
    packed: dict[str, Any], named: str, tmp_path: Path
) -> None:
    error = refusal(tmp_path, f"{named},5", **CSV, **packed)
    assert error.code is ErrorCode.GO_FILE_OTHER_FILE
    assert named in error.detail.message
    error = refusal(tmp_path, f"record_count=5\nabout={named}\n", **PROPERTIES, **packed)
    assert error.code is ErrorCode.GO_FILE_OTHER_FILE


def test_a_pattern_with_parts_knows_the_names_of_its_files(tmp_path: Path) -> None:
    parts: dict[str, Any] = {**PROPERTIES, "pattern": "trades_{day:%Y%m%d}.csv"}
    error = refusal(tmp_path, "record_count=5\nabout=Trades_20240114.csv.gz\n", **parts)
    assert error.code is ErrorCode.GO_FILE_OTHER_FILE
    assert (
        read(tmp_path, "record_count=5\nabout=trades_of_may.csv\n", **parts).expected_records == 5
    )


def test_properties_name_no_other_data_file(tmp_path: Path) -> None:
    for line in (
        "file=trades_20240114.csv",
        "Data-File: x.csv",
        "about=trades_20240114.csv.gz",
        'filename="trades_20240114.csv"',
        "f='trades_20240114.csv'",
    ):
        error = refusal(tmp_path, f"record_count=5\n{line}\n", **PROPERTIES)
        assert (error.code, error.detail.line) == (ErrorCode.GO_FILE_OTHER_FILE, 2)
    for line in ("file=/out/trades_20240115.csv", f"old=trades_1.csv\nfile={DATA}", "of=x.csv"):
        text = f"record_count=5\n{line}"
        assert read(tmp_path, text, **PROPERTIES).expected_records == 5


def test_yesterdays_go_file_with_a_header_under_todays_name(tmp_path: Path) -> None:
    rules = {"format": "csv", "row_count_column": "rows"}
    error = refusal(tmp_path, "file,rows,status\ntrades_20240114.csv,2,OK\n", **rules)
    assert (error.code, error.detail.line) == (ErrorCode.GO_FILE_OTHER_FILE, 2)
