"""Notes of moves under way: what a killed process had begun, for the next one to finish.

A delivery of several files is moved file by file. A death in between leaves, say, a go file without
its data file, and no listing can tell that it belongs to a delivery that is done. So a mover writes
down the whole move in the target zone's work folder before the first file moves, and removes the
note after the last.

Others may write where the notes lie. A note is therefore taken for nothing but a request to go on
with a delivery of the reader's own landing zone: what is no note is dropped, what is of another
landing zone is left to its own loader, and where a file lies is never taken from it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

from airflow_landing_loader.codec import from_json
from airflow_landing_loader.exceptions import LandingError, shown
from airflow_landing_loader.landing.moves.sidecar import Sidecar
from airflow_landing_loader.storage.folder import Folder
from airflow_landing_loader.storage.local import names as local_names
from airflow_landing_loader.storage.model import FileToMove, LandedFile
from airflow_landing_loader.storage.names import subfolder_parts
from airflow_landing_loader.storage.zone import is_plain_name

log = logging.getLogger(__name__)

NOTE_ENDING = ".move.json"
SET_ENDING = ".set.json"
_WRITER = "move-note"  # no suffix id, so nobody else's temporary files look like these
_UNFINISHED = f".{_WRITER}{local_names.TEMPORARY_ENDING}"
SUFFIX_ID = re.compile(r"[0-9A-Za-z]{1,8}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST_BYTES = 1024 * 1024
_MOST_FILES = 2  # data file and go file
_MOST_BYTES_OF_SET = 64 * 1024 * 1024
_LONGEST_FOLDER = 1024
_LARGEST_NUMBER = 2**63
_Note = TypeVar("_Note")


@dataclass(frozen=True, kw_only=True)
class MoveNote:
    """One move, complete enough to be repeated: what ``move.move`` was given."""

    files: tuple[FileToMove, ...]
    suffix_id: str
    subfolder: str
    sidecar: Sidecar | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The delivered names."""
        return tuple(item.file.name for item in self.files)


def note_of(
    files: Sequence[FileToMove], suffix_id: str, subfolder: str, sidecar: Sidecar | None
) -> MoveNote:
    """The move that these arguments of ``move.move`` stand for."""
    found = SUFFIX_ID.match(suffix_id)
    if not files or found is None:
        raise ValueError("a move needs files and a suffix id of letters and digits")
    return MoveNote(files=tuple(files), suffix_id=found[0], subfolder=subfolder, sidecar=sidecar)


@dataclass(frozen=True, kw_only=True)
class SetNote:
    """The moves of a set, one for each data file; its go file moves with the last of them."""

    moves: tuple[MoveNote, ...]


def note_files(work: Folder) -> tuple[str, ...]:
    """Names of what may be a note, or what is left of the writing of one: without any lock."""
    endings = (NOTE_ENDING, SET_ENDING, _UNFINISHED)
    return tuple(name for name in work.names() if name.endswith(endings))


def write_note(work: Folder, note: MoveNote) -> None:
    """Write ``note`` into a work folder, or write it anew; of local zones, the lock must be held.

    In one step: a try that dies here may not take the note of the try before it along, which had
    moved the first file.

    Not forced to the disk, which would cost more than the move: it has to outlive its process. A
    power cut may leave a go file behind as an orphan, which is reported and loses nothing.
    """
    work.write(note_name(note), note_to_json(note), replace=True, tag=_WRITER, durable=False)


def read_notes(work: Folder) -> Iterator[tuple[str, MoveNote]]:
    """All notes with the names of their files; of local zones, the lock must be held.

    What is no note is removed: nobody could say what it was meant to move.
    """
    for name in note_files(work):
        if not name.endswith(SET_ENDING):
            yield from _read(work, name, _MOST_BYTES, note_from_json)


def read_set_notes(work: Folder) -> Iterator[tuple[str, SetNote]]:
    """As :func:`read_notes`, those of sets; one of them may be a living mover's."""
    for name in note_files(work):
        if name.endswith(SET_ENDING):
            yield from _read(work, name, _MOST_BYTES_OF_SET, set_note_from_json)


