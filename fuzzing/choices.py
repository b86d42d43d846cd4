"""An input as choices and text: its first bytes choose one by one, the rest is the text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

_Option = TypeVar("_Option")


class Choices:
    """Choices read from an input; where it has ended, each is the first option.

    :param data: the input.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data

    def pick(self, options: Sequence[_Option]) -> _Option:
        """Choose one of the options by the next byte."""
        head, self._data = self._data[:1], self._data[1:]
        return options[int.from_bytes(head, "big") % len(options)]

    def text(self, tokens: Sequence[bytes]) -> bytes:
        """Return the rest: as it stands, or with one token for each of its bytes.

        The first form can hold anything, the second one seldom leaves what the grammar knows.
        """
        in_tokens = self.pick((False, True))
        if not in_tokens:
            return self._data
        return b"".join(tokens[byte % len(tokens)] for byte in self._data)
