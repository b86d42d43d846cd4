"""Zones that are local folders, and the bytes of the files in them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from airflow_landing_loader.exceptions import (
    ConfigurationError,
    ErrorCode,
    TransientError,
    shown,
)
from airflow_landing_loader.landing import local_files
from airflow_landing_loader.landing.model import LandedFile
from airflow_landing_loader.landing.zone import (
    Entry,
    SpecialEntry,
    not_a_file,
    require_plain_name,
)

_LOCAL_PROTOCOLS = ("", "file", "local")


@dataclass(frozen=True)
class LocalZone:
    """A zone that is a folder of the local file system.

    :param path: absolute folder, also as ``file://`` URL.
    :raises ConfigurationError: ``SETTINGS_BAD_VALUE``, not an absolute path on a local file system.
    """

    path: str

    settles = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", _local_path(self.path))

    def list(self, prefix: str = "") -> tuple[Entry, ...]:  # noqa: ARG002
        """See :class:`~airflow_landing_loader.landing.zone.Zone`."""
        entries: dict[str, Entry] = {}
        try:
            with os.scandir(self.path) as children:
                for child in children:
                    try:
                        status = child.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue
                    entries[child.name] = self._entry(child.name, status)
        except OSError as error:
            raise self._unavailable(error) from error
        return tuple(entries[name] for name in sorted(entries))

    def stat(self, name: str) -> LandedFile | None:
        """See :class:`~airflow_landing_loader.landing.zone.Zone`."""
        require_plain_name(name)
        try:
            entry = self._entry(name, os.lstat(f"{self.path}/{name}"))
        except FileNotFoundError as error:
            if Path(self.path).is_dir():
                return None
            raise self._unavailable(error) from error
        except OSError as error:
            raise self._unavailable(error) from error
        if isinstance(entry, SpecialEntry):
            raise not_a_file(entry)
        return entry

    def require(self) -> None:
        """See :class:`~airflow_landing_loader.landing.zone.Zone`."""
        try:
            os.scandir(self.path).close()
        except OSError as error:
            raise self._unavailable(error) from error

    def source(self, file: LandedFile) -> LocalSource:
        """See :class:`~airflow_landing_loader.landing.zone.Zone`."""
        return LocalSource(file.path)

    def _entry(self, name: str, status: os.stat_result) -> Entry:
        kind = local_files.special_kind(status)
        if kind is None:
            return local_files.landed_file(self.path, name, status)
        return SpecialEntry(name=name, path=f"{self.path}/{name}", kind=kind)

    def _unavailable(self, error: OSError) -> TransientError:
        return TransientError(
            ErrorCode.ZONE_UNAVAILABLE,
            f"The zone {shown(self.path)} cannot be read: {error.strerror}.",
            hint="Create the folder, mount its disk, or give the loader's user access to it.",
            file=self.path,
        )


@dataclass(frozen=True)
class LocalSource:
    """The bytes of a local file.

    :param path: absolute path; never followed if it is a link.
    """

    path: str

    @property
    def name(self) -> str:
        """Its file name."""
        return os.path.basename(self.path)  # noqa: PTH119 (a Path would cost more than the read)

    def open(self) -> LocalBytes:
        """See :class:`~airflow_landing_loader.landing.source.Source`."""
        return LocalBytes(local_files.open_regular(self.path, name=self.name), self.name)


class LocalBytes:
    """An open local file."""

    def __init__(self, file: BufferedReader, name: str) -> None:
        self._file = file
        self._name = name
        status = os.fstat(file.fileno())
        self.size = status.st_size
        self.token = local_files.token_of(status)

    def read_at(self, size: int, position: int) -> bytes:
        """See :class:`~airflow_landing_loader.landing.source.DeliveredBytes`."""
        try:
            return os.pread(self._file.fileno(), size, position)
        except OSError as error:
            raise TransientError(
                ErrorCode.LANDING_UNREADABLE,
                f"The file cannot be read: {error.strerror}.",
                hint="Look at the disk or network mount that the landing zone lies on.",
                file=self._name,
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _local_path(path: str) -> str:
    local = path
    if not path.startswith("/"):
        # Imported here: a plain folder needs none of it, and every task would pay for the import.
        from upath import UPath

        url = UPath(path)
        if url.protocol not in _LOCAL_PROTOCOLS:
            raise _bad_zone(path, f"{url.protocol}:// zones are not supported yet")
        local = url.path
    if not local.startswith("/"):
        raise _bad_zone(path, "the path is not absolute")
    if "\0" in local:
        raise _bad_zone(path, "the path holds a NUL byte")
    return os.path.abspath(local)  # noqa: PTH100 (resolve() would follow links)


def _bad_zone(path: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        ErrorCode.SETTINGS_BAD_VALUE,
        f"{shown(path)!r} cannot be a zone: {why}.",
        hint="Set the zone to an absolute path of a local folder.",
    )
