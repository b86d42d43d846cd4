"""Figures of tables for Prometheus, which scrapes them with a token of Airflow's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus

from fastapi import APIRouter, Response

from airflow_landing_loader.loading.ledger.tables import now
from airflow_landing_loader.monitoring.overview import TableState
from airflow_landing_loader.plugins.api.openapi import problems
from airflow_landing_loader.plugins.api.problems import ProblemError
from airflow_landing_loader.plugins.pages import words
from airflow_landing_loader.plugins.pages.visits import VisitDep

router = APIRouter(tags=["metrics"])

_MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_OF_TABLES = {
    "open_failures": "Deliveries that lie in failed.",
    "waiting_files": "Files in landing that are going to be loaded; it cannot be read: no sample.",
    "late": "1 if files are late, missing or wrong, else 0.",
    "loads_14_days": "Loads of the last 14 days, today included.",
    "rows_14_days": "Rows of these loads.",
    "last_load_age_seconds": "Since the newest load was committed; none was: no sample.",
}


@router.get(
    "/metrics",
    responses={
        **problems(),
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Samples."},
    },
    response_class=Response,
)
def metrics(visit: VisitDep) -> Response:
    """Figures of the tables that the caller may read, in the text format of Prometheus."""
    if not visit.rights.readable:
        raise ProblemError(
            HTTPStatus.FORBIDDEN,
            "You may read no table.",
            hint="The right to a table is the right to its DAG in Airflow.",
        )
    as_of = visit.overview.as_of.replace(tzinfo=UTC)
    lines = [
        *_head("books_as_of_seconds", "When the books were so, seconds since the epoch."),
        f"landing_loader_books_as_of_seconds {as_of.timestamp():.3f}",
    ]
    moment = now()
    figures = {state.table: dict(_figures(state, moment)) for state in visit.overview.tables}
    if visit.overview.landing_trouble is not None:
        for own in figures.values():
            del own["waiting_files"]
    for name, what in _OF_TABLES.items():
        lines += _head(name, what)
        lines += [
            f'landing_loader_{name}{{table="{_escaped(table)}"}} {own[name]}'
            for table, own in sorted(figures.items())
            if name in own
        ]
    return Response("\n".join(lines) + "\n", media_type=_MEDIA_TYPE)


def _head(name: str, what: str) -> list[str]:
    return [f"# HELP landing_loader_{name} {what}", f"# TYPE landing_loader_{name} gauge"]


def _figures(state: TableState, moment: datetime) -> Iterator[tuple[str, int]]:
    yield "waiting_files", state.landed.count(*words.WAITS)
    yield "late", int(any(problem.kind in words.OF_WINDOWS for problem in state.problems))
    books = state.books
    yield "open_failures", 0 if books is None else books.open_failures
    days = () if books is None else books.days
    yield "loads_14_days", sum(day.loads for day in days)
    yield "rows_14_days", sum(day.rows for day in days)
    if books is not None and books.last_load is not None:
        age = moment - books.last_load.completed_at
        yield "last_load_age_seconds", max(0, round(age.total_seconds()))


def _escaped(value: str) -> str:
    """A label's value: names of tables that are only in the books may hold anything."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
