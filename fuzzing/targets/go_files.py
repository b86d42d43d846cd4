"""Go files: what they say is what a straightforward reading finds, or the file is refused."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.landing.control.counts import expected_data_records
from airflow_landing_loader.landing.control.go_file.reading import read_go_file
from airflow_landing_loader.landing.model import Delivery
from fuzzing.choices import Choices
from fuzzing.memory import MemoryZone
from fuzzing.model import go_text
from fuzzing.model.go_names import UnfitError
from fuzzing.promises import check_refusal

TOKENS = (
    b"record_count", b"status", b"=", b":", b",", b'"', b'""', b"\n", b"\r", b"\r\n", b" ", b"\t",
    b"#", b"!", b"-", b"+", b"0", b"5", b"12", b"9223372036854775807", b"9223372036854775808",
    b"SUCCESS", b"OK", b"a_1.csv", b"b.csv", b"rows", b"state", b"\0", b"\xff", b"\xc3",
    b"\xef\xbb\xbf", "\u2212".encode(), "\xa0".encode(), "\u0665".encode(), "\u2028".encode(),
    b"\x85", b"\x0b", b"a_1.csv,5,SUCCESS\n", b"record_count=5\n", b'"a_1.csv"',
    b"rows,state,file\n", b"A_2.csv", b"a_2.go", b"/out/", b"file", b"\x1a",
    b"\\", b"\\u0035", b"\\u00", b"\\ud83d\\ude00", b"\\ud83d", b"\\\n", b"\f", b"a_2.csv",
    b"|", b";", b"{", b"}", b"[", b"]", b'"rows":', b'"name":"a_1.csv"', b'"name":"a_2.csv"',
    b'{"files":[', b"null", b"true", b"1.0", b"1e3", b"NaN", b"\\n", b"/", b'"a_1.csv":',
    b'{"name":"a_1.csv","rows":5}', b"d41d8cd98f00b204e9800998ecf8427e", b"ABCDEF", b"  ", b" *",
    b"da39a3ee5e6b4b0d3255bfef95601890afd80709", b"MD5 (a_1.csv) = ", b"SHA2-256(", b")= ",
    b"2024-01-15", b"20240229", b"row count", b"hash", b"size", b"day",
)  # fmt: skip

_NAME, _GO = "a_1.csv", "a_1.go"
_RULES: tuple[dict[str, Any], ...] = (
    {"format": "properties", "row_count_key": "record_count"},
    {"format": "properties", "row_count_key": "rows", "status_key": "status"},
    {"format": "properties", "row_count_key": "record_count", "status_key": "record_count"},
    {"format": "csv", "row_count_column": 2},
    {"format": "csv", "row_count_column": 2, "status_column": 3},
    {"format": "csv", "row_count_column": "rows"},
    {"format": "csv", "row_count_column": "rows", "status_column": "state"},
    {"format": "csv", "row_count_column": 1, "status_column": "state"},
    {"format": "presence"},
    {"format": "checksum"},
    {"format": "checksum", "encoding": "latin-1"},
    {"format": "properties", "row_count": "row count", "size": "size"},
    {"format": "properties", "checksum": "hash", "business_date": "day", "status": "status"},
    {"format": "csv", "delimiter": "|", "header": True, "row_count": 2, "encoding": "latin-1"},
    {"format": "csv", "delimiter": "\t", "header": False, "checksum": 2, "business_date": 3},
    {"format": "csv", "delimiter": ";", "size": "size", "row_count": "rows"},
    {"format": "json", "row_count": "$.rows", "status": "$['status']"},
    {"format": "json", "row_count": "$.files[*].rows", "checksum": "$.files[*].hash"},
    {"format": "json", "row_count": "$[0][*]", "status": "$[1].state"},
    {"format": "json", "size": "$[*]", "business_date": "$[*][*].day"},
    {"format": "json", "row_count": "$.rows", "sequence_number": "$.files[*].rows"},
    {"format": "csv", "row_count": 2, "sequence_number": "state"},
    {"format": "properties", "size": "size", "sequence_number": "record_count"},
)
_STATUSES = ({}, {"status_ok": ("OK", "5")})
_COUNTED = ((), ("header",), ("trailer",), ("header", "trailer"), ("header", "header"))
LINE_END = re.compile(rb"\r\n|\n|\r")


def run(data: bytes) -> None:
    """Read a go file."""
    choices = Choices(data)
    rules = choices.pick(_RULES)
    statuses = choices.pick(_STATUSES)
    if {"status", "status_key", "status_column"} & rules.keys():
        rules = rules | statuses
    includes = choices.pick(_COUNTED)
    keys: dict[str, Any] = {"sequence": {}} if "sequence_number" in rules else {}
    mapping = TableMapping.model_validate(
        {"pattern": "a_*.csv", "table": "t", "go_file": {"pattern": "a_*.go", **rules}, **keys}
    )
    content = choices.text(TOKENS)
    zone = MemoryZone({_NAME: b"", _GO: content})
    delivery = Delivery(mapping=mapping, data=zone.file(_NAME), go=zone.file(_GO))
    assert mapping.go_file is not None
    said: go_text.Said | None = None
    code = None
    try:
        said = go_text.read(content, mapping.go_file)
    except UnfitError as unfit:
        code = unfit.code
    lines = len(LINE_END.findall(content)) + 1
    try:
        found = read_go_file(zone, delivery)
    except LandingError as error:
        check_refusal(error.detail, lines=lines, areas=("go_file",))
        assert error.detail.hint
        assert (error.detail.file, error.detail.line is None) == (_GO, False)
        assert said is None, f"refused, but it says {said}: {error}"
        assert error.code is code, f"{error}, not {code}"
        return
    assert said is not None, f"{found} of a file that says nothing: {code}"
    assert (found.expected_records, found.status) == (said.count, said.status)
    checksum = found.checksum and (found.checksum.algorithm, found.checksum.hexdigest)
    assert (checksum, found.size, found.business_date) == (said.checksum, said.size, said.day)
    assert found.sequence_number == said.number
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    if found.expected_records is not None:
        _check_expected(found.expected_records, includes)


def _check_expected(count: int, includes: tuple[str, ...]) -> None:
    """A promise of data records and what is counted with them make up the count."""
    for header in (False, True):
        for trailer in (False, True):
            others = ("header" in includes and header) + ("trailer" in includes and trailer)
            try:
                expected = expected_data_records(count, includes, header, trailer)
            except LandingError as error:
                check_refusal(error.detail, lines=1, areas=("go_file",))
                assert count < others
            else:
                assert expected + others == count
                assert expected >= 0
