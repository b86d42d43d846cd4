"""Arrivals: what should have come and did not, what comes next, and a calendar of what became of
it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.loading.model import ArrivalRecord
from airflow_landing_loader.monitoring.deciding import WATCHED
from airflow_landing_loader.monitoring.expected import Expected
from airflow_landing_loader.monitoring.outcomes import WindowState
from airflow_landing_loader.plugins.pages.fields import Given
from airflow_landing_loader.plugins.pages.links import Links
from airflow_landing_loader.plugins.pages.rendering import page
from airflow_landing_loader.plugins.pages.route import PageRoute
from airflow_landing_loader.plugins.pages.visits import Visit, VisitDep
from airflow_landing_loader.plugins.pages.windows import (
    Coming,
    Ended,
    Mark,
    coming,
    ended,
    mark,
    open_mark,
)
from airflow_landing_loader.safe_text import storable

router = APIRouter(route_class=PageRoute, include_in_schema=False)

DAYS = 28
ON_A_PAGE = 100
_LISTED = 20


class Asked(BaseModel):
    """What is asked for in the address.

    :param to: the last day of the calendar.
    """

    table: Annotated[Annotated[str, Field(max_length=300)] | None, Given] = None
    to: Annotated[date, Field(ge=date(2000, 1, 1), le=date(9999, 1, 1))] | None = None
    page: Annotated[int, Field(ge=1, le=100_000)] = 1


@dataclass(frozen=True, kw_only=True)
class Day:
    """A column of the calendar."""

    number: int
    weekday: str
    name: str
    is_today: bool


@dataclass(frozen=True, kw_only=True)
class CalendarRow:
    """A mapping that expects files.

    :param marks: one for each day; ``None``: nothing was expected.
    :param share: of its windows in these days, how many were on time, in percent; ``None``: none
        has ended.
    """

    table: str
    pattern: str
    marks: tuple[Mark | None, ...]
    share: int | None


@dataclass(frozen=True, kw_only=True)
class ArrivalsView:
    """What the template shows.

    :param late: windows that lack what is due; ``open``: that ended without it.
    :param bad: the newest of those; ``due``: the first of those that come next.
    :param more_bad: how many more there are; ``more_due``: the same.
    """

    asked: Asked
    late: int
    open: int
    share: int | None
    due: tuple[Coming, ...]
    more_due: int
    bad: tuple[Ended, ...]
    more_bad: int
    days: tuple[Day, ...]
    rows: tuple[CalendarRow, ...]
    found: int
    earlier: str | None
    later: str | None
    previous: str | None
    next: str | None
    expects: bool
    problems: tuple[str, ...]


@router.get("/arrivals")
def arrivals_page(request: Request, visit: VisitDep, asked: Annotated[Asked, Query()]) -> Response:
    """Windows of tables that the visitor may see."""
    view = _view(visit, asked, Links.of(request), datetime.now(UTC).date())
    return page(request, visit, "arrivals.html", view, title="Arrivals", section="arrivals")


def _view(visit: Visit, asked: Asked, links: Links, today: date) -> ArrivalsView:
    tables = frozenset(visit.only(asked.table))
    expected = visit.monitor.expected()
    records = [record for record in expected.records if record.table_name in tables]
    windows = [one for one in expected.open if one[0].table in tables]
    last = asked.to or today
    days = [last - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    shares = _shares(_mappings(visit, tables), records, days)
    first = (asked.page - 1) * ON_A_PAGE
    shown = shares[first : first + ON_A_PAGE]
    incidents = [record for record in records if record.is_open]

    def at(**changes: object) -> str:
        wanted = asked.model_copy(update=changes)
        return links.page(
            "arrivals",
            table=wanted.table,
            to=wanted.to.isoformat() if wanted.to else None,
            page=wanted.page if wanted.page > 1 else None,
        )

    return ArrivalsView(
        asked=asked,
        late=sum(state.standing == "overdue" for _, state in windows),
        open=len(incidents),
        share=_share(records),
        due=tuple(coming(sorted(windows, key=_overdue_first)[:_LISTED])),
        more_due=max(len(windows) - _LISTED, 0),
        bad=tuple(ended(incidents[-_LISTED:])),
        more_bad=max(len(incidents) - _LISTED, 0),
        days=tuple(_day(day, today) for day in days),
        rows=tuple(_rows(shown, records, windows, days)),
        found=len(shares),
        earlier=at(to=days[0] - timedelta(days=1)) if days[0] > today - WATCHED else None,
        later=at(to=min(last + timedelta(days=DAYS), today)) if last < today else None,
        previous=at(page=asked.page - 1) if asked.page > 1 else None,
        next=at(page=asked.page + 1) if first + ON_A_PAGE < len(shares) else None,
        expects=bool(shares),
        problems=_problems(expected) if not asked.table and visit.sees_all else (),
    )


def _mappings(visit: Visit, tables: frozenset[str]) -> list[TableMapping]:
    found = visit.monitor.mappings().mappings
    return [one for one in found if one.expect is not None and one.table in tables]


def _shares(
    mappings: Sequence[TableMapping], records: Sequence[ArrivalRecord], days: Sequence[date]
) -> list[tuple[TableMapping, int | None]]:
    """Each mapping with how many of its windows in these days were on time, the least punctual
    first."""
    own: defaultdict[tuple[str, str], list[ArrivalRecord]] = defaultdict(list)
    first, last = days[0].isoformat(), days[-1].isoformat()
    for one in records:
        if first <= one.day <= last:
            own[one.table_name, one.pattern].append(one)
    found = [(one, _share(own[one.table, storable(one.pattern)])) for one in mappings]
    return sorted(found, key=_least_first)


def _rows(
    shown: Sequence[tuple[TableMapping, int | None]],
    records: Sequence[ArrivalRecord],
    windows: Sequence[tuple[TableMapping, WindowState]],
    days: Sequence[date],
) -> Iterator[CalendarRow]:
    """The rows of a page of the calendar."""
    names = {(mapping.table, storable(mapping.pattern)) for mapping, _ in shown}
    within = {day.isoformat() for day in days}
    marks = {
        (one.table_name, one.pattern, one.day): mark(one)
        for one in records
        if one.day in within and (one.table_name, one.pattern) in names
    }
    for mapping, state in windows:
        key = (mapping.table, storable(mapping.pattern), state.window.day.isoformat())
        marks[key] = open_mark(state)
    for mapping, share in shown:
        pattern = storable(mapping.pattern)
        yield CalendarRow(
            table=mapping.table,
            pattern=mapping.pattern,
            marks=tuple(marks.get((mapping.table, pattern, day.isoformat())) for day in days),
            share=share,
        )


def _least_first(row: tuple[TableMapping, int | None]) -> tuple[float, str, str]:
    mapping, share = row
    return (101.0 if share is None else share), mapping.table, mapping.pattern


def _overdue_first(window: tuple[TableMapping, WindowState]) -> tuple[bool, datetime]:
    return window[1].standing != "overdue", window[1].window.by


def _share(records: Sequence[ArrivalRecord]) -> int | None:
    """Of windows that have ended, those that were on time, in percent and never more than it is."""
    if not records:
        return None
    return 100 * sum(one.outcome == "on_time" for one in records) // len(records)


def _day(day: date, today: date) -> Day:
    return Day(
        number=day.day, weekday=f"{day:%a}"[:2], name=f"{day:%A %d %B %Y}", is_today=day == today
    )


def _problems(expected: Expected) -> tuple[str, ...]:
    return tuple(_texts(expected))


def _texts(expected: Expected) -> Iterator[str]:
    for problem in expected.problems:
        yield problem.text()
