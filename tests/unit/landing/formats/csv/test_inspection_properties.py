"""The inspection against two other opinions: a state machine that reads byte by byte, and Python's
``csv`` module where the grammars agree. Blocks are tiny, so that every boundary is met."""

from __future__ import annotations

import csv
import io
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.support.hostile.delivered import source_at

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.formats.csv.inspection import inspect
from fuzzing.inspected import blocks_of, check_inspection
from fuzzing.model.csv_text import Verdict
from fuzzing.model.data_file import judge
from fuzzing.targets.data_files import DIALECTS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("landing")


PIECES = (b"a", b",", b'"', b"\n", b"\r", b"\r\n", b"\\", b" ", b";", b'""', b'","', b'"\n"', b"'")
PIECES_OF_DIALECTS = (*PIECES, b"a,a", b";;", "§".encode(), b"\t", b"|", b"/", b"\xc3\xa9", b"b")
# Half of the texts keep to the grammar's heart, so that many go a long way before they break.
TAME = (b"a", b"b,c", b",", b'"x"', b'"y""\n"', b'"\r\n"', b"\n", b"\n", b",a\n", b'\n"q\n"\n')

tame_texts = st.lists(st.sampled_from(TAME), max_size=24).map(b"".join)
wild_texts = st.lists(st.sampled_from((*PIECES_OF_DIALECTS, b"\0")), max_size=24).map(b"".join)
mappings = st.builds(
    lambda dialect, columns, on_bad_row, trailer, size, lines: TableMapping.model_validate(
        {
            "pattern": "*.csv",
            "table": "t",
            "csv": {**dialect, **({"header": False, "columns": columns} if columns else {})},
            "on_bad_row": on_bad_row,
            "trailer": {"row_count_column": 1} if trailer else None,
            "max_record_bytes": size,
            "max_record_lines": lines,
        }
    ),
    dialect=st.sampled_from(DIALECTS),
    columns=st.sampled_from((None, None, ["a"], ["a", "b"])),
    on_bad_row=st.sampled_from(("fail", "reject")),
    trailer=st.booleans(),
    size=st.sampled_from((3, 7, 20, 1000)),
    lines=st.sampled_from((1, 2, 3, 50)),
)
PLAIN = TableMapping(pattern="*.csv", table="t", on_bad_row="reject")
# Records that are equal to the header are records here.
AS_IT_IS = {"repeated_header": "load"}


@settings(max_examples=max(600, settings().max_examples))
@given(st.one_of(tame_texts, wild_texts), mappings, st.sampled_from((1, 2, 3, 5, 16, 64)))
@example(b"a\r\na\r", PLAIN, 1)
@example(b"a\ra\r\n", PLAIN, 1)
@example(b'"a"\r', PLAIN, 1)
@example(b'a,"' + b"x" * 999, PLAIN, 64)
def test_agrees_with_a_state_machine(
    folder: Path, text: bytes, mapping: TableMapping, block: int
) -> None:
    path = folder / "wild.csv"
    path.write_bytes(text)
    with blocks_of(block):
        check_inspection(source_at(path), text, mapping)


values = st.text(st.sampled_from('ab ,"\n\ré§€\U0001f600;'), max_size=5)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[list[str]], bytes]:
    """A table, and the same table written with quotes wherever they are needed, and elsewhere."""
    width = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(values, min_size=width, max_size=width), min_size=1, max_size=8))
    line_end = draw(st.sampled_from(("\n", "\r\n", "\r")))
    lines = []
    for row in rows:
        fields = []
        for value in row:
            needed = any(c in value for c in '",\r\n') or (width == 1 and not value)
            fields.append(
                '"' + value.replace('"', '""') + '"' if needed or draw(st.booleans()) else value
            )
        lines.append(",".join(fields))
    text = line_end.join(lines) + (line_end if draw(st.booleans()) else "")
    return rows, text.encode()


@settings(max_examples=max(300, settings().max_examples))
@given(tables(), st.integers(1, 40), st.booleans())
def test_agrees_with_the_csv_module(
    folder: Path, table: tuple[list[list[str]], bytes], block: int, bom: bool
) -> None:
    written, text = table
    mapping = TableMapping.model_validate({"pattern": "*", "table": "t", "csv": AS_IT_IS})
    read = list(csv.reader(io.StringIO(text.decode(), newline=""), strict=True))
    assert read == written
    path = folder / "table.csv"
    path.write_bytes((b"\xef\xbb\xbf" if bom else b"") + text)
    with blocks_of(block):
        result = inspect(source_at(path), mapping)
    assert result.columns == tuple(unicodedata.normalize("NFC", name.strip()) for name in read[0])
    assert (result.records, result.ragged) == (len(read) - 1, 0)
    body = text[result.body_start : result.body_end].decode()
    assert list(csv.reader(io.StringIO(body, newline=""), strict=True)) == read[1:]


@given(tables(), st.integers(1, 40), st.sampled_from(("", '"', " ")), st.integers(0, 10**19))
def test_the_trailer_is_the_last_record(
    folder: Path, table: tuple[list[list[str]], bytes], block: int, dress: str, count: int
) -> None:
    written, text = table
    line_end = judge(text, PLAIN).kind or b"\n"
    text = text if text.endswith(line_end) else text + line_end
    path = folder / "trailer.csv"
    path.write_bytes(text + f"END,{dress}{count}{dress},".encode() + b"x" * 9 + line_end * 3)
    trailer = {"row_count_column": 1, "tag": "END"}
    mapping = TableMapping.model_validate(
        {"pattern": "*", "table": "t", "trailer": trailer, "csv": AS_IT_IS}
    )
    with blocks_of(block):
        result, judged = check_inspection(source_at(path), path.read_bytes(), mapping)
    if result is None:
        assert count > 2**63 - 1
        assert judged.verdict == Verdict(ErrorCode.TRAILER_BAD_COUNT, judged.rows[-3].line)
        return
    assert result.records == len(written) - 1
    assert result.body_end == (len(text) if result.records else result.body_start)
    assert result.trailer is not None
    assert result.trailer.expected_records == count
    assert result.trailer.tag == "END"
