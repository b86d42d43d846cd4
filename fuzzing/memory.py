"""A landing zone in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.zone import Entry


@dataclass(frozen=True)
class MemoryBytes:
    """An open file in memory."""

    content: bytes

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.content)

    def read_at(self, size: int, position: int) -> bytes:
        """Return the bytes at a place, as files of any zone do."""
        return self.content[position : position + size]

    def close(self) -> None:
        """There is nothing to give back."""


@dataclass(frozen=True)
class MemorySource:
    """Where the bytes of a file in memory are read."""

    name: str
    content: bytes

    def open(self) -> MemoryBytes:
        """Open it."""
        return MemoryBytes(self.content)


@dataclass(frozen=True)
class MemoryZone:
    """A zone whose files are given.

    :param contents: content by name.
    """

    contents: Mapping[str, bytes]
    path: str = "/landing"
    settles: bool = False

    def list(self, prefix: str = "") -> tuple[Entry, ...]:
        """All files in name order, those before the prefix left out."""
        return tuple(self.file(name) for name in sorted(self.contents) if name.startswith(prefix))

    def stat(self, name: str) -> LandedFile | None:
        """A file of this name."""
        return self.file(name) if name in self.contents else None

    def require(self) -> None:
        """It is always there."""

    def is_being_written(self, name: str) -> bool:  # noqa: ARG002
        """Nobody writes here."""
        return False

    def source(self, file: LandedFile) -> MemorySource:
        """Where a file's bytes are read."""
        return MemorySource(file.name, self.contents[file.name])

    def file(self, name: str) -> LandedFile:
        """A file that is there."""
        return LandedFile(
            name=name,
            path=f"{self.path}/{name}",
            size=len(self.contents[name]),
            mtime_ns=0,
            token="1",
        )
