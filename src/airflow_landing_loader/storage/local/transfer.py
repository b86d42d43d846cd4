# System calls with flags and descriptors, which pathlib does not have.
# ruff: noqa: PTH108, PTH120
"""One file to one exact name: by rename on one file system, by a verified copy across two.

Each function may be called again after a death at any point and then finishes the work. Nothing
here chooses names; that is `moves`.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from io import BufferedRandom, BufferedReader
from typing import TypeVar

from airflow_landing_loader.exceptions import ErrorCode, TransientError, shown
from airflow_landing_loader.storage.content import (
    FileContent,
    OpenContent,
    changed,
    disappeared,
    readable,
)
from airflow_landing_loader.storage.local import files as local_files
from airflow_landing_loader.storage.local import names
from airflow_landing_loader.storage.model import FileToMove

_CHUNK = 1024 * 1024
_FETCHED_MODE = 0o640

_Done = TypeVar("_Done")


class AcrossDevicesError(Exception):
    """A rename is not possible: the file has to be copied with :func:`staged_copy` first."""


def is_in_place(item: FileToMove) -> bool:
    """Whether the source name still holds this arrival.

    A second hard link is allowed: it is what a move by link and unlink leaves behind when it dies.
    """
    found = local_files.look_up(item.file.path)
    return found is not None and found.is_same_arrival(item.file)


def place(item: FileToMove, path: str) -> None:
    """Rename ``item`` to the free name ``path``.

    :raises FileExistsError: ``path`` is taken.
    :raises AcrossDevicesError: ``path`` lies on another file system.
    :raises TransientError: ``LANDING_DISAPPEARED`` or ``LANDING_CHANGED``; the name holds another
        file, which stays or comes back.
    :raises OSError: one of the folders cannot be written.
    """
    if not is_in_place(item):
        raise changed(item.file.name)
    _renamed(local_files.rename_no_replace, item, path)
    _give_back_if_other(item, path)


def take(item: FileToMove, path: str) -> bool:
    """As :func:`place`; ``False``, and nothing is done, where it takes more than one step."""
    try:
        done = _renamed(local_files.rename_in_one_step, item, path)
    except AcrossDevicesError:
        return False
    if done:
        _give_back_if_other(item, path)
    return done


def _renamed(rename: Callable[[str, str], _Done], item: FileToMove, path: str) -> _Done:
    try:
        return rename(item.file.path, path)
    except FileNotFoundError as error:
        raise disappeared(item.file.name) from error
    except OSError as error:
        if error.errno == errno.EXDEV:
            raise AcrossDevicesError from error
        raise


def publish(copy: str, path: str) -> None:
    """Give a verified copy in the folder of ``path`` that name, and make it durable.

    :raises FileExistsError: ``path`` is taken.
    :raises OSError: the folder cannot be written.
    """
    local_files.rename_no_replace(copy, path)
    local_files.sync_folder(os.path.dirname(path))


def let_stand_for(item: FileToMove, path: str) -> None:
    """Let a later call see that the equal file at ``path`` stands for ``item``.

    :raises OSError: it belongs to somebody else.
    """
    if item.sha256 is None:  # else its content tells
        os.utime(path, ns=(item.file.mtime_ns, item.file.mtime_ns), follow_symlinks=False)


def discard(item: FileToMove, *, tag: str) -> None:
    """Remove the source after its content is safe elsewhere; a newer arrival of the name stays.

    The file is renamed before it is looked at and removed, because a sender may put the next
    delivery in its place at any moment.

    :raises TransientError: ``LANDING_CHANGED``, the sender replaces the file at this moment.
    :raises OSError: the folder cannot be written.
    """
    file = item.file
    hidden = names.temporary_path(os.path.dirname(file.path), file.name, tag)
    left = local_files.look_up(hidden)
    if left is not None and left.is_same_arrival(file):
        os.unlink(hidden)
    elif left is not None:
        with suppress(FileExistsError):
            local_files.rename_no_replace(hidden, file.path)
    if not is_in_place(item):
        return
    try:
        local_files.rename_no_replace(file.path, hidden)
    except FileNotFoundError:
        return
    except FileExistsError as error:
        raise changed(file.name) from error
    _give_back_if_other(item, hidden)
    os.unlink(hidden)


@contextmanager
def staged_copy(item: FileToMove, folder: str, *, tag: str) -> Iterator[str]:
    """Copy ``item`` to a hidden temporary file in ``folder``, prove it equal, make it durable.

    Yields the path of the copy, for :func:`publish`; a copy that was not placed is removed. Mode
    and modification time are kept. A second process that copies the same file waits for the first;
    what a dead one left is removed.

    :raises TransientError: ``LANDING_DISAPPEARED``, ``LANDING_CHANGED``, ``LANDING_UNREADABLE``, or
        ``ZONE_UNWRITABLE`` if the copy does not read back equal.
    :raises OSError: no space, no permission.
    """
    temporary = names.temporary_path(folder, item.file.name, tag)
    with (
        local_files.open_delivered(item.file) as source,
        _new_locked_file(temporary) as copy,
    ):
        try:
            _copy(item, source, copy)
            if _digest(copy) != _digest(source):
                raise _reads_back_different(item, folder)
            yield temporary
        finally:
            _remove_unplaced(copy, temporary)


@contextmanager
def fetched_copy(item: FileToMove, source: FileContent, folder: str, *, tag: str) -> Iterator[str]:
    """Copy ``item`` from wherever it lies, as :func:`staged_copy` does from a local folder.

    :param source: where its bytes are read.
    :raises LandingError: they cannot be read, or are not those of this arrival.
    :raises OSError: no space, no permission.
    """
    temporary = names.temporary_path(folder, item.file.name, tag)
    with closing(source.open()) as content, _new_locked_file(temporary) as copy:
        try:
            digest = _fetch(item, content, copy)
            if _digest(copy) != digest:
                raise _reads_back_different(item, folder)
            yield temporary
        finally:
            _remove_unplaced(copy, temporary)


def remove_dead_copy(name: str, folder: str, *, tag: str) -> None:
    """Remove the copy that a dead :func:`staged_copy` of a file has left; a living one stays."""
    path = names.temporary_path(folder, name, tag)
    if not local_files.exists(path):
        return
    with suppress(BlockingIOError):
        _remove_when_unlocked(path, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _give_back_if_other(item: FileToMove, path: str) -> None:
    """The sender may have replaced the file between the look and the rename."""
    found = local_files.look_up(path)
    if found is not None and found.is_same_arrival(item.file):
        return
    try:
        local_files.rename_no_replace(path, item.file.path)
    except FileExistsError as error:
        raise TransientError(
            ErrorCode.LANDING_CHANGED,
            f"{shown(item.file.name)} was delivered twice while it was being moved; the first of "
            f"the two lies at {shown(path)}.",
            hint="The second one is loaded next; if the first is wanted too, deliver it again.",
            file=item.file.name,
        ) from error
    except FileNotFoundError as error:
        raise disappeared(item.file.name) from error
    raise changed(item.file.name)


def _copy(item: FileToMove, source: BufferedReader, copy: BufferedRandom) -> None:
    while chunk := _chunk_of(source, item.file.name):
        copy.write(chunk)
    copy.flush()
    status = os.fstat(source.fileno())
    if (status.st_mtime_ns, copy.tell()) != (item.file.mtime_ns, item.file.size):
        raise changed(item.file.name)  # it was written to meanwhile
    if item.sha256 is not None and _digest(source) != item.sha256:
        raise changed(item.file.name)
    os.fchmod(copy.fileno(), status.st_mode & 0o777)
    os.utime(copy.fileno(), ns=(status.st_atime_ns, status.st_mtime_ns))
    os.fsync(copy.fileno())


def _chunk_of(source: BufferedReader, name: str) -> bytes:
    with readable(name):
        return source.read(_CHUNK)


def _fetch(item: FileToMove, content: OpenContent, copy: BufferedRandom) -> str:
    digest, position = hashlib.sha256(), 0
    while piece := content.read_at(_CHUNK, position):
        copy.write(piece)
        digest.update(piece)
        position += len(piece)
    copy.flush()
    found = (position, item.sha256 and digest.hexdigest())
    if found != (item.file.size, item.sha256):
        raise changed(item.file.name)
    os.fchmod(copy.fileno(), _FETCHED_MODE)
    os.utime(copy.fileno(), ns=(item.file.mtime_ns, item.file.mtime_ns))
    os.fsync(copy.fileno())
    return digest.hexdigest()


def _reads_back_different(item: FileToMove, folder: str) -> TransientError:
    return TransientError(
        ErrorCode.ZONE_UNWRITABLE,
        f"The copy of {shown(item.file.name)} in {shown(folder)} reads back different from its "
        "source.",
        hint="Check the disk of the target zone; the source is untouched.",
        file=item.file.name,
    )


def _digest(stream: BufferedReader | BufferedRandom) -> str:
    stream.seek(0)
    return hashlib.file_digest(stream, "sha256").hexdigest()


def _new_locked_file(path: str) -> BufferedRandom:
    """Create ``path`` and lock it for as long as it is open.

    Never opens an existing file for writing: it may become, at this moment, another process's
    published file.
    """
    while True:
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(path, flags, 0o600)
        except FileExistsError:
            _remove_when_unlocked(path, fcntl.LOCK_EX)
            continue
        if _lock_if_still_named(descriptor, path, fcntl.LOCK_EX):
            return os.fdopen(descriptor, "w+b")


def _remove_when_unlocked(path: str, operation: int) -> None:
    with suppress(FileNotFoundError):
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        if _lock_if_still_named(descriptor, path, operation):
            os.unlink(path)
            os.close(descriptor)


def _remove_unplaced(copy: BufferedRandom, path: str) -> None:
    with suppress(FileNotFoundError):
        if os.path.samestat(os.fstat(copy.fileno()), os.lstat(path)):
            os.unlink(path)


def _lock_if_still_named(descriptor: int, path: str, operation: int) -> bool:
    """Lock; ``False`` and closed if the name has gone to another file meanwhile.

    :raises BlockingIOError: another process holds it, if ``operation`` does not wait.
    """
    named = False
    try:
        fcntl.flock(descriptor, operation)
        with suppress(FileNotFoundError):
            named = os.path.samestat(os.fstat(descriptor), os.lstat(path))
    finally:
        if not named:
            os.close(descriptor)
    return named
