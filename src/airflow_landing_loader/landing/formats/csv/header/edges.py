"""Which bytes a record may begin and end with whose fields are a header's names, however spelled.

Names are one name in any case, composed or not, with or without what cannot be seen at their edges.
So a first byte may be many; what follows a letter of a name in ASCII is mostly its next letter.
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from airflow_landing_loader.config.mapping.column_names import UNSEEN
from airflow_landing_loader.landing.formats.csv.bitmasks import Bytes, Mask, Offsets
from airflow_landing_loader.landing.formats.csv.dialect import Dialect

LETTERS = frozenset(string.ascii_lowercase)
"""Of which :func:`lead_bytes` knows all spellings."""

_PLAIN = LETTERS | {*string.digits, "_"}
_FURTHER = 4  # bytes behind the first one: more says little
_FEW = 4096  # records: of more, one comparison for each byte takes less time than a look-up
_LINE_ENDS = "\r\n"
_BLANKS = "\t\x0b\x0c\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
# Scripts that have letters which are not simply the small or the capital form of each other.
_CASED = (*range(0x80, 0x600), *range(0x1380, 0x1400), *range(0x1C80, 0x2200),
          *range(0xA640, 0xAC00), *range(0xFB00, 0xFB20))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Edge:
    """What a record may have at one of its edges, from there inwards.

    :param quote: the dialect's.
    :param outside: bytes right at the edge, each once.
    :param allowed: the same as a mask.
    :param within: at the edge of the first field's text, within quotes or without.
    :param further: at the places behind.
    :param odd: bytes behind which any may follow.
    """

    quote: int | None
    outside: bytes
    allowed: Mask
    within: Mask
    further: tuple[Mask, ...]
    odd: Mask

    def first(self, edge: Bytes) -> Offsets:
        """Indices of the records that may have such an edge, by their bytes there."""
        if len(edge) <= _FEW:
            return np.flatnonzero(self.allowed[edge])
        there = edge.tobytes()
        hits = [edge == byte for byte in self.outside if byte in there]
        return np.flatnonzero(np.logical_or.reduce(hits)) if hits else np.empty(0, np.int64)

    def narrowed(self, data: Bytes, found: Offsets, at: Offsets, step: int) -> Offsets:
        """Those of some records that may have such an edge, as far as a few bytes tell.

        :param found: indices of the records.
        :param at: where all records have it.
        :param step: the way inwards, 1 or -1.
        """
        if not len(found):
            return found
        at = at.take(found)
        byte = data.take(at)
        good, free = self.allowed[byte], self.odd[byte]
        if self.quote is not None:
            quoted = byte == self.quote
            at = at + step * quoted
            byte = data.take(at, mode="clip")
            good &= self.within[byte] | ~quoted
            free = self.odd[byte]
        for table in (None, *self.further):
            if table is not None:
                at = at + step
                byte = data.take(at, mode="clip")
                good = table[byte] | free | (at < 0) | (at >= len(data))
                free = free | self.odd[byte]
            found, at, free = found[good], at[good], free[good]
            if not len(found):
                break
        return found


@lru_cache(maxsize=1024)  # files of one table have one header
def edge_of(names: frozenset[str], edge: int, dialect: Dialect, *, signs: bool) -> Edge:
    """The edge of a record.

    :param names: those that may stand there, as they are compared.
    :param edge: 0: the front; -1: the back.
    :param signs: whether any sign may stand between their letters.
    """
    marks = [] if dialect.quote is None else [chr(dialect.quote)]
    escapes = [] if dialect.escape is None else [chr(dialect.escape)]
    delimiter = dialect.delimiter.decode()
    ignored = _ignored(edge, delimiter if signs else None)
    texts = {s for name in names for s in _spellings(name, edge)}
    outside = ignored | _mask([*texts, *marks, *([] if all(names) else [delimiter])], edge)
    within = ignored | _mask([*texts, *_LINE_ENDS, *marks, *escapes], edge)
    odd = ignored | _mask([*_LINE_ENDS, *marks, *escapes], 0)
    odd[0x80:] = True
    return Edge(
        quote=dialect.quote,
        outside=np.flatnonzero(outside).astype(np.uint8).tobytes(),
        allowed=outside,
        within=within,
        further=tuple(_further(names, edge, [*marks, *_LINE_ENDS, delimiter], odd)),
        odd=odd,
    )


@lru_cache(maxsize=64)
def _ignored(edge: int, but: str | None) -> Mask:
    """What does not count at the edge of a name.

    :param but: signs do not count either, control characters among them, but for those in this
        text.
    """
    found = _mask([*_BLANKS, *UNSEEN], edge)
    if but is not None:
        signs = [sign for sign in map(chr, range(0x80)) if not sign.isalnum()]
        found |= _mask([sign for sign in signs if sign not in but], edge)
        found[0x80:] = True
    return found


def _further(names: Iterable[str], edge: int, ends: Iterable[str], odd: Mask) -> Iterator[Mask]:
    """What may stand behind the first byte, as long as that is plain letters in all names.

    :param ends: what may stand behind a name.
    :param odd: what is not asked for here.
    """
    plain = [_plain(name if edge == 0 else name[::-1]) for name in names]
    for place in range(1, _FURTHER + 1):
        if any(len(letters) <= place and not whole for letters, whole in plain):
            return
        table = odd.copy()
        for letters, _ in plain:
            if place < len(letters):
                table |= _mask(_spellings(letters[place], 0), edge)
            elif place == len(letters):
                table |= _mask(ends, edge)
            else:
                table[:] = True
        yield table


def _plain(name: str) -> tuple[str, bool]:
    """The plain letters that a name begins with, and whether that is all of it."""
    end = next((i for i, letter in enumerate(name) if letter not in _PLAIN), len(name))
    # A letter may stand together with a mark that follows it.
    return (name, True) if end == len(name) else (name[: max(0, end - 1)], False)


@cache
def lead_bytes(letter: str) -> bytes:
    """The first bytes of the spellings of a letter, the frequent ones first."""
    found = dict.fromkeys([letter, letter.upper(), *_spellings(letter, 0)])
    return bytes(dict.fromkeys(spelling.encode()[0] for spelling in found))


def _mask(texts: Iterable[str], edge: int) -> Mask:
    """Which bytes some texts have at an edge."""
    found = np.zeros(256, np.bool_)
    found[[text.encode()[edge] for text in texts]] = True
    return found


def _spellings(name: str, edge: int) -> Iterator[str]:
    """Characters that a text which is one name with another may have at an edge."""
    whole = unicodedata.normalize("NFD", name)
    base = next((i for i in range(len(whole))[::-1] if not unicodedata.combining(whole[i])), 0)
    tail = whole[base:] if edge else whole[:1] + _marks_behind(whole)
    letters = {*tail, *name[edge:][:1]}
    letters |= {c for letter in letters for c in _cased().get(letter, "")}
    letters |= {c for letter in letters for c in letter.upper() + letter.lower() + letter.title()}
    marks = [c for c in tail if unicodedata.combining(c)]
    for letter in letters:
        yield letter
        yield from unicodedata.normalize("NFD", letter)
        yield from (unicodedata.normalize("NFC", letter + mark) for mark in marks)


def _marks_behind(text: str) -> str:
    """The marks behind the first character."""
    end = next((i for i in range(1, len(text)) if not unicodedata.combining(text[i])), len(text))
    return text[1:end]


@lru_cache(maxsize=1)
def _cased() -> dict[str, str]:
    """Where case does not count: for each character those that become it, or a text with it."""
    cased: dict[str, str] = {}
    for char in map(chr, _CASED):
        if char != char.casefold():
            for folded in {*unicodedata.normalize("NFD", char.casefold())}:
                cased[folded] = cased.get(folded, "") + char
    return cased
