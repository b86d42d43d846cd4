"""File name patterns: ``*`` stands for any text, every other character for itself.

A pattern is compared with the *name* of a file, never with a path, so it is no shell glob: ``?``,
``[``, ``]``, ``{`` and ``}`` are literal characters, because senders use them in names. With ``*``
as the only special character, "can two patterns match one name?" and "does one pattern cover the
other?" have exact answers that cost a few string comparisons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode

IGNORED_PREFIX = "."
IGNORED_SUFFIXES = (".tmp", ".part", ".filepart", ".gstmp")
MAX_PATTERN_LENGTH = 255

_FORBIDDEN = "/"  # in no name and in no pattern, which makes it a safe stand-in for "any text"
_FILLERS = ("1", "x", "20240115", "")


def is_ignored(name: str) -> bool:
    """Whether no pattern ever matches ``name``: hidden, or still being written by its sender.

    :param name: a file name, not a path.
    """
    return not name or name.startswith(IGNORED_PREFIX) or name.endswith(IGNORED_SUFFIXES)


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern, ready to be compared. Made by :meth:`parse`.

    :param text: the pattern as written.
    :param parts: the literal texts before, between and after the ``*``; one more than there are
        stars.
    """

    text: str
    parts: tuple[str, ...]

    @staticmethod
    def parse(text: str) -> Pattern:
        """Read a pattern.

        :param text: 1 to 255 characters; no ``/`` and no NUL.
        :raises ConfigurationError: ``mapping.bad_pattern`` if it is empty, too long, absolute,
            leads into another folder (``/`` or ``..``) or holds a NUL character.
        """
        return _parse(text)

    @property
    def star_count(self) -> int:
        """Number of ``*``."""
        return len(self.parts) - 1

    @property
    def literal_prefix(self) -> str:
        """The text before the first ``*``; the whole text if there is none."""
        return self.parts[0]

    @property
    def literal_suffix(self) -> str:
        """The text after the last ``*``; the whole text if there is none."""
        return self.parts[-1]

    @property
    def matches_nothing(self) -> bool:
        """Whether every name it describes is one that :func:`is_ignored` leaves alone."""
        return self.literal_prefix.startswith(IGNORED_PREFIX) or self.literal_suffix.endswith(
            IGNORED_SUFFIXES
        )

    def match(self, name: str) -> tuple[str, ...] | None:
        """The text matched by each ``*``, or ``None`` if ``name`` does not match.

        Case-sensitive. Several ``*`` split shortest first: the first takes as little as it can,
        then the second, the last one takes what is left.

        :param name: a file name; a newline or a lone surrogate in it is a character like others.
        """
        if is_ignored(name) or _FORBIDDEN in name:
            return None
        return self._split(name)

    def fill(self, stars: Sequence[str]) -> str:
        """The name with each ``*`` replaced: how a go file's name follows from its data file's.

        :param stars: one text for each ``*``, as :meth:`match` returned them.
        :raises ValueError: if there are not as many texts as stars.
        """
        if len(stars) != self.star_count:
            raise ValueError(f"{self.text!r} has {self.star_count} stars, not {len(stars)}")
        pairs = zip(self.parts, (*stars, ""), strict=True)
        return "".join([text for pair in pairs for text in pair])

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
        if not self.star_count:
            return iter(() if other.match(self.text) is None else (self.text,))
        if not other.star_count:
            return iter(() if self.match(other.text) is None else (other.text,))
        prefix = _longer(self.parts[0], other.parts[0], str.startswith)
        if prefix is None or prefix.startswith(IGNORED_PREFIX):
            return iter(())
        suffix = _longer(self.parts[-1], other.parts[-1], str.endswith)
        if suffix is None or suffix.endswith(IGNORED_SUFFIXES):
            return iter(())
        return self._common_names(other, prefix, suffix)

    def covers(self, other: Pattern) -> bool:
        """Whether every name that ``other`` matches is matched by this pattern too. Exact.

        A star of ``other`` may be any text, so only a star of this pattern can take it up: that is
        tested with one character that no pattern can hold.
        """
        return other.matches_nothing or self._split(other.text.replace("*", _FORBIDDEN)) is not None

    def _common_names(self, other: Pattern, prefix: str, suffix: str) -> Iterator[str]:
        mine, others = "".join(self.parts[1:-1]), "".join(other.parts[1:-1])
        middle = mine if others in mine else others if mine in others else mine + others
        for filler in _FILLERS:
            name = prefix + filler + middle + suffix
            if self.match(name) is not None and other.match(name) is not None:
                yield name
        # Always matches; fillers on both sides keep it from becoming a name that is ignored.
        yield f"{prefix}x{mine}{others}x{suffix}"

    def _split(self, name: str) -> tuple[str, ...] | None:
        parts = self.parts
        first, last = parts[0], parts[-1]
        if len(parts) == 1:
            return () if name == first else None
        end = len(name) - len(last)
        if len(first) > end or not (name.startswith(first) and name.endswith(last)):
            return None
        stars, position = [], len(first)
        # The leftmost place of each part leaves most room for the parts behind it, so taking it is
        # both the shortest-first split and never the reason why a later part does not fit.
        for part in parts[1:-1]:
            found = name.find(part, position, end)
            if found < 0:
                return None
            stars.append(name[position:found])
            position = found + len(part)
        return (*stars, name[position:end])


def _longer(one: str, two: str, extends: Callable[[str, str], bool]) -> str | None:
    """The longer text if it ``extends`` the shorter one, else ``None``."""
    if extends(one, two):
        return one
    return two if extends(two, one) else None


@lru_cache(maxsize=8192)
def _parse(text: str) -> Pattern:
    problem, hint = None, "Write the file's name, with * for the text that changes."
    if not text:
        problem = "The pattern is empty"
    elif text.startswith("/"):
        problem = "The pattern is an absolute path"
        hint = "Patterns are compared with file names in the landing zone: leave the folder out."
    elif ".." in text.split("/"):
        problem = "The pattern leads out of the landing zone (..)"
        hint = "Patterns are compared with file names in the landing zone: leave the folder out."
    elif _FORBIDDEN in text:
        problem = "The pattern holds a slash, but only direct children of the landing zone are read"
        hint = "Patterns are compared with file names in the landing zone: leave the folder out."
    elif "\0" in text:
        problem = "The pattern holds a NUL character, which no file name can"
    elif len(text) > MAX_PATTERN_LENGTH:
        problem = f"The pattern has {len(text)} characters, {MAX_PATTERN_LENGTH} are allowed"
    if problem:
        raise ConfigurationError(ErrorCode.MAPPING_BAD_PATTERN, f"{problem}.", hint=hint)
    return Pattern(text, tuple(text.split("*")))
