"""The command `status`: what was loaded, what was not, what dbt still has to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from airflow_landing_loader.cli import session
from airflow_landing_loader.cli.tally import told
from airflow_landing_loader.cli.terminal import Grid, Screen, counted, shown_name, utc
from airflow_landing_loader.landing.copying_moves import end_of, find_sidecar
from airflow_landing_loader.landing.model import LandedFile
from airflow_landing_loader.landing.sidecar import ENDING, Sidecar
from airflow_landing_loader.landing.zone import Zone
from airflow_landing_loader.landing.zones import open_zones
from airflow_landing_loader.loading.model import DeliveryRecord, Load, OpenBatch, Overview
from airflow_landing_loader.pipeline import Pipeline


@dataclass(frozen=True, kw_only=True)
class OpenFailure:
    """One delivery in the failed zone.

    :param name: name of its data file there: what `replay` takes.
    :param sidecar: why it is there.
    """

    name: str
    sidecar: Sidecar


def show_status(out: Screen, *, limit: int, as_json: bool) -> None:
    """Write the newest loads, duplicates, failures, and the tables that dbt has not seen.

    :param limit: rows of each list at most.
    :raises LandingError: settings are wrong, or the failed zone cannot be read.
    """
    settings = session.read_settings()
    failures, total = open_failures(open_zones(settings).failed, limit)
    overview = Pipeline(settings, ()).warehouse.overview(limit)
    if as_json:
        out.json(_document(overview, failures, total))
        return
    if overview.busy_with:
        out.line(f"The database is in use by {overview.busy_with}.", "yellow")
        out.line(f"What follows is as of {utc(overview.as_of)}.", "yellow")
        out.line()
    for batch in overview.open_batches:
        out.line(_open_batch(batch), "yellow")
    more = f" (the newest of {total:,})" if total > len(failures) else ""
    grids = [
        _loads(overview.loads),
        _duplicates(overview.deliveries),
        _failures(failures, more),
    ]
    if settings.dbt_mode_for(1) != "off":
        grids.append(_dbt_due(overview))
    for grid in grids:
        out.grid(grid)
        out.line()


def _open_batch(batch: OpenBatch) -> str:
    tables = ", ".join(batch.tables)
    rows = " Rows may be there already, before their load is listed." if batch.rows_first else ""
    return (
        f"BigQuery is at work on {counted(len(batch.files), 'file')} for {tables}"
        f" since {utc(batch.since)}.{rows}"
    )


def open_failures(failed: Zone, limit: int) -> tuple[tuple[OpenFailure, ...], int]:
    """The newest deliveries in the failed zone, and how many there are.

    The zone is asked, not the database: a delivery is an open failure for as long as it lies there.

    :raises TransientError: ``ZONE_UNAVAILABLE``.
    """
    sidecars = [
        entry
        for entry in failed.list()
        if isinstance(entry, LandedFile) and entry.name.endswith(ENDING)
    ]
    sidecars.sort(key=lambda file: file.mtime_ns, reverse=True)
    found = []
    for file in sidecars[:limit]:
        sidecar = find_sidecar(end_of(failed), file.name)
        if sidecar is None:
            continue  # replayed at this moment, or not one of ours
        found.append(OpenFailure(name=sidecar.stored_data or sidecar.data_name, sidecar=sidecar))
    return tuple(found), len(sidecars)


def _loads(loads: tuple[Load, ...]) -> Grid:
    return Grid(
        title="Loads",
        headers=("completed (UTC)", "file", "table", "rows", "rejected", "notes"),
        rows=tuple(
            (
                utc(load.completed_at),
                shown_name(load.filename),
                load.table_name,
                f"{load.row_count:,}",
                f"{load.rejected_count:,}" if load.rejected_count else "",
                _notes(load),
            )
            for load in loads
        ),
        right=("rows", "rejected"),
    )


def _notes(load: Load) -> str:
    parts = []
    if load.restates_load_id:
        parts.append(f"restates load {load.restates_load_id}")
    if load.same_content_load_id:
        parts.append(f"content equals load {load.same_content_load_id}")
    if load.removed_sequence is not None:
        parts.append("its rows are out of the table again")
    if load.drift_columns:
        parts.append(f"in _extra: {', '.join(load.drift_columns)}")
    return "; ".join(parts)


def _duplicates(deliveries: tuple[DeliveryRecord, ...]) -> Grid:
    return Grid(
        title="Duplicates",
        headers=("time (UTC)", "file", "table", "of load"),
        rows=tuple(
            (utc(d.recorded_at), shown_name(d.filename), d.table_name, d.load_id or "")
            for d in deliveries
            if d.outcome == "duplicate"
        ),
    )


def _failures(failures: tuple[OpenFailure, ...], more: str) -> Grid:
    return Grid(
        title=f"Open failures{more}",
        headers=("time (UTC)", "file in failed", "table", "why"),
        rows=tuple(
            (
                utc(_time(f.sidecar)),
                shown_name(f.name),
                f.sidecar.table,
                told(f.sidecar.error),
            )
            for f in failures
        ),
    )


def _dbt_due(overview: Overview) -> Grid:
    return Grid(
        title="Loaded since dbt last succeeded",
        headers=("table", "last failed try (UTC)"),
        rows=tuple(
            (d.table, utc(d.last_attempt) if d.last_attempt else "") for d in overview.dbt_due
        ),
    )


def _time(sidecar: Sidecar) -> datetime:
    try:
        return datetime.fromisoformat(sidecar.time)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def _document(overview: Overview, failures: tuple[OpenFailure, ...], total: int) -> dict[str, Any]:
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
        "dbt_due": [_fields(due) for due in overview.dbt_due],
        "open_batches": [_fields(batch) for batch in overview.open_batches],
    }


def _fields(value: Load | DeliveryRecord | Any) -> dict[str, Any]:
    """All fields of a row, times as text."""
    return {
        name: utc(field) if isinstance(field, datetime) else field
        for name, field in asdict(value).items()
    }
