"""What came, and what became of the windows in which it was expected, in the books."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields, replace
from datetime import datetime

from airflow_landing_loader.loading.ledger.putting import bound_rows
from airflow_landing_loader.loading.ledger.queries import Books, Rows
from airflow_landing_loader.loading.ledger.records import row_of
from airflow_landing_loader.loading.ledger.tables import (
    LOAD_ARRIVALS,
    LOAD_DELIVERIES,
    LOAD_METADATA,
    now,
)
from airflow_landing_loader.loading.model import (
    ArrivalRecord,
    Arrivals,
    ArrivedLoad,
    DeliveryRecord,
    Overview,
    RefusedArrival,
    WantedSince,
)
from airflow_landing_loader.loading.summary import Summary

_ARRIVED = tuple(f.name for f in fields(ArrivedLoad))
_REFUSED = tuple(f.name for f in fields(RefusedArrival))

# Who has taken a load's rows out of the table again: a later load, or a person.
_REMOVED = """
  CASE WHEN m.removed_sequence IS NOT NULL
    THEN COALESCE(r.completed_at, u.at, m.completed_at) END
"""
_REMOVERS = """
LEFT JOIN load_metadata r ON r.sequence = m.removed_sequence
LEFT JOIN (
  SELECT o.load_id, MAX(o.recorded_at) AS at FROM load_deliveries o
  WHERE o.outcome = 'unloaded' GROUP BY o.load_id
) u ON u.load_id = m.load_id
"""
_LOADS = f"""
SELECT m.table_name, m.filename, m.load_id, m.completed_at, m.row_count, m.sequence, {_REMOVED}
FROM load_metadata m JOIN ROWS(:wanted) w ON w.table_name = m.table_name {_REMOVERS}
WHERE m.completed_at >= :first AND m.completed_at >= CAST(w.since AS {{time}})
UNION ALL
SELECT m.table_name, d.filename, m.load_id, d.recorded_at, m.row_count, m.sequence, {_REMOVED}
FROM load_deliveries d JOIN ROWS(:wanted) w ON w.table_name = d.table_name
JOIN load_metadata m ON m.load_id = d.load_id {_REMOVERS}
WHERE d.outcome = 'duplicate' AND d.recorded_at >= :first
  AND d.recorded_at >= CAST(w.since AS {{time}})
"""
_REFUSALS = """
SELECT d.table_name, d.filename, COALESCE(d.failed_at, d.recorded_at), d.code
FROM load_deliveries d JOIN ROWS(:wanted) w ON w.table_name = d.table_name
WHERE (d.failed_at IS NOT NULL OR d.outcome = 'failed')
  AND COALESCE(d.failed_at, d.recorded_at) >= CAST(w.since AS {time})
"""
_WATCHED = """
SELECT a.table_name, a.pattern, MIN(a.day) FROM load_arrivals a
WHERE a.table_name = ANY(:tables) GROUP BY a.table_name, a.pattern
"""
_ENDED = "WHERE table_name = ANY(:tables) AND until_at >= :since ORDER BY until_at"
_KEY = ("table_name", "pattern", "day")
_CHANGED = ", ".join(f"{n} = r.{n}" for n in LOAD_ARRIVALS.column_names if n not in _KEY)
# What was decided stays; what was not there is mended once.
_PUT = f"""
MERGE INTO load_arrivals t USING ({{source}}) r
  ON t.table_name = r.table_name AND t.pattern = r.pattern AND t.day = r.day
WHEN MATCHED AND t.outcome = 'expected' AND r.outcome != 'expected' THEN UPDATE SET {_CHANGED}
WHEN MATCHED AND t.outcome != 'expected' AND t.mended_at IS NULL AND r.mended_at IS NOT NULL
  THEN UPDATE SET mended_at = r.mended_at, recorded_at = r.recorded_at
WHEN NOT MATCHED THEN INSERT ({", ".join(LOAD_ARRIVALS.column_names)})
  VALUES ({", ".join(f"r.{name}" for name in LOAD_ARRIVALS.column_names)})
