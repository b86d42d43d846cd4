"""Folders of a local zone: made where they are missing, and explained where they refuse."""

from __future__ import annotations

import os
import stat
from contextlib import AbstractContextManager
from functools import reduce
from pathlib import Path
from types import TracebackType

from airflow_landing_loader.exceptions import ErrorCode, TransientError, shown
from airflow_landing_loader.storage.local import files as local_files
from airflow_landing_loader.storage.local import names
from airflow_landing_loader.storage.names import subfolder_parts

# Something of another kind has the name: a file where a folder belongs, or the other way round.
_IN_THE_WAY = (NotADirectoryError, IsADirectoryError)
_MOST_NAMES = 1000
_NOTHING = 0
_NO_FILE = (_NOTHING, stat.S_IFDIR, stat.S_IFLNK)


def folder_of(root: str, subfolder: str) -> str:
    """The path that a folder below ``root`` has, or would get.

    Files and folders share their names. Where a file has that of a folder, the folder takes a
    suffix, as files do among themselves: ``trades~2``.

    :param subfolder: folders separated by ``/``; empty: ``root`` itself.
    :raises ConfigurationError: ``MAPPING_BAD_VALUE``, it leaves the root or is hidden.
    """
    return reduce(_child, subfolder_parts(subfolder), root)


def make_folder(root: str, subfolder: str) -> str:
    """Make :func:`folder_of`, and return it.

    :raises ConfigurationError: ``MAPPING_BAD_VALUE``, it leaves the root or is hidden.
    :raises TransientError: ``ZONE_UNWRITABLE``, one of them is a link.
    :raises OSError: it cannot be made.
    """
    folder = root
    for part in subfolder_parts(subfolder):
        parent, folder = folder, _child(folder, part)
        if _kind(folder) == stat.S_IFDIR:
            continue  # as mostly
        try:
            Path(folder).mkdir()
        except FileExistsError:
            if Path(folder).is_symlink():
                raise TransientError(
                    ErrorCode.ZONE_UNWRITABLE,
                    f"{shown(folder)} is a symbolic link, which may lead out of the zone.",
                    hint="Mount the other disk there, or make it a folder.",
                    file=folder,
                ) from None
        else:
            local_files.sync_folder(parent)
    return folder


def _child(parent: str, part: str) -> str:
    for number in range(1, _MOST_NAMES):
        suffix = "" if number == 1 else f"~{number}"
        folder = f"{parent}/{names.fitting_name(part, suffix, parent)}"
        if _kind(folder) in _NO_FILE:
            break
    return folder


def _kind(path: str) -> int:
    """What has a name, a link not followed: a constant of ``stat``; ``_NOTHING`` if nothing has."""
    try:
        return stat.S_IFMT(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return _NOTHING


class Writing(AbstractContextManager[None]):
    """Raises what the file system refuses meanwhile as ``ZONE_UNWRITABLE``.

    A class, as a generator takes several times as long to enter, and every move enters some.

    :param folder: where something is written.
    :param name: the file that is being moved, if it is one.
    :raises FileExistsError: a name is taken, which is no refusal: another one is tried.
    """

    __slots__ = ("_folder", "_name")

    def __init__(self, folder: str, name: str | None) -> None:
        self._folder = folder
        self._name = name

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, OSError) and not isinstance(error, FileExistsError):
            raise _unwritable(error, self._folder, self._name) from error


def _unwritable(error: OSError, folder: str, name: str | None) -> TransientError:
    why = error.strerror or str(error)
    cure = "Give the loader's user write permission on both folders, or free some space"
    if error.filename and isinstance(error, _IN_THE_WAY):
        why = f"{shown(os.fsdecode(error.filename))} is in the way: {why}"
        cure = "Move it out of the zone, or remove it"
    return TransientError(
        ErrorCode.ZONE_UNWRITABLE,
        f"{shown(name or 'A file')} cannot be moved into {shown(folder)}: {why}.",
        hint=f"{cure}; nothing is lost, and the move is tried again.",
        file=name,
    )
