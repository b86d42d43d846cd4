"""The gate between the lanes of a run and dbt."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowSkipException, DownstreamTasksSkipped

from airflow_landing_loader.loading.ledger.events import SCHEMA, layer_completed
from airflow_landing_loader.loading.model import DbtDue, Loaded, RunContext
from airflow_landing_loader.operators.base import LandingOperator
from airflow_landing_loader.runs.dbt_due import again_at, due_tables, may_be_due
from airflow_landing_loader.runs.wording import minute
from airflow_landing_loader.safe_text import counted
from airflow_landing_loader.xcom import values
from airflow_landing_loader.xcom.batches import load_batch
from airflow_landing_loader.xcom.keys import DUE_KEY, LATER_KEY, pull_all

if TYPE_CHECKING:
    from airflow.sdk import Context


_MAX_EVENTS = 100  # they end up in Airflow's database


def asset_name(table: str) -> str:
    """The name of the asset that stands for a table."""
    return f"landing_{table}"


class AnyLoadedOperator(LandingOperator):
    """Let dbt run when a file was loaded, or when it is due from an earlier run.

    Emits one asset event for its outlets when, and only when, a file was newly loaded; the event's
    ``extra`` holds ``load_ids``, ``files`` and ``rows``, and in ``events`` the ``layer.completed``
    of each of the first hundred. Needs ``trigger_rule="all_done"``.

    :param load_task_id: the :class:`LoadFilesOperator` task, mapped or not.
    :param wait_task_id: the :class:`WaitForFilesSensor` task; one that woke for dbt has no lanes.
    :param dbt_task_prefix: tasks right behind the gate whose id begins with this are dbt's;
        ``None``: there is no dbt behind this gate.
    :return: number of files newly loaded.
    :raises AirflowSkipException: nothing was loaded and dbt is not due.
    """

    template_fields: Sequence[str] = ("load_task_id", *LandingOperator.template_fields)

    def __init__(
        self,
        *,
        load_task_id: str = "load",
        wait_task_id: str = "wait_for_files",
        dbt_task_prefix: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.load_task_id = load_task_id
        self.wait_task_id = wait_task_id
        self.dbt_task_prefix = dbt_task_prefix

    def execute(self, context: Context) -> int:
        """Decide; see the class."""
        ti = context["ti"]
        batches = pull_all(ti, self.load_task_id)
        loaded = [v for batch in batches for v in load_batch(batch) if isinstance(v, Loaded)]
        due: tuple[DbtDue, ...] = ()
        if may_be_due(loaded, ti.xcom_pull(task_ids=self.wait_task_id)):
            due = self._due(context)
        if not loaded and not due:
            raise AirflowSkipException("No file was loaded and dbt is not due.")
        if due:
            ti.xcom_push(key=DUE_KEY, value=[values.dump(entry) for entry in due])
        if loaded:
            self.log.info("%s loaded.", counted(len(loaded), "file"))
            self._keep_outlets(loaded)
            self._describe_event(context, loaded)
        else:
            self.log.info("No file was loaded; dbt is due from an earlier run.")
            self.outlets = []  # of this execution's copy of the task: no event without a load
        if self.dbt_task_prefix is not None and not due:
            ti.xcom_push(key="return_value", value=len(loaded))
            roots = self._dbt_roots(self.dbt_task_prefix)
            raise DownstreamTasksSkipped(tasks=roots)  # type: ignore[no-untyped-call]
        return len(loaded)

    def _due(self, context: Context) -> tuple[DbtDue, ...]:
        """What dbt has to cover now."""
        if self.dbt_task_prefix is None:
            return ()
        with self.core(context) as pipeline:
            due = due_tables(pipeline, time.time())
        for entry in due.later:
            self.log.warning(
                "dbt failed for %s; it is not run again before %s.",
                entry.table,
                minute(again_at(entry)),
            )
        if due.not_before is not None:
            context["ti"].xcom_push(key=LATER_KEY, value=due.not_before.timestamp())
        return due.now

    def _dbt_roots(self, prefix: str) -> list[str]:
        return sorted(t for t in self.downstream_task_ids if t.startswith(prefix))

    def _keep_outlets(self, loaded: Sequence[Loaded]) -> None:
        """Of several tables' outlets, those into which something was loaded; in this execution."""
        mappings = () if self.takes is None else self.takes
        tables = {asset_name(mapping.table) for mapping in mappings}
        tables -= {asset_name(verdict.load.table_name) for verdict in loaded}
        self.outlets = [o for o in self.outlets if getattr(o, "name", None) not in tables]

    def _describe_event(self, context: Context, loaded: Sequence[Loaded]) -> None:
        tables = {asset_name(verdict.load.table_name) for verdict in loaded}
        run = RunContext(dag_id=self.dag_id, run_id=str(context["run_id"]))
        for outlet in self.outlets:
            name = getattr(outlet, "name", None)
            loads = [
                verdict.load
                for verdict in loaded
                if name not in tables or asset_name(verdict.load.table_name) == name
            ]
            context["outlet_events"][outlet].extra = {
                "load_ids": [load.load_id for load in loads],
                "files": [load.filename for load in loads],
                "rows": [load.row_count for load in loads],
                "schema": SCHEMA,
                "events": [
                    layer_completed(load, load.completed_at).document(run)
                    for load in loads[:_MAX_EVENTS]
                ],
            }
