"""Tables: how they are, what is expected of them, and what lies in landing for nobody."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query

from airflow_landing_loader.loading.summary import TableSummary
from airflow_landing_loader.monitoring.expected import Expected, rates
from airflow_landing_loader.monitoring.landing import Landed
from airflow_landing_loader.monitoring.outcomes import WindowState
from airflow_landing_loader.monitoring.overview import TableState
from airflow_landing_loader.plugins.api.cursors import NameCursor
from airflow_landing_loader.plugins.api.datamodels.books import TableName
from airflow_landing_loader.plugins.api.datamodels.tables import (
    ArrivalEntry,
    ArrivalsOfTables,
    ArrivalsQuery,
    DayEntry,
    Drift,
    DriftEntry,
    DriftQuery,
    LandedFileEntry,
    LastFailureEntry,
    LastLoadEntry,
    OpenWindow,
    ProblemEntry,
    RateEntry,
    TableDrift,
    TableEntry,
    Tables,
    TablesQuery,
    TableWhole,
    Unmatched,
    WindowEntry,
)
from airflow_landing_loader.plugins.api.openapi import problems
from airflow_landing_loader.plugins.api.problems import ProblemError
from airflow_landing_loader.plugins.pages.visits import Visit, VisitDep

router = APIRouter(tags=["tables"])

_MOST = 500
_MOST_DRIFT = 1000


@router.get("/tables", responses=problems(HTTPStatus.NOT_FOUND))
def tables(query: Annotated[TablesQuery, Query()], visit: VisitDep) -> Tables:
    """The tables that the caller may read, by name."""
    after = NameCursor.read(query.cursor).name if query.cursor else ""
    own = [visit.table(query.table)] if query.table else visit.overview.tables
    found = sorted(
        (state for state in own if state.table > after and _asked_for(state, query)),
        key=lambda state: state.table,
    )
    shown = found[: query.limit]
    return Tables(
        as_of=visit.overview.as_of,
        busy_with=visit.overview.busy_with,
        landing_trouble=visit.overview.landing_trouble,
        tables=[_entry(state, visit) for state in shown],
        next_cursor=NameCursor(shown[-1].table).text() if len(found) > len(shown) else None,
    )


@router.get("/tables/{table}", responses=problems(HTTPStatus.NOT_FOUND))
def one_table(table: Annotated[TableName, Path()], visit: VisitDep) -> TableWhole:
    """One table, with what lies in landing for it."""
    state = visit.table(table)
    return TableWhole(
        as_of=visit.overview.as_of,
        busy_with=visit.overview.busy_with,
        landing_trouble=visit.overview.landing_trouble,
        state=_entry(state, visit),
        files=_files(state.landed),
    )


@router.get("/drift", responses=problems(HTTPStatus.NOT_FOUND))
def drift(query: Annotated[DriftQuery, Query()], visit: VisitDep) -> Drift:
    """Columns of files that tables lack, and that wait to be promoted."""
    own = [visit.table(query.table)] if query.table else visit.overview.tables
    columns = [
        TableDrift(
            table=state.table,
            name=column.name,
            loads=column.loads,
            first_at=column.first_at,
            last_at=column.last_at,
        )
        for state in sorted(own, key=lambda state: state.table)
        if state.books is not None
        for column in state.books.drift
    ]
    return Drift(
        as_of=visit.overview.as_of,
        busy_with=visit.overview.busy_with,
        columns=columns[:_MOST_DRIFT],
    )


@router.get("/arrivals", responses=problems(HTTPStatus.NOT_FOUND))
def arrivals(query: Annotated[ArrivalsQuery, Query()], visit: VisitDep) -> ArrivalsOfTables:
    """What should have come, what did, and what comes next."""
    expected = visit.monitor.expected()
    own = {visit.table(query.table).table} if query.table else set(visit.tables)
    records = [record for record in expected.records if record.table_name in own]
    newest = sorted(records, key=lambda record: record.until_at, reverse=True)
    return ArrivalsOfTables(
        as_of=expected.as_of,
        busy_with=visit.busy_with(expected.busy_with),
        records=[ArrivalEntry.model_validate(record) for record in newest[:_MOST]],
        open=_open_windows(expected, own)[:_MOST],
        rates=[RateEntry.model_validate(rate) for rate in rates(records, query.windows)],
    )


@router.get("/unmatched", responses=problems())
def unmatched(visit: VisitDep) -> Unmatched:
    """What lies in landing and belongs to no table: it takes the right to its own DAG."""
    if not visit.rights.unmatched:
        raise ProblemError(
            HTTPStatus.FORBIDDEN,
            "You may not read what belongs to no table.",
            hint="It takes the right to read the DAG landing_unmatched in Airflow.",
        )
    landed = visit.overview.unmatched
    return Unmatched(
        as_of=visit.overview.landing_as_of,
        trouble=visit.overview.landing_trouble,
        counts=dict(landed.counts),
        files=_files(landed),
    )


def _asked_for(state: TableState, query: TablesQuery) -> bool:
    kinds = {problem.kind for problem in state.problems}
    return (
        (not query.level or state.level in query.level)
        and (not query.problem or bool(kinds.intersection(query.problem)))
        and query.text.casefold() in state.table.casefold()
    )


def _entry(state: TableState, visit: Visit) -> TableEntry:
    books = state.books or TableSummary(table=state.table, mark="")
    last, failure = books.last_load, books.last_failure
    return TableEntry(
        table=state.table,
        pipeline_id=state.dag_id,
        description=state.description,
        mapped=state.mapped,
        level=state.level,
        problems=[ProblemEntry.model_validate(problem) for problem in state.problems],
        loads=books.loads,
        rows=books.rows,
        last_load=None if last is None else LastLoadEntry.model_validate(last),
        open_failures=books.open_failures,
        last_failure=None if failure is None else LastFailureEntry.model_validate(failure),
        quality=books.quality,
        drift=[DriftEntry.model_validate(column) for column in books.drift],
        days=[DayEntry.model_validate(day) for day in books.days],
        landed=None if visit.overview.landing_trouble else dict(state.landed.counts),
        windows=[_window(window) for window in state.windows],
    )


def _window(state: WindowState) -> WindowEntry:
    return WindowEntry(
        day=state.window.day,
        due_at=state.window.by,
        until_at=state.window.until,
        standing=state.standing,
        reason=state.reason,
    )


def _open_windows(expected: Expected, tables: set[str]) -> list[OpenWindow]:
    found = [
        OpenWindow(table=mapping.table, pattern=mapping.pattern, window=_window(state))
        for mapping, state in expected.open
        if mapping.table in tables
    ]
    return sorted(found, key=lambda one: (one.window.due_at, one.table, one.pattern))


def _files(landed: Landed) -> list[LandedFileEntry]:
    return [LandedFileEntry.model_validate(entry) for entry in landed.entries]
