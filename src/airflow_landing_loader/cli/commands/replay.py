"""The command `replay`: failed deliveries back into the landing zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from airflow_landing_loader.cli import session
from airflow_landing_loader.cli.failures import ExitCode, explain
from airflow_landing_loader.cli.grid import Grid
from airflow_landing_loader.cli.terminal import Screen
from airflow_landing_loader.exceptions import TransientError
from airflow_landing_loader.landing.replay.model import Replayed
from airflow_landing_loader.landing.replay.replay import replay
from airflow_landing_loader.loading.warehouses.opening import open_warehouse
from airflow_landing_loader.safe_text import shown_name
from airflow_landing_loader.storage.opening import open_zones
from airflow_landing_loader.storage.zone import Zone


def replay_files(out: Screen, err: Screen, names: Sequence[str], *, as_json: bool) -> ExitCode:
    """Move deliveries back and write that down.

    :param names: data files in the failed zone, as `status` shows them; paths are fine.
    :returns: ``ENVIRONMENT`` if the files have moved, but the database could not be told.
    :raises LandingError: one of them cannot go back; the others were not moved either.
    """
    settings = session.read_settings()
    zones = open_zones(settings)
    now = datetime.now(UTC).replace(tzinfo=None)
    replayed = replay(zones.failed, zones.landing, names)
    if not as_json:
        out.grid(_grid(replayed, zones.landing))
    warehouse = open_warehouse(settings, zones, on_wait=err.line)
    error = None
    try:
        warehouse.mark_replayed([Path(entry.data).name for entry in replayed], now)
    except TransientError as problem:
        error = problem.detail
        explain(error, err)
        err.line("The files are in the landing zone; only load_deliveries does not say so.")
    if as_json:
        out.json(
            {
                "replayed": [asdict(entry) for entry in replayed],
                "record_error": error.to_dict() if error else None,
            }
        )
    return ExitCode.ENVIRONMENT if error else ExitCode.GOOD


def _grid(replayed: Sequence[Replayed], landing: Zone) -> Grid:
    return Grid(
        title=f"Back in {landing.path}",
        headers=("file", "go file", "had failed with"),
        rows=tuple(
            (
                shown_name(Path(entry.data).name),
                shown_name(Path(entry.go).name) if entry.go else "",
                entry.code,
            )
            for entry in replayed
        ),
    )
