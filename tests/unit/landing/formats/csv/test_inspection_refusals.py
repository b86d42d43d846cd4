"""What the inspection refuses, with code, line and hint."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from tests.support.hostile.delivered import source_at
from tests.support.inspecting import Landing, mapping

from airflow_landing_loader.exceptions import ErrorCode, TerminalError, TransientError
from airflow_landing_loader.landing.formats.csv.inspection import inspect


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

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "cp037"])
    def test_text_of_other_encodings_is_never_binary(self, landing: Landing, encoding: str) -> None:
        data = 'a,b\n\x01,"x\n'.encode(encoding)
        assert landing.code(data, csv={"encoding": encoding}) == ("csv.unclosed_quote", 2)
        data = "a,b\n\x01,\x02\0\n".encode(encoding)
        assert landing.code(data, csv={"encoding": encoding}) == ("file.binary", None)


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(TerminalError) as terminal:
        inspect(source_at(tmp_path / "pipe.csv"), mapping())
    assert terminal.value.code is ErrorCode.LANDING_NOT_A_FILE
    with pytest.raises(TransientError) as transient:
        inspect(source_at(tmp_path / "none.csv"), mapping())
    assert transient.value.code is ErrorCode.LANDING_DISAPPEARED
