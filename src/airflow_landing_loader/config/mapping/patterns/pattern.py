"""File name patterns: ``*`` stands for any text, named parts for what they say, every other
character for itself.

A pattern is compared with the *name* of a file, never with a path, so it is no shell glob: ``?``,
``[``, ``]`` and braces round anything but a part are literal characters, because senders use them
in names. With ``*`` as the only wildcard, "can two patterns match one name?" and "does one pattern
cover the other?" have exact answers that cost a few string comparisons; for dates, numbers and
ignored case there is a search over what both can match.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise

from airflow_landing_loader.config.mapping.patterns.common_names import common_name
from airflow_landing_loader.config.mapping.patterns.ignored import (
    IGNORED_PREFIX,
    IGNORED_SUFFIXES,
    is_ignored,
)
from airflow_landing_loader.config.mapping.patterns.parts import Misfit, NamePart, Wildcard
from airflow_landing_loader.config.mapping.patterns.places import Place, folded
from airflow_landing_loader.config.mapping.patterns.reading import FORBIDDEN, taken_apart

_FILLERS = ("1", "x", "20240115", "")
_SEPARATOR = re.compile("[-_. ]")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern, ready to be compared. Made by :meth:`parse`.

    :param text: the pattern as written.
    :param literals: the texts before, between and after the wildcards; one more than there are
        wildcards.
    :param ignore_case: whether the letters of the literals may be small or capital.
    :ivar has_forms: whether there are dates or numbers.
    :ivar names: the names of its parts, in order.
    """

    text: str
    literals: tuple[str, ...]
    wildcards: tuple[Wildcard, ...]
    ignore_case: bool = False
    # Asked for each of hundreds of thousands of names.
    has_forms: bool = field(init=False, compare=False, repr=False)
    names: tuple[str, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        names = tuple([one.name for one in self.wildcards if one.name is not None])
        object.__setattr__(self, "has_forms", any(one.form for one in self.wildcards))
        object.__setattr__(self, "names", names)

    @staticmethod
    def parse(text: str, *, ignore_case: bool = False) -> Pattern:
        """Read a pattern.

        :param text: 1 to 255 characters; no ``/`` and no NUL. ``{{`` and ``}}`` stand for braces.
        :raises ConfigurationError: ``mapping.bad_pattern`` if it is empty, too long, absolute,
            leads into another folder (``/`` or ``..``), holds a NUL character, or a named part that
            is none.
        """
        return _parse(text, ignore_case)

    @property
    def literal_prefix(self) -> str:
        """The text before the first wildcard; the whole text if there is none."""
        return self.literals[0]

    @property
    def literal_suffix(self) -> str:
        """The text after the last wildcard; the whole text if there is none."""
        return self.literals[-1]

    @property
    def star_count(self) -> int:
        """Number of ``*``."""
        return sum(one.name is None for one in self.wildcards)

    @property
    def is_plain(self) -> bool:
        """Whether every wildcard takes any text, and case counts."""
        return not self.ignore_case and not self.has_forms

    @property
    def matches_nothing(self) -> bool:
        """Whether every name it describes is one that :func:`is_ignored` leaves alone."""
        return self.literal_prefix.startswith(IGNORED_PREFIX) or self.literal_suffix.endswith(
            IGNORED_SUFFIXES
        )

    def match(self, name: str) -> tuple[str, ...] | None:
        """The text matched by each wildcard, or ``None`` if ``name`` does not match.

        Several ``*`` split shortest first: the first takes as little as it can, then the second,
        the last one takes what is left. A part directly before a ``*`` ends at the first ``_``,
        ``-``, ``.`` or blank; a number takes all digits that stand there. Whether a date exists is
        not asked.

        :param name: a file name; a newline or a lone surrogate in it is a character like others.
        """
        if is_ignored(name) or FORBIDDEN in name:
            return None
        texts = self._split_by_shape(name) if self.has_forms else self._split(name)
        return texts if texts is None or not self.names else self._before_star(texts)

    def parts_of(self, name: str) -> tuple[NamePart, ...]:
        """What the named parts say in a name; those left out that say nothing there.

        :param name: one that matches.
        """
        texts = self.match(name) or ()
        said = zip(self.wildcards, texts, strict=False)
        values = [(one.name, text, one.value(text)) for one, text in said if one.name is not None]
        return tuple([NamePart(n, text, value) for n, text, value in values if value is not None])

    def misfit(self, name: str) -> Misfit | None:
        """The date or number of this pattern that a name should have and has not, of several the
        first; ``None``: it has all, or is not of this kind at all.

        :param name: a file name.
        """
        texts = self.match(name)
        formed = [at for at, one in enumerate(self.wildcards) if one.form]
        if texts is None:
            if not formed or _loose(self, *formed).match(name) is None:
                return None
            lacking = [at for at in formed if _loose(self, at).match(name) is not None]
            return Misfit(self.wildcards[(lacking or formed)[0]].written, "")
        wrong = next((at for at in formed if self.wildcards[at].value(texts[at]) is None), None)
        return None if wrong is None else Misfit(self.wildcards[wrong].written, texts[wrong])

    def fill(self, texts: Sequence[str]) -> str:
        """The name with each wildcard replaced.

        :param texts: one for each wildcard, as :meth:`match` returned them.
        :raises ValueError: if there are not as many texts as wildcards.
        """
        if len(texts) != len(self.wildcards):
            raise ValueError(f"{self.text!r} has {len(self.wildcards)} wildcards, not {len(texts)}")
        pairs = zip(self.literals, (*texts, ""), strict=True)
        return "".join([text for pair in pairs for text in pair])

    def counterpart(self, other: Pattern, texts: Sequence[str]) -> str:
        """How a go file's name follows from its data file's, and the other way round.

        :param other: the pattern of that name, which :meth:`pairs_with` this one.
        :param texts: of its wildcards.
        :raises ValueError: a date of another form does not exist.
        """
        if not self.names:
            return self.fill(texts)
        order = _order(self, other) or ()
        mine = zip(self.wildcards, order, strict=True)
        return self.fill([other.wildcards[at].rewritten(texts[at], one) for one, at in mine])

    def pairs_with(self, other: Pattern) -> bool:
        """Whether a name of the one says which name of the other it belongs to: as many ``*``, and
        parts of the same names that say the same things.
        """
        return _order(self, other) is not None

    def intersect(self, other: Pattern) -> str | None:
        """An example of a name that both match, or ``None`` if there is no such name. Exact.

        Where both have a star, their prefixes and suffixes decide: if one prefix begins with the
        other and one suffix ends with the other, the longer prefix, all middle parts of both and
        the longer suffix in a row match both, since each pattern's stars take up the other's
        middle parts.
        """
        return next(self.examples(other), None)

    def examples(self, other: Pattern) -> Iterator[str]:
        """A few names that both match; none exactly if there is no such name."""
        if not (self.is_plain and other.is_plain):
            found = common_name(self.places, other.places)
            return iter(() if found is None else (found,))
        if not self.wildcards:
            return iter(() if other.match(self.literals[0]) is None else self.literals)
        if not other.wildcards:
            return other.examples(self)
        prefix = _longer(self.literals[0], other.literals[0], str.startswith)
        if prefix is None or prefix.startswith(IGNORED_PREFIX):
            return iter(())
        suffix = _longer(self.literals[-1], other.literals[-1], str.endswith)
        if suffix is None or suffix.endswith(IGNORED_SUFFIXES):
            return iter(())
        return self._common_names(other, prefix, suffix)

    def covers(self, other: Pattern) -> bool:
        """Whether every name that ``other`` matches is matched by this pattern too. Exact, but for
        dates and numbers of this pattern, which cover only themselves.

        A wildcard of ``other`` may be many texts, so only a star of this pattern can take it up:
        that is tested with one character that no pattern can hold. So may a letter whose case is
        ignored there and counts here.
        """
        if other.matches_nothing:
            return True
        if self.has_forms:
            return self == other
        literals = other.literals
        if other.ignore_case and not self.ignore_case:
            literals = tuple([_without_cased(text) for text in literals])
        return self._split(FORBIDDEN.join(literals)) is not None

    @property
    def places(self) -> tuple[Place, ...]:
        """The same, character by character; see :func:`.common_names.common_name`."""
        places = [Place(char, self.ignore_case) for char in self.literals[0]]
        for one, literal in zip(self.wildcards, self.literals[1:], strict=True):
            places += [*one.places, *(Place(char, self.ignore_case) for char in literal)]
        return tuple(places)

    def _common_names(self, other: Pattern, prefix: str, suffix: str) -> Iterator[str]:
        mine, others = "".join(self.literals[1:-1]), "".join(other.literals[1:-1])
        middle = mine if others in mine else others if mine in others else mine + others
        for filler in _FILLERS:
            name = prefix + filler + middle + suffix
            if self.match(name) is not None and other.match(name) is not None:
                yield name
        # Always matches; fillers on both sides keep it from becoming a name that is ignored.
        yield f"{prefix}x{mine}{others}x{suffix}"

    def _split(self, name: str) -> tuple[str, ...] | None:
        """The texts of the wildcards, where each takes any text."""
        literals, subject = self.literals, name
        if self.ignore_case:
            literals, subject = tuple([folded(text) for text in literals]), folded(name)
        first, last = literals[0], literals[-1]
        if len(literals) == 1:
            return () if subject == first else None
        end = len(subject) - len(last)
        if len(first) > end or not (subject.startswith(first) and subject.endswith(last)):
            return None
        texts, position = [], len(first)
        # The leftmost place of each literal leaves most room for those behind it, so taking it is
        # both the shortest-first split and never the reason why a later one does not fit.
        for literal in literals[1:-1]:
            found = subject.find(literal, position, end)
            if found < 0:
                return None
            texts.append(name[position:found])
            position = found + len(literal)
        return (*texts, name[position:end])

    def _before_star(self, texts: tuple[str, ...]) -> tuple[str, ...]:
        """The same, where a part directly before a ``*`` has what is its."""
        found = list(texts)
        for at, (one, two) in enumerate(pairwise(self.wildcards)):
            if one.name and two.name is None and not one.form and not self.literals[at + 1]:
                both = found[at + 1]  # shortest first left nothing to the part
                separator = _SEPARATOR.search(both)
                end = len(both) if separator is None else separator.start()
                found[at], found[at + 1] = both[:end], both[end:]
        return tuple(found)

    def _split_by_shape(self, name: str) -> tuple[str, ...] | None:
        """The same where dates and numbers have their shape: what stands between two texts of any
        kind is found as one, at the leftmost place, for the same reason.
        """
        subject = folded(name) if self.ignore_case else name
        pieces = _rigid(self)
        texts: list[str] = []
        position = 0
        for piece in pieces:
            found = piece.search(subject, position)
            if found is None:
                return None
            if piece is not pieces[0]:
                texts.append(name[position : found.start()])
            texts += [name[slice(*found.span(group + 1))] for group in range(piece.groups)]
            position = found.end()
        return tuple(texts)


def _longer(one: str, two: str, extends: Callable[[str, str], bool]) -> str | None:
    """The longer text if it ``extends`` the shorter one, else ``None``."""
    if extends(one, two):
        return one
    return two if extends(two, one) else None


def _without_cased(text: str) -> str:
    """A text with a stand-in for each letter that may be small or capital."""
    return "".join([one if one.lower() == one.upper() else FORBIDDEN for one in text])


@lru_cache(maxsize=8192)
def _rigid(pattern: Pattern) -> tuple[re.Pattern[str], ...]:
    """What stands before, between and behind the wildcards that take any text."""
    runs = [_regex(pattern.literals[0], pattern)]
    for one, literal in zip(pattern.wildcards, pattern.literals[1:], strict=True):
        if one.form:
            runs[-1] += f"({''.join(place.regex for place in one.places)})"
        else:
            runs.append("")
        runs[-1] += _regex(literal, pattern)
    runs[0] = rf"\A{runs[0]}"
    runs[-1] = rf"{runs[-1]}\Z"
    return tuple([re.compile(run) for run in runs])


def _regex(literal: str, pattern: Pattern) -> str:
    return re.escape(folded(literal) if pattern.ignore_case else literal)


@lru_cache(maxsize=8192)
def _loose(pattern: Pattern, *places: int) -> Pattern:
    """The same with any text for some of its dates and numbers."""
    wildcards = list(pattern.wildcards)
    for at in places:
        wildcards[at] = replace(wildcards[at], form="")
    return replace(pattern, wildcards=tuple(wildcards))


@lru_cache(maxsize=8192)
def _order(mine: Pattern, others: Pattern) -> tuple[int, ...] | None:
    """For each wildcard of mine, which of the others says its text; ``None``: they do not pair."""
    stars = iter([at for at, one in enumerate(others.wildcards) if one.name is None])
    named = {one.name: at for at, one in enumerate(others.wildcards) if one.name is not None}
    order = [
        next(stars, None) if one.name is None else named.get(one.name) for one in mine.wildcards
    ]
    found = [at for at in order if at is not None]
    if len(found) < len(others.wildcards) or len(found) < len(order):
        return None
    pairs = zip(mine.wildcards, found, strict=True)
    same = all(one.says_the_same_as(others.wildcards[at]) for one, at in pairs)
    return tuple(found) if same else None


@lru_cache(maxsize=8192)
def _parse(text: str, ignore_case: bool) -> Pattern:
    literals, wildcards = taken_apart(text)
    return Pattern(text, literals, wildcards, ignore_case)
