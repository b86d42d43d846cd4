"""Quality: how good the data of tables is, the worst first, and how that has changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from markupsafe import Markup

from airflow_landing_loader.loading.history import LoadQuery
from airflow_landing_loader.loading.ledger.tables import now as utc_now
from airflow_landing_loader.loading.reading.quality import shown_score
from airflow_landing_loader.loading.summary import DAYS, LastLoad, TableSummary
from airflow_landing_loader.plugins import charts
from airflow_landing_loader.plugins.pages.links import Links
from airflow_landing_loader.plugins.pages.load_rows import LoadRow, load_row
from airflow_landing_loader.plugins.pages.rendering import page
from airflow_landing_loader.plugins.pages.route import PageRoute
from airflow_landing_loader.plugins.pages.scores import score_line
from airflow_landing_loader.plugins.pages.visits import Visit, VisitDep

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_LOADS = 50
ON_A_PAGE = 100


@dataclass(frozen=True, kw_only=True)
class QualityRow:
    """One table whose records are counted.

    :param score: of the newest load, in percent.
    :param rejected: records of the last days that were left out.
    """

    table: str
    score: float
    chart: Markup | None
    rejected: int
    last: LastLoad | None


@dataclass(frozen=True, kw_only=True)
class QualityView:
    """What the template shows.

    :param table: the one that is asked for.
    :param loads: those of it that broke rules, the newest first.
    """

    table: str | None
    rows: tuple[QualityRow, ...]
    loads: tuple[LoadRow, ...]
    found: int
    first: int
    earlier: str | None
    later: str | None


@router.get("/quality")
def quality_page(
    request: Request,
    visit: VisitDep,
    table: Annotated[str | None, Query(max_length=300)] = None,
    number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> Response:
    """Tables with rules that the visitor may see."""
    view = _view(visit, table or None, number, Links.of(request))
    return page(request, visit, "quality.html", view, title="Quality", section="quality")


def _view(visit: Visit, table: str | None, number: int, links: Links) -> QualityView:
    tables = frozenset(visit.only(table))
    today = utc_now().date()
    rows = [
        _row(state.books, state.books.quality, today)
        for state in visit.overview.tables
        if state.table in tables and state.books is not None and state.books.quality is not None
    ]
    rows.sort(key=lambda row: (row.score, row.table))
    query = LoadQuery(tables=tuple(tables), traits=("quality",), limit=_LOADS)
    loads = visit.monitor.history.loads(query).rows if table and tables else ()
    first = (number - 1) * ON_A_PAGE
    more = first + ON_A_PAGE < len(rows)
    return QualityView(
        table=table,
        rows=tuple(rows[first : first + ON_A_PAGE]),
        loads=tuple(map(load_row, loads)),
        found=len(rows),
        first=first,
        earlier=links.page("quality", table=table, page=number - 1) if number > 1 else None,
        later=links.page("quality", table=table, page=number + 1) if more else None,
    )


def _row(books: TableSummary, score: float, today: date) -> QualityRow:
    days = {one.day: one for one in books.days}
    points = []
    for back in range(DAYS - 1, -1, -1):
        day = today - timedelta(days=back)
        one = days.get(day.isoformat())
        value = one.quality if one is not None else None
        words = "nothing counted" if value is None else f"{shown_score(value)} %"
        points.append(charts.Point(value=value, title=f"{day:%d %b}: {words}"))
    return QualityRow(
        table=books.table,
        score=score,
        chart=score_line(points, f"Quality of {books.table}, {DAYS} days (UTC)"),
        rejected=sum(one.rejected for one in books.days),
        last=books.last_load,
    )
