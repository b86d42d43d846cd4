"""A delivery's files into the archive or the failed zone, and what a dead mover had begun."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

from airflow_landing_loader.exceptions import ErrorCode, LandingError, contained
from airflow_landing_loader.landing.moves import journal, mover, together
from airflow_landing_loader.landing.moves.journal import MoveNote, note_of
from airflow_landing_loader.landing.moves.model import Finished, Moved
from airflow_landing_loader.landing.moves.sidecar import Sidecar
from airflow_landing_loader.storage.folder import Folder
from airflow_landing_loader.storage.model import FileToMove
from airflow_landing_loader.storage.opening import open_folder
from airflow_landing_loader.storage.zone import Zone


def move(
    files: Sequence[FileToMove],
    source: Zone,
    target: Zone,
    *,
    suffix_id: str,
    subfolder: str = "",
    sidecar: Sidecar | None = None,
    keep_source: bool = False,
    noted: bool = True,
) -> Moved:
    """Move a delivery's files into a zone, byte for byte, under their own names if those are free.

    If a name is taken by other content, all of them take one suffix before the file name's ending:
    ``trades_20240115~1a2b3c4d.csv``, then ``~1a2b3c4d-2`` and so on. A name taken by equal content
    counts as moved, and the source is removed. The data file goes first, the go file last.

    May be called again with the same arguments after any failure or death, and finishes; called
    from two processes at once it moves once.

    :param files: data file, then go file; see :func:`.model.files_of`.
    :param source: the zone that they lie in.
    :param target: archive or failed zone; it must exist.
    :param suffix_id: at least one letter or digit, of which the first eight are used: the load id,
        or another text that a retry computes again.
    :param subfolder: folders below the zone, separated by ``/``; created as needed.
    :param sidecar: written beside the data file before anything moves.
    :param keep_source: copy; the files stay where they are too.
    :param noted: write down that it is under way; ``False``: somebody else has.
    :raises TransientError: ``ZONE_UNAVAILABLE`` or ``ZONE_UNWRITABLE`` (permission, no space);
        ``LANDING_DISAPPEARED`` or ``LANDING_CHANGED``, a file is neither where it was nor in the
        target. Nothing is lost, and the same call can be made again.
    :raises ConfigurationError: ``MAPPING_BAD_VALUE``, the subfolder leaves the zone.
    """
    note = note_of(files, suffix_id, subfolder, sidecar)
    return mover.move(note, open_folder(source), open_folder(target), noted=noted, keep=keep_source)


def foresee(
    files: Sequence[FileToMove],
    source: Zone,
    target: Zone,
    *,
    suffix_id: str,
    subfolder: str = "",
    sidecar: Sidecar | None = None,
) -> str | None:
    """Where :func:`move` would bring the data file now; nothing is changed or locked.

    Another mover may take the name meanwhile: only what :func:`move` returns is certain.

    :returns: ``None`` where that cannot be said; the move itself will say why.
    """
    note = note_of(files, suffix_id, subfolder, sidecar)
    return mover.foresee(note, open_folder(source), open_folder(target))


def finish_interrupted(source: Zone, target: Zone) -> tuple[Finished, ...]:
    """Finish the moves into ``target`` that a killed process had begun; cheap if there are none.

    To be called before the landing zone is listed: the files of such a delivery look like an
    orphaned go file there.

    Moves out of another landing zone are left to its own loader.

    :param source: the landing zone.
    :param target: archive or failed zone.
    :raises TransientError: ``ZONE_UNAVAILABLE`` or ``ZONE_UNWRITABLE``.
    """
    landing, end = open_folder(source), open_folder(target)
    work = end.work_folder()
    if work is None or not journal.note_files(work):
        return ()
    # Where there is a lock, a note that is seen under it is a dead mover's.
    with end.lock(landing) or nullcontext():
        notes = tuple(journal.read_notes(work))
    mine = ((name, journal.of_landing(note, landing)) for name, note in notes)
    alone = [_finish(name, note, landing, end) for name, note in mine if note is not None]
    return (*alone, *together.finish_interrupted(landing, end))


def _finish(name: str, note: MoveNote, source: Folder, target: Folder) -> Finished:
    def finished() -> Finished:
        moved = mover.move(note, source, target, noted=True, keep=False)
        _remove(name, source, target)
        return Finished(names=note.names, moved=moved)

    def unfinished(error: LandingError) -> Finished:
        if error.code in (ErrorCode.LANDING_DISAPPEARED, ErrorCode.LANDING_CHANGED):
            # Another arrival has its names now: there is nothing left to finish.
            _remove(name, source, target)
        return Finished(names=note.names, error=error.detail)

    return contained(finished, unfinished, file=note.names[0])


def _remove(name: str, source: Folder, target: Folder) -> None:
    with target.lock(source) or nullcontext():
        work = target.work_folder()
        if work is not None:
            work.remove(name)
