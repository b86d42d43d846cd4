"""Keys of a mapping together: whole files have the cells that were written, and no file that was
cut passes for a whole one."""

from __future__ import annotations

import re

from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.support.hostile.combining import Meant, meant

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.formats.csv.cells import read_records
from airflow_landing_loader.landing.formats.csv.inspection import locate
from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.loading.reading.filesystem import PROTOCOL
from airflow_landing_loader.loading.reading.records import RecordReader
from fuzzing.engine import connection
from fuzzing.inspected import blocks_of

_DOUBTFUL = {
    ErrorCode.CSV_DATA_AFTER_END,
    ErrorCode.CSV_DATA_END_DOUBTFUL,
    ErrorCode.CSV_FOOTER_MISSING,
    ErrorCode.CSV_RAGGED,
    ErrorCode.CSV_REPEATED_HEADER,
    ErrorCode.COUNT_TOO_FEW,
    ErrorCode.HEADER_RECORD_TWICE,
    ErrorCode.TRAILER_BAD_COUNT,
    ErrorCode.TRAILER_NOT_LAST,
}
"""What a file may be refused for whose cells are like lines that the mapping speaks of."""

blocks = st.sampled_from((1, 3, 7, 1000))


def _may_be_refused(whole: Meant, code: ErrorCode) -> bool:
    mapping = whole.mapping
    if code is ErrorCode.FILE_BINARY:
        return "\b" in whole.text or "\v" in whole.text  # NUL bytes among other control bytes
    if code is ErrorCode.FILE_EMPTY:
        return not whole.records
    if code is ErrorCode.CSV_FOOTER_MISSING:
        return mapping.csv.footer_rows > 0 and not (mapping.header_record or mapping.trailer)
    if code is ErrorCode.CSV_TOO_MANY_REJECTED:
        return all(len(cells) > whole.columns for cells in whole.records)
    doubtful = _DOUBTFUL | ({ErrorCode.TRAILER_MISSING} if whole.behind else set())
    return not whole.tame and code in doubtful


def _rows(found: Validated, whole: Meant) -> list[tuple[str | None, ...]]:
    """What the engine reads of a file."""
    con, zone = connection(), whole.delivered(whole.text)
    if con.filesystem_is_registered(PROTOCOL):
        con.unregister_filesystem(PROTOCOL)
    read, rejects = RecordReader(con, zone).set_aside(found, ())
    ragged = [
        line
        for line, cells in zip(whole.lines, whole.records, strict=True)
        if len(cells) > whole.columns
    ]
    assert [reject.line for reject in rejects] == ragged
    columns = ", ".join(f"c{number}" for number in range(whole.columns))
    return con.execute(f"SELECT {columns} FROM {read}").fetchall()


def _lost(whole: Meant) -> list[str]:
    """Lines of records that an accepted file has below the end of its data, and that are no part of
    a footer by what the mapping says."""
    end = whole.mapping.csv.data_end
    one = re.compile((end.match if end else None) or "")
    quoted = whole.mapping.csv.quote or "\n"
    ragged = {"r"} if whole.mapping.on_bad_row == "reject" else set()
    return [
        line
        for line in whole.behind
        if whole.columns > 1 and not (one.search(line) or quoted in line or {line[-1:]} & ragged)
    ]


@settings(max_examples=max(400, settings().max_examples))
@given(meant(), blocks)
def test_a_whole_file_has_the_cells_that_were_written(whole: Meant, block: int) -> None:
    with blocks_of(block):
        found = whole.look(whole.text)
        if not isinstance(found, Validated):
            event(f"refused, {found.code}")
            assert _may_be_refused(whole, found.code), found
            return
        event("accepted")
        assert not _lost(whole)
        source = whole.delivered(whole.text).source(found.delivery.data)
        mapping, inspection = found.delivery.mapping, found.inspection
        assert tuple(r.cells for r in read_records(source, mapping, inspection)) == whole.records
        places = locate(source, mapping, inspection, range(1, len(whole.records) + 1))
        assert tuple(place.line for place in places) == whole.lines
        good = [cells for cells in whole.records if len(cells) == whole.columns]
        assert sorted(_rows(found, whole), key=repr) == sorted(good, key=repr)


@settings(max_examples=max(400, settings().max_examples))
@given(meant().filter(lambda whole: whole.proof), blocks)
def test_no_file_that_was_cut_is_complete(whole: Meant, block: int) -> None:
    with blocks_of(block):
        if not isinstance(whole.look(whole.text), Validated):
            return
        for size in range(len(whole.text)):
            cut = whole.look(whole.text[:size])
            if isinstance(cut, Validated):
                assert cut.inspection.records == len(whole.records)
                assert size > whole.body_end or not _ends_below(whole) or not whole.records


def _ends_below(whole: Meant) -> bool:
    """Whether what tells that the file is whole stands below its records."""
    csv = whole.mapping.csv
    return csv.data_end is not None or csv.footer_rows > 0 or whole.mapping.trailer is not None
