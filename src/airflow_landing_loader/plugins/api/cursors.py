"""Where a page ends, told to the caller as a text that only we read."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Self

from airflow_landing_loader.plugins.api.problems import ProblemError


@dataclass(frozen=True)
class TimeCursor:
    """Behind the newest entries: a new one does not shift those that follow.

    :param before: time of the last entry that was told.
    :param skip: how many of that time were told.
    """

    before: datetime
    skip: int

    def text(self) -> str:
        """As the caller gets it."""
        return _packed(f"{self.before.isoformat()} {self.skip}")

    @classmethod
    def read(cls, text: str) -> Self:
        """From what the caller sends back.

        :raises ProblemError: 422, it is none of ours.
        """
        try:
            before, skip = _unpacked(text).split(" ")
            read = cls(datetime.fromisoformat(before), int(skip))
        except ValueError:
            raise _refused() from None
        if read.before.tzinfo is None or not 0 < read.skip < _MAX:
            raise _refused()
        return read


@dataclass(frozen=True)
class LogCursor:
    """Within the logs of a run.

    :param log: which of them, from 0.
    :param line: its first line that was not told, from 0.
    """

    log: int = 0
    line: int = 0

    def text(self) -> str:
        """As the caller gets it."""
        return _packed(f"{self.log} {self.line}")

    @classmethod
    def read(cls, text: str) -> Self:
        """From what the caller sends back.

        :raises ProblemError: 422, it is none of ours.
        """
        try:
            log, line = map(int, _unpacked(text).split(" "))
        except ValueError:
            raise _refused() from None
        if not (0 <= log < _MAX and 0 <= line < _MAX):
            raise _refused()
        return cls(log, line)


@dataclass(frozen=True)
class SequenceCursor:
    """Behind the loads from a sequence on.

    :param before: sequence of the last load that was told.
    """

    before: int

    def text(self) -> str:
        """As the caller gets it."""
        return _packed(str(self.before))

    @classmethod
    def read(cls, text: str) -> Self:
        """From what the caller sends back.

        :raises ProblemError: 422, it is none of ours.
        """
        try:
            read = cls(int(_unpacked(text)))
        except ValueError:
            raise _refused() from None
        if not 0 <= read.before < _MAX_SEQUENCE:
            raise _refused()
        return read


@dataclass(frozen=True)
class KeyCursor:
    """Behind the entries up to one of a time and an id.

    :param at: UTC without zone, as the books have it.
    :param key: the id.
    """

    at: datetime
    key: str

    def text(self) -> str:
        """As the caller gets it."""
        return _packed(f"{self.at.isoformat()} {self.key}")

    @classmethod
    def read(cls, text: str) -> Self:
        """From what the caller sends back.

        :raises ProblemError: 422, it is none of ours.
        """
        try:
            at, key = _unpacked(text).split(" ")
            read = cls(datetime.fromisoformat(at), key)
        except ValueError:
            raise _refused() from None
        if read.at.tzinfo is not None or not key.isprintable():
            raise _refused()
        return read


@dataclass(frozen=True)
class NameCursor:
    """Behind the entries up to one of a name.

    :param name: of the last entry that was told.
    """

    name: str

    def text(self) -> str:
        """As the caller gets it."""
        return _packed(self.name)

    @classmethod
    def read(cls, text: str) -> Self:
        """From what the caller sends back.

        :raises ProblemError: 422, it is none of ours.
        """
        try:
            return cls(_unpacked(text))
        except ValueError:
            raise _refused() from None


_MAX = 2**31
_MAX_SEQUENCE = 2**63


def _packed(text: str) -> str:
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode("ascii")


def _unpacked(text: str) -> str:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()


def _refused() -> ProblemError:
    return ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The cursor is none of ours.",
        hint="Send `next_cursor` of the page before as it is, or none for the first page.",
    )
