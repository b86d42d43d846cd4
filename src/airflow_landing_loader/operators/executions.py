"""What the last task of a run hands to the books of the run and its layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_landing_loader.dbt.results import DbtTaskRun, Place
from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.runs.executions import RunKey
from airflow_landing_loader.runs.layers import DagRun, DbtWork, Span
from airflow_landing_loader.runs.tasks import RunStates
from airflow_landing_loader.xcom import values
from airflow_landing_loader.xcom.keys import DBT_KEY, pull_all

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_landing_loader.loading.warehouses.base import Catalog


def dag_run_of(context: Context, table: str | None) -> DagRun:
    """The run that a task belongs to.

    :param table: raw table that it is for.
    """
    run: Any = context["dag_run"]
    return DagRun(
        key=RunKey(str(run.dag_id), str(run.run_id)),
        table=table,
        conf=run.conf or {},
        began=run.start_date,
    )


def lanes_worked(said: Sequence[dict[str, Any]]) -> Span:
    """When the lanes of a run worked, as far as they have said.

    :param said: what their last tasks have returned.
    """
    return Span.of(
        (entry["began"] for entry in said if entry.get("began") is not None),
        (entry["ended"] for entry in said if entry.get("ended") is not None),
    )


def dbt_work(ti: Any, states: RunStates, catalog: Catalog) -> DbtWork:
    """What dbt did in a run; how many rows its tables have only if the warehouse says so now."""
    said = (entry for task in states.dbt_ran for entry in pull_all(ti, task, DBT_KEY))
    runs = map(values.load, said)
    work = DbtWork(tasks=tuple(run for run in runs if isinstance(run, DbtTaskRun)))
    rows: Mapping[Place, int] = {}
    with suppress(LandingError):
        rows = catalog.row_counts(work.tables())
    return replace(work, rows=rows)
