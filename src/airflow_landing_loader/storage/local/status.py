"""What the file system says of one entry, its time of birth too.

Python's ``os.stat`` does not tell when a file was born, the system call ``statx`` does. An inode
comes back for the next file once the last one is gone, and a modification time can be set: together
with the time of birth they tell one arrival from the next.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from typing import NamedTuple

_AT_FDCWD = -100
_AT_SYMLINK_NOFOLLOW = 0x100
_AT_EMPTY_PATH = 0x1000
_BASIC_STATS_AND_BIRTH = 0xFFF
_BIRTH = 0x800
_SECOND = 10**9
# mask, links, mode, inode, size, then birth, ctime and mtime as seconds and nanoseconds
_FIELDS = struct.Struct("=I12xI8xH2xQQ32xqI4xqI4xqI")
_Answer = ctypes.c_char * 256
# An old kernel has no such call; an old sandbox forbids it.
_NOT_HERE = {errno.ENOSYS, errno.EPERM}

_statx = getattr(ctypes.CDLL(None, use_errno=True), "statx", None)
if _statx is not None:
    _statx.argtypes = (
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.c_char_p,
    )


class FileStatus(NamedTuple):
    """One entry of a folder, or one open file.

    :param mode: kind and permissions, as ``os.stat`` has them.
    :param links: how many names it has.
    :param changed_ns: when its content, its names or its permissions were last changed (ctime);
        nobody can set it.
    :param born_ns: when it was made; ``None`` where the file system does not know.
    """

    mode: int
    links: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int
    born_ns: int | None

    @property
    def token(self) -> str:
        """What tells one arrival from the next. A rename and a second name leave it as it is."""
        token = f"{self.inode}-{self.modified_ns}"
        return token if self.born_ns is None else f"{token}-{self.born_ns}"


def status_of(path: str) -> FileStatus:
    """The entry at ``path``, a link not followed.

    :raises OSError: as ``os.lstat``.
    """
    found = _asked(_AT_FDCWD, path, _AT_SYMLINK_NOFOLLOW)
    return _without_birth(os.lstat(path)) if found is None else found


def status_of_open(descriptor: int) -> FileStatus:
    """The file that is open, whatever its name holds now."""
    found = _asked(descriptor, "", _AT_EMPTY_PATH)
    return _without_birth(os.fstat(descriptor)) if found is None else found


def _asked(folder: int, path: str, flags: int) -> FileStatus | None:
    """What ``statx`` says; ``None`` where there is no such call."""
    if _statx is None:
        return None
    buffer = _Answer()
    if _statx(folder, os.fsencode(path), flags, _BASIC_STATS_AND_BIRTH, buffer) != 0:
        code = ctypes.get_errno()
        if code in _NOT_HERE:
            return None
        raise OSError(code, os.strerror(code), path)
    mask, links, mode, inode, size, born, born_ns, changed, changed_ns, modified, modified_ns = (
        _FIELDS.unpack_from(buffer)
    )
    # A dozen times for each file: without names for the values it takes a third less.
    return FileStatus(
        mode,
        links,
        inode,
        size,
        modified * _SECOND + modified_ns,
        changed * _SECOND + changed_ns,
        (born * _SECOND + born_ns or None) if mask & _BIRTH else None,
    )


def _without_birth(status: os.stat_result) -> FileStatus:
    return FileStatus(
        mode=status.st_mode,
        links=status.st_nlink,
        inode=status.st_ino,
        size=status.st_size,
        modified_ns=status.st_mtime_ns,
        changed_ns=status.st_ctime_ns,
        born_ns=None,
    )
