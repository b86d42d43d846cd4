"""A delivery's files into a folder: together, never over another file, their sources last.

A move may be made again with the same arguments after any failure or death and finishes; called
from two processes at once it moves once.

Between local folders the names are chosen and taken under a lock in the target zone, so that data
file, go file and sidecar get theirs together, and a rename takes a file away in the step that
brings it. Elsewhere no lock is needed: a copy goes to a free name or fails, and a source is removed
only in the very arrival that was copied, so that two movers of one delivery end with one copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import dataclass

from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.landing.moves import journal
from airflow_landing_loader.landing.moves.journal import MoveNote
from airflow_landing_loader.landing.moves.model import Moved
from airflow_landing_loader.landing.moves.names import Choice, Spot, choose
from airflow_landing_loader.landing.moves.sidecar import write_sidecar
from airflow_landing_loader.landing.moves.target import SpotState, Target
from airflow_landing_loader.storage.content import changed
from airflow_landing_loader.storage.folder import Folder
from airflow_landing_loader.storage.local.transfer import AcrossDevicesError
from airflow_landing_loader.storage.model import FileToMove

_MAX_TRIES = 4


def move(note: MoveNote, source: Folder, zone: Folder, *, noted: bool, keep: bool) -> Moved:
    """See :func:`airflow_landing_loader.landing.moves.move.move`.

    :param zone: the target zone.
    :param keep: the files stay where they are too.
    """
    folder = zone.below(note.subfolder, make=True)
    mover = _Mover(note=note, target=Target(source, folder), zone=zone, noted=noted, keep=keep)
    stage = False
    for _ in range(_MAX_TRIES):
        try:
            with ExitStack() as stack:
                copies = tuple(mover.staged(stack)) if stage else (None,) * len(note.files)
                return mover.attempt(copies)
        except AcrossDevicesError:
            # Or it had come back, or lost its look-alike, after its copy was thought needless.
            stage = True
        except FileExistsError:
            # Somebody has taken a name since it was looked at; it is looked at again. What was
            # brought before that stays: another mover of this delivery may count on it by now.
            pass
    raise changed(note.files[0].file.name)


def foresee(note: MoveNote, source: Folder, zone: Folder) -> str | None:
    """See :func:`airflow_landing_loader.landing.moves.move.foresee`."""
    with suppress(LandingError):
        return choose(note, Target(source, zone.below(note.subfolder))).spots[0].path
    return None


@dataclass(frozen=True, kw_only=True)
class _Mover:
    """One move; see :func:`move`."""

    note: MoveNote
    target: Target
    zone: Folder
    noted: bool
    keep: bool

    def attempt(self, copies: tuple[str | None, ...]) -> Moved:
        """Choose names and take them.

        :param copies: of those files that a rename cannot bring; see :meth:`staged`.
        :raises FileExistsError: a name was taken by somebody else meanwhile.
        :raises AcrossDevicesError: a rename cannot bring a file, and there is no copy of it.
        """
        note, folder = self.note, self.target.folder
        lock = None if self.keep else self.zone.lock(self.target.source)
        if lock is not None and any(folder.taken(name) for name in note.names):
            _look_ahead(note, self.target)  # files are hashed while nobody waits for the lock
        with lock or nullcontext() as work:
            choice = choose(note, self.target)
            if work is not None and self._taken(choice):
                return _moved(choice, None)
            sidecar = _write_sidecar(note, folder, choice)
            written = self._write_note(work)
            # By an earlier try that died: its note is needed until the last file is there. Without
            # a lock another mover may count on it by now.
            begun = work is None or not all(spot.in_place for spot in choice.spots)
            try:
                for _ in self._steps(choice, copies, at_once=work is not None):
                    begun = True
                begun = False
            finally:
                # Kept only for a move that has begun and is not complete.
                if written is not None and not begun:
                    journal.remove_note(written, note)
            for name in note.names:
                folder.tidy(name, tag=note.suffix_id)
        return _moved(choice, sidecar)

    def _taken(self, choice: Choice) -> bool:
        """Take a file that moves alone by one rename, if that is possible: of what cannot be
        interrupted nothing need be written down."""
        note, spot = self.note, choice.spots[0]
        alone = len(note.files) == 1 and note.sidecar is None
        free = spot.state is SpotState.FREE and spot.in_place
        return (
            alone and free and self.target.folder.take(spot.name, note.files[0], self.target.source)
        )

    def staged(self, stack: ExitStack) -> Iterator[str | None]:
        """Copy the files that would be brought now, so that nobody waits for it at the lock.

        :param stack: holds the copies.
        """
        choice = _look_ahead(self.note, self.target)
        for number, item in enumerate(self.note.files):
            free = choice is not None and choice.spots[number].state is SpotState.FREE
            yield self._stage(item, stack) if free else None

    def _stage(self, item: FileToMove, stack: ExitStack) -> str | None:
        source, folder = self.target.source, self.target.folder
        try:
            return stack.enter_context(folder.staged(item, source, tag=self.note.suffix_id))
        except LandingError:
            # Another process may have moved it meanwhile; then it is found in the target.
            if self.target.in_place(item):
                raise
        return None

    def _write_note(self, work: Folder | None) -> Folder | None:
        """Write down what is begun; returns where, if it is written down.

        :param work: the work folder of a zone that is locked.
        """
        if not self.noted or self.keep:
            return None
        if work is None:
            # A single file is copied again and then found there, or still in landing.
            work = self.zone.work_folder(make=True) if len(self.note.files) > 1 else None
        if work is not None:
            journal.write_note(work, self.note)
        return work

    def _steps(
        self, choice: Choice, copies: Sequence[str | None], *, at_once: bool
    ) -> Iterator[None]:
        """Bring the files one by one and let their sources go; after each step one may look up."""
        note, source, folder = self.note, self.target.source, self.target.folder
        left: list[tuple[FileToMove, Spot]] = []
        for item, spot, copy in zip(note.files, choice.spots, copies, strict=True):
            free = spot.state is SpotState.FREE
            if not free or folder.bring(
                spot.name,
                item,
                source,
                tag=note.suffix_id,
                keep=self.keep,
                staged=copy,
                at_once=at_once,
            ):
                left.append((item, spot))
            if free:
                yield
        # Last: while a file still cannot be placed, no other is gone for its look-alike.
        for item, spot in () if self.keep else left:
            if spot.state is SpotState.OWN:
                folder.let_stand_for(spot.name, item)
            source.discard(item, tag=note.suffix_id)
            yield


def _moved(choice: Choice, sidecar: str | None) -> Moved:
    paths = tuple(spot.path for spot in choice.spots)
    return Moved(paths=paths, sidecar=sidecar, suffix=choice.suffix)


def _look_ahead(note: MoveNote, target: Target) -> Choice | None:
    """What would be chosen now. Without the lock a move by another process may be seen half done;
    only the choice under the lock says that a file is lost."""
    with suppress(LandingError):
        return choose(note, target)
    return None


def _write_sidecar(note: MoveNote, folder: Folder, choice: Choice) -> str | None:
    if note.sidecar is None:
        return None
    names = [spot.name for spot in choice.spots]
    return write_sidecar(folder, names[0], note.sidecar.stored_as(names), tag=note.suffix_id)
