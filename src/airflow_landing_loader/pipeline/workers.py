"""Work over many files, several at a time where it may be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_In = TypeVar("_In")
_Out = TypeVar("_Out")


def map_in_order(
    work: Callable[[_In], _Out], items: Sequence[_In], workers: int
) -> tuple[_Out, ...]:
    """The results in the order of the items; what one raises is raised.

    :param workers: items at a time, at most; with one, no thread is begun.
    """
    workers = min(workers, len(items))
    if workers <= 1:
        return tuple(map(work, items))
    with ThreadPoolExecutor(workers) as pool:
        return tuple(pool.map(work, items))
