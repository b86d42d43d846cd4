from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.maintenance.fingerprint import Fingerprint

CELL = st.none() | st.text(alphabet="ab\x00\x01", max_size=3)
ROWS = st.lists(st.tuples(CELL, CELL), max_size=5)


def of(rows: list[tuple[str | None, ...]]) -> Fingerprint:
    sums = Fingerprint(2)
    for row in rows:
        sums.add(row)
    return sums


@given(ROWS, ROWS)
def test_equal_sums_mean_equal_multisets_of_rows(
    one: list[tuple[str | None, ...]], other: list[tuple[str | None, ...]]
) -> None:
    assert (of(one).total == of(other).total) == (Counter(one) == Counter(other))
    for index in (0, 1):
        cells = [Counter(row[index] for row in rows) for rows in (one, other)]
        assert (of(one).column(index) == of(other).column(index)) == (cells[0] == cells[1])


def test_equal_rows_do_not_cancel_each_other() -> None:
    assert of([("a", "b")] * 2).total != of([]).total
    assert of([("a", "b")] * 3).total != of([("a", "b")]).total


def test_the_sums_are_these_in_every_process_and_release() -> None:
    sums = of([("a", None), ("é" * 100, "")])
    assert sums.total == "4424c06c896d604213deda86e53eac77"
    assert sums.column(1) == "cb5cbde961f924ba4d0e96b83bebf3ac"


def test_a_column_of_nulls() -> None:
    assert of([("a", None), ("b", None)]).is_null(1)
    assert not of([("a", None), ("b", "")]).is_null(1)
    assert of([]).is_null(0)


def test_rows_of_another_width_are_refused() -> None:
    with pytest.raises(ValueError, match="3 cells"):
        Fingerprint(2).add(("a", "b", "c"))
