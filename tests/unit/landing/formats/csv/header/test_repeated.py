"""Records that are the header again are found, whatever they look like, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.column_names import clean_name, same, spelling_of
from airflow_landing_loader.config.mapping.model import CsvDialect, TableMapping
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.formats.csv.cells import read_records
from airflow_landing_loader.landing.formats.csv.header.repeated import HeaderFinder
from airflow_landing_loader.landing.formats.csv.inspection import (
    inspect,
    ragged_records,
    skipped_headers,
)
from airflow_landing_loader.landing.formats.csv.rows import Rows
from airflow_landing_loader.storage.content import FileContent
from airflow_landing_loader.storage.local.zone import LocalZone

AGAIN = (
    "id,name", '"id","name"', "ID,Name", " id,name\t", '"id ",name', "\ufeffid,name\u200b",
    '"\n\nid","name\n"',
)  # fmt: skip


def opened(folder: Path, text: str, **keys: object) -> tuple[FileContent, TableMapping]:
    (folder / "a.csv").write_bytes(text.encode())
    zone = LocalZone(str(folder))
    found = zone.stat("a.csv")
    assert found is not None
    mapping = TableMapping.model_validate({"pattern": "*", "table": "t", **keys})
    return zone.source(found), mapping


@pytest.mark.parametrize("again", AGAIN)
@pytest.mark.parametrize("csv", [{}, {"header": False, "columns": ["id", "name"]}])
def test_it_is_refused_with_its_line(tmp_path: Path, again: str, csv: dict[str, object]) -> None:
    source, mapping = opened(tmp_path, f"id,name\n1,a\n{again}\n2,b\n"[8 if csv else 0 :], csv=csv)
    with pytest.raises(TerminalError) as caught:
        inspect(source, mapping)
    assert caught.value.code is ErrorCode.CSV_REPEATED_HEADER
    assert (caught.value.detail.line, caught.value.detail.record) == (2 if csv else 3, 2)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", ""])
def test_the_last_record_is_looked_at_too(tmp_path: Path, end: str) -> None:
    line_end = end or "\n"
    source, mapping = opened(tmp_path, f"id,name{line_end}1,a{line_end}id,name{end}")
    with pytest.raises(TerminalError) as caught:
        inspect(source, mapping)
    assert caught.value.code is ErrorCode.CSV_REPEATED_HEADER


@pytest.mark.parametrize("again", ["id,", "id,,", " ID ,"])
def test_its_last_name_is_empty_where_a_delimiter_may_end_it(tmp_path: Path, again: str) -> None:
    text, csv = f"id,,\n1,a\n{again}\n", {"trailing_delimiter": "ignore"}
    source, mapping = opened(tmp_path, text, csv=csv)
    with pytest.raises(TerminalError) as caught:
        inspect(source, mapping)
    assert (caught.value.code, caught.value.detail.line) == (ErrorCode.CSV_REPEATED_HEADER, 3)


def test_it_is_set_aside_like_a_bad_row(tmp_path: Path) -> None:
    source, mapping = opened(
        tmp_path, "id,name\n1,a\nid,name\n2\n3,c\n", on_bad_row="reject", max_rejected=0.9
    )
    found = inspect(source, mapping)
    assert (found.records, found.ragged) == (4, 2)
    assert [(r.record, r.line) for r in ragged_records(source, mapping, found)] == [(2, 3), (3, 4)]


def test_it_is_left_out_and_counted(tmp_path: Path) -> None:
    text = "id,name\nID,NAME\n1,a\nid,name\n\nid,name\n2,b\nid,name\n"
    source, mapping = opened(tmp_path, text, csv={"repeated_header": "skip"})
    found = inspect(source, mapping)
    assert (found.records, found.ragged, found.skipped_headers) == (2, 0, 4)
    assert [r.cells for r in read_records(source, mapping, found)] == [("1", "a"), ("2", "b")]
    assert len(list(skipped_headers(source, mapping, found))) == 2  # those between the records


@pytest.mark.parametrize("again", ["id,name", "ID,nm"])
def test_it_may_have_the_names_that_the_mapping_gives(tmp_path: Path, again: str) -> None:
    csv = {"rename": {"name": "nm"}, "repeated_header": "skip"}
    source, mapping = opened(tmp_path, f"id,name\n1,a\n{again}\n2,b\n", csv=csv)
    found = inspect(source, mapping)
    assert (found.records, found.skipped_headers) == (2, 1)
    assert [r.cells for r in read_records(source, mapping, found)] == [("1", "a"), ("2", "b")]


def test_records_without_text_are_no_header_of_names_that_the_mapping_gives(
    tmp_path: Path,
) -> None:
    csv = {"rename": {"#1": "a", "#2": "b"}, "columns": ["a", "b"]}
    source, mapping = opened(tmp_path, ",\n,\n1,2\n", csv=csv)
    assert inspect(source, mapping).records == 2


@pytest.mark.parametrize(
    ("text", "csv", "place"),
    [
        ("id,name\n1,a\nname,id\nb,2\n", {}, (3, 2)),
        ('id,name,x\nid,name,x\n1,a,\nX,"Name",ID\n', {}, (4, 2)),
        ("id,name\n1,a\nnm,id\nb,2\n", {"rename": {"name": "nm"}}, (3, 2)),
        ("1,a\nname,id\nb,2\n", {"header": False, "columns": ["id", "name"]}, (2, 2)),
        ("name,id\nb,2\n", {"header": False, "columns": ["id", "name"]}, (1, None)),
    ],
)
@pytest.mark.parametrize("on_bad_row", ["fail", "reject"])
def test_where_headers_are_left_out_one_in_another_order_fails_the_file(
    tmp_path: Path, text: str, csv: dict[str, object], place: tuple[int, int], on_bad_row: str
) -> None:
    csv = {"repeated_header": "skip", **csv}
    source, mapping = opened(tmp_path, text, csv=csv, on_bad_row=on_bad_row)
    with pytest.raises(TerminalError) as caught:
        inspect(source, mapping)
    assert caught.value.code is ErrorCode.HEADER_NOT_AS_PROMISED
    assert (caught.value.detail.line, caught.value.detail.record) == place


def test_what_is_wrong_before_one_in_another_order_is_told_first(tmp_path: Path) -> None:
    csv = {"repeated_header": "skip"}
    source, mapping = opened(tmp_path, "id,name\nid,name\n1\nname,id\n", csv=csv)
    with pytest.raises(TerminalError, match=r"csv\.ragged"):
        inspect(source, mapping)


def test_one_that_begins_with_the_trailers_tag_is_refused_in_its_own_line(tmp_path: Path) -> None:
    keys = {"csv": {"repeated_header": "skip"}, "trailer": {"row_count_column": 1, "tag": "T"}}
    source, mapping = opened(tmp_path, "T,2\n1,a\nT,2\n2,b\n3,c\nT,3\n", **keys)
    with pytest.raises(TerminalError, match=r"trailer\.not_last.*:3"):
        inspect(source, mapping)


def test_a_file_of_headers_that_are_left_out_is_a_delivery_of_no_rows(tmp_path: Path) -> None:
    csv = {"repeated_header": "skip", "header": False, "columns": ["id", "name"]}
    source, mapping = opened(tmp_path, "id,name\n", csv=csv)
    found = inspect(source, mapping)
    assert (found.records, found.skipped_headers, found.columns) == (0, 1, ("id", "name"))


def test_it_may_be_data(tmp_path: Path) -> None:
    source, mapping = opened(tmp_path, "id\nid\n", csv={"repeated_header": "load"})
    assert inspect(source, mapping).records == 1


_TEXT = st.text(
    "aAbB\u0130i\u0131\u017fsS\xdf\u1e9eé\u0301E\u0323\u0302kK\u212aЖжς σΣ\u200b\ufeff\xa0取",
    max_size=3,
)


@given(
    names=st.lists(_TEXT, min_size=1, max_size=3),
    rows=st.lists(st.lists(_TEXT, min_size=1, max_size=3), max_size=5),
    quote=st.booleans(),
)
def test_what_is_found_is_what_folds_to_the_same_names(
    names: list[str], rows: list[list[str]], quote: bool
) -> None:
    spelled = [[name.upper() for name in names], [f" {name.title()}" for name in names]]
    records = [*rows, names, *spelled]
    mark = '"' if quote else ""
    lines = [",".join(f"{mark}{cell}{mark}" for cell in row).encode() + b"\n" for row in records]
    stops = np.cumsum([len(line) for line in lines])
    starts = stops - [len(line) for line in lines]
    counts = np.array([len(row) - 1 for row in records], np.uint8)
    sent = [clean_name(name) for name in names]
    found = HeaderFinder(sent, CsvDialect()).find(
        b"".join(lines), 0, Rows(starts, stops, counts, 1, None, None)
    )
    wanted = [same(name) for name in sent]
    expected = [
        index
        for index, row in enumerate(records)
        if any(sent) and [same(clean_name(cell)) for cell in row] == wanted
    ]
    assert found.tolist() == expected


_SIGNS = ("-", " ", "__", "\x0e", "\x7f", "%", "€", "(x)", "\u3000")


@given(
    names=st.lists(_TEXT, min_size=1, max_size=3),
    rows=st.lists(st.lists(_TEXT, min_size=1, max_size=3), max_size=5),
    signs=st.lists(st.sampled_from(_SIGNS), max_size=3),
    quote=st.booleans(),
)
def test_what_has_the_letters_of_names_that_the_mapping_gives_is_found(
    names: list[str], rows: list[list[str]], signs: list[str], quote: bool
) -> None:
    spelled = [[f"{sign}{sign.join(name.upper())}{sign}" for name in names] for sign in signs]
    records = [*rows, names, *spelled]
    mark = '"' if quote else ""
    lines = [",".join(f"{mark}{cell}{mark}" for cell in row).encode() + b"\n" for row in records]
    stops = np.cumsum([len(line) for line in lines])
    starts = stops - [len(line) for line in lines]
    counts = np.array([len(row) - 1 for row in records], np.uint8)
    given_names = [clean_name(name) for name in names]
    found = HeaderFinder(given_names, CsvDialect(header=False, columns=("x",))).find(
        b"".join(lines), 0, Rows(starts, stops, counts, 1, None, None)
    )
    plain = spelling_of(given_names, as_sent=False)
    wanted = list(map(plain, given_names))
    assert found.tolist() == [
        index
        for index, row in enumerate(records)
        if any(given_names) and [plain(clean_name(cell)) for cell in row] == wanted
    ]


@pytest.mark.parametrize("again", ["ID,Full-Name", "$ id,(full) name"])
@pytest.mark.parametrize("before", ["", "1,a\n"])
def test_signs_do_not_hide_a_header_where_none_is_read(
    tmp_path: Path, again: str, before: str
) -> None:
    csv = {"header": False, "columns": ["id", "full_name"]}
    source, mapping = opened(tmp_path, f"{before}{again}\n2,b\n", csv=csv)
    with pytest.raises(TerminalError) as caught:
        inspect(source, mapping)
    assert caught.value.code is ErrorCode.CSV_REPEATED_HEADER
