"""Loads, deliveries and actions: the books' past, a page at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Query

from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.loading.history import DeliveryQuery, LoadQuery
from airflow_landing_loader.loading.history import Page as BooksPage
from airflow_landing_loader.loading.model import DeliveryOutcome, DeliveryRecord
from airflow_landing_loader.plugins.api.cursors import KeyCursor, SequenceCursor
from airflow_landing_loader.plugins.api.datamodels.loads import (
    Deliveries,
    DeliveriesQuery,
    DeliveryEntry,
    Failures,
    FailuresQuery,
    LoadEntry,
    Loads,
    LoadsQuery,
    LoadWhole,
)
from airflow_landing_loader.plugins.api.datamodels.past_actions import (
    ActionEntry,
    Actions,
    ActionsQuery,
)
from airflow_landing_loader.plugins.api.openapi import problems
from airflow_landing_loader.plugins.api.pipelines import no_execution
from airflow_landing_loader.plugins.api.problems import ProblemError
from airflow_landing_loader.plugins.pages.visits import SOMEBODY, Visit, VisitDep, not_there
from airflow_landing_loader.runs.executions import run_of

router = APIRouter()

_LoadId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]+$", max_length=64)]
_Answer = TypeVar("_Answer")


@router.get("/loads", tags=["loads"], responses=problems(HTTPStatus.NOT_FOUND))
def loads(query: Annotated[LoadsQuery, Query()], visit: VisitDep) -> Loads:
    """Loads that were committed, the newest first; while somebody writes, of the newest ones."""
    run = None if query.execution_id is None else run_of(query.execution_id)
    if query.execution_id is not None and run is None:
        raise no_execution()
    page = visit.monitor.history.loads(
        LoadQuery(
            tables=_tables(visit, query.table),
            text=query.text,
            since=_stored(query.since),
            until=_stored(query.until),
            traits=tuple(query.trait),
            run=run,
            before=SequenceCursor.read(query.cursor).before if query.cursor else None,
            limit=query.limit,
        )
    )
    return Loads(
        as_of=page.as_of,
        busy_with=visit.busy_with(page.busy_with),
        newest_only=page.newest_only,
        loads=[LoadEntry.model_validate(visit.seen(load)) for load in page.rows],
        next_cursor=SequenceCursor(page.rows[-1].sequence).text() if page.more else None,
    )


@router.get("/loads/{load_id}", tags=["loads"], responses=problems(HTTPStatus.NOT_FOUND))
def one_load(load_id: _LoadId, visit: VisitDep) -> LoadWhole:
    """One load, with its columns, totals, quality, and where its rejected records stand."""
    found = _asked(visit, lambda: visit.monitor.history.load(load_id))
    if found is None or found.load.table_name not in visit.tables:
        raise not_there("load")
    delivery = None if found.delivery is None else visit.seen(found.delivery)
    return LoadWhole.model_validate(replace(found, load=visit.seen(found.load), delivery=delivery))


@router.get("/deliveries", tags=["loads"], responses=problems(HTTPStatus.NOT_FOUND))
def deliveries(query: Annotated[DeliveriesQuery, Query()], visit: VisitDep) -> Deliveries:
    """What became of deliveries, the newest first; while somebody writes, of the newest ones."""
    page = _deliveries(query, visit, tuple(query.outcome))
    return Deliveries(
        as_of=page.as_of,
        busy_with=visit.busy_with(page.busy_with),
        newest_only=page.newest_only,
        deliveries=[DeliveryEntry.model_validate(visit.seen(row)) for row in page.rows],
        next_cursor=_behind(page),
    )


@router.get("/failures", tags=["loads"], responses=problems(HTTPStatus.NOT_FOUND))
def failures(query: Annotated[FailuresQuery, Query()], visit: VisitDep) -> Failures:
    """What lies in failed, and why, the newest first; while somebody writes, of the newest ones."""
    page = _deliveries(query, visit, ("failed",))
    return Failures(
        as_of=page.as_of,
        busy_with=visit.busy_with(page.busy_with),
        newest_only=page.newest_only,
        failures=[DeliveryEntry.model_validate(visit.seen(row)) for row in page.rows],
        next_cursor=_behind(page),
    )


@router.get("/actions", tags=["actions"], responses=problems(HTTPStatus.NOT_FOUND))
def actions(query: Annotated[ActionsQuery, Query()], visit: VisitDep) -> Actions:
    """What people asked of tables, and how it ended, the newest first."""
    own = _tables(visit, query.table)
    found = _asked(visit, lambda: visit.monitor.history.recent_actions(own, query.limit))
    return Actions(actions=[ActionEntry.model_validate(visit.seen(record)) for record in found])


def _asked(visit: Visit, question: Callable[[], _Answer]) -> _Answer:
    """What the books say, where nobody else can say it.

    :raises ProblemError: 503, somebody writes.
    """
    try:
        return question()
    except TransientError as error:
        if error.code is not ErrorCode.WAREHOUSE_LOCKED:
            raise
        raise ProblemError.busy(visit.busy_with(error.detail.message) or SOMEBODY) from error


def _tables(visit: Visit, table: str | None) -> tuple[str, ...]:
    """Those that are asked for, of those that the caller may read.

    :raises ProblemError: 404, there is none of this name, or none that they may read.
    """
    return visit.tables if table is None else (visit.table(table).table,)


def _stored(at: datetime | None) -> datetime | None:
    """A time as the books hold it: UTC without zone."""
    try:
        return None if at is None else at.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:  # of the first or last day that there is, elsewhere
        return at.replace(tzinfo=None) if at is not None else None


def _deliveries(
    query: DeliveriesQuery | FailuresQuery, visit: Visit, outcomes: tuple[DeliveryOutcome, ...]
) -> BooksPage[DeliveryRecord]:
    cursor = KeyCursor.read(query.cursor) if query.cursor else None
    return visit.monitor.history.deliveries(
        DeliveryQuery(
            tables=_tables(visit, query.table),
            outcomes=outcomes,
            text=query.text,
            code=query.code,
            before=None if cursor is None else (cursor.at, cursor.key),
            limit=query.limit,
        )
    )


def _behind(page: BooksPage[DeliveryRecord]) -> str | None:
    if not page.more:
        return None
    last = page.rows[-1]
    return KeyCursor(last.recorded_at, last.delivery_id).text()
