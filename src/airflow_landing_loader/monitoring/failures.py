"""What lies in failed, and why."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_landing_loader.landing.moves.sidecar import ENDING, Sidecar, find_sidecar
from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.opening import open_folder
from airflow_landing_loader.storage.zone import Zone


@dataclass(frozen=True, kw_only=True)
class OpenFailure:
    """One delivery in the failed zone.

    :param name: name of its data file there: what `replay` takes.
    :param sidecar: why it is there.
    """

    name: str
    sidecar: Sidecar


def open_failures(failed: Zone, limit: int) -> tuple[tuple[OpenFailure, ...], int]:
    """The newest deliveries in the failed zone, and how many there are.

    The zone is asked, not the database: a delivery is an open failure for as long as it lies there.

    :raises TransientError: ``ZONE_UNAVAILABLE``.
    """
    listed = failed.list().only(lambda name: name.endswith(ENDING))
    sidecars = [entry for entry in listed if isinstance(entry, LandedFile)]
    sidecars.sort(key=lambda file: file.mtime_ns, reverse=True)
    found = []
    for file in sidecars[:limit]:
        sidecar = find_sidecar(open_folder(failed), file.name)
        if sidecar is None:
            continue  # replayed at this moment, or not one of ours
        found.append(OpenFailure(name=sidecar.stored_data or sidecar.data_name, sidecar=sidecar))
    return tuple(found), len(sidecars)
