"""A wrong but valid load taken back: rows out, the load marked, then its file out of the archive.

    rows out, marked unloaded  ->  file in failed, with a sidecar  ->  file in landing, if wanted

The first step is one transaction, the second a move, the third a replay: each may be repeated, and
``load_metadata`` says how far it came, so that the same call finishes what a dead one has begun.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from airflow_landing_loader.clients import Clients
from airflow_landing_loader.exceptions import (
    ErrorCode,
    ErrorDetail,
    LandingError,
    TerminalError,
    shown,
)
from airflow_landing_loader.landing.moves import move
from airflow_landing_loader.landing.moves.sidecar import Sidecar, find_sidecar, sidecar_name
from airflow_landing_loader.landing.replay.replay import replay
from airflow_landing_loader.loading.model import Load
from airflow_landing_loader.loading.warehouses.base import Warehouse
from airflow_landing_loader.maintenance.archived import (
    ArchivedPlace,
    archived_place,
    changed,
    known,
    missing,
    removed,
    table_with_rows,
)
from airflow_landing_loader.maintenance.set_go_file import (
    beside,
    bring_go_file,
    find_like,
    lies_in,
    name_beside,
    set_token,
)
from airflow_landing_loader.safe_text import delivered, storable
from airflow_landing_loader.storage.content import sha256_of
from airflow_landing_loader.storage.model import FileToMove, LandedFile
from airflow_landing_loader.storage.opening import Zones, open_folder

Destination = Literal["landing", "failed"]


@dataclass(frozen=True, kw_only=True)
class Unloaded:
    """What was done.

    :param rows: that went out of the table now; 0 if an earlier call has taken them out.
    :param uri: where the data file lies now, as far as this and earlier calls have brought it.
    :param stay_loaded: the other files that its go file names whose rows are in their tables: until
        they are unloaded, too, its own does not load again.
    """

    load: Load
    rows: int
    uri: str
    stay_loaded: tuple[str, ...] = ()


class Unloader:
    """Takes loads back.

    :param clients: for an archive in an object store.
    """

    def __init__(self, zones: Zones, warehouse: Warehouse, clients: Clients) -> None:
        self._zones = zones
        self._warehouse = warehouse
        self._clients = clients

    def unload(self, load_id: str, to: Destination) -> Unloaded:
        """Take a load back, or finish what an earlier call has begun.

        :raises TerminalError: ``LOAD_UNKNOWN``, ``LOAD_REMOVED`` (its rows were replaced),
            ``LOAD_TABLE_UNFIT`` (nothing tells which rows are its own), ``ARCHIVE_MISSING``,
            ``ARCHIVE_CHANGED``, ``REPLAY_NAME_TAKEN``; before a row has gone unless somebody
            changed the zones at the same moment.
        :raises TransientError: a zone or the warehouse cannot be used; the same call finishes.
        """
        with self._warehouse.committed(load_id) as found:
            present = known(found, load_id)
            load, sharing, mates = present.load, present.sharing, present.set_mates
            if load.removed_sequence is not None and present.outcome != "unloaded":
                raise removed(present)
            if load.removed_sequence is None:
                table_with_rows(present)
        for zone in (self._zones.landing, self._zones.failed):
            zone.require()
        rows = 0
        if load.removed_sequence is None:
            self._look_ahead(load, mates, to)
            rows = self._warehouse.unload(load_id)
        elif any(sequence > load.removed_sequence for sequence in sharing):
            # It was back, and is loaded.
            return Unloaded(load=load, rows=0, uri=delivered(load.archive_uri))
        load = self._to_failed(load, mates, shared=bool(sharing))
        if to == "landing":
            load = self._to_landing(load)
        return Unloaded(
            load=load, rows=rows, uri=delivered(load.archive_uri), stay_loaded=_loaded(mates)
        )

    def _look_ahead(self, load: Load, mates: Sequence[Load], to: Destination) -> None:
        """Refuse before a row goes what could not be finished."""
        archive = archived_place(load, self._clients).zone
        for name, sha256, lying in self._archived(load, with_go=not mates):
            is_go = name != delivered(load.filename)
            file = lying or (find_like(archive, name, sha256, load.load_id) if is_go else None)
            if file is None:
                raise missing(load, name)
            other_size = not is_go and file.size != load.size_bytes
            if other_size or sha256_of(archive.source(file)) != sha256:
                raise changed(load, file.name)
        names = _delivered_names(load)
        for name in names[: 1 if mates else 2] if to == "landing" else ():
            if self._zones.landing.stat(name) is not None:
                raise TerminalError(
                    ErrorCode.REPLAY_NAME_TAKEN,
                    f"Another {shown(name)} lies in the landing zone; it is not overwritten.",
                    hint="Let it be loaded first, or unload to the failed zone.",
                    file=name,
                )

    def _archived(self, load: Load, *, with_go: bool) -> list[tuple[str, str, LandedFile | None]]:
        """Delivered name, hash and archived file of data and go file."""
        folder = archived_place(load, self._clients)
        name, *go_name = _delivered_names(load)
        files = [(name, load.sha256, folder.find())]
        if go_name and load.go_sha256 is not None and with_go:
            files.append((go_name[0], load.go_sha256, beside(folder, load)))
        return files

    def _to_failed(self, load: Load, mates: Sequence[Load], *, shared: bool) -> Load:
        """Move the files to the failed zone, unless they were there already.

        :param mates: loads of other files that its go file names: the first one takes that along,
            as does one whose mates were duplicates, and lie with it.
        :param shared: the archived file is another load's too: a copy goes.
        """
        if not lies_in(load, self._zones.archive):
            return load
        folder = archived_place(load, self._clients)
        of_set = bool(mates) or self._has_go_elsewhere(folder, load)
        files = tuple(
            FileToMove(file=file or self._gone(folder, load, name, sha256), sha256=sha256)
            for name, sha256, file in self._archived(load, with_go=not of_set)
        )
        sidecar = _sidecar(load)
        if of_set:
            sidecar = replace(sidecar, go_token=set_token(load))
            go = bring_go_file(load, mates, sidecar, self._zones, self._clients)
            sidecar = replace(sidecar, stored_go=go)
            if _loaded(mates):
                hint = "Unload the other files that its go file names, too; then replay one of all."
                sidecar = replace(sidecar, error=replace(sidecar.error, hint=hint))
        try:
            moved = move.move(
                files,
                folder.zone,
                self._zones.failed,
                suffix_id=load.load_id,
                sidecar=sidecar,
                keep_source=shared,
            )
        except LandingError as error:
            if error.code in (ErrorCode.LANDING_DISAPPEARED, ErrorCode.LANDING_CHANGED):
                return load  # an earlier call has moved it, and somebody has replayed it since
            raise
        return self._now_at(load, moved.data)

    def _has_go_elsewhere(self, folder: ArchivedPlace, load: Load) -> bool:
        """Whether its go file was not archived with it: with a duplicate that it names, too."""
        return (
            load.go_filename is not None
            and folder.find() is not None
            and beside(folder, load) is None
        )

    def _gone(self, folder: ArchivedPlace, load: Load, name: str, sha256: str) -> LandedFile:
        """Stand in for a file that an earlier call has moved, so that it is found in failed."""
        stored, size = folder.name, load.size_bytes
        if name != delivered(load.filename):
            stored = name_beside(folder, load, name) or name
            found = find_like(self._zones.failed, stored, sha256, load.load_id)
            size = found.size if found else 0
        return LandedFile(
            name=stored,
            path=f"{folder.zone.path}/{stored}",
            size=size,
            mtime_ns=0,
            token=load.delivery_token,
        )

    def _to_landing(self, load: Load) -> Load:
        """Replay the delivery, unless that was done already."""
        failed = self._zones.failed
        name = delivered(load.archive_uri).rpartition("/")[2]
        sidecar = sidecar_name(name, failed.path)
        if not lies_in(load, failed) or find_sidecar(open_folder(failed), sidecar) is None:
            return load
        back = replay(failed, self._zones.landing, [name])
        return self._now_at(load, next(entry.data for entry in back if entry.stored == name))

    def _now_at(self, load: Load, uri: str) -> Load:
        stored = storable(uri)
        self._warehouse.record_archived([(load.load_id, stored)])
        return replace(load, archive_uri=stored)


def _delivered_names(load: Load) -> list[str]:
    """The names as they were delivered; the books have them as they can be stored."""
    return [delivered(name) for name in (load.filename, load.go_filename) if name]


def _loaded(mates: Sequence[Load]) -> tuple[str, ...]:
    return tuple(delivered(mate.filename) for mate in mates if mate.removed_sequence is None)


def _sidecar(load: Load) -> Sidecar:
    names = _delivered_names(load)
    error = ErrorDetail(
        code=ErrorCode.LOAD_UNLOADED,
        message=f"load {load.load_id} was taken back: its rows are out of {load.table_name}",
        hint="Replay it once its rows shall come again, or discard it.",
        file=names[0],
    )
    return Sidecar(
        error=error,
        data_name=names[0],
        data_token=load.delivery_token,
        go_name=names[1] if len(names) > 1 else None,
        sha256=load.sha256,
        table=load.table_name,
        mapping="",
        time=datetime.now(UTC).isoformat(timespec="milliseconds"),
    )
