"""The deadlines that mappings have: what is due at the same time is looked at together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import time

from airflow_landing_loader.config.mapping.expectation import WEEKDAYS, Expectation
from airflow_landing_loader.config.mapping.model import TableMapping

_DIGEST = 12


@dataclass(frozen=True)
class Deadline:
    """A time of day by which files are expected, on some days.

    :param by: the time of day.
    :param timezone: whose time it is.
    :param weekdays: as Python counts them, in order.
    :param calendar: days on which nothing is expected, as
        :class:`~airflow_landing_loader.config.mapping.expectation.Expectation` has it; dates in
        order.
    """

    by: time
    timezone: str
    weekdays: tuple[int, ...]
    calendar: str | tuple[str, ...]

    @classmethod
    def of(cls, expect: Expectation) -> Deadline:
        """The deadline of an expectation; however that is spelled, it is the same one."""
        calendar = expect.calendar
        dates = calendar if isinstance(calendar, str) else tuple(sorted(set(calendar)))
        return cls(expect.by_time, expect.timezone, tuple(sorted(expect.weekdays)), dates)

    @property
    def name(self) -> str:
        """Its own name, of letters, digits, ``_`` and ``-``: ``0700_europe_london_mon-fri_not_gb``.

        Dates are in it as the beginning of their hash.
        """
        zone = self.timezone.lower().replace("/", "_").replace("+", "plus")
        parts = [f"{self.by:%H%M}", zone]
        if len(self.weekdays) < len(WEEKDAYS):
            parts.append(self._days("_"))
        if self.calendar:
            parts.append(f"not_{self._days_off()}")
        return "_".join(parts)

    @property
    def in_words(self) -> str:
        """Such as ``07:00 Europe/London, mon-fri, not on days of GB``."""
        said = f"{self.by:%H:%M} {self.timezone}"
        if len(self.weekdays) < len(WEEKDAYS):
            said += f", {self._days(', ')}"
        if isinstance(self.calendar, str):
            return f"{said}, not on days of {self.calendar}"
        return f"{said}, not on {len(self.calendar):,} listed days" if self.calendar else said

    def _days(self, separator: str) -> str:
        """Two days and more in a row as a range."""
        first, last = self.weekdays[0], self.weekdays[-1]
        if len(self.weekdays) > 1 and last - first == len(self.weekdays) - 1:
            return f"{WEEKDAYS[first]}-{WEEKDAYS[last]}"
        return separator.join(WEEKDAYS[day] for day in self.weekdays)

    def _days_off(self) -> str:
        if isinstance(self.calendar, str):
            return self.calendar.lower()
        return hashlib.sha256("\n".join(self.calendar).encode()).hexdigest()[:_DIGEST]


def by_deadline(mappings: Iterable[TableMapping]) -> dict[Deadline, tuple[TableMapping, ...]]:
    """The mappings of each deadline, in the order of the deadlines' names; those that expect
    nothing are left out."""
    found: dict[Deadline, tuple[TableMapping, ...]] = {}
    for mapping in mappings:
        if mapping.expect is not None:
            deadline = Deadline.of(mapping.expect)
            found[deadline] = (*found.get(deadline, ()), mapping)
    return dict(sorted(found.items(), key=lambda item: item[0].name))


def looks(deadline: Deadline, mappings: Sequence[TableMapping]) -> tuple[str, ...]:
    """When to look, as cron expressions in the deadline's zone: at the deadline, and again when
    what is not there yet is missing.

    :param mappings: those of the deadline.
    """
    untils = sorted({m.expect.until_time for m in mappings if m.expect is not None})
    return tuple(dict.fromkeys(_crons(deadline, untils)))


def _crons(deadline: Deadline, untils: Sequence[time]) -> Iterator[str]:
    yield _cron(deadline.by, deadline.weekdays)
    for until in untils:
        days = deadline.weekdays
        if until <= deadline.by:
            days = tuple((day + 1) % len(WEEKDAYS) for day in days)
        yield _cron(until, days)


def _cron(clock: time, weekdays: Sequence[int]) -> str:
    # Cron counts from Sunday.
    days = ",".join(str(day) for day in sorted((day + 1) % len(WEEKDAYS) for day in weekdays))
    return f"{clock.minute} {clock.hour} * * {'*' if len(weekdays) == len(WEEKDAYS) else days}"
