"""Every character set: what its sender wrote comes out cell by cell, what is none is located."""

from __future__ import annotations

import codecs
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.encodings import ENCODINGS
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.formats.csv.cells import read_records
from airflow_landing_loader.landing.formats.csv.inspection import inspect
from fuzzing.inspected import blocks_of
from fuzzing.memory import MemorySource

EBCDIC = ("cp037", "cp273", "cp424", "cp500", "cp875", "cp1026", "cp1047", "cp1140")
MARKED = {"utf-16": codecs.BOM_UTF16_LE, "utf-32": codecs.BOM_UTF32_BE}
ORDERS = {"utf-16": "utf-16-le", "utf-32": "utf-32-be"}
# Trail bytes of these are a backslash, a quote's neighbours, letters, and escapes' beginnings.
TELLING = "表ソ能十Г功許縷é°€ß§ŁžЯשع가힣漢字\U0001f600\U00020000ñ\\|~{[^¥₩"


def encoded(text: str, encoding: str) -> bytes:
    return MARKED.get(encoding, b"") + text.encode(ORDERS.get(encoding, encoding))


@cache
def letters(encoding: str) -> str:
    """Characters that a codec gives back as they were."""
    found = []
    for character in [*map(chr, range(0x20, 0x3000)), *TELLING]:
        try:
            same = character.encode(encoding).decode(encoding) == character
        except UnicodeError:
            same = False
        if same and character not in '"\x85' and character.isprintable():
            found.append(character)
    return "".join(found)


def mapping(encoding: str) -> TableMapping:
    csv = {"encoding": encoding}
    return TableMapping.model_validate({"pattern": "*", "table": "t", "csv": csv})


@given(st.data(), st.sampled_from(tuple(ENCODINGS)), st.integers(1, 9), st.booleans())
def test_every_text_that_can_be_written_comes_out_cell_by_cell(
    data: st.DataObject, encoding: str, block: int, ctrl_z: bool
) -> None:
    cell = st.text(st.sampled_from(letters(encoding) + ",\n" * 9), max_size=6)
    rows = data.draw(st.lists(st.tuples(cell, cell), min_size=1, max_size=4))
    text = "id,x\n" + "".join(f'"{one}","{two}"\n' for one, two in rows)
    try:
        content = encoded(text + "\x1a" * ctrl_z, encoding)
    except UnicodeEncodeError:
        return
    if (
        content.removeprefix(MARKED.get(encoding, b"")).decode(ORDERS.get(encoding, encoding))
        != text + "\x1a" * ctrl_z
    ):
        return  # some letters of a few codecs come back as others beside each other
    source, rules = MemorySource("a.csv", content), mapping(encoding)
    with blocks_of(block):
        found = inspect(source, rules)
        records = list(read_records(source, rules, found))
    assert [record.cells for record in records] == rows


@given(
    st.data(),
    st.sampled_from([name for name in ENCODINGS if not name.startswith(("utf-16", "utf-32"))]),
    st.integers(1, 9),
)
def test_the_first_bytes_that_are_no_text_are_located(
    data: st.DataObject, encoding: str, block: int
) -> None:
    text = "id\n" + data.draw(st.text(st.sampled_from(letters(encoding) + "\n" * 9), max_size=9))
    try:
        content = text.encode(encoding) + data.draw(st.binary(min_size=1, max_size=5))
    except UnicodeEncodeError:
        return
    try:
        content.decode(encoding)
    except UnicodeDecodeError as error:
        good = content[: error.start].decode(encoding)
    else:
        return
    good = good.replace("\x85", "\n") if encoding in EBCDIC else good
    if any(mark in good for mark in '\0\x1a\r"'):
        return
    lines = good.split("\n")
    with blocks_of(block), pytest.raises(TerminalError) as caught:
        inspect(MemorySource("a.csv", content), mapping(encoding))
    detail = caught.value.detail
    if detail.code == "file.binary":  # what follows is no text in any character set
        assert any(byte < 0x20 for byte in content[len(good.encode(encoding)) :])
        return
    size = len(lines[-1].encode()) if encoding == "utf-8" else len(lines[-1])
    assert (detail.code, detail.line, detail.column) == ("encoding.invalid", len(lines), size + 1)


