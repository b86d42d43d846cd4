"""The windows of an expectation: on which days, and from when to when.

A wall clock shows a time twice in the night when it is put back, and not at all for some when it is
put forward. A time of a day here is the first instant at which the clock has reached it: the first
of the two, and the moment when the clock was put forward. So a later time of a day never comes
before an earlier one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from airflow_landing_loader.config.mapping.expectation import Expectation
from airflow_landing_loader.monitoring.calendars import IsOff, days_off

EARLY = timedelta(hours=12)
"""What comes so long before ``by``, and not before the last window's ``until``, is of a window."""

_DAY = timedelta(days=1)
_MOST_DAYS_BETWEEN = 400
"""Longer than from one expected day to the next one of any calendar."""


@dataclass(frozen=True)
class Window:
    """One day's window; its instants are in UTC.

    :param day: the local day of ``by``.
    :param opens: what comes from then on is of this window, until the next one opens.
    :param by: what is there by then is on time.
    :param until: what is there by then is late; what is not is missing.
    """

    day: date
    opens: datetime
    by: datetime
    until: datetime


def first_instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Return the first instant at which the clocks of a zone have reached a time of a day, in UTC.

    :param clock: a whole minute.
    """
    wall = datetime.combine(day, clock)
    found = wall.replace(tzinfo=zone).astimezone(UTC)
    if _wall(found, zone) == wall:
        return found
    # No clock shows it: what was the offset before would put it later, that from then on earlier.
    before, after = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), found
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if _wall(middle, zone) < wall:
            before = middle
        else:
            after = middle
    return after


def _wall(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


class Windows:
    """The windows of one expectation.

    :raises ConfigurationError: ``mapping.unknown_calendar``.
    """

    def __init__(self, expect: Expectation) -> None:
        self._expect = expect
        self._zone = ZoneInfo(expect.timezone)
        self._weekdays = expect.weekdays
        self._is_off: IsOff = days_off(expect)

    def ending(self, after: datetime, until: datetime) -> Iterator[Window]:
        """Yield the windows whose ``until`` is later than one instant and not later than another.

        :param after: with a time zone, as ``until`` is.
        """
        day = self._day_of(after) - 2 * _DAY
        while day <= self._day_of(until):
            if self.is_expected(day):
                window = self.of_day(day)
                if after < window.until <= until:
                    yield window
            day += _DAY

    def next(self, now: datetime) -> Window | None:
        """The next window to end; ``None``: there is no expected day in more than a year."""
        day = self._following(self._day_of(now) - 2 * _DAY)
        while day is not None:
            window = self.of_day(day)
            if window.until > now:
                return window
            day = self._following(day + _DAY)
        return None

    def of_day(self, day: date) -> Window:
        """The window of an expected day."""
        by, until = self._times(day)
        before, opens = self._preceding(day - _DAY), by - EARLY
        if before is not None:
            opens = max(opens, self._times(before)[1])
        return Window(day, opens, by, until)

    def after(self, window: Window) -> datetime:
        """When the window opens that follows a window; the last instant there is if none does."""
        day = self._following(window.day + _DAY)
        return datetime.max.replace(tzinfo=UTC) if day is None else self.of_day(day).opens

    def is_due(self, data_day: date, window: Window) -> bool:
        """Whether data of a day are due in a window, by ``due``."""
        before = self._preceding(window.day - _DAY)
        if self._expect.due == "same_day":
            return data_day <= window.day and (before is None or data_day > before)
        return data_day < window.day and (before is None or data_day >= before)

    def is_expected(self, day: date) -> bool:
        """Whether files are expected on a day."""
        return day.weekday() in self._weekdays and not self._is_off(day)

    def _times(self, day: date) -> tuple[datetime, datetime]:
        by, until = self._expect.by_time, self._expect.until_time
        last = day if until > by else day + _DAY
        return first_instant(day, by, self._zone), first_instant(last, until, self._zone)

    def _day_of(self, instant: datetime) -> date:
        return instant.astimezone(self._zone).date()

    def _following(self, day: date) -> date | None:
        """The first expected day from a day on."""
        return next((d for d in _days(day, _DAY) if self.is_expected(d)), None)

    def _preceding(self, day: date) -> date | None:
        """The last expected day until a day."""
        return next((d for d in _days(day, -_DAY) if self.is_expected(d)), None)


def _days(first: date, step: timedelta) -> Iterator[date]:
    return (first + n * step for n in range(_MOST_DAYS_BETWEEN))
