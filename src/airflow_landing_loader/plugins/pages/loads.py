"""Loads: searched, filtered, the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from airflow_landing_loader.loading.history import LoadQuery, Trait
from airflow_landing_loader.plugins.pages.fields import Given
from airflow_landing_loader.plugins.pages.links import Links
from airflow_landing_loader.plugins.pages.load_rows import LoadRow, load_row
from airflow_landing_loader.plugins.pages.rendering import page
from airflow_landing_loader.plugins.pages.route import PageRoute
from airflow_landing_loader.plugins.pages.visits import Visit, VisitDep

router = APIRouter(route_class=PageRoute, include_in_schema=False)

ON_A_PAGE = 50
TRAITS: dict[Trait, str] = {
    "rejected": "Rejected records",
    "quality": "Broken rules",
    "drift": "New columns",
    "restated": "Restates a load",
    "removed": "Out of the table",
}


_Day = Annotated[date, Field(le=date(9999, 12, 30))]


class Asked(BaseModel):
    """What is asked for in the address."""

    q: Annotated[str, Field(max_length=500)] = ""
    table: Annotated[Annotated[str, Field(max_length=300)] | None, Given] = None
    since: Annotated[_Day | None, Given] = None
    until: Annotated[_Day | None, Given] = None
    trait: Annotated[tuple[Trait, ...], Field(max_length=len(TRAITS))] = ()
    before: Annotated[Annotated[int, Field(ge=0, le=2**62)] | None, Given] = None


@dataclass(frozen=True, kw_only=True)
class TraitChip:
    """A filter that can be put on and off."""

    label: str
    href: str
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class LoadsView:
    """What the template shows.

    :param narrowed: whether anything is filtered.
    :param as_of: since when the list is so, where the books cannot be asked: it is of the
        newest loads alone then.
    """

    rows: tuple[LoadRow, ...]
    asked: Asked
    tables: tuple[str, ...]
    traits: tuple[TraitChip, ...]
    newest: str | None
    older: str | None
    narrowed: bool
    as_of: datetime | None


@router.get("/loads")
def loads_page(request: Request, visit: VisitDep, asked: Annotated[Asked, Query()]) -> Response:
    """Loads of tables that the visitor may see."""
    view = _view(visit, asked, Links.of(request))
    return page(request, visit, "loads.html", view, title="Loads", section="loads")


def _view(visit: Visit, asked: Asked, links: Links) -> LoadsView:
    found = visit.monitor.history.loads(
        LoadQuery(
            tables=visit.only(asked.table),
            text=asked.q.strip(),
            since=_midnight(asked.since),
            until=_midnight(asked.until and asked.until + timedelta(days=1)),
            traits=asked.trait,
            before=asked.before,
            limit=ON_A_PAGE,
        )
    )
    last = found.rows[-1].sequence if found.rows else None
    first_page = asked.model_copy(update={"before": None})
    return LoadsView(
        rows=tuple(map(load_row, found.rows)),
        asked=asked,
        tables=tuple(sorted(visit.tables)),
        traits=tuple(_chip(trait, label, first_page, links) for trait, label in TRAITS.items()),
        newest=_address(links, first_page) if asked.before is not None else None,
        older=_address(links, asked.model_copy(update={"before": last})) if found.more else None,
        narrowed=asked != Asked(),
        as_of=found.as_of if found.busy_with is not None or visit.overview.is_copy else None,
    )


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time())


def _chip(trait: Trait, label: str, asked: Asked, links: Links) -> TraitChip:
    chosen = trait in asked.trait
    others = tuple(one for one in asked.trait if one != trait)
    wanted = others if chosen else (*others, trait)
    address = _address(links, asked.model_copy(update={"trait": wanted}))
    return TraitChip(label=label, href=address, chosen=chosen)


def _address(links: Links, asked: Asked) -> str:
    return links.page(
        "loads",
        q=asked.q,
        table=asked.table,
        since=_day(asked.since),
        until=_day(asked.until),
        trait=asked.trait,
        before=asked.before,
    )


def _day(day: date | None) -> str:
    return "" if day is None else day.isoformat()
