"""Moves from local folder to local folder: together, never over another file.

A move may be made again with the same arguments after any failure or death and finishes; called
from two processes at once it moves once. The names are chosen and taken under a lock in the target
zone, so that data file, go file and sidecar get theirs together.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass

from airflow_landing_loader.exceptions import (
    ErrorCode,
    LandingError,
)
from airflow_landing_loader.landing import local_files, move_notes, transfer
from airflow_landing_loader.landing.archive_layout import subfolder_parts
from airflow_landing_loader.landing.local_folders import make_folder, unwritable
from airflow_landing_loader.landing.local_zone import LocalZone
from airflow_landing_loader.landing.move_notes import MoveNote
from airflow_landing_loader.landing.moving import Finished, Moved
from airflow_landing_loader.landing.sidecar import Sidecar, is_sidecar_of, write_sidecar
from airflow_landing_loader.landing.source import changed
from airflow_landing_loader.landing.target_names import Choice, SpotState, choose
from airflow_landing_loader.landing.transfer import AcrossDevicesError, Digests, FileToMove

_MAX_TRIES = 3


def move(note: MoveNote, target: LocalZone) -> Moved:
    """See :func:`airflow_landing_loader.landing.moves.move`."""
    target.require()
    with unwritable(target.path, note.files[0].file.name):
        folder = make_folder(target.path, note.subfolder)
        digests = Digests()
        try:
            return _attempt(note, target, folder, digests, (None,) * len(note.files))
        except AcrossDevicesError:
            return _by_copies(note, target, folder, digests)


def foresee(note: MoveNote, target: LocalZone) -> str | None:
    """See :func:`airflow_landing_loader.landing.moves.foresee`."""
    folder = "/".join([target.path, *subfolder_parts(note.subfolder)])
    with suppress(OSError):
        choice = _look_ahead(note, folder, Digests())
        return None if choice is None else choice.spots[0].path
    return None


def finish_interrupted(source: LocalZone, target: LocalZone) -> tuple[Finished, ...]:
    """See :func:`airflow_landing_loader.landing.moves.finish_interrupted`."""
    target.require()
    if not move_notes.any_note(f"{target.path}/{local_files.WORK_FOLDER}"):
        return ()
    with unwritable(target.path, None):
        with local_files.exclusive(target.path) as work:
            notes = move_notes.read_notes(work)
        return tuple(_finish(note, target) for note in notes if move_notes.is_of(note, source.path))


@dataclass(frozen=True)
class _Target:
    """A local folder that files of local folders go to; see :class:`target_names.Target`."""

    path: str
    digests: Digests

    def in_place(self, item: FileToMove) -> bool:
        return transfer.is_in_place(item)

    def replaced(self, item: FileToMove) -> bool:
        return local_files.exists(item.file.path)

    def state(self, item: FileToMove, name: str, *, in_place: bool) -> SpotState:
        path = f"{self.path}/{name}"
        if not local_files.exists(path):
            return SpotState.FREE
        same = transfer.is_same_content(item, path, self.digests, in_place=in_place)
        return SpotState.OWN if same else SpotState.OTHER

    def sidecar_state(self, name: str, sidecar: Sidecar, *, same_arrival: bool) -> SpotState:
        path = f"{self.path}/{name}"
        if not local_files.exists(path):
            return SpotState.FREE
        found = is_sidecar_of(path, sidecar, same_arrival=same_arrival)
        return SpotState.OWN if found else SpotState.OTHER


def _attempt(
    note: MoveNote, target: LocalZone, folder: str, digests: Digests, copies: tuple[str | None, ...]
) -> Moved:
    if any(local_files.exists(f"{folder}/{item.file.name}") for item in note.files):
        _look_ahead(note, folder, digests)  # files are hashed while nobody waits for the lock
    with local_files.exclusive(target.path) as work:
        choice = choose(note, _Target(folder, digests))
        sidecar = _write_sidecar(note, folder, choice)
        move_notes.write_note(work, note)
        # By an earlier try that died: its note is needed until the last file is there.
        begun = not all(transfer.is_in_place(item) for item in note.files)
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
        return choose(note, _Target(folder, digests))
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
    return write_sidecar(LocalZone(folder), names[0], note.sidecar.stored_as(names))


def _finish(note: MoveNote, target: LocalZone) -> Finished:
    names = tuple(item.file.name for item in note.files)
    try:
        moved = move(note, target)
    except LandingError as error:
        if error.code in (ErrorCode.LANDING_DISAPPEARED, ErrorCode.LANDING_CHANGED):
            # Another arrival has its names now: there is nothing left to finish.
            with local_files.exclusive(target.path) as work:
                move_notes.remove_note(work, note)
        return Finished(names=names, error=error.detail)
    return Finished(names=names, moved=moved)
