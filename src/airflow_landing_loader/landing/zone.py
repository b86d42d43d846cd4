"""Zones: the places where files rest, and what lies directly in them.

A zone is an absolute folder today and a bucket prefix later; nothing outside this module, `moves`
and their local helpers knows which.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from airflow_landing_loader.exceptions import (
    ConfigurationError,
    ErrorCode,
    TerminalError,
    TransientError,
    shown,
)
from airflow_landing_loader.landing import local_files
from airflow_landing_loader.landing.model import LandedFile

_LOCAL_PROTOCOLS = ("", "file", "local")


@dataclass(frozen=True, kw_only=True)
class SpecialEntry:
    """A direct child of a zone that is never read, moved or followed.

    :param name: its name.
    :param path: absolute path.
    :param kind: what it is, for a message: ``"a directory"``, ``"a symbolic link"``, ...
    """

    name: str
    path: str
    kind: str


Entry = LandedFile | SpecialEntry


@dataclass(frozen=True)
class Zone:
    """A landing, archive or failed zone.

    :param path: absolute folder, also as ``file://`` URL.
    :raises ConfigurationError: ``SETTINGS_BAD_VALUE``, not an absolute path on a local file system.
    """

    path: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", _local_path(self.path))

    def list(self) -> tuple[Entry, ...]:
        """All direct children in name order, from one pass over the folder, contents unread.

        Names are as the file system has them; bytes that are not UTF-8 appear as surrogates.

        :raises TransientError: ``ZONE_UNAVAILABLE``, the folder is missing or cannot be read.
        """
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
        """One direct child as it is now, ``None`` if there is none of this name.

        :param name: a plain file name.
        :raises TransientError: ``ZONE_UNAVAILABLE``.
        :raises TerminalError: ``LANDING_NOT_A_FILE`` (a folder, link, pipe, ...), or
            ``LANDING_UNKNOWN_FILE``, ``name`` is not the name of a direct child.
        """
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
        """Make sure that the folder is there: a missing one may be a disk that is not mounted.

        :raises TransientError: ``ZONE_UNAVAILABLE``.
        """
        try:
            os.scandir(self.path).close()
        except OSError as error:
            raise self._unavailable(error) from error

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


def require_plain_name(name: str) -> None:
    """Refuse what is not the name of a direct child.

    :raises TerminalError: ``LANDING_UNKNOWN_FILE``.
    """
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise TerminalError(
            ErrorCode.LANDING_UNKNOWN_FILE,
            f"{shown(name)!r} is not a file name.",
            hint="Give the name of a file that lies directly in the landing zone, without a path.",
            file=name,
        )


def not_a_file(entry: SpecialEntry) -> TerminalError:
    """The refusal of a special entry."""
    return TerminalError(
        ErrorCode.LANDING_NOT_A_FILE,
        f"{shown(entry.name)} is {entry.kind}; only plain files with one name are deliveries.",
        hint="Deliver a copy of the file itself, and remove this entry.",
        file=entry.name,
    )


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
