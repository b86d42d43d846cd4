"""The command `status`: what was loaded, what was not, what dbt still has to do."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from airflow_landing_loader.cli import session
from airflow_landing_loader.cli.grid import Grid
from airflow_landing_loader.cli.loop.tally import cures
from airflow_landing_loader.cli.terminal import Screen, utc, when
from airflow_landing_loader.landing.moves.sidecar import Sidecar
from airflow_landing_loader.loading.model import DeliveryRecord, Load, OpenBatch, Overview, short_id
from airflow_landing_loader.loading.reading.quality import shown_score
from airflow_landing_loader.loading.summary import MOST_NAMES
from airflow_landing_loader.loading.warehouses.opening import open_warehouse
from airflow_landing_loader.maintenance.archived import Resized, resized
from airflow_landing_loader.maintenance.chosen import short_ids
from airflow_landing_loader.monitoring.failures import OpenFailure, open_failures
from airflow_landing_loader.runs.wording import replay_text, short_error
from airflow_landing_loader.safe_text import counted, delivered, shown_name
from airflow_landing_loader.storage.opening import open_zones

_ARCHIVED_ASKED = 20  # of the newest loads, as each costs a look at the disk


def show_status(out: Screen, *, limit: int, as_json: bool) -> None:
    """Write open failures and what to do, archived files that have changed, the tables that dbt
    has not seen, the newest loads.

    :param limit: rows of each list at most.
    :raises LandingError: settings are wrong, or the failed zone cannot be read.
    """
    settings = session.read_settings()
    zones = open_zones(settings)
    failures, total = open_failures(zones.failed, limit)
    overview = open_warehouse(settings, zones).overview(limit)
    changed = resized(overview.loads[:_ARCHIVED_ASKED])
    if as_json:
        out.json(_document(overview, failures, total, changed))
        return
    if overview.busy_with:
        out.line(f"The database is busy: {overview.busy_with}.", "yellow")
        out.line(f"What follows is as of {utc(overview.as_of)}.", "yellow")
        out.line()
    for batch in overview.open_batches:
        out.line(_open_batch(batch), "yellow")
    for archived in changed:
        out.line(_resized(archived), "red")
    more = f" (the newest of {total:,})" if total > len(failures) else ""
    grids = [_failures(failures, more), cures(failure.sidecar.error for failure in failures)]
    if settings.dbt_mode_for(1) != "off":
        grids.append(_dbt_due(overview))
    for grid in (*grids, _duplicates(overview.deliveries), _loads(overview.loads)):
        out.grid(grid)
        if grid.rows or grid.empty:
            out.line()
    if failures:
        out.line(replay_text(session.program()))


def _open_batch(batch: OpenBatch) -> str:
    tables = ", ".join(batch.tables)
    rows = " Rows may be there already, before their load is listed." if batch.rows_first else ""
    return (
        f"BigQuery is at work on {counted(len(batch.files), 'file')} for {tables}"
        f" since {utc(batch.since)}.{rows}"
    )


def _resized(archived: Resized) -> str:
    load = archived.load
    return (
        f"{shown_name(delivered(load.archive_uri))} has {archived.size:,} bytes, and load"
        f" {short_id(load.load_id)} read {load.size_bytes:,}: somebody wrote on after it was taken."
        " The rows are those of the file as it was then; ask its sender, and deliver it anew."
    )


def _loads(loads: tuple[Load, ...]) -> Grid:
    ids = short_ids(load.load_id for load in loads)
    return Grid(
        title="Loads",
        headers=("load", "completed (UTC)", "file", "table", "rows", "notes"),
        rows=tuple(
            (
                ids[load.load_id],
                when(load.completed_at),
                shown_name(delivered(load.filename)),
                load.table_name,
                f"{load.row_count:,}",
                _notes(load),
            )
            for load in loads
        ),
        right=("rows",),
    )


def _notes(load: Load) -> str:
    parts = []
    if load.rejected_count:
        parts.append(f"{counted(load.rejected_count, 'record')} rejected")
    if load.quality_score is not None:
        parts.append(f"quality {shown_score(load.quality_score)}")
    if load.restates_load_id:
        parts.append(f"restates load {short_id(load.restates_load_id)}")
    if load.same_content_load_id:
        parts.append(f"content equals load {short_id(load.same_content_load_id)}")
    if load.removed_sequence is not None:
        parts.append("its rows are out of the table again")
    if load.drift_columns:
        more = " (there may be more)" if len(load.drift_columns) == MOST_NAMES else ""
        parts.append(f"in _extra: {', '.join(load.drift_columns)}{more}")
    return "; ".join(parts)


def _duplicates(deliveries: tuple[DeliveryRecord, ...]) -> Grid:
    return Grid(
        title="Duplicates",
        headers=("time (UTC)", "file", "table", "of load"),
        rows=tuple(
            (
                when(d.recorded_at),
                shown_name(delivered(d.filename)),
                d.table_name,
                short_id(d.load_id or ""),
            )
            for d in deliveries
            if d.outcome == "duplicate"
        ),
        empty="",
    )


def _failures(failures: tuple[OpenFailure, ...], more: str) -> Grid:
    return Grid(
        title=f"Open failures{more}",
        headers=("time (UTC)", "file in failed", "table", "why"),
        rows=tuple(
            (
                when(_time(f.sidecar)),
                shown_name(f.name),
                f.sidecar.table,
                short_error(f.sidecar.error),
            )
            for f in failures
        ),
    )


def _dbt_due(overview: Overview) -> Grid:
    return Grid(
        title="Loaded since dbt last succeeded",
        headers=("table", "last failed try (UTC)"),
        rows=tuple(
            (d.table, when(d.last_attempt) if d.last_attempt else "") for d in overview.dbt_due
        ),
    )


def _time(sidecar: Sidecar) -> datetime:
    try:
        return datetime.fromisoformat(sidecar.time)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def _document(
    overview: Overview,
    failures: tuple[OpenFailure, ...],
    total: int,
    changed: tuple[Resized, ...],
) -> dict[str, Any]:
    return {
        "as_of": utc(overview.as_of),
        "busy_with": overview.busy_with,
        "loads": [_fields(load) for load in overview.loads],
        "deliveries": [_fields(delivery) for delivery in overview.deliveries],
        "open_failures_total": total,
        "open_failures": [
            {
                "name": f.name,
                "delivered_as": f.sidecar.data_name,
                "table": f.sidecar.table,
                "time": utc(_time(f.sidecar)),
                "error": f.sidecar.error.to_dict(),
            }
            for f in failures
        ],
        "archived_resized": [
            {
                "load_id": c.load.load_id,
                "archive_uri": c.load.archive_uri,
                "size_bytes": c.load.size_bytes,
                "found_bytes": c.size,
            }
            for c in changed
        ],
        "dbt_due": [_fields(due) for due in overview.dbt_due],
        "open_batches": [_fields(batch) for batch in overview.open_batches],
    }


def _fields(value: Load | DeliveryRecord | Any) -> dict[str, Any]:
    """All fields of a row, times as text."""
    return {
        name: utc(field) if isinstance(field, datetime) else field
        for name, field in asdict(value).items()
    }
