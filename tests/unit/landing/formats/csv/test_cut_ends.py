"""A file with lines above or below its data that was cut never passes for a whole one."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.cut_files import Sent, accepted, line

from airflow_landing_loader.config.mapping.model import TableMapping
from fuzzing.inspected import blocks_of

CELLS = ("0", "1", "2", "T", "T1", "T 2", "END", "ENDS", "", "x,1", "y\nEND", "T,1\n2", " ")
TRAILERS = {
    "T{}": (r"^T(?P<count>\d+)$", r"T(?P<count>\d+)", r"^T(?P<count>\d*)$", r"^T(?P<count>\d+)\b"),
    "T,{}": (r"^T,(?P<count>\d+)$", r"^T,(?P<count>\d+)"),
    "{}": (r"^(?P<count>\d+)$", r"(?P<count>\d)"),
    '"{} rows': (r"^.(?P<count>\d+) rows$", r"(?P<count>\d+) rows?\b"),
}
ENDS = ("END", {"match": "^END"}, {"match": "^END$"}, {"match": r"END\b"}, {"match": "^$"}, "END,1")

trailers = st.sampled_from([(form, match) for form, found in TRAILERS.items() for match in found])
footers = st.lists(st.sampled_from(("", "x", '"', "END", "0", "1,2", "a,b,c", "T1")), max_size=3)


def named(columns: int, *, header: bool) -> dict[str, Any]:
    names = [f"c{number}" for number in range(columns)]
    return {} if header else {"header": False, "columns": names}


@st.composite
def sent(draw: st.DrawFn) -> Sent:
    columns, header = draw(st.integers(1, 3)), draw(st.booleans())
    end, reject = draw(st.sampled_from(("\n", "\r\n", "\r"))), draw(st.booleans())
    cells = st.lists(st.sampled_from(CELLS), min_size=columns, max_size=columns)
    records = draw(st.lists(cells, max_size=4))
    csv = named(columns, header=header)
    rules: dict[str, Any] = {"max_rejected": 0.9, "on_bad_row": "reject" if reject else "fail"}
    above: list[str] = []
    below = draw(footers)
    ended = draw(st.sampled_from(("data_end", "footer_rows", "trailer", "header_record")))
    counted = draw(st.booleans()) or ended == "trailer"
    if counted:
        form, match = draw(trailers)
        trailer, rules["trailer"] = form.format(len(records)), {"match": match}
        below = [trailer] if ended == "trailer" else [*below, trailer, *draw(footers)]
    if ended == "header_record" or draw(st.booleans()):
        above.append(f"H{len(records):0{draw(st.integers(1, 3))}}")
        rules["header_record"] = {"match": r"^H(?P<count>\d+)$"}
    if ended == "data_end":
        mark = csv["data_end"] = draw(st.sampled_from(ENDS))
        below.insert(0, mark if isinstance(mark, str) else draw(st.sampled_from(("END", ""))))
    elif ended == "header_record" and not counted:
        below = []
    elif ended != "trailer":
        below = below or ["x"]
        csv["footer_rows"] = len(below)
    if draw(st.booleans()):
        above.append("START")
        csv["data_start"] = "START"
    lines = [f"c{n}" for n in range(columns)] if header else []
    table = [lines] if header else []
    text = "".join(f"{one}{end}" for one in above)
    text += "".join(line(row, ",", end, quoted=draw(st.booleans())) for row in [*table, *records])
    text += end.join(below) + draw(st.sampled_from(("", end)))
    mapping = {"pattern": "*", "table": "t", "csv": csv, **rules}
    if csv.get("footer_rows") and reject and not {"trailer", "header_record"} & {*rules}:
        mapping["on_bad_row"] = "fail"
    return Sent(text.encode(), TableMapping.model_validate(mapping), len(records))


@settings(max_examples=max(600, settings().max_examples))
@given(sent(), st.sampled_from((1, 3, 1000)))
def test_no_beginning_of_a_file_is_complete_without_all_its_records(
    whole: Sent, block: int
) -> None:
    with blocks_of(block):
        found = accepted(whole.content, whole.mapping)
        if found is None:
            return
        for size in range(len(whole.content)):
            cut = accepted(whole.content[:size], whole.mapping)
            if cut is not None:
                assert cut.inspection.records == found.inspection.records
                # No count above the data tells of a last field that was cut.
                if found.inspection.footer is not None:
                    assert size >= found.inspection.body_end
                    assert cut.inspection.columns == found.inspection.columns


@settings(max_examples=max(300, settings().max_examples))
@given(sent())
def test_a_whole_file_that_is_accepted_has_its_records(whole: Sent) -> None:
    found = accepted(whole.content, whole.mapping)
    end = whole.mapping.csv.data_end
    if found is not None and (whole.mapping.trailer or end is None or end.line):
        assert found.inspection.records == whole.records
