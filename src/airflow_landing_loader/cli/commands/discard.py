"""The command `discard`: failed deliveries that nobody wants."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from dataclasses import asdict

import typer

from airflow_landing_loader.cli import session
from airflow_landing_loader.cli.failures import ExitCode, exit_code, explain
from airflow_landing_loader.cli.grid import Grid
from airflow_landing_loader.cli.terminal import Screen
from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.loading.warehouses.opening import open_warehouse
from airflow_landing_loader.maintenance.discarding import Discarded, Discarder
from airflow_landing_loader.maintenance.replaying import UNBOOKED
from airflow_landing_loader.safe_text import shown_name
from airflow_landing_loader.storage.opening import open_zones


def discard_files(
    out: Screen, err: Screen, names: Sequence[str], reason: str, *, as_json: bool
) -> ExitCode:
    """Discard deliveries one by one, and write where each lies now.

    :param names: data files in the failed zone, as `status` shows them; paths are fine.
    :param reason: why, in words; not empty.
    :returns: that of the worst error, if some cannot be discarded; the others are.
    """
    if not reason.strip():
        raise typer.BadParameter("Say why they are not wanted.", param_hint="--reason")
    settings = session.read_settings()
    zones = open_zones(settings)
    discarder = Discarder(
        zones,
        lambda: open_warehouse(settings, zones, on_wait=err.line),
        by=_who(),
        reason=reason,
    )
    done: dict[str, Discarded] = {}
    errors: list[LandingError] = []
    for name in names:
        if name in done:
            continue  # it came along with another one of its set
        try:
            done |= {each.stored: each for each in discarder.discard(name)}
        except LandingError as error:
            errors.append(error)
    if as_json:
        out.json(
            {
                "discarded": [asdict(each) for each in done.values()],
                "errors": [error.detail.to_dict() for error in errors],
            }
        )
    elif done:
        out.grid(_grid(tuple(done.values()), zones.archive.path))
    for each in done.values():
        if not each.booked:
            err.line(f"{shown_name(each.stored)}: {UNBOOKED}.")
    for refused in errors:
        explain(refused.detail, err)
    return max(map(exit_code, errors), default=ExitCode.GOOD)


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in some containers
        return "somebody at the command line"


def _grid(done: Sequence[Discarded], archive: str) -> Grid:
    return Grid(
        title=f"Discarded, now in {archive}",
        headers=("file in failed", "file", "go file", "had failed with"),
        rows=tuple(
            (
                shown_name(each.stored),
                shown_name(each.data.removeprefix(f"{archive}/")),
                shown_name(each.go.removeprefix(f"{archive}/")) if each.go else "",
                each.code,
            )
            for each in done
        ),
    )
