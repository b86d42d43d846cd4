"""The last task of a generated DAG: says what became of every file, and whether the run failed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_landing_loader import serde
from airflow_landing_loader.exceptions import (
    ErrorCode,
    ErrorDetail,
    LandingError,
    TransientError,
)
from airflow_landing_loader.holdback import (
    HeldBack,
    LeftBehind,
    delivery_token,
    dump_held,
    hold_back,
    load_held,
)
from airflow_landing_loader.loading.model import DbtDue
from airflow_landing_loader.operators.base import LandingOperator
from airflow_landing_loader.operators.xcoms import (
    DUE_KEY,
    ERROR_KEY,
    HELD_KEY,
    NEWS_KEY,
    WAITING_KEY,
    pull_all,
)
from airflow_landing_loader.outcome import Outcome
from airflow_landing_loader.report import DbtResult, RunReport, as_table, failures, summary
from airflow_landing_loader.transport import received

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_landing_loader.pipeline import Pipeline

_STEPS = ("validate", "load", "archive", "fail")
_MOVES = ("archive", "fail")
_BAD = ("failed", "upstream_failed")


class ReportRunOperator(LandingOperator):
    """Say what became of every file, and fail the run if something went wrong.

    Reads the states of the run's tasks and what they left as XCom, so that a task whose worker was
    killed is seen too. Needs ``trigger_rule="all_done"`` and should be the only leaf.

    :param wait_task_id: the :class:`WaitForFilesSensor` task.
    :param group_id: mapped task group of ``validate``, ``load``, ``archive`` and ``fail``.
    :param gate_task_id: the :class:`AnyLoadedOperator` task.
    :param dbt_task_prefix: tasks whose id begins with this are dbt's; ``None``: there are none.
    :param fail_on_files: whether a quarantined file fails the run.
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
        run_id = str(context["run_id"])
        found = ti.get_task_states(dag_id=self.dag_id, run_ids=[run_id])
        states: dict[str, str] = {k: str(v) for k, v in found.get(run_id, {}).items()}
        dbt = self._dbt(context, states)
        outcomes, left = self._files(context, states)
        held = hold_back(self._held(ti), left, time.time())
        if held:
            ti.xcom_push(key=HELD_KEY, value=dump_held(held))
        report = RunReport(
            outcomes=outcomes,
            held=held,
            waiting=ti.xcom_pull(task_ids=self.wait_task_id, key=WAITING_KEY) or 0,
            dbt=dbt,
            broken_tasks=tuple(self._broken_tasks(ti, states)),
            news=tuple(ti.xcom_pull(task_ids=self.wait_task_id, key=NEWS_KEY) or ()),
        )
        return self._end(report)

    def _end(self, report: RunReport) -> dict[str, Any]:
        show = self.show_values
        self.log.info("What became of the files:\n%s", as_table(report, show_values=show))
        lines = failures(report, fail_on_files=self.fail_on_files, show_values=show)
        if lines:
            raise AirflowFailException("\n".join(lines))
        if report.nothing_happened:
            raise AirflowSkipException("No file arrived and dbt was not due.")
        return summary(report)

    def _held(self, ti: Any) -> tuple[HeldBack, ...]:
        return load_held(ti.xcom_pull(task_ids=self.wait_task_id, key=HELD_KEY))

    def _dbt(self, context: Context, states: dict[str, str]) -> DbtResult:
        """How dbt ended, remembered in the warehouse, so that a failed run is made up for."""
        if self.dbt_task_prefix is None:
            return "not run"
        ended = {s for task, s in states.items() if task.startswith(self.dbt_task_prefix)}
        if "failed" not in ended and "success" not in ended:
            return "not run"
        succeeded = "failed" not in ended
        said = context["ti"].xcom_pull(task_ids=self.gate_task_id, key=DUE_KEY) or ()
        due = [entry for entry in map(serde.load, said) if isinstance(entry, DbtDue)]
        with self.core(context) as pipeline:
            pipeline.warehouse.record_dbt_run(due, succeeded=succeeded)
        return "succeeded" if succeeded else "failed"

    def _files(
        self, context: Context, states: dict[str, str]
    ) -> tuple[tuple[Outcome, ...], list[LeftBehind]]:
        """Outcomes of all files of the run, and those that are still in landing."""
        ti = context["ti"]
        lanes = received(ti.xcom_pull(task_ids=self.wait_task_id) or [])
        lane_of = {name: index for index, lane in enumerate(lanes) for name in lane}
        outcomes = {outcome.name: outcome for outcome in self._outcomes(ti)}
        unclear = [n for n in lane_of if n not in outcomes or outcomes[n].status == "left"]
        left: list[LeftBehind] = []
        if unclear:
            with self.core(context) as pipeline:
                for name in unclear:
                    there, token = _in_landing(pipeline, name)
                    if not there:
                        continue  # somebody else has dealt with it
                    lane = lane_of[name]
                    bad = [s for s in _STEPS if self._state(states, s, lane) in _BAD]
                    not_moved = any(self._state(states, s, lane) == "failed" for s in _MOVES)
                    gave_up = bool(bad) and not (not_moved and self.leave_to_next_run)
                    if name not in outcomes:
                        outcomes[name] = self._left(ti, pipeline, name, lane, bad)
                    error = outcomes[name].error
                    code = error.code if error else ErrorCode.INTERNAL_UNEXPECTED.value
                    left.append(LeftBehind(name=name, token=token, code=code, gave_up=gave_up))
        return tuple(outcomes[name] for name in sorted(outcomes)), left

    def _outcomes(self, ti: Any) -> Iterator[Outcome]:
        for step in ("archive", "fail"):
            for pushed in pull_all(ti, f"{self.group_id}.{step}"):
                for fields in pushed["outcomes"]:
                    outcome = serde.load(received(fields))
                    if isinstance(outcome, Outcome):
                        yield outcome

    def _left(
        self, ti: Any, pipeline: Pipeline, name: str, lane: int, bad: Sequence[str]
    ) -> Outcome:
        """The outcome of a file that no task gave one for."""
        errors = [error for step in _STEPS for error in self._errors(ti, step, lane)]
        tasks = ", ".join(f"{self.group_id}.{step}" for step in bad) or "its tasks"
        silent = ErrorDetail(
            code=ErrorCode.INTERNAL_UNEXPECTED.value,
            message=f"{tasks} ended without a word.",
            hint="See the task's log; perhaps its worker was killed.",
            file=name,
            transient=True,
        )
        return Outcome(
            name=name,
            table=pipeline.mappings[0].table,
            status="left",
            rows=0,
            rejected=0,
            uri=f"{pipeline.zones.landing.path}/{name}",
            error=errors[0] if errors else silent,
        )

    def _errors(self, ti: Any, step: str, lane: int) -> Iterator[ErrorDetail]:
        pushed = ti.xcom_pull(task_ids=f"{self.group_id}.{step}", key=ERROR_KEY, map_indexes=lane)
        yield from _details(pushed)

    def _state(self, states: dict[str, str], step: str, lane: int) -> str:
        return states.get(f"{self.group_id}.{step}_{lane}", "")

    def _broken_tasks(self, ti: Any, states: dict[str, str]) -> Iterator[str]:
        """Failed tasks that stand for no file and not for dbt."""
        for task, state in sorted(states.items()):
            in_lane = task.startswith(f"{self.group_id}.") and task.rpartition("_")[2].isdigit()
            of_dbt = self.dbt_task_prefix is not None and task.startswith(self.dbt_task_prefix)
            if state == "failed" and not in_lane and not of_dbt and task != self.task_id:
                errors = _details(ti.xcom_pull(task_ids=task, key=ERROR_KEY))
                yield f"{task} failed: " + ("; ".join(e.text() for e in errors) or "see its log")


def _details(pushed: dict[str, Any] | None) -> list[ErrorDetail]:
    errors = map(serde.load, received(pushed["errors"])) if pushed else ()
    return [error for error in errors if isinstance(error, ErrorDetail)]


def _in_landing(pipeline: Pipeline, name: str) -> tuple[bool, str | None]:
    """Whether a file is still in landing, and its token, if that can be found out."""
    try:
        return True, delivery_token(pipeline.delivery(name))
    except TransientError as error:
        return error.code is not ErrorCode.LANDING_DISAPPEARED, None
    except LandingError:
        return False, None
