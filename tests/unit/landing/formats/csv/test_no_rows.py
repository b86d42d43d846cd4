"""A delivery of no rows: nothing in it, and somebody who says so."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.model import Delivery, Validated
from airflow_landing_loader.pipeline.validation import validate
from fuzzing.memory import MemoryZone

HEADLESS = {"header": False, "columns": ["id", "name"]}
GO = {"pattern": "a_*.go", "format": "properties", "row_count_key": "n"}


def validated(
    content: bytes, promised: int | None, name: str = "a_1.csv", **keys: Any
) -> Validated:
    rules: dict[str, Any] = {"pattern": "a_*.csv*", "table": "t", **keys}
    if promised is not None:
        rules["go_file"] = {**GO, "pattern": "a_*.go*"}
    zone = MemoryZone({name: content, "a_1.go": f"n={promised}".encode()})
    go = None if promised is None else zone.file("a_1.go")
    mapping = TableMapping.model_validate(rules)
    return validate(zone, Delivery(mapping=mapping, data=zone.file(name), go=go), now=1e12)


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n\r\n", b"\x1a", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("csv", [{}, HEADLESS, {"auto": True}])
def test_nothing_is_what_was_promised(content: bytes, csv: dict[str, Any]) -> None:
    found = validated(content, 0, csv=csv)
    assert (found.inspection.records, found.expected_records) == (0, 0)
    assert found.inspection.columns == tuple(csv.get("columns", ()))


def test_a_header_alone_and_nothing_compressed() -> None:
    assert validated(b"id,name\n", 0).inspection.columns == ("id", "name")
    assert validated(gzip.compress(b""), 0, "a_1.csv.gz").inspection.records == 0


def test_a_sender_who_counts_a_header_that_is_not_there_counts_none() -> None:
    go = {**GO, "count_includes": ["header"]}
    zone = MemoryZone({"a_1.csv": b"", "a_1.go": b"n=0"})
    rules = {"pattern": "a_*.csv", "table": "t", "go_file": go}
    mapping = TableMapping.model_validate(rules)
    delivery = Delivery(mapping=mapping, data=zone.file("a_1.csv"), go=zone.file("a_1.go"))
    assert validate(zone, delivery, now=1e12).expected_records == 0


@pytest.mark.parametrize(
    ("content", "promised", "keys", "code"),
    [
        (b"", None, {}, ErrorCode.FILE_EMPTY),
        (b"", None, {"csv": HEADLESS}, ErrorCode.FILE_EMPTY),
        (b"", 1, {}, ErrorCode.FILE_EMPTY),
        (b"", 1, {"csv": HEADLESS}, ErrorCode.FILE_EMPTY),
        (b"7,x\n", 0, {"csv": HEADLESS}, ErrorCode.COUNT_TOO_MANY),
        (b"id\n7\n", 0, {}, ErrorCode.COUNT_TOO_MANY),
        (b"", 0, {"trailer": {"row_count_column": 1}}, ErrorCode.TRAILER_MISSING),
        (b"\n", 0, {"csv": {"header": False, "columns": ["id"]}}, ErrorCode.COUNT_TOO_MANY),
    ],
)
def test_nothing_is_not_what_was_promised(
    content: bytes, promised: int | None, keys: dict[str, Any], code: ErrorCode
) -> None:
    with pytest.raises(TerminalError) as caught:
        validated(content, promised, **keys)
    assert caught.value.code is code


@pytest.mark.parametrize("name", ["a_1.csv.gz", "a_1.csv.zst"])
def test_no_byte_of_a_file_that_should_be_compressed(name: str) -> None:
    assert validated(b"", 0, name).inspection.records == 0  # what was promised, cut or not
    for promised in (None, 1):
        with pytest.raises(TerminalError, match=r"file\.empty"):
            validated(b"", promised, name)
