"""A zone, or a folder below one, as whoever moves files sees it: the end of a move."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from airflow_landing_loader.storage.model import FileToMove, LandedFile
from airflow_landing_loader.storage.zone import Zone


class Folder(Zone, Protocol):
    """A folder, or the prefix of an object store, and what lies directly in it: to write there.

    Every method may be repeated after a death at any point.

    :raises TransientError: any of them: ``ZONE_UNAVAILABLE`` or ``ZONE_UNWRITABLE``.
    """

    def below(self, subfolder: str, *, make: bool = False) -> Folder:
        """A folder below this one, or this one itself.

        :param subfolder: folders separated by ``/``; empty for none.
        :param make: make it if need be; this one must be there then.
        :raises ConfigurationError: ``MAPPING_BAD_VALUE``, it leaves this one or is hidden.
        """
        ...

    def is_at(self, folder: str) -> bool:
        """Whether this is the folder or prefix at ``folder``, which anybody may have written."""
        ...

    def work_folder(self, *, make: bool = False) -> Folder | None:
        """The hidden folder of what movers write down; ``None`` if it is not there yet, and this
        one is.

        :param make: make it then.
        """
        ...

    def lock(self, source: Folder) -> AbstractContextManager[Folder] | None:
        """Lets one mover at a time in that brings files from ``source``; yields the work folder.

        ``None`` where none is needed: a copy goes to a free name or fails.
        """
        ...

    def name_of(self, path: str) -> str | None:
        """The name that a person means by a path; ``None`` if that does not lead directly here."""
        ...

    def taken(self, name: str) -> bool:
        """Whether anything has this name."""
        ...

    def find(self, name: str) -> LandedFile | None:
        """The file of this name; ``None`` if there is none, or something that is no file."""
        ...

    def is_one_file(self, name: str, other: Folder, other_name: str) -> bool:
        """Whether a name here and one elsewhere are one file, as links make them."""
        ...

    def is_copy_of(self, found: LandedFile, item: FileToMove) -> bool:
        """Whether :meth:`bring` made a file of equal size from this very arrival."""
        ...

    def staged(
        self, item: FileToMove, source: Folder, *, tag: str
    ) -> AbstractContextManager[str | None]:
        """A verified copy for :meth:`bring` where the file cannot be renamed; gone if not used."""
        ...

    def take(self, name: str, item: FileToMove, source: Folder) -> bool:
        """Have a file under a free name here by one rename, which nothing can interrupt.

        :returns: whether it is here; if not, nothing is done, and :meth:`bring` is the way.

        :raises FileExistsError: the name is taken.
        :raises TransientError: as :meth:`bring`.
        """
        ...

    def bring(
        self,
        name: str,
        item: FileToMove,
        source: Folder,
        *,
        tag: str,
        keep: bool = False,
        staged: str | None = None,
        at_once: bool = False,
    ) -> bool:
        """Have a file under a free name here, whole and verified, or not at all.

        :param source: where it lies under its own name.
        :param tag: names the temporary files of this delivery.
        :param keep: it stays there too.
        :param staged: a copy from :meth:`staged`.
        :param at_once: rather raise than copy a file that can only be staged: others wait.
        :returns: whether it still lies there, for :meth:`discard`; a rename has taken it away.

        :raises FileExistsError: the name is taken.
        :raises AcrossDevicesError: it would have to be copied, see ``at_once``.
        :raises TransientError: ``LANDING_DISAPPEARED`` or ``LANDING_CHANGED``.
        """
        ...

    def let_stand_for(self, name: str, item: FileToMove) -> None:
        """Make an equal file here count as what :meth:`bring` made of this arrival."""
        ...

    def renewed(self, file: LandedFile) -> LandedFile:
        """The file with the present as its modification time, which :meth:`bring` keeps.

        :raises TransientError: ``LANDING_DISAPPEARED``.
        """
        ...

    def discard(self, item: FileToMove, *, tag: str) -> None:
        """Remove this arrival of a file from here; another one of the name stays.

        Only its name counts, as that of a direct child, and never the path that it has.
        """
        ...

    def give_back(self, name: str, *, tag: str) -> None:
        """Let a file have its name again that a dead :meth:`discard` has hidden."""
        ...

    def tidy(self, name: str, *, tag: str) -> None:
        """Remove what a dead :meth:`bring` of this file has left; what a living one has stays."""
        ...

    def write(
        self, name: str, content: bytes, *, replace: bool, tag: str, durable: bool = True
    ) -> None:
        """Write a small file of ours, whole or not at all.

        :param durable: whether it has to outlive a power cut, and not only its process.
        :raises FileExistsError: the name is taken, without ``replace``.
        """
        ...

    def read(self, name: str, limit: int) -> bytes | None:
        """A small file's content, its first ``limit`` bytes; ``None`` if there is none.

        :raises TransientError: ``LANDING_UNREADABLE``.
        """
        ...

    def names(self) -> tuple[str, ...]:
        """Names of the files."""
        ...

    def remove(self, name: str) -> None:
        """Remove a small file of ours, if it is there."""
        ...
