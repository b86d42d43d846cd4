"""Go files: what is accepted, and that everything else is explained."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from tests.support.go_files import CSV, DATA, GO, PROPERTIES, delivery, read, refusal

from airflow_landing_loader.exceptions import ErrorCode, TerminalError, TransientError
from airflow_landing_loader.landing.control.counts import MAX_COUNT
from airflow_landing_loader.landing.control.go_file.reading import read_go_file
from airflow_landing_loader.landing.control.go_file.text import SIZE_LIMIT
from airflow_landing_loader.landing.model import Delivery, GoFileContent
from airflow_landing_loader.storage.local.zone import LocalZone


@pytest.mark.parametrize(
    "content",
    [
        "record_count=12345",
        "record_count=12345\n",
        "record_count = 12345 \r\n",
        "\trecord_count\t=\t12345\t\r",
        "record_count: 12345",
        "\ufeffrecord_count=12345",
        "# made by x\n! record_count=1\n\n\ntimestamp=2024-01-15T10:30:00Z\nrecord_count=12345\n",
        "record_count=12345\nrecord_count=12345\n",
        "record_count=00012345",
        "Record_Count=1\nrecord_count=12345",
        "a banner without a sign\nrecord_count=12345",
        "=7\nrecord_count=12345",
    ],
)
def test_properties_give_their_count(tmp_path: Path, content: str) -> None:
    found = read(tmp_path, content, **PROPERTIES)

    assert found == GoFileContent(
        expected_records=12345, sha256=hashlib.sha256(content.encode()).hexdigest()
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (f"{DATA},12345,SUCCESS", 12345),
        (f"{DATA},12345,SUCCESS\r\n", 12345),
        (f' "{DATA}" , "12345" ,SUCCESS\n\n', 12345),
        ("whatever,12345", 12345),
        ("#,12345", 12345),
        ('"a,b",7', 7),
        ('"say ""hi""",7', 7),
        (f"other.csv,1\n{DATA},2\nthird.csv,3\n", 2),
        (f"x,2,{DATA}\ny,3,z\n", 2),
        (f"{DATA},2\n{DATA},2\n", 2),
        ("\ufefffile,0", 0),
        (",5,", 5),
    ],
)
def test_csv_gives_the_count_of_its_line(tmp_path: Path, content: str, expected: int) -> None:
    assert read(tmp_path, content, **CSV).expected_records == expected


def test_one_ctrl_z_at_the_end_is_no_text(tmp_path: Path) -> None:
    assert read(tmp_path, "record_count=5\x1a", **PROPERTIES).expected_records == 5
    assert read(tmp_path, f"{DATA},5\r\n\x1a", **CSV).expected_records == 5
    code = refusal(tmp_path, "record_count=5\x1a\x1a", **PROPERTIES).code
    assert code is ErrorCode.GO_FILE_BAD_COUNT


def test_csv_column_by_name_takes_the_first_line_as_header(tmp_path: Path) -> None:
    rules = {"format": "csv", "row_count_column": "rows", "status_column": "state"}
    text = f"file,state,rows\nother.csv,FAILED,1\n{DATA},SUCCESS,7\n"

    found = read(tmp_path, text, **rules)

    assert (found.expected_records, found.status) == (7, "SUCCESS")


def test_status_is_read_and_must_be_a_good_one(tmp_path: Path) -> None:
    rules = {**PROPERTIES, "status_key": "status", "status_ok": ["OK", "DONE"]}
    assert read(tmp_path, "record_count=1\nstatus = DONE", **rules).status == "DONE"

    error = refusal(tmp_path, "record_count=1\nstatus=FAILED secret", **rules)
    assert error.code is ErrorCode.GO_FILE_BAD_STATUS
    assert error.detail.line == 2
    assert "OK, DONE" in (error.detail.hint or "")
    assert "secret" not in str(error)
    assert error.detail.value == "FAILED secret"

    for content in ("record_count=1", "record_count=1\nstatus=OK\nstatus=DONE"):
        assert refusal(tmp_path, content, **rules).code is ErrorCode.GO_FILE_BAD_STATUS
    csv = {**CSV, "status_column": 3}
    assert read(tmp_path, f"{DATA},1,SUCCESS", **csv).status == "SUCCESS"
    for content in (f"{DATA},1,FAILED", f"{DATA},1,success", f"{DATA},1"):
        assert refusal(tmp_path, content, **csv).code is ErrorCode.GO_FILE_BAD_STATUS


@pytest.mark.parametrize(
    ("count", "why"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("-1", "negative"),
        ("\N{MINUS SIGN}1", "negative"),
        ("+5", "digits alone"),
        ("1,000", "digits alone"),
        ("1_000", "digits alone"),
        ("12.0", "digits alone"),
        ("1e3", "digits alone"),
        ("0x10", "digits alone"),
        ("abc", "digits alone"),
        ('"5"', "digits alone"),
        ("5 rows", "digits alone"),
        ("\N{ARABIC-INDIC DIGIT FIVE}", "digits alone"),
        ("\N{SUPERSCRIPT TWO}", "digits alone"),
        ("\N{NO-BREAK SPACE}5", "digits alone"),
        (str(MAX_COUNT + 1), "larger"),
        ("9" * 5000, "larger"),
    ],
)
def test_a_bad_count_is_explained_without_showing_it(tmp_path: Path, count: str, why: str) -> None:
    error = refusal(tmp_path, f"a=b\nrecord_count={count}\n", **PROPERTIES)

    assert error.code is ErrorCode.GO_FILE_BAD_COUNT
    assert why in error.detail.message
    assert error.detail.line == 2
    assert error.detail.value == count.strip(" ")[:200]


