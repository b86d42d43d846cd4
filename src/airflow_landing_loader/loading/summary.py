"""What the books come to, table by table: small enough to be kept beside them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from airflow_landing_loader.loading.model import ArrivalRecord, Overview

DAYS = 14
"""So many days of loads are told, today's included."""
MOST_NAMES = 100
"""So many names of columns are remembered of a load, the first ones."""


@dataclass(frozen=True, kw_only=True)
class LoadDay:
    """What one day (UTC) brought into a table.

    :param day: as ``2024-01-15``.
    :param loads: committed on it, those whose rows are out of the table again included.
    :param rejected: records that were left out.
    :param size_bytes: of the data files.
    :param failed: deliveries that were refused first on it.
    :param quality: percent of records without fault, of all loads that were counted; else ``None``.
    """

    day: str
    loads: int = 0
    rows: int = 0
    rejected: int = 0
    size_bytes: int = 0
    failed: int = 0
    quality: float | None = None


@dataclass(frozen=True, kw_only=True)
class LastLoad:
    """The newest load of a table."""

    load_id: str
    filename: str
    completed_at: datetime
    row_count: int


@dataclass(frozen=True, kw_only=True)
class LastFailure:
    """The newest delivery of a table that lies in failed."""

    filename: str
    code: str | None
    recorded_at: datetime


@dataclass(frozen=True, kw_only=True)
class DriftColumn:
    """A column of files that the table lacks: its values are in ``_extra``.

    :param name: under which they stand there.
    :param loads: whose rows have it, of those that are in the table.
    """

    name: str
    loads: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, kw_only=True)
class TableSummary:
    """One raw table.

    :param mark: changes whenever something is written of the table.
    :param loads: whose rows are in the table.
    :param rows: that these loads have committed.
    :param days: those of the last :data:`DAYS` on which something came, the oldest first.
    :param open_failures: deliveries that lie in failed.
    :param drift: columns that are in ``_extra``, and not promoted, by name.
    :param quality: score of the newest load that has one.
    """

    table: str
    mark: str
    loads: int = 0
    rows: int = 0
    last_load: LastLoad | None = None
    days: tuple[LoadDay, ...] = ()
    open_failures: int = 0
    last_failure: LastFailure | None = None
    drift: tuple[DriftColumn, ...] = ()
    quality: float | None = None


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The books as they were at a time.

    :param overview: the newest loads and deliveries.
    :param tables: all that the books know, by name.
    :param arrivals: the newest windows in which files were expected, newest first.
    :param kept: so many loads, deliveries and windows are in it at most.
    :param counted_at: since when the tables are carried on, and not counted anew.
    :param copied_at: which summary lies in the archive, by its ``as_of``; ``None``: none.
    :param copy_tried_at: which one was to lie there; whether that went well or not.
    :param is_copy: whether it comes from there, as the database is not on this machine.
    """

    overview: Overview
    tables: tuple[TableSummary, ...] = ()
    arrivals: tuple[ArrivalRecord, ...] = ()
    kept: int = 0
    counted_at: datetime
    copied_at: datetime | None = None
    copy_tried_at: datetime | None = None
    is_copy: bool = False
