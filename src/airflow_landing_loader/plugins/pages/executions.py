"""Executions: what ran, what became of each layer, and where its log is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from markupsafe import Markup
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from airflow_landing_loader.config.mapping.dag_ids import dag_id_of, table_shown
from airflow_landing_loader.loading.operations import ExecutionRecord
from airflow_landing_loader.monitoring.overview import Level
from airflow_landing_loader.plugins.api.airflow_api import AirflowApiDep
from airflow_landing_loader.plugins.api.datamodels.airflow import DagRun
from airflow_landing_loader.plugins.api.datamodels.common import Day
from airflow_landing_loader.plugins.api.datamodels.executions import Status
from airflow_landing_loader.plugins.api.run_pages import STATUS, RunsPage, RunsWanted, page_of_runs
from airflow_landing_loader.plugins.pages.books import if_told, why_not_told
from airflow_landing_loader.plugins.pages.fields import Given
from airflow_landing_loader.plugins.pages.layers import Layer, drawn, layers_of
from airflow_landing_loader.plugins.pages.links import Links
from airflow_landing_loader.plugins.pages.overview import Chip
from airflow_landing_loader.plugins.pages.rendering import page
from airflow_landing_loader.plugins.pages.route import PageRoute
from airflow_landing_loader.plugins.pages.visits import Visit, VisitDep
from airflow_landing_loader.plugins.pages.words import plain
from airflow_landing_loader.runs.executions import RunKey, id_of
from airflow_landing_loader.safe_text import counted

router = APIRouter(route_class=PageRoute, include_in_schema=False)

ON_A_PAGE = 50
_CHIPS: Mapping[Status | None, str] = {
    None: "All",
    "failed": "Failed",
    "running": "Running",
    "completed": "Completed",
}
_STATES = {"queued": "waits", "running": "running", "success": "completed", "failed": "failed"}


class Asked(BaseModel):
    """What is asked for in the address."""

    table: str = Field("", max_length=300)
    status: Annotated[Status | None, Given] = None
    since: Annotated[Day | None, Given] = None
    until: Annotated[Day | None, Given] = None
    cursor: str = Field("", max_length=200)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One execution.

    :param state: in a word; ``level``: how bad that is.
    :param href: of the run in Airflow.
    :param due: when it was due.
    :param began: ``None``: it waits.
    :param took: from its begin to its end, waiting for files included; ``None``: it has not ended.
    :param work: of its layers; ``None``: not known.
    :param layers: that the books have.
    :param errors: why it failed, each once.
    """

    table: str
    run_id: str
    state: str
    status: Status
    href: str
    due: datetime
    began: datetime | None
    ended: datetime | None
    took: timedelta | None
    work: timedelta | None
    layers: tuple[Layer, ...]
    bar: Markup
    figures: tuple[str, ...]
    errors: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ExecutionsView:
    """What the template shows.

    :param troubles: what could not be asked, and why.
    """

    headline: str
    level: Level
    asked: Asked
    tables: tuple[str, ...]
    chips: tuple[Chip, ...]
    rows: tuple[Row, ...]
    narrowed: bool
    newest: str | None
    older: str | None
    troubles: tuple[str, ...]


@router.get("/executions")
async def executions_page(
    request: Request, visit: VisitDep, asked: Annotated[Asked, Query()], airflow: AirflowApiDep
) -> Response:
    """The runs of the tables that the visitor may see, as Airflow tells them to the visitor."""
    wanted = RunsWanted(
        dag_ids=[dag_id_of(table) for table in visit.only(asked.table)],
        status=asked.status,
        since=asked.since,
        until=asked.until,
        cursor=asked.cursor or None,
        limit=ON_A_PAGE,
    )
    found = await page_of_runs(airflow, wanted)

    def shown() -> Response:
        view = executions_view(visit, asked, found, Links.of(request))
        title = "Executions"
        return page(request, visit, "executions.html", view, title=title, section="executions")

    return await run_in_threadpool(shown)


def executions_view(visit: Visit, asked: Asked, found: RunsPage, links: Links) -> ExecutionsView:
    """Prepare what the template shows."""
    kept, trouble = _kept(visit, found.runs)
    tables = {dag_id_of(table): table for table in visit.tables}
    known = [(run, layers_of(kept[_id(run)])) for run in found.runs]
    longest = max((_work(layers) or timedelta(0) for _, layers in known), default=timedelta(0))
    rows = tuple(_row(run, layers, kept[_id(run)], tables, links, longest) for run, layers in known)
    headline, level = _headline(rows, asked, whole=found.next_cursor is None)
    return ExecutionsView(
        headline=headline,
        level=level,
        asked=asked,
        tables=visit.tables,
        chips=tuple(_chips(asked, links)),
        rows=rows,
        narrowed=any((asked.table, asked.status, asked.since, asked.until)),
        newest=_address(links, asked, cursor="") if asked.cursor else None,
        older=_address(links, asked, cursor=found.next_cursor) if found.next_cursor else None,
        troubles=() if trouble is None else (trouble,),
    )


