"""The overview: every table, the worst first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from markupsafe import Markup
from pydantic import BaseModel, Field

from airflow_landing_loader.loading.ledger.tables import now as utc_now
from airflow_landing_loader.loading.summary import LastLoad
from airflow_landing_loader.monitoring.overview import (
    LandingOverview,
    Level,
    Problem,
    ProblemKind,
    TableState,
)
from airflow_landing_loader.plugins.pages import words
from airflow_landing_loader.plugins.pages.days import day_of, load_bars
from airflow_landing_loader.plugins.pages.links import Links
from airflow_landing_loader.plugins.pages.rendering import middle, page
from airflow_landing_loader.plugins.pages.route import PageRoute
from airflow_landing_loader.plugins.pages.totals import Totals
from airflow_landing_loader.plugins.pages.visits import VisitDep
from airflow_landing_loader.safe_text import counted, delivered, shown_name

router = APIRouter(route_class=PageRoute, include_in_schema=False)

ON_A_PAGE = 100
_TOLD = 2  # problems of a table


class Asked(BaseModel):
    """What is asked for in the address."""

    q: str = Field("", max_length=200)
    level: Level | None = None
    kind: ProblemKind | None = None
    waiting: bool = False
    page: int = Field(1, ge=1, le=1_000_000)


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """One thing that is wrong with a table.

    :param detail: more of it, as far as that is known without a look.
    :param href: where there is the rest, and what to do.
    """

    level: Level
    label: str
    text: str
    detail: str
    href: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """One table.

    :param unmapped: whether no mapping feeds it any more.
    :param others: how many more problems it has.
    :param waits: files in landing that are going to be loaded.
    :param rows_today: ``None``: nothing was loaded.
    :param due: when files are due next; ``None``: not known.
    :param overdue: whether that has passed.
    """

    table: str
    description: str
    unmapped: bool
    level: Level
    troubles: tuple[Trouble, ...]
    others: int
    waits: int
    last: LastLoad | None
    chart: Markup
    rows_today: int | None
    due: datetime | None
    overdue: bool


@dataclass(frozen=True, kw_only=True)
class Chip:
    """A filter, and how much it leaves."""

    label: str
    count: int
    href: str
    chosen: bool
    level: Level | None = None


@dataclass(frozen=True, kw_only=True)
class OverviewView:
    """What the template shows.

    :param found: tables that the filter leaves; ``rows`` are those of this page.
    :param none_yet: there is no table at all.
    :param unmatched: files of no table; ``None``: landing cannot be read.
    """

    headline: str
    level: Level
    totals: Totals
    chips: tuple[Chip, ...]
    kinds: tuple[Chip, ...]
    asked: Asked
    rows: tuple[Row, ...]
    found: int
    first: int
    earlier: str | None
    later: str | None
    none_yet: bool
    unmatched: int | None


@router.get("/")
def overview_page(request: Request, visit: VisitDep, asked: Annotated[Asked, Query()]) -> Response:
    """All tables that the visitor may see."""
    view = overview_view(visit.overview, asked, Links.of(request), utc_now())
    return page(request, visit, "overview.html", view, title="Overview", section="overview")


def overview_view(
    overview: LandingOverview, asked: Asked, links: Links, now: datetime
) -> OverviewView:
    """Prepare what the template shows."""
    found = [state for state in overview.tables if _is_asked_for(state, asked)]
    first = (asked.page - 1) * ON_A_PAGE
    shown = found[first : first + ON_A_PAGE]

    def at(page: int) -> str:
        return _address(links, asked.model_copy(update={"page": page}))

    return OverviewView(
        headline=_headline(overview),
        level=_level(overview),
        totals=Totals.of(overview, now.date()),
        chips=tuple(_chips(overview, asked, links)),
        kinds=tuple(_kind_chips(overview, asked, links)),
        asked=asked,
        rows=tuple(_row(state, links, now.date()) for state in shown),
        found=len(found),
        first=first,
        earlier=at(asked.page - 1) if asked.page > 1 else None,
        later=at(asked.page + 1) if first + ON_A_PAGE < len(found) else None,
        none_yet=not overview.tables,
        unmatched=None
        if overview.landing_trouble is not None
        else overview.unmatched.count("unmatched", "refused"),
    )


def _level(overview: LandingOverview) -> Level:
    levels = overview.levels()
    if levels["bad"] or overview.landing_trouble is not None:
        return "bad"
    return "warning" if levels["warning"] else "good"


def _headline(overview: LandingOverview) -> str:
    levels = overview.levels()
    if overview.landing_trouble is not None:
        return "Landing cannot be read"
    if not overview.tables:
        return "There are no tables yet"
    if levels["bad"]:
        verb = "needs" if levels["bad"] == 1 else "need"
        return f"{counted(levels['bad'], 'table')} {verb} attention"
    if levels["warning"]:
        return f"Nothing is broken; {counted(levels['warning'], 'table')} to look at"
    return "All is well"


def _is_asked_for(state: TableState, asked: Asked) -> bool:
    return (
        (asked.level is None or state.level == asked.level)
        and (asked.kind is None or any(one.kind == asked.kind for one in state.problems))
        and (not asked.waiting or state.landed.count(*words.WAITS) > 0)
        and _holds(state, asked.q.lower().strip())
    )


def _holds(state: TableState, text: str) -> bool:
    texts = (state.table, state.description, *(one.text for one in state.problems))
    return not text or any(text in one.lower() for one in texts)


def _chips(overview: LandingOverview, asked: Asked, links: Links) -> Iterator[Chip]:
    plain = asked.model_copy(update={"level": None, "kind": None, "waiting": False, "page": 1})
    yield Chip(
        label="All",
        count=len(overview.tables),
        href=_address(links, plain),
        chosen=asked.level is None and asked.kind is None and not asked.waiting,
    )
    for level, count in overview.levels().items():
        yield Chip(
            label=words.LEVELS[level],
            count=count,
            href=_address(links, plain.model_copy(update={"level": level})),
            chosen=asked.level == level,
            level=level,
        )
    if overview.landing_trouble is not None and not asked.waiting:
        return  # nobody knows
    yield Chip(
        label="With files waiting",
        count=sum(state.landed.count(*words.WAITS) > 0 for state in overview.tables),
        href=_address(links, plain.model_copy(update={"waiting": True})),
        chosen=asked.waiting,
    )


def _kind_chips(overview: LandingOverview, asked: Asked, links: Links) -> Iterator[Chip]:
    """A filter for each kind of problem that there is, or that is chosen."""
    found = overview.problems()
    plain = asked.model_copy(update={"level": None, "waiting": False, "page": 1})
    for kind, label in words.KINDS.items():
        chosen = kind == asked.kind
        if kind in found or chosen:
            yield Chip(
                label=label,
                count=found.get(kind, 0),
                href=_address(links, plain.model_copy(update={"kind": None if chosen else kind})),
                chosen=chosen,
                level=Problem(kind=kind, count=1, text="").level,
            )


def _address(links: Links, asked: Asked) -> str:
    return links.page(
        q=asked.q,
        level=asked.level,
        kind=asked.kind,
        waiting="1" if asked.waiting else None,
        page=asked.page if asked.page > 1 else None,
    )


def _row(state: TableState, links: Links, today: date) -> Row:
    books = state.books
    kinds = {problem.kind for problem in state.problems}
    brought = day_of(books, today)
    window = next((one for one in state.windows if one.standing != "arrived"), None)
    return Row(
        table=state.table,
        description=state.description,
        unmapped=not state.mapped and "mapping" not in kinds,
        level=state.level,
        troubles=tuple(troubles(state, state.problems[:_TOLD], links)),
        others=max(len(state.problems) - _TOLD, 0),
        waits=state.landed.count(*words.WAITS),
        last=None if books is None else books.last_load,
        chart=load_bars(books, today),
        rows_today=brought.rows if brought is not None and brought.loads else None,
        due=None if window is None else words.plain(window.window.by),
        overdue=window is not None and window.standing == "overdue",
    )


def troubles(state: TableState, problems: Sequence[Problem], links: Links) -> Iterator[Trouble]:
    """Problems of a table with the way to what can be done about each."""
    for problem in problems:
        yield Trouble(
            level=problem.level,
            label=words.KINDS[problem.kind],
            text=problem.text,
            detail=_detail(problem.kind, state),
            href=_more(problem.kind, state.table, links),
        )


def _detail(kind: ProblemKind, state: TableState) -> str:
    newest = state.books.last_failure if state.books is not None else None
    if kind != "failed" or newest is None:
        return ""
    name = middle(shown_name(delivered(newest.filename)))
    return f"{newest.code}: {name}" if newest.code else name


def _more(kind: ProblemKind, table: str, links: Links) -> str:
    sections = {
        "failed": "failures",
        "missing": "arrivals",
        "wrong": "arrivals",
        "late": "arrivals",
        "dbt": "executions",
        "quality": "quality",
        "drift": "drift",
    }
    if kind in sections:
        return links.page(sections[kind], table=table)
    part = "mapping" if kind == "mapping" else "landing"
    return f"{links.page('tables', table)}#{part}"
