"""A file that several threads of the engine read through one handle."""

from __future__ import annotations

import io
import os
import threading
from abc import abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext


class SharedView(io.RawIOBase):
    """A read-only file in which each thread has a place of its own.

    DuckDB's threads share one handle: each seeks and then reads, which are two calls, and another
    thread's may lie between them, or begin while one reads. With one place for all, a thread would
    be given the bytes of another's.

    :param size: bytes.
    :ivar noting: what a read is done within, for whoever wants to know why it failed.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self._sought: dict[int, int] = {}  # places of threads that have not read there yet
        self._last: tuple[int, int] | None = None  # who read last, and where that ended
        self._one_reads = threading.Lock()
        self.noting: Callable[[], AbstractContextManager[None]] = nullcontext

    @abstractmethod
    def read_at(self, position: int, size: int) -> bytes:
        """Return exactly ``size`` bytes, all of which there are; one thread at a time calls it.

        :param position: where they begin.
        """

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def seekable(self) -> bool:
        """Whether it has :meth:`seek`: always."""
        return True

    def tell(self) -> int:
        """Return this thread's place.

        :raises OSError: it has none, because another thread has read since.
        """
        me = threading.get_ident()
        if me in self._sought:
            return self._sought[me]
        last = self._last or (me, 0)
        if last[0] != me:
            raise OSError("another thread has read since this one said where")
        return last[1]

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Set this thread's place."""
        base = {os.SEEK_SET: 0, os.SEEK_END: self.size}
        position = offset + (self.tell() if whence == os.SEEK_CUR else base[whence])
        self._sought[threading.get_ident()] = position
        return position

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes from this thread's place, fewer at the end.

        :param size: bytes, all that are left if negative.
        :raises OSError: as :meth:`tell`.
        """
        with self._one_reads, self.noting():
            position = self.tell()
            left = max(self.size - position, 0)
            wanted = left if size < 0 else min(size, left)
            found = self.read_at(position, wanted) if wanted else b""
            me = threading.get_ident()
            self._sought.pop(me, None)
            self._last = (me, position + len(found))
        return found
