"""What stands in a pattern for a text that changes: ``*``, and the named parts of a name.

``{region}`` is a ``*`` with a name, ``{business_date:%Y%m%d}`` a date or time in digits (and
``%b``, a month's three letters), ``{seq:0d}`` a whole number. Directives are those of Python's
``strptime`` that have one width.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from airflow_landing_loader.config.mapping.patterns.places import DIGITS, LETTERS, Place

_WIDTHS = {"%Y": 4, "%y": 2, "%m": 2, "%b": 3, "%d": 2, "%j": 3, "%H": 2, "%M": 2, "%S": 2}
_CHARS = {directive: LETTERS if directive == "%b" else DIGITS for directive in _WIDTHS} | {"": ""}
_DIRECTIVE = re.compile("%.?", re.DOTALL)
_NUMBER = re.compile("0([1-9]?)d")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NO_YEAR = 2000  # of a time of day; one that nobody is shown
_FIRST_OF_1900S = 69  # of %y, as in POSIX
_EXAMPLE = datetime(2024, 1, 15, 7, 30)  # noqa: DTZ001 (a name tells no time zone)
# What one says only beside the other, and what says the same twice.
_NEEDS = {
    "%m": ("%Y", "%y"),
    "%b": ("%Y", "%y"),
    "%j": ("%Y", "%y"),
    "%d": ("%m", "%b"),
    "%M": ("%H",),
    "%S": ("%M",),
}
_SAME = (("%Y", "%y"), ("%m", "%b", "%j"), ("%d", "%j"))
# The finest thing that is said decides how a value is written: the first that is there.
_TIMES = (
    (("%S",), "%H:%M:%S"),
    (("%M",), "%H:%M"),
    (("%H",), "%H"),
)
_DAYS = (
    (("%d", "%j"), "%Y-%m-%d"),
    (("%m", "%b"), "%Y-%m"),
    (("%Y", "%y"), "%Y"),
)


@dataclass(frozen=True, slots=True)
class NamePart:
    """What one named part says in one name.

    :param text: as it stands in the name.
    :param value: a date or time as in ISO 8601, as far as the name says it (``2024-01-15``,
        ``2024-01``, ``2024-01-15 07:30``); a number without leading zeros; other text as it is.
    """

    name: str
    text: str
    value: str


@dataclass(frozen=True, slots=True)
class Misfit:
    """A name that lacks what its pattern wants.

    :param part: as it is written in the pattern.
    :param text: what stands there and has its shape, but is no such date; empty: nothing has.
    """

    part: str
    text: str


@dataclass(frozen=True, slots=True)
class Wildcard:
    """One of them, in a pattern.

    :param name: of a named part; ``None``: a ``*``.
    :param form: ``%Y%m%d`` and the like, ``0d``, or ``""`` for any text.
    """

    name: str | None = None
    form: str = ""

    @property
    def written(self) -> str:
        """As it stands in a pattern."""
        if self.name is None:
            return "*"
        return f"{{{self.name}:{self.form}}}" if self.form else f"{{{self.name}}}"

    @property
    def is_number(self) -> bool:
        """Whether it takes all digits that stand there."""
        return _NUMBER.fullmatch(self.form) is not None

    @property
    def places(self) -> tuple[Place, ...]:
        """Which characters it takes."""
        return _places(self.form)

    def takes(self, text: str) -> bool:
        """Whether a text has the shape of its form; whether a date exists is not asked."""
        return not self.form or _shape(self.form).fullmatch(text) is not None

    def fault(self) -> str | None:
        """Why its form is none, to be read after its name."""
        if not self.form or self.is_number:
            return None
        said = _DIRECTIVE.findall(self.form)
        if not said or any(one not in _WIDTHS for one in said):
            return "has a form that is neither a date in digits nor a number"
        if len(set(said)) < len(said) or any(len(set(said) & set(same)) > 1 for same in _SAME):
            return "says one thing twice"
        for one in said:
            if one in _NEEDS and not set(_NEEDS[one]) & set(said):
                return f"has {one} without {' or '.join(_NEEDS[one])}"
        return None

    def value(self, text: str) -> str | None:
        """What a text says (see :class:`NamePart`); ``None``: there is no such date or number."""
        if not self.form:
            return text
        if self.is_number:
            return (text.lstrip("0") or "0") if self.takes(text) else None
        when = _moment(self.form, text)
        return None if when is None else _written(when, _canonical(self.form))

    def rewritten(self, text: str, other: Wildcard) -> str:
        """The text of this part, as another part of the same name writes its value.

        :raises ValueError: the text is no such date.
        """
        if self.form == other.form:
            return text
        if self.is_number:
            return text.lstrip("0").rjust(len(other.places) - 1, "0")
        when = _moment(self.form, text)
        if when is None:
            raise ValueError(f"{text!r} is no {self.form}")
        return _written(when, other.form)

    def says_the_same_as(self, other: Wildcard) -> bool:
        """Whether the value of the one can be written as the other."""
        if self.is_number or other.is_number or not (self.form and other.form):
            return self.is_number == other.is_number and bool(self.form) == bool(other.form)
        return _canonical(self.form) == _canonical(other.form)

    def example(self) -> str:
        """A text that it takes."""
        if self.is_number:
            return "1".rjust(len(self.places) - 1, "0")
        return _written(_EXAMPLE, self.form) if self.form else "x"


@lru_cache(maxsize=1024)
def _shape(form: str) -> re.Pattern[str]:
    return re.compile("".join([place.regex for place in _places(form)]))


@lru_cache(maxsize=1024)
def _places(form: str) -> tuple[Place, ...]:
    if not form:
        return (Place(many=True),)
    number = _NUMBER.fullmatch(form)
    if number:
        return (*[Place(DIGITS)] * int(number[1] or 1), Place(DIGITS, many=True))
    found: list[Place] = []
    for text, directive in _pieces(form):
        found += [Place(char) for char in text]
        likely = _written(_EXAMPLE, directive)
        found += [Place(char + _CHARS[directive]) for char in likely]
    return tuple(found)


def _pieces(form: str) -> Iterator[tuple[str, str]]:
    """The texts of a form, each with the directive behind it; none behind the last one."""
    at = 0
    for directive in _DIRECTIVE.finditer(form):
        yield form[at : directive.start()], directive[0]
        at = directive.end()
    yield form[at:], ""


@lru_cache(maxsize=1024)
def _canonical(form: str) -> str:
    """The finest thing that a form says, and all that is coarser, as ISO 8601 has it."""
    day = next((iso for said, iso in _DAYS if any(one in form for one in said)), "")
    time = next((iso for said, iso in _TIMES if any(one in form for one in said)), "")
    return f"{day} {time}".strip()


@lru_cache(maxsize=1024)
def _reader(form: str) -> re.Pattern[str]:
    groups = [
        f"{re.escape(text)}(?P<{said[1]}>[{_CHARS[said]}]{{{_WIDTHS[said]}}})"
        if said
        else re.escape(text)
        for text, said in _pieces(form)
    ]
    return re.compile("".join(groups))


def _moment(form: str, text: str) -> datetime | None:
    """What a text says. Not by ``strptime``, which is lenient, and knows the locale's months."""
    found = _reader(form).fullmatch(text)
    if found is None:
        return None
    said = found.groupdict()
    try:
        month = _MONTHS.index(said["b"].lower()) + 1 if "b" in said else int(said.get("m", 1))
        when = datetime(  # noqa: DTZ001 (a name tells no time zone)
            _year(said),
            month,
            int(said.get("d", 1)),
            int(said.get("H", 0)),
            int(said.get("M", 0)),
            int(said.get("S", 0)),
        )
        day = when + timedelta(days=int(said.get("j", 1)) - 1)
    except (ValueError, OverflowError):
        return None
    return day if day.year == when.year and said.get("j") != "000" else None


def _year(said: Mapping[str, str]) -> int:
    if "y" not in said:
        return int(said.get("Y", _NO_YEAR))
    year = int(said["y"])
    return year + (1900 if year >= _FIRST_OF_1900S else 2000)


def _written(when: datetime, form: str) -> str:
    texts = {
        "%Y": f"{when.year:04}",
        "%y": f"{when.year % 100:02}",
        "%m": f"{when.month:02}",
        "%b": _MONTHS[when.month - 1].capitalize(),
        "%d": f"{when.day:02}",
        "%j": f"{when.timetuple().tm_yday:03}",
        "%H": f"{when.hour:02}",
        "%M": f"{when.minute:02}",
        "%S": f"{when.second:02}",
    }
    return _DIRECTIVE.sub(lambda directive: texts[directive[0]], form)
