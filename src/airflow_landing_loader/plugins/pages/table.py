"""One table: what is wrong with it, what came, its columns, and what its mappings say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi import Path as PathParameter
from markupsafe import Markup

from airflow_landing_loader.loading.history import LoadDetail, LoadQuery
from airflow_landing_loader.loading.ledger.tables import now as utc_now
from airflow_landing_loader.loading.model import ArrivalRecord
from airflow_landing_loader.loading.reading.quality import shown_score
from airflow_landing_loader.loading.summary import DriftColumn
from airflow_landing_loader.monitoring.overview import TableState
from airflow_landing_loader.plugins import charts
from airflow_landing_loader.plugins.pages.asked import AskedFor, asked_for
from airflow_landing_loader.plugins.pages.books import if_told
from airflow_landing_loader.plugins.pages.days import load_bars
from airflow_landing_loader.plugins.pages.links import Links
from airflow_landing_loader.plugins.pages.load_rows import LoadRow, load_row
from airflow_landing_loader.plugins.pages.mapping import (
    MappingView,
    ProblemView,
    mappings_of,
    problems_of,
)
from airflow_landing_loader.plugins.pages.overview import Trouble, troubles
from airflow_landing_loader.plugins.pages.rendering import page
from airflow_landing_loader.plugins.pages.route import PageRoute
from airflow_landing_loader.plugins.pages.scores import score_line
from airflow_landing_loader.plugins.pages.visits import Visit, VisitDep
from airflow_landing_loader.plugins.pages.windows import Coming, Ended, Mark, coming, ended, mark
from airflow_landing_loader.safe_text import storable

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_LOADS, _SCORES = 15, 40
_MARKS, _ENDED = 60, 8

TableName = Annotated[str, PathParameter(max_length=300)]


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """What one mapping expects.

    :param marks: how its last windows ended, the oldest first.
    """

    pattern: str
    sentences: tuple[str, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True, kw_only=True)
class TableView:
    """What the template shows.

    :param newest: what the books know of the newest load; ``None``: there is none, or a writer has
        the books.
    :param busy: whether a writer has the books, so that some of it is missing here.
    :param landing_trouble: why landing cannot be read.
    :param chart: rows of the last days; ``quality``: scores of the last loads.
    """

    state: TableState
    troubles: tuple[Trouble, ...]
    chart: Markup
    loads: tuple[LoadRow, ...]
    newest: LoadDetail | None
    drift: tuple[DriftColumn, ...]
    quality: Markup | None
    expectations: tuple[Expectation, ...]
    coming: tuple[Coming, ...]
    ended: tuple[Ended, ...]
    mappings: tuple[MappingView, ...]
    problems: tuple[ProblemView, ...]
    asked: tuple[AskedFor, ...] | None
    busy: bool
    landing_trouble: str | None


@router.get("/tables/{table}")
def table_page(request: Request, visit: VisitDep, table: TableName) -> Response:
    """One table that the visitor may see."""
    view = _view(visit, visit.table(table), Links.of(request))
    return page(request, visit, "table.html", view, title=table, section="overview")


def _view(visit: Visit, state: TableState, links: Links) -> TableView:
    monitor, books = visit.monitor, state.books
    history = monitor.history
    last = None if books is None else books.last_load
    loads = history.loads(LoadQuery(tables=(state.table,), limit=_SCORES))
    newest = None if last is None else if_told(lambda: history.load(last.load_id))
    expected = monitor.expected()
    records = [record for record in expected.records if record.table_name == state.table]
    found = monitor.mappings()
    root = Path(monitor.settings.table_config_path)
    rows = tuple(map(load_row, loads.rows))
    return TableView(
        state=state,
        troubles=tuple(troubles(state, state.problems, links)),
        chart=load_bars(books, utc_now().date()),
        loads=rows[:_LOADS],
        newest=newest,
        drift=() if books is None else books.drift,
        quality=_quality(rows),
        expectations=_expectations(visit, state.table, records),
        coming=tuple(coming([one for one in expected.open if one[0].table == state.table])),
        ended=tuple(ended(records))[:_ENDED],
        mappings=tuple(mappings_of(state.table, found, root)),
        problems=tuple(problems_of(state.table, found)),
        asked=asked_for(visit, (state.table,), links),
        busy=loads.busy_with is not None or (last is not None and newest is None),
        landing_trouble=visit.overview.landing_trouble,
    )


def _quality(rows: tuple[LoadRow, ...]) -> Markup | None:
    """Scores of loads, the oldest first."""
    points = [
        charts.Point(
            value=row.load.quality_score,
            title=f"{row.load.completed_at:%Y-%m-%d}: {shown_score(row.load.quality_score)} %",
        )
        for row in reversed(rows)
        if row.load.quality_score is not None
    ]
    return score_line(points, f"Quality of the last {len(points)} loads, days in UTC", width=480)


def _expectations(
    visit: Visit, table: str, records: list[ArrivalRecord]
) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            pattern=mapping.pattern,
            sentences=mapping.expect.in_words,
            marks=tuple(mark(one) for one in records if one.pattern == storable(mapping.pattern))[
                -_MARKS:
            ],
        )
        for mapping in visit.monitor.mappings().for_table(table)
        if mapping.expect is not None
    )