def _kept(
    visit: Visit, runs: Sequence[DagRun]
) -> tuple[Mapping[str, Sequence[ExecutionRecord]], str | None]:
    """What the books keep of runs, by execution; and why they cannot be asked."""
    found: defaultdict[str, list[ExecutionRecord]] = defaultdict(list)
    ids = [_id(run) for run in runs]
    records = if_told(lambda: visit.monitor.history.executions(ids)) if ids else ()
    if records is None:
        return found, why_not_told(visit, "layers, rows and reasons are")
    for record in records:
        found[record.execution_id].append(record)
    return found, None


def _row(
    run: DagRun,
    layers: tuple[Layer, ...],
    records: Sequence[ExecutionRecord],
    tables: Mapping[str, str],
    links: Links,
    longest: timedelta,
) -> Row:
    began, ended = run.start_date, run.end_date
    return Row(
        table=tables.get(run.dag_id) or table_shown(run.dag_id),
        run_id=run.dag_run_id,
        state=_STATES[run.state],
        status=STATUS[run.state],
        href=links.run(run.dag_id, run.dag_run_id),
        due=plain(run.run_after),
        began=None if began is None else plain(began),
        ended=None if ended is None else plain(ended),
        took=None if began is None or ended is None else ended - began,
        work=_work(layers),
        layers=layers,
        bar=drawn(layers, longest),
        figures=layers[0].figures if layers and layers[0].name == "bronze" else (),
        errors=tuple(_errors(records)),
    )


def _errors(records: Sequence[ExecutionRecord]) -> Iterator[str]:
    """The reasons of the layers; those of the run alone where no layer has one."""
    own = [record for record in records if record.error and record.layer != "run"]
    failed = own or [record for record in records if record.error]
    yield from dict.fromkeys(
        line for record in failed for line in (record.error or "").splitlines() if line.strip()
    )


def _work(layers: Sequence[Layer]) -> timedelta | None:
    known = [layer.took for layer in layers if layer.took is not None]
    return sum(known, timedelta(0)) if known else None


def _id(run: DagRun) -> str:
    return id_of(RunKey(run.dag_id, run.dag_run_id))


def _headline(rows: Sequence[Row], asked: Asked, *, whole: bool) -> tuple[str, Level]:
    """What an operator wants to know first: whether what ran last went well.

    :param whole: whether there are no older ones than those that are shown.
    """
    if not rows:
        return "Executions", "idle"
    shown = f"of the {len(rows):,} shown"
    part = "" if whole and not asked.cursor else f", {shown}"
    if asked.status is not None:
        more = " or waiting" if asked.status == "running" else ""
        words = f"{counted(len(rows), 'execution')} {asked.status}{more}"
        on_page = f"{words}, on this page" if part else words
        return on_page, "bad" if asked.status == "failed" else "good"
    failed = sum(row.status == "failed" for row in rows)
    if asked.cursor or asked.until:  # there may be newer ones
        return f"{f'{failed:,}' if failed else 'None'} {shown} failed", "idle"
    last = {row.table: row.status for row in reversed(rows) if row.status != "running"}
    broken = sum(status == "failed" for status in last.values())
    if broken:
        return f"The newest execution of {counted(broken, 'table')} failed{part}", "bad"
    if failed:
        return f"{failed:,} of {counted(len(rows), 'execution')} failed, none since{part}", "good"
    running = sum(row.status == "running" for row in rows)
    if running:
        return f"{counted(running, 'execution')} at work or waiting, none failed{part}", "good"
    return (f"None {shown} failed" if part else "No execution failed"), "good"


def _chips(asked: Asked, links: Links) -> Iterator[Chip]:
    for status, label in _CHIPS.items():
        yield Chip(
            label=label,
            count=0,
            href=_address(links, asked, status=status, cursor=""),
            chosen=asked.status == status,
            level="bad" if status == "failed" else "good" if status == "completed" else None,
        )


def _address(links: Links, asked: Asked, **changes: str | None) -> str:
    wanted = asked.model_copy(update=changes)
    return links.page(
        "executions",
        table=wanted.table,
        status=wanted.status,
        since=wanted.since.isoformat() if wanted.since else None,
        until=wanted.until.isoformat() if wanted.until else None,
        cursor=wanted.cursor,
    )
