"""The books' summary: counted as a whole, or carried on for the tables that have changed since."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from airflow_landing_loader.loading.ledger.queries import Books, Value
from airflow_landing_loader.loading.summary import (
    DAYS,
    DriftColumn,
    LastFailure,
    LastLoad,
    LoadDay,
    TableSummary,
)

# Cheap to ask of all tables, and different whenever a row of one was written, taken out or changed
# in what the summary tells.
_LOAD_MARKS = """
SELECT m.table_name, COUNT(*), MAX(m.sequence), COUNT(m.removed_sequence), MAX(m.removed_sequence),
  SUM(m.row_count)
FROM load_metadata m GROUP BY m.table_name
"""
_DELIVERY_MARKS = """
SELECT d.table_name, COUNT(*), MAX(d.recorded_at), COUNT(d.failed_at),
  SUM(CASE WHEN d.outcome = 'failed' THEN 1 ELSE 0 END)
FROM load_deliveries d GROUP BY d.table_name
"""
_LOADS = """
SELECT m.table_name, SUM(CASE WHEN m.removed_sequence IS NULL THEN 1 ELSE 0 END),
  SUM(CASE WHEN m.removed_sequence IS NULL THEN m.row_count ELSE 0 END),
  MAX_BY(m.load_id, m.sequence), MAX_BY(m.filename, m.sequence),
  MAX_BY(m.completed_at, m.sequence), MAX_BY(m.row_count, m.sequence),
  MAX_BY(m.quality_score, CASE WHEN m.quality_score IS NOT NULL THEN m.sequence END),
  MAX(CASE WHEN m.removed_sequence IS NULL THEN ARRAY_LENGTH(m.drift_columns) END)
FROM load_metadata m WHERE m.table_name = ANY(:tables) GROUP BY m.table_name
"""
_DAYS = """
SELECT m.table_name, CAST(m.completed_at AS DATE), COUNT(*), SUM(m.row_count),
  SUM(m.rejected_count), SUM(m.size_bytes), SUM(m.quality_score * m.record_count),
  SUM(CASE WHEN m.quality_score IS NOT NULL THEN m.record_count END)
FROM load_metadata m WHERE m.table_name = ANY(:tables) AND m.completed_at >= :since
GROUP BY m.table_name, CAST(m.completed_at AS DATE)
"""
_FAILED_DAYS = """
SELECT d.table_name, CAST(COALESCE(d.failed_at, d.recorded_at) AS DATE), COUNT(*)
FROM load_deliveries d
WHERE d.table_name = ANY(:tables) AND (d.failed_at IS NOT NULL OR d.outcome = 'failed')
  AND COALESCE(d.failed_at, d.recorded_at) >= :since
GROUP BY d.table_name, CAST(COALESCE(d.failed_at, d.recorded_at) AS DATE)
"""
_FAILURES = """
SELECT d.table_name, COUNT(*), MAX_BY(d.filename, d.recorded_at), MAX_BY(d.code, d.recorded_at),
  MAX(d.recorded_at)
FROM load_deliveries d WHERE d.outcome = 'failed' AND d.table_name = ANY(:tables)
GROUP BY d.table_name
"""
_DRIFT = """
SELECT m.table_name, c.column_name, COUNT(*), MIN(m.completed_at), MAX(m.completed_at)
FROM load_columns c JOIN load_metadata m ON m.load_id = c.load_id
WHERE c.destination = 'extra' AND m.removed_sequence IS NULL AND m.table_name = ANY(:tables)
GROUP BY m.table_name, c.column_name ORDER BY m.table_name, c.column_name
"""


def marks(books: Books) -> dict[str, str]:
    """Return a mark of each table that the books know."""
    found: dict[str, list[str]] = {}
    for sql in (_LOAD_MARKS, _DELIVERY_MARKS):
        for table, *values in books.ask(sql):
            found.setdefault(table, []).append(" ".join(map(str, values)))
    return {table: "; ".join(parts) for table, parts in found.items()}


def summarised(
    books: Books,
    now: datetime,
    before: Sequence[TableSummary] = (),
    *,
    anew: Collection[str] = (),
) -> tuple[TableSummary, ...]:
    """Return all tables that the books know, by name.

    :param now: UTC without zone.
    :param before: an earlier summary of these books: what has not changed since is taken from it.
    :param anew: tables that are counted whatever their mark says.
    """
    found = marks(books)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    since = today - timedelta(days=DAYS - 1)
    kept = {t.table: t for t in before if found.get(t.table) == t.mark and t.table not in anew}
    changed = sorted(found.keys() - kept.keys())
    tables = kept | (_counted(books, changed, found, since) if changed else {})
    first = f"{since:%Y-%m-%d}"
    return tuple(_since(first, tables[name]) for name in sorted(tables))


def _since(first: str, table: TableSummary) -> TableSummary:
    """The summary without the days before one."""
    if not table.days or table.days[0].day >= first:
        return table
    return replace(table, days=tuple(day for day in table.days if day.day >= first))


def _counted(
    books: Books, tables: Sequence[str], found: Mapping[str, str], since: datetime
) -> dict[str, TableSummary]:
    counted = {name: TableSummary(table=name, mark=found[name]) for name in tables}
    bound: dict[str, Value] = {"tables": list(tables)}
    drifting = []
    for name, loads, rows, *last, quality, drift in books.ask(_LOADS, **bound):
        counted[name] = replace(
            counted[name],
            loads=loads,
            rows=rows,
            last_load=LastLoad(
                load_id=last[0], filename=last[1], completed_at=last[2], row_count=last[3]
            ),
            quality=quality,
        )
        if drift:
            drifting.append(name)
    for name, count, filename, code, at in books.ask(_FAILURES, **bound):
        failure = LastFailure(filename=filename, code=code, recorded_at=at)
        counted[name] = replace(counted[name], open_failures=count, last_failure=failure)
    for name, days in _days(books, bound, since).items():
        counted[name] = replace(counted[name], days=tuple(days[day] for day in sorted(days)))
    for name, columns in (_drift(books, drifting) if drifting else {}).items():
        counted[name] = replace(counted[name], drift=tuple(columns))
    return counted


def _days(
    books: Books, bound: Mapping[str, Value], since: datetime
) -> dict[str, dict[str, LoadDay]]:
    days: dict[str, dict[str, LoadDay]] = {}
    for name, day, loads, rows, rejected, size, good, scored in books.ask(
        _DAYS, **bound, since=since
    ):
        days.setdefault(name, {})[str(day)] = LoadDay(
            day=str(day),
            loads=loads,
            rows=rows,
            rejected=rejected,
            size_bytes=size,
            quality=_score(good, scored),
        )
    for name, day, failed in books.ask(_FAILED_DAYS, **bound, since=since):
        of_table = days.setdefault(name, {})
        of_table[str(day)] = replace(of_table.get(str(day), LoadDay(day=str(day))), failed=failed)
    return days


def _score(good: float | None, scored: int | None) -> float | None:
    """The mean score of loads, each as heavy as it has records; 100 where they have none."""
    if scored is None or good is None:
        return None
    return good / scored if scored else 100.0


def _drift(books: Books, tables: Sequence[str]) -> dict[str, list[DriftColumn]]:
    drift: dict[str, list[DriftColumn]] = {}
    rows: list[tuple[Any, ...]] = books.ask(_DRIFT, tables=list(tables))
    for name, column, loads, first, last in rows:
        drift.setdefault(name, []).append(
            DriftColumn(name=column, loads=loads, first_at=first, last_at=last)
        )
    return drift
