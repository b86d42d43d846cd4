"""The go file of a set, whose loads are taken back one by one: it goes with the first of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from airflow_landing_loader.clients import Clients
from airflow_landing_loader.exceptions import ErrorCode, LandingError
from airflow_landing_loader.landing.moves import move
from airflow_landing_loader.landing.moves.names import suffixed, suffixes
from airflow_landing_loader.loading.model import Load, short_id
from airflow_landing_loader.maintenance.archived import archived_place
from airflow_landing_loader.safe_text import delivered
from airflow_landing_loader.storage.content import sha256_of
from airflow_landing_loader.storage.model import FileToMove, LandedFile
from airflow_landing_loader.storage.opening import Zones
from airflow_landing_loader.storage.zone import Zone

MOST_SUFFIXES = 10


def bring_go_file(load: Load, mates: Sequence[Load], zones: Zones, clients: Clients) -> str | None:
    """Move the go file of a set to failed, wherever it lies in the archive.

    :param mates: loads of other files with the same go file.
    :return: its name in failed; ``None``: it is nowhere.
    :raises TransientError: a zone cannot be used; the same call finishes.
    """
    for one in (load, *mates):
        place = archived_place(one, clients).zone
        found = _find(place, one)
        if found is None:
            continue
        if place.path == zones.failed.path:
            return found.name
        try:
            moved = move.move(
                [FileToMove(file=found, sha256=load.go_sha256)],
                place,
                zones.failed,
                suffix_id=one.load_id,
            )
        except LandingError as error:
            if error.code in (ErrorCode.LANDING_DISAPPEARED, ErrorCode.LANDING_CHANGED):
                continue
            raise
        return moved.data.rpartition("/")[2]
    found = next(filter(None, (_find(zones.failed, one) for one in (load, *mates))), None)
    return None if found is None else found.name


def _find(zone: Zone, load: Load) -> LandedFile | None:
    name = delivered(load.go_filename or "")
    return find_like(zone, name, load.go_sha256 or "", load.load_id)


def names_of(load_id: str) -> Iterator[str]:
    """The suffixes that the files of a load may have got."""
    for number, suffix in enumerate(suffixes(short_id(load_id))):
        if number == MOST_SUFFIXES:
            return
        yield suffix


def find_like(zone: Zone, name: str, sha256: str, load_id: str) -> LandedFile | None:
    """A file of this content under its own name, or under one with the load's suffix."""
    for suffix in names_of(load_id):
        file = zone.stat(suffixed(name, suffix, zone.path))
        if file is not None and sha256_of(zone.source(file)) == sha256:
            return file
    return None
