"""What whole batches of cells come to is what they come to one by one, by Python's decimals."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.hostile.fields import ENDS, FORMS
from tests.support.hostile.numbers import NUMBER_FORMS, numbers_and_others

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.numbers import Numbers
from airflow_landing_loader.config.mapping.totals import KINDS
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.formats.csv.inspection import inspect
from fuzzing.inspected import blocks_of
from fuzzing.memory import MemoryZone
from fuzzing.model.totals import total, wrong_cells

ROWS = st.integers(0, 12)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=max(100, settings().max_examples))
@given(data=st.data(), numbers=NUMBER_FORMS, block=st.integers(1, 60), rows=ROWS)
def test_totals_of_all_writings(
    form: str, data: st.DataObject, numbers: dict[str, Any], block: int, rows: int
) -> None:
    field, csv = FORMS[form]
    wide, at = data.draw(st.tuples(st.integers(1, 3), st.integers(0, 2)))
    at = min(at, wide - 1)
    clean = data.draw(st.booleans())
    cells = [data.draw(numbers_and_others(numbers, clean=clean)) for _ in range(rows)]
    others = st.sampled_from(("x", None, "1", "y z"))
    end, delimiter = data.draw(ENDS), csv.get("delimiter", ",")
    lines = []
    for cell in cells:
        record = [data.draw(others) for _ in range(wide)]
        record[at] = cell
        lines.append(delimiter.join(field(each, data.draw) for each in record))
        if form == "trailing":
            lines[-1] += data.draw(st.sampled_from(("", delimiter)))
    kinds = data.draw(st.lists(st.sampled_from(KINDS), min_size=1, unique=True))
    mapping = TableMapping.model_validate(
        {
            "pattern": "a_*",
            "table": "t",
            "trailer": {"row_count_column": 1, "tag": "TRL", "totals": {"n": {"sum_at": 2}}},
            "numbers": numbers,
            "csv": {
                **csv,
                "header": False,
                "columns": [f"c{i}" if i != at else "n" for i in range(wide)],
                "repeated_header": "load",
            },
        }
    )
    text = "".join(line + end for line in [*lines, delimiter.join(("TRL", str(rows), "0"))])
    zone = MemoryZone({"a_1.csv": text.encode()})
    source = zone.source(zone.file("a_1.csv"))
    read_as = Numbers(**numbers)
    wrong = wrong_cells([(kind, cells) for kind in kinds], read_as)
    with blocks_of(block):
        if wrong:
            with pytest.raises(TerminalError) as refused:
                inspect(source, mapping, totals=[("n", kind) for kind in kinds])
            assert refused.value.code is ErrorCode.TOTALS_NOT_A_NUMBER
            assert refused.value.detail.record == wrong[0] + 1
            assert refused.value.detail.column == "n"
            return
        found = inspect(source, mapping, totals=[("n", kind) for kind in kinds])
    expected = {kind: total(kind, cells, read_as) for kind in kinds}
    assert {each.kind: each.value for each in found.totals} == expected