@pytest.mark.parametrize("block", [1, 2, 3, 262_144])
@pytest.mark.parametrize("encoding", ["shift_jis", "cp932", "gbk", "big5", "gb18030", "johab"])
def test_a_second_byte_that_looks_like_structure_is_none(encoding: str, block: int) -> None:
    trails = [bytes((lead, trail)) for lead in range(0x81, 0xFF) for trail in b"\\|^~@[]{}"]
    cells = []
    for two in trails:
        try:
            cells.append(two.decode(encoding))
        except UnicodeDecodeError:
            continue
    cells = [cell for cell in cells if len(cell) == 1 and cell.encode(encoding)[1:]][:60]
    assert cells
    text = "id|x\n" + "".join(f"{cell}|{cell}\n" for cell in cells)
    csv = {"encoding": encoding, "delimiter": "|", "escape": "\\"}
    rules = TableMapping.model_validate({"pattern": "*", "table": "t", "csv": csv})
    source = MemorySource("a.csv", text.encode(encoding))
    with blocks_of(block):
        found = inspect(source, rules)
        assert [r.cells for r in read_records(source, rules, found)] == [(c, c) for c in cells]


@pytest.mark.parametrize("encoding", EBCDIC)
@pytest.mark.parametrize("end", [b"\x15", b"\x25", b"\x0d\x25", b"\x0d\x15"])
def test_lines_of_a_mainframe_end_in_next_line_or_line_feed(encoding: str, end: bytes) -> None:
    lines = [line.encode(encoding) for line in ("ID,NAME", '1,"A,B"', "2,C")]
    source, rules = MemorySource("a.csv", end.join([*lines, b""])), mapping(encoding)
    found = inspect(source, rules)
    cells = [record.cells for record in read_records(source, rules, found)]
    assert cells == [("1", "A,B"), ("2", "C")]


def test_cp1047_is_cp037_with_three_pairs_exchanged() -> None:
    """By the tables of IBM, as other systems' converters have them."""
    every = bytes(range(256))
    here, there = every.decode("cp1047"), every.decode("cp037")
    assert {at for at in range(256) if here[at] != there[at]} == {*b"\x5f\xad\xb0\xba\xbb\xbd"}
    assert b"\xad\xbd\x5f\xb0\xba\xbb".decode("cp1047") == "[]^¬Ý¨"
    assert "".join(here).encode("cp1047") == every


def refusal(content: bytes, encoding: str = "utf-8") -> tuple[str, int | None, int | None]:
    with pytest.raises(TerminalError) as caught:
        inspect(MemorySource("a.csv", content), mapping(encoding))
    detail = caught.value.detail
    return detail.code, detail.line, detail.column


@pytest.mark.parametrize("text", ["id,x\r\n1,a\r\n", "id,x\r\n1,a", "id,x\n1,a\n\n", "id\n1\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "cp437", "cp037"])
def test_one_ctrl_z_at_the_very_end_is_no_record(text: str, encoding: str) -> None:
    rules = mapping(encoding)
    plain = inspect(MemorySource("a.csv", text.encode(encoding)), rules)
    marked = inspect(MemorySource("a.csv", (text + "\x1a").encode(encoding)), rules)
    assert (marked.records, marked.body_end) == (plain.records, plain.body_end)
    assert marked.sha256 != plain.sha256


def test_one_that_begins_a_record_is_refused_by_its_name() -> None:
    code = ErrorCode.ENCODING_CTRL_Z.value
    assert refusal(b"id,x\n1,a\n\x1a\x1a") == (code, 3, 1)
    assert refusal(b"id\n1\n\x1a\n") == (code, 3, 1)
    assert refusal(b"id,x\n1,a\n\x1aid,x\n2,b\n\x1a") == (code, 3, 1)
    assert refusal(b"id,x\n1,a\n\x1a\xff") == (code, 3, 1)
    assert refusal(b"id\n1\n\x1a\xff") == (code, 3, 1)


@pytest.mark.parametrize("cell", ["\x1a", "a\x1a", "a\x1ab"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_within_a_record_it_is_text(cell: str, quote: str) -> None:
    content = f"id,x\n1,{quote}{cell}{quote}\n".encode()
    source = MemorySource("a.csv", content)
    found = inspect(source, mapping("utf-8"))
    assert [r.cells for r in read_records(source, mapping("utf-8"), found)] == [("1", cell)]


def test_a_mark_of_utf_32_is_not_taken_for_that_of_utf_16() -> None:
    content = codecs.BOM_UTF32_LE + "id\n1\n".encode("utf-32-le")
    for encoding in ("utf-8", "utf-16", "utf-16-le", "windows-1250"):
        assert refusal(content, encoding)[0] == "encoding.invalid"
    for encoding in ("utf-32", "utf-32-le"):
        assert inspect(MemorySource("a.csv", content), mapping(encoding)).records == 1
