"""How a step of a lane ends, from what it says of the lane's files."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, ErrorDetail
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.loading.model import Duplicate, Refused
from airflow_landing_loader.pipeline.outcome import Outcome, Status
from airflow_landing_loader.runs.steps import lane_end, not_moved, verdicts_of, without_verdict
from airflow_landing_loader.storage.model import LandedFile

MAPPING = TableMapping(pattern="*.csv", table="raw")


def delivery(name: str) -> Delivery:
    data = LandedFile(name=name, path=f"/l/{name}", size=1, mtime_ns=0, token="1")
    return Delivery(mapping=MAPPING, data=data)


def good(name: str = "good.csv") -> Duplicate:
    return Duplicate(delivery=delivery(name), sha256="ab" * 32, of_load_id="x")


def refused(name: str, code: ErrorCode, *, transient: bool) -> Refused:
    error = ErrorDetail(code=code.value, message="m", file=name, transient=transient)
    return Refused(delivery=delivery(name), error=error)


def bad(name: str = "bad.csv") -> Refused:
    return refused(name, ErrorCode.CSV_RAGGED, transient=False)


def unfit(name: str = "unfit.csv") -> Refused:
    return refused(name, ErrorCode.LANDING_CHANGED, transient=True)


def locked(name: str = "locked.csv") -> Refused:
    return refused(name, ErrorCode.WAREHOUSE_LOCKED, transient=True)


def gone(name: str = "gone.csv") -> Refused:
    return refused(name, ErrorCode.LANDING_DISAPPEARED, transient=True)


@pytest.mark.parametrize(
    ("verdicts", "ending", "without_end"),
    [
        ((good(),), "goes on", "goes on"),
        ((good(), bad(), unfit(), locked(), gone()), "goes on", "goes on"),
        ((), "gone", "gone"),
        ((gone("a"), gone("b")), "gone", "gone"),
        ((bad(), bad("b"), gone()), "gives up", "gives up"),
        ((unfit(), gone()), "gives up", "left"),
        # What is refused for good is moved, and does not wait for what is not fit yet.
        ((bad(), unfit()), "gives up", "goes on"),
        # What stops every file is tried again, wherever runs begin.
        ((locked(), unfit()), "gives up", "gives up"),
        ((locked(), bad()), "gives up", "gives up"),
    ],
)
def test_a_lane_goes_on_as_long_as_one_of_its_files_does(
    verdicts: tuple[Any, ...], ending: str, without_end: str
) -> None:
    present = tuple(v for v in verdicts if not v.delivery.data.name.startswith("gone"))
    for leave, expected in ((False, ending), (True, without_end)):
        end = lane_end(verdicts, leave_to_next_run=leave)
        assert end.ending == expected
        if expected == "gone":
            continue
        assert end.present == present
        refusing = tuple(v for v in present if isinstance(v, Refused))
        assert end.refused == refusing
        assert end.errors == (() if expected == "goes on" else tuple(v.error for v in refusing))


def test_a_file_that_should_have_moved_and_did_not_is_told_from_one_that_has_to_stay() -> None:
    def outcome(name: str, status: Status, error: ErrorDetail | None = None) -> Outcome:
        return Outcome(name=name, table="raw", status=status, uri="", error=error)

    verdicts = (good("a"), good("b"), unfit("c"), bad("d"), bad("e"))
    stuck = ErrorDetail(code="zone.unwritable", message="m", transient=True)
    outcomes = (
        outcome("a", "duplicate"),
        outcome("b", "left", stuck),
        outcome("c", "left", unfit("c").error),
        outcome("d", "left", stuck),
        outcome("e", "failed", bad("e").error),
    )
    assert not_moved(verdicts, outcomes) == [stuck, stuck]


def test_files_that_no_task_has_said_anything_of() -> None:
    assert without_verdict(("a", "b", "c"), [bad("b")]) == ["a", "c"]
    assert verdicts_of([good("a"), bad("b")]) == [good("a"), bad("b")]
