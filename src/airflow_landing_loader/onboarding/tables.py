"""Names of tables, from what is fixed in the names of their files."""

from __future__ import annotations

import re
from collections.abc import Container

from airflow_landing_loader.config.mapping.patterns.pattern import Pattern

_OTHER = re.compile("[^a-z0-9]+")
_LONGEST = 100


def table_of(pattern: Pattern, ending: str, taken: Container[str]) -> str:
    """A name that no other table has: ``raw_`` and the words of the files' names.

    :param pattern: of the files' names.
    :param ending: with which all of them end.
    :param taken: names that are others', in small letters.
    """
    fixed = " ".join(pattern.literals).removesuffix(ending)
    words = _OTHER.sub("_", fixed.casefold()).strip("_")[:_LONGEST].strip("_")
    name = f"raw_{words or 'files'}"
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free
