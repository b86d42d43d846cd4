"""Failures: what lies in failed, by cause; and what became of what lay there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from markupsafe import Markup
from pydantic import AfterValidator, BaseModel, Field

from airflow_landing_loader.loading.history import Cause, DeliveryQuery
from airflow_landing_loader.loading.model import DeliveryRecord
from airflow_landing_loader.plugins.pages.asked import AskedFor
from airflow_landing_loader.plugins.pages.links import Links
from airflow_landing_loader.plugins.pages.overview import Chip
from airflow_landing_loader.plugins.pages.past_places import MOST, behind, place
from airflow_landing_loader.plugins.pages.refusals import Refusal, refusals
from airflow_landing_loader.plugins.pages.rendering import page
from airflow_landing_loader.plugins.pages.route import PageRoute
from airflow_landing_loader.plugins.pages.texts import explained_code
from airflow_landing_loader.plugins.pages.undone import ENDED, Ending, endings, not_done
from airflow_landing_loader.plugins.pages.visits import Visit, VisitDep, total_open_failures
from airflow_landing_loader.safe_text import counted

router = APIRouter(route_class=PageRoute, include_in_schema=False)

ON_A_PAGE = 50


def _place(text: str) -> str:
    if text:
        place(text)
    return text


class Asked(BaseModel):
    """What is asked for in the address."""

    q: str = Field("", max_length=200)
    table: str = Field("", max_length=300)
    code: str = Field("", max_length=100)
    show: Literal["open", "ended"] = "open"
    before: Annotated[str, Field(max_length=MOST), AfterValidator(_place)] = ""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Deliveries of this page that have one cause.

    :param code: ``None``: the books have none.
    :param anchor: id of its heading.
    :param total: of all pages; ``tables``: of which they are.
    :param more: those of this cause alone; ``None``: they are all here.
    """

    code: str | None
    anchor: str
    meaning: Markup
    cure: Markup
    total: int
    tables: int
    rows: tuple[Refusal, ...]
    more: str | None


