from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_landing_loader.dbt.results import DbtNodeRun, DbtTaskRun
from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.loading.model import DbtDue
from airflow_landing_loader.operators.report import ReportRunOperator
from airflow_landing_loader.xcom import values as serde


class Core:
    """A stand-in for the pipeline that knows what lies in landing."""

    def __init__(self, values: Any, *present: str) -> None:
        self.values = values
        self.present = present
        self.mappings = (values.mapping,)
        self.zones = SimpleNamespace(landing=SimpleNamespace(path="/landing"))
        self.dbt: list[tuple[str, bool]] = []
        self.executions: list[Any] = []
        self.warehouse = SimpleNamespace(
            record_dbt_run=self._record,
            record_executions=self.executions.extend,
            row_counts=lambda tables: dict.fromkeys(tables, 7),
        )

    def delivery(self, name: str) -> Any:
        if name not in self.present:
            raise TransientError(ErrorCode.LANDING_DISAPPEARED, "is gone")
        return self.values.delivery(name)

    def _record(self, due: Any, *, succeeded: bool, executions: Any) -> None:
        self.dbt += [(entry.table, succeeded) for entry in due]
        self.executions.extend(executions)


@pytest.fixture
def report(make: Callable[..., Any], values: Any, ti: Any) -> Callable[..., Any]:
    """Run the report: lanes, states and outcomes in, the operator's end out."""

    def build(
        lanes: list[list[str]] | None,
        states: dict[str, str],
        archived: dict[int, list[Any]] | None = None,
        present: tuple[str, ...] = (),
        **arguments: Any,
    ) -> Any:
        ti.task_id = "report"
        ti.states = states
        if lanes is not None:
            ti.put("wait_for_files", lanes)
        for index, outcomes in (archived or {}).items():
            ti.put("file.archive", {"outcomes": [serde.dump(o) for o in outcomes]}, index=index)
        return make(ReportRunOperator, Core(values, *present), task_id="report", **arguments)

    return build


def test_a_good_run(report: Any, values: Any, context: Any, ti: Any) -> None:
    task = report([["a.csv"]], {"file.load_0": "success"}, {0: [values.outcome("a.csv")]})
    assert task.execute(context)["loaded"] == 1
    assert ti.pushed("landing_held") is None


def test_nothing_at_all_is_skipped(report: Any, context: Any) -> None:
    with pytest.raises(AirflowSkipException):
        report(None, {"wait_for_files": "skipped"}).execute(context)


def test_a_quarantined_file_fails_the_run_with_its_reason(
    report: Any, values: Any, context: Any
) -> None:
    bad = values.outcome("b.csv", "failed", error=values.refused("b.csv").error)
    states = {"file.validate_0": "failed"}
    with pytest.raises(AirflowFailException, match=r"csv\.ragged\] b\.csv is in the failed zone"):
        report([["b.csv"]], states, {0: [bad]}).execute(context)
    task = report([["b.csv"]], states, {0: [bad]}, fail_on_files=False)
    assert task.execute(context)["failed"] == 1


