"""Names that a mapping's pattern matches, one for each delivery."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.patterns.parts import Wildcard
from airflow_landing_loader.config.mapping.patterns.pattern import Pattern
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode
from airflow_landing_loader.generating.counting import as_counted

FIRST_DAY = date(2024, 1, 15)
_MOMENT = Wildcard("moment", "%Y-%m-%dT%H-%M-%S")
_FIRST_NUMBER = 101
_DAYS = ("%d", "%j")
_MONTHS = ("%m", "%b")
_REGIONS = ("eu", "us", "apac")


@dataclass(frozen=True, slots=True)
class Named:
    """The names of one delivery.

    :param go: of its go file; ``None``: it has none.
    :param day: that it is of.
    :param number: by which it is counted, where its go file says that.
    """

    data: str
    go: str | None
    day: date
    number: int


class Names:
    """Gives a name to each delivery, no name twice.

    :param mapping: whose pattern they match.
    :param others: the other mappings, whose patterns they must not match.
    :param rows: data records of each delivery.
    """

    def __init__(
        self, mapping: TableMapping, others: Sequence[TableMapping] = (), *, rows: int = 0
    ) -> None:
        self._mapping = mapping
        count = mapping.name_count
        self._count = None if count is None else as_counted(mapping, rows, count.count_includes)
        self._others = others
        self._given: set[str] = set()
        self._made = 0
        start = mapping.sequence.start if mapping.sequence else None
        self._first = _FIRST_NUMBER if start is None else start
        self._up, self._down = self._first, self._first

    @property
    def changes(self) -> bool:
        """Whether there is more than one name; of a set's go file, too."""
        go = self._mapping.go_pattern if self._lists else None
        others = [one for one in self._mapping.data_pattern.wildcards if not self._counts(one)]
        return bool(others) and (go is None or bool(go.wildcards))

    def _counts(self, one: Wildcard) -> bool:
        """Whether a part of the names holds the count of the records."""
        count = self._mapping.name_count
        return count is not None and one.name == count.part

    @property
    def _lists(self) -> bool:
        return bool(self._mapping.go_file and self._mapping.go_file.lists)

    def next(self, *, below: bool = False) -> Named:
        """The next delivery's names.

        :param below: its number is lower than all others, not higher.
        :raises ConfigurationError: ``GENERATE_NO_EXAMPLE``: no name can be found that is this
            mapping's alone, or it has only one and that is given.
        """
        made, number = self._made, self._counted(below=below)
        self._made += 1
        for text in self._candidates(self._mapping.data_pattern, made, number):
            if text not in self._given and self._is_own(text):
                self._given.add(text)
                return self._named(text, FIRST_DAY + timedelta(days=made), made, number)
        raise self._no_name(self._mapping.data_pattern)

    def misnamed(self, *, below: bool) -> str | None:
        """A name without the date that the pattern wants; ``None``: it wants none."""
        pattern = self._mapping.data_pattern
        at = next((i for i, w in enumerate(pattern.wildcards) if "%d" in w.form), None)
        if at is None:
            return None
        texts = list(pattern.match(self.next(below=below).data) or ())
        form = pattern.wildcards[at].form
        texts[at] = _MOMENT.rewritten(
            "2024-01-15T00-00-00", Wildcard(None, form.replace("%d", "99"))
        )
        name = pattern.fill(texts)
        return name if pattern.misfit(name) is not None else None

    def again(self, named: Named) -> Named | None:
        """Another name of what a delivery is of, by its key; ``None``: there is none."""
        pattern, key = self._mapping.data_pattern, self._key(named.data, named.number)
        if key is None:
            return None
        texts = list(pattern.match(named.data) or ())
        for at, one in enumerate(pattern.wildcards):
            free = [*texts[:at], self._other(one, texts[at]), *texts[at + 1 :]]
            name = pattern.fill(free)
            same = self._is_own(name) and self._key(name, named.number) == key
            if same and name not in self._given:
                self._given.add(name)
                self._made += 1
                return self._named(name, named.day, self._made - 1, named.number)
        return None

    def _counted(self, *, below: bool) -> int:
        if below:
            self._down -= 1
            return self._down
        self._up += 1
        return self._up - 1

    def _key(self, name: str, number: int) -> str | None:
        return self._mapping.identity.of(self._mapping.parts_of(name, number))

    def _other(self, one: Wildcard, text: str) -> str:
        if one.is_number:
            return str(int(text) + 5_000).rjust(len(text), "0")
        return text if one.form else f"{text}_v2"

    def _named(self, text: str, day: date, made: int, number: int) -> Named:
        go, data = self._mapping.go_pattern, self._mapping.data_pattern
        if go is None:
            name = None
        elif self._lists:
            name = self._listing(go, made)
        else:
            name = go.counterpart(data, data.match(text) or ())
        return Named(text, name, day, number)

    def _listing(self, go: Pattern, made: int) -> str:
        """The name of a go file that names its data files."""
        for name in self._candidates(go, made, self._first + made):
            fits = go.match(name) is not None and go.misfit(name) is None
            taken = any(one.matches(name) for one in (self._mapping, *self._others))
            if fits and not taken and (name not in self._given or not go.wildcards):
                self._given.add(name)
                return name
        raise self._no_name(go)

    def _no_name(self, pattern: Pattern) -> ConfigurationError:
        return ConfigurationError(
            ErrorCode.GENERATE_NO_EXAMPLE,
            f"No further name could be made that {pattern.text!r} matches, and no other pattern.",
            hint="Ask for fewer deliveries, or try this mapping by hand.",
        )

    def _is_own(self, text: str) -> bool:
        mapping, pattern = self._mapping, self._mapping.data_pattern
        others = (
            one.matches(text) or (one.go_pattern is not None and one.go_pattern.match(text))
            for one in self._others
        )
        return mapping.matches(text) and pattern.misfit(text) is None and not any(others)

    def _candidates(self, pattern: Pattern, made: int, number: int) -> Iterator[str]:
        """Names of the delivery that is made after so many others."""
        dated = any(one.form and not one.is_number for one in pattern.wildcards)
        day = FIRST_DAY + timedelta(days=made)
        free = [f"{day:%Y%m%d}", f"{day:%Y%m%d}x", f"x{made}", f"_{made}_"]
        for text in ["", *free] if dated else free:
            texts = [self._text(one, made, number, text) for one in pattern.wildcards]
            yield pattern.fill(texts)

    def _text(self, one: Wildcard, made: int, number: int, free: str) -> str:
        if self._counts(one):
            return str(self._count).rjust(len(one.places) - 1, "0")
        if one.is_number:
            return str(number).rjust(len(one.places) - 1, "0")
        if one.form:
            return _MOMENT.rewritten(_moment(one.form, made), one)
        return free if one.name is None else f"{_REGIONS[made % 3]}{made // 3 or ''}"


def _moment(form: str, number: int) -> str:
    """The moment of a delivery, which steps by what a form says."""
    day, hour, minute, second = FIRST_DAY, 7, 30, 0
    if any(one in form for one in _DAYS):
        day += timedelta(days=number)
    elif any(one in form for one in _MONTHS):
        day = date(day.year + number // 12, number % 12 + 1, 1)
    elif "%Y" in form or "%y" in form:
        day = date(day.year + number, 1, 1)
    else:
        second, minute, hour = number % 60, number // 60 % 60, 7 + number // 3600
        if "%S" not in form:
            minute, hour = number % 60, 7 + number // 60
    return f"{day:%Y-%m-%d}T{hour:02}-{minute:02}-{second:02}"
