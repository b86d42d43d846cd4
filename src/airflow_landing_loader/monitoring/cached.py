"""What is asked often and answered slowly: remembered for a while, asked again by one at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

_Value = TypeVar("_Value")
_SHARE = 20


class Cached(Generic[_Value]):
    """A value that is made by a function, and made anew when it is old.

    Who asks for an old one gets it at once, and it is made anew meanwhile; so it must say itself
    how old it is. Only who asks for the first one waits, all for the same.

    :param make: makes the value; what it raises is raised to those who wait for the first one, and
        is tried again by the next who asks.
    :param seconds: for which a value is young; longer where it takes so long to make that it would
        take more than a twentieth of the time.
    """

    def __init__(self, make: Callable[[], _Value], seconds: float) -> None:
        self._make = make
        self._seconds = seconds
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(1)
        self._known: tuple[_Value, float] | None = None
        self._running: Future[_Value] | None = None
        self._forgotten = 0  # how often: what was begun before is not what is asked for since

    def get(self) -> _Value:
        """The value, however old."""
        with self._lock:
            known = self._known
            if known is not None and time.monotonic() < known[1]:
                return known[0]
            if self._running is None or self._running.done():
                self._running = self._pool.submit(self._renew, self._forgotten)
            running = self._running
        return running.result() if known is None else known[0]

    def forget(self) -> None:
        """Let the next one who asks wait for a value that is made from now on."""
        with self._lock:
            self._known = self._running = None
            self._forgotten += 1

    def _renew(self, forgotten: int) -> _Value:
        begun = time.monotonic()
        value = self._make()
        made = time.monotonic()
        with self._lock:
            if forgotten == self._forgotten:
                self._known = value, made + max(self._seconds, _SHARE * (made - begun))
        return value
