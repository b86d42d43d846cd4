"""The go file of a load in the archive; that of a set, whose loads are taken back one by one, goes
with the first of them.

Several arrivals of a go file may have one name and one content, as a list of names that are the
same each day has. They are told apart by what lies with them: a data file and the go file that
moves with it get one suffix.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from airflow_landing_loader.clients import Clients
from airflow_landing_loader.exceptions import ErrorCode, LandingError
from airflow_landing_loader.landing.moves import move
from airflow_landing_loader.landing.moves.names import suffixed, suffixes
from airflow_landing_loader.landing.moves.sidecar import Sidecar
from airflow_landing_loader.landing.replay.mates import mates_of
from airflow_landing_loader.loading.model import Load, short_id
from airflow_landing_loader.maintenance.archived import ArchivedPlace, archived_place
from airflow_landing_loader.safe_text import delivered
from airflow_landing_loader.storage.content import sha256_of
from airflow_landing_loader.storage.model import FileToMove, LandedFile
from airflow_landing_loader.storage.opening import Zones, open_folder
from airflow_landing_loader.storage.zone import Zone

MOST_SUFFIXES = 10


def set_token(load: Load) -> str:
    """What the sidecars of a set's loads have alike and those of no other: they are one commit."""
    return f"{load.go_sha256} {load.completed_at.isoformat()}"


def bring_go_file(
    load: Load, mates: Sequence[Load], sidecar: Sidecar, zones: Zones, clients: Clients
) -> str | None:
    """Bring the go file of a set to failed, wherever it lies in the archive.

    :param mates: loads of other files with the same go file.
    :param sidecar: of the load, in which the go file has no name yet.
    :return: its name in failed; ``None``: it is nowhere.
    :raises TransientError: a zone cannot be used; the same call finishes.
    """
    for _, mate in mates_of(open_folder(zones.failed), sidecar):
        if mate.stored_go is not None and zones.failed.stat(mate.stored_go) is not None:
            return mate.stored_go
    places = [
        (one, place)
        for one in (load, *mates)
        if one.archive_uri and lies_in(one, zones.archive)
        for place in (archived_place(one, clients),)
    ]
    for one, place in places:
        found = beside(place, one)
        name = None if found is None else _brought(found, place.zone, zones, one)
        if name is not None:
            return name
    for one in (load, *mates):  # an earlier call has brought it
        found = _like(zones.failed, one)
        if found is not None:
            return found.name
    for one, place in places:
        found = _like(place.zone, one)
        # It may be another set's, whose own it stays.
        name = None if found is None else _brought(found, place.zone, zones, one, keep=True)
        if name is not None:
            return name
    return None


def _brought(
    file: LandedFile, zone: Zone, zones: Zones, load: Load, *, keep: bool = False
) -> str | None:
    """Its name in failed; ``None``: somebody else has moved it."""
    try:
        moved = move.move(
            [FileToMove(file=file, sha256=load.go_sha256)],
            zone,
            zones.failed,
            suffix_id=load.load_id,
            keep_source=keep,
        )
    except LandingError as error:
        if error.code in (ErrorCode.LANDING_DISAPPEARED, ErrorCode.LANDING_CHANGED):
            return None
        raise
    return moved.data.rpartition("/")[2]


def lies_in(load: Load, zone: Zone) -> bool:
    """Whether a load's file lies in a zone, as far as the books know."""
    return delivered(load.archive_uri).startswith(f"{zone.path}/")


def beside(place: ArchivedPlace, load: Load) -> LandedFile | None:
    """The go file that was archived with a load's data file, by their common suffix."""
    name = name_beside(place, load, delivered(load.go_filename or ""))
    found = None if name is None else place.zone.stat(name)
    return found if found is not None and _has(place.zone, found, load.go_sha256) else None


def name_beside(place: ArchivedPlace, load: Load, name: str) -> str | None:
    """A name with the suffix that a load's archived file has; ``None``: that has none of ours."""
    data_name, path = delivered(load.filename), place.zone.path
    for suffix in names_of(load.load_id):
        if suffixed(data_name, suffix, path) == place.name:
            return suffixed(name, suffix, path)
    return None


def _like(zone: Zone, load: Load) -> LandedFile | None:
    name = delivered(load.go_filename or "")
    return find_like(zone, name, load.go_sha256 or "", load.load_id)


def names_of(load_id: str) -> Iterator[str]:
    """The suffixes that the files of a load may have got."""
    for number, suffix in enumerate(suffixes(short_id(load_id))):
        if number == MOST_SUFFIXES:
            return
        yield suffix


def find_like(zone: Zone, name: str, sha256: str, load_id: str) -> LandedFile | None:
    """A file of this content with the load's suffix, or under its own name, as others may have."""
    own, *with_suffix = names_of(load_id)
    for suffix in (*with_suffix, own):
        file = zone.stat(suffixed(name, suffix, zone.path))
        if file is not None and _has(zone, file, sha256):
            return file
    return None


def _has(zone: Zone, file: LandedFile, sha256: str | None) -> bool:
    return sha256_of(zone.source(file)) == sha256
