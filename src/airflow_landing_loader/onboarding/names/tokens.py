"""A file name, taken apart: runs of digits, words, single signs, and the ending."""

from __future__ import annotations

import re
from dataclasses import dataclass

DIGITS = "digits"
MONTH = "month"
MARK = "mark"
"""A token that changes from name to name whatever it is: a hash, a UUID."""

WORD = "word"
"""A word of which several are known at this place; only groups have it."""

REST = "rest"
"""Any text behind all others; only groups have it."""

_MARK = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
    r"|(?=[0-9]*[a-f])(?=[a-f]*[0-9])(?:[0-9a-f]{16}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}))"
    r"(?![0-9A-Za-z])",
    re.IGNORECASE,
)
_RUN = re.compile(r"[0-9]+|[^\W\d_]+|.", re.DOTALL)
_ENDING = re.compile(r"(?:\.[A-Za-z][A-Za-z0-9]{0,9}){1,3}\Z")
_MONTHS = frozenset(
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
)


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of a name.

    :param kind: one of the constants of this module; ``""``: the text itself.
    """

    kind: str
    text: str

    @property
    def key(self) -> tuple[str, str]:
        """What two names must have in common here to be of one kind."""
        return (self.kind, "") if self.kind else ("", self.text)


@dataclass(frozen=True, slots=True)
class Name:
    """A name and its tokens; the ending is none of them.

    :param ending: ``.csv.gz`` and the like, which tells kinds of files apart.
    """

    text: str
    tokens: tuple[Token, ...]
    ending: str

    @property
    def key(self) -> Key:
        """What two names of one kind have in common."""
        return Key(tuple([token.key for token in self.tokens]), self.ending)


@dataclass(frozen=True, slots=True)
class Key:
    """The kind of a name: what is fixed in it, and of what kind the rest is."""

    tokens: tuple[tuple[str, str], ...]
    ending: str


def is_word(text: str) -> bool:
    """Whether a fixed token is a word, and no sign."""
    return text[:1].isalpha()


def words_of(key: Key) -> frozenset[str]:
    """The fixed words of a kind of names, in small letters."""
    return frozenset(text.casefold() for kind, text in key.tokens if not kind and is_word(text))


def taken_apart(name: str) -> Name:
    """A name as its tokens, which make the name again together with the ending."""
    ending = _ENDING.search(name)
    if ending is None or not ending.start():
        return Name(name, tuple(_tokens(name)), "")
    stem = name[: ending.start()]
    return Name(name, tuple(_tokens(stem)), ending[0])


def _tokens(stem: str) -> list[Token]:
    found: list[Token] = []
    at = 0
    for mark in _MARK.finditer(stem):
        found += _runs(stem[at : mark.start()])
        found.append(Token(MARK, mark[0]))
        at = mark.end()
    return found + _runs(stem[at:])


def _runs(text: str) -> list[Token]:
    runs = _RUN.findall(text)
    return [Token(_kind(runs, at), run) for at, run in enumerate(runs)]


def _kind(runs: list[str], at: int) -> str:
    run = runs[at]
    if run[0] in "0123456789":
        return DIGITS
    if run.casefold() in _MONTHS and run.isascii():
        behind = runs[at + 1 : at + 3]
        if behind and (behind[0][0].isdigit() or (behind[1:] and _is_joint(behind))):
            return MONTH
    return ""


def _is_joint(behind: list[str]) -> bool:
    return behind[0] in "-_." and behind[1][0].isdigit()
