"""Backslash sequences, one after the other, as the manuals of MySQL and Postgres have them."""

from __future__ import annotations

import re

_HEXADECIMAL = re.compile(rb"x([0-9A-Fa-f]{1,2})")
_OCTAL = re.compile(rb"[0-7]{1,3}")
_LETTERS = {
    "mysql": {b"b": 8, b"n": 10, b"r": 13, b"t": 9, b"Z": 26},
    "postgres": {b"b": 8, b"f": 12, b"n": 10, b"r": 13, b"t": 9, b"v": 11},
}


def sequence_at(text: bytes, at: int, whose: str) -> tuple[int, bytes | None]:
    """How many bytes a sequence has, and what it stands for; ``None``: for nothing.

    :param at: its backslash.
    :param whose: ``mysql`` or ``postgres``.
    """
    first = text[at + 1 : at + 2]
    if text.startswith(b"\r\n", at + 1):
        return 3, None
    if first in _LETTERS[whose]:
        return 2, bytes((_LETTERS[whose][first],))
    if whose == "mysql":
        return 2, None if first in (b"", b"0") else first
    hexadecimal = _HEXADECIMAL.match(text, at + 1)
    if hexadecimal:
        return 1 + len(hexadecimal[0]), _ascii(int(hexadecimal[1], 16))
    octal = _OCTAL.match(text, at + 1)
    if octal:
        return 1 + len(octal[0]), _ascii(int(octal[0], 8) % 256)
    return 2, None if first in (b"", b".") else first


def _ascii(value: int) -> bytes | None:
    return bytes((value,)) if 0 < value < 128 else None
