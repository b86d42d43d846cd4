"""Go files: what is accepted, and that everything else is explained."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import (
    ErrorCode,
    LandingError,
    TerminalError,
    TransientError,
)
from airflow_landing_loader.landing.control.counts import MAX_COUNT, expected_data_records
from airflow_landing_loader.landing.control.go_file import SIZE_LIMIT, read_go_file
from airflow_landing_loader.landing.model import Delivery, GoFileContent
from airflow_landing_loader.storage.local.zone import LocalZone

DATA = "trades_20240115.csv"
GO = "trades_20240115.go"
PROPERTIES = {"format": "properties", "row_count_key": "record_count"}
CSV = {"format": "csv", "row_count_column": 2}
shared_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def delivery(folder: Path, content: bytes | str, **rules: Any) -> Delivery:
    raw = content.encode() if isinstance(content, str) else content
    (folder / DATA).write_text("a,b\n")
    (folder / GO).write_bytes(raw)
    zone = LocalZone(str(folder))
    data, go = zone.stat(DATA), zone.stat(GO)
    assert data is not None
    mapping = TableMapping.model_validate(
        {"pattern": "trades_*.csv", "table": "t", "go_file": {"pattern": "trades_*.go", **rules}}
    )
    return Delivery(mapping=mapping, data=data, go=go)


def read(folder: Path, content: bytes | str, **rules: Any) -> GoFileContent:
    return read_go_file(LocalZone(str(folder)), delivery(folder, content, **rules))


def refusal(folder: Path, content: bytes | str, **rules: Any) -> TerminalError:
    with pytest.raises(TerminalError) as caught:
        read(folder, content, **rules)
    error = caught.value
    assert error.detail.file == GO
    assert error.detail.line is not None
    assert error.detail.hint
    return error


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


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("trades_20240114.csv,5", "trades_20240114.csv"),
        ("/out/TRADES_20240114.CSV.gz,5", "/out/TRADES_20240114.CSV.gz"),
        ("positions_20240115.csv,5", "positions_20240115.csv"),
        ("trades_20240114.go,5", "trades_20240114.go"),
        ('"C:\\out\\trades_20240114.csv",5', "C:\\out\\trades_20240114.csv"),
        ("5,5,trades_20240114.csv\r\n\x1a", "trades_20240114.csv"),
        ("trades_20240114,5", "trades_20240114"),
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
        "trades_20240115,5",
        "'trades_20240115.csv',5",
        "2024.01.15,5,1.csv.sha256",
    ],
)
def test_what_names_no_other_data_file(tmp_path: Path, content: str) -> None:
    assert read(tmp_path, content, **CSV).expected_records == 5


def test_properties_name_no_other_data_file(tmp_path: Path) -> None:
    for line in (
        "file=trades_20240114.csv",
        "Data-File: x.csv",
        "about=trades_20240114.csv.gz",
        'filename="trades_20240114.csv"',
        "filename=trades_20240114",
        "f='trades_20240114'",
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
        ("record_count 5", PROPERTIES, ErrorCode.GO_FILE_NO_KEY, 1),
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


line_ends = st.sampled_from(["\n", "\r\n", "\r"])
blanks = st.text(" \t", max_size=3)
words = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters='=:#!,"'),
    min_size=1,
    max_size=8,
)


@shared_folder
@given(
    count=st.integers(0, MAX_COUNT),
    others=st.dictionaries(words.filter(lambda key: key != "record_count"), words, max_size=5),
    position=st.integers(0, 5),
    sign=st.sampled_from("=:"),
    blank=st.tuples(blanks, blanks, blanks, blanks),
    end=line_ends,
    comments=st.lists(words.map("#{}=1".format) | words.map(" ! {}".format), max_size=3),
    mark=st.booleans(),
)
def test_properties_round_trip(
    tmp_path: Path,
    count: int,
    others: dict[str, str],
    position: int,
    sign: str,
    blank: tuple[str, str, str, str],
    end: str,
    comments: list[str],
    mark: bool,
) -> None:
    lines = [f"{key}={value}" for key, value in others.items()] + comments
    a, b, c, d = blank
    lines.insert(position, f"{a}record_count{b}{sign}{c}{count}{d}")
    text = ("\ufeff" if mark else "") + end.join(lines)

    assert read(tmp_path, text, **PROPERTIES).expected_records == count


@shared_folder
@given(
    count=st.integers(0, MAX_COUNT),
    before=st.lists(st.text(st.characters(exclude_characters="\r\n\0", codec="utf-8")), max_size=4),
    after=st.lists(st.text(st.characters(exclude_characters="\r\n\0", codec="utf-8")), max_size=3),
    quote_all=st.booleans(),
    end=line_ends,
    strangers=st.integers(0, 3),
)
def test_csv_round_trip(
    tmp_path: Path,
    count: int,
    before: list[str],
    after: list[str],
    quote_all: bool,
    end: str,
    strangers: int,
) -> None:
    def line(fields: list[str]) -> str:
        return ",".join(
            '"' + field.replace('"', '""') + '"'
            if quote_all or any(sign in field for sign in ',"')
            else field
            for field in fields
        )

    lines = [line(["stranger.csv", "1", str(i)]) for i in range(strangers)]
    lines.insert(strangers // 2, line([DATA, *before, str(count), *after]))

    found = read(tmp_path, end.join(lines), format="csv", row_count_column=len(before) + 2)

    assert found.expected_records == count


@shared_folder
@given(
    content=st.binary(max_size=200)
    | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.lists(
        st.sampled_from(
            [
                "record_count",
                "=",
                ":",
                "5",
                "-",
                ",",
                '"',
                "\n",
                "\r",
                " ",
                "#",
                DATA,
                "\0",
                "\ufeff",
            ]
        ),
        max_size=30,
    ).map(lambda parts: "".join(parts).encode()),
    rules=st.sampled_from(
        [
            {**PROPERTIES, "status_key": "record_count"},
            PROPERTIES,
            {**CSV, "status_column": 1},
            CSV,
            {"format": "csv", "row_count_column": "5"},
        ]
    ),
)
def test_rubbish_raises_nothing_but_terminal_errors(
    tmp_path: Path, content: bytes, rules: dict[str, Any]
) -> None:
    found: GoFileContent | LandingError
    try:
        found = read(tmp_path, content, **rules)
    except LandingError as error:
        found = error

    if isinstance(found, GoFileContent):
        assert 0 <= found.expected_records <= MAX_COUNT
        assert found.sha256 == hashlib.sha256(content).hexdigest()
        return
    assert isinstance(found, TerminalError)
    assert found.code.value.startswith("go_file.")
    assert (found.detail.file, found.detail.hint is None) == (GO, False)
    assert 1 <= (found.detail.line or 0) <= content.count(b"\n") + content.count(b"\r") + 1


@pytest.mark.parametrize(
    ("count", "includes", "header", "trailer", "expected"),
    [
        (5, (), True, True, 5),
        (5, ("header",), True, True, 4),
        (5, ("header", "trailer"), True, True, 3),
        (5, ("header", "trailer"), False, True, 4),
        (5, ("trailer",), True, False, 5),
        (2, ("header", "trailer"), True, True, 0),
        (0, (), True, True, 0),
    ],
)
def test_expected_data_records(
    count: int, includes: tuple[str, ...], header: bool, trailer: bool, expected: int
) -> None:
    assert expected_data_records(count, includes, header, trailer) == expected


def test_a_count_smaller_than_what_it_includes_is_refused() -> None:
    with pytest.raises(TerminalError) as caught:
        expected_data_records(1, ("header", "trailer"), True, True, file=GO, line=3)
    assert caught.value.code is ErrorCode.GO_FILE_BAD_COUNT
    assert (caught.value.detail.file, caught.value.detail.line) == (GO, 3)
    with pytest.raises(TerminalError) as caught:
        expected_data_records(
            0, ("header",), True, False, code=ErrorCode.TRAILER_BAD_COUNT, file="x.csv"
        )
    assert caught.value.code is ErrorCode.TRAILER_BAD_COUNT
