"""When the operators tell numbers, and when not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.hooks import metrics
from airflow_landing_loader.operators.landing import ArchiveFilesOperator, LoadFilesOperator
from airflow_landing_loader.operators.report import ReportRunOperator
from airflow_landing_loader.runs.refusals import Refusal, dump_refusals
from airflow_landing_loader.xcom.batches import dump_batch
from airflow_landing_loader.xcom.keys import ALARM_KEY

Make = Callable[..., Any]


@dataclass
class Stats:
    """Airflow's, which remembers."""

    counts: Counter[str] = field(default_factory=Counter)
    timed: list[str] = field(default_factory=list)

    def incr(self, name: str, number: int, *, tags: dict[str, str]) -> None:
        assert tags == {"table": "raw_a"}
        self.counts[name] += number

    def timing(self, name: str, took: Any, *, tags: dict[str, str]) -> None:
        self.timed.append(name)


@pytest.fixture
def stats(monkeypatch: pytest.MonkeyPatch) -> Stats:
    made = Stats()
    monkeypatch.setattr(metrics, "Stats", made)
    return made


def pipeline(**steps: Callable[..., Any]) -> Any:
    warehouse = SimpleNamespace(
        row_counts=lambda tables: {}, record_executions=lambda records: None
    )
    table = SimpleNamespace(table="raw_a")
    return SimpleNamespace(mappings=(table,), warehouse=warehouse, **steps)


def test_a_failed_file_is_counted_once_however_often_the_move_is_tried(
    make: Make, values: Any, context: Any, stats: Stats
) -> None:
    bad, stuck = values.refused("a.csv"), values.loaded("b.csv")
    failed = values.outcome("a.csv", "failed", error=bad.error)
    left = values.outcome("b.csv", "left", error=values.refused(transient=True).error)
    archived = values.outcome("b.csv")
    tries = iter([(failed, left), (failed, archived)])
    batch = dump_batch([bad, stuck])
    task = make(ArchiveFilesOperator, pipeline(finish=lambda _: next(tries)), verdicts=batch)
    with pytest.raises(AirflowException):
        task.execute(context)
    assert not stats.counts
    task.execute(context)
    assert stats.counts == {"landing_loader.failures.csv_ragged": 1}
    assert set(stats.timed) == {"landing_loader.step.archive"}


def test_a_step_that_ends_by_an_exception_tells_nothing(
    make: Make, values: Any, context: Any, stats: Stats
) -> None:
    def locked(_: Any) -> Any:
        raise RuntimeError

    batch = dump_batch([values.validated()])
    with pytest.raises(RuntimeError):
        make(LoadFilesOperator, pipeline(load=locked), validated=batch).execute(context)
    assert (stats.counts, stats.timed) == ({}, [])


def test_the_report_counts_what_is_refused_where_it_lies(
    make: Make, context: Any, ti: Any, stats: Stats
) -> None:
    code = ErrorCode.LANDING_TWO_PATTERNS.value
    refusals = [Refusal(name=name, code=code, due=0.0) for name in ("x.csv", "y.csv")]
    ti.put("wait_for_files", dump_refusals(refusals), key=ALARM_KEY)
    ti.put("wait_for_files", [])
    task = make(ReportRunOperator, pipeline(), task_id="report")
    with pytest.raises(AirflowFailException):
        task.execute(context)
    assert stats.counts == {"landing_loader.failures.landing_two_patterns": 2}
