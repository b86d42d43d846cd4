"""Zones: the places where files rest, as every other module sees them.

A zone is a local folder or a bucket prefix; what is done with one is said here, how it is done in
`local_zone` and its siblings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from airflow_landing_loader.exceptions import ErrorCode, TerminalError, shown
from airflow_landing_loader.landing.model import LandedFile
from airflow_landing_loader.landing.source import Source


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


class Zone(Protocol):
    """A landing, archive or failed zone."""

    @property
    def path(self) -> str:
        """Absolute folder, or URI of a bucket prefix; without a slash at its end."""
        ...

    @property
    def settles(self) -> bool:
        """Whether a file may be listed while it is still being written."""
        ...

    def list(self, prefix: str = "") -> tuple[Entry, ...]:
        """Direct children in name order, contents unread.

        :param prefix: those whose name does not begin with it may be left out, which spares an
            object store the pages before and behind.

        Names are as the file system has them; bytes that are not UTF-8 appear as surrogates.

        :raises TransientError: ``ZONE_UNAVAILABLE``, it is missing or cannot be read.
        """
        ...

    def stat(self, name: str) -> LandedFile | None:
        """One direct child as it is now, ``None`` if there is none of this name.

        :param name: a plain file name.
        :raises TransientError: ``ZONE_UNAVAILABLE``.
        :raises TerminalError: ``LANDING_NOT_A_FILE`` (a folder, link, pipe, ...), or
            ``LANDING_UNKNOWN_FILE``, ``name`` is not the name of a direct child.
        """
        ...

    def require(self) -> None:
        """Make sure that it is there: a missing one may be a disk that is not mounted.

        :raises TransientError: ``ZONE_UNAVAILABLE``.
        """
        ...

    def source(self, file: LandedFile) -> Source:
        """Where the bytes of a file of this zone are read; nothing is opened yet."""
        ...


def is_plain_name(name: str) -> bool:
    """Whether this is the name of a direct child, and no path."""
    return name not in ("", ".", "..") and "/" not in name and "\0" not in name


def require_plain_name(name: str) -> None:
    """Refuse what is not the name of a direct child.

    :raises TerminalError: ``LANDING_UNKNOWN_FILE``.
    """
    if not is_plain_name(name):
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
