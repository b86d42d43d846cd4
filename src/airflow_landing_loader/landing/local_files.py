# System calls with flags and descriptors, which pathlib does not have.
# ruff: noqa: PTH101, PTH102, PTH105, PTH108
"""What only a local file system does: the one place with its system calls.

Zones, moves and sidecars say *what* happens to a file; this module knows *how* a POSIX file system
does it without following links, without overwriting, and without leaving half a file behind.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import hashlib
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from io import BufferedReader

from airflow_landing_loader.exceptions import ErrorCode, TerminalError, TransientError, shown
from airflow_landing_loader.landing.model import LandedFile
from airflow_landing_loader.landing.source import disappeared

WORK_FOLDER = ".landing-loader"
"""Hidden folder in the root of a target zone: its lock and the notes of moves under way."""

TEMPORARY_ENDING = ".landing-tmp"
LOCK_TIMEOUT = 60.0
"""Seconds a mover waits for another one; a move holds the lock for milliseconds."""

_RENAME_NOREPLACE = 1
_AT_FDCWD = -100
_UNSUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}
_DEFAULT_NAME_MAX = 255

_renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
if _renameat2 is not None:
    _renameat2.argtypes = (
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_uint,
    )


def token_of(status: os.stat_result) -> str:
    """What tells one arrival from the next: inode and modification time."""
    return f"{status.st_ino}-{status.st_mtime_ns}"


def special_kind(status: os.stat_result) -> str | None:
    """Why an entry is not a delivery (``"a symbolic link"``), ``None`` for an ordinary file.

    :param status: of the entry itself, links not followed.
    """
    mode = status.st_mode
    if stat.S_ISREG(mode):
        # A second name may lie outside of the zone, where its content can change unseen.
        return f"a file with {status.st_nlink} hard links" if status.st_nlink > 1 else None
    kinds = (
        (stat.S_ISDIR, "a directory"),
        (stat.S_ISLNK, "a symbolic link"),
        (stat.S_ISFIFO, "a named pipe"),
        (stat.S_ISSOCK, "a socket"),
    )
    return next((text for is_kind, text in kinds if is_kind(mode)), "a device")


def landed_file(folder: str, name: str, status: os.stat_result) -> LandedFile:
    """The entry ``name`` of ``folder`` as a value."""
    return LandedFile(
        name=name,
        path=f"{folder}/{name}",
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        token=token_of(status),
    )


def look_up(path: str) -> LandedFile | None:
    """The regular file at ``path``; ``None`` if there is nothing, or something that is not one.

    Several hard links do not matter here: between the two steps of a move by link a file has two.
    """
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    folder, name = os.path.split(path)
    return landed_file(folder, name, status) if stat.S_ISREG(status.st_mode) else None


def exists(path: str) -> bool:
    """Whether anything at all has this name, a dangling link included."""
    return os.path.lexists(path)


def rename_no_replace(source: str, target: str) -> None:
    """Rename within one file system; never overwrites.

    Where the kernel or the file system cannot do it in one step, by link and unlink; a death
    between the two leaves both names, which a later call resolves.

    :raises FileExistsError: ``target`` is taken.
    :raises OSError: anything else; ``errno.EXDEV`` for two file systems.
    """
    if _renameat2 is None:
        _link_and_unlink(source, target)
        return
    result = _renameat2(
        _AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), _RENAME_NOREPLACE
    )
    if result == 0:
        return
    code = ctypes.get_errno()
    if code in _UNSUPPORTED:
        _link_and_unlink(source, target)
        return
    raise OSError(code, os.strerror(code), source, None, target)


def _link_and_unlink(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        # An earlier call died in between, or a network file system repeated a link that had worked.
        if not same_inode(source, target):
            raise
    try:
        os.unlink(source)
    except PermissionError:
        # Else the file would stay with two names, and be refused for it at the next look.
        os.unlink(target)
        raise


def same_inode(one: str, other: str) -> bool:
    """Whether two names are one file, links not followed."""
    try:
        return os.path.samestat(os.lstat(one), os.lstat(other))
    except FileNotFoundError:
        return False


def open_regular(path: str, *, name: str) -> BufferedReader:
    """Open a regular file for reading: no link is followed, no pipe is waited for.

    :param path: absolute path.
    :param name: file name for the error.
    :raises TransientError: ``LANDING_DISAPPEARED``, or ``LANDING_UNREADABLE`` (permissions, disk).
    :raises TerminalError: ``LANDING_NOT_A_FILE``.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise disappeared(name) from error
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise _not_a_file(name) from error
        raise TransientError(
            ErrorCode.LANDING_UNREADABLE,
            f"{shown(name)} cannot be read: {error.strerror}.",
            hint="Give the loader's user read permission on the file.",
            file=name,
        ) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _not_a_file(name)
    return os.fdopen(descriptor, "rb")


def _not_a_file(name: str) -> TerminalError:
    return TerminalError(
        ErrorCode.LANDING_NOT_A_FILE,
        f"{shown(name)} is not a regular file.",
        hint="Deliver a plain file; links, folders and pipes are never followed.",
        file=name,
    )