def test_a_task_that_died_leaves_its_file_and_fails_the_run(
    report: Any, context: Any, ti: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    states = {"file.load_0": "failed", "file.archive_0": "upstream_failed"}
    with pytest.raises(AirflowFailException, match=r"\[internal\.unexpected\] a\.csv is still"):
        report([["a.csv"]], states, present=("a.csv",), fail_on_files=False).execute(context)
    assert "file.load, file.archive ended without a word" in capsys.readouterr().out
    (held,) = ti.pushed("landing_held")
    assert (held["name"], held["token"], held["failed"]) == ("a.csv", "t-a.csv/", True)


def test_a_task_that_gave_up_says_why(report: Any, values: Any, context: Any, ti: Any) -> None:
    error = values.refused(transient=True).error
    ti.put("file.load", {"errors": [serde.dump(error)]}, key="landing_error", index=0)
    with pytest.raises(AirflowFailException, match=r"landing\.changed"):
        report([["a.csv"]], {"file.load_0": "failed"}, present=("a.csv",)).execute(context)
    assert ti.not_found == []


def test_where_runs_follow_at_once_a_file_that_could_not_be_moved_has_its_time(
    report: Any, values: Any, context: Any, ti: Any
) -> None:
    error = values.refused(transient=True).error
    states = {"file.validate_0": "failed", "file.fail_0": "failed"}
    outcomes = {0: [values.outcome("a.csv", "left", error=error)]}
    task = report([["a.csv"]], states, outcomes, present=("a.csv",), leave_to_next_run=True)
    assert task.execute(context)["left"] == 1
    assert ti.pushed("landing_held")[0]["failed"] is False


def test_a_skipped_lane_leaves_its_file_with_its_reason(
    report: Any, values: Any, context: Any, ti: Any
) -> None:
    error = serde.dump(values.refused(transient=True).error)
    ti.put("file.validate", {"errors": [error]}, key="landing_error", index=0)
    states = {f"file.{step}_0": "skipped" for step in ("validate", "load", "archive", "fail")}
    assert report([["a.csv"]], states, present=("a.csv",)).execute(context)["left"] == 1
    assert ti.pushed("landing_held")[0]["code"] == "landing.changed"


def test_a_file_left_by_the_way_does_not_fail_the_run_yet(
    report: Any, values: Any, context: Any, ti: Any
) -> None:
    error = values.refused("b.csv", transient=True).error
    outcomes = [values.outcome("a.csv"), values.outcome("b.csv", "left", error=error)]
    states = {f"file.{step}_0": "success" for step in ("validate", "load", "archive")}
    task = report([["a.csv", "b.csv"]], states, {0: outcomes}, present=("b.csv",))
    assert task.execute(context)["left"] == 1
    (held,) = ti.pushed("landing_held")
    assert (held["name"], held["failed"]) == ("b.csv", False)


def test_a_file_that_has_gone_is_no_ones_failure(report: Any, context: Any, ti: Any) -> None:
    with pytest.raises(AirflowSkipException):
        report([["a.csv"]], {"file.validate_0": "skipped"}).execute(context)
    assert ti.pushed("landing_held") is None


def test_what_waits_longer_is_handed_on(report: Any, context: Any, ti: Any) -> None:
    far = {
        "name": "old.csv",
        "token": None,
        "code": "x",
        "since": 0.0,
        "until": 4e9,
        "failed": True,
    }
    ti.put("wait_for_files", [far], key="landing_held")
    with pytest.raises(AirflowSkipException):
        report(None, {"wait_for_files": "skipped"}).execute(context)
    assert ti.pushed("landing_held") == [far]


def test_any_other_failed_task_fails_the_run(report: Any, context: Any) -> None:
    with pytest.raises(AirflowFailException, match="wait_for_files failed: see its log"):
        report(None, {"wait_for_files": "failed", "report": "failed"}).execute(context)


@pytest.mark.parametrize(
    ("states", "told", "failed"),
    [
        ({"dbt.start": "success", "dbt.m": "success"}, [("raw_a", True)], False),
        ({"dbt.start": "success", "dbt.m": "failed"}, [("raw_a", False)], True),
        ({"dbt.start": "skipped", "dbt.m": "skipped"}, [], False),
    ],
)
def test_how_dbt_ended_is_remembered(
    report: Any,
    values: Any,
    context: Any,
    ti: Any,
    states: dict[str, str],
    told: list[Any],
    failed: bool,
) -> None:
    due = DbtDue(table="raw_a", sequence=4, last_attempt=None)
    ti.put("any_loaded", [serde.dump(due)], key="landing_dbt_due")
    archived = {0: [values.outcome("a.csv")]}
    task = report([["a.csv"]], states, archived, dbt_task_prefix="dbt.")
    core = task.make_pipeline(context)
    if failed:
        with pytest.raises(AirflowFailException, match="dbt failed"):
            task.execute(context)
    else:
        task.execute(context)
    assert core.dbt == told


def test_a_green_run_tells_that_dbt_is_held_back(
    report: Any, values: Any, context: Any, ti: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    ti.put("any_loaded", 1764403549.5, key="landing_dbt_later")
    task = report([["a.csv"]], {}, {0: [values.outcome("a.csv")]}, dbt_task_prefix="dbt.")
    assert task.execute(context)["dbt"] == "not run"
    assert "dbt: failed before, again from 2025-11-29 08:06 UTC" in capsys.readouterr().out


class TestTheBooks:
    def test_a_run_and_its_load(self, report: Any, values: Any, context: Any) -> None:
        task = report([["a.csv"]], {"file.load_0": "success"}, {0: [values.outcome("a.csv")]})
        core = task.make_pipeline(context)
        task.execute(context)
        assert [(r.layer, r.status, r.run_id) for r in core.executions] == [
            ("run", "completed", "run-2"),
            ("bronze", "completed", "run-2"),
        ]

    def test_a_failed_run_is_kept_too(self, report: Any, values: Any, context: Any) -> None:
        bad = values.outcome("b.csv", "failed", error=values.refused("b.csv", value="cell").error)
        task = report([["b.csv"]], {"file.validate_0": "failed"}, {0: [bad]})
        core = task.make_pipeline(context)
        with pytest.raises(AirflowFailException):
            task.execute(context)
        assert [(r.layer, r.status) for r in core.executions] == [
            ("run", "failed"),
            ("bronze", "failed"),
        ]
        assert "cell" not in str(core.executions)

    def test_with_dbt_all_is_written_at_once(
        self, report: Any, values: Any, context: Any, ti: Any
    ) -> None:
        due = DbtDue(table="raw_a", sequence=4, last_attempt=None)
        ti.put("any_loaded", [serde.dump(due)], key="landing_dbt_due")
        began = datetime(2024, 1, 15, 7, tzinfo=UTC)
        node = DbtNodeRun(
            name="stg_a", kind="model", layer="silver", status="ok", table=("main", "stg_a")
        )
        done = DbtTaskRun(name="stg_a", layer="silver", began=began, ended=began, nodes=(node,))
        ti.put("dbt.stg_a", serde.dump(done), key="landing_dbt")
        states = {"dbt.start": "success", "dbt.stg_a": "success"}
        archived = {0: [values.outcome("a.csv")]}
        task = report([["a.csv"]], states, archived, dbt_task_prefix="dbt.")
        core = task.make_pipeline(context)
        core.warehouse.record_executions = None
        task.execute(context)
        assert [(r.layer, r.records_processed) for r in core.executions] == [
            ("run", 2),
            ("bronze", 2),
            ("silver", 7),
        ]

    def test_a_database_that_is_held_fails_no_run(
        self, report: Any, values: Any, context: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def held(records: Any) -> None:
            raise TransientError(ErrorCode.WAREHOUSE_LOCKED, "somebody loads")

        task = report([["a.csv"]], {"file.load_0": "success"}, {0: [values.outcome("a.csv")]})
        task.make_pipeline(context).warehouse.record_executions = held
        assert task.execute(context)["loaded"] == 1
        assert (
            "not in load_executions: [warehouse.locked] somebody loads" in capsys.readouterr().out
        )

    def test_nothing_is_written_of_nothing(self, report: Any, context: Any) -> None:
        task = report(None, {"wait_for_files": "skipped"})
        core = task.make_pipeline(context)
        with pytest.raises(AirflowSkipException):
            task.execute(context)
        assert core.executions == []
