"""A delivery's files into the archive or the failed zone: the door to both ways of moving.

Within local folders a file is renamed. Where an object store is on one side or both, it is copied,
the copy is verified, and only then its source goes.
"""

from __future__ import annotations

from collections.abc import Sequence

from airflow_landing_loader.landing import local_moves
from airflow_landing_loader.landing.local_zone import LocalZone
from airflow_landing_loader.landing.move_notes import SUFFIX_ID, MoveNote
from airflow_landing_loader.landing.moving import Finished, Moved
from airflow_landing_loader.landing.sidecar import Sidecar
from airflow_landing_loader.landing.transfer import FileToMove
from airflow_landing_loader.landing.zone import Zone


def move(
    files: Sequence[FileToMove],
    source: Zone,
    target: Zone,
    *,
    suffix_id: str,
    subfolder: str = "",
    sidecar: Sidecar | None = None,
    keep_source: bool = False,
) -> Moved:
    """Move a delivery's files into a zone, byte for byte, under their own names if those are free.

    If a name is taken by other content, all of them take one suffix before the file name's ending:
    ``trades_20240115~1a2b3c4d.csv``, then ``~1a2b3c4d-2`` and so on. A name taken by equal content
    counts as moved, and the source is removed. The data file goes first, the go file last.

    May be called again with the same arguments after any failure or death, and finishes; called
    from two processes at once it moves once.

    :param files: data file, then go file; see :func:`~moving.files_of`.
    :param source: the zone that they lie in.
    :param target: archive or failed zone; it must exist.
    :param suffix_id: at least one letter or digit, of which the first eight are used: the load id,
        or another text that a retry computes again.
    :param subfolder: folders below the zone, separated by ``/``; created as needed.
    :param sidecar: written beside the data file before anything moves.
    :param keep_source: copy; the files stay where they are too.
    :raises TransientError: ``ZONE_UNAVAILABLE`` or ``ZONE_UNWRITABLE`` (permission, no space);
        ``LANDING_DISAPPEARED`` or ``LANDING_CHANGED``, a file is neither where it was nor in the
        target. Nothing is lost, and the same call can be made again.
    :raises ConfigurationError: ``MAPPING_BAD_VALUE``, the subfolder leaves the zone.
    """
    note = _note(files, suffix_id, subfolder, sidecar)
    if isinstance(source, LocalZone) and isinstance(target, LocalZone) and not keep_source:
        return local_moves.move(note, target)
    # Imported here: local folders do not pay for it.
    from airflow_landing_loader.landing import copying_moves

    if keep_source:
        return copying_moves.copy(note, source, target)
    return copying_moves.move(note, source, target)


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
    note = _note(files, suffix_id, subfolder, sidecar)
    if isinstance(source, LocalZone) and isinstance(target, LocalZone):
        return local_moves.foresee(note, target)
    from airflow_landing_loader.landing import copying_moves

    return copying_moves.foresee(note, source, target)


def finish_interrupted(source: Zone, target: Zone) -> tuple[Finished, ...]:
    """Finish the moves into ``target`` that a killed process had begun; cheap if there are none.

    To be called before the landing zone is listed: the files of such a delivery look like an
    orphaned go file there.

    Moves out of another landing zone are left to its own loader.

    :param source: the landing zone.
    :param target: archive or failed zone.
    :raises TransientError: ``ZONE_UNAVAILABLE`` or ``ZONE_UNWRITABLE``.
    """
    if isinstance(source, LocalZone) and isinstance(target, LocalZone):
        return local_moves.finish_interrupted(source, target)
    from airflow_landing_loader.landing import copying_moves

    return copying_moves.finish_interrupted(source, target)


def _note(
    files: Sequence[FileToMove], suffix_id: str, subfolder: str, sidecar: Sidecar | None
) -> MoveNote:
    found = SUFFIX_ID.match(suffix_id)
    if not files or found is None:
        raise ValueError("a move needs files and a suffix id of letters and digits")
    return MoveNote(files=tuple(files), suffix_id=found[0], subfolder=subfolder, sidecar=sidecar)
