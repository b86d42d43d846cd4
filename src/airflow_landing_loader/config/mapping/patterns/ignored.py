"""Names that no pattern ever matches."""

from __future__ import annotations

IGNORED_PREFIX = "."
IGNORED_SUFFIXES = (".tmp", ".part", ".filepart", ".gstmp")


def is_ignored(name: str) -> bool:
    """Whether no pattern ever matches ``name``: hidden, or still being written by its sender.

    :param name: a file name, not a path.
    """
    return not name or name.startswith(IGNORED_PREFIX) or name.endswith(IGNORED_SUFFIXES)
