"""What the books keep of the work itself: runs with their layers, and what people asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Layer = Literal["run", "bronze", "silver", "gold"]
"""``bronze`` is the load, ``silver`` and ``gold`` are what dbt makes of it; ``run`` is all of a
run."""
ExecutionStatus = Literal["completed", "failed", "skipped"]
ActionName = Literal["replay", "discard", "unload", "promote", "verify"]
ActionOutcome = Literal["done", "failed"]


@dataclass(frozen=True, kw_only=True)
class ExecutionRecord:
    """One row of ``load_executions``: a run, or one layer of it, that has ended.

    :param execution_id: of the run, see :func:`~airflow_landing_loader.runs.executions.id_of`.
    :param table_name: of the raw table that the run is for; ``None``: dbt's own DAG is for many.
    :param config: what the run was triggered with, a JSON object; ``None`` for nothing.
    :param result: more about it, a JSON object.
    :param error: why it failed; never a cell value.
    :param records_processed: of bronze, rows that were loaded; of silver and gold, rows that its
        tables have; ``None``: not known.
    :param records_failed: of bronze, records that were rejected; of silver, rows that it leaves
        out of those it is made from; ``None``: not known.
    :param duration_ms: from its first task's begin to its last one's end; ``None``: not known.
    """

    execution_id: str
    dag_id: str
    run_id: str
    table_name: str | None
    layer: Layer
    status: ExecutionStatus
    config: str | None = None
    result: str | None = None
    error: str | None = None
    records_processed: int | None = None
    records_failed: int | None = None
    size_bytes: int | None = None
    duration_ms: int | None = None
    started_at: datetime | None = None
    completed_at: datetime


@dataclass(frozen=True, kw_only=True)
class BronzeResult:
    """What ``result`` holds of bronze: how many files ended so; ``waiting`` were left to the next
    run."""

    loaded: int = 0
    duplicate: int = 0
    failed: int = 0
    left: int = 0
    waiting: int = 0


@dataclass(frozen=True, kw_only=True)
class DbtLayerResult:
    """What ``result`` holds of silver and gold: names in dbt.

    :param models: models, seeds and snapshots that were built.
    :param failed: what failed, tests too.
    :param warned: what warned, tests too.
    """

    models: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ActionRecord:
    """One row of ``load_actions``: what a person asked for, and how it ended.

    :param action: an :data:`ActionName`, or one that a newer release knows; ``outcome``: an
        :data:`ActionOutcome`, or the same.
    :param targets: files of the failed zone, ids of loads, or names of columns: a JSON list.
    :param parameters: what else was asked, a JSON object; ``None`` for nothing.
    :param asked_by: the name under which they were logged in.
    :param message: what was done, or why not.
    """

    action_id: str
    action: str
    table_name: str
    targets: str
    parameters: str | None
    reason: str | None
    asked_by: str | None
    asked_at: datetime
    outcome: str
    message: str
    done_at: datetime
    dag_id: str | None = None
    run_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class EventRecord:
    """One row of ``load_events``: something that is to be sent to one channel.

    :param event_id: the same for one thing that happened, however often it is told, and for all
        channels.
    :param channel: the name of the one that it goes to.
    :param body: what is sent: JSON, see ``docs/alerts.md``.
    :param published_at: when it had been sent; ``None``: it may not have been.
    """

    event_id: str
    channel: str
    event_type: str
    occurred_at: datetime
    table_name: str
    load_id: str | None
    dag_id: str | None
    run_id: str | None
    body: str
    published_at: datetime | None = None
