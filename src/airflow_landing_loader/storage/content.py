"""The bytes of a delivered file, wherever it lies."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from types import TracebackType
from typing import Protocol

from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.storage.model import LandedFile

OnBlock = Callable[[], None]


class OpenContent(Protocol):
    """An open delivered file: bytes at any place, of this one arrival only.

    :ivar size: bytes.
    """

    size: int

    def read_at(self, size: int, position: int) -> bytes:
        """Return ``size`` bytes from ``position`` on, fewer at the end, none behind it.

        :raises TransientError: ``LANDING_UNREADABLE``.
        """
        ...

    def close(self) -> None:
        """Give back what is held."""
        ...


class FileContent(Protocol):
    """Where the bytes of one delivered file are read: of the arrival that was looked at, and of no
    other that has come to its name meanwhile."""

    @property
    def name(self) -> str:
        """Its file name."""
        ...

    def open(self) -> OpenContent:
        """Open it; may be done several times. What is open is compared with what was looked at.

        :raises TerminalError: ``LANDING_NOT_A_FILE``.
        :raises TransientError: ``LANDING_DISAPPEARED``, ``LANDING_CHANGED`` or
            ``LANDING_UNREADABLE``.
        """
        ...


def nothing(*_: object) -> None:
    """Do nothing, where somebody might want to be told."""


class _Reading(AbstractContextManager[None]):
    """See :func:`readable`. A class, as a generator takes several times as long to enter."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, OSError):
            raise unreadable(self._name, error) from error


def readable(name: str) -> AbstractContextManager[None]:
    """Raise what the system refuses while delivered bytes are read as ``LANDING_UNREADABLE``."""
    return _Reading(name)


def unreadable(name: str, error: OSError) -> TransientError:
    """The error for delivered bytes that the system refuses."""
    return TransientError(
        ErrorCode.LANDING_UNREADABLE,
        f"The file cannot be read: {error.strerror or error}.",
        hint="Give the loader's user read permission on the file, or look at the disk or "
        "network mount that it lies on; it is tried again.",
        file=name,
    )


def require_same(found: LandedFile | None, file: LandedFile) -> None:
    """Refuse to go on with a file that is not the one that was looked at.

    :param found: the file as it is now, or as it is open.
    :param file: the file as it was looked at.
    :raises TransientError: ``LANDING_DISAPPEARED`` or ``LANDING_CHANGED``.
    """
    if found is None:
        raise disappeared(file.name)
    # Where one of the two does not say when it was changed, the token has to do.
    touched = file.changed_ns and found.changed_ns and found.changed_ns != file.changed_ns
    if touched or not found.is_same_arrival(file):
        raise changed(file.name)


def disappeared(name: str) -> TransientError:
    """The error for a file that is not there any more."""
    return TransientError(
        ErrorCode.LANDING_DISAPPEARED,
        "The file is not there any more.",
        hint="It was removed or renamed by someone else; if it is still wanted, deliver it again.",
        file=name,
    )


def changed(name: str) -> TransientError:
    """The error for a file that is not the one that was looked at."""
    return TransientError(
        ErrorCode.LANDING_CHANGED,
        "The file has changed since it was looked at.",
        hint="The sender is still writing, or has sent it again; it is taken up once it rests.",
        file=name,
    )


_PIECE = 1024 * 1024


def sha256_of(source: FileContent) -> str:
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
