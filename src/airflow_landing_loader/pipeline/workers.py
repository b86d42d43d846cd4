"""Work over many files, several at a time where it may be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Self, TypeVar

_In = TypeVar("_In")
_Out = TypeVar("_Out")


class Workers:
    """Threads for work that comes a few files at a time: begun once, and not for each few.

    :param count: items at a time, at most; with one, no thread is begun.
    """

    def __init__(self, count: int) -> None:
        self._pool = ThreadPoolExecutor(count) if count > 1 else None

    def map_in_order(self, work: Callable[[_In], _Out], items: Sequence[_In]) -> tuple[_Out, ...]:
        """The results in the order of the items; what one raises is raised."""
        if self._pool is None or len(items) <= 1:
            return tuple(map(work, items))
        return tuple(self._pool.map(work, items))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown()


def map_in_order(
    work: Callable[[_In], _Out], items: Sequence[_In], workers: int
) -> tuple[_Out, ...]:
    """The same with threads of its own.

    :param workers: items at a time, at most.
    """
    with Workers(min(workers, len(items))) as threads:
        return threads.map_in_order(work, items)
