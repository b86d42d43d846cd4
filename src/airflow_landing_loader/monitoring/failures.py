"""What lies in failed, and why."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from airflow_landing_loader.landing.moves.sidecar import (
    ENDING,
    Sidecar,
    find_sidecar,
    sidecar_name,
)
from airflow_landing_loader.loading.model import DeliveryRecord
from airflow_landing_loader.safe_text import delivered, storable
from airflow_landing_loader.storage.folder import Folder
from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.opening import open_folder
from airflow_landing_loader.storage.zone import Zone

_AT_ONCE = 8


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


@dataclass(frozen=True, kw_only=True)
class FailedFile:
    """A delivery of the books as it lies in the failed zone.

    :param name: of its data file there.
    :param size: bytes; ``None``: it does not lie there, or no more.
    :param sidecar_name: of its sidecar, where that is of this delivery.
    :param sidecar: why it is there; ``None``: there is none, or none of this delivery.
    """

    name: str
    size: int | None = None
    sidecar_name: str | None = None
    sidecar: Sidecar | None = None


def files_in_failed(
    failed: Zone, records: Sequence[DeliveryRecord]
) -> tuple[FailedFile | None, ...]:
    """How deliveries lie in the failed zone, in their order; ``None``: it never came there.

    :raises TransientError: ``ZONE_UNAVAILABLE``, ``LANDING_UNREADABLE``.
    """
    folder = open_folder(failed)
    # An object store answers each question after some time, and many at once.
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return tuple(pool.map(partial(_file_in_failed, folder), records))


def _file_in_failed(folder: Folder, record: DeliveryRecord) -> FailedFile | None:
    name = folder.name_of(delivered(record.final_uri)) if record.final_uri else None
    if not name:
        return None
    found = folder.find(name)
    beside = sidecar_name(name, folder.path)
    sidecar = find_sidecar(folder, beside)
    # The name may have been given anew, to another delivery, perhaps of another table.
    if sidecar is None or not _is_of(sidecar, record):
        return FailedFile(name=name, size=found.size if found is not None else None)
    return FailedFile(
        name=name,
        size=found.size if found is not None else None,
        sidecar_name=beside,
        sidecar=sidecar,
    )


def _is_of(sidecar: Sidecar, record: DeliveryRecord) -> bool:
    return (sidecar.table, storable(sidecar.data_name)) == (record.table_name, record.filename)
