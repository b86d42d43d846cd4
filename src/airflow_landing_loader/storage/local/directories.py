"""Folders of a local zone: made where they are missing, and explained where they refuse."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from pathlib import Path

from airflow_landing_loader.exceptions import ErrorCode, TransientError, shown
from airflow_landing_loader.storage.local import files as local_files
from airflow_landing_loader.storage.local import names
from airflow_landing_loader.storage.names import subfolder_parts

# Something of another kind has the name: a file where a folder belongs, or the other way round.
_IN_THE_WAY = (NotADirectoryError, IsADirectoryError)
_MOST_NAMES = 1000


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
        if not local_files.exists(folder) or Path(folder).is_dir() or Path(folder).is_symlink():
            break
    return folder


@contextmanager
def unwritable(folder: str, name: str | None) -> Iterator[None]:
    """Raise what the file system refuses as ``ZONE_UNWRITABLE``.

    :param name: the file that is being moved, if it is one.
    :raises FileExistsError: a name is taken, which is no refusal: another one is tried.
    """
    try:
        yield
    except FileExistsError:
        raise
    except OSError as error:
        why = error.strerror or str(error)
        cure = "Give the loader's user write permission on both folders, or free some space"
        if error.filename and isinstance(error, _IN_THE_WAY):
            why = f"{shown(os.fsdecode(error.filename))} is in the way: {why}"
            cure = "Move it out of the zone, or remove it"
        raise TransientError(
            ErrorCode.ZONE_UNWRITABLE,
            f"{shown(name or 'A file')} cannot be moved into {shown(folder)}: {why}.",
            hint=f"{cure}; nothing is lost, and the move is tried again.",
            file=name,
        ) from error
