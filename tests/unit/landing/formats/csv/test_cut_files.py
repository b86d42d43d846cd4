"""A file with a trailer that was cut never passes for a whole one, wherever it was cut."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.cut_files import Sent, accepted, line

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, LandingError
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.pipeline.validation import validate
from fuzzing.memory import MemoryZone

# Numbers that may be counts, words that may be tags, and what the grammar makes of quotes.
CELLS = ("0", "1", "2", "3", "01", "R", "T", "TRAILER", "", "x,1", "y\n2", 'z"', "T,1\n", " ")


@st.composite
def sent(draw: st.DrawFn) -> Sent:
    columns = draw(st.integers(1, 4))
    reject = draw(st.booleans())
    tag = draw(st.sampled_from(("none", "T", "TRAILER", "T,1", "false")))
    quoted, header, auto = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())
    delimiter, end = draw(st.sampled_from((",", ";", "||"))), draw(st.sampled_from(("\n", "\r\n")))
    widths = st.integers(1, 5) if reject else st.just(columns)
    cells = st.lists(st.sampled_from(CELLS), min_size=1, max_size=5)
    records = [draw(cells)[: draw(widths)] for _ in range(draw(st.integers(0, 4)))]
    if not reject:
        records = [(cells * columns)[:columns] for cells in records]
    first = {"none": draw(st.sampled_from(("TRAILER", "T", "END"))), "false": None}.get(tag, tag)
    at = draw(st.integers(1, 3))
    behind = ["EOF"] * (at - 1) + [str(len(records))] + ["EOF"] * draw(st.integers(0, 2))
    lines = [[f"c{number}" for number in range(columns)]] if header else []
    lines += [*records, behind if first is None else [first, *behind]]
    text = "".join(line(cells, delimiter, end, quoted=quoted) for cells in lines)
    names = {} if header else {"header": False, "columns": [f"c{n}" for n in range(columns)]}
    csv: dict[str, Any] = {"delimiter": delimiter, **names}
    if auto and header and delimiter != "||":
        csv = {"auto": True, "header": True}
    trailer: dict[str, Any] = {"row_count_column": at}
    if tag != "none":
        trailer["tag"] = False if tag == "false" else tag
    mapping = {"pattern": "*", "table": "t", "csv": csv, "trailer": trailer, "max_rejected": 0.9}
    if reject and tag != "false":
        mapping["on_bad_row"] = "reject"
    return Sent(text.encode(), TableMapping.model_validate(mapping), len(records))


@settings(max_examples=max(300, settings().max_examples))
@given(sent())
def test_no_beginning_of_a_file_is_complete_without_all_its_records(whole: Sent) -> None:
    """A cut behind the count, within the trailer, is the only one that may go unseen."""
    found = accepted(whole.content, whole.mapping)
    if found is None:
        return
    assert found.inspection.records == whole.records
    for size in range(len(whole.content)):
        cut = accepted(whole.content[:size], whole.mapping)
        if cut is not None:
            assert size > found.inspection.body_end
            assert cut.inspection.records == whole.records
            assert cut.inspection.columns == found.inspection.columns


@pytest.mark.parametrize(
    ("content", "keys"),
    [
        (b"rec,idx,val\nR,0,a\nR,1,b\n", {}),
        (b"rec,idx,val\nR,0,a\nR,1", {}),
        (b"rec,idx,val\nR,0,a\nR,1", {"on_bad_row": "reject"}),
        (b"rec,idx,val\nR,0,a\nR,1\n", {"on_bad_row": "reject"}),
        (b"id\n0\n", {"trailer": {"row_count_column": 1, "tag": False}}),
        (b"id,val\n7,a\n1", {"trailer": {"row_count_column": 1, "tag": False}}),
        (b"id,val\n7,a\n1,", {"trailer": {"row_count_column": 1, "tag": False}}),
        (b"R,0,a\n", {"csv": {"header": False, "columns": ["rec", "idx", "val"]}}),
        (b"R,0", {"csv": {"header": False, "columns": ["rec", "idx", "val"]}}),
        (b"rec;idx;val\nR;0;a\nR;1;b\n", {"csv": {"auto": True, "header": True}}),
    ],
)
def test_a_data_record_is_no_trailer(content: bytes, keys: dict[str, Any]) -> None:
    rules = {"pattern": "*", "table": "t", "trailer": {"row_count_column": 1}, **keys}
    zone = MemoryZone({"a_1.csv": content})
    delivery = Delivery(mapping=TableMapping.model_validate(rules), data=zone.file("a_1.csv"))
    with pytest.raises(LandingError) as caught:
        validate(zone, delivery, now=1e12)
    assert caught.value.code is ErrorCode.TRAILER_MISSING


def test_the_whole_files_are_complete() -> None:
    rules = {"pattern": "*", "table": "t", "trailer": {"row_count_column": 1}}
    mapping = TableMapping.model_validate(rules)
    for last in (b"T,2\n", b"T,2,x,y", b"TRAILER,2,EOF\n", b"TRAILER,2"):
        found = accepted(b"rec,idx,val\nR,0,a\nR,1,b\n" + last, mapping)
        assert found is not None
        assert found.expected_records == found.inspection.records == 2


def test_a_compressed_file_that_ends_with_a_whole_member_is_cut_all_the_same() -> None:
    rules = {"pattern": "*", "table": "t", "trailer": {"row_count_column": 1}}
    mapping = TableMapping.model_validate(rules)
    members = [gzip.compress(part) for part in (b"rec,idx,val\nR,0,a\n", b"R,1,b\n", b"T,2\n")]
    assert accepted(b"".join(members), mapping, "a_1.csv.gz") is not None
    assert accepted(b"".join(members[:2]), mapping, "a_1.csv.gz") is None
    assert accepted(members[0], mapping, "a_1.csv.gz") is None
