"""Notes of moves under way: what a killed process had begun, for the next one to finish.

A delivery of several files is moved file by file. A death in between leaves, say, a go file without
its data file, and no listing can tell that it belongs to a delivery that is done. So a mover writes
down the whole move, under the target zone's lock, before the first file moves, and removes the
note, still under the lock, after the last. A note that is seen under the lock is a dead mover's.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from airflow_landing_loader.landing import sidecar as sidecars
from airflow_landing_loader.landing.model import LandedFile
from airflow_landing_loader.landing.sidecar import Sidecar
from airflow_landing_loader.landing.transfer import FileToMove

NOTE_ENDING = ".move.json"


@dataclass(frozen=True, kw_only=True)
class MoveNote:
    """One move, complete enough to be repeated: the arguments of :func:`moves.move`."""

    files: tuple[FileToMove, ...]
    suffix_id: str
    subfolder: str
    sidecar: Sidecar | None = None


def any_note(work: str) -> bool:
    """Whether there may be a note: cheap, without the lock.

    :param work: the zone's work folder; need not exist.
    """
    try:
        return any(path.name.endswith(NOTE_ENDING) for path in Path(work).iterdir())
    except FileNotFoundError:
        return False


def write_note(work: str, note: MoveNote) -> None:
    """Write ``note``; the lock must be held.

    Not forced to the disk, which would cost more than the move: it has to outlive its process. A
    power cut may leave a go file behind as an orphan, which is reported and loses nothing.
    """
    _path(work, note).write_text(json.dumps(note_to_json(note)), encoding="ascii")


def read_notes(work: str) -> tuple[MoveNote, ...]:
    """All notes; the lock must be held.

    One that cannot be read was being written when its process died, before anything moved, so it
    is removed.
    """
    notes = []
    for path in sorted(Path(work).glob(f"*{NOTE_ENDING}")):
        note = note_from_json(path.read_bytes())
        if note is None:
            path.unlink()
        else:
            notes.append(note)
    return tuple(notes)


def remove_note(work: str, note: MoveNote) -> None:
    """Remove the note of this move, if there is one; the lock must be held."""
    _path(work, note).unlink(missing_ok=True)


def note_name(note: MoveNote) -> str:
    """The file name of a note: the same for every try of a move."""
    first = note.files[0].file
    key = hashlib.sha256(os.fsencode(f"{first.path}\0{first.token}")).hexdigest()[:16]
    return f"{key}{NOTE_ENDING}"


def note_to_json(note: MoveNote) -> dict[str, Any]:
    """A note as JSON-able values."""
    return {
        "files": [asdict(item) for item in note.files],
        "suffix_id": note.suffix_id,
        "subfolder": note.subfolder,
        "sidecar": sidecars.to_json(note.sidecar) if note.sidecar else None,
    }


def note_from_json(content: bytes) -> MoveNote | None:
    """The note that was written as JSON; ``None`` if it is none, or only a part of one."""
    with suppress(ValueError, TypeError, KeyError, RecursionError):
        values = json.loads(content)
        if not values["files"]:
            return None
        return MoveNote(
            files=tuple(_file_to_move(**item) for item in values["files"]),
            suffix_id=values["suffix_id"],
            subfolder=values["subfolder"],
            sidecar=sidecars.from_json(values["sidecar"]) if values["sidecar"] else None,
        )
    return None


def _path(work: str, note: MoveNote) -> Path:
    return Path(work, note_name(note))


def _file_to_move(*, file: dict[str, Any], sha256: str | None) -> FileToMove:
    return FileToMove(file=LandedFile(**file), sha256=sha256)
