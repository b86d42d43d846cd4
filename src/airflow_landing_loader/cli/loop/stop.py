"""A clean stop on SIGINT and SIGTERM: a flag, and a sleep that a signal ends."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_MOST_AT_ONCE = 512


class StopRequested(BaseException):
    """Raised by a signal inside :meth:`Stop.interrupting`, and by :meth:`Stop.check`."""


class Stop:
    """While used as a context manager, the first signal asks for a stop, a second one kills.

    A pipe wakes the sleeper up, into which the interpreter writes as soon as the signal is there.
    Our handler would not do, which runs between two steps of the main thread: where the signal came
    when that was about to sleep, or went to another thread, it slept to the end.
    """

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        self._woken_before = -1
        self._interrupting = False
        self.signal_number: int | None = None

    @property
    def requested(self) -> bool:
        """Whether a signal has asked for a stop."""
        return self.signal_number is not None

    def sleep(self, seconds: float) -> bool:
        """Wait, at most until a stop is asked for; return whether it is."""
        until = time.monotonic() + seconds
        while not self.requested and (left := until - time.monotonic()) > 0:
            woken, _, _ = select.select([self._reader], [], [], left)
            if woken:
                os.read(self._reader, _MOST_AT_ONCE)  # it may be of a signal that asks for nothing
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
        self._woken_before = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
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
        signal.set_wakeup_fd(self._woken_before)
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
        # Past the stream's buffer, which the interrupted code may be using at this moment.
        with contextlib.suppress(OSError, ValueError):
            os.write(sys.stderr.fileno(), _NOTICE % signal.Signals(number).name.encode())
        if self._interrupting:
            raise StopRequested


_NOTICE = b"%s: stopping when the files in hand are done; once more stops at once\n"