"""


def arrivals_in(
    books: Books, tables: Sequence[str], ended_since: datetime, wanted: WantedSince
) -> Arrivals:
    """Return what is decided of what should come into tables, and what came.

    :param ended_since: windows that ended from then on, or have not yet, UTC without zone.
    :param wanted: says from when on loads are asked for.
    """
    as_of = now()
    found = Arrivals(
        as_of=as_of,
        records=books.records(
            ArrivalRecord, LOAD_ARRIVALS, _ENDED, tables=tables, since=ended_since
        ),
        watched=tuple(
            (table, pattern, day) for table, pattern, day in books.ask(_WATCHED, tables=tables)
        ),
    )
    since = wanted(found)
    if not since:
        return found
    rows = [[table, f"{at:%Y-%m-%d %H:%M:%S.%f}"] for table, at in since.items()]
    bound = Rows(("table_name", "since"), rows)
    time = books.dialect.type_of("TIMESTAMP")
    loads = books.ask(_LOADS.format(time=time), wanted=bound, first=min(since.values()))
    refused = books.ask(_REFUSALS.format(time=time), wanted=bound)
    return replace(
        found,
        loads=tuple(
            row_of(ArrivedLoad, LOAD_METADATA, dict(zip(_ARRIVED, row, strict=True)))
            for row in loads
        ),
        refused=tuple(
            row_of(RefusedArrival, LOAD_DELIVERIES, dict(zip(_REFUSED, row, strict=True)))
            for row in refused
        ),
    )


def recent_arrivals(books: Books, limit: int) -> tuple[ArrivalRecord, ...]:
    """Return the windows that ended last, or have not yet, newest first."""
    clause = "ORDER BY until_at DESC, table_name, pattern LIMIT :most"
    return books.records(ArrivalRecord, LOAD_ARRIVALS, clause, most=limit)


def put_arrivals(books: Books, records: Sequence[ArrivalRecord]) -> None:
    """Write what became of windows; what was decided before stays, but for what mends it."""
    source, rows = bound_rows(books, LOAD_ARRIVALS, records)
    books.ask(_PUT.format(source=source), rows=rows)


def remembered_arrivals(summary: Summary, tables: Sequence[str]) -> Arrivals:
    """What a kept summary says of what came into tables."""
    overview = summary.overview
    records = tuple(a for a in summary.arrivals if a.table_name in tables)
    first: dict[tuple[str, str], str] = {}
    for record in records:
        key = record.table_name, record.pattern
        first[key] = min(record.day, first.get(key, record.day))
    return Arrivals(
        as_of=overview.as_of,
        loads=tuple(load for load in _remembered_loads(overview) if load.table_name in tables),
        refused=tuple(
            RefusedArrival(
                table_name=d.table_name,
                filename=d.filename,
                at=d.failed_at or d.recorded_at,
                code=d.code,
            )
            for d in overview.deliveries
            if d.table_name in tables and (d.failed_at or d.outcome == "failed")
        ),
        records=records,
        watched=tuple((*key, day) for key, day in first.items()),
        busy_with=overview.busy_with,
        known_since=_known_since(summary),
    )


def _remembered_loads(overview: Overview) -> Iterator[ArrivedLoad]:
    """The loads of a kept overview, and their duplicates."""
    loads = {load.load_id: load for load in overview.loads}
    ended = {load.sequence: load.completed_at for load in overview.loads}
    came = [(load, load.filename, load.completed_at) for load in overview.loads]
    came += (
        (loads[d.load_id], d.filename, d.recorded_at)
        for d in overview.deliveries
        if d.outcome == "duplicate" and d.load_id in loads
    )
    for load, filename, at in came:
        removed = load.removed_sequence
        yield ArrivedLoad(
            table_name=load.table_name,
            filename=filename,
            load_id=load.load_id,
            at=at,
            row_count=load.row_count,
            sequence=load.sequence,
            removed_at=None if removed is None else ended.get(removed, load.completed_at),
        )


def _known_since(summary: Summary) -> datetime | None:
    """Until when something may have come that a kept summary has not."""
    overview = summary.overview
    if not summary.tables:
        return overview.as_of  # there is none
    loads = {load.load_id for load in overview.loads}
    until = [d.recorded_at for d in overview.deliveries if _is_of_forgotten(d, loads)]
    for times in (
        [load.completed_at for load in overview.loads],
        [delivery.recorded_at for delivery in overview.deliveries],
    ):
        if len(times) >= summary.kept:
            until.append(min(times, default=overview.as_of))
    return max(until, default=None)


def _is_of_forgotten(delivery: DeliveryRecord, loads: Collection[str]) -> bool:
    """Whether it is a duplicate of a load that a kept summary has not, so that nobody can tell how
    many rows came."""
    return delivery.outcome == "duplicate" and delivery.load_id not in loads
