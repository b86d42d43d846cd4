"""Drift: columns that files have and their tables lack, and what making them columns would do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from markupsafe import Markup
from pydantic import AfterValidator, BaseModel, Field

from airflow_landing_loader.config.mapping.column_types import PLAIN_TYPES, TEXT, column_type
from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.loading.columns.promotion import Prospect
from airflow_landing_loader.loading.ledger.tables import now as utc_now
from airflow_landing_loader.loading.summary import DriftColumn
from airflow_landing_loader.plugins.pages.books import why_not_told
from airflow_landing_loader.plugins.pages.links import Links
from airflow_landing_loader.plugins.pages.overview import Chip
from airflow_landing_loader.plugins.pages.rendering import page
from airflow_landing_loader.plugins.pages.route import PageRoute
from airflow_landing_loader.plugins.pages.texts import with_code
from airflow_landing_loader.plugins.pages.visits import Visit, VisitDep, not_there
from airflow_landing_loader.safe_text import counted, ended, shortened

router = APIRouter(route_class=PageRoute, include_in_schema=False)

ON_A_PAGE = 100
_NEW = timedelta(hours=36)
_SAMPLES = 8
_MOST_OF_SAMPLE = 80


class Asked(BaseModel):
    """What is asked for in the address."""

    q: str = Field("", max_length=200)
    table: str = Field("", max_length=300)
    page: int = Field(1, ge=1, le=1_000_000)


def _type(text: str) -> str:
    return column_type(text) if text else ""


class AskedOfColumn(BaseModel):
    """Which column, and as which type.

    Not as a part of the path: a sender may call a column ``..`` or ``a/b``, which browsers and
    proxies read as another place.
    """

    column: str = Field(min_length=1, max_length=1000)
    type: Annotated[str, Field(max_length=100), AfterValidator(_type)] = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One column of one table.

    :param of: loads whose rows are in the table.
    :param share: of these, how many have it, in percent and never 0.
    :param fresh: whether it was seen first only lately.
    """

    table: str
    column: DriftColumn
    of: int
    share: int
    fresh: bool
    href: str


