"""Folders of a local zone: made where they are missing, and explained where they refuse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from airflow_landing_loader.exceptions import ErrorCode, TransientError, shown
from airflow_landing_loader.landing import local_files
from airflow_landing_loader.landing.archive_layout import subfolder_parts


def make_folder(root: str, subfolder: str) -> str:
    """The path of a folder below ``root``, made if need be.

    :param subfolder: folders separated by ``/``; empty: ``root`` itself.
    :raises ConfigurationError: ``MAPPING_BAD_VALUE``, it leaves the root or is hidden.
    :raises TransientError: ``ZONE_UNWRITABLE``, one of them is a link.
    :raises OSError: it cannot be made.
    """
    folder = root
    for part in subfolder_parts(subfolder):
        parent, folder = folder, f"{folder}/{part}"
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


@contextmanager
def unwritable(folder: str, name: str | None) -> Iterator[None]:
    """Raise what the file system refuses as ``ZONE_UNWRITABLE``.

    :param name: the file that is being moved, if it is one.
    """
    try:
        yield
    except OSError as error:
        raise TransientError(
            ErrorCode.ZONE_UNWRITABLE,
            f"{shown(name or 'A file')} cannot be moved into {shown(folder)}: "
            f"{error.strerror or error}.",
            hint="Give the loader's user write permission on both folders, or free some space; "
            "nothing is lost, and the move is tried again.",
            file=name,
        ) from error
