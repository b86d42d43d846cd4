"""Whether a go file speaks of another data file than the one that it lies beside.

Senders write names as they know them: with a folder, in quotes, in another case, without the ending
that a later compression added, or with that of the file within an archive. None of that makes it
another file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from airflow_landing_loader.config.mapping.patterns.pattern import Pattern
from airflow_landing_loader.landing.model import Delivery

_PACKED = (".gz", ".zst", ".zstd", ".bz2", ".xz", ".zip", ".gpg", ".pgp")
_FILE_KEYS = frozenset({"file", "filename", "datafile", "datafilename", "name"})
_LEAST_LITERAL = 2
_QUOTES = " \t\"'`"
_Entry = TypeVar("_Entry")


def is_file_key(key: str) -> bool:
    """Whether a property of this name holds the name of the data file."""
    return "".join(filter(str.isalpha, key.casefold())) in _FILE_KEYS


def names_own(
    entries: Sequence[_Entry], delivery: Delivery, texts_of: Callable[[_Entry], Iterable[str]]
) -> list[_Entry]:
    """The entries that name the data file: to the letter, or else as senders write it.

    :param texts_of: what may be a name in an entry.
    """
    name, own = delivery.data.name, _Own.of(delivery)
    exact = [entry for entry in entries if name in texts_of(entry)]
    return exact or [e for e in entries if any(own.is_in(_plain(text)) for text in texts_of(e))]


def other_file(texts: Iterable[tuple[str, bool]], delivery: Delivery) -> str | None:
    """The first text that names another file, where none names the delivery's data file.

    :param texts: each with whether any file name with the data file's ending is meant; otherwise
        only one that fits the mapping's patterns.
    :param delivery: the data file, with its go file.
    """
    own, go = _Own.of(delivery), delivery.mapping.go_pattern
    names = [(text, _plain(text), any_name) for text, any_name in texts if text]
    if any(own.is_in(name) for _, name, _ in names):
        return None
    beside = {_plain(delivery.go.name)} if delivery.go else set()
    for text, name, any_name in names:
        fits = own.is_alike(text) or (go is not None and _fits(name, _plainly(go)))
        if name not in beside and (fits or (any_name and _has_ending(name, own.name))):
            return text
    return None


@dataclass(frozen=True, slots=True)
class _Own:
    """The data file's name, as senders write it.

    :param name: without the ending of its compression.
    :param pattern: of such names.
    :param any_ending: the pattern has no other ending than that: the file within may have any.
    """

    name: str
    pattern: Pattern
    any_ending: bool

    @classmethod
    def of(cls, delivery: Delivery) -> _Own:
        """Return that of a delivery's data file."""
        pattern = delivery.mapping.data_pattern
        last, plain = pattern.literals[-1].casefold(), _plainly(pattern)
        bare = plain.literals[-1] != last and "." not in plain.literals[-1]
        return cls(_plain(delivery.data.name), plain, bare)

    def is_in(self, name: str) -> bool:
        """Whether a plain name is the data file's."""
        return name == self.name or (self.any_ending and name.rpartition(".")[0] == self.name)

    def is_alike(self, text: str) -> bool:
        """Whether a text names a data file of this mapping; a word without an ending does not."""
        base = _base(text)
        name = _unpacked(base)
        if self.any_ending and _fits(name.rpartition(".")[0], self.pattern):
            return True
        return (not self.any_ending or name != base) and _fits(name, self.pattern)


def _plain(name: str) -> str:
    return _unpacked(_base(name))


def _base(name: str) -> str:
    return name.strip(_QUOTES).replace("\\", "/").rpartition("/")[2].casefold()


def _unpacked(name: str) -> str:
    return next((name.removesuffix(end) for end in _PACKED if name.endswith(end)), name)


def _plainly(pattern: Pattern) -> Pattern:
    """The pattern of plain names; its parts stay what they are."""
    *literals, last = [literal.casefold() for literal in pattern.literals]
    return replace(pattern, literals=(*literals, _unpacked(last)), ignore_case=True)


def _fits(name: str, pattern: Pattern) -> bool:
    """A name of this pattern, and not just a word or a number that a wide one matches."""
    literal = "".join(pattern.literals)
    says_more = "." in literal or any(map(str.isdigit, name))
    return len(literal) >= _LEAST_LITERAL and says_more and pattern.match(name) is not None


def _has_ending(name: str, own: str) -> bool:
    stem, dot, ending = own.rpartition(".")
    return bool(stem and dot and not ending.isdigit()) and name.endswith(f".{ending}")
