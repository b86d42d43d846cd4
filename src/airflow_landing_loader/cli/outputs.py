"""Standard output and error of the process, which may be closed, full, or read by nobody.

What is told never rules what is done: what cannot be written is dropped, the work goes on to its
end, and the exit code says it then.
"""

from __future__ import annotations

import io
import os
import select
import sys
from typing import Any, TextIO


class Outputs:
    """Both streams, put in the place of Python's own."""

    def __init__(self) -> None:
        closed = _hold_open()
        self._raws = [_Raw(number, closed=number in closed) for number in (1, 2)]
        sys.stdout, sys.stderr = map(_text, self._raws, (sys.stdout, sys.stderr))

    def all_written(self) -> bool:
        """Whether everything that was told has been written; for the end."""
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        return not any(raw.failed for raw in self._raws)


class _Raw(io.RawIOBase):
    """A descriptor that takes everything; :attr:`failed` says whether some of it is lost."""

    def __init__(self, descriptor: int, *, closed: bool) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._closed = closed
        self.failed = False

    def write(self, data: Any, /) -> int:
        # Once it is broken, no more is tried: half a line tells less than none.
        while not self.failed:
            try:
                if self._closed:
                    raise OSError("it was closed from the start")
                return os.write(self._descriptor, data)
            except BlockingIOError:
                select.select([], [self._descriptor], [])
            except OSError:
                self.failed = True
        return len(data)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)


def _hold_open() -> frozenset[int]:
    """Give descriptors that were closed to nobody else: a database file that is opened as number 2
    would get what a library tells there. Return which ones they were."""
    closed = set()
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number: this one
            closed.add(number)
    return frozenset(closed)


def _text(raw: _Raw, before: TextIO | None) -> TextIO:
    encoding = before.encoding if before is not None else "utf-8"
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=encoding,
        errors="backslashreplace",
        line_buffering=raw.fileno() == 2 or raw.isatty(),
    )
