"""What of the expected files is to be told now, and was not told before.

A window is told when its deadline has passed and something is missing or wrong, again when it ends
so, and when that is mended. What was told is remembered by whoever tells, and not taken from who
wrote it into the books: that may have been somebody who tells nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from airflow_landing_loader.loading.model import ArrivalRecord
from airflow_landing_loader.monitoring.expected import Expected
from airflow_landing_loader.monitoring.outcomes import utc

REMEMBERED = timedelta(days=7)
"""A window that ended longer ago is not told any more."""

Stage = Literal["due", "ended", "mended"]


@dataclass(frozen=True, order=True)
class Told:
    """Something that was told of a window.

    :param day: of the window.
    :param stage: at its deadline, at its end, or when it was mended.
    """

    table_name: str
    pattern: str
    day: str
    stage: str


@dataclass(frozen=True, kw_only=True)
class News:
    """What is to be told now.

    :param records: an open one has the outcome ``late``, or ``wrong`` if something is there.
    :param told: to be remembered once these are told.
    """

    records: tuple[ArrivalRecord, ...]
    told: tuple[Told, ...]


def news_of(expected: Expected, told: Collection[Told]) -> News:
    """Choose what is to be told.

    :param told: what was told before.
    """
    since = utc(expected.as_of) - REMEMBERED
    recent = [record for record in expected.records if utc(record.until_at) > since]
    found = [*_stages(expected.late, recent, frozenset(told))]
    windows = {_key(record) for record in (*recent, *expected.late)}
    kept = {entry for entry in told if (entry.table_name, entry.pattern, entry.day) in windows}
    return News(
        records=tuple(record for entry, record in found if entry not in kept),
        told=tuple(sorted(kept | {entry for entry, _ in found})),
    )


def _stages(
    late: Sequence[ArrivalRecord], ended: Sequence[ArrivalRecord], told: Collection[Told]
) -> Iterator[tuple[Told, ArrivalRecord]]:
    for record in late:
        yield Told(*_key(record), "due"), record
    for record in ended:
        due, end = Told(*_key(record), "due"), Told(*_key(record), "ended")
        if record.is_open:
            yield end, record
        elif record.mended_at is not None and end in told:
            yield Told(*_key(record), "mended"), record
        elif record.outcome == "late":
            yield due, record  # where nobody looked while it was


def _key(record: ArrivalRecord) -> tuple[str, str, str]:
    return record.table_name, record.pattern, record.day
