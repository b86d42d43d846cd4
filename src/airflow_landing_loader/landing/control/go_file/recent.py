"""What was read of go files, kept for a while: each is looked at in every look into a zone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from airflow_landing_loader.storage.model import LandedFile

_Value = TypeVar("_Value")
_Key = tuple[str, LandedFile, tuple[object, ...]]


class Recent(Generic[_Value]):
    """What was read last; safe for several threads.

    A key is the path of a zone, an arrival in it, and by what that was read.

    :param most: how many to keep.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[_Key, _Value] = OrderedDict()
        self._lock = Lock()

    def get(self, key: _Key, read: Callable[[], _Value]) -> _Value:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        value = read()
        with self._lock:
            self._kept[key] = value
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return value
