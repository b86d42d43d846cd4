"""What the last tasks of a run know of it: what became of every file, and how everything ended."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from airflow_landing_loader.codec import received
from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.operators.base import LandingOperator
from airflow_landing_loader.operators.executions import lanes_worked
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.runs.ending import Left, all_outcomes, left_files, unclear_files
from airflow_landing_loader.runs.holdback import hold_back, load_held
from airflow_landing_loader.runs.layers import Span
from airflow_landing_loader.runs.refusals import load_refusals
from airflow_landing_loader.runs.report import RunReport
from airflow_landing_loader.runs.tasks import MOVES, RunStates
from airflow_landing_loader.xcom import values
from airflow_landing_loader.xcom.keys import (
    ALARM_KEY,
    ERROR_KEY,
    HELD_KEY,
    LATER_KEY,
    NEWS_KEY,
    WAITING_KEY,
    pull_all,
)

if TYPE_CHECKING:
    from airflow.sdk import Context


@dataclass(frozen=True, kw_only=True)
class RunEnd:
    """A run at its end.

    :param states: how its tasks ended.
    :param lanes: when its lanes worked, as far as they have said.
    """

    states: RunStates
    report: RunReport
    lanes: Span


class RunEndOperator(LandingOperator):
    """Base of the tasks that say how a run ended.

    Reads the states of the run's tasks and what they left as XCom, so that a task whose worker was
    killed is seen too. Needs ``trigger_rule="all_done"``.

    :param wait_task_id: the :class:`WaitForFilesSensor` task.
    :param group_id: mapped task group of ``validate``, ``load``, ``archive`` and ``fail``.
    :param gate_task_id: the :class:`AnyLoadedOperator` task.
    :param publish_task_id: the :class:`PublishRunOperator` task; ``None``: there is none.
    :param dbt_task_prefix: tasks whose id begins with this are dbt's; ``None``: there are none.
    :param fail_on_files: whether a quarantined file fails the run, or a refused one, once.
    :param leave_to_next_run: a file that could not be moved does not fail the run at once: the next
        runs try again, and the one after 15 minutes fails. For a DAG whose next run begins at once.
    """

    def __init__(
        self,
        *,
        wait_task_id: str = "wait_for_files",
        group_id: str = "file",
        gate_task_id: str = "any_loaded",
        publish_task_id: str | None = None,
        dbt_task_prefix: str | None = None,
        fail_on_files: bool = True,
        leave_to_next_run: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.wait_task_id = wait_task_id
        self.group_id = group_id
        self.gate_task_id = gate_task_id
        self.publish_task_id = publish_task_id
        self.dbt_task_prefix = dbt_task_prefix
        self.fail_on_files = fail_on_files
        self.leave_to_next_run = leave_to_next_run

    def run_end(self, context: Context) -> RunEnd:
        """How the run ended, as far as it has."""
        ti = context["ti"]
        states = self.run_states(context, group_id=self.group_id, dbt_prefix=self.dbt_task_prefix)
        said = [pushed for step in MOVES for pushed in pull_all(ti, f"{self.group_id}.{step}")]
        outcomes = tuple(_outcomes(said))
        left = self._left(context, outcomes, states)
        before = load_held(ti.xcom_pull(task_ids=self.wait_task_id, key=HELD_KEY))
        again = ti.xcom_pull(task_ids=self.gate_task_id, key=LATER_KEY)
        tellers = (self.task_id, *([self.publish_task_id] if self.publish_task_id else []))
        report = RunReport(
            outcomes=all_outcomes(outcomes, left),
            held=hold_back(before, [file.behind for file in left], time.time()),
            waiting=ti.xcom_pull(task_ids=self.wait_task_id, key=WAITING_KEY) or 0,
            dbt=states.dbt,
            dbt_again=None if again is None else datetime.fromtimestamp(again, UTC),
            dbt_failed=states.dbt_failed,
            broken_tasks=tuple(self._broken(ti, task) for task in states.broken(*tellers)),
            refused=load_refusals(ti.xcom_pull(task_ids=self.wait_task_id, key=ALARM_KEY)),
            new_notices=tuple(ti.xcom_pull(task_ids=self.wait_task_id, key=NEWS_KEY) or ()),
        )
        return RunEnd(states=states, report=report, lanes=lanes_worked(said))

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


def _outcomes(said: Sequence[dict[str, Any]]) -> Iterator[Outcome]:
    """The outcomes of files, from what the last tasks of lanes have returned."""
    for pushed in said:
        for fields in pushed["outcomes"]:
            outcome = values.load(received(fields))
            if isinstance(outcome, Outcome):
                yield outcome
