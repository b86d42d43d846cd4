"""The last task of a generated DAG: says what became of every file, and whether the run failed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_landing_loader.codec import received
from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.hooks.metrics import AirflowMeter
from airflow_landing_loader.loading.model import DbtDue
from airflow_landing_loader.monitoring.metrics import tell_left, tell_refused
from airflow_landing_loader.operators.base import LandingOperator
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.runs.ending import Left, all_outcomes, left_files, unclear_files
from airflow_landing_loader.runs.holdback import dump_held, hold_back, load_held
from airflow_landing_loader.runs.refusals import load_refusals
from airflow_landing_loader.runs.report import RunReport, as_table, failures, summary
from airflow_landing_loader.runs.tasks import MOVES, RunStates
from airflow_landing_loader.xcom import values
from airflow_landing_loader.xcom.keys import (
    ALARM_KEY,
    DUE_KEY,
    ERROR_KEY,
    HELD_KEY,
    LATER_KEY,
    NEWS_KEY,
    WAITING_KEY,
    pull_all,
)

if TYPE_CHECKING:
    from airflow.sdk import Context


class ReportRunOperator(LandingOperator):
    """Say what became of every file, and fail the run if something went wrong.

    Reads the states of the run's tasks and what they left as XCom, so that a task whose worker was
    killed is seen too. Needs ``trigger_rule="all_done"`` and should be the only leaf.

    :param wait_task_id: the :class:`WaitForFilesSensor` task.
    :param group_id: mapped task group of ``validate``, ``load``, ``archive`` and ``fail``.
    :param gate_task_id: the :class:`AnyLoadedOperator` task.
    :param dbt_task_prefix: tasks whose id begins with this are dbt's; ``None``: there are none.
    :param fail_on_files: whether a quarantined file fails the run, or a refused one, once.
    :param leave_to_next_run: a file that could not be moved does not fail the run at once: the next
        runs try again, and the one after 15 minutes fails. For a DAG whose next run begins at once.
    :return: files by status, rows, and how dbt ended.
    :raises AirflowFailException: a file, dbt or a task of the run failed; names each with its
        reason.
    :raises AirflowSkipException: nothing happened.
    """

    def __init__(
        self,
        *,
        wait_task_id: str = "wait_for_files",
        group_id: str = "file",
        gate_task_id: str = "any_loaded",
        dbt_task_prefix: str | None = None,
        fail_on_files: bool = True,
        leave_to_next_run: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.wait_task_id = wait_task_id
        self.group_id = group_id
        self.gate_task_id = gate_task_id
        self.dbt_task_prefix = dbt_task_prefix
        self.fail_on_files = fail_on_files
        self.leave_to_next_run = leave_to_next_run

    def execute(self, context: Context) -> dict[str, Any]:
        """Report; see the class."""
        ti = context["ti"]
        states = self.run_states(context, group_id=self.group_id, dbt_prefix=self.dbt_task_prefix)
        self._record_dbt(context, states)
        outcomes = tuple(self._outcomes(ti))
        left = self._left(context, outcomes, states)
        before = load_held(ti.xcom_pull(task_ids=self.wait_task_id, key=HELD_KEY))
        held = hold_back(before, [file.behind for file in left], time.time())
        if held:
            ti.xcom_push(key=HELD_KEY, value=dump_held(held))
        again = ti.xcom_pull(task_ids=self.gate_task_id, key=LATER_KEY)
        report = RunReport(
            outcomes=all_outcomes(outcomes, left),
            held=held,
            waiting=ti.xcom_pull(task_ids=self.wait_task_id, key=WAITING_KEY) or 0,
            dbt=states.dbt,
            dbt_again=None if again is None else datetime.fromtimestamp(again, UTC),
            dbt_failed=states.dbt_failed,
            broken_tasks=tuple(self._broken(ti, task) for task in states.broken(self.task_id)),
            refused=load_refusals(ti.xcom_pull(task_ids=self.wait_task_id, key=ALARM_KEY)),
            new_notices=tuple(ti.xcom_pull(task_ids=self.wait_task_id, key=NEWS_KEY) or ()),
        )
        self._tell(context, report)
        return self._end(report)

    def _tell(self, context: Context, report: RunReport) -> None:
        """Count what is left in landing, and what is refused there."""
        tell_left(AirflowMeter(), report.outcomes)
        if report.refused:
            with self.core(context) as pipeline:
                table = pipeline.mappings[0].table
            tell_refused(AirflowMeter(), [refusal.code for refusal in report.refused], table)

    def _end(self, report: RunReport) -> dict[str, Any]:
        show = self.show_values
        title = "What became of the files:\n" if report.outcomes else ""
        self.log.info("%s%s", title, as_table(report, show_values=show))
        lines = failures(report, fail_on_files=self.fail_on_files)
        if lines:
            raise AirflowFailException("\n".join(lines))
        if report.nothing_happened:
            raise AirflowSkipException("No file arrived and dbt was not due.")
        return summary(report)

    def _record_dbt(self, context: Context, states: RunStates) -> None:
        """How dbt ended is remembered in the warehouse, so that a failed run is made up for."""
        if states.dbt == "not run":
            return
        said = context["ti"].xcom_pull(task_ids=self.gate_task_id, key=DUE_KEY) or ()
        due = [entry for entry in map(values.load, said) if isinstance(entry, DbtDue)]
        with self.core(context) as pipeline:
            pipeline.warehouse.record_dbt_run(due, succeeded=states.dbt == "succeeded")

    def _outcomes(self, ti: Any) -> Iterator[Outcome]:
        for step in MOVES:
            for pushed in pull_all(ti, f"{self.group_id}.{step}"):
                for fields in pushed["outcomes"]:
                    outcome = values.load(received(fields))
                    if isinstance(outcome, Outcome):
                        yield outcome

    def _left(
        self, context: Context, outcomes: Sequence[Outcome], states: RunStates
    ) -> tuple[Left, ...]:
        ti = context["ti"]
        lanes = received(ti.xcom_pull(task_ids=self.wait_task_id) or [])
        unclear = unclear_files(lanes, outcomes)
        if not unclear:
            return ()

        @cache  # a lane may have thousands of files
        def errors(step: str, lane: int) -> list[ErrorDetail]:
            task = f"{self.group_id}.{step}"
            return values.errors_in(ti.xcom_pull(task_ids=task, key=ERROR_KEY, map_indexes=lane))

        with self.core(context) as pipeline:
            return left_files(
                pipeline, unclear, states, errors, leave_to_next_run=self.leave_to_next_run
            )

    def _broken(self, ti: Any, task: str) -> str:
        errors = values.errors_in(ti.xcom_pull(task_ids=task, key=ERROR_KEY))
        return f"{task} failed: " + ("; ".join(e.text() for e in errors) or "see its log")
