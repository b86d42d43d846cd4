"""Lines above the data and below them: no records, and read to their end all the same."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.inspecting import Landing

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.model import LineSpan, TrailerContent

TICKERS = b"""START-OF-FILE
RUNDATE=20240115
START-OF-FIELDS
PX_LAST
END-OF-FIELDS
START-OF-DATA
IBM US Equity|0|2|100.5|
VOD LN Equity|0|2|70|
END-OF-DATA
DATARECORDS=2
TIMEFINISHED="Mon, Jan 15
END-OF-FILE
"""
TICKERS_KEYS: dict[str, Any] = {
    "csv": {
        "delimiter": "|",
        "header": False,
        "columns": ["security", "code", "fields", "price", "end"],
        "data_start": "START-OF-DATA",
        "data_end": "END-OF-DATA",
    },
    "trailer": {"match": r"^DATARECORDS=(?P<count>\d+)$"},
}
QUERY = b"id,name\n--,----\n1,a\n2,b\n\n(2 rows affected)\n"
ROWS_AFFECTED = {"match": r"^\((?P<count>\d+) rows? affected\)$"}
QUERY_KEYS: dict[str, Any] = {
    "csv": {"skip_lines": {"match": "^--"}},
    "trailer": ROWS_AFFECTED,
}
BANK = b"HDR|20240115|2\n1|a\n2|b\nTRL|2\n"
BANK_KEYS: dict[str, Any] = {
    "csv": {"delimiter": "|", "header": False, "columns": ["id", "name"]},
    "header_record": {"match": r"^HDR\|\d{8}\|(?P<count>\d+)$"},
    "trailer": {"match": r"^TRL\|(?P<count>\d+)$"},
}


class TestKinds:
    def test_data_between_two_lines(self, landing: Landing) -> None:
        found = landing.inspect(TICKERS, **TICKERS_KEYS)
        assert (found.records, found.body_line) == (2, 7)
        assert TICKERS[found.body_start :].startswith(b"IBM")
        assert TICKERS[: found.body_end].endswith(b"70|\n")
        assert found.trailer == TrailerContent(expected_records=2, tag=None, line=10)
        assert found.head == LineSpan(line=1, lines=6, start=0, end=found.body_start)
        assert found.footer is not None
        assert (found.footer.line, found.footer.lines) == (9, 4)
        assert (found.footer.start, found.footer.end) == (found.body_end, len(TICKERS))

    @pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
    @pytest.mark.parametrize("keys", [{}, {"trailer": None, "csv": {"footer_rows": 2}}])
    def test_dashes_and_rows_affected(
        self, landing: Landing, end: bytes, keys: dict[str, Any]
    ) -> None:
        csv = {**QUERY_KEYS["csv"], **keys.get("csv", {})}
        found = landing.inspect(QUERY.replace(b"\n", end), **{**QUERY_KEYS, **keys, "csv": csv})
        assert (found.records, found.columns, found.body_line) == (2, ("id", "name"), 3)
        assert found.line_end == end.decode()
        assert found.footer is not None

    @pytest.mark.parametrize("encoding", ["utf-16", "cp037", "windows-1252"])
    def test_in_any_encoding(self, landing: Landing, encoding: str) -> None:
        data = BANK.decode().encode(encoding)
        csv = {**BANK_KEYS["csv"], "encoding": encoding}
        assert landing.inspect(data, **{**BANK_KEYS, "csv": csv}).records == 2

    def test_counts_above_and_below(self, landing: Landing) -> None:
        for end in (b"", b"\n", b"\n\n\n"):
            found = landing.inspect(BANK.removesuffix(b"\n") + end, **BANK_KEYS)
            assert found.header_record == TrailerContent(expected_records=2, tag=None, line=1)
            assert found.trailer == TrailerContent(expected_records=2, tag=None, line=4)
            assert (found.records, found.ragged) == (2, 0)

    def test_a_report(self, landing: Landing) -> None:
        data = b'Report "A\n\nid,amount\n1,5\n2,"6\nTotal,7"\nTotal,11\n"end\n'
        csv = {"skip_rows": 2, "data_end": {"match": "^Total"}}
        found = landing.inspect(data, csv=csv)
        assert (found.records, found.columns) == (2, ("id", "amount"))
        assert data[found.body_end :] == b'Total,11\n"end\n'

    @pytest.mark.parametrize(
        "below", [b"Total,11\nTotal,12\n", b"Total,11\nend\n", b"Total\n3,7\n"]
    )
    def test_a_footer_like_records(self, landing: Landing, below: bytes) -> None:
        csv = {"data_end": {"match": "^Total"}}
        assert landing.inspect(b"id,amount\n1,5\n2,6\n" + below, csv=csv).records == 2

    def test_a_record_like_the_end_where_a_count_tells(self, landing: Landing) -> None:
        csv, trailer = {"data_end": {"match": "^Total"}}, {"match": r"^(?P<count>\d+) rows"}
        data = b"id,amount\n1,5\nTotals,6\n3,7\nTotal,18\n3 rows\n"
        found = landing.inspect(data, csv=csv, trailer=trailer)
        assert (found.records, found.trailer and found.trailer.expected_records) == (1, 3)

    def test_a_line_in_quotes_is_no_mark(self, landing: Landing) -> None:
        data = b'id,a\n1,"\nEND\n"\n2,"\nEND"\nEND\nx\n'
        found = landing.inspect(data, csv={"data_end": "END"})
        assert (found.records, found.footer and found.footer.line) == (2, 7)

    def test_a_trailer_that_is_a_record_before_the_footer(self, landing: Landing) -> None:
        trailer = {"row_count_column": 1, "tag": "T"}
        for csv in ({"data_end": "END"}, {"footer_rows": 1}):
            found = landing.inspect(b"id,a\n1,x\nT,1\nEND\n", csv=csv, trailer=trailer)
            assert (found.records, found.trailer and found.trailer.line) == (1, 3)

    def test_nothing_between(self, landing: Landing) -> None:
        data = b"START-OF-DATA\nEND-OF-DATA\nDATARECORDS=0\n"
        assert landing.inspect(data, **TICKERS_KEYS).records == 0
        assert landing.inspect(b"HDR|20240115|0\nTRL|0\n", **BANK_KEYS).records == 0
        assert landing.inspect(b"id,a\nEND\n", csv={"data_end": "END"}).records == 0

    def test_a_blank_line_ends_the_data(self, landing: Landing) -> None:
        for end in (b"\n", b"\r\n", b"\r"):
            found = landing.inspect(
                QUERY.replace(b"\n", end),
                csv={"skip_lines": {"match": "^--"}, "data_end": {"match": "^$"}},
                trailer=ROWS_AFFECTED,
            )
            assert found.records == 2

    def test_lines_left_out_above_the_header(self, landing: Landing) -> None:
        data = b'# a "b\n# c\nid,a\n#,#\n1,#\n#,2\n'
        found = landing.inspect(data, csv={"skip_lines": {"match": "^#"}})
        assert (found.columns, found.records, found.body_line) == (("id", "a"), 2, 5)
        csv = {"header": False, "columns": ["id", "a"], "skip_lines": "# c"}
        assert landing.inspect(b"# c\n1,2\n# c,\n", csv=csv).records == 2

    def test_a_text_is_no_expression(self, landing: Landing) -> None:
        data = b"id\n1\n(.*)\t\\d\nE\n"
        assert landing.inspect(data, csv={"data_end": "(.*)\t\\d"}).records == 1


class TestRefused:
    @pytest.mark.parametrize(
        ("data", "code", "line"),
        [
            (TICKERS.replace(b"START-OF-DATA", b"START"), "csv.data_start_missing", None),
            (TICKERS.replace(b"END-OF-DATA", b"END"), "csv.ragged", 9),
            (TICKERS[: TICKERS.index(b"END-OF-DATA")], "csv.data_end_missing", None),
            (TICKERS.replace(b"END-OF-DATA", b"END-OF-DATA|1"), "csv.data_end_doubtful", 9),
            (TICKERS.replace(b"DATARECORDS", b"RECORDS"), "trailer.missing", 9),
            (TICKERS.replace(b"=2\n", b"=" + b"9" * 20 + b"\n"), "trailer.bad_count", 10),
            (TICKERS + TICKERS, "csv.data_after_end", 18),
            (TICKERS + b"DATARECORDS=2\n", "trailer.not_last", 13),
            (TICKERS + b"x\0\n", "encoding.nul_byte", 13),
            (TICKERS + b"x" * 2_000_000, "csv.record_too_long", 13),
            (TICKERS + b"x\n" * 10_001, "csv.data_after_end", 10_009),
            (TICKERS + b"x\n\xff", "encoding.invalid", 14),
            (TICKERS.replace(b"VOD LN Equity|0", b"VOD"), "csv.ragged", 8),
            (TICKERS.replace(b"VOD LN", b'"V"OD'), "csv.stray_quote", 8),
        ],
    )
    def test_data_between_two_lines(
        self, landing: Landing, data: bytes, code: str, line: int | None
    ) -> None:
        assert landing.code(data, **TICKERS_KEYS) == (code, line)

    @pytest.mark.parametrize(
        ("data", "code", "line"),
        [
            (b"1|a\n2|b\nTRL|2\n", "header_record.missing", None),
            (b"HDR|20240115|" + b"9" * 20 + b"\nTRL|0\n", "header_record.bad_count", 1),
            (BANK[:-6], "trailer.missing", None),
            (BANK + b"x\n", "trailer.not_last", 5),
            (BANK + BANK, "trailer.not_last", 5),
            (BANK.replace(b"2|b", b"TRL|1|b"), "trailer.not_last", 3),
            (b"", "file.empty", None),
        ],
    )
    def test_counts_above_and_below(
        self, landing: Landing, data: bytes, code: str, line: int | None
    ) -> None:
        assert landing.code(data, **BANK_KEYS) == (code, line)

    def test_two_header_records(self, landing: Landing) -> None:
        csv = {**BANK_KEYS["csv"], "skip_rows": 2}
        data = b"HDR|20240115|2\n" + BANK
        code = ErrorCode.HEADER_RECORD_TWICE
        assert landing.code(data, **{**BANK_KEYS, "csv": csv}) == (code, 2)

    def test_a_header_record_without_its_line_end_is_told_as_such(self, landing: Landing) -> None:
        csv, record = {"header": False, "columns": ["a"]}, {"match": r"^HDR,(?P<count>\d+)$"}
        assert landing.inspect(b"HDR,0\n", csv=csv, header_record=record).records == 0
        with pytest.raises(TerminalError, match="has no line end") as caught:
            landing.inspect(b"HDR,0", csv=csv, header_record=record)
        assert caught.value.code is ErrorCode.HEADER_RECORD_MISSING

    def test_records_behind_one_that_is_like_the_end(self, landing: Landing) -> None:
        data = b"id,a\n1,x\nTotals,1\nname,y\nTotal,3\n"
        keys = {"csv": {"data_end": {"match": "^Total"}}}
        assert landing.code(data, **keys) == (ErrorCode.CSV_DATA_END_DOUBTFUL, 4)

    def test_a_line_of_a_record_that_is_like_the_trailer_in_the_footer(
        self, landing: Landing
    ) -> None:
        keys = {"csv": {"footer_rows": 2}, "trailer": {"match": r"T(?P<count>\d+)"}}
        data = b'id,a\n0,0\n"y\nEND",T1\n'
        assert landing.code(data + b"T2\nx", **keys) == (ErrorCode.TRAILER_NOT_LAST, 3)

    def test_a_header_behind_the_end(self, landing: Landing) -> None:
        data = b"id,a\n1,x\nTotal,1\n"
        keys = {"csv": {"data_end": {"match": "^Total"}}}
        assert landing.code(data * 2, **keys) == (ErrorCode.CSV_DATA_AFTER_END, 4)

    @pytest.mark.parametrize(
        ("rest", "code"),
        [
            (b"1,x\n2,y\n", "csv.footer_missing"),
            (b"1,x\n2,", "csv.footer_missing"),
            (b"1,x\n2", "csv.footer_missing"),
            (b'1,"x\ny"\nTotal\n', "csv.unclosed_quote"),
            (b"1,x\n2\n3,z\n\nTotal\n", "csv.ragged"),
        ],
    )
    def test_a_footer_that_may_be_data(self, landing: Landing, rest: bytes, code: str) -> None:
        assert landing.code(b"id,a\n" + rest, csv={"footer_rows": 2})[0] == code

    def test_a_footer_of_one_line(self, landing: Landing) -> None:
        code = ErrorCode.CSV_FOOTER_MISSING
        for rest in (b"1,x\n2", b"1,x\n2,y", b"1,x\n"):
            assert landing.code(b"id,a\n" + rest, csv={"footer_rows": 1})[0] == code
        assert landing.inspect(b"id,a\n1,x\nTotal\n", csv={"footer_rows": 1}).records == 1

    def test_a_footer_of_long_lines(self, landing: Landing) -> None:
        long = b"x" * 40
        keys: dict[str, Any] = {"csv": {"footer_rows": 2}, "max_record_bytes": 50}
        assert landing.inspect(b"id,a\n1,x\n" + (long + b"\n") * 2, **keys).records == 1
        code, _ = landing.code(b"id,a\n1,x\n" + long * 2 + b"\nend\n", **keys)
        assert code == ErrorCode.CSV_RECORD_TOO_LONG