@dataclass(frozen=True, kw_only=True)
class DriftView:
    """What the template shows.

    :param found: columns that the filter leaves; ``rows`` are those of this page.
    """

    headline: str
    asked: Asked
    tables: tuple[str, ...]
    rows: tuple[Row, ...]
    found: int
    first: int
    total: int
    earlier: str | None
    later: str | None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the promotion would do.

    :param fits: the narrowest type that takes every value.
    :param loses: values of which the type would lose signs or zeros.
    :param statements: in order, each with what is bound.
    """

    prospect: Prospect
    fits: str
    loses: int
    statements: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


@dataclass(frozen=True, kw_only=True)
class ColumnView:
    """What the template shows of one column.

    :param plan: ``None``: nobody could say; ``trouble`` and ``hint`` tell why.
    :param types: to choose from, as links to what each would do.
    :param type: that is looked at.
    :param samples: cell values; ``None``: they are not to be shown.
    """

    row: Row
    type: str
    types: tuple[Chip, ...]
    plan: Plan | None
    trouble: str
    hint: Markup
    samples: tuple[str, ...] | None
    may_act: bool


@router.get("/drift")
def drift_page(request: Request, visit: VisitDep, asked: Annotated[Asked, Query()]) -> Response:
    """All columns that are in ``_extra``, those first that were seen first last."""
    view = drift_view(visit, asked, Links.of(request), utc_now())
    return page(request, visit, "drift.html", view, title="Drift", section="drift")


@router.get("/drift/{table}")
def column_page(
    request: Request,
    visit: VisitDep,
    table: Annotated[str, Path(max_length=300)],
    asked: Annotated[AskedOfColumn, Query()],
) -> Response:
    """One of them. No coroutine, as the warehouse looks at every value of it."""
    view = column_view(visit, table, asked, Links.of(request), utc_now())
    title = f"{view.row.column.name}, drift of {table}"
    # Taken anew, it would look at all values every time, for each tab that stays open.
    shown = "drift_column.html"
    return page(request, visit, shown, view, title=title, section="drift", renews=False)


def drift_view(visit: Visit, asked: Asked, links: Links, now: datetime) -> DriftView:
    """Prepare what the template shows."""
    rows = sorted(_rows(visit, links, now), key=lambda row: row.column.first_at, reverse=True)
    text = asked.q.strip().lower()
    only = visit.only(asked.table)
    found = [
        row
        for row in rows
        if row.table in only and (text in row.table.lower() or text in row.column.name.lower())
    ]
    first = (asked.page - 1) * ON_A_PAGE

    def at(number: int) -> str:
        shown = number if number > 1 else None
        return links.page("drift", table=asked.table, q=asked.q, page=shown)

    return DriftView(
        headline=_headline(rows),
        asked=asked,
        tables=tuple(sorted({row.table for row in rows} | ({asked.table} - {""}))),
        rows=tuple(found[first : first + ON_A_PAGE]),
        found=len(found),
        first=first,
        total=len(rows),
        earlier=at(asked.page - 1) if asked.page > 1 else None,
        later=at(asked.page + 1) if first + ON_A_PAGE < len(found) else None,
    )


def column_view(
    visit: Visit, table: str, asked: AskedOfColumn, links: Links, now: datetime
) -> ColumnView:
    """Prepare what the template shows of one column."""
    visit.table(table)
    row = next(
        (
            one
            for one in _rows(visit, links, now)
            if (one.table, one.column.name) == (table, asked.column)
        ),
        None,
    )
    if row is None:
        raise not_there("column in _extra")
    plan, trouble, hint = _plan(visit, table, asked)
    shown = asked.type or (plan.prospect.type if plan is not None else TEXT)
    return ColumnView(
        row=row,
        type=shown,
        types=tuple(_types(row, shown, plan, links)),
        plan=plan,
        trouble=trouble,
        hint=hint,
        samples=_samples(visit, table, asked.column),
        may_act=visit.may_act_on(table),
    )


def _rows(visit: Visit, links: Links, now: datetime) -> Iterator[Row]:
    for state in visit.overview.tables:
        books = state.books
        for column in books.drift if books is not None else ():
            of = max(books.loads if books is not None else 0, column.loads, 1)
            yield Row(
                table=state.table,
                column=column,
                of=of,
                share=max(1, 100 * column.loads // of),
                fresh=now - column.first_at < _NEW,
                href=links.page("drift", state.table, column=column.name),
            )


def _headline(rows: list[Row]) -> str:
    if not rows:
        return "Every column is in its table"
    verb = "waits" if len(rows) == 1 else "wait"
    tables = len({row.table for row in rows})
    return f"{counted(len(rows), 'new column')} of {counted(tables, 'table')} {verb} for a decision"


def _plan(visit: Visit, table: str, asked: AskedOfColumn) -> tuple[Plan | None, str, Markup]:
    """What the warehouse says the promotion would do; else why it cannot be done, or said."""
    if visit.overview.is_copy:
        return None, why_not_told(visit, "what Promote would do is"), Markup("")
    try:
        prospect = visit.monitor.warehouse.prospect(table, asked.column, asked.type or None)
    except LandingError as error:
        # Of a busy database it names what is loaded, which may be of others' tables.
        return None, _said(error), with_code(error.detail.hint or "")
    plan = Plan(
        prospect=prospect,
        fits=prospect.proposed or prospect.type,
        loses=prospect.padded,
        statements=tuple(
            (step.sql.strip(), tuple((name, _bound(v)) for name, v in step.values.items()))
            for step in prospect.steps
        ),
    )
    return plan, "", Markup("")


def _said(error: LandingError) -> str:
    if error.transient:
        return "A writer has the database, or it does not answer: what would be done is told later."
    return ended(error.detail.message)


def _bound(value: Any) -> str:
    return shortened(repr(value), 300)


def _samples(visit: Visit, table: str, column: str) -> tuple[str, ...] | None:
    """Some values of the column, where values may be shown at all."""
    if not visit.monitor.settings.show_values:
        return None
    if visit.overview.is_copy:
        return ()
    try:
        found = visit.monitor.warehouse.samples(table, column, _SAMPLES)
    except LandingError:
        return ()
    return tuple(shortened(value, _MOST_OF_SAMPLE) for value in found)


def _types(row: Row, shown: str, plan: Plan | None, links: Links) -> Iterator[Chip]:
    """What the column may become: what fits first."""
    if plan is not None and plan.prospect.there:
        return
    fits = plan.fits if plan is not None else TEXT
    for type_ in dict.fromkeys((fits, TEXT, shown, *PLAIN_TYPES)):
        yield Chip(
            label=f"{type_} (fits)" if type_ == fits and type_ != TEXT else type_,
            count=0,
            href=links.page("drift", row.table, column=row.column.name, type=type_),
            chosen=type_ == shown,
        )
