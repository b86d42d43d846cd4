"""What became of one window, by what the books say of its mapping: pure functions.

All that is asked of the books stays as it is once it happened: when a load was committed and when
its rows went out of the table again, when a delivery was refused first. So the outcome of a window
is the same whenever it is asked for after its end.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from statistics import median
from typing import Literal

from airflow_landing_loader.config.mapping.expectation import Expectation
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.loading.model import ArrivedLoad, RefusedArrival
from airflow_landing_loader.monitoring.windows import Window, Windows
from airflow_landing_loader.safe_text import counted, delivered, shown_name

Standing = Literal[
    "expected", "arrived", "overdue", "unknown", "on_time", "late", "wrong", "missing"
]

USUAL = 20
"""Loads whose median number of rows is what is usual."""
FEWEST = 5
"""With fewer earlier loads nothing is usual yet."""
REMEMBERED = timedelta(days=400)
"""Loads that are older say no more what is usual."""
_EVER = datetime.min.replace(tzinfo=UTC)
_TOLD = 3  # faults of a window
LONGEST_BEFORE = timedelta(days=31)
"""What came longer before its window opened is of none, where names say what is due."""


@dataclass(frozen=True, kw_only=True)
class Feed:
    """A mapping that expects files, with what the books say of it.

    :param loads: those of its files, and their duplicates, by the time at which they came.
    :param refused: deliveries of its files that were refused.
    """

    mapping: TableMapping
    expect: Expectation
    windows: Windows
    loads: tuple[ArrivedLoad, ...]
    refused: tuple[RefusedArrival, ...]

    @cached_property
    def by_sequence(self) -> tuple[ArrivedLoad, ...]:
        """The loads without their duplicates, in the order of the books."""
        own = {load.sequence: load for load in reversed(self.loads)}
        return tuple(own[sequence] for sequence in sorted(own))


@dataclass(frozen=True, kw_only=True)
class WindowState:
    """What is to be said of a window.

    :param standing: ``expected``, ``overdue`` or ``arrived`` while it lasts; then its outcome;
        ``unknown``, where the books cannot say whether it lacks something.
    :param reason: what is wrong or missing; of an outcome, what was at its end.
    :param file_count: loads that are in the table, or were at its end.
    :param arrived_at: when all was there first, in UTC; ``None``: not until its end, or now.
    :param mended_at: when all was there first after its end, where it was not then.
    """

    window: Window
    standing: Standing
    reason: str
    file_count: int
    row_count: int
    arrived_at: datetime | None
    mended_at: datetime | None


def state_of(feed: Feed, window: Window, now: datetime) -> WindowState:
    """Say what has become of a window.

    :param now: with a time zone; nothing that came later is looked at.
    """
    came = _of_window(feed, window, now)
    end = min(window.until, now)
    there, fault = came.there(end), came.fault(end)
    mended = None
    if fault and now >= window.until:
        mended = came.first_good(now, after=window.until)
    return WindowState(
        window=window,
        standing=_standing(came, window, now, fault),
        reason=fault,
        file_count=len(there),
        row_count=sum(load.row_count for load in there),
        arrived_at=None if fault else came.first_good(end),
        mended_at=mended,
    )


class _Came:
    """What came of one window.

    :param loads: a load and its duplicates come once, with the first of them.
    """

    def __init__(
        self, feed: Feed, loads: Iterable[ArrivedLoad], refused: Iterable[RefusedArrival]
    ) -> None:
        self._feed = feed
        self._loads: dict[str, ArrivedLoad] = {}
        for load in loads:
            self._loads.setdefault(load.load_id, load)
        self._refused = tuple(refused)
        self._of_rows = {key: _fault_of_rows(feed, load) for key, load in self._loads.items()}

    def there(self, at: datetime) -> list[ArrivedLoad]:
        """The loads in the table at a time."""
        return [
            load
            for load in self._loads.values()
            if utc(load.at) <= at and (load.removed_at is None or at < utc(load.removed_at))
        ]

    def first_good(self, until: datetime, *, after: datetime = _EVER) -> datetime | None:
        """When nothing was wrong or missing first; ``None``: not until then.

        :param after: only what is later counts.
        """
        changes: dict[datetime, list[tuple[int, ArrivedLoad]]] = {}
        for load in self._loads.values():
            changes.setdefault(utc(load.at), []).append((1, load))
            if load.removed_at is not None:
                changes.setdefault(utc(load.removed_at), []).append((-1, load))
        wrong, parts, count = 0, Counter[str](), 0
        for at in sorted(at for at in changes if at <= until):
            for step, load in changes[at]:
                count += step
                parts[self._part(load)] += step
                wrong += step if self._of_rows[load.load_id] else 0
            if at > after and not wrong and not _fault_of_count(self._feed, count, parts):
                return at
        return None

    def fault(self, at: datetime) -> str:
        """What is wrong or missing at a time; ``""``: nothing is."""
        there = self.there(at)
        parts = Counter(map(self._part, there))
        faults = [_fault_of_count(self._feed, len(there), parts)]
        faults += [self._of_rows[load.load_id] for load in there]
        faults = [fault for fault in faults if fault]
        if not faults:
            return ""
        refused = [r for r in self._refused if utc(r.at) <= at]
        faults += [f"{_name(r.filename)} was refused: {r.code or 'no code'}" for r in refused]
        more = [f"and {len(faults) - _TOLD:,} more"] if len(faults) > _TOLD else []
        return "; ".join([*faults[:_TOLD], *more])

    def anything(self, at: datetime) -> bool:
        """Whether something has come until a time, good or not."""
        came = [load.at for load in self._loads.values()] + [r.at for r in self._refused]
        return any(utc(moment) <= at for moment in came)

    def _part(self, load: ArrivedLoad) -> str:
        part = self._feed.expect.files_expected.part
        return _part_of(self._feed, load.filename, part) if part else ""


def utc(moment: datetime) -> datetime:
    """A time of our tables with its zone."""
    return moment.replace(tzinfo=UTC)


def _standing(came: _Came, window: Window, now: datetime, fault: str) -> Standing:
    if now < window.until:
        if not fault:
            return "arrived"
        return "expected" if now <= window.by else "overdue"
    if fault:
        return "wrong" if came.anything(window.until) else "missing"
    return "late" if came.fault(window.by) else "on_time"


def _of_window(feed: Feed, window: Window, now: datetime) -> _Came:
    closes = feed.windows.after(window)

    def belongs(item: ArrivedLoad | RefusedArrival) -> bool:
        at = utc(item.at)
        if at > now:
            return False
        if feed.expect.date_part is None:
            return window.opens <= at < closes
        day = _day_of(feed, item.filename)
        if day is None or at < window.opens - LONGEST_BEFORE:
            return False
        return feed.windows.is_due(day, window)

    return _Came(feed, filter(belongs, feed.loads), filter(belongs, feed.refused))


def _day_of(feed: Feed, filename: str) -> date | None:
    """The day that a file's name says."""
    for part in feed.mapping.parts_of(delivered(filename)):
        if part.name == feed.expect.date_part:
            return date.fromisoformat(part.value[:10])
    return None


