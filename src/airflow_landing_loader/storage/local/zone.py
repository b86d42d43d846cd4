"""Zones that are local folders, and the bytes of the files in them."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from io import BufferedReader

from airflow_landing_loader.exceptions import (
    ConfigurationError,
    ErrorCode,
    TransientError,
    shown,
)
from airflow_landing_loader.storage.content import unreadable
from airflow_landing_loader.storage.local import files as local_files
from airflow_landing_loader.storage.local import leases
from airflow_landing_loader.storage.local.status import FileStatus, status_of
from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.zone import (
    Entry,
    Listing,
    SpecialEntry,
    UnknownEntry,
    refusal,
    require_plain_name,
)


@dataclass(frozen=True)
class LocalZone:
    """A :class:`~airflow_landing_loader.storage.zone.Zone` that is a folder of the local disk.

    :param path: absolute folder.
    :raises ConfigurationError: ``SETTINGS_BAD_VALUE``, not an absolute path.
    """

    path: str

    settles = True
    links = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", _local_path(self.path))

    def list(self, prefix: str = "") -> Listing[os.DirEntry[str]]:
        try:
            with os.scandir(self.path) as children:
                # A name may come twice while files are renamed.
                found = {child.name: child for child in children if child.name.startswith(prefix)}
        except OSError as error:
            raise self._unavailable(error) from error
        return Listing({name: found[name] for name in sorted(found)}, _tells_file, self._child)

    def stat(self, name: str) -> LandedFile | None:
        require_plain_name(name)
        try:
            entry = self._entry(name, status_of(f"{self.path}/{name}"))
        except OSError as error:
            entry = self._untold(name, error)
            if error.errno in local_files.NOT_THERE:
                return None
        if isinstance(entry, LandedFile):
            return entry
        raise refusal(entry)

    def require(self) -> None:
        try:
            os.scandir(self.path).close()
        except OSError as error:
            raise self._unavailable(error) from error

    def is_being_written(self, name: str) -> bool:
        return leases.is_open_for_writing(f"{self.path}/{name}")

    def source(self, file: LandedFile) -> LocalSource:
        return LocalSource(file)

    def _child(self, child: os.DirEntry[str]) -> Entry | None:
        try:
            kind = local_files.listed_kind(child)
            if kind is not None:
                return SpecialEntry(name=child.name, path=child.path, kind=kind)
            return self._entry(child.name, status_of(child.path))
        except FileNotFoundError:
            return None
        except OSError as error:
            # Also a stale one: its name is still listed, so it may come back.
            return self._untold(child.name, error)

    def _untold(self, name: str, error: OSError) -> UnknownEntry:
        """A name that the file system tells nothing about.

        :raises TransientError: ``ZONE_UNAVAILABLE``, nothing is told about the zone itself either.
        """
        try:
            os.lstat(f"{self.path}/.")  # asks for the right to look up names, too
        except OSError as of_zone:
            raise self._unavailable(of_zone) from error
        return UnknownEntry(
            name=name, path=f"{self.path}/{name}", why=error.strerror or str(error.errno)
        )

    def _entry(self, name: str, status: FileStatus) -> Entry:
        path = f"{self.path}/{name}"
        kind = local_files.special_kind(status)
        if kind is None or local_files.is_held(self.path, status.inode, status.links):
            return local_files.landed_file(self.path, name, status)
        if status.links > 1 and (now := status_of(path)).changed_ns != status.changed_ns:
            # Another loader has given or taken a second name of its own meanwhile.
            return self._entry(name, now)
        return SpecialEntry(name=name, path=path, kind=kind)

    def _unavailable(self, error: OSError) -> TransientError:
        # It is never made here: an empty folder in the place of a lost mount would look like a
        # zone without files.
        hint = "Mount its disk, or give the loader's user access to it."
        if isinstance(error, FileNotFoundError):
            hint = f"If it is new: mkdir -p {shlex.quote(shown(self.path))}. Else mount its disk."
        return TransientError(
            ErrorCode.ZONE_UNAVAILABLE,
            f"The zone cannot be read: {error.strerror}.",
            hint=hint,
            file=self.path,
        )


@dataclass(frozen=True)
class LocalSource:
    """The :class:`~airflow_landing_loader.storage.content.FileContent` of a local file.

    :param file: as it was looked at.
    """

    file: LandedFile

    @property
    def name(self) -> str:
        """Its file name."""
        return self.file.name

    def open(self) -> LocalBytes:
        return LocalBytes(local_files.open_delivered(self.file), self.file)


class LocalBytes:
    """The :class:`~airflow_landing_loader.storage.content.OpenContent` of a local file."""

    def __init__(self, stream: BufferedReader, file: LandedFile) -> None:
        self._file = stream
        self._name = file.name
        self.size = file.size

    def read_at(self, size: int, position: int) -> bytes:
        left = self.size - position
        # Room for a large block takes longer to get than a small file to read. Behind what there
        # was, all is asked for: what has been written since is seen.
        wanted = left if 0 < left < size else size
        try:
            return os.pread(self._file.fileno(), wanted, position)
        except OSError as error:
            raise unreadable(self._name, error) from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _tells_file(child: os.DirEntry[str]) -> bool:
    try:
        return child.is_file(follow_symlinks=False)
    except OSError:  # of a file system whose listings tell names only
        return False


def _local_path(path: str) -> str:
    if not path.startswith("/"):
        raise _bad_zone(path, "the path is not absolute")
    if "\0" in path:
        raise _bad_zone(path, "the path holds a NUL byte")
    return os.path.abspath(path)  # noqa: PTH100 (resolve() would follow links)


def _bad_zone(path: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        ErrorCode.SETTINGS_BAD_VALUE,
        f"{shown(path)!r} cannot be a zone: {why}.",
        hint="Set the zone to an absolute path of a local folder.",
    )
