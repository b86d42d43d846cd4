"""A text with named parts in braces, which the parts of a file's name fill."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

_TOKEN = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Template:
    """One such text. ``{{`` and ``}}`` stand for braces.

    :param pieces: its texts, each with the name of the part behind it; ``""``: the last one.
    """

    pieces: tuple[tuple[str, str], ...]

    @staticmethod
    def parse(text: str) -> Template:
        """Read one of ``rules.TEMPLATE_PATTERN``."""
        return _parse(text)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the parts that it wants."""
        return tuple(dict.fromkeys(name for _, name in self.pieces if name))

    def filled(self, values: Mapping[str, str]) -> str:
        """The text with its parts filled in.

        :param values: of all that it wants, by name.
        """
        return "".join([text + (values[name] if name else "") for text, name in self.pieces])


@lru_cache(maxsize=4096)
def _parse(text: str) -> Template:
    pieces, literal, at = [], "", 0
    for token in _TOKEN.finditer(text):
        literal += text[at : token.start()]
        at = token.end()
        if token[1]:
            pieces.append((literal, token[1]))
            literal = ""
        else:
            literal += token[0][0]
    return Template((*pieces, (literal + text[at:], "")))
