"""When the loop runs dbt, and what it makes of a failure."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_landing_loader.cli import failures
from airflow_landing_loader.cli.failures import ExitCode
from airflow_landing_loader.cli.loop.dbt_step import DbtStep
from airflow_landing_loader.cli.loop.run_log import RunLog
from airflow_landing_loader.cli.loop.stop import Stop, StopRequested
from airflow_landing_loader.cli.terminal import Screen
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.dbt import command
from airflow_landing_loader.dbt.command import DbtResult
from airflow_landing_loader.dbt.results import DbtNodeResult
from airflow_landing_loader.exceptions import (
    ConfigurationError,
    ErrorCode,
    ErrorDetail,
    TransientError,
)
from airflow_landing_loader.loading.model import DbtDue
from airflow_landing_loader.settings import Settings

MAPPINGS = (
    TableMapping(pattern="a_*.csv", table="raw_a"),
    TableMapping(pattern="b_*.csv", table="raw_b"),
    TableMapping(pattern="c_*.csv", table="raw_c", dbt=False),
)
NODE = DbtNodeResult(
    unique_id="model.p.m", name="m", kind="model", status="ok", message="", seconds=0.1
)


@dataclass
class _Warehouse:
    due: tuple[DbtDue, ...] = (DbtDue(table="raw_a", sequence=3, last_attempt=None),)
    asked: list[list[str]] = field(default_factory=list)
    recorded: list[tuple[tuple[str, ...], bool]] = field(default_factory=list)

    def dbt_due(self, tables: Sequence[str]) -> tuple[DbtDue, ...]:
        self.asked.append(list(tables))
        return self.due

    def record_dbt_run(self, due: Sequence[DbtDue], *, succeeded: bool) -> None:
        self.recorded.append((tuple(d.table for d in due), succeeded))


@dataclass
class _Stage:
    step: DbtStep
    warehouse: _Warehouse
    stream: io.StringIO
    ran: list[list[str]]
    stop: Stop


@pytest.fixture
def stage(
    settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., _Stage]]:
    with Stop() as stop:

        def make(result: DbtResult | Exception | None = None, **options: Any) -> _Stage:
            ran: list[list[str]] = []

            def run_dbt(_: Settings, tables: Sequence[str], *, on_line: Any) -> DbtResult:
                ran.append(list(tables))
                on_line("waiting for database x: held by pid 1")
                on_line("1 of 1 OK; value 4711")
                if isinstance(result, Exception):
                    raise result
                return result or DbtResult(nodes=(NODE,))

            monkeypatch.setattr(command, "run_dbt", run_dbt)
            warehouse, stream = _Warehouse(), io.StringIO()
            chosen = settings(**{"dbt_mode": "per_table", **options})
            log = RunLog(Screen(stream))
            step = DbtStep(chosen, warehouse, log, stop)  # type: ignore[arg-type]
            return _Stage(step=step, warehouse=warehouse, stream=stream, ran=ran, stop=stop)

        yield make


Make = Callable[..., _Stage]


def test_dbt_runs_for_what_is_due_and_that_is_written_down(stage: Make) -> None:
    played = stage()
    assert played.step.run(MAPPINGS, patient=True) == ExitCode.GOOD
    assert played.warehouse.asked == [["raw_a", "raw_b"]]
    assert played.ran == [["raw_a"]]
    assert played.warehouse.recorded == [(("raw_a",), True)]
    assert "dbt: 1 ok" in played.stream.getvalue()


def test_dbt_that_is_off_costs_nothing(stage: Make) -> None:
    played = stage(dbt_mode="auto")
    assert played.step.run(MAPPINGS, patient=True) == ExitCode.GOOD
    assert played.warehouse.asked == []


def test_nothing_due(stage: Make) -> None:
    played = stage()
    played.warehouse.due = ()
    assert played.step.run(MAPPINGS, patient=False) == ExitCode.GOOD
    assert (played.ran, played.stream.getvalue()) == ([], "")


def test_a_failure_is_written_down_and_is_the_datas_fault(stage: Make) -> None:
    error = ErrorDetail(code="dbt.failed", message="model m failed")
    played = stage(DbtResult(nodes=(NODE,), error=error))
    assert played.step.run(MAPPINGS, patient=True) == ExitCode.DATA
    assert played.warehouse.recorded == [(("raw_a",), False)]
    assert played.step.failure == error
    assert "[dbt.failed] model m failed" in played.stream.getvalue()


@pytest.mark.parametrize(
    ("minutes", "patient", "runs"), [(9, True, 0), (11, True, 1), (9, False, 1)]
)
def test_a_failure_pauses_ten_minutes(stage: Make, minutes: int, patient: bool, runs: int) -> None:
    played = stage()
    at = datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=minutes)
    played.warehouse.due = (DbtDue(table="raw_a", sequence=3, last_attempt=at),)
    played.step.run(MAPPINGS, patient=patient)
    assert len(played.ran) == runs


def test_missing_dbt_is_the_environments_fault_and_is_not_tried_at_each_poll(stage: Make) -> None:
    played = stage(ConfigurationError(ErrorCode.DBT_NOT_INSTALLED, "no dbt"))
    assert played.step.run(MAPPINGS, patient=True) == ExitCode.ENVIRONMENT
    assert played.step.run(MAPPINGS, patient=True) == ExitCode.GOOD
    assert len(played.ran) == 1
    assert played.warehouse.recorded == []
    assert played.step.run(MAPPINGS, patient=False) == ExitCode.ENVIRONMENT


def test_a_held_database_is_for_the_caller(stage: Make) -> None:
    played = stage(TransientError(ErrorCode.WAREHOUSE_LOCKED, "held"))
    with pytest.raises(TransientError):
        played.step.run(MAPPINGS, patient=True)
    assert played.warehouse.recorded == []


def test_a_stop_ends_dbt_and_leaves_it_due(stage: Make) -> None:
    played = stage()
    os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(StopRequested):
        played.step.run(MAPPINGS, patient=True)
    assert played.warehouse.recorded == []


def test_dbts_own_lines_may_quote_values_and_are_shown_on_demand(stage: Make) -> None:
    quiet, open_ = stage(), stage(show_values=True)
    quiet.step.run(MAPPINGS, patient=True)
    assert "waiting for database x: held by pid 1" in quiet.stream.getvalue()
    assert "4711" not in quiet.stream.getvalue()
    open_.step.run(MAPPINGS, patient=True)
    assert "4711" in open_.stream.getvalue()


def test_debug_shows_dbts_lines_too(stage: Make) -> None:
    played = stage()
    token = failures.debug.set(True)
    try:
        played.step.run(MAPPINGS, patient=True)
    finally:
        failures.debug.reset(token)
    assert "4711" in played.stream.getvalue()
