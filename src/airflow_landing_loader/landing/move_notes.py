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
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_landing_loader.exceptions import TerminalError
from airflow_landing_loader.landing import local_files
from airflow_landing_loader.landing import sidecar as sidecars
from airflow_landing_loader.landing.model import LandedFile
from airflow_landing_loader.landing.sidecar import Sidecar
from airflow_landing_loader.landing.transfer import FileToMove
from airflow_landing_loader.landing.zone import is_plain_name

NOTE_ENDING = ".move.json"
_WRITER = "move-note"  # no suffix id, so nobody else's temporary files look like these
_UNFINISHED = f".{_WRITER}{local_files.TEMPORARY_ENDING}"
SUFFIX_ID = re.compile(r"[0-9A-Za-z]{1,8}")
_MOST_BYTES = 1024 * 1024
_MODE = 0o640


@dataclass(frozen=True, kw_only=True)
class MoveNote:
    """One move, complete enough to be repeated: the arguments of :func:`moves.move`."""

    files: tuple[FileToMove, ...]
    suffix_id: str
    subfolder: str
    sidecar: Sidecar | None = None


def any_note(work: str) -> bool:
    """Whether there may be a note, or what is left of the writing of one: cheap, without the lock.

    :param work: the zone's work folder; need not exist.
    """
    endings = (NOTE_ENDING, _UNFINISHED)
    try:
        return any(path.name.endswith(endings) for path in Path(work).iterdir())
    except FileNotFoundError:
        return False


def write_note(work: str, note: MoveNote) -> None:
    """Write ``note``, or write it anew; the lock must be held.

    In one step: a try that dies here may not take the note of the try before it along, which had
    moved the first file.

    Not forced to the disk, which would cost more than the move: it has to outlive its process. A
    power cut may leave a go file behind as an orphan, which is reported and loses nothing.
    """
    content = json.dumps(note_to_json(note)).encode("ascii")
    # Its mode: it holds a sidecar, which may quote a cell.
    local_files.write_whole(
        _path(work, note), content, mode=_MODE, tag=_WRITER, replace=True, durable=False
    )


def read_notes(work: str) -> tuple[MoveNote, ...]:
    """All notes; the lock must be held.

    What a dead writer has left of one is removed. So is what is no note and no folder: nobody could
    say what it was meant to move.
    """
    for path in Path(work).glob(f".*{_UNFINISHED}"):
        _drop(path)
    notes = []
    for path in sorted(Path(work).glob(f"*{NOTE_ENDING}")):
        note = _read(path)
        if note is not None:
            notes.append(note)
        else:
            _drop(path)
    return tuple(notes)


def is_of(note: MoveNote, folder: str) -> bool:
    """Whether all files of a move lay directly in this local folder.

    Only such a note may be finished: another one is of another loader's landing zone, or forged to
    have files of this machine moved that are nobody's delivery.

    :param folder: absolute path of the landing zone.
    """
    return all(
        os.path.basename(item.file.path) == item.file.name  # noqa: PTH119 (a name is no path)
        and _same_folder(Path(item.file.path).parent, folder)
        for item in note.files
    )


def remove_note(work: str, note: MoveNote) -> None:
    """Remove the note of this move, if there is one; the lock must be held."""
    with suppress(FileNotFoundError):
        os.unlink(_path(work, note))  # noqa: PTH108 (a Path costs more than the unlink)


def note_name(note: MoveNote) -> str:
    """The file name of a note: the same for every try of a move."""
    first = note.files[0].file
    key = hashlib.sha256(os.fsencode(f"{first.path}\0{first.token}")).hexdigest()[:16]
    return f"{key}{NOTE_ENDING}"


def note_to_json(note: MoveNote) -> dict[str, Any]:
    """A note as JSON-able values."""
    return {
        "files": [{"file": vars(item.file), "sha256": item.sha256} for item in note.files],
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
            suffix_id=_suffix_id(values["suffix_id"]),
            subfolder=values["subfolder"],
            sidecar=sidecars.from_json(values["sidecar"]) if values["sidecar"] else None,
        )
    return None


def _path(work: str, note: MoveNote) -> str:
    return f"{work}/{note_name(note)}"


def _read(path: Path) -> MoveNote | None:
    try:
        with local_files.open_regular(str(path), name=path.name) as stream:
            return note_from_json(stream.read(_MOST_BYTES))
    except TerminalError:
        return None


def _drop(path: Path) -> None:
    if not path.is_dir() or path.is_symlink():
        path.unlink()


def _same_folder(one: Path, other: str) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _suffix_id(text: str) -> str:
    """It becomes part of file names, so nothing else is taken from a note."""
    if SUFFIX_ID.fullmatch(text) is None:
        raise ValueError("not a suffix id")
    return text


def _file_to_move(*, file: dict[str, Any], sha256: str | None) -> FileToMove:
    found = LandedFile(**file)
    if not is_plain_name(found.name):
        raise ValueError("not the name of a direct child")
    return FileToMove(file=found, sha256=sha256)
