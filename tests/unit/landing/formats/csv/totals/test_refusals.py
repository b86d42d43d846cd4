"""What is no total, no number and no column is refused, in its place."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.inspecting import Landing

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.formats.csv.totals import adding, counting
from airflow_landing_loader.landing.model import Total

TRAILER: dict[str, Any] = {"row_count_column": 1, "tag": "T", "totals": {"n": 2}}
ALL = {"min_at": 2, "max_at": 3, "distinct_at": 4, "hash_total_at": 5, "width": 3}


def trailer(**totals: Any) -> dict[str, Any]:
    return {**TRAILER, "totals": {"n": totals}}


def values(found: tuple[Total, ...]) -> dict[str, str | None]:
    return {total.kind: total.value for total in found}


class TestOfTheSender:
    def test_each_total_stands_in_its_field(self, landing: Landing) -> None:
        found = landing.inspect(b"id,n\n1,12.5\n2,7\nT,2,7,12.50,2,132\n", trailer=trailer(**ALL))
        assert found.trailer is not None
        assert values(found.trailer.totals) == {
            "min": "7", "max": "12.5", "distinct": "2", "hash_total": "132"
        }  # fmt: skip
        assert values(found.totals) == {
            "min": "7", "max": "12.5", "distinct": "2", "hash_total": "132"
        }  # fmt: skip

    @pytest.mark.parametrize("text", ["", " ", "x", "1e3", "1,5", "--1", "NaN", "1" * 1001])
    def test_a_total_that_is_none(self, landing: Landing, text: str) -> None:
        told = landing.refused(f'id,n\n1,2\nT,1,"{text}"\n'.encode(), trailer=TRAILER)
        assert (told.code, told.line) == (ErrorCode.TRAILER_BAD_TOTAL, 3)
        assert "numbers" in (told.hint or "")

    @pytest.mark.parametrize("text", ["-1", "1.5", "", "x"])
    @pytest.mark.parametrize("key", ["distinct_at", "hash_total_at"])
    def test_what_must_be_a_whole_number(self, landing: Landing, text: str, key: str) -> None:
        content = f"id,n\n1,2\nT,1,{text}\n".encode()
        assert landing.code(content, trailer=trailer(**{key: 2})) == ("trailer.bad_total", 3)

    def test_a_trailer_without_the_field(self, landing: Landing) -> None:
        told = landing.refused(b"id,n\n1,2\nT,1\n", trailer=TRAILER)
        assert (told.code, told.line) == (ErrorCode.TRAILER_CUT, 3)
        assert "The sum of the trailer is expected in its field 3" in told.message
        assert "totals.n.sum_at" in (told.hint or "")

    def test_without_a_tag_counting_begins_at_the_first_field(self, landing: Landing) -> None:
        keys = {"row_count_column": 1, "tag": False, "totals": {"n": 2}}
        found = landing.inspect(b"id,n,x\n1,2,3\n1,2.0\n", trailer=keys)
        assert found.trailer is not None
        assert values(found.trailer.totals) == {"sum": "2"}

    def test_named_groups_of_lines(self, landing: Landing) -> None:
        match = r"^H (?P<count>\d+) (?P<sum>\S*)"
        header = {"match": match, "totals": {"n": {"sum_at": "sum"}}}
        below = {"match": match.replace("H", "F"), "totals": {"n": {"max_at": "sum"}}}
        content = b"H 1 -2\nid,n\n1,-2\nF 1 -2.00\n"
        found = landing.inspect(content, header_record=header, trailer=below)
        assert found.header_record is not None
        assert found.trailer is not None
        assert values(found.header_record.totals) == {"sum": "-2"}
        assert values(found.trailer.totals) == {"max": "-2"}
        keys = {"header_record": header, "trailer": below}
        above_is_bad = content.replace(b"H 1 -2", b"H 1 x")
        assert landing.code(above_is_bad, **keys) == ("header_record.bad_total", 1)
        below_is_bad = content.replace(b"F 1 -2.00", b"F 1 x")
        assert landing.code(below_is_bad, **keys) == ("trailer.bad_total", 4)

    @pytest.mark.parametrize("kind", ["min_at", "max_at"])
    def test_no_number_may_be_promised(self, landing: Landing, kind: str) -> None:
        found = landing.inspect(b"id,n\n1,\nT,1, \n", trailer=trailer(**{kind: 2}))
        assert found.trailer is not None
        assert [total.value for total in (*found.trailer.totals, *found.totals)] == [None, None]


class TestOfTheFile:
    def test_a_column_that_is_not_there(self, landing: Landing) -> None:
        told = landing.refused(b"\nid,m\n1,2\nT,1,2\n", trailer=TRAILER)
        assert (told.code, told.line, told.column) == (ErrorCode.TOTALS_NO_COLUMN, 2, "n")

    @pytest.mark.parametrize("names", [b"n,n", b"N,n", b'" n",n'])
    def test_a_column_that_is_there_twice(self, landing: Landing, names: bytes) -> None:
        told = landing.refused(b"id," + names + b"\n1,x,2\nT,1,2\n", trailer=TRAILER)
        assert (told.code, told.line, told.column) == (ErrorCode.HEADER_DUPLICATE_NAME, 1, "n")

    @pytest.mark.parametrize("header", [b" N ", "\u200bn".encode(), b'"n"'])
    def test_a_column_as_the_header_has_it(self, landing: Landing, header: bytes) -> None:
        found = landing.inspect(b"id," + header + b"\n1,2\nT,1,2\n", trailer=TRAILER)
        assert values(found.totals) == {"sum": "2"}

    @pytest.mark.parametrize("rename", [{"Betrag (EUR)": "n"}, {"#2": "n"}])
    def test_a_column_as_the_mapping_calls_it(
        self, landing: Landing, rename: dict[str, str]
    ) -> None:
        csv = {"rename": rename, **({"columns": ["id", "n"]} if "#2" in rename else {})}
        name = b"Betrag (EUR)" if "#2" not in rename else b""
        found = landing.inspect(b"id," + name + b"\n1,2\nT,1,2\n", trailer=TRAILER, csv=csv)
        assert values(found.totals) == {"sum": "2"}

    def test_the_first_cell_that_is_no_number(self, landing: Landing) -> None:
        told = landing.refused(b"id,n\n1,2\n\n2,x\n3,y\nT,3,2\n", trailer=TRAILER)
        assert (told.code, told.line, told.record, told.column) == (
            ErrorCode.TOTALS_NOT_A_NUMBER, 4, 2, "n"
        )  # fmt: skip
        assert "x" not in told.message.split()

    def test_what_is_wrong_first_is_told(self, landing: Landing) -> None:
        number_first = b"id,n\n1,x\n2\nT,2,0\n"
        assert landing.code(number_first, trailer=TRAILER) == ("totals.not_a_number", 2)
        ragged_first = b"id,n\n1\n2,x\nT,2,0\n"
        assert landing.code(ragged_first, trailer=TRAILER) == ("csv.ragged", 2)

    def test_a_last_field_that_is_empty(self, landing: Landing) -> None:
        found = landing.inspect(b"id,n\n1,\n2,3\n3,\nT,3,3\n", trailer=TRAILER)
        assert values(found.totals) == {"sum": "3"}
        csv = {"trailing_delimiter": "ignore"}
        found = landing.inspect(b"id,n,\n1,,\n2,3,\n3,4\n4,\nT,4,7\n", trailer=TRAILER, csv=csv)
        assert values(found.totals) == {"sum": "7"}

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "shift_jis", "cp037", "latin-1"])
    def test_other_encodings(self, landing: Landing, encoding: str) -> None:
        content = "id,n\n1,2.5\n2,-1\nT,2,1.5\n".encode(encoding)
        found = landing.inspect(content, trailer=TRAILER, csv={"encoding": encoding})
        assert values(found.totals) == {"sum": "1.5"}

    def test_headers_that_stand_again_count_nothing(self, landing: Landing) -> None:
        content = b"id,n\n1,2\nid,n\n2,3\nT,2,5\n"
        keys: dict[str, Any] = {"trailer": TRAILER}
        found = landing.inspect(content, csv={"repeated_header": "skip"}, **keys)
        assert values(found.totals) == {"sum": "5"}
        found = landing.inspect(content, on_bad_row="reject", max_rejected=0.9, **keys)
        assert (values(found.totals), found.ragged) == ({"sum": "5"}, 1)
        assert landing.code(content, csv={"repeated_header": "load"}, **keys) == (
            "totals.not_a_number", 3
        )  # fmt: skip

    def test_comments_blank_lines_and_a_column_alone(self, landing: Landing) -> None:
        content = b"#1\nn\n1\n\n# 5\n2\nT,3,3\n"
        keys: dict[str, Any] = {"trailer": TRAILER, "csv": {"comments": "#"}}
        found = landing.inspect(content, **keys)
        assert (values(found.totals), found.records) == ({"sum": "3"}, 3)

    @pytest.mark.parametrize("quote", ["1", "-", ".", "'", "("])
    def test_a_quote_that_numbers_are_made_of(self, landing: Landing, quote: str) -> None:
        inner = "4" + quote * 2 + "5"
        content = f"id;n\na;{quote}{inner}{quote}\nb;{quote}6{quote}\n"
        csv = {"delimiter": ";", "quote": quote}
        go = {"pattern": "*.go", "format": "csv", "totals": {"n": {"hash_total_at": 1}}}
        found = landing.inspect(content.encode(), csv=csv, go_file=go)
        assert values(found.totals) == {"hash_total": "421" if quote == "1" else "51"}

    def test_texts_are_told_apart_up_to_a_bound(
        self, landing: Landing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(adding, "MAX_DISTINCT", 3)
        monkeypatch.setattr(counting, "MAX_DISTINCT", 3)
        keys = trailer(distinct_at=2)
        rows = [b"a" * 40, b"a" * 41, b'"b"', b"b", b""]
        content = b"id,n\n" + b"".join(b"1," + row + b"\n" for row in rows)
        found = landing.inspect(content + b"T,5,3\n", trailer=keys)
        assert values(found.totals) == {"distinct": "3"}
        told = landing.refused(content + b"1,c\nT,6,3\n", trailer=keys)
        assert (told.code, told.column) == (ErrorCode.TOTALS_TOO_MANY_DISTINCT, "n")