def sha256_of(path: str, *, name: str) -> str:
    """Hex digest of a file's bytes, streamed.

    :raises LandingError: as :func:`open_regular`.
    """
    with open_regular(path, name=name) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sync_folder(path: str) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fitting_name(head: str, tail: str, folder: str) -> str:
    """``head + tail``, ``head`` cut at its end as far as the file system's name limit asks.

    :param head: what may be cut, whole characters at a time.
    :param tail: what must stay.
    :param folder: where the name is to be used.
    """
    room = max(_name_max(folder) - len(os.fsencode(tail)), 1)
    while len(os.fsencode(head)) > room:
        head = head[:-1]
    return head + tail


@lru_cache(maxsize=256)
def _name_max(folder: str) -> int:
    """Bytes that a name may have."""
    try:
        return os.pathconf(folder, "PC_NAME_MAX")
    except (OSError, ValueError):
        return _DEFAULT_NAME_MAX


def derived_name(name: str, tail: str, folder: str) -> str:
    """``name + tail``; for a name too long for that, its beginning and a hash of it, so that two
    long names never become one.

    :param folder: where the name is to be used.
    """
    derived = fitting_name(name, tail, folder)
    if derived == name + tail:
        return derived
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:8]
    return fitting_name(name, f"~{digest}{tail}", folder)


def temporary_path(folder: str, name: str, tag: str) -> str:
    """``folder/.<name>.<tag>.landing-tmp``: the same for every try, so that a later one finds what
    an earlier one left."""
    return f"{folder}/{derived_name(f'.{name}', f'.{tag}{TEMPORARY_ENDING}', folder)}"


def write_whole(
    path: str,
    content: bytes,
    *,
    mode: int,
    tag: str,
    replace: bool = False,
    durable: bool = True,
) -> None:
    """Write a small file so that it is there completely or not at all.

    :param mode: permissions, less the process's umask.
    :param tag: tells the temporary files of different writers apart.
    :param replace: whether it may take the place of another file.
    :param durable: whether it has to outlive a power cut, and not only its process.
    :raises FileExistsError: ``path`` is taken, without ``replace``.
    :raises OSError: the folder cannot be written.
    """
    folder, name = os.path.split(path)
    temporary = temporary_path(folder, name, tag)
    with _removed_on_error(temporary):
        _remove_if_there(temporary)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(temporary, flags, mode), "wb") as stream:
            stream.write(content)
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
        if replace:
            os.replace(temporary, path)
        else:
            rename_no_replace(temporary, path)
    if durable:
        sync_folder(folder)


def remove_leftover(path: str, *, tag: str) -> None:
    """Remove the temporary file that a dead :func:`write_whole` of ``path`` may have left."""
    folder, name = os.path.split(path)
    _remove_if_there(temporary_path(folder, name, tag))


@contextmanager
def _removed_on_error(path: str) -> Iterator[None]:
    try:
        yield
    except BaseException:
        _remove_if_there(path)
        raise


def _remove_if_there(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)


@contextmanager
def exclusive(zone: str, *, timeout: float = LOCK_TIMEOUT) -> Iterator[str]:
    """Only one mover at a time chooses and takes names in a zone; yields its work folder.

    The lock is the kernel's and dies with its process.

    :param zone: absolute path of the zone.
    :param timeout: seconds to wait for another mover.
    :raises TransientError: ``ZONE_UNWRITABLE``, the lock is held for longer.
    :raises OSError: the zone cannot be written.
    """
    work = f"{zone}/{WORK_FOLDER}"
    path = f"{work}/lock"
    descriptor = _open_lock(zone, work, path)
    try:
        _wait_for_lock(descriptor, path, time.monotonic() + timeout)
        try:
            yield work
        finally:
            # Explicit: a child forked meanwhile holds a copy of the descriptor.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


def _open_lock(zone: str, work: str, path: str) -> int:
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
    with suppress(FileNotFoundError):
        require_no_link(work)
        return os.open(path, flags)
    # Whoever may write into the zone may use its lock: Airflow's user and a person who replays.
    mode = stat.S_IMODE(os.lstat(f"{zone}/.").st_mode)
    with suppress(FileExistsError):
        os.mkdir(work)
        os.chmod(work, mode)
    descriptor = os.open(path, flags | os.O_CREAT, mode & 0o666)
    with suppress(PermissionError):
        os.fchmod(descriptor, mode & 0o666)
    return descriptor


def require_no_link(folder: str) -> None:
    """Refuse a folder that is a link, which may lead anywhere.

    :raises NotADirectoryError: it is not a folder itself.
    :raises FileNotFoundError: there is nothing of this name.
    """
    if not stat.S_ISDIR(os.lstat(folder).st_mode):
        raise NotADirectoryError(errno.ENOTDIR, "it is a link or a file, not a folder", folder)


def _wait_for_lock(descriptor: int, path: str, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                raise TransientError(
                    ErrorCode.ZONE_UNWRITABLE,
                    f"Another process holds {shown(path)}.",
                    hint="Wait for it to finish, or see with `fuser` which process hangs.",
                ) from error
            time.sleep(0.002)
        else:
            return
