"""What a run leaves in landing, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, ErrorDetail, TransientError
from airflow_landing_loader.pipeline.outcome import Outcome, Status
from airflow_landing_loader.pipeline.pipeline import Pipeline
from airflow_landing_loader.runs.ending import (
    Left,
    Unclear,
    all_outcomes,
    left_files,
    unclear_files,
)
from airflow_landing_loader.runs.holdback import delivery_token
from airflow_landing_loader.runs.tasks import RunStates
from airflow_landing_loader.settings import Settings

if TYPE_CHECKING:
    from tests.support.zones import Zones

MAPPING = TableMapping(pattern="*.csv", table="raw", settle_seconds=0)
CHANGED = ErrorDetail(code="landing.changed", message="m", file="a.csv", transient=True)


def outcome(name: str, status: Status = "loaded", error: ErrorDetail | None = None) -> Outcome:
    return Outcome(name=name, table="raw", status=status, uri=f"/x/{name}", error=error)


@pytest.fixture
def pipeline(settings: Callable[..., Settings], zones: Zones) -> Pipeline:
    (zones.landing / "a.csv").write_text("id\n1\n")
    return Pipeline(settings(), [MAPPING])


class Said:
    """What steps have said; remembers which were asked."""

    def __init__(self, **errors: list[ErrorDetail]) -> None:
        self.errors = errors
        self.asked: list[tuple[str, int]] = []

    def __call__(self, step: str, lane: int) -> Sequence[ErrorDetail]:
        self.asked.append((step, lane))
        return self.errors.get(step, [])


def ending(pipeline: Pipeline, *states: str, said: Said | None = None, **changes: Any) -> Left:
    """The only file that a run left, whose lane's steps ended in these states."""
    steps = ("validate", "load", "archive", "fail")
    ended = {f"file.{step}_0": state for step, state in zip(steps, states, strict=False)}
    leave = changes.pop("leave", False)
    (left,) = left_files(
        pipeline,
        [Unclear(**({"name": "a.csv", "lane": 0} | changes))],
        RunStates(states=ended, group_id="file"),
        said or Said(),
        leave_to_next_run=leave,
    )
    return left


def test_only_files_without_an_end_are_looked_for() -> None:
    left = outcome("c.csv", "left", CHANGED)
    lanes = [["a.csv", "b.csv"], ["c.csv"], ["d.csv"]]
    assert unclear_files(lanes, [outcome("a.csv"), left, outcome("d.csv", "failed")]) == (
        Unclear(name="b.csv", lane=0),
        Unclear(name="c.csv", lane=1, outcome=left),
    )
    assert unclear_files([], [outcome("a.csv")]) == ()


def test_a_lane_that_died_without_a_word(pipeline: Pipeline) -> None:
    left = ending(pipeline, "success", "failed", "upstream_failed", "skipped")
    assert left.outcome.error is not None
    assert left.outcome.error.message == "file.load, file.archive ended without a word."
    assert left.outcome.uri == f"{pipeline.zones.landing.path}/a.csv"
    assert left.behind.code == "internal.unexpected"
    assert left.behind.gave_up
    assert left.behind.token == delivery_token(pipeline.delivery("a.csv"))


def test_the_first_step_that_says_why_is_heard_and_no_other_one_asked(pipeline: Pipeline) -> None:
    said = Said(load=[CHANGED])
    left = ending(pipeline, "success", "failed", "upstream_failed", "skipped", said=said)
    assert (left.outcome.error, left.behind.code) == (CHANGED, "landing.changed")
    assert said.asked == [("load", 0)]


def test_of_a_lane_of_several_files_each_has_its_own_reason(pipeline: Pipeline) -> None:
    away = ErrorDetail(code="zone.unavailable", message="m", transient=True)
    other = ErrorDetail(code="landing.unsettled", message="m", file="b.csv", transient=True)
    for errors, expected in (([other, CHANGED], CHANGED), ([away], away)):
        assert ending(pipeline, "skipped", said=Said(validate=errors)).outcome.error == expected


def test_a_lane_that_was_skipped_has_not_given_up(pipeline: Pipeline) -> None:
    said = Said(validate=[CHANGED])
    left = ending(pipeline, *["skipped"] * 4, said=said)
    assert (left.outcome.error, left.behind.gave_up) == (CHANGED, False)


@pytest.mark.parametrize(("leave", "gave_up"), [(True, False), (False, True)])
def test_a_file_that_could_not_be_moved_has_its_time_where_runs_follow_at_once(
    pipeline: Pipeline, leave: bool, gave_up: bool
) -> None:
    told = outcome("a.csv", "left", CHANGED)
    states = ("failed", "upstream_failed", "upstream_failed", "failed")
    left = ending(pipeline, *states, outcome=told, leave=leave)
    assert (left.outcome, left.behind.gave_up) == (told, gave_up)


def test_what_is_not_in_landing_any_more_is_no_ones_failure(pipeline: Pipeline) -> None:
    unclear = [Unclear(name="b.csv", lane=0), Unclear(name="no mapping", lane=1)]
    states = RunStates(states={"file.load_0": "failed"}, group_id="file")
    assert left_files(pipeline, unclear, states, Said(), leave_to_next_run=False) == ()


def test_a_zone_that_cannot_be_read_counts_as_left(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(name: str) -> Any:
        raise TransientError(ErrorCode.ZONE_UNAVAILABLE, "cannot be read")

    monkeypatch.setattr(pipeline, "delivery", away)
    left = ending(pipeline, "success", "failed")
    assert (left.behind.token, left.behind.gave_up) == (None, True)


def test_what_is_found_out_in_the_end_is_the_last_word(pipeline: Pipeline) -> None:
    left = ending(pipeline, "failed")
    assert all_outcomes([outcome("b.csv"), outcome("a.csv")], [left]) == (
        left.outcome,
        outcome("b.csv"),
    )
