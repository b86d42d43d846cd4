"""Hostile text made safe: for a person's eyes, and for the books.

Names of files come from strangers: any bytes but NUL and a slash. Python stands in for those that
are not UTF-8 with lone surrogates (PEP 383), which no database, terminal or JSON takes.
"""

from __future__ import annotations

import re

# Airflow's log page folds away what follows such a word, wherever in a line it stands.
_LOG_GROUP = re.compile("::(?=(?:end)?group::)")
_NOT_UTF8 = re.compile("[\\\\\udc80-\udcff]")
_STORED = re.compile(r"\\(\\|x([0-9a-f]{2}))")
_NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_FIRST = 0xDC00  # what stands in for a byte is the byte behind this


def escaped(text: str) -> str:
    """``text`` as one line in which what cannot be printed is shown as an escape: control
    characters, line ends, marks of text direction, bytes that are not UTF-8."""
    if text.isprintable():  # asked at once: a listing may have hundreds of thousands of names
        return text
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def shown(name: str) -> str:
    """``name`` for a message: :func:`escaped`, so that a hostile name can neither forge or hide a
    log line nor break an output that is UTF-8; nor does Airflow's log page fold lines by it."""
    return _LOG_GROUP.sub(r":\\x3a", escaped(name))


def shortened(text: str, limit: int) -> str:
    """``text``, cut to ``limit`` characters with an ellipsis at its end."""
    return text if len(text) <= limit else f"{text[: limit - 1]}\u2026"


def printable(text: str, limit: int) -> str:
    """``text`` as one line of at most ``limit`` characters for a label: what cannot be printed is
    one sign and not an escape of several."""
    return shortened(shown("".join(c if c.isprintable() else "\ufffd" for c in text)), limit)


def shown_name(name: str) -> str:
    """A file name as it is, or in the form ``$'a\\nb.csv'`` that a shell takes back.

    A name that can be printed whole is shown as it is; any other in the quoting of bash and zsh, in
    which a backslash of the name cannot be taken for an escape.
    """
    if name.isprintable() and not name.startswith("$'"):
        return name
    inner = "".join("\\" + c if c in "\\'" else c if c.isprintable() else _escape(c) for c in name)
    return f"$'{inner}'"


def storable(name: str) -> str:
    """A name or path as the books have it: a byte that is not UTF-8 becomes ``\\xNN``, a backslash
    becomes two, so that no other name becomes the same. :func:`delivered` undoes it."""
    return _NOT_UTF8.sub(lambda m: "\\\\" if m[0] == "\\" else f"\\x{ord(m[0]) - _FIRST:02x}", name)


def delivered(stored: str) -> str:
    """The name that :func:`storable` was given."""
    return _STORED.sub(lambda m: chr(_FIRST + int(m[2], 16)) if m[2] else "\\", stored)


def _escape(char: str) -> str:
    point = ord(char)
    if char in _NAMED:
        return _NAMED[char]
    if _FIRST < point <= _FIRST + 0xFF:
        return f"\\x{point - _FIRST:02x}"
    if point < 0x80:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


_USER_INFO = re.compile(r"(?<=://)[^\s@]*@")


_QUERY = re.compile(r"\?[^\s=]*=[^\s'\"]*")


def masked(text: str) -> str:
    """``text`` without what may be a secret in a URI: user and password, and the query."""
    return _QUERY.sub("?***", _USER_INFO.sub("***@", text))


def ended(text: str) -> str:
    """``text`` with a full stop, for what stands before another sentence."""
    return text if not text or text.endswith((".", "!", "?", ":")) else f"{text}."


def counted(number: int, thing: str, things: str = "") -> str:
    """``1 row``, ``2,000 rows``.

    :param things: several of them, where it is not that word with an s.
    """
    return f"{number:,} {thing if number == 1 else things or f'{thing}s'}"
