# System calls with flags, which pathlib does not have.
# ruff: noqa: PTH102, PTH106, PTH208
"""A second name for each file that is being loaded, so that what was accepted is held on to.

Between the commit of a file's rows and its move into the archive, its sender may put another
content in its place, by a rename over it or by deleting it. So before its rows are committed, a
file in a local landing zone gets a hard link in the zone's work folder, ``held/<inode>``. The move
takes the file from its own name; where that holds something else by then, from the held one. Then
the second name goes.

Whose delivery it is, a note there tells, which is written first and locked until the rows are
committed or not. The lock is the kernel's and dies with its process. So nobody is about to need
what no note tells of, and where a note is not locked, the warehouse knows what was committed: a
delivery whose files lie in landing is loaded as any other and keeps its second names until then;
one that was replaced is archived if its rows were committed, else its second names go.

Where no link can be made (a file system that has none, a file of another user under Linux's
``protected_hardlinks``, an object store) nothing is held.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import BinaryIO

from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.landing.moves.held import (
    Held,
    held_in,
    inode_of,
    note_of,
    units_of,
)
from airflow_landing_loader.landing.units import units
from airflow_landing_loader.storage.local import files as local_files
from airflow_landing_loader.storage.local.zone import LocalZone
from airflow_landing_loader.storage.model import FileToMove, LandedFile
from airflow_landing_loader.storage.names import HELD_FOLDER, WORK_FOLDER
from airflow_landing_loader.storage.zone import Zone

_NOTE_ENDING = ".held.json"
_MODE = 0o640
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FLAGS = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MOST_BYTES = 16 * 1024 * 1024
_MOST_DELIVERIES = 1000  # of one note
_TRIES = 10
# Names that only a loader gives here: second names, and a delivery's own folder.
_OURS = re.compile(r"(of-)?\d+", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class _Note:
    """What a loader has written of its batch.

    :param content: ``None`` if it cannot be read now.
    :param free: whether nobody is at it but who looks: its batch is committed, or its loader dead.
    """

    path: str
    content: bytes | None
    free: bool


class Holding:
    """The second names in a landing zone.

    :param landing: the zone; if it is no local folder, nothing is held.
    """

    def __init__(self, landing: Zone) -> None:
        self._holds = landing.links
        self._landing = landing.path
        self._work = f"{landing.path}/{WORK_FOLDER}"
        self._folder = f"{self._work}/{HELD_FOLDER}"
        self._open_folder: int | None = None

    @contextmanager
    def hold(self, batch: Sequence[Validated]) -> Iterator[tuple[Validated, ...]]:
        """Give the files of a batch their second names, where that can be, and let no other loader
        judge meanwhile whether they are needed.

        :return: the batch, its files as they are now; to be committed while this is open.
        """
        parts = _parts(batch)
        with ExitStack() as stack:
            if self._holds and all([self._write(part, stack) for part in parts]):
                batch = [self._linked(validated) for validated in batch]
            yield tuple(batch)

    def kept(self, files: Sequence[FileToMove]) -> LocalZone | None:
        """A folder with the files of a delivery as they were accepted, under their own names.

        :param files: data file, then go file, of which at least one is not in landing any more.
        :return: ``None`` if they are not held.
        """
        if not self._is_there():
            return None
        folder = self._own_folder(files[0].file)
        with suppress(OSError):
            with suppress(FileExistsError):
                os.mkdir(folder)
            local_files.require_no_link(folder)
            for item in files:
                name, second = f"{folder}/{item.file.name}", self._name(item.file)
                if _holds(second, item.file) and not local_files.exists(name):
                    # The second name stays till all is done: by it a later loader takes this up.
                    os.link(second, name, follow_symlinks=False)
            if any(_holds(f"{folder}/{item.file.name}", item.file) for item in files):
                return LocalZone(folder)
            os.rmdir(folder)
        return None

    @contextmanager
    def releasing(self) -> Iterator[None]:
        """Keep the folder open while many deliveries are released, one by one."""
        with ExitStack() as stack:
            if self._holds:
                with suppress(OSError):  # there is none, or not ours
                    self._open_folder = self._opened(stack)
            try:
                yield
            finally:
                self._open_folder = None

    def release(self, files: Sequence[LandedFile]) -> None:
        """Take the second names of a delivery away: it is where it belongs, or was never loaded."""
        if not self._holds:
            return
        second_names = (self._name(file) for file in files if not self._is_of_another(file))
        self._remove(*second_names, self._own_folder(files[0]))

    def replaced(self) -> Iterator[tuple[Held, ...]]:
        """Deliveries of which something is held, but not all lies in landing any more; with all
        that their go files name.

        As long as one is looked at, no other loader takes it up.
        """
        if not self._is_there():
            return
        for note in self._notes():
            for unit in units_of(self._told(note)) if note.free else ():
                if (
                    any(map(self._has_names, unit))
                    and not all(self._lies_in_landing(file) for held in unit for file in held.files)
                    and not any(self._is_at_work(note, held) for held in unit)
                ):
                    yield unit

    def tidy(self) -> None:
        """Remove what nobody needs any more, and folders that are empty."""
        if not self._holds:
            return
        if self._is_there():
            with suppress(OSError):
                self._sweep()
            with suppress(OSError):
                os.rmdir(self._folder)
        with suppress(OSError):
            os.rmdir(self._work)

    def _sweep(self) -> None:
        # In this order: whoever lives writes its note first.
        ours = self._second_names()
        before = {path: local_files.look_up(path) for path in ours}
        loose = set(ours)
        for note in self._notes():
            if note.content is None:
                return  # nobody knows what it tells of
            # Mostly nothing is held any more, and what it tells of need not be read.
            needed = [
                entry
                for entry in (self._told(note) if self._second_names() else ())
                if self._has_names(entry)
            ]
            if note.free and not needed:
                self._remove(note.path)
            loose.difference_update(name for entry in needed for name in self._names(entry))
        self._remove(*(path for path in loose if local_files.look_up(path) == before[path]))

    def _second_names(self) -> list[str]:
        """Paths of all that has a name which only a loader gives."""
        return [self._below(name) for name in os.listdir(self._folder) if _OURS.fullmatch(name)]

    def _remove(self, *paths: str) -> None:
        """Remove files and folders of ours, as far as they are there.

        In the folder that is open: a sender may put a link in the place of its name at any time.
        """
        with suppress(OSError), ExitStack() as stack:
            folder = self._open_folder
            if folder is None:
                folder = self._opened(stack)
            for name in map(os.path.basename, paths):
                with suppress(OSError):
                    try:
                        os.unlink(name, dir_fd=folder)
                    except IsADirectoryError:
                        shutil.rmtree(name, dir_fd=folder)

    def _opened(self, stack: ExitStack) -> int:
        """The folder, no link on the way to it; open as long as the stack."""
        work = os.open(self._work, _FOLDER_FLAGS)
        stack.callback(os.close, work)
        folder = os.open(HELD_FOLDER, _FOLDER_FLAGS, dir_fd=work)
        stack.callback(os.close, folder)
        return folder

    def _is_at_work(self, note: _Note, held: Held) -> bool:
        """Whether a loader of another note is loading this arrival too."""
        names = set(self._names(held))
        return any(
            names.intersection(self._names(entry))
            for other in self._notes()
            if other.path != note.path and not other.free
            for entry in self._told(other)
        )

    def _is_of_another(self, file: LandedFile) -> bool:
        """Whether another file has its inode by now, which another loader holds."""
        found = local_files.look_up(self._name(file))
        return found is not None and inode_of(found) == inode_of(file) and not _same(found, file)

    def _linked(self, validated: Validated) -> Validated:
        delivery = validated.delivery
        go = delivery.go and self._link(delivery.go)
        return replace(validated, delivery=replace(delivery, data=self._link(delivery.data), go=go))

    def _link(self, file: LandedFile) -> LandedFile:
        """The file as it is under two names; as it was if it has no second one."""
        second = self._name(file)
        with suppress(OSError):
            with suppress(FileExistsError):  # of an earlier try, or of another loader
                os.link(file.path, second, follow_symlinks=False)
            found = local_files.look_up(second)
            if found is not None and found.is_same_arrival(file):
                return replace(found, name=file.name, path=file.path)
        return file

    def _make(self) -> None:
        """Make the folder if need be.

        :raises OSError: it cannot be made, or a link is in its way.
        """
        local_files.make_work_folder(self._landing)
        local_files.require_no_link(self._work)
        with suppress(FileExistsError):
            os.mkdir(self._folder)
        local_files.require_no_link(self._folder)

    def _is_there(self) -> bool:
        """Whether there is a folder, no link on the way to it."""
        if not self._holds:
            return False
        try:
            local_files.require_no_link(self._work)
            local_files.require_no_link(self._folder)
        except OSError:
            return False
        return True

    def _below(self, name: str) -> str:
        return f"{self._folder}/{name}"

    def _name(self, file: LandedFile) -> str:
        return self._below(inode_of(file))

    def _own_folder(self, data: LandedFile) -> str:
        return self._below(f"of-{inode_of(data)}")

    def _names(self, held: Held) -> tuple[str, ...]:
        return (*map(self._name, held.files), self._own_folder(held.data))

    def _has_names(self, held: Held) -> bool:
        return any(map(local_files.exists, self._names(held)))

    def _lies_in_landing(self, file: LandedFile) -> bool:
        return _holds(f"{self._landing}/{file.name}", file)

    def _write(self, batch: Sequence[Validated], stack: ExitStack) -> bool:
        """Write a note that is locked as long as the stack is open; whether that could be done."""
        content = note_of(batch)
        path = self._below(f"{uuid.uuid4().hex}{_NOTE_ENDING}")
        for _ in range(_TRIES):
            # Others may tidy it away, and the folder too, before it is locked.
            with suppress(OSError):
                self._make()
                descriptor = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, _MODE)
                stack.callback(os.close, descriptor)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                # Explicit: a child forked meanwhile holds a copy of the descriptor.
                stack.callback(fcntl.flock, descriptor, fcntl.LOCK_UN)
                if os.path.samestat(os.fstat(descriptor), os.lstat(path)):
                    return os.write(descriptor, content) == len(content)
        return False

    def _notes(self) -> Iterator[_Note]:
        """Each note; as long as one is looked at, it is free for no other loader."""
        names: Sequence[str] = ()
        with suppress(OSError):
            names = sorted(os.listdir(self._folder))
        for path in (self._below(name) for name in names if name.endswith(_NOTE_ENDING)):
            with ExitStack() as stack:
                try:
                    if local_files.look_up(path) is None:
                        continue
                    stream = stack.enter_context(open(os.open(path, _FLAGS), "rb"))
                    free = _lock(stream)
                    content = stream.read(_MOST_BYTES + 1)
                except FileNotFoundError:
                    continue
                except OSError:
                    yield _Note(path=path, content=None, free=False)
                else:
                    yield _Note(path=path, content=content, free=free)

    def _told(self, note: _Note) -> tuple[Held, ...]:
        """The deliveries that a note tells of."""
        return tuple(map(self._here, held_in(note.content or b"")))

    def _here(self, held: Held) -> Held:
        """Where its files lie is said by the zone and not by the note."""
        data, *others = (replace(f, path=f"{self._landing}/{f.name}") for f in held.files)
        return replace(held, data=data, go=others[0] if others else None)


def _parts(batch: Sequence[Validated]) -> Iterator[list[Validated]]:
    """What each note tells of; all that one go file names stands in one."""
    part: list[Validated] = []
    for unit in units(batch, lambda item: item.delivery):
        if part and len(part) + len(unit) > _MOST_DELIVERIES:
            yield part
            part = []
        part += unit
    if part:
        yield part


def _lock(note: BinaryIO) -> bool:
    """Whether nobody else has it locked."""
    try:
        fcntl.flock(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _same(one: LandedFile, other: LandedFile) -> bool:
    """Whether it is one file, however it was written anew: by inode and time of birth."""
    return one.token.split("-")[::2] == other.token.split("-")[::2]


def _holds(path: str, file: LandedFile) -> bool:
    found = local_files.look_up(path)
    return found is not None and found.is_same_arrival(file)
