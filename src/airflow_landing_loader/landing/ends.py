"""What a move by copies needs of the folder or prefix at either of its ends."""

from __future__ import annotations

import hashlib
from contextlib import closing
from typing import Protocol

from airflow_landing_loader.landing.model import LandedFile
from airflow_landing_loader.landing.source import Source
from airflow_landing_loader.landing.transfer import FileToMove

_PIECE = 1024 * 1024


class End(Protocol):
    """A folder, or the prefix of an object store, and what lies directly in it.

    Every method may be repeated after a death at any point.

    :raises TransientError: any of them: ``ZONE_UNAVAILABLE`` or ``ZONE_UNWRITABLE``.
    """

    @property
    def path(self) -> str:
        """Absolute folder or URI."""
        ...

    def below(self, subfolder: str) -> End:
        """A folder below this one, made if need be."""
        ...

    def taken(self, name: str) -> bool:
        """Whether anything has this name."""
        ...

    def find(self, name: str) -> LandedFile | None:
        """The file of this name; ``None`` if there is none, or something that is no file."""
        ...

    def source(self, file: LandedFile) -> Source:
        """Where its bytes are read."""
        ...

    def is_copy_of(self, found: LandedFile, item: FileToMove) -> bool:
        """Whether :meth:`bring` made a file of equal size from this very arrival."""
        ...

    def bring(self, name: str, item: FileToMove, source: End, *, tag: str) -> None:
        """Copy a file to a free name, whole and verified, or not at all.

        :param tag: names the temporary files of this delivery.

        :raises FileExistsError: the name is taken.
        :raises TransientError: ``LANDING_DISAPPEARED`` or ``LANDING_CHANGED``.
        """
        ...

    def discard(self, item: FileToMove, *, tag: str) -> None:
        """Remove this arrival of a file; another one of the name stays."""
        ...

    def write(self, name: str, content: bytes, *, replace: bool, tag: str) -> None:
        """Write a small file of ours, whole or not at all.

        :raises FileExistsError: the name is taken, without ``replace``.
        """
        ...

    def read(self, name: str, limit: int) -> bytes | None:
        """A small file's content, its first ``limit`` bytes; ``None`` if there is none."""
        ...

    def names(self) -> tuple[str, ...]:
        """Names of the files."""
        ...

    def remove(self, name: str) -> None:
        """Remove a small file of ours, if it is there."""
        ...


def sha256_of(source: Source) -> str:
    """Hex digest of a file's bytes, streamed.

    :raises LandingError: it cannot be read, or is not the one that is meant.
    """
    digest = hashlib.sha256()
    with closing(source.open()) as content:
        position = 0
        while piece := content.read_at(_PIECE, position):
            digest.update(piece)
            position += len(piece)
    return digest.hexdigest()
