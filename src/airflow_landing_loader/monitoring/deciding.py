"""Of which windows something is to be decided still, and what the books must be asked for that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.loading.model import (
    ArrivalRecord,
    Arrivals,
    ArrivedLoad,
    RefusedArrival,
)
from airflow_landing_loader.monitoring.outcomes import LONGEST_BEFORE, REMEMBERED, Feed, utc
from airflow_landing_loader.monitoring.windows import Window, Windows
from airflow_landing_loader.safe_text import delivered, storable

WATCHED = timedelta(days=92)
"""A window that ended longer ago is neither decided nor mended any more."""

Watched = tuple[TableMapping, Windows]
"""A mapping that expects files, with its windows."""
_Key = tuple[str, str]


@dataclass
class Known:
    """What is decided of one mapping.

    :param first: the first day that it is watched; ``None``: it is not yet.
    :param records: by day.
    """

    first: str | None = None
    records: dict[str, ArrivalRecord] = field(default_factory=dict)

    def undecided(
        self, windows: Windows, now: datetime
    ) -> Iterator[tuple[Window, ArrivalRecord | None]]:
        """The windows that have ended and of which something is to be decided, with what is already
        written: what was not there may have come since."""
        if self.first is None:
            return
        for window in windows.ending(now - WATCHED, now):
            day = window.day.isoformat()
            have = self.records.get(day)
            if have is not None and have.outcome == "expected":
                have = None
            if day < self.first or (have is not None and not have.is_open):
                continue
            yield (window if have is None else _as_decided(window, have)), have


def known_of(books: Arrivals) -> Mapping[_Key, Known]:
    """What is decided, by mapping."""
    found: defaultdict[_Key, Known] = defaultdict(Known)
    for table, pattern, day in books.watched:
        found[table, pattern].first = day
    for record in books.records:
        found[record.table_name, record.pattern].records[record.day] = record
    return found


def key_of(mapping: TableMapping) -> _Key:
    """What a mapping is known by in the books."""
    return mapping.table, storable(mapping.pattern)


def wanted_since(
    watched: Sequence[Watched], books: Arrivals, now: datetime
) -> Mapping[str, datetime]:
    """Return from when on loads are needed to decide, by table, UTC without zone."""
    known = known_of(books)
    since: dict[str, datetime] = {}
    for mapping, windows in watched:
        opens = [w.opens for w, _ in known[key_of(mapping)].undecided(windows, now)]
        if (coming := windows.next(now)) is not None:
            opens.append(coming.opens)
        if opens:
            first = (min(opens) - _before(mapping)).astimezone(UTC).replace(tzinfo=None)
            since[mapping.table] = min(first, since.get(mapping.table, first))
    return since


def _before(mapping: TableMapping) -> timedelta:
    """How long before a window opens something counts that came."""
    assert mapping.expect is not None
    if mapping.expect.rows.change:
        return LONGEST_BEFORE + REMEMBERED
    return LONGEST_BEFORE if mapping.expect.date_part is not None else timedelta()


def is_known(books: Arrivals, mapping: TableMapping, window: Window) -> bool:
    """Whether the books have all that may have come of a window: a copy of them may not."""
    since = books.known_since
    return since is None or utc(since) < window.opens - _before(mapping)


class Came:
    """What came, by table."""

    def __init__(self, books: Arrivals) -> None:
        self._loads: defaultdict[str, list[ArrivedLoad]] = defaultdict(list)
        self._refused: defaultdict[str, list[RefusedArrival]] = defaultdict(list)
        for load in sorted(books.loads, key=lambda load: (load.at, load.sequence)):
            self._loads[load.table_name].append(load)
        for item in books.refused:
            self._refused[item.table_name].append(item)

    def feed(self, mapping: TableMapping, windows: Windows) -> Feed:
        """What came of a mapping that expects files."""
        assert mapping.expect is not None
        loads, refused = self._loads[mapping.table], self._refused[mapping.table]
        names = {load.filename for load in loads} | {item.filename for item in refused}
        own = {name for name in names if mapping.matches(delivered(name))}
        return Feed(
            mapping=mapping,
            expect=mapping.expect,
            windows=windows,
            loads=tuple(load for load in loads if load.filename in own),
            refused=tuple(item for item in refused if item.filename in own),
        )


def _as_decided(window: Window, have: ArrivalRecord) -> Window:
    return Window(window.day, utc(have.opens_at), utc(have.due_at), utc(have.until_at))
