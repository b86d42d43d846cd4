"""The bytes of a delivered file, wherever it lies."""

from __future__ import annotations

from typing import Protocol

from airflow_landing_loader.exceptions import ErrorCode, TransientError, shown


class DeliveredBytes(Protocol):
    """An open delivered file: bytes at any place, of this one arrival only.

    :ivar size: bytes.
    :ivar token: the arrival that is open, see
        :class:`~airflow_landing_loader.landing.model.LandedFile`.
    """

    size: int
    token: str

    def read_at(self, size: int, position: int) -> bytes:
        """Return ``size`` bytes from ``position`` on, fewer at the end, none behind it.

        :raises TransientError: ``LANDING_UNREADABLE``.
        """
        ...

    def close(self) -> None:
        """Give back what is held."""
        ...


class Source(Protocol):
    """Where the bytes of one delivered file are read."""

    @property
    def name(self) -> str:
        """Its file name."""
        ...

    def open(self) -> DeliveredBytes:
        """Open it; may be done several times.

        :raises TerminalError: ``LANDING_NOT_A_FILE``.
        :raises TransientError: ``LANDING_DISAPPEARED``, ``LANDING_UNREADABLE``.
        """
        ...


def disappeared(name: str) -> TransientError:
    """The error for a file that is not there any more."""
    return TransientError(
        ErrorCode.LANDING_DISAPPEARED,
        f"{shown(name)} is not there any more.",
        hint="It was removed or renamed by someone else; if it is still wanted, deliver it again.",
        file=name,
    )


def changed(name: str) -> TransientError:
    """The error for a file that is not the one that was looked at."""
    return TransientError(
        ErrorCode.LANDING_CHANGED,
        f"{shown(name)} has changed since it was looked at.",
        hint="The sender is still writing, or has sent it again; it is taken up once it rests.",
        file=name,
    )
