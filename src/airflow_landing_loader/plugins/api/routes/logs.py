"""What an execution has logged, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, get_args

from fastapi import APIRouter, Path, Query
from starlette.concurrency import run_in_threadpool

from airflow_landing_loader.plugins.api.airflow_api import AirflowApi, AirflowApiDep
from airflow_landing_loader.plugins.api.auth import CallerDep
from airflow_landing_loader.plugins.api.cursors import LogCursor
from airflow_landing_loader.plugins.api.datamodels.airflow import LogEvent, TaskInstance, TaskLog
from airflow_landing_loader.plugins.api.datamodels.logs import (
    Level,
    LogLayer,
    LogLine,
    Logs,
    LogsQuery,
)
from airflow_landing_loader.plugins.api.openapi import problems
from airflow_landing_loader.plugins.api.pipelines import no_execution
from airflow_landing_loader.plugins.api.services import BooksDep, ExecutionBooks
from airflow_landing_loader.runs.executions import ID_PATTERN, models_of, run_of
from airflow_landing_loader.safe_text import shortened

router = APIRouter(tags=["executions"])

_LOGS_AT_ONCE = 20
_MAX_MESSAGE = 8000
_BRONZE = ("wait_for_files", "file.")
_DBT = "dbt."
_ENDINGS = ("_run", "_test", "_seed", "_snapshot", "_build")
_LEVELS: dict[str, Level] = {level: level for level in get_args(Level)}
# Marks by which Airflow's page folds lines. In this group it tells where the log's file lies.
_GROUP, _END = "::group::", "::endgroup::"
_WHERE_IT_LIES = f"{_GROUP}Log message source"
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class _Try:
    task: TaskInstance
    number: int
    layer: LogLayer


@router.get("/executions/{execution_id}/logs", responses=problems(HTTPStatus.NOT_FOUND))
async def read_logs(
    execution_id: Annotated[str, Path(json_schema_extra={"pattern": ID_PATTERN})],
    query: Annotated[LogsQuery, Query()],
    caller: CallerDep,
    airflow: AirflowApiDep,
    books: BooksDep,
) -> Logs:
    """The log of an execution: task by task in the order in which they began, try by try.

    A page ends where it has as many lines as were asked for, or 20 logs were read. While an
    execution runs, tasks begin that stand before others: read it anew when it has ended.
    """
    run = run_of(execution_id)
    if run is None:
        raise no_execution()
    await caller.must_read(run.dag_id)
    cursor = LogCursor.read(query.cursor) if query.cursor else LogCursor()
    tasks = await airflow.task_instances(run.dag_id, run.run_id)
    gold = await run_in_threadpool(gold_models, books.executions, execution_id)
    return await _page(_tries(tasks, gold), cursor, query.limit, airflow)


async def _page(tries: Sequence[_Try], cursor: LogCursor, limit: int, airflow: AirflowApi) -> Logs:
    lines: list[LogLine] = []
    line = cursor.line
    for number in range(cursor.log, min(len(tries), cursor.log + _LOGS_AT_ONCE)):
        one = tries[number]
        more = list(_lines(await airflow.log(one.task, one.number), one))[line:]
        room = limit - len(lines)
        lines += more[:room]
        if len(more) > room:
            return Logs(logs=lines, next_cursor=LogCursor(number, line + room).text())
        line = 0
    behind = cursor.log + _LOGS_AT_ONCE
    return Logs(logs=lines, next_cursor=LogCursor(behind).text() if behind < len(tries) else None)


def _tries(tasks: Sequence[TaskInstance], gold: frozenset[str]) -> Sequence[_Try]:
    began = sorted(tasks, key=lambda t: (t.start_date or _LAST, t.task_id, t.map_index))
    return [
        _Try(task, number, layer_of(task.task_id, gold))
        for task in began
        for number in range(1, task.try_number + 1)
    ]


def gold_models(books: ExecutionBooks, execution_id: str) -> frozenset[str]:
    """The models that the books have as gold, of one execution."""
    layers = books.executions([execution_id])
    return frozenset(m for layer in layers if layer.layer == "gold" for m in models_of(layer))


def layer_of(task_id: str, gold: frozenset[str]) -> LogLayer:
    """dbt's tasks are silver, but for those of models that the books have as gold."""
    if task_id.startswith(_BRONZE):
        return "bronze"
    if not task_id.startswith(_DBT):
        return "run"
    node = task_id.removeprefix(_DBT).split(".")[0]
    names = {node, *(node.removesuffix(ending) for ending in _ENDINGS)}
    return "gold" if names & gold else "silver"


def _events(log: TaskLog) -> Iterator[LogEvent]:
    hidden = False
    for entry in log.content:
        event = LogEvent(event=entry) if isinstance(entry, str) else entry
        if event.event.startswith(_END):
            hidden = False
        elif event.event.startswith(_GROUP):
            hidden = event.event.startswith(_WHERE_IT_LIES)
        elif not hidden:
            yield event


def _lines(log: TaskLog, one: _Try) -> Iterator[LogLine]:
    at = one.task.start_date
    for event in _events(log):
        at = _utc(event.timestamp) or at
        yield LogLine(
            timestamp=at,
            level=_LEVELS.get((event.level or "info").lower(), "info"),
            layer=one.layer,
            message=_message(event),
        )


def _message(event: LogEvent) -> str:
    """One text, with what was raised; a traceback stays in Airflow's log."""
    raised = "".join(f"\n{error.exc_type}: {error.exc_value}" for error in event.error_detail or ())
    # A byte that was not UTF-8 stands there as half a character, which is none on its own.
    text = (event.event + raised).encode("utf-8", "backslashreplace").decode()
    return shortened(text, _MAX_MESSAGE)


def _utc(time: datetime | None) -> datetime | None:
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time
