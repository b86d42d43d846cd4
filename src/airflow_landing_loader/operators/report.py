"""The last task of a generated DAG: says what became of every file, and whether the run failed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.hooks.metrics import AirflowMeter
from airflow_landing_loader.loading.model import DbtDue
from airflow_landing_loader.monitoring.metrics import tell_left, tell_refused
from airflow_landing_loader.operators.executions import dag_run_of, dbt_work
from airflow_landing_loader.operators.run_end import RunEnd, RunEndOperator
from airflow_landing_loader.runs.holdback import dump_held
from airflow_landing_loader.runs.layers import records_of_run
from airflow_landing_loader.runs.report import RunReport, as_table, failures, summary
from airflow_landing_loader.xcom import values
from airflow_landing_loader.xcom.keys import DUE_KEY, HELD_KEY

if TYPE_CHECKING:
    from airflow.sdk import Context


class ReportRunOperator(RunEndOperator):
    """Say what became of every file, and fail the run if something went wrong.

    Needs ``trigger_rule="all_done"`` and should be the only leaf. What could not be sent to a
    channel fails no run: it is in the outbox, and the next run sends it.

    Its arguments are those of :class:`~airflow_landing_loader.operators.run_end.RunEndOperator`.

    :return: files by status, rows, and how dbt ended.
    :raises AirflowFailException: a file, dbt or a task of the run failed; names each with its
        reason.
    :raises AirflowSkipException: nothing happened.
    """

    def execute(self, context: Context) -> dict[str, Any]:
        """Report; see the class."""
        end = self.run_end(context)
        self._record(context, end)
        if end.report.held:
            context["ti"].xcom_push(key=HELD_KEY, value=dump_held(end.report.held))
        self._keep_unsent(context, end)
        self._tell(context, end.report)
        return self._end(end.report)

    def _keep_unsent(self, context: Context, end: RunEnd) -> None:
        """What the task that sends may not even have written down is written down now."""
        if self.publish_task_id is None or not end.states.is_bad(self.publish_task_id):
            return
        # Imported here: without channels, and as a rule with them, there is nothing to keep.
        from airflow_landing_loader.operators.publish import told_of_run

        self.log.warning(
            "%s failed: not all was sent; the next run sends it.", self.publish_task_id
        )
        with self.core(context) as pipeline:
            pipeline.warehouse.record_events(told_of_run(self, context, end, pipeline))

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

    def _record(self, context: Context, end: RunEnd) -> None:
        """How dbt ended is remembered in the warehouse, so that a failed run is made up for; and
        what the run did, for people: that fails no run."""
        ti = context["ti"]
        ran = end.states.dbt != "not run"
        said = ti.xcom_pull(task_ids=self.gate_task_id, key=DUE_KEY) if ran else ()
        due = [entry for entry in map(values.load, said or ()) if isinstance(entry, DbtDue)]
        if not due and end.report.nothing_happened and not end.report.refused:
            return
        with self.core(context) as pipeline:
            records = records_of_run(
                dag_run_of(context, pipeline.mappings[0].table),
                end.report,
                end.lanes,
                dbt_work(ti, end.states, pipeline.warehouse),
                fail_on_files=self.fail_on_files,
                at=datetime.now(UTC),
            )
            if due:
                succeeded = end.states.dbt == "succeeded"
                pipeline.warehouse.record_dbt_run(due, succeeded=succeeded, executions=records)
                return
            try:
                pipeline.warehouse.record_executions(records)
            except LandingError as error:
                self.log.warning("What this run did is not in load_executions: %s", error)
