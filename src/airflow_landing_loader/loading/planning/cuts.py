"""How a row of things is cut into parts that are small enough to be worked on together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import add, ge, gt
from typing import Generic, TypeVar

from airflow_landing_loader.landing.model import Inspection

BATCH_BYTES = 256 * 1024**2
"""Of the files of one batch, decompressed: a stop, and whoever comes next, waits for no more."""

BATCH_TABLES = 750
"""Tables of one batch: DuckDB keeps a third of a megabyte of each until the batch is committed."""

_T = TypeVar("_T")


class Part(Generic[_T]):
    """A part that grows until a limit is reached, or one more thing would pass it.

    :param weigh: what a thing counts against each of the limits.
    :param limits: what a part of more than one thing may weigh.
    """

    def __init__(self, weigh: Callable[[_T], tuple[int, ...]], limits: tuple[int, ...]) -> None:
        self._weigh = weigh
        self._limits = limits
        self._items: list[_T] = []
        self._sums = (0,) * len(limits)

    def add(self, item: _T) -> Iterator[list[_T]]:
        """Take a thing in, and give what is complete by that."""
        weights = self._weigh(item)
        sums = tuple(map(add, self._sums, weights))
        if any(map(gt, sums, self._limits)):
            yield from self.take_any()
            sums = weights
        self._items.append(item)
        self._sums = sums
        if any(map(ge, sums, self._limits)):
            yield from self.take_any()

    def take_any(self) -> Iterator[list[_T]]:
        """Give what is there, if anything is, and begin anew."""
        done, self._items = self._items, []
        self._sums = (0,) * len(self._limits)
        if done:
            yield done


def cut(
    items: Iterable[_T], weigh: Callable[[_T], tuple[int, ...]], limits: tuple[int, ...]
) -> Iterator[list[_T]]:
    """Cut in order; see :class:`Part`."""
    part = Part(weigh, limits)
    for item in items:
        yield from part.add(item)
    yield from part.take_any()


def expanded_bytes(inspection: Inspection) -> int:
    """Bytes of a file as it was delivered, or of its text, whichever is more."""
    return max(inspection.size, inspection.body_end)
