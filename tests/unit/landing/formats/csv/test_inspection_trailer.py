"""The trailer: no record, and the end of the file."""

from __future__ import annotations

import pytest
from tests.support.inspecting import Landing

from airflow_landing_loader.landing.model import TrailerContent


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
