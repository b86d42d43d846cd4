# System calls with flags and descriptors, which pathlib does not have.
# ruff: noqa: PTH101, PTH102, PTH105, PTH108
"""What only a local file system does: the one place with its system calls.

Zones, moves and sidecars say *what* happens to a file; this module knows *how* a POSIX file system
does it without following links, without overwriting, and without leaving half a file behind.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader, FileIO

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.storage.content import disappeared, readable, require_same
from airflow_landing_loader.storage.local import names
from airflow_landing_loader.storage.local.status import FileStatus, status_of, status_of_open
from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.names import HELD_FOLDER, WORK_FOLDER
from airflow_landing_loader.storage.zone import FOLDER

NOT_THERE = frozenset({errno.ENOENT, errno.ESTALE})
"""What a name answers that has no file (any more): ``ESTALE`` is a network share's ``ENOENT``."""

_LINK = "a symbolic link"

_RENAME_NOREPLACE = 1
_AT_FDCWD = -100
_UNSUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}

_renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
if _renameat2 is not None:
    _renameat2.argtypes = (
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_uint,
    )


def special_kind(status: FileStatus) -> str | None:
    """Why an entry is not a delivery (``"a symbolic link"``), ``None`` for an ordinary file.

    :param status: of the entry itself, links not followed.
    """
    mode = status.mode
    if stat.S_ISREG(mode):
        # A second name may lie outside of the zone, where its content can change unseen.
        return f"a file with {status.links} hard links" if status.links > 1 else None
    kinds = (
        (stat.S_ISDIR, FOLDER),
        (stat.S_ISLNK, _LINK),
        (stat.S_ISFIFO, "a named pipe"),
        (stat.S_ISSOCK, "a socket"),
    )
    return next((text for is_kind, text in kinds if is_kind(mode)), "a device")


def listed_kind(child: os.DirEntry[str]) -> str | None:
    """As :func:`special_kind`, for what a listing tells by itself."""
    if child.is_symlink():
        return _LINK
    return FOLDER if child.is_dir(follow_symlinks=False) else None


def landed_file(folder: str, name: str, status: FileStatus) -> LandedFile:
    """The entry ``name`` of ``folder`` as a value."""
    return LandedFile(
        name=name,
        path=f"{folder}/{name}",
        size=status.size,
        mtime_ns=status.modified_ns,
        token=status.token,
        changed_ns=status.changed_ns,
    )


def look_up(path: str) -> LandedFile | None:
    """The regular file at ``path``; ``None`` if there is nothing, or something that is not one.

    Several hard links do not matter here: between the two steps of a move by link a file has two.
    """
    try:
        status = status_of(path)
    except NotADirectoryError:
        return None
    except OSError as error:
        if error.errno in NOT_THERE:
            return None
        raise
    folder, name = os.path.split(path)
    return landed_file(folder, name, status) if stat.S_ISREG(status.mode) else None


def is_held(zone: str, inode: int, links: int) -> bool:
    """Whether a file of two names has its second one from a loader that works on it.

    Senders may write there too: a link in place of a folder leads to names that are not the zone's.

    :param zone: absolute path of the landing zone.
    """
    if links != 2:
        return False
    folder = f"{zone}/{WORK_FOLDER}/{HELD_FOLDER}"
    try:
        require_no_link(f"{zone}/{WORK_FOLDER}")
        require_no_link(folder)
        found = os.lstat(f"{folder}/{inode}")
        return (found.st_ino, found.st_dev) == (inode, os.lstat(f"{zone}/.").st_dev)
    except OSError:
        return False


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
    if not rename_in_one_step(source, target):
        _link_and_unlink(source, target)


def rename_in_one_step(source: str, target: str) -> bool:
    """As :func:`rename_no_replace`; ``False``, and nothing is done, where it takes two steps."""
    if _renameat2 is None:
        return False
    result = _renameat2(
        _AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), _RENAME_NOREPLACE
    )
    if result == 0:
        return True
    code = ctypes.get_errno()
    if code in _UNSUPPORTED:
        return False
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
    with readable(name):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno in NOT_THERE:
                raise disappeared(name) from error
            if error.errno in (errno.ELOOP, errno.ENXIO):
                raise _not_a_file(name) from error
            raise
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise _not_a_file(name)
            # As os.fdopen, which asks of each file whether it is a terminal.
            return BufferedReader(FileIO(descriptor))
        except BaseException:
            os.close(descriptor)
            raise


def _not_a_file(name: str) -> TerminalError:
    return TerminalError(
        ErrorCode.LANDING_NOT_A_FILE,
        "It is not a regular file.",
        hint="Deliver a plain file; links, folders and pipes are never followed.",
        file=name,
    )


def open_delivered(file: LandedFile) -> BufferedReader:
    """Open a file that was looked at: what is open is that arrival, whatever its name holds now.

    The one way to the bytes of a delivered file. A path is only a name, which may lead to another
    file at each opening, and to the right one again whenever somebody looks.

    :raises LandingError: as :func:`open_regular`, and ``LANDING_CHANGED``.
    """
    stream = open_regular(file.path, name=file.name)
    try:
        folder = os.path.dirname(file.path)  # noqa: PTH120 (a Path would cost more than the read)
        require_same(landed_file(folder, file.name, status_of_open(stream.fileno())), file)
    except BaseException:
        stream.close()
        raise
    return stream


def sha256_of(file: LandedFile) -> str:
    """Hex digest of a file's bytes, streamed.

    :raises LandingError: as :func:`open_delivered`.
    """
    with open_delivered(file) as stream, readable(file.name):
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sync_folder(path: str) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
    temporary = names.temporary_path(folder, name, tag)
    with _removed_on_error(temporary):
        descriptor = _new_file(temporary, mode)
        try:
            _write_all(descriptor, content)
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if replace:
            os.replace(temporary, path)
        else:
            rename_no_replace(temporary, path)
    if durable:
        sync_folder(folder)


def _new_file(path: str, mode: int) -> int:
    """Create a file and open it, in place of what a dead writer of its name has left."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with suppress(FileExistsError):
        return os.open(path, flags, mode)
    remove_if_there(path)
    return os.open(path, flags, mode)


def _write_all(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


@contextmanager
def _removed_on_error(path: str) -> Iterator[None]:
    try:
        yield
    except BaseException:
        remove_if_there(path)
        raise


def remove_if_there(path: str) -> None:
    """Remove a file, if there is one of this name.

    :raises OSError: the folder cannot be written.
    """
    with suppress(FileNotFoundError):
        os.unlink(path)


def make_work_folder(zone: str) -> int:
    """Make the hidden folder of a zone if need be; returns the zone's permissions.

    Whoever may write into the zone may use it: Airflow's user and a person who replays.
    """
    mode = stat.S_IMODE(os.lstat(f"{zone}/.").st_mode)
    work = f"{zone}/{WORK_FOLDER}"
    with suppress(FileExistsError):
        os.mkdir(work)
        os.chmod(work, mode)
    return mode


def require_no_link(folder: str) -> None:
    """Refuse a folder that is a link, which may lead anywhere.

    :raises NotADirectoryError: it is not a folder itself.
    :raises FileNotFoundError: there is nothing of this name.
    """
    if not stat.S_ISDIR(os.lstat(folder).st_mode):
        raise NotADirectoryError(errno.ENOTDIR, "it is a link or a file, not a folder", folder)
