"""What the states of a run's tasks say."""

from __future__ import annotations

import pytest

from airflow_landing_loader.runs.tasks import LaneStates, RunStates


def run(states: dict[str, str]) -> RunStates:
    return RunStates(states=states, group_id="file", dbt_prefix="dbt.")


@pytest.mark.parametrize(
    ("states", "dbt"),
    [
        ({"dbt.start": "success", "dbt.m": "success"}, "succeeded"),
        ({"dbt.start": "success", "dbt.m": "skipped"}, "succeeded"),
        ({"dbt.start": "success", "dbt.m": "failed"}, "failed"),
        ({"dbt.start": "success", "dbt.a": "failed", "dbt.b": "upstream_failed"}, "failed"),
        ({"dbt.start": "skipped", "dbt.m": "skipped"}, "not run"),
        ({"dbt.start": "upstream_failed"}, "not run"),
        ({"any_loaded": "failed"}, "not run"),
        ({}, "not run"),
    ],
)
def test_how_dbt_ended(states: dict[str, str], dbt: str) -> None:
    assert run(states).dbt == dbt
    failed = tuple(sorted(t for t, s in states.items() if s == "failed" and t.startswith("dbt.")))
    assert run(states).dbt_failed == failed
    assert RunStates(states=states).dbt == "not run"


def test_a_lane_is_told_from_others_of_similar_numbers() -> None:
    states = run(
        {
            "file.validate_1": "success",
            "file.load_1": "failed",
            "file.archive_1": "upstream_failed",
            "file.fail_1": "skipped",
            "file.validate_11": "failed",
        }
    )
    assert states.of_lane(1) == LaneStates(
        bad=("load", "archive"), spoke=("load", "fail"), not_moved=False
    )
    assert states.of_lane(11).bad == ("validate",)
    assert states.of_lane(2) == LaneStates()


@pytest.mark.parametrize("step", ["archive", "fail"])
def test_a_file_was_not_moved_when_the_step_that_moves_it_failed(step: str) -> None:
    assert run({f"file.{step}_0": "failed"}).of_lane(0).not_moved
    assert not run({f"file.{step}_0": "upstream_failed"}).of_lane(0).not_moved


def test_broken_tasks_are_those_that_stand_for_no_file_and_not_for_dbt() -> None:
    states = dict.fromkeys(
        ("wait_for_files", "any_loaded", "file.validate", "file.load_0", "dbt.m", "report"),
        "failed",
    )
    states |= {"ok": "success", "later": "upstream_failed"}
    assert run(states).broken("report") == ("any_loaded", "file.validate", "wait_for_files")
    assert run(states).is_bad("later")
    assert not run(states).is_bad("ok")
    assert not run(states).is_bad("unknown")
