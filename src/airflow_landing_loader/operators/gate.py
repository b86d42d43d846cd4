"""The gate between the lanes of a run and dbt."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowSkipException, DownstreamTasksSkipped

from airflow_landing_loader import serde
from airflow_landing_loader.batches import load_batch
from airflow_landing_loader.holdback import LONG_PAUSE
from airflow_landing_loader.loading.model import DbtDue, Loaded
from airflow_landing_loader.operators.base import LandingOperator
from airflow_landing_loader.operators.xcoms import DUE_KEY, pull_all

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_landing_loader.pipeline import Pipeline


class AnyLoadedOperator(LandingOperator):
    """Let dbt run when a file was loaded, or when it is due from an earlier run.

    Emits one asset event for its outlets when, and only when, a file was newly loaded; the event's
    ``extra`` holds ``load_ids``, ``files`` and ``rows``. Needs ``trigger_rule="all_done"``.

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
        # Without a load only the sensor's word counts: a run without files asks no database.
        ask = bool(loaded) or ti.xcom_pull(task_ids=self.wait_task_id) == []
        due = self._due(context) if ask else ()
        if not loaded and not due:
            raise AirflowSkipException("No file was loaded and dbt is not due.")
        if due:
            ti.xcom_push(key=DUE_KEY, value=[serde.dump(entry) for entry in due])
        if loaded:
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
        """What dbt has to cover now; a failed attempt is not repeated at once."""
        if self.dbt_task_prefix is None:
            return ()
        with self.core(context) as pipeline:
            due = all_due(pipeline)
        now = time.time()
        for entry in due:
            if due_at(entry) > now:
                self.log.warning(
                    "dbt failed for %s; it is not run again before %s.",
                    entry.table,
                    datetime.fromtimestamp(due_at(entry), UTC),
                )
        return tuple(entry for entry in due if due_at(entry) <= now)

    def _dbt_roots(self, prefix: str) -> list[str]:
        return sorted(t for t in self.downstream_task_ids if t.startswith(prefix))

    def _describe_event(self, context: Context, loaded: Sequence[Loaded]) -> None:
        loads = [verdict.load for verdict in loaded]
        for outlet in self.outlets:
            context["outlet_events"][outlet].extra = {
                "load_ids": [load.load_id for load in loads],
                "files": [load.filename for load in loads],
                "rows": [load.row_count for load in loads],
            }


def all_due(pipeline: Pipeline) -> tuple[DbtDue, ...]:
    """The pipeline's tables whose newest load dbt has not covered.

    :raises TransientError: the warehouse cannot be read.
    """
    return pipeline.warehouse.dbt_due(sorted({m.table for m in pipeline.mappings}))


def due_at(due: DbtDue) -> float:
    """From when on dbt may run for it, seconds since the epoch."""
    if due.last_attempt is None:
        return 0.0
    return due.last_attempt.replace(tzinfo=UTC).timestamp() + LONG_PAUSE
