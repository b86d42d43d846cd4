"""Backslash sequences: which bytes they take the meaning of, and what they stand for.

The rules are those of MySQL's ``LOAD DATA`` with its default ``ESCAPED BY``, and of the text format
of Postgres's ``COPY``, as their manuals have them. What stands for no character is refused.
"""

from __future__ import annotations

import re

import numpy as np

from airflow_landing_loader.landing.formats.csv.bitmasks import Bytes, Offsets
from airflow_landing_loader.landing.formats.csv.dialect import Dialect

_MYSQL = {"b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a"}
_POSTGRES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_NUMBER = r"x[0-9A-Fa-f]{1,2}|[0-7]{1,3}"
_SEQUENCE = {
    "mysql": re.compile(r"\\(.)", re.DOTALL),
    "postgres": re.compile(rf"\\({_NUMBER}|.)", re.DOTALL),
}
_POSTGRES_NUMBER = re.compile(_NUMBER.encode())
_ASCII = 0x80


def escaped(data: Bytes, escape: int) -> Offsets:
    """Bytes whose meaning an escape before them takes away, as if all of them lay inside quotes.

    In a run of escapes the first escapes the second, the third the fourth, and so on.
    """
    offsets = np.flatnonzero(data == escape)
    if not len(offsets):
        return offsets
    new_run = np.ones(len(offsets), np.bool_)
    new_run[1:] = np.diff(offsets) != 1
    run_start = np.maximum.accumulate(np.where(new_run, offsets, 0))
    found: Offsets = offsets[(offsets - run_start) % 2 == 0] + 1
    return found if found[-1] < len(data) else found[:-1]


def bad_sequence(chunk: bytes, at: Offsets, dialect: Dialect, *, final: bool) -> int | None:
    """Offset of the first backslash sequence that stands for no character, ``None`` if all do.

    :param at: the backslashes.
    :param final: the text ends with the chunk; else what it cuts is left open.
    """
    suspects = b"\r0" if dialect.sequences == "mysql" else b"\r.x01234567"
    second = np.frombuffer(chunk, np.uint8)[at + 1]
    for offset in at[np.isin(second, np.frombuffer(suspects, np.uint8))].tolist():
        if _stands_for_nothing(chunk, offset, dialect, final=final):
            return int(offset)
    return None


def _stands_for_nothing(chunk: bytes, at: int, dialect: Dialect, *, final: bool) -> bool:
    """Whether it is NUL, a byte that is no ASCII, an end mark, or half of a line end: to some that
    is a line end in a value, to others a value's last character and the end of its record."""
    if chunk[at + 1 : at + 2] == b"\r":
        return chunk[at + 2 : at + 3] == b"\n"
    if dialect.sequences == "mysql" or chunk[at + 1 : at + 2] == b".":
        return True
    number = _POSTGRES_NUMBER.match(chunk, at + 1)
    if number is None or (number.end() == len(chunk) and not final):
        return False
    return not 0 < _value(number[0].decode()) < _ASCII


def letters(dialect: Dialect) -> Bytes:
    """For each byte behind a backslash what it stands for; numbers are not known here."""
    table = np.arange(256, dtype=np.uint8)
    for letter, text in (_MYSQL if dialect.sequences == "mysql" else _POSTGRES).items():
        table[ord(letter)] = ord(text)
    return table


def unescaped(text: str, dialect: Dialect) -> str:
    """A field without its backslash sequences.

    :param text: a field that follows the grammar, quotes taken off.
    :param dialect: one with sequences.
    """
    if "\\" not in text:
        return text
    mysql = dialect.sequences == "mysql"
    return _SEQUENCE[dialect.sequences or "mysql"].sub(_of_mysql if mysql else _of_postgres, text)


def _of_mysql(found: re.Match[str]) -> str:
    return _MYSQL.get(found[1], found[1])


def _of_postgres(found: re.Match[str]) -> str:
    text = found[1]
    if re.fullmatch(_NUMBER, text):
        return chr(_value(text))
    return _POSTGRES.get(text, text)


def _value(number: str) -> int:
    return int(number[1:], 16) if number.startswith("x") else int(number, 8) % 256
