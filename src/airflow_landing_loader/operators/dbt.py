"""What stands before and behind dbt in the DAG that runs it for all tables."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_landing_loader import serde
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.loading.model import DbtDue
from airflow_landing_loader.operators.base import LandingOperator
from airflow_landing_loader.operators.gate import all_due, due_at
from airflow_landing_loader.operators.xcoms import DUE_KEY

if TYPE_CHECKING:
    from airflow.sdk import Context

_BAD = ("failed", "upstream_failed")


class DbtDueOperator(LandingOperator):
    """Let dbt run if it is due for one of the tables.

    :return: the tables that are due.
    :raises AirflowSkipException: none is, or dbt failed within the last ten minutes.
    """

    def execute(self, context: Context) -> list[str]:
        """Decide; see the class."""
        with self.core(context) as pipeline:
            due = all_due(pipeline)
        if not due:
            raise AirflowSkipException("dbt has covered all loads.")
        # All together: the next run would meet the same failure, whichever table is new.
        not_before = max(due_at(entry) for entry in due)
        if not_before > time.time():
            raise AirflowSkipException(
                f"dbt failed; it is not run again before {datetime.fromtimestamp(not_before, UTC)}."
            )
        context["ti"].xcom_push(key=DUE_KEY, value=[serde.dump(entry) for entry in due])
        return [entry.table for entry in due]


class ReportDbtOperator(LandingOperator):
    """Remember how dbt ended, and fail the run if it failed.

    Needs ``trigger_rule="all_done"`` and should be the only leaf.

    :param due_task_id: the :class:`DbtDueOperator` task.
    :param dbt_task_prefix: tasks whose id begins with this are dbt's.
    :return: the tables that dbt has covered.
    :raises AirflowFailException: a dbt task failed; names them.
    :raises AirflowSkipException: dbt was not due.
    """

    template_fields: Sequence[str] = ("due_task_id", *LandingOperator.template_fields)

    def __init__(
        self, *, due_task_id: str = "due", dbt_task_prefix: str = "dbt.", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.due_task_id = due_task_id
        self.dbt_task_prefix = dbt_task_prefix

    def execute(self, context: Context) -> list[str]:
        """Report; see the class."""
        ti = context["ti"]
        run_id = str(context["run_id"])
        found = ti.get_task_states(dag_id=self.dag_id, run_ids=[run_id])
        states: dict[str, str] = {k: str(v) for k, v in found.get(run_id, {}).items()}
        if states.get(self.due_task_id) in _BAD:
            raise AirflowFailException(f"{self.due_task_id} failed: see its log.")
        said = ti.xcom_pull(task_ids=self.due_task_id, key=DUE_KEY) or ()
        due = [entry for entry in map(serde.load, said) if isinstance(entry, DbtDue)]
        if not due:
            raise AirflowSkipException("dbt was not due.")
        failed = sorted(
            task
            for task, state in states.items()
            if state == "failed" and task.startswith(self.dbt_task_prefix)
        )
        with self.core(context) as pipeline:
            pipeline.warehouse.record_dbt_run(due, succeeded=not failed)
        if failed:
            error = TerminalError(
                ErrorCode.DBT_FAILED,
                f"dbt failed in {', '.join(failed)}",
                hint="see the logs of these tasks; dbt runs again after ten minutes",
            )
            raise AirflowFailException(str(error))
        return [entry.table for entry in due]
