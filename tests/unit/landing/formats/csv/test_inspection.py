from __future__ import annotations

import gzip
import hashlib
import os
import re
import struct
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest
import zstandard
from tests.support.hostile.delivered import source_at

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, ErrorDetail, TerminalError, TransientError
from airflow_landing_loader.landing.formats.csv import inspection as inspection_module
from airflow_landing_loader.landing.formats.csv.inspection import inspect, locate, ragged_records
from airflow_landing_loader.landing.model import Inspection, TrailerContent
from airflow_landing_loader.landing.text import stream


def mapping(*, csv: dict[str, Any] | None = None, **keys: Any) -> TableMapping:
    return TableMapping.model_validate(
        {"pattern": "*.csv", "table": "t", **keys, **({"csv": csv} if csv else {})}
    )


class Landing:
    """A landing folder in which a test puts files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, data: bytes, name: str = "t.csv") -> str:
        path = self.folder / name
        path.write_bytes(data)
        return str(path)

    def inspect(self, data: bytes, name: str = "t.csv", **keys: Any) -> Inspection:
        return inspect(source_at(self.put(data, name)), mapping(**keys))

    def refused(self, data: bytes, name: str = "t.csv", **keys: Any) -> ErrorDetail:
        with pytest.raises(TerminalError) as caught:
            self.inspect(data, name, **keys)
        detail = caught.value.detail
        assert detail.file == name
        assert detail.hint
        assert detail.message.endswith(".")
        return detail

    def code(self, data: bytes, name: str = "t.csv", **keys: Any) -> tuple[str, int | None]:
        detail = self.refused(data, name, **keys)
        return detail.code, detail.line


@pytest.fixture(params=[3, stream.BLOCK_BYTES], ids=["tiny", "real"])
def landing(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Landing:
    monkeypatch.setattr(stream, "BLOCK_BYTES", request.param)
    monkeypatch.setattr(inspection_module, "BLOCK_BYTES", request.param)
    return Landing(tmp_path)


class TestFound:
    def test_everything_that_is_found(self, landing: Landing) -> None:
        data = b'\xef\xbb\xbf id ,Name\r\n1,a\r\n\r\n2,"b\r\nc"\r\nEND,2\r\n\r\n'
        found = landing.inspect(data, trailer={"row_count_column": 1, "tag": "END"})
        assert found == Inspection(
            sha256=hashlib.sha256(data).hexdigest(),
            size=len(data),
            compression="none",
            line_end="\r\n",
            columns=("id", "Name"),
            body_start=11,
            body_end=28,
            body_line=2,
            records=2,
            ragged=0,
            longest_record=10,
            header_line=1,
            trailer=TrailerContent(expected_records=2, tag="END", line=6),
        )
        assert data[3:][found.body_start : found.body_end] == b'1,a\r\n\r\n2,"b\r\nc"\r\n'

    @pytest.mark.parametrize("end", [b"", b"\n", b"\n\n\n"])
    def test_header_only(self, landing: Landing, end: bytes) -> None:
        found = landing.inspect(b"id,name" + end)
        assert (found.records, found.columns) == (0, ("id", "name"))
        assert found.body_start == found.body_end == 7 + len(end[:1])
        assert (found.header_line, found.longest_record, found.trailer) == (1, 0, None)

    def test_no_line_end_at_the_end(self, landing: Landing) -> None:
        found = landing.inspect(b"id,name\n1,ab")
        assert (found.records, found.longest_record, found.body_end) == (1, 4, 12)

    def test_without_header(self, landing: Landing) -> None:
        found = landing.inspect(b"1,a\n2,b\n", csv={"header": False, "columns": [" id ", "name"]})
        assert (found.records, found.columns, found.header_line) == (2, ("id", "name"), None)
        assert (found.body_start, found.body_line) == (0, 1)

    def test_header_of_several_lines(self, landing: Landing) -> None:
        found = landing.inspect(b'\n"a\nb",c\n\n1,2\n')
        assert (found.columns, found.header_line, found.body_line) == (("a\nb", "c"), 2, 5)
        only = landing.inspect(b'\n"a\nb",c\n')
        assert (only.body_line, only.body_start) == (4, 9)

    def test_skipped_lines(self, landing: Landing) -> None:
        found = landing.inspect(b'Report "x\r\n\r\nid\n1\n', csv={"skip_rows": 2})
        assert (found.columns, found.header_line, found.records) == (("id",), 3, 1)
        assert found.line_end == "\n"

    def test_blank_lines_are_records_of_one_column_only(self, landing: Landing) -> None:
        assert landing.inspect(b"\n\na,b\n\n1,2\n\n\n").records == 1
        assert landing.inspect(b"\n\na\n\n1\n\n\n").records == 4
        assert landing.inspect(b"a\n1\n").records == 1
        assert landing.inspect(b"\n\n", csv={"header": False, "columns": ["a"]}).records == 2

    def test_spaces_make_a_record(self, landing: Landing) -> None:
        assert landing.inspect(b"a\n  \n").records == 1
        assert landing.code(b"a,b\n  \n") == ("csv.ragged", 2)

    def test_names_are_not_judged_here(self, landing: Landing) -> None:
        assert landing.inspect(b"a,,A,_id,a\n").columns == ("a", "", "A", "_id", "a")

    def test_more_columns_than_a_byte_counts(self, landing: Landing) -> None:
        wide = b",".join(b"c%d" % i for i in range(300)) + b"\n"
        found = landing.inspect(wide + b"," * 299 + b"\n")
        assert (len(found.columns), found.records, found.ragged) == (300, 1, 0)
        assert landing.code(wide + b"," * 43 + b"\n") == ("csv.ragged", 2)

    @pytest.mark.parametrize(
        "encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "windows-1252"]
    )
    def test_encodings(self, landing: Landing, encoding: str) -> None:
        text = "id,größe\n1,é\n2,ü\n"
        found = landing.inspect(text.encode(encoding), csv={"encoding": encoding})
        assert (found.columns, found.records) == (("id", "größe"), 2)
        assert found.body_end == len(text.encode())

    def test_compressed(self, landing: Landing) -> None:
        text = b"id\n1\n2\n"
        packed = gzip.compress(text)
        found = landing.inspect(packed, "t.csv.gz")
        assert (found.compression, found.records, found.body_end) == ("gzip", 2, len(text))
        assert (found.sha256, found.size) == (hashlib.sha256(packed).hexdigest(), len(packed))
        frame = zstandard.ZstdCompressor(write_checksum=True).compress
        found = landing.inspect(frame(text) + frame(b"3\n"), "t.csv.zst")
        assert (found.compression, found.records) == ("zstd", 3)


class TestRefused:
    @pytest.mark.parametrize(
        ("data", "code", "line"),
        [
            (b'id,a\n1,"x\n2,y\n', "csv.unclosed_quote", 2),
            (b'id,a\n1,x\n2,"y\n\n', "csv.unclosed_quote", 3),
            (b'id,a\n1,x"\n', "csv.stray_quote", 2),
            (b'id,a\n1,"x"y\n', "csv.stray_quote", 2),
            (b'id,a\n1, "x"\n', "csv.stray_quote", 2),
            (b'id,a\n1,"x" \n', "csv.stray_quote", 2),
            (b'id,a\n1,"p\nq"\n2,"x\ny"z\n', "csv.stray_quote", 4),
            (b'i"d,a\n', "csv.stray_quote", 1),
            (b"id,a\n1,x\r\n", "csv.mixed_line_ends", 2),
            (b"id,a\r\n1,x\n", "csv.mixed_line_ends", 2),
            (b"id,a\r\n1,x\r2,y\r\n", "csv.mixed_line_ends", 2),
            (b"id,a\r1,x\n", "csv.mixed_line_ends", 2),
            (b"id,a\r1,x\r\n", "csv.mixed_line_ends", 2),
            (b'id,a\n1,"x\r\n"\n2,y\r3,z\n', "csv.mixed_line_ends", 4),
            (b"id,a\n1,x,\n2\n", "csv.ragged", 2),
            (b"id,a\n1,x\n2\n", "csv.ragged", 3),
            (b"id,a\n1,x\0y\n", "encoding.nul_byte", 2),
            (b'id,a\n"1\n\0\n', "encoding.nul_byte", 3),
            (b"id,a\n1,caf\xe9\n", "encoding.invalid", 2),
            (b"\xff\xfei\0d\0\n\0", "encoding.invalid", 1),
            (b"", "file.empty", None),
            (b"\xef\xbb\xbf", "file.empty", None),
            (b"\r\n\r\n", "file.empty", None),
        ],
    )
    def test_code_and_line(
        self, landing: Landing, data: bytes, code: str, line: int | None
    ) -> None:
        assert landing.code(data) == (code, line)

    def test_ragged_says_how_many_fields(self, landing: Landing) -> None:
        detail = landing.refused(b'id,a\n"1\n",x\n2,y,z\n')
        assert (detail.line, detail.record) == (4, 2)
        assert "3 fields" in detail.message
        assert "2 columns" in detail.message

    def test_record_numbers_leave_out_header_and_blank_lines(self, landing: Landing) -> None:
        assert landing.refused(b'id,a\n1,x\n\n2,y\n\n3,"z\n').record == 3
        assert landing.refused(b'id,"a\n').record is None
        trailer = {"row_count_column": 1}
        assert landing.refused(b'id\n1\n\n2\n\n3"\n', trailer=trailer).record == 5

    def test_columns_of_bytes_that_are_no_text(self, landing: Landing) -> None:
        assert landing.refused("id\né,\0".encode()).column == 4
        assert landing.refused("id\né,".encode() + b"\xff").column == 4
        assert landing.refused('id\n"é\né,'.encode() + b"\xff").column == 4
        wide = landing.refused("id\né,\0".encode("utf-16-le"), csv={"encoding": "utf-16-le"})
        assert (wide.line, wide.column) == (2, 3)
        bad = landing.refused("id\né,".encode("cp1252") + b"\x81", csv={"encoding": "cp1252"})
        assert (bad.line, bad.column) == (2, 3)

    def test_a_later_line_of_the_record_is_named(self, landing: Landing) -> None:
        assert "line 3" in landing.refused(b'id\n"1\n2"x\n').message

    def test_hints_for_utf_16(self, landing: Landing) -> None:
        assert "utf-16" in (landing.refused("id\n".encode("utf-16")).hint or "")
        assert "utf-16" in (landing.refused("id\n".encode("utf-16-le")).hint or "")

    def test_limits(self, landing: Landing) -> None:
        keys = {"max_record_bytes": 10, "max_record_lines": 3}
        assert landing.inspect(b"id\n123456789\n", **keys).records == 1
        assert landing.code(b"id\n1234567890\n", **keys) == ("csv.record_too_long", 2)
        assert landing.code(b"id\n1\n" + b"x" * 99, **keys) == ("csv.record_too_long", 3)
        assert landing.code(b"x" * 99, **keys) == ("csv.record_too_long", 1)
        assert landing.inspect(b'id\n"\n\n"\n', **keys).records == 1
        assert landing.code(b'id\n"\n\n\n"\n', **keys) == ("csv.record_too_many_lines", 2)
        assert landing.code(b'id\n"\r\r\n\r"\n', **keys) == ("csv.record_too_many_lines", 2)
        for data in (b'id\n"\n\n\n"', b"id\n" + b"x" * 20):
            assert "stray quote" in (landing.refused(data, **keys).hint or "")

    def test_two_stray_quotes_do_not_swallow_the_records_between(self, landing: Landing) -> None:
        rows = b"".join(b"%d,x\n" % i for i in range(5000))
        detail = landing.refused(b'id,a\n0,"\n' + rows + b'9,"\n')
        assert (detail.code, detail.line) == ("csv.record_too_many_lines", 2)

    def test_escapes(self, landing: Landing) -> None:
        csv = {"escape": "\\"}
        assert landing.inspect(b'id,a\n1,"x\\"\\\\"\n\\,\\\n', csv=csv).records == 2
        assert landing.code(b'id,a\n\n1,"x\\n"\n', csv=csv) == ("csv.bad_escape", 3)
        assert landing.code(b'id,a\n1,"x""y"\n', csv=csv) == ("csv.stray_quote", 2)
        assert landing.code(b'id,a\n1,"x\\"\n', csv=csv) == ("csv.unclosed_quote", 2)

    def test_without_quoting(self, landing: Landing) -> None:
        assert landing.inspect(b'id,a\n1,"x\n', csv={"quote": ""}).records == 1

    def test_skipped_lines_only(self, landing: Landing) -> None:
        csv = {"skip_rows": 3}
        assert landing.code(b"a\nb\n", csv=csv) == ("file.empty", None)
        assert landing.code(b"a\nb\nc\n\n", csv=csv) == ("file.empty", None)
        assert landing.code(b"a\n\0\nc\nid\n", csv=csv) == ("encoding.nul_byte", 2)

    def test_the_first_problem_of_a_skipped_line_is_told(self, landing: Landing) -> None:
        rules = {"csv": {"skip_rows": 1}, "max_record_bytes": 3}
        for end in (b"", b"\n"):
            assert landing.code(b"abc\0" + end, **rules) == ("encoding.nul_byte", 1)
            assert landing.code(b"abcd\0" + end, **rules) == ("csv.record_too_long", 1)

    def test_a_compressed_file_of_nothing_is_empty_in_any_encoding(self, landing: Landing) -> None:
        for encoding in ("utf-8", "utf-16", "utf-16-le", "latin-1"):
            csv = {"encoding": encoding}
            assert landing.code(gzip.compress(b""), "t.csv.gz", csv=csv) == ("file.empty", None)

    def test_nothing_without_a_header(self, landing: Landing) -> None:
        csv = {"header": False, "columns": ["a", "b"]}
        assert landing.code(b"\n\n", csv=csv) == ("file.empty", None)

    def test_the_first_problem_of_the_file_is_told(self, landing: Landing) -> None:
        assert landing.code(b'id,a\n1\n2,"x\n') == ("csv.ragged", 2)
        assert landing.code(b'id,a\n2,"x"y\n1\n\0') == ("csv.stray_quote", 2)
        assert landing.code(b'id,a\n1\n2,"x\n', on_bad_row="reject") == ("csv.unclosed_quote", 3)

    def test_no_cell_value_is_told(self, landing: Landing) -> None:
        for data in (b'id\nsecret"x\n', b"id\nsecret,x\n", b'id\n"secret\n', b"id\nsecret\0"):
            assert "secret" not in landing.refused(data).text()


class TestBinary:
    @pytest.mark.parametrize(
        "data",
        [
            b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00",
            b"PAR1\x15\x04\x15\x80",
            b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
            b"SQLite format 3\x00\x10\x00",
            b"\x7fELF\x02\x01\x01\x00",
            b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
            bytes(range(256)),
            bytes(1000) + b"\x01",
        ],
    )
    def test_what_is_no_text(self, landing: Landing, data: bytes) -> None:
        assert landing.code(data) == ("file.binary", None)
        assert landing.code(gzip.compress(data), "t.csv.gz") == ("file.binary", None)

    def test_compressed_twice(self, landing: Landing) -> None:
        data = gzip.compress(gzip.compress(b"id\n1\n"))
        assert landing.code(data, "t.csv.gz") == ("file.binary", None)

    def test_text_is_never_binary(self, landing: Landing) -> None:
        assert landing.inspect(b"PAR1,ORC\n1,2\n").records == 1
        assert landing.inspect(b"a\x01b\n1\x012\n", csv={"delimiter": "\x01"}).records == 1
        assert landing.code(b'PAR1,b\n1,2"\n') == ("csv.stray_quote", 2)
        assert landing.code(b"id\n\0\n") == ("encoding.nul_byte", 2)
        assert landing.code(b"a\x01b\n\0\n", csv={"delimiter": "\x01"}) == ("encoding.nul_byte", 2)
        assert landing.code(b"id\n" + b"x" * 1024 + b"\n\0\x01\n") == ("encoding.nul_byte", 3)


class TestTrailer:
    def test_it_is_no_record(self, landing: Landing) -> None:
        found = landing.inspect(b"id,a\n1,x\n2,y\nTRAILER,2,EOF\n", trailer={"row_count_column": 1})
        assert (found.records, found.ragged, found.longest_record) == (2, 0, 4)
        assert found.body_end == 13
        assert found.trailer == TrailerContent(expected_records=2, tag="TRAILER", line=4)

    @pytest.mark.parametrize("end", [b"", b"\n", b"\n\n\n"])
    def test_blank_lines_behind_it(self, landing: Landing, end: bytes) -> None:
        for head in (b"id\n1\n\n", b"id,a\n1,x\n\n"):
            trailer = {"row_count_column": 1, "tag": "T"}
            found = landing.inspect(head + b"T,1" + end, trailer=trailer)
            assert found.records == (2 if head == b"id\n1\n\n" else 1)
            assert found.trailer is not None

    def test_without_data(self, landing: Landing) -> None:
        found = landing.inspect(b"id,a\nT,0\n", trailer={"row_count_column": 1, "tag": "T"})
        assert (found.records, found.body_start, found.body_end) == (0, 5, 5)
        csv = {"header": False, "columns": ["a", "b"]}
        found = landing.inspect(b"T,0,x\n", trailer={"row_count_column": 1}, csv=csv)
        assert (found.records, found.body_start, found.body_end) == (0, 0, 0)

    def test_quoted_and_of_several_lines(self, landing: Landing) -> None:
        found = landing.inspect(b'id\n1\n"T\n","1","x\n"\n', trailer={"row_count_column": 1})
        assert found.trailer == TrailerContent(expected_records=1, tag="T\n", line=3)

    @pytest.mark.parametrize(
        ("data", "code", "line"),
        [
            (b"id,a\n", "trailer.missing", 1),
            (b"id,a\n1,x\n2,y\n", "trailer.missing", 3),
            (b"id,a\n1,x\nEND\n", "trailer.cut", 3),
            (b"id,a\n1,x\nEN", "trailer.cut", 3),
            (b"id,a\n1,x\nEMD,1,2\n", "trailer.wrong_tag", 3),
            (b"id,a\n1,x\nEND,one\n", "trailer.bad_count", 3),
            (b"id,a\n1,x\nEND,-1\n", "trailer.bad_count", 3),
            (b"END,0\n", "header.missing", 1),
            (b"id,a\nEND,1\n1,x\n", "trailer.not_last", 2),
            (b'id,a\n1,x\n"END",1\n\nEND,2\n', "trailer.not_last", 3),
            (b"id,a\n1,x\nEND,1\nid,a\n2,x\nEND,1\n", "trailer.not_last", 3),
            (b"id,a\n1,x\nEND,1,EOF\n2\nEND,3\n", "trailer.not_last", 3),
            (b"id,a\n1\nEND,1,EOF\n2\nEND,3\n", "csv.ragged", 2),
            (b"id,a\n1,x\nEND,1\n\0", "encoding.nul_byte", 4),
            (b"id,a\n1\nEND,1\n", "csv.ragged", 2),
        ],
    )
    def test_refused(self, landing: Landing, data: bytes, code: str, line: int) -> None:
        trailer = {"row_count_column": 1, "tag": "END"}
        assert landing.code(data, trailer=trailer) == (code, line)

    def test_a_ragged_record_is_found_although_it_might_have_been_the_trailer(
        self, landing: Landing
    ) -> None:
        data = b"id,a\n1\n2,x\nEND,2\n"
        trailer = {"row_count_column": 1, "tag": "END"}
        found = landing.inspect(data, on_bad_row="reject", trailer=trailer)
        assert (found.records, found.ragged) == (2, 1)


class TestCompression:
    def test_name_and_content_disagree(self, landing: Landing) -> None:
        wrong = (ErrorCode.COMPRESSION_WRONG_NAME, None)
        text = b"id\n1\n"
        frame = zstandard.ZstdCompressor().compress(text)
        assert landing.code(text, "t.csv.gz") == wrong
        assert landing.code(gzip.compress(text), "t.csv") == wrong
        assert landing.code(frame, "t.csv.gz") == wrong
        assert landing.code(frame, "t.csv") == wrong

    def test_nothing_in_a_compressed_file(self, landing: Landing) -> None:
        assert landing.code(gzip.compress(b""), "t.csv.gz") == ("file.empty", None)
        assert landing.code(b"", "t.csv.gz") == ("file.empty", None)

    def test_damage_explains_broken_text(self, landing: Landing) -> None:
        """A wrong byte shows as broken text before the checksum at the end can tell."""
        broken = b'id\n1"\n' * 500
        end = struct.pack("<LL", zlib.crc32(b"other"), len(broken))
        packed = gzip.compress(broken)
        assert landing.code(packed, "t.csv.gz")[0] == "csv.stray_quote"
        assert landing.code(packed[:-8] + end, "t.csv.gz")[0] == "compression.corrupt"
        assert landing.code(packed[:-1], "t.csv.gz")[0] == "compression.cut"
        assert landing.code(packed + b"\0", "t.csv.gz")[0] == "compression.trailing_bytes"

    def test_a_cut_file_never_passes(self, landing: Landing) -> None:
        text = b"".join(b"%d,%d\n" % (i, i * i) for i in range(40))
        zstd = zstandard.ZstdCompressor(write_checksum=True).compress(text)
        for name, data in (("t.csv.gz", gzip.compress(text)), ("t.csv.zst", zstd)):
            for size in range(1, len(data)):
                code, _ = landing.code(data[:size], name)
                assert code == "compression.cut"


class TestSecondPass:
    DATA = b'id,a\n1,x\n2\n\n"3\n\n",y\n4,z,\n5,w\nEND,5,x\n'

    def prepare(self, landing: Landing) -> tuple[str, TableMapping, Inspection]:
        path = landing.put(self.DATA)
        rules = mapping(on_bad_row="reject", trailer={"row_count_column": 1, "tag": "END"})
        return path, rules, inspect(source_at(path), rules)

    def test_ragged_records(self, landing: Landing) -> None:
        path, rules, found = self.prepare(landing)
        assert (found.records, found.ragged) == (5, 2)
        ragged = list(ragged_records(source_at(path), rules, found))
        assert [(r.record, r.line, r.fields) for r in ragged] == [(2, 3, 1), (4, 8, 3)]
        assert [self.DATA[r.start : r.end] for r in ragged] == [b"2\n", b"4,z,\n"]

    def test_locate(self, landing: Landing) -> None:
        path, rules, found = self.prepare(landing)
        places = list(locate(source_at(path), rules, found, [1, 3, 3, 5]))
        assert [(p.record, p.line, p.fields) for p in places] == [
            (1, 2, 2),
            (3, 5, 2),
            (3, 5, 2),
            (5, 9, 2),
        ]
        assert self.DATA[places[1].start : places[1].end] == b'"3\n\n",y\n'
        assert list(locate(source_at(path), rules, found, [])) == []

    @pytest.mark.parametrize("numbers", [[0], [6], [3, 2], [-1]])
    def test_records_that_are_not_there(self, landing: Landing, numbers: list[int]) -> None:
        path, rules, found = self.prepare(landing)
        with pytest.raises(ValueError, match=r"record -?\d"):
            list(locate(source_at(path), rules, found, numbers))

    def test_of_a_transcoded_and_compressed_file(self, landing: Landing) -> None:
        text = "id,ä\n1\n2,é\n3,ü,\n"
        path = landing.put(gzip.compress(text.encode("latin-1")), "t.csv.gz")
        rules = mapping(on_bad_row="reject", csv={"encoding": "latin-1"})
        found = inspect(source_at(path), rules)
        ragged = list(ragged_records(source_at(path), rules, found))
        assert [(r.record, r.line) for r in ragged] == [(1, 2), (3, 4)]
        assert text.encode()[ragged[1].start : ragged[1].end] == "3,ü,\n".encode()

    @pytest.mark.parametrize(
        "data",
        [DATA[:-25], DATA.replace(b",y", b'"y'), b"id,a\n" * 20, DATA.replace(b",x\n2", b"\n\n2")],
    )
    def test_a_file_that_has_changed(self, landing: Landing, data: bytes) -> None:
        path, rules, found = self.prepare(landing)
        landing.put(data)
        with pytest.raises(TransientError) as caught:
            list(ragged_records(source_at(path), rules, found))
        assert caught.value.code is ErrorCode.LANDING_CHANGED


def test_examples_in_the_docs(tmp_path: Path) -> None:
    docs = Path(__file__).parents[5] / "docs" / "csv.md"
    page = docs.read_text("utf-8").partition("## Detected dialects")[0]
    examples = re.findall(r"^\| `(.*[⏎␍].*)` \| (.*) \|$", page, re.MULTILINE)
    assert len(examples) == 6
    words = {"one record": 1, "two records": 2, "three records": 3}
    landing = Landing(tmp_path)
    for text, meaning in examples:
        data = text.replace("⏎", "\n").replace("␍", "\r").encode()
        refusal = re.fullmatch(r"refused: `(.*)`, line (\d+)", meaning)
        if refusal:
            assert landing.code(data) == (refusal[1], int(refusal[2]))
        else:
            count = next(n for start, n in words.items() if meaning.startswith(start))
            assert landing.inspect(data).records == count


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    peaks = []
    for rows in (20_000, 200_000):
        path = tmp_path / f"{rows}.csv"
        path.write_bytes(b"id,a\n" + b"".join(b'%d,"x y"\n' % i for i in range(rows)))
        tracemalloc.start()
        inspect(source_at(path), mapping())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + (4 << 20)
    assert peaks[1] < 16 << 20


def test_a_large_file_whose_hash_has_its_own_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "_THREAD_FROM_BYTES", 1000)
    data = b"id,a\n" + b"".join(b"%d,x\n" % i for i in range(100_000))
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    found = inspect(source_at(path), mapping())
    assert (found.records, found.sha256) == (100_000, hashlib.sha256(data).hexdigest())
    path.write_bytes(data + b'"')
    with pytest.raises(TerminalError) as caught:
        inspect(source_at(path), mapping())
    assert (caught.value.code, caught.value.detail.line) == (ErrorCode.CSV_UNCLOSED_QUOTE, 100_002)


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(TerminalError) as terminal:
        inspect(source_at(tmp_path / "pipe.csv"), mapping())
    assert terminal.value.code is ErrorCode.LANDING_NOT_A_FILE
    with pytest.raises(TransientError) as transient:
        inspect(source_at(tmp_path / "none.csv"), mapping())
    assert transient.value.code is ErrorCode.LANDING_DISAPPEARED
