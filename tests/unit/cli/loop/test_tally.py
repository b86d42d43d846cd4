"""Counts of a run that may last for months."""

from __future__ import annotations

from airflow_landing_loader.cli.loop.tally import LOADED_SHOWN, OTHERS_SHOWN, Tally
from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.pipeline.outcome import Outcome, Status


def _outcome(name: str, status: Status, **fields: object) -> Outcome:
    values = {"rows": 0, "rejected": 0, **fields}
    return Outcome(name=name, table="raw", status=status, uri="", **values)  # type: ignore[arg-type]


def test_totals() -> None:
    tally = Tally()
    assert tally.total() == "0 loaded, 0 duplicate, 0 failed, 0 left; 0 rows"
    tally.add(_outcome("a", "loaded", rows=1, rejected=2))
    assert tally.total() == "1 loaded, 0 duplicate, 0 failed, 0 left; 1 row, 2 rejected"
    for name in "bcd":
        tally.add(_outcome(name, "failed"))
    tally.add(_outcome("e", "loaded", rows=1999))
    assert tally.total() == "2 loaded, 0 duplicate, 3 failed, 0 left; 2,000 rows, 2 rejected"
    tally.unmatched = 1
    tally.dbt_error = ErrorDetail(code="dbt.failed", message="m", hint="Mend it.")
    assert "3 failed, 0 left, 1 unmatched, dbt failed; 2,000 rows" in tally.total()
    assert tally.cures().rows == (("dbt.failed", "Mend it."),)
    assert tally.count("failed") == 3
    assert tally.files == 5


def test_memory_is_bounded_and_the_newest_are_shown_with_failures_last() -> None:
    tally = Tally()
    for number in range(1000):
        tally.add(_outcome(f"good{number}", "loaded"))
        tally.add(_outcome(f"bad{number}", "failed"))
    grid = tally.grid()
    assert len(grid.rows) == LOADED_SHOWN + OTHERS_SHOWN
    assert grid.rows[0][1] == f"good{1000 - LOADED_SHOWN}"
    assert grid.rows[-1][1] == "bad999"
    assert "1,750 more" in grid.title
    assert tally.files == 2000
