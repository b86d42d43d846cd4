"""What follows from a frozen value alone, worked out once for it and not for each file.

A mapping is asked the same questions for every file that it takes. Its answers cannot change, so
they are kept by the mapping itself: by its identity, as to compare two mappings key by key would
take as long as the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import update_wrapper
from threading import Lock
from typing import Generic, TypeVar

# What is asked for a file comes together, so few values are enough. They stay alive meanwhile, and
# what comes out of files may be large.
_MOST = 256
_MOST_OF_FILES = 16

_Key = TypeVar("_Key")
_Answer = TypeVar("_Answer")
_More = TypeVar("_More", bound=Hashable)


class _Kept(Generic[_Key, _Answer]):
    """Answers by what begins with the identity of a value, which is alive as long as its answer is
    kept: until then nothing else can have that identity.

    A plain dictionary, as for an ``lru_cache`` an object of ours would have to be made, hashed and
    compared at each question.

    :param most: how many; the oldest goes first.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._making_room = Lock()
        self.by_identity: dict[Hashable, tuple[_Key, _Answer]] = {}

    def keep(self, key: Hashable, value: _Key, answer: _Answer) -> _Answer:
        """Keep an answer, and give it back."""
        with self._making_room:
            while len(self.by_identity) >= self._most:
                del self.by_identity[next(iter(self.by_identity))]
            self.by_identity[key] = (value, answer)
        return answer


def once(answer: Callable[[_Key], _Answer]) -> Callable[[_Key], _Answer]:
    """Keep the answers of a function of one frozen value.

    :param answer: asked once for each value, or again if many others came in between; what
        it raises is not kept. Several threads may ask it at the same time.
    """

    kept = _Kept[_Key, _Answer](_MOST)
    found = kept.by_identity.get

    def ask(value: _Key) -> _Answer:
        known = found(id(value))
        return kept.keep(id(value), value, answer(value)) if known is None else known[1]

    return update_wrapper(ask, answer)


def once_with(answer: Callable[[_Key, _More], _Answer]) -> Callable[[_Key, _More], _Answer]:
    """The same for a function of a frozen value and of another one that is compared.

    :param answer: as in :func:`once`; its second argument can be hashed, and may come out of
        a file.
    """

    kept = _Kept[_Key, _Answer](_MOST_OF_FILES)
    found = kept.by_identity.get

    def ask(value: _Key, more: _More) -> _Answer:
        key = (id(value), more)
        known = found(key)
        return kept.keep(key, value, answer(value, more)) if known is None else known[1]

    return update_wrapper(ask, answer)
