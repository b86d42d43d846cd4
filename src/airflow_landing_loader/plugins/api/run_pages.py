"""Runs of tables' DAGs a page at a time, the newest first, as Airflow tells them to the caller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from airflow_landing_loader.plugins.api.airflow_api import AirflowApi
from airflow_landing_loader.plugins.api.cursors import TimeCursor
from airflow_landing_loader.plugins.api.datamodels.airflow import DagRun, RunsQuery, State
from airflow_landing_loader.plugins.api.datamodels.executions import Status

_STATES: Mapping[Status, list[State]] = {
    "running": ["queued", "running"],
    "completed": ["success"],
    "failed": ["failed"],
}
STATUS: Mapping[State, Status] = {
    state: status for status, states in _STATES.items() for state in states
}
"""What an execution is called whose run is in a state of Airflow's."""


@dataclass(frozen=True, kw_only=True)
class RunsWanted:
    """Which runs.

    :param dag_ids: of these DAGs, all of which the caller may read.
    :param since: first day, UTC, on which they were due; ``until``: the last.
    :param cursor: where the page before ended; ``None``: the first page.
    :param limit: of a page, 1 or more.
    """

    dag_ids: Sequence[str]
    status: Status | None = None
    since: date | None = None
    until: date | None = None
    cursor: str | None = None
    limit: int = 50


@dataclass(frozen=True, kw_only=True)
class RunsPage:
    """A page of runs.

    :param next_cursor: of the next one; ``None``: there is none.
    """

    runs: Sequence[DagRun]
    next_cursor: str | None


async def page_of_runs(airflow: AirflowApi, wanted: RunsWanted) -> RunsPage:
    """The runs of a page.

    :raises ProblemError: the cursor is none of ours (422); or as Airflow says.
    """
    if not wanted.dag_ids:
        return RunsPage(runs=(), next_cursor=None)
    cursor = TimeCursor.read(wanted.cursor) if wanted.cursor else None
    skip = cursor.skip if cursor else 0
    # One more than asked for tells whether there is another page.
    found = await airflow.runs(_query(wanted, cursor), skip=skip, limit=wanted.limit + 1)
    runs = found[: wanted.limit]
    more = len(found) > len(runs)
    return RunsPage(runs=runs, next_cursor=_behind(runs, cursor) if more else None)


def _query(wanted: RunsWanted, cursor: TimeCursor | None) -> RunsQuery:
    since, until = wanted.since, wanted.until
    ends = [datetime.combine(until, time.max, UTC)] if until else []
    ends += [cursor.before] if cursor else []
    return RunsQuery(
        dag_ids=list(wanted.dag_ids),
        states=_STATES[wanted.status] if wanted.status else None,
        run_after_gte=datetime.combine(since, time.min, UTC) if since else None,
        run_after_lte=min(ends, default=None),
    )


def _behind(runs: Sequence[DagRun], cursor: TimeCursor | None) -> str:
    """The cursor behind the last of these."""
    last = runs[-1].run_after
    told = sum(run.run_after == last for run in runs)
    if cursor is not None and cursor.before == last:
        told += cursor.skip
    return TimeCursor(last, told).text()
