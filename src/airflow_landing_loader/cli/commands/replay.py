"""The command `replay`: failed deliveries back into the landing zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from airflow_landing_loader.cli import session
from airflow_landing_loader.cli.failures import ExitCode, explain
from airflow_landing_loader.cli.grid import Grid
from airflow_landing_loader.cli.terminal import Screen
from airflow_landing_loader.landing.replay.model import Replayed
from airflow_landing_loader.loading.warehouses.opening import open_warehouse
from airflow_landing_loader.maintenance.replaying import UNBOOKED, bring_back
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

    def tell(replayed: Sequence[Replayed]) -> None:
        if not as_json:
            out.grid(_grid(replayed, zones.landing))

    done = bring_back(
        names,
        zones=zones,
        ledger=lambda: open_warehouse(settings, zones, on_wait=err.line),
        tell=tell,
    )
    if (untold := done.untold) is not None:
        explain(untold.detail, err)
        err.line(
            "The files are in the landing zone. The same command again tells load_deliveries of it."
        )
    for stored in sorted(done.unbooked):
        err.line(f"{shown_name(stored)}: {UNBOOKED}.")
    if as_json:
        booked = {e.stored: untold is None and e.stored not in done.unbooked for e in done.replayed}
        out.json(
            {
                "replayed": [asdict(e) | {"booked": booked[e.stored]} for e in done.replayed],
                "record_error": untold.detail.to_dict() if untold else None,
            }
        )
    return ExitCode.ENVIRONMENT if untold else ExitCode.GOOD


def _grid(replayed: Sequence[Replayed], landing: Zone) -> Grid:
    return Grid(
        title=f"Back in {landing.path}",
        headers=("file", "go file", "had failed with"),
        rows=tuple(
            (
                shown_name(entry.name),
                shown_name(Path(entry.go).name) if entry.go else "",
                entry.code,
            )
            for entry in replayed
        ),
    )
