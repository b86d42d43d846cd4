"""One load: what was promised, counted, loaded and left out; and where it came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from airflow_landing_loader.config.mapping.dag_ids import dag_id_of
from airflow_landing_loader.config.mapping.totals import NAMES
from airflow_landing_loader.loading.history import MOST_REJECTS, LoadDetail
from airflow_landing_loader.loading.model import Load, LoadTotal
from airflow_landing_loader.loading.reading.quality import ALL
from airflow_landing_loader.plugins.pages import words
from airflow_landing_loader.plugins.pages.asked import AskedFor, asked_for
from airflow_landing_loader.plugins.pages.books import if_told
from airflow_landing_loader.plugins.pages.links import Links
from airflow_landing_loader.plugins.pages.load_rows import Note, notes_of
from airflow_landing_loader.plugins.pages.rendering import page
from airflow_landing_loader.plugins.pages.route import PageRoute
from airflow_landing_loader.plugins.pages.visits import Visit, VisitDep, not_there

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_PROMISED_BY = {"go_file": "go file", "trailer": "trailer", "header_record": "header record"}
_RULES = {
    "required": "value is missing",
    "types": "value has not the type",
    "unique": "value stands twice",
    "rejected": "rejected",
}
_REPORT_TASK = "report"


@dataclass(frozen=True, kw_only=True)
class TotalRow:
    """A control total: what the sender promised, and what was added up."""

    column: str
    kind: str
    promised: str
    computed: str
    by: str


@dataclass(frozen=True, kw_only=True)
class RuleRow:
    """A rule of quality, and how many records break it."""

    column: str
    rule: str
    failed: int


@dataclass(frozen=True, kw_only=True)
class LoadView:
    """What the template shows.

    :param outcome: what became of its delivery, in words.
    :param there: whether its rows are in the table.
    :param hidden: whether there are rejected records whose text is not shown, by the settings.
    :param more_rejects: how many are not listed.
    :param run: address of the run that loaded it; ``log``: of what it said, in Airflow.
    :param hidden_run: whether there was one that the visitor may not see.
    """

    load: Load
    detail: LoadDetail
    took: timedelta
    outcome: str
    there: bool
    notes: tuple[Note, ...]
    totals: tuple[TotalRow, ...]
    rules: tuple[RuleRow, ...]
    hidden: bool
    more_rejects: int
    dag: str
    run: str | None
    hidden_run: bool
    log: str | None
    may_act: bool
    asked: tuple[AskedFor, ...] | None


@router.get("/loads/{load_id}")
def load_page(
    request: Request, visit: VisitDep, load_id: Annotated[str, Path(max_length=100)]
) -> Response:
    """One load of a table that the visitor may see."""
    found = if_told(lambda: (visit.monitor.history.load(load_id),))
    if found is None:
        known = next(
            (one for one in visit.monitor.summary().overview.loads if one.load_id == load_id), None
        )
        if known is not None and known.table_name not in visit.tables:
            raise not_there("load")
        return page(request, visit, "busy.html", known, title="Load", section="loads")
    (detail,) = found
    if detail is None or detail.load.table_name not in visit.tables:
        raise not_there("load")
    view = _view(visit, detail, Links.of(request))
    return page(request, visit, "load.html", view, title=detail.load.filename, section="loads")


def _view(visit: Visit, detail: LoadDetail, links: Links) -> LoadView:
    load, delivery = visit.seen(detail.load), detail.delivery
    run = log = None
    if load.dag_id is not None and load.run_id is not None:
        run = links.run(load.dag_id, load.run_id)
        log = links.task(load.dag_id, load.run_id, _REPORT_TASK)
    return LoadView(
        load=load,
        detail=detail,
        took=load.completed_at - load.started_at,
        outcome=words.DELIVERIES[delivery.outcome] if delivery is not None else "loaded",
        there=load.removed_sequence is None,
        notes=tuple(notes_of(load)),
        totals=tuple(map(_total, detail.totals)),
        rules=tuple(_rules(detail)),
        hidden=bool(detail.rejects) and not visit.monitor.settings.show_values,
        more_rejects=max(load.rejected_count - MOST_REJECTS, 0),
        dag=links.dag(dag_id_of(load.table_name)),
        run=run,
        hidden_run=detail.load.run_id is not None and load.run_id is None,
        log=log,
        may_act=visit.may_act_on(load.table_name),
        asked=asked_for(visit, (load.table_name,), links, target=load.load_id),
    )


def _total(total: LoadTotal) -> TotalRow:
    width = f", last {total.width} digits" if total.width is not None else ""
    return TotalRow(
        column=total.column_name,
        kind=f"{NAMES[total.kind]}{width}",
        promised=total.promised or "nothing",
        computed=total.computed or "nothing",
        by=_PROMISED_BY.get(total.promised_by, total.promised_by),
    )


def _rules(detail: LoadDetail) -> Iterator[RuleRow]:
    for line in detail.quality:
        if line.rule != ALL:
            rule = _RULES.get(line.rule, line.rule)
            yield RuleRow(column=line.column or "", rule=rule, failed=line.failed)
