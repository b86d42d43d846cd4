"""What stands before and behind dbt in the DAG that runs it for all tables."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.providers.common.compat.sdk import (
    AirflowFailException,
    AirflowSkipException,
    BaseOperator,
)

from airflow_landing_loader.loading.ledger.events import event_records
from airflow_landing_loader.loading.model import DbtDue
from airflow_landing_loader.operators.base import LandingOperator
from airflow_landing_loader.operators.executions import dag_run_of, dbt_work
from airflow_landing_loader.runs.dbt_due import dbt_failure, due_tables
from airflow_landing_loader.runs.layers import layers_completed, records_of_dbt_run
from airflow_landing_loader.runs.wording import minute
from airflow_landing_loader.xcom import values
from airflow_landing_loader.xcom.keys import DUE_KEY

if TYPE_CHECKING:
    from airflow.sdk import Context


class DbtDueOperator(LandingOperator):
    """Let dbt run if it is due for one of the tables.

    :return: the tables that are due.
    :raises AirflowSkipException: none is, or dbt failed within the last ten minutes.
    """

    def execute(self, context: Context) -> list[str]:
        """Decide; see the class."""
        with self.core(context) as pipeline:
            due = due_tables(pipeline, time.time())
        # All together: the next run would meet the same failure, whichever table is new.
        if due.not_before is not None:
            again = minute(due.not_before)
            raise AirflowSkipException(f"dbt failed; it is not run again before {again}.")
        if not due.now:
            raise AirflowSkipException("dbt has covered all loads.")
        context["ti"].xcom_push(key=DUE_KEY, value=[values.dump(entry) for entry in due.now])
        return [entry.table for entry in due.now]


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
        states = self.run_states(context, dbt_prefix=self.dbt_task_prefix)
        if states.is_bad(self.due_task_id):
            raise AirflowFailException(f"{self.due_task_id} failed: see its log.")
        said = context["ti"].xcom_pull(task_ids=self.due_task_id, key=DUE_KEY) or ()
        due = [entry for entry in map(values.load, said) if isinstance(entry, DbtDue)]
        if not due:
            raise AirflowSkipException("dbt was not due.")
        failed = states.dbt_failed
        failure = dbt_failure(failed) if failed else None
        tables = [entry.table for entry in due]
        with self.core(context) as pipeline:
            records = records_of_dbt_run(
                dag_run_of(context, None),
                dbt_work(context["ti"], states, pipeline.warehouse),
                None if failure is None else failure.detail.message,
                datetime.now(UTC),
            )
            # Sent by the next task that sends for these tables, or for all.
            events = event_records(layers_completed(records, tables), pipeline.run)
            pipeline.warehouse.record_events(events)
            pipeline.warehouse.record_dbt_run(due, succeeded=not failed, executions=records)
        if failure is not None:
            raise AirflowFailException(str(failure))
        return tables


class DbtUnavailableOperator(BaseOperator):
    """Stands where dbt tasks would be, and fails with the reason why there are none.

    :param reason: code, message and hint, as people shall read it.
    """

    ui_color = "#f7d6d0"

    def __init__(self, *, reason: str, **kwargs: Any) -> None:
        super().__init__(doc=reason, **kwargs)
        self.reason = reason

    def execute(self, context: Context) -> NoReturn:  # noqa: ARG002
        """Fail at once; another try would find the same."""
        raise AirflowFailException(self.reason)
