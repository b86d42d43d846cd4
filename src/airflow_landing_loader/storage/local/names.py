"""Names that a local file system takes: none longer than it allows, no two long ones made equal."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache

TEMPORARY_ENDING = ".landing-tmp"
_DEFAULT_NAME_MAX = 255


def fitting_name(head: str, tail: str, folder: str) -> str:
    """``head + tail``, ``head`` cut at its end as far as the file system's name limit asks.

    :param head: what may be cut, whole characters at a time.
    :param tail: what must stay.
    :param folder: where the name is to be used.
    """
    most = _name_max(folder)
    if len(os.fsencode(head + tail)) <= most:
        return head + tail
    room = max(most - len(os.fsencode(tail)), 1)
    while len(os.fsencode(head)) > room:
        head = head[:-1]
    return head + tail


def _name_max(folder: str) -> int:
    """Bytes that a name may have."""
    try:
        return _allowed(folder)
    except (OSError, ValueError):  # not there yet: that is not remembered
        return _DEFAULT_NAME_MAX


@lru_cache(maxsize=256)
def _allowed(folder: str) -> int:
    return os.pathconf(folder, "PC_NAME_MAX")


def derived_name(name: str, tail: str, folder: str) -> str:
    """``name + tail``; for a name too long for that, its beginning and a hash of it, so that two
    long names never become one.

    :param folder: where the name is to be used.
    """
    derived = fitting_name(name, tail, folder)
    if derived == name + tail:
        return derived
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:8]
    return fitting_name(name, f"~{digest}{tail}", folder)


def temporary_path(folder: str, name: str, tag: str) -> str:
    """``folder/.<name>.<tag>.landing-tmp``: the same for every try, so that a later one finds what
    an earlier one left."""
    return f"{folder}/{derived_name(f'.{name}', f'.{tag}{TEMPORARY_ENDING}', folder)}"
