"""What is read of Airflow's API, and what it is sent: what is used, the same in 3.1 to 3.3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel

State = Literal["queued", "running", "success", "failed"]


class Dag(BaseModel):
    dag_id: str
    is_paused: bool


class DagRun(BaseModel):
    """
    :ivar run_after: when it was due, or asked for; it always has one.
    :ivar start_date: when it began; ``None`` while it waits.
    """

    dag_id: str
    dag_run_id: str
    run_after: AwareDatetime
    start_date: AwareDatetime | None
    end_date: AwareDatetime | None
    state: State


class DagRuns(BaseModel):
    dag_runs: list[DagRun]
    total_entries: int


class RunsQuery(BaseModel):
    """Which runs; the times are those of ``run_after``.

    :ivar dag_ids: of these DAGs, at least one.
    """

    dag_ids: list[str]
    states: list[State] | None = None
    run_after_gte: datetime | None = None
    run_after_lte: datetime | None = None

    def page(self, skip: int, limit: int) -> dict[str, Any]:
        """The body of a request for some of them, the newest first."""
        order = {"order_by": "-run_after", "page_offset": skip, "page_limit": limit}
        return {**self.model_dump(mode="json", exclude_none=True), **order}


class Trigger(BaseModel):
    """
    :ivar dag_run_id: ``None``: Airflow makes one.
    :ivar logical_date: has to be said, and there is none.
    """

    dag_run_id: str | None = None
    logical_date: None = None
    conf: Mapping[str, Any]


class TaskInstance(BaseModel):
    """
    :ivar map_index: -1 where the task is not mapped.
    :ivar try_number: of the newest try, from 1; 0 where there was none.
    """

    task_id: str
    dag_id: str
    dag_run_id: str
    map_index: int
    try_number: int
    start_date: AwareDatetime | None


class TaskInstances(BaseModel):
    task_instances: list[TaskInstance]
    total_entries: int


class LoggedError(BaseModel):
    """What was raised, of which there is a traceback too."""

    exc_type: str
    exc_value: str


class LogEvent(BaseModel):
    """A line that Airflow could read, of which there are other keys too."""

    event: str
    timestamp: datetime | None = None
    level: str | None = None
    error_detail: list[LoggedError] | None = None


class TaskLog(BaseModel):
    """
    :ivar content: events; plain lines where Airflow could not read them.
    """

    content: Sequence[LogEvent | str]