def _fault_of_count(feed: Feed, count: int, parts: Counter[str]) -> str:
    wanted = feed.expect.files_expected
    if wanted.part:
        lacking = [value for value in wanted.values if not parts[value]]
        return f"no file of {wanted.part} {', '.join(lacking)}" if lacking else ""
    if count < wanted.least:
        return "no file" if not count else f"{counted(count, 'file')} of {wanted.least:,}"
    if wanted.most is not None and count > wanted.most:
        return f"{counted(count, 'file')}, at most {wanted.most:,} expected"
    return ""


def _part_of(feed: Feed, filename: str, name: str) -> str:
    parts = feed.mapping.parts_of(delivered(filename))
    return next((part.value for part in parts if part.name == name), "")


def _fault_of_rows(feed: Feed, load: ArrivedLoad) -> str:
    wanted, rows = feed.expect.rows, load.row_count
    has = f"{_name(load.filename)} has {counted(rows, 'row')}"
    if wanted.min is not None and rows < wanted.min:
        return f"{has}, at least {wanted.min:,} expected"
    if wanted.max is not None and rows > wanted.max:
        return f"{has}, at most {wanted.max:,} expected"
    if wanted.share is None:
        return ""
    usual = _usual(feed, load)
    if usual is None or abs(rows - usual) <= wanted.share * usual:
        return ""
    return f"{has}, usual are {usual:,.0f} and {wanted.change} more or less"


def _usual(feed: Feed, load: ArrivedLoad) -> float | None:
    """The median rows of the loads before one, as they were in the table then."""
    earlier: dict[int, int] = {}
    before = bisect_left(feed.by_sequence, load.sequence, key=lambda other: other.sequence)
    for other in reversed(feed.by_sequence[:before]):
        if load.at - other.at > REMEMBERED or len(earlier) == USUAL:
            break
        if other.removed_at is None or other.removed_at > load.at:
            earlier[other.sequence] = other.row_count
    return median(earlier.values()) if len(earlier) >= FEWEST else None


def _name(filename: str) -> str:
    return shown_name(delivered(filename))
