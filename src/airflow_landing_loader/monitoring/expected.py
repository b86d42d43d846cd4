"""What should have come, what did, and what comes next: from the mappings and the books.

A mapping is watched from the window on that ends next when it is first looked at. Of each window
since then one outcome is written into ``load_arrivals``, by whoever looks first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol, cast

from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import (
    ConfigurationError,
    ErrorCode,
    ErrorDetail,
    TransientError,
)
from airflow_landing_loader.loading.ledger.arrivals import remembered_arrivals
from airflow_landing_loader.loading.ledger.tables import now as utc_now
from airflow_landing_loader.loading.model import (
    ArrivalOutcome,
    ArrivalRecord,
    Arrivals,
    WantedSince,
)
from airflow_landing_loader.loading.summary import Summary
from airflow_landing_loader.loading.warehouses.base import Ledger
from airflow_landing_loader.monitoring.calendars import unknown_calendars
from airflow_landing_loader.monitoring.deciding import (
    WATCHED,
    Came,
    Known,
    is_known,
    key_of,
    known_of,
    wanted_since,
)
from airflow_landing_loader.monitoring.late import Told
from airflow_landing_loader.monitoring.outcomes import (
    Feed,
    WindowState,
    state_of,
    utc,
)
from airflow_landing_loader.monitoring.windows import Window, Windows
from airflow_landing_loader.safe_text import storable

_NOT_KNOWN = "the database is busy, and what is known without it does not reach back so far"


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What there is to say at one time.

    :param records: of windows that ended lately, the oldest first.
    :param news: those of them that the books do not have so.
    :param open: the windows that have not ended, up to the hours asked for; and those of which is
        not known how they have.
    :param busy_with: who holds the database, if somebody does.
    :param problems: why mappings are passed over.
    """

    as_of: datetime
    records: tuple[ArrivalRecord, ...]
    news: tuple[ArrivalRecord, ...]
    open: tuple[tuple[TableMapping, WindowState], ...]
    busy_with: str | None = None
    problems: tuple[ErrorDetail, ...] = ()

    @property
    def incidents(self) -> tuple[ArrivalRecord, ...]:
        """What was not there at its end, and is not yet."""
        return tuple(record for record in self.records if record.is_open)

    @property
    def late(self) -> tuple[ArrivalRecord, ...]:
        """The windows that have not ended, and lack what should be there by now, in the form of
        records: ``late``, or ``wrong`` where something has come. The books have none of them."""
        return tuple(
            _record(mapping, state.window, "wrong" if state.file_count else "late", state)
            for mapping, state in self.open
            if state.standing == "overdue"
        )

    @property
    def unknown(self) -> int:
        """Of how many windows is not known whether they lack something."""
        return sum(state.standing == "unknown" for _, state in self.open)

    @property
    def overdue(self) -> int:
        """How many windows have not ended, and lack what should be there by now."""
        return sum(state.standing == "overdue" for _, state in self.open)


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How the last windows of a table ended."""

    table: str
    windows: int
    on_time: int
    late: int
    wrong: int
    missing: int

    @property
    def share(self) -> float:
        """Of its windows, those that were on time: 0 to 1."""
        return self.on_time / self.windows


def rates(records: Sequence[ArrivalRecord], windows: int) -> tuple[Rate, ...]:
    """How the last windows of each table ended, by table.

    :param records: the oldest first.
    :param windows: so many at most, 1 or more.
    """
    by_table: dict[str, list[str]] = {}
    for record in records:
        by_table.setdefault(record.table_name, []).append(record.outcome)
    return tuple(
        Rate(
            table=table,
            windows=len(ended := by_table[table][-windows:]),
            on_time=ended.count("on_time"),
            late=ended.count("late"),
            wrong=ended.count("wrong"),
            missing=ended.count("missing"),
        )
        for table in sorted(by_table)
    )


class ArrivalsBooks(Protocol):
    """What :func:`look` asks."""

    def arrivals(
        self, tables: Sequence[str], ended_since: datetime, wanted: WantedSince, /
    ) -> Arrivals:
        """What came into tables, and what became of their windows."""
        ...


@dataclass(frozen=True)
class RememberedArrivals:
    """A kept summary, asked in the books' place."""

    summary: Summary

    def arrivals(
        self, tables: Sequence[str], _ended_since: datetime, _wanted: WantedSince, /
    ) -> Arrivals:
        return remembered_arrivals(self.summary, tables)


