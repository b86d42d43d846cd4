"""Go files that name their data files: the names are those that a plain reading finds, and what is
said of one stands in its own line or entry."""

from __future__ import annotations

import hashlib
from typing import Any

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, LandingError
from airflow_landing_loader.landing.control.go_file import listing
from airflow_landing_loader.landing.control.go_file.reading import read_go_file
from airflow_landing_loader.landing.model import Delivery
from fuzzing.choices import Choices
from fuzzing.memory import MemoryZone
from fuzzing.model import go_list
from fuzzing.model.go_list import Speaks
from fuzzing.model.go_names import UnfitError
from fuzzing.model.go_text import Said
from fuzzing.promises import check_refusal
from fuzzing.targets.go_files import LINE_END

_SUM = b"d41d8cd98f00b204e9800998ecf8427e"
TOKENS = (
    b"a_1.csv", b"a_2.csv", b"b.csv", b"A_1.CSV", b"../a_1.csv", b".a_1.csv", b"day_1.go",
    b"\n", b"\r\n", b"\r", b",", b";", b'"', b'""', b" ", b"\t", b"0", b"1", b"5", b"12",
    b"a_1.csv,5\n", b"a_2.csv,5,OK\n", b'"a_1.csv",5\n', b"file,rows,state\n", b"5;a_1.csv\n",
    b"OK", b"SUCCESS", b"\0", b"\xff", b"\xef\xbb\xbf", b"\x1a", "\u0130".encode(), b"\\",
    b"{", b"}", b"[", b"]", b":", b'"files":[', b'"names":[', b'"name":"a_1.csv"', b'"rows":5',
    b'{"name":"a_1.csv","rows":5}', b'{"name":"a_2.csv","rows":1}', b'{"files":[', b"]}",
    b'"a_1.csv"', b'"a_2.csv"', b'"state":"OK"', b'"size":5', b"null", b"true", b"1.0", b'"rows":',
    _SUM, _SUM + b"  a_1.csv\n", _SUM + b" *b.csv\n", b"MD5 (a_1.csv) = ", b"SHA1 (a_2.csv) = ",
    b"#", b"  ", b"\\" + _SUM + b"  a\\n", b"da39a3ee5e6b4b0d3255bfef95601890afd80709",
)  # fmt: skip

_GO = "day_1.go"
_RULES: tuple[dict[str, Any], ...] = (
    {"format": "csv", "lists_files": 1},
    {"format": "csv", "lists_files": 1, "row_count": 2},
    {"format": "csv", "lists_files": "file", "row_count": "rows", "status": "state"},
    {"format": "csv", "lists_files": 2, "size": 1, "delimiter": ";", "encoding": "latin-1"},
    {"format": "csv", "lists_files": {"column": 1}, "header": True, "status": 3},
    {"format": "json", "lists_files": "$.files[*].name", "row_count": "$.files[*].rows"},
    {"format": "json", "lists_files": {"path": "$.names[*]"}, "size": "$.size"},
    {"format": "json", "lists_files": "$[*].files[*].name", "row_count": "$[*].rows"},
    {"format": "json", "lists_files": "$.files[*].name", "status": "$.files[0].state"},
    {"format": "json", "lists_files": "$[*].files[*]", "row_count": "$[*].rows[*]"},
    {"format": "checksum", "lists_files": True},
    {"format": "checksum", "lists_files": True, "encoding": "latin-1"},
)
_STATUSES = ({}, {"status_ok": ("OK", "5")})
_NAMES = ("a_1.csv", "a_2.csv", "b.csv", "A_1.csv")


def run(data: bytes) -> None:
    """Read which data files a go file names, and what it says of one."""
    choices = Choices(data)
    rules = choices.pick(_RULES)
    rules = rules | (choices.pick(_STATUSES) if "status" in rules else {})
    name, ignore_case = choices.pick(_NAMES), choices.pick((False, True))
    mapping = TableMapping.model_validate(
        {
            "pattern": "*.csv",
            "table": "t",
            "ignore_case": ignore_case,
            "go_file": {"pattern": "day_*.go", **rules},
        }
    )
    content = choices.text(TOKENS)
    # What was read is kept by where it lies and when it came: other contents lie elsewhere.
    place = f"/{hashlib.sha256(content).hexdigest()}"
    zone = MemoryZone({name: b"", _GO: content}, path=place)
    assert mapping.go_file is not None
    names: list[str] = []
    speaks: Speaks | None = None
    code = None
    try:
        names, speaks = go_list.read(content, mapping.go_file)
    except UnfitError as unfit:
        code = unfit.code
    lines = len(LINE_END.findall(content)) + 1
    try:
        found = listing.files_named(zone, zone.file(_GO), mapping.go_file)
    except LandingError as error:
        _check(error, lines, code)
        assert speaks is None, f"refused, but it names {names}: {error}"
        return
    assert speaks is not None, f"{found} are named by a file that is to be refused: {code}"
    assert list(found) == names
    said: Said | None = None
    try:
        said = speaks(mapping.go_file, name, ignore_case)
    except UnfitError as unfit:
        code = unfit.code
    delivery = Delivery(
        mapping=mapping, data=zone.file(name), go=zone.file(_GO), members=len(names)
    )
    _check_said(zone, delivery, said, lines, code)


def _check_said(
    zone: MemoryZone, delivery: Delivery, said: Said | None, lines: int, code: ErrorCode | None
) -> None:
    try:
        read = read_go_file(zone, delivery)
    except LandingError as error:
        assert said is None, f"refused, but it says {said}: {error}"
        _check(error, lines, code)
        return
    assert said is not None, f"{read} of a file of which nothing is said: {code}"
    checksum = read.checksum and (read.checksum.algorithm, read.checksum.hexdigest)
    found = Said(count=read.expected_records, status=read.status, checksum=checksum, size=read.size)
    assert found == said
    assert read.sha256 == zone.path.removeprefix("/")


def _check(error: LandingError, lines: int, code: ErrorCode | None) -> None:
    check_refusal(error.detail, lines=lines, areas=("go_file",))
    assert error.detail.hint
    assert (error.detail.file, error.detail.line is None) == (_GO, False)
    assert error.code is code, f"{error}, not {code}"
