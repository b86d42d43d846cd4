"""What is proposed: keys of a mapping, each with why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """One key of a mapping.

    :param path: from the mapping: ``("csv", "delimiter")``.
    :param value: as YAML has it: text, number, true or false, a list of texts, or keys with texts.
    :param why: for the comment above it; empty: it says itself why.
    """

    path: Path
    value: Any
    why: str = ""


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is not known, and is left to a person.

    :param about: the key that it is about, with dots: ``csv.encoding``.
    """

    about: str
    text: str


def tree(said: Iterable[Said]) -> dict[str, Any]:
    """The keys as a mapping has them."""
    found: dict[str, Any] = {}
    for one in said:
        level = found
        for name in one.path[:-1]:
            level = level.setdefault(name, {})
        level[one.path[-1]] = one.value
    return found
