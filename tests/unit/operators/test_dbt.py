from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_landing_loader.loading.model import DbtDue, RunContext
from airflow_landing_loader.operators.dbt import DbtDueOperator, ReportDbtOperator
from airflow_landing_loader.xcom import values

Make = Callable[..., Any]


def due(table: str = "raw_a", failed_ago: timedelta | None = None) -> DbtDue:
    at = None if failed_ago is None else datetime.now(UTC).replace(tzinfo=None) - failed_ago
    return DbtDue(table=table, sequence=4, last_attempt=at)


def core(*entries: DbtDue, runs: list[Any] | None = None) -> Any:
    asked: list[Any] = []
    warehouse = SimpleNamespace(
        dbt_due=lambda tables: asked.append(tables) or entries,
        record_dbt_run=lambda due, *, succeeded, executions: (runs or asked).append(
            (due, succeeded, executions)
        ),
        row_counts=lambda tables: dict.fromkeys(tables, 7),
        record_events=lambda records: None,
    )
    mappings = tuple(SimpleNamespace(table=table) for table in ("raw_b", "raw_a", "raw_b"))
    return SimpleNamespace(warehouse=warehouse, mappings=mappings, asked=asked, run=RunContext())


class TestDue:
    def test_what_is_due_is_handed_on(self, make: Make, context: Any, ti: Any) -> None:
        pipeline = core(due("raw_a"), due("raw_b"))
        assert make(DbtDueOperator, pipeline).execute(context) == ["raw_a", "raw_b"]
        assert [values.load(v) for v in ti.pushed("landing_dbt_due")] == [
            due("raw_a"),
            due("raw_b"),
        ]
        assert pipeline.asked == [["raw_a", "raw_b"]]

    def test_nothing_is_due(self, make: Make, context: Any, ti: Any) -> None:
        with pytest.raises(AirflowSkipException, match="covered all loads"):
            make(DbtDueOperator, core()).execute(context)
        assert ti.pushed("landing_dbt_due") is None

    def test_a_fresh_failure_holds_all_back(self, make: Make, context: Any, ti: Any) -> None:
        pipeline = core(due("raw_a", timedelta(minutes=9)), due("raw_b"))
        with pytest.raises(AirflowSkipException, match=r"before \d{4}-\d\d-\d\d \d\d:\d\d UTC\.$"):
            make(DbtDueOperator, pipeline).execute(context)
        assert ti.pushed("landing_dbt_due") is None

    def test_an_older_failure_does_not(self, make: Make, context: Any) -> None:
        pipeline = core(due("raw_a", timedelta(minutes=11)))
        assert make(DbtDueOperator, pipeline).execute(context) == ["raw_a"]


class TestReport:
    @pytest.fixture
    def report(
        self, make: Make, context: Any, ti: Any, executions: list[Any]
    ) -> Callable[..., Any]:
        def run(states: dict[str, str], *tables: DbtDue) -> tuple[Any, list[Any]]:
            runs: list[Any] = [None]
            ti.states = states
            if tables:
                ti.put("due", [values.dump(entry) for entry in tables], key="landing_dbt_due")
            operator = make(ReportDbtOperator, core(runs=runs))
            try:
                said: Any = operator.execute(context)
            except (AirflowFailException, AirflowSkipException) as error:
                said = error
            executions[:] = [record for run in runs[1:] for record in run[2]]
            return said, [run[:2] for run in runs[1:]]

        return run

    @pytest.fixture
    def executions(self) -> list[Any]:
        """What the last report has written of its run."""
        return []

    def test_success(self, report: Any) -> None:
        states = {"due": "success", "dbt.start": "success", "dbt.a": "success", "dbt.b": "skipped"}
        said, runs = report(states, due("raw_a"), due("raw_b"))
        assert said == ["raw_a", "raw_b"]
        assert runs == [([due("raw_a"), due("raw_b")], True)]

    def test_nothing_below_the_tables(self, report: Any) -> None:
        assert report({"due": "success"}, due())[1] == [([due()], True)]

    def test_failure(self, report: Any) -> None:
        states = {"due": "success", "dbt.a": "failed", "dbt.b": "upstream_failed"}
        error, runs = report(states, due())
        assert isinstance(error, AirflowFailException)
        assert "[dbt.failed] dbt failed in dbt.a." in str(error)
        assert runs == [([due()], False)]

    @pytest.mark.parametrize("state", ["failed", "upstream_failed"])
    def test_nobody_could_say_what_is_due(self, report: Any, state: str) -> None:
        error, runs = report({"due": state, "dbt.start": "upstream_failed"})
        assert isinstance(error, AirflowFailException)
        assert runs == []

    def test_not_due(self, report: Any) -> None:
        error, runs = report({"due": "skipped", "dbt.start": "skipped"})
        assert isinstance(error, AirflowSkipException)
        assert runs == []
