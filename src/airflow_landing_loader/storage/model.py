"""A file at rest, as a listing shows it and as a mover takes it."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class LandedFile:
    """One file as a listing shows it, contents unread.

    :param name: file name, exactly as the file system gives it (``os.fsdecode``).
    :param path: absolute path, or URI of an object.
    :param size: bytes.
    :param mtime_ns: modification time, nanoseconds since the epoch.
    :param token: what tells one arrival from the next: inode, modification time and time of birth
        on file systems, a generation on object stores.
    :param changed_ns: when the file system last changed anything of it; it tells that somebody has
        written into it and set its modification time back. A move changes it too, so it is compared
        until the rows are committed and never later. 0 where it says nothing.
    """

    name: str
    path: str
    size: int
    mtime_ns: int
    token: str
    changed_ns: int = 0

    def is_same_arrival(self, file: LandedFile) -> bool:
        """Whether this is that very arrival, wherever the two lie, as far as a move can tell."""
        return (self.token, self.size) == (file.token, file.size)

    def wherever(self) -> LandedFile:
        """The same arrival for whoever moves it, which changes ``changed_ns``."""
        return replace(self, changed_ns=0) if self.changed_ns else self


@dataclass(frozen=True, kw_only=True)
class FileToMove:
    """One file of a delivery, as it was looked at.

    :param file: the file; only this arrival of it is ever moved.
    :param sha256: hex digest of its bytes if an inspection has found it; proves after a death that
        a file in the target is this one.
    """

    file: LandedFile
    sha256: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "file", self.file.wherever())