def look(
    ledger: ArrivalsBooks, mappings: Sequence[TableMapping], now: datetime, ahead: timedelta
) -> Expected:
    """Ask the books what became of the windows of mappings; nothing is written.

    :param mappings: those without ``expect`` are passed over.
    :param now: with a time zone.
    :param ahead: windows are told that are due until then.
    :raises TransientError: the warehouse cannot be asked.
    """
    problems = tuple(unknown_calendars(mappings))
    watched = list(_watched(mappings))
    if not watched:
        return Expected(as_of=_plain(now), records=(), news=(), open=(), problems=problems)
    tables = sorted({mapping.table for mapping, _ in watched})
    books = _as_of(
        now,
        ledger.arrivals(
            tables,
            _plain(now - WATCHED),
            lambda decided: wanted_since(watched, _as_of(now, decided), now),
        ),
    )
    came, known = Came(books), known_of(books)
    records: list[ArrivalRecord] = []
    news: list[ArrivalRecord] = []
    coming: list[tuple[TableMapping, WindowState]] = []
    for mapping, windows in watched:
        feed = came.feed(mapping, windows)
        known_of_window = partial(is_known, books, mapping)
        found, new, unknown = _decided(feed, known[key_of(mapping)], now, known_of_window)
        records += found
        news += new
        coming += [(mapping, state) for state in unknown]
        coming += [
            (mapping, _as_known(state_of(feed, window, now), known_of_window))
            for window in _coming(windows, now, now + ahead)
        ]
    records.sort(key=lambda r: (r.until_at, r.table_name, r.pattern))
    coming.sort(key=lambda item: (item[1].window.by, item[0].table, item[0].pattern))
    return Expected(
        as_of=books.as_of,
        records=tuple(records),
        news=tuple(news),
        open=tuple(coming),
        busy_with=books.busy_with,
        problems=problems,
    )


def _watched(mappings: Sequence[TableMapping]) -> Iterator[tuple[TableMapping, Windows]]:
    for mapping in mappings:
        if mapping.expect is not None:
            with suppress(ConfigurationError):  # told by unknown_calendars
                yield mapping, Windows(mapping.expect)


def _as_of(now: datetime, books: Arrivals) -> Arrivals:
    """The books without what was decided later than a time."""
    records = [
        replace(r, mended_at=None) if r.mended_at and utc(r.mended_at) > now else r
        for r in books.records
        if utc(r.until_at) <= now or r.outcome == "expected"
    ]
    return replace(books, records=tuple(records))


def look_and_record(
    ledger: Ledger, mappings: Sequence[TableMapping], *, not_before: datetime, patience: float
) -> Expected:
    """:func:`look` at now, and write what is decided. A copy of the books, as they were before
    somebody took the database, does not do for that.

    :param not_before: it is this at least, whatever the clock says.
    :param patience: seconds to wait for somebody who holds the database.
    :raises TransientError: as :func:`look`; ``WAREHOUSE_LOCKED``, somebody holds it longer.
    """

    def once() -> Expected:
        found = look(ledger, mappings, max(datetime.now(UTC), not_before), timedelta())
        if found.busy_with is not None:
            raise TransientError(
                ErrorCode.WAREHOUSE_LOCKED,
                f"the database is busy: {found.busy_with}",
                hint="Nothing needs to be done: it is asked again.",
            )
        return found

    attempts = Retrying(
        retry=retry_if_exception(_is_locked),
        stop=stop_after_delay(patience),
        wait=wait_random(min=0.1, max=1),
        reraise=True,
    )
    found = attempts(once)
    ledger.record_arrivals(found.news)
    return found


def _is_locked(error: BaseException) -> bool:
    return isinstance(error, TransientError) and error.code is ErrorCode.WAREHOUSE_LOCKED


