"""A delivery's files into the archive or the failed zone: together, never over another file.

``move`` may be called again with the same arguments after any failure or death and finishes; called
from two processes at once it moves once. The names are chosen and taken under a lock in the target
zone, so that data file, go file and sidecar get theirs together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from airflow_landing_loader.exceptions import (
    ConfigurationError,
    ErrorCode,
    ErrorDetail,
    LandingError,
    TransientError,
    shown,
)
from airflow_landing_loader.landing import local_files, move_notes, transfer
from airflow_landing_loader.landing.local_zone import LocalZone
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.landing.move_notes import MoveNote
from airflow_landing_loader.landing.sidecar import Sidecar, write_sidecar
from airflow_landing_loader.landing.source import changed
from airflow_landing_loader.landing.target_names import Choice, SpotState, choose
from airflow_landing_loader.landing.transfer import AcrossDevicesError, Digests, FileToMove
from airflow_landing_loader.landing.zone import Zone

_MAX_TRIES = 3
_SUFFIX_ID = re.compile(r"[0-9A-Za-z]{1,8}")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, kw_only=True)
class Moved:
    """Where a delivery's files lie now.

    :param paths: absolute paths in the order of the files given: data file, go file.
    :param sidecar: absolute path of the sidecar, in a failed zone.
    :param suffix: what their names have more than the delivered ones, ``""`` or ``"~1a2b3c4d"``.
    """

    paths: tuple[str, ...]
    sidecar: str | None
    suffix: str

    @property
    def data(self) -> str:
        """Absolute path of the data file."""
        return self.paths[0]

    @property
    def go(self) -> str | None:
        """Absolute path of the go file, if there is one."""
        return self.paths[1] if len(self.paths) > 1 else None


@dataclass(frozen=True, kw_only=True)
class Finished:
    """What became of a move that a dead process had begun.

    :param names: the delivered names.
    :param moved: where they are now; ``None`` if it could not be finished.
    :param error: why not.
    """

    names: tuple[str, ...]
    moved: Moved | None = None
    error: ErrorDetail | None = None


def files_of(
    delivery: Delivery, *, data_sha256: str | None = None, go_sha256: str | None = None
) -> tuple[FileToMove, ...]:
    """What :func:`move` needs to know of a delivery's files, data file first.

    :param data_sha256: from the inspection, if it came so far.
    :param go_sha256: from the go file's content, if it was read.
    """
    data = FileToMove(file=delivery.data, sha256=data_sha256)
    if delivery.go is None:
        return (data,)
    return data, FileToMove(file=delivery.go, sha256=go_sha256)


def move(
    files: Sequence[FileToMove],
    target: LocalZone,
    *,
    suffix_id: str,
    subfolder: str = "",
    sidecar: Sidecar | None = None,
) -> Moved:
    """Move a delivery's files into a zone, byte for byte, under their own names if those are free.

    If a name is taken by other content, all of them take one suffix before the file name's ending:
    ``trades_20240115~1a2b3c4d.csv``, then ``~1a2b3c4d-2`` and so on. A name taken by equal content
    counts as moved, and the source is removed. The data file goes first, the go file last.

    :param files: data file, then go file; see :func:`files_of`.
    :param target: archive or failed zone; its folder must exist.
    :param suffix_id: at least one letter or digit, of which the first eight are used: the load id,
        or another text that a retry computes again.
    :param subfolder: folders below the zone, separated by ``/``; created as needed.
    :param sidecar: written beside the data file before anything moves.
    :raises TransientError: ``ZONE_UNAVAILABLE`` or ``ZONE_UNWRITABLE`` (permission, no space);
        ``LANDING_DISAPPEARED`` or ``LANDING_CHANGED``, a file is neither where it was nor in the
        target. Nothing is lost, and the same call can be made again.
    :raises ConfigurationError: ``MAPPING_BAD_VALUE``, the subfolder leaves the zone.
    """
    found = _SUFFIX_ID.match(suffix_id)
    if not files or found is None:
        raise ValueError("a move needs files and a suffix id of letters and digits")
    note = MoveNote(files=tuple(files), suffix_id=found[0], subfolder=subfolder, sidecar=sidecar)
    target.require()
    with _unwritable(target, files[0].file.name):
        folder = _make_folder(target, subfolder)
        digests = Digests()
        try:
            return _attempt(note, target, folder, digests, (None,) * len(files))
        except AcrossDevicesError:
            return _by_copies(note, target, folder, digests)


def finish_interrupted(target: LocalZone) -> tuple[Finished, ...]:
    """Finish the moves into ``target`` that a killed process had begun; cheap if there are none.

    To be called before the landing zone is listed: the files of such a delivery look like an
    orphaned go file there.

    :param target: archive or failed zone.
    :raises TransientError: ``ZONE_UNAVAILABLE`` or ``ZONE_UNWRITABLE``.
    """
    target.require()
    if not move_notes.any_note(f"{target.path}/{local_files.WORK_FOLDER}"):
        return ()
    with _unwritable(target, None):
        with local_files.exclusive(target.path) as work:
            notes = move_notes.read_notes(work)
        return tuple(_finish(note, target) for note in notes)


def archive_folder(layout: str, table: str, when: datetime) -> str:
    """The subfolder that an ``archive_layout`` stands for.

    :param layout: folders separated by ``/``, with ``{table}``, ``{yyyy}``, ``{mm}`` and ``{dd}``;
        empty for none.
    :param table: the mapping's table.
    :param when: the load's time, aware; its UTC date is taken.
    :raises ConfigurationError: ``MAPPING_BAD_VALUE``, another placeholder, or a folder that leaves
        the zone or is hidden.
    """
    utc = when.astimezone(UTC)
    known = {"table": table, "yyyy": f"{utc:%Y}", "mm": f"{utc:%m}", "dd": f"{utc:%d}"}
    if not set(_PLACEHOLDER.findall(layout)) <= set(known):
        raise _bad_subfolder(layout, "has an unknown placeholder")
    folder = _PLACEHOLDER.sub(lambda found: known[found[1]], layout).strip("/")
    _subfolder_parts(folder)
    return folder


def archive_path(archive: Zone, delivery: Delivery, when: datetime) -> str:
    """Where a delivery's data file will lie in the archive if its name is free there.

    :param when: the load's time, aware.
    """
    mapping = delivery.mapping
    folder = archive_folder(mapping.archive_layout, mapping.table, when)
    return "/".join(part for part in (archive.path, folder, delivery.data.name) if part)


def _attempt(
    note: MoveNote, target: LocalZone, folder: str, digests: Digests, copies: tuple[str | None, ...]
) -> Moved:
    _look_ahead(note, folder, digests)  # files are hashed while nobody waits for the lock
    with local_files.exclusive(target.path) as work:
        choice = choose(note, folder, digests)
        sidecar = _write_sidecar(note, folder, choice)
        move_notes.write_note(work, note)
        begun = False
        try:
            for item, spot, copy in zip(note.files, choice.spots, copies, strict=True):
                if spot.state is SpotState.FREE:
                    transfer.place(item, spot.path, tag=note.suffix_id, staged=copy)
                    begun = True
            # Last: while a file still cannot be placed, no other is gone for its look-alike.
            for item, spot in zip(note.files, choice.spots, strict=True):
                if spot.state is SpotState.OWN:
                    transfer.let_stand_for(item, spot.path, tag=note.suffix_id)
                    begun = True
            begun = False
        finally:
            # Kept only for a move that has begun and is not complete.
            if not begun:
                move_notes.remove_note(work, note)
        for item in note.files:
            transfer.remove_dead_copy(item, folder, tag=note.suffix_id)
    return Moved(
        paths=tuple(spot.path for spot in choice.spots), sidecar=sidecar, suffix=choice.suffix
    )


def _by_copies(note: MoveNote, target: LocalZone, folder: str, digests: Digests) -> Moved:
    for _ in range(_MAX_TRIES):
        choice = _look_ahead(note, folder, digests)
        with ExitStack() as stack, suppress(AcrossDevicesError):
            copies = tuple(
                _copy(stack, item, folder, note.suffix_id)
                if choice is not None and choice.spots[number].state is SpotState.FREE
                else None
                for number, item in enumerate(note.files)
            )
            return _attempt(note, target, folder, digests, copies)
    # Each time it had come back, or lost its look-alike, after its copy was thought needless.
    raise changed(note.files[0].file.name)


def _look_ahead(note: MoveNote, folder: str, digests: Digests) -> Choice | None:
    """What would be chosen now. Without the lock a move by another process may be seen half done;
    only the choice under the lock says that a file is lost."""
    with suppress(LandingError):
        return choose(note, folder, digests)
    return None


def _copy(stack: ExitStack, item: FileToMove, folder: str, tag: str) -> str | None:
    try:
        return stack.enter_context(transfer.staged_copy(item, folder, tag=tag))
    except LandingError:
        # Another process may have moved it meanwhile; then it is found in the target.
        if transfer.is_in_place(item):
            raise
    return None


def _write_sidecar(note: MoveNote, folder: str, choice: Choice) -> str | None:
    if note.sidecar is None:
        return None
    names = [spot.name for spot in choice.spots]
    stored = replace(
        note.sidecar, stored_data=names[0], stored_go=names[1] if len(names) > 1 else None
    )
    return write_sidecar(LocalZone(folder), names[0], stored)


def _finish(note: MoveNote, target: LocalZone) -> Finished:
    names = tuple(item.file.name for item in note.files)
    try:
        moved = move(
            note.files,
            target,
            suffix_id=note.suffix_id,
            subfolder=note.subfolder,
            sidecar=note.sidecar,
        )
    except LandingError as error:
        if error.code in (ErrorCode.LANDING_DISAPPEARED, ErrorCode.LANDING_CHANGED):
            # Another arrival has its names now: there is nothing left to finish.
            with local_files.exclusive(target.path) as work:
                move_notes.remove_note(work, note)
        return Finished(names=names, error=error.detail)
    return Finished(names=names, moved=moved)


def _make_folder(target: LocalZone, subfolder: str) -> str:
    folder = target.path
    for part in _subfolder_parts(subfolder):
        parent, folder = folder, f"{folder}/{part}"
        try:
            Path(folder).mkdir()
        except FileExistsError:
            if Path(folder).is_symlink():
                raise TransientError(
                    ErrorCode.ZONE_UNWRITABLE,
                    f"{shown(folder)} is a symbolic link, which may lead out of the zone.",
                    hint="Mount the other disk there, or make it a folder.",
                    file=folder,
                ) from None
        else:
            local_files.sync_folder(parent)
    return folder


def _subfolder_parts(subfolder: str) -> list[str]:
    parts = subfolder.split("/") if subfolder else []
    if any(not part or part.startswith(".") or "\0" in part for part in parts):
        raise _bad_subfolder(subfolder, "has an empty or hidden folder, or leaves the zone")
    if any(brace in subfolder for brace in "{}"):
        raise _bad_subfolder(subfolder, "has a brace without its partner")
    return parts


def _bad_subfolder(text: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        ErrorCode.MAPPING_BAD_VALUE,
        f"The archive layout {shown(text)!r} {why}.",
        hint="Use folder names, {table}, {yyyy}, {mm} and {dd}, such as {table}/{yyyy}/{mm}/{dd}.",
        key_path="archive_layout",
    )


@contextmanager
def _unwritable(target: LocalZone, name: str | None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TransientError(
            ErrorCode.ZONE_UNWRITABLE,
            f"{shown(name or 'A file')} cannot be moved into {shown(target.path)}: "
            f"{error.strerror or error}.",
            hint="Give the loader's user write permission on both folders, or free some space; "
            "nothing is lost, and the move is tried again.",
            file=name,
        ) from error