def _read(
    work: Folder, name: str, most: int, parse: Callable[[bytes], _Note | None]
) -> Iterator[tuple[str, _Note]]:
    # One that cannot be read, or that is nobody's to remove, must not keep others waiting.
    try:
        content = work.read(name, most + 1)
        note = None if content is None else parse(content)
        if note is not None and not name.endswith(_UNFINISHED):
            yield name, note
        elif content is not None or name.endswith(_UNFINISHED):
            work.remove(name)
    except LandingError as error:
        log.warning("%s in %s is passed over: %s", shown(name), shown(work.path), error)


def of_landing(note: MoveNote, landing: Folder) -> MoveNote | None:
    """The note, its files where they lie in this landing zone; ``None`` if it is of another one.

    Only such a note may be finished: another one is its own loader's, or forged to have files moved
    that are nobody's delivery.
    """
    for item in note.files:
        folder, _, name = item.file.path.rpartition("/")
        if name != item.file.name or not landing.is_at(folder):
            return None
    files = (
        replace(item, file=replace(item.file, path=f"{landing.path}/{item.file.name}"))
        for item in note.files
    )
    return replace(note, files=tuple(files))


def remove_note(work: Folder, note: MoveNote) -> None:
    """Remove the note of this move; of local zones, the lock must be held."""
    work.remove(note_name(note))


def write_set_note(work: Folder, note: SetNote) -> str:
    """Write down the moves of a set before the first of them; of local zones, the lock must be
    held. Returns the note's name, which is the same for every try.
    """
    name = f"{_key(note.moves[-1].files[-1].file)}{SET_ENDING}"
    content = json.dumps({"moves": [_fields(move) for move in note.moves]}).encode("ascii")
    work.write(name, content, replace=True, tag=_WRITER, durable=False)
    return name


def note_name(note: MoveNote) -> str:
    """The file name of a note: the same for every try of a move."""
    return f"{_key(note.files[0].file)}{NOTE_ENDING}"


def _key(first: LandedFile) -> str:
    return hashlib.sha256(os.fsencode(f"{first.path}\0{first.token}")).hexdigest()[:16]


def note_to_json(note: MoveNote) -> bytes:
    """The content of its file."""
    return json.dumps(_fields(note)).encode("ascii")


def _fields(note: MoveNote) -> dict[str, Any]:
    return {
        "files": [{"file": vars(item.file), "sha256": item.sha256} for item in note.files],
        "suffix_id": note.suffix_id,
        "subfolder": note.subfolder,
        "sidecar": asdict(note.sidecar) if note.sidecar else None,
    }


def note_from_json(content: bytes) -> MoveNote | None:
    """The note that was written as JSON; ``None`` if it is none, or only a part of one."""
    note = from_json(MoveNote, content)
    return note if note is not None and _is_sound(note) else None


def set_note_from_json(content: bytes) -> SetNote | None:
    """As :func:`note_from_json`, of a set."""
    note = from_json(SetNote, content)
    return note if note is not None and note.moves and all(map(_is_sound, note.moves)) else None


def _is_sound(note: MoveNote) -> bool:
    """Whether all of it is what a mover could have written: it becomes part of file names."""
    with suppress(LandingError):
        subfolder_parts(note.subfolder)
        return (
            len(note.subfolder) <= _LONGEST_FOLDER
            and SUFFIX_ID.fullmatch(note.suffix_id) is not None
            and 1 <= len(note.files) <= _MOST_FILES
            and len(set(note.names)) == len(note.files)
            and all(map(_is_sound_file, note.files))
            and (note.sidecar is None or note.sidecar.data_token.isascii())
        )
    return False


def _is_sound_file(item: FileToMove) -> bool:
    file = item.file
    return (
        is_plain_name(file.name)
        and file.token.isascii()
        and 0 <= file.size < _LARGEST_NUMBER
        and abs(file.mtime_ns) < _LARGEST_NUMBER
        and (item.sha256 is None or _SHA256.fullmatch(item.sha256) is not None)
    )
