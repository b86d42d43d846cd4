"""What may be asked of the books' past, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, TypeVar

from airflow_landing_loader.loading.model import (
    DeliveryOutcome,
    DeliveryRecord,
    Load,
    LoadTotal,
)
from airflow_landing_loader.loading.reading.quality import QualityLine

_Row = TypeVar("_Row")

MOST = 500
"""Rows of a page at most."""
MOST_REJECTS = 200
"""Rejected records of a load that are told at most."""

Trait = Literal["drift", "rejected", "quality", "removed", "restated"]
"""What loads may be asked for by. ``quality``: a rule is broken. ``removed``: the rows are out of
the table again. ``restated``: it restates an earlier load."""


@dataclass(frozen=True, kw_only=True)
class LoadQuery:
    """Which loads are asked for, newest first.

    :param tables: only of these.
    :param text: a part of the file's name, in any case, or the beginning of an id.
    :param since: committed from then on, UTC without zone; ``until``: before.
    :param traits: that have all of these.
    :param run: of one Airflow run: its DAG and its own id.
    :param before: only those whose ``sequence`` is lower: where the page before ended.
    :param limit: 1 to :data:`MOST`.
    """

    tables: tuple[str, ...]
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    traits: tuple[Trait, ...] = ()
    run: tuple[str, str] | None = None
    before: int | None = None
    limit: int = 50


@dataclass(frozen=True, kw_only=True)
class DeliveryQuery:
    """Which deliveries are asked for, newest first.

    :param tables: only of these.
    :param outcomes: that ended so; empty for any.
    :param text: a part of the file's name or of the message, in any case.
    :param code: that were refused with this code.
    :param before: where the page before ended: time and id of its last one.
    :param limit: 1 to :data:`MOST`.
    """

    tables: tuple[str, ...]
    outcomes: tuple[DeliveryOutcome, ...] = ()
    text: str = ""
    code: str | None = None
    before: tuple[datetime, str] | None = None
    limit: int = 50


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Deliveries that have one code.

    :param code: ``None``: those without any.
    :param tables: of which they are.
    """

    code: str | None
    deliveries: int
    tables: int


@dataclass(frozen=True, kw_only=True)
class Page(Generic[_Row]):
    """Rows, newest first.

    :param more: whether there are older ones.
    :param newest_only: the books could not be asked: these are of the newest ones alone, as of
        ``as_of``.
    :param busy_with: who holds the database, if that is why.
    """

    rows: tuple[_Row, ...]
    more: bool
    as_of: datetime
    newest_only: bool = False
    busy_with: str | None = None


@dataclass(frozen=True, kw_only=True)
class Reject:
    """One row of ``load_rejects``.

    :param record: its number in the file; ``line``: where it begins.
    :param text: as it was delivered: cell values.
    """

    record: int
    line: int
    code: str
    column_name: str | None
    message: str
    text: str


@dataclass(frozen=True, kw_only=True)
class FileColumn:
    """One row of ``load_columns``.

    :param sender_name: as the header has it.
    :param extra: whether the values are in ``_extra``.
    """

    position: int
    sender_name: str
    column_name: str
    extra: bool


@dataclass(frozen=True, kw_only=True)
class LoadDetail:
    """All that the books know of one load.

    :param delivery: what became of its delivery; ``None``: nobody has written that.
    :param rejects: the first :data:`MOST_REJECTS`.
    """

    load: Load
    delivery: DeliveryRecord | None
    columns: tuple[FileColumn, ...]
    totals: tuple[LoadTotal, ...]
    quality: tuple[QualityLine, ...]
    rejects: tuple[Reject, ...]


@dataclass(frozen=True, kw_only=True)
class TableQuality:
    """What the loads of a table came to over some time.

    :param records: of their files, those that were rejected too.
    :param good: those of them that break no rule; where a mapping has no rules, that were not
        rejected.
    :param missing_fields: how often each rule was broken, by what the rule asks for.
    """

    table: str
    records: int
    good: int
    missing_fields: int = 0
    invalid_types: int = 0
    duplicates: int = 0