def test_the_largest_count_and_leading_zeros_are_fine(tmp_path: Path) -> None:
    for text in (str(MAX_COUNT), "0" * 5000 + str(MAX_COUNT)):
        assert read(tmp_path, f"record_count={text}", **PROPERTIES).expected_records == MAX_COUNT


@pytest.mark.parametrize(
    ("content", "rules", "code", "line"),
    [
        ("", PROPERTIES, ErrorCode.GO_FILE_NO_KEY, 1),
        ("# record_count=5", PROPERTIES, ErrorCode.GO_FILE_NO_KEY, 1),
        ("RECORD_COUNT=5", PROPERTIES, ErrorCode.GO_FILE_NO_KEY, 1),
        ("record_count5", PROPERTIES, ErrorCode.GO_FILE_NO_KEY, 1),
        ("x=record_count:5", PROPERTIES, ErrorCode.GO_FILE_NO_KEY, 1),
        ("record_count:5=5", PROPERTIES, ErrorCode.GO_FILE_BAD_COUNT, 1),
        ("\nrecord_count=5\nrecord_count=6", PROPERTIES, ErrorCode.GO_FILE_BAD_COUNT, 3),
        ("\n \n", CSV, ErrorCode.GO_FILE_NO_LINE, 1),
        ("a,1\nb,2\n", CSV, ErrorCode.GO_FILE_NO_LINE, 1),
        ("\nonly", CSV, ErrorCode.GO_FILE_NO_KEY, 2),
        (f"\n{DATA},1\n{DATA},2\n", CSV, ErrorCode.GO_FILE_BAD_COUNT, 3),
        (f"\n{DATA},-2\n", CSV, ErrorCode.GO_FILE_BAD_COUNT, 2),
        (f"\n{DATA},\n", CSV, ErrorCode.GO_FILE_BAD_COUNT, 2),
        ('a,1\n"b,2\n', CSV, ErrorCode.GO_FILE_UNREADABLE, 2),
        ('a,1\n"b"c,2\n', CSV, ErrorCode.GO_FILE_UNREADABLE, 2),
        (b"a=b\r\nrecord_count=\xff\xfe", PROPERTIES, ErrorCode.GO_FILE_UNREADABLE, 2),
        (b"a=b\nrecord_count=5\0", PROPERTIES, ErrorCode.GO_FILE_UNREADABLE, 2),
        ("record_count=5".encode("utf-16"), PROPERTIES, ErrorCode.GO_FILE_UNREADABLE, 1),
        (b"#" * (SIZE_LIMIT + 1), PROPERTIES, ErrorCode.GO_FILE_UNREADABLE, 1),
    ],
)
def test_every_refusal_has_its_code_and_line(
    tmp_path: Path, content: bytes | str, rules: dict[str, Any], code: ErrorCode, line: int
) -> None:
    error = refusal(tmp_path, content, **rules)
    assert (error.code, error.detail.line) == (code, line)


@pytest.mark.parametrize("content", ["file,state\na,1\n", "rows,rows\n1,1\n", ""])
def test_a_header_must_have_the_column_exactly_once(tmp_path: Path, content: str) -> None:
    rules = {"format": "csv", "row_count_column": "rows"}
    code = refusal(tmp_path, content, **rules).code
    assert code is (ErrorCode.GO_FILE_NO_KEY if content else ErrorCode.GO_FILE_NO_LINE)


def test_the_keys_found_help_to_see_what_was_meant(tmp_path: Path) -> None:
    error = refusal(tmp_path, "RecordCount=5\nsource=\x1b[31mx", **PROPERTIES)
    assert "RecordCount, source" in (error.detail.hint or "")


def test_a_file_of_the_largest_size_is_read(tmp_path: Path) -> None:
    content = b"record_count=5\n".ljust(SIZE_LIMIT, b"\n")
    assert read(tmp_path, content, **PROPERTIES).expected_records == 5


def test_a_go_file_that_is_not_the_one_seen_is_transient(tmp_path: Path) -> None:
    seen = delivery(tmp_path, "record_count=5", **PROPERTIES)
    (tmp_path / GO).write_text("record_count=55")
    with pytest.raises(TransientError) as caught:
        read_go_file(LocalZone(str(tmp_path)), seen)
    assert caught.value.code is ErrorCode.LANDING_CHANGED
    (tmp_path / GO).unlink()
    with pytest.raises(TransientError) as caught:
        read_go_file(LocalZone(str(tmp_path)), seen)
    assert caught.value.code is ErrorCode.LANDING_DISAPPEARED
    (tmp_path / GO).symlink_to(tmp_path / DATA)
    with pytest.raises(TerminalError) as refused:
        read_go_file(LocalZone(str(tmp_path)), seen)
    assert refused.value.code is ErrorCode.LANDING_NOT_A_FILE


def test_a_delivery_without_go_file_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    with_go = delivery(tmp_path, "", **PROPERTIES)
    with pytest.raises(ValueError, match="no go file"):
        read_go_file(LocalZone(str(tmp_path)), Delivery(mapping=with_go.mapping, data=with_go.data))