@dataclass(frozen=True, kw_only=True)
class Open:
    """What lies in failed.

    :param may_act: whether the visitor may act on any that is shown; ``may_ask``: on any table.
    :param hidden_values: whether any has text that is not shown.
    """

    chips: tuple[Chip, ...]
    groups: tuple[Group, ...]
    may_act: bool
    may_ask: bool
    hidden_values: bool


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What lay in failed, and does not any more.

    :param not_done: what was asked for lately, and failed.
    """

    rows: tuple[Ending, ...]
    not_done: tuple[AskedFor, ...]


@dataclass(frozen=True, kw_only=True)
class FailuresView:
    """What the template shows; one of ``open`` and ``ended``.

    :param total: deliveries that lie in failed, whatever is asked for; ``shown``: deliveries of
        this page.
    :param tables: names to choose from.
    :param newest_only: whether the books cannot be asked just now, and the newest are told alone.
    :param busy_with: who has them then, if that is why.
    :param troubles: what could not be asked, and why.
    """

    headline: str
    total: int
    shown: int
    asked: Asked
    narrowed: bool
    tables: tuple[str, ...]
    tabs: tuple[Chip, ...]
    open: Open | None
    ended: Ended | None
    newest: str | None
    older: str | None
    as_of: datetime
    newest_only: bool
    busy_with: str | None
    troubles: tuple[str, ...]


@router.get("/failures")
def failures_page(request: Request, visit: VisitDep, asked: Annotated[Asked, Query()]) -> Response:
    """What lies in failed, or what became of it."""
    view = failures_view(visit, asked, Links.of(request))
    return page(request, visit, "failures.html", view, title="Failures", section="failures")


def failures_view(visit: Visit, asked: Asked, links: Links) -> FailuresView:
    """Prepare what the template shows."""
    query = _query(visit, asked)
    found = visit.monitor.history.deliveries(query)
    lie, ended, trouble = None, None, None
    if asked.show == "open":
        lie, trouble = _open(visit, query, found.rows, asked, links)
    else:
        ended, trouble = _ended(visit, found.rows, asked, links)
    older = behind(found.rows[-1]) if found.more and found.rows else ""
    total = total_open_failures(visit.overview.tables)
    return FailuresView(
        headline=_headline(total) if ended is None else "Brought back, or discarded",
        total=total,
        shown=len(found.rows),
        asked=asked,
        narrowed=bool(asked.q or asked.table or asked.code),
        tables=_tables(visit, asked),
        tabs=tuple(_tabs(total, asked, links)),
        open=lie,
        ended=ended,
        newest=_address(links, asked, before="") if asked.before else None,
        older=_address(links, asked, before=older) if older else None,
        as_of=found.as_of,
        newest_only=found.busy_with is not None or visit.overview.is_copy,
        busy_with=(visit.overview.busy_with or "somebody") if found.busy_with else None,
        troubles=() if trouble is None else (trouble,),
    )


def _open(
    visit: Visit,
    query: DeliveryQuery,
    records: Sequence[DeliveryRecord],
    asked: Asked,
    links: Links,
) -> tuple[Open, str | None]:
    causes = visit.monitor.history.causes(replace(query, code=None))
    rows, trouble = refusals(visit, records, links)
    shown = Open(
        chips=tuple(_chips(causes, asked, links)),
        groups=tuple(_groups(rows, causes, asked, links)),
        may_act=any(row.may_act and row.target is not None for row in rows),
        may_ask=bool(visit.rights.editable),
        hidden_values=any(row.line is not None and row.line.text is None for row in rows),
    )
    return shown, trouble


def _ended(
    visit: Visit, records: Sequence[DeliveryRecord], asked: Asked, links: Links
) -> tuple[Ended, str | None]:
    rows, trouble = endings(visit, records, links)
    return Ended(rows=rows, not_done=not_done(visit, visit.only(asked.table), links)), trouble


def _tables(visit: Visit, asked: Asked) -> tuple[str, ...]:
    """The names to choose from: of what lies in failed, those that have some."""
    if asked.show == "ended":
        return tuple(sorted(visit.tables))
    failing = {s.table for s in visit.overview.tables if s.books and s.books.open_failures}
    return tuple(sorted(failing | ({asked.table} - {""})))


def _query(visit: Visit, asked: Asked) -> DeliveryQuery:
    ended = asked.show == "ended"
    return DeliveryQuery(
        tables=visit.only(asked.table),
        outcomes=ENDED if ended else ("failed",),
        text=asked.q.strip(),
        code=asked.code or None,
        before=place(asked.before) if asked.before else None,
        limit=ON_A_PAGE,
    )


def _headline(total: int) -> str:
    if not total:
        return "Nothing lies in failed"
    verb = "lies" if total == 1 else "lie"
    return f"{counted(total, 'delivery', 'deliveries')} {verb} in failed"


def _groups(
    rows: Sequence[Refusal], causes: Sequence[Cause], asked: Asked, links: Links
) -> Iterator[Group]:
    """The rows by their causes, the most frequent cause first."""
    for at, cause in enumerate(causes):
        own = tuple(row for row in rows if row.code == cause.code)
        if not own:
            continue
        meaning, cure = explained_code(cause.code)
        rest = cause.deliveries > len(own) and cause.code and not asked.code
        yield Group(
            code=cause.code,
            anchor=f"cause-{at}",
            meaning=meaning,
            cure=cure,
            total=cause.deliveries,
            tables=cause.tables,
            rows=own,
            more=_address(links, asked, code=cause.code or "", before="") if rest else None,
        )


def _tabs(total: int, asked: Asked, links: Links) -> Iterator[Chip]:
    plain = asked.model_copy(update={"show": "open", "code": "", "before": ""})
    yield Chip(
        label="Lie in failed",
        count=total,
        href=_address(links, plain),
        chosen=asked.show == "open",
        level="bad" if total else None,
    )
    yield Chip(
        label="Brought back or discarded",
        count=0,
        href=_address(links, plain, show="ended"),
        chosen=asked.show == "ended",
    )


def _chips(causes: Sequence[Cause], asked: Asked, links: Links) -> Iterator[Chip]:
    """A filter for each cause, where there are several or one is chosen."""
    coded = [cause for cause in causes if cause.code]
    if len(coded) < 2 and not asked.code:
        return
    yield Chip(
        label="All causes",
        count=sum(cause.deliveries for cause in causes),
        href=_address(links, asked, code="", before=""),
        chosen=not asked.code,
    )
    for cause in coded:
        yield Chip(
            label=cause.code or "",
            count=cause.deliveries,
            href=_address(links, asked, code=cause.code or "", before=""),
            chosen=cause.code == asked.code,
        )


def _address(links: Links, asked: Asked, **changes: str) -> str:
    wanted = asked.model_copy(update=changes)
    return links.page(
        "failures",
        table=wanted.table,
        q=wanted.q,
        code=wanted.code,
        show=wanted.show if wanted.show != "open" else None,
        before=wanted.before,
    )
