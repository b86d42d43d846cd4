"""A clean stop on SIGINT and SIGTERM: a flag, and a sleep that a signal ends."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequested(BaseException):
    """Raised by a signal inside :meth:`Stop.interrupting`, and by :meth:`Stop.check`."""


class Stop:
    """While used as a context manager, the first signal asks for a stop, a second one kills.

    A pipe wakes the sleeper up. An event of ``threading`` would not do: set by a signal handler
    while the same thread is about to wait for it, it locks that thread up.
    """

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        self._interrupting = False
        self.signal_number: int | None = None

    @property
    def requested(self) -> bool:
        """Whether a signal has asked for a stop."""
        return self.signal_number is not None

    def sleep(self, seconds: float) -> bool:
        """Wait, at most until a stop is asked for; return whether it is."""
        if not self.requested and seconds > 0:
            select.select([self._reader], [], [], seconds)
        return self.requested

    def check(self) -> None:
        """Leave off if a stop is asked for, in work that nothing is lost by.

        :raises StopRequested: it is.
        """
        if self.requested:
            raise StopRequested

    @contextlib.contextmanager
    def interrupting(self) -> Iterator[None]:
        """Let a signal break off what runs in the block, for work that takes long and may break.

        :raises StopRequested: a signal came, now or before.
        """
        self._interrupting = True
        try:
            self.check()
            yield
        finally:
            self._interrupting = False

    def __enter__(self) -> Stop:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        self._before = {number: signal.signal(number, self._handle) for number in _SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._reader)
        os.close(self._writer)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self.requested:
            # The reply to a second signal is the death it asks for. Nothing is lost by that: every
            # step may be cut off at any point and is done again by the next start.
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        self.signal_number = number
        os.write(self._writer, b"x")
        # Past the stream's buffer, which the interrupted code may be using at this moment.
        with contextlib.suppress(OSError, ValueError):
            os.write(sys.stderr.fileno(), _NOTICE % signal.Signals(number).name.encode())
        if self._interrupting:
            raise StopRequested


_NOTICE = b"%s: stopping when the files in hand are done; once more stops at once\n"
