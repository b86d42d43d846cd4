"""The files of a set into their zone: one move for each data file, the go file with the last.

Half a set in landing could be told by nobody from one that is still arriving. So all its moves are
written down before the first, and whoever looks into landing next finishes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

from airflow_landing_loader.exceptions import ErrorCode, LandingError, contained
from airflow_landing_loader.landing.moves import journal, mover
from airflow_landing_loader.landing.moves.journal import MoveNote, SetNote
from airflow_landing_loader.landing.moves.model import Finished
from airflow_landing_loader.storage.folder import Folder
from airflow_landing_loader.storage.opening import open_folder
from airflow_landing_loader.storage.zone import Zone

_GONE = (ErrorCode.LANDING_DISAPPEARED, ErrorCode.LANDING_CHANGED)


def begin(moves: Sequence[MoveNote], source: Zone, target: Zone) -> str:
    """Write down the moves of a set; returns the note's name, for :func:`done`.

    :param moves: in their order; the last one has the go file, too, unless that goes elsewhere.
    :raises TransientError: ``ZONE_UNAVAILABLE`` or ``ZONE_UNWRITABLE``; nothing has moved.
    """
    end = open_folder(target)
    with end.lock(open_folder(source)) or nullcontext():
        work = end.work_folder(make=True)
        assert work is not None  # it is made
        return journal.write_set_note(work, SetNote(moves=tuple(moves)))


def done(name: str, source: Zone, target: Zone) -> None:
    """Forget the note: all has moved."""
    _forget(name, open_folder(source), open_folder(target))


def finish_interrupted(source: Folder, target: Folder) -> tuple[Finished, ...]:
    """Finish the sets that a dead process has begun to move; a living one is not disturbed by that.

    :param source: the landing zone.
    """
    work = target.work_folder()
    notes = () if work is None else tuple(journal.read_set_notes(work))
    found: list[Finished] = []
    for name, note in notes:
        moves = [journal.of_landing(move, source) for move in note.moves]
        mine = [move for move in moves if move is not None]
        if len(mine) == len(moves):
            found += _finish(name, mine, source, target)
    return tuple(found)


def _finish(name: str, moves: Sequence[MoveNote], source: Folder, target: Folder) -> list[Finished]:
    found: list[Finished] = []
    for move in moves:
        each = _finish_one(move, source, target)
        found.append(each)
        if each.error is not None and each.error.code not in _GONE:
            return found  # the note stays: the go file must not go before the others
    _forget(name, source, target)
    return found


def _finish_one(move: MoveNote, source: Folder, target: Folder) -> Finished:
    def finished() -> Finished:
        moved = mover.move(move, source, target, noted=False, keep=False)
        return Finished(names=move.names, moved=moved)

    def unfinished(error: LandingError) -> Finished:
        if error.code in _GONE and len(move.files) > 1:
            # Its data file was replaced; the go file goes, as the others of its set have gone.
            return _finish_one(go_alone(move), source, target)
        return Finished(names=move.names, error=error.detail)

    return contained(finished, unfinished, file=move.names[0])


def go_alone(move: MoveNote) -> MoveNote:
    """The move of the go file, without its data file."""
    return MoveNote(
        files=move.files[1:], suffix_id=move.suffix_id, subfolder=move.subfolder, sidecar=None
    )


def _forget(name: str, source: Folder, target: Folder) -> None:
    with target.lock(source) or nullcontext():
        work = target.work_folder()
        if work is not None:
            work.remove(name)
