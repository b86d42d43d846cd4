"""Moves with an object store at one end or both: copy, verify, and only then remove the source.

No lock is needed. A copy goes to a free name or fails, and a source is removed only in the very
arrival that was copied, so that two movers of one delivery end with one copy. A delivery of several
files is written down in a note below the target until all of its sources are gone: what died in
between would leave, say, a go file without its data file.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass

from airflow_landing_loader.exceptions import ErrorCode, LandingError
from airflow_landing_loader.landing.ends import End, sha256_of
from airflow_landing_loader.landing.local_end import LocalEnd
from airflow_landing_loader.landing.local_files import WORK_FOLDER
from airflow_landing_loader.landing.local_zone import LocalZone
from airflow_landing_loader.landing.move_notes import (
    NOTE_ENDING,
    MoveNote,
    note_from_json,
    note_name,
    note_to_json,
)
from airflow_landing_loader.landing.moving import Finished, Moved
from airflow_landing_loader.landing.objects.end import ObjectEnd
from airflow_landing_loader.landing.objects.zone import ObjectZone
from airflow_landing_loader.landing.sidecar import (
    Sidecar,
    is_same_delivery,
    parse_sidecar,
    sidecar_bytes,
    sidecar_name,
)
from airflow_landing_loader.landing.source import changed
from airflow_landing_loader.landing.target_names import Choice, SpotState, choose
from airflow_landing_loader.landing.transfer import FileToMove
from airflow_landing_loader.landing.zone import Zone

_MAX_TRIES = 3
_SMALL = 1024 * 1024 + 1


def end_of(zone: Zone) -> End:
    """A zone as one end of a move."""
    return ObjectEnd(zone) if isinstance(zone, ObjectZone) else LocalEnd(zone.path)


def move(note: MoveNote, source: Zone, target: Zone) -> Moved:
    """See :func:`airflow_landing_loader.landing.moves.move`."""
    return _move(note, end_of(source), end_of(target))


def foresee(note: MoveNote, source: Zone, target: Zone) -> str | None:
    """See :func:`airflow_landing_loader.landing.moves.foresee`."""
    with suppress(LandingError):
        folder = end_of(target).below(note.subfolder)
        return choose(note, _CopyTarget(source=end_of(source), target=folder)).spots[0].path
    return None


def finish_interrupted(source: Zone, target: Zone) -> tuple[Finished, ...]:
    """See :func:`airflow_landing_loader.landing.moves.finish_interrupted`."""
    if isinstance(target, LocalZone):
        target.require()  # a bucket that is not there shows when its notes are listed
    end = end_of(target)
    notes = _notes(end)
    names = [name for name in notes.names() if name.endswith(NOTE_ENDING)] if notes else []
    return tuple(
        finished for name in names if (finished := _finish(name, end_of(source), end)) is not None
    )


def copy(note: MoveNote, source: Zone, target: Zone) -> Moved:
    """As :func:`move`, but the files stay where they are too."""
    return _bring(note, end_of(source), end_of(target))


def _move(note: MoveNote, source: End, target: End) -> Moved:
    moved = _bring(note, source, target, noted=True)
    for item in note.files:
        source.discard(item, tag=note.suffix_id)
    _remove_note(note, target)
    return moved


def _bring(note: MoveNote, source: End, target: End, *, noted: bool = False) -> Moved:
    """Have all files in the target.

    :param noted: write down what is begun.
    """
    folder = target.below(note.subfolder)
    for _ in range(_MAX_TRIES):
        choice = choose(note, _CopyTarget(source=source, target=folder))
        # Somebody may have taken a name since it was looked at; then it is looked at again. What
        # was copied before that stays: another mover of this delivery may count on it by now.
        with suppress(FileExistsError):
            sidecar = _write_sidecar(note, folder, choice)
            if noted:
                _write_note(note, target)
            for item, spot in zip(note.files, choice.spots, strict=True):
                if spot.state is SpotState.FREE:
                    folder.bring(spot.name, item, source, tag=note.suffix_id)
            paths = tuple(spot.path for spot in choice.spots)
            return Moved(paths=paths, sidecar=sidecar, suffix=choice.suffix)
    raise changed(note.files[0].file.name)


@dataclass(frozen=True, kw_only=True)
class _CopyTarget:
    """See :class:`~airflow_landing_loader.landing.target_names.Target`."""

    source: End
    target: End

    @property
    def path(self) -> str:
        return self.target.path

    def in_place(self, item: FileToMove) -> bool:
        found = self.source.find(item.file.name)
        return found is not None and (found.token, found.size) == (item.file.token, item.file.size)

    def replaced(self, item: FileToMove) -> bool:
        return self.source.taken(item.file.name)

    def state(self, item: FileToMove, name: str, *, in_place: bool) -> SpotState:
        if not self.target.taken(name):
            return SpotState.FREE
        found = self.target.find(name)
        if found is None or found.size != item.file.size:
            return SpotState.OTHER
        expected = item.sha256
        if expected is None and in_place:
            expected = sha256_of(self.source.source(item.file))
        if expected is None:
            same = self.target.is_copy_of(found, item)
        else:
            # Not by the store's checksum: two contents of one checksum can be made on purpose.
            same = sha256_of(self.target.source(found)) == expected
        return SpotState.OWN if same else SpotState.OTHER

    def sidecar_state(self, name: str, sidecar: Sidecar, *, same_arrival: bool) -> SpotState:
        if not self.target.taken(name):
            return SpotState.FREE
        found = find_sidecar(self.target, name)
        ours = found is not None and is_same_delivery(found, sidecar, same_arrival=same_arrival)
        return SpotState.OWN if ours else SpotState.OTHER


def find_sidecar(end: End, name: str) -> Sidecar | None:
    """The sidecar of this name; ``None`` if there is none, or something else."""
    content = end.read(name, _SMALL)
    with suppress(LandingError):
        return None if content is None else parse_sidecar(content, name=name)
    return None


def _write_sidecar(note: MoveNote, folder: End, choice: Choice) -> str | None:
    if note.sidecar is None:
        return None
    names = [spot.name for spot in choice.spots]
    stored = note.sidecar.stored_as(names)
    name = sidecar_name(names[0], folder.path)
    found = find_sidecar(folder, name)
    if found is None or not is_same_delivery(found, stored):
        # One of an earlier delivery of the same files is replaced: the newest reason is the one to
        # act on.
        replaces = found is not None and is_same_delivery(found, stored, same_arrival=False)
        folder.write(name, sidecar_bytes(stored), replace=replaces, tag=note.suffix_id)
    return f"{folder.path}/{name}"


def _notes(target: End) -> End | None:
    """The place of the notes; ``None`` where a local folder has none yet."""
    if isinstance(target, LocalEnd):
        return LocalEnd(f"{target.path}/{WORK_FOLDER}") if target.taken(WORK_FOLDER) else None
    return target.below(WORK_FOLDER)


def _write_note(note: MoveNote, target: End) -> None:
    if len(note.files) == 1:
        return  # a single file is copied again and then found there, or still in landing
    if isinstance(target, LocalEnd):
        target.make_work_folder()
    notes = _notes(target)
    assert notes is not None
    content = json.dumps(note_to_json(note)).encode()
    notes.write(note_name(note), content, replace=True, tag=note.suffix_id)


def _remove_note(note: MoveNote, target: End) -> None:
    if len(note.files) > 1 and (notes := _notes(target)) is not None:
        notes.remove(note_name(note))


def _finish(name: str, source: End, target: End) -> Finished | None:
    notes = _notes(target)
    content = None if notes is None else notes.read(name, _SMALL)
    if notes is None or content is None:
        return None  # somebody else has finished it
    note = note_from_json(content)
    if note is None:
        notes.remove(name)
        return None
    names = tuple(item.file.name for item in note.files)
    try:
        return Finished(names=names, moved=_move(note, source, target))
    except LandingError as error:
        if error.code in (ErrorCode.LANDING_DISAPPEARED, ErrorCode.LANDING_CHANGED):
            # Another arrival has its names now: there is nothing left to finish.
            notes.remove(name)
        return Finished(names=names, error=error.detail)