class Keeper:
    """Writes into ``load_arrivals`` what became of windows, as soon as there is something to write.

    :param ledger: where the books are.
    :param mappings: those without ``expect`` are passed over.
    :param told: what has to be written with what is decided.
    :ivar problems: why mappings are passed over.
    """

    def __init__(
        self,
        ledger: Ledger,
        mappings: Sequence[TableMapping],
        told: Told = lambda _: (),
    ) -> None:
        self._ledger = ledger
        self._told = told
        self._mappings = [m for m in mappings if m.expect is not None]
        self._due = datetime.min.replace(tzinfo=UTC)
        self._open = True
        self.problems: tuple[ErrorDetail, ...] = ()

    def keep(self, *, loaded: bool) -> tuple[ArrivalRecord, ...]:
        """Write what is decided by now; what was written.

        The books are asked only when a window has ended since the last time, or something was
        loaded that may mend one.

        :param loaded: whether something was loaded, or refused, since the last call.
        :raises LandingError: as :func:`look`.
        """
        now = datetime.now(UTC)
        if not self._mappings or (now < self._due and not (loaded and self._open)):
            return ()
        found = look(self._ledger, self._mappings, now, timedelta())
        self.problems = found.problems
        if found.busy_with is not None:
            return ()  # nothing can be written, and what is told would be told again
        self._ledger.record_arrivals(found.news, self._told(found.news))
        self._open = bool(found.incidents)
        ends = [state.window.until for _, state in found.open]
        self._due = min(ends, default=datetime.max.replace(tzinfo=UTC))
        return found.news


def _decided(
    feed: Feed, known: Known, now: datetime, known_of_window: Callable[[Window], bool]
) -> tuple[list[ArrivalRecord], list[ArrivalRecord], list[WindowState]]:
    """The records of a mapping's windows, those of them that are new, and the windows of which is
    not known how they ended.

    :param known_of_window: whether all is known that may have come of one.
    """
    if known.first is None:
        start = feed.windows.next(now)
        return [], [] if start is None else [_record(feed.mapping, start, "expected")], []
    news, unknown = [], []
    for window, have in known.undecided(feed.windows, now):
        state = _as_known(state_of(feed, window, now), known_of_window)
        if have is None and state.standing == "unknown":
            unknown.append(state)
        elif have is None:
            outcome = cast("ArrivalOutcome", state.standing)
            news.append(_record(feed.mapping, window, outcome, state))
        elif (mended_at := _mended_at(state)) is not None and known_of_window(window):
            news.append(replace(have, mended_at=_plain(mended_at), recorded_at=utc_now()))
    records = {day: r for day, r in known.records.items() if r.outcome != "expected"}
    records |= {record.day: record for record in news}
    return list(records.values()), news, unknown


def _as_known(state: WindowState, known_of_window: Callable[[Window], bool]) -> WindowState:
    """The state of a window, if what is known is enough to say that it lacks something."""
    if state.standing in ("expected", "arrived", "on_time") or known_of_window(state.window):
        return state
    return replace(state, standing="unknown", reason=_NOT_KNOWN)


def _mended_at(state: WindowState) -> datetime | None:
    """When what was not there at the end of a window was; where the mapping has come to expect no
    more than was there, that is its end."""
    return state.mended_at if state.reason else state.window.until


def _coming(windows: Windows, now: datetime, until: datetime) -> Iterator[Window]:
    """The window that ends next, and those that are due until a time."""
    window = windows.next(now)
    if window is not None:
        yield window
        for later in windows.ending(window.until, until + timedelta(days=2)):
            if later.by <= until:
                yield later


def _record(
    mapping: TableMapping,
    window: Window,
    outcome: ArrivalOutcome,
    state: WindowState | None = None,
) -> ArrivalRecord:
    return ArrivalRecord(
        table_name=mapping.table,
        pattern=storable(mapping.pattern),
        day=window.day.isoformat(),
        opens_at=_plain(window.opens),
        due_at=_plain(window.by),
        until_at=_plain(window.until),
        outcome=outcome,
        reason=state.reason if state else "",
        file_count=state.file_count if state else 0,
        row_count=state.row_count if state else 0,
        arrived_at=_maybe(state.arrived_at) if state else None,
        mended_at=_maybe(state.mended_at) if state else None,
        recorded_at=utc_now(),
    )


def _plain(moment: datetime) -> datetime:
    """As our tables hold it: UTC without zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def _maybe(moment: datetime | None) -> datetime | None:
    return None if moment is None else _plain(moment)
