"""Which characters may stand at one place of a name: what patterns are made of when two of them are
compared character by character.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def folded(text: str) -> str:
    """A text in small letters, as many as it had: a letter whose small form is longer stays."""
    if text.isascii():
        return text.lower()
    return "".join([small if len(small := one.lower()) == 1 else one for one in text])


@dataclass(frozen=True, slots=True)
class Place:
    """One place, or as many as there are.

    :param chars: those that may stand there, a likely one first; empty: any.
    :param ignore_case: whether they may be small or capital.
    :param many: as many such characters as there are, also none; behind them stands another one.
    """

    chars: str = ""
    ignore_case: bool = False
    many: bool = False

    @property
    def regex(self) -> str:
        """The same as a regular expression, over folded text where case is ignored."""
        chars = folded(self.chars) if self.ignore_case else self.chars
        one = re.escape(chars) if len(chars) == 1 else f"[{re.escape(chars)}]" if chars else "."
        return f"{one}*+" if self.many else one

    def common(self, other: Place, but: str) -> str | None:
        """A character that may stand at both; ``None``: there is none.

        :param but: characters that may not.
        """
        likely = f"{self._likely}{other._likely}x"
        return next((c for c in likely if c not in but and self.takes(c) and other.takes(c)), None)

    @property
    def _likely(self) -> str:
        return self.chars + folded(self.chars) if self.ignore_case else self.chars

    def takes(self, char: str) -> bool:
        """Whether a character may stand there."""
        if not self.chars:
            return True
        return char in self.chars or (self.ignore_case and folded(char) in folded(self.chars))
