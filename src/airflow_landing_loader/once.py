"""What follows from a frozen value alone, worked out once for it and not for each file.

A mapping is asked the same questions for every file that it takes. Its answers cannot change, so
they are kept by the mapping itself: by its identity, as to compare two mappings key by key would
take as long as the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import lru_cache, update_wrapper
from typing import Generic, TypeVar

# What is asked for a file comes together, so few values are enough. They stay alive meanwhile, and
# what comes out of files may be large.
_MOST = 256
_MOST_OF_FILES = 16

_Key = TypeVar("_Key")
_Answer = TypeVar("_Answer")
_More = TypeVar("_More", bound=Hashable)


class _Itself(Generic[_Key]):
    """A value that is equal to itself only; alive as long as its answer is kept."""

    __slots__ = ("value",)

    def __init__(self, value: _Key) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and other.value is self.value


def once(answer: Callable[[_Key], _Answer]) -> Callable[[_Key], _Answer]:
    """Keep the answers of a function of one frozen value.

    :param answer: asked once for each value, or again if many others came in between; what
        it raises is not kept. Several threads may ask it at the same time.
    """

    @lru_cache(maxsize=_MOST)
    def kept(key: _Itself[_Key]) -> _Answer:
        return answer(key.value)

    def ask(value: _Key) -> _Answer:
        return kept(_Itself(value))

    return update_wrapper(ask, answer)


def once_with(answer: Callable[[_Key, _More], _Answer]) -> Callable[[_Key, _More], _Answer]:
    """The same for a function of a frozen value and of another one that is compared.

    :param answer: as in :func:`once`; its second argument can be hashed, and may come out of
        a file.
    """

    @lru_cache(maxsize=_MOST_OF_FILES)
    def kept(key: _Itself[_Key], more: _More) -> _Answer:
        return answer(key.value, more)

    def ask(value: _Key, more: _More) -> _Answer:
        return kept(_Itself(value), more)

    return update_wrapper(ask, answer)
