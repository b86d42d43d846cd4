"""Zones: the places where files rest, as every other module sees them.

A zone is a local folder or a bucket prefix; what is done with one is said here, how it is done in
:mod:`~airflow_landing_loader.storage.local` and :mod:`~airflow_landing_loader.storage.objects`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, KeysView
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from airflow_landing_loader.exceptions import (
    ErrorCode,
    LandingError,
    TerminalError,
    TransientError,
    shown,
)
from airflow_landing_loader.storage.content import FileContent
from airflow_landing_loader.storage.model import LandedFile


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


@dataclass(frozen=True, kw_only=True)
class UnknownEntry:
    """A direct child of a zone that the file system tells nothing about.

    :param name: its name.
    :param path: absolute path.
    :param why: what the file system says instead.
    """

    name: str
    path: str
    why: str


Entry = LandedFile | SpecialEntry | UnknownEntry

_Child = TypeVar("_Child")


@dataclass(frozen=True)
class Listing(Generic[_Child]):
    """The direct children of a zone at one moment.

    Their names are known, and all else of a child only once it is asked for: a folder may hold
    hundreds of thousands of files of which none is ever taken, and a disk answers one by one.

    :param children: what the listing itself says, by name and in name order.
    :param tells_file: whether that calls a child a file; without asking, where that is possible.
    :param ask: the child as it is now, ``None`` if it is gone.
    """

    children: dict[str, _Child]
    tells_file: Callable[[_Child], bool]
    ask: Callable[[_Child], Entry | None]

    @property
    def names(self) -> KeysView[str]:
        """All names, in order."""
        return self.children.keys()

    def is_file(self, name: str) -> bool:
        """Whether there is a file of this name, as far as the listing tells: it may still turn out
        to be one with a second name, which is none of ours."""
        child = self.children.get(name)
        return child is not None and self.tells_file(child)

    def entry(self, name: str) -> Entry | None:
        """One child, ``None`` if it is gone meanwhile.

        :raises TransientError: ``ZONE_UNAVAILABLE``.
        """
        return self.ask(self.children[name])

    def only(self, keep: Callable[[str], bool]) -> Listing[_Child]:
        """Those whose name is to be kept."""
        kept = {name: child for name, child in self.children.items() if keep(name)}
        return Listing(kept, self.tells_file, self.ask)

    def __len__(self) -> int:
        return len(self.children)

    def __iter__(self) -> Iterator[Entry]:
        """All children that are still there; each is asked for."""
        entries = map(self.ask, self.children.values())
        return (entry for entry in entries if entry is not None)


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

    @property
    def links(self) -> bool:
        """Whether a file in it may have two names."""
        ...

    def list(self, prefix: str = "") -> Listing[Any]:
        """Direct children in name order, contents unread.

        :param prefix: those whose name does not begin with it may be left out, which spares an
            object store the pages before and behind, and a disk the questions about each.

        Names are as the file system has them; bytes that are not UTF-8 appear as surrogates.

        :raises TransientError: ``ZONE_UNAVAILABLE``, it is missing or cannot be read.
        """
        ...

    def stat(self, name: str) -> LandedFile | None:
        """One direct child as it is now, ``None`` if there is none of this name.

        :param name: a plain file name.
        :raises TransientError: ``ZONE_UNAVAILABLE``; ``LANDING_UNREADABLE``, the zone is there and
            tells nothing about this child.
        :raises TerminalError: ``LANDING_NOT_A_FILE`` (a folder, link, pipe, ...), or
            ``LANDING_UNKNOWN_FILE``, ``name`` is not the name of a direct child.
        """
        ...

    def require(self) -> None:
        """Make sure that it is there: a missing one may be a disk that is not mounted.

        :raises TransientError: ``ZONE_UNAVAILABLE``.
        """
        ...

    def is_being_written(self, name: str) -> bool:
        """Whether somebody has a direct child open for writing, as far as that can be found out."""
        ...

    def source(self, file: LandedFile) -> FileContent:
        """Where the bytes of a file of this zone are read; nothing is opened yet."""
        ...


FOLDER = "a directory"
"""The kind of a :class:`SpecialEntry` that is one."""


def is_plain_name(name: str) -> bool:
    """Whether this is the name of a direct child, and no path."""
    try:
        os.fsencode(name)
    except UnicodeEncodeError:  # half of a pair of surrogates, which stands for no byte
        return False
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


def refusal(entry: SpecialEntry | UnknownEntry) -> LandingError:
    """Why an entry that is no file is never taken, or not now."""
    if isinstance(entry, UnknownEntry):
        return TransientError(
            ErrorCode.LANDING_UNREADABLE,
            f"Nothing can be found out about it: {entry.why}.",
            hint="Look at the disk or network mount that it lies on; the other files go on.",
            file=entry.name,
        )
    return TerminalError(
        ErrorCode.LANDING_NOT_A_FILE,
        f"It is {entry.kind}; only plain files with one name are deliveries.",
        hint="Deliver the files in it one by one, and remove it."
        if entry.kind == FOLDER
        else "Deliver a copy of the file itself, and remove this entry.",
        file=entry.name,
    )
