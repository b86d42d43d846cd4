"""What is counted, timed and gauged, under which name, for whoever collects numbers.

A name is stable, as an error code is. What there is a closed list of (codes, steps, outcomes) is
its last level, since plain StatsD has no tags; the table is a tag; a file's name is neither. A
number that is told twice because a task was tried again counts twice: the books do not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum
from typing import Literal, Protocol

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.discovery.model import Discovery
from airflow_landing_loader.loading.model import ArrivalRecord, Duplicate, Loaded, Verdict
from airflow_landing_loader.pipeline.outcome import Outcome

StepName = Literal["validate", "load", "archive", "fail"]


class Metric(StrEnum):
    """Names, without their last level where one is added."""

    LOADS = "landing_loader.loads"
    ROWS = "landing_loader.rows"
    REJECTED = "landing_loader.rejected"
    BYTES = "landing_loader.bytes"
    DUPLICATES = "landing_loader.duplicates"
    FAILURES = "landing_loader.failures"
    LEFT = "landing_loader.left"
    WINDOWS = "landing_loader.windows"
    WAITING = "landing_loader.waiting"
    STEP = "landing_loader.step"


class Meter(Protocol):
    """Whoever takes the numbers, each of one table."""

    def count(self, name: str, number: int, *, table: str) -> None:
        """Add to a counter; ``number`` is more than 0."""
        ...

    def gauge(self, name: str, value: int, *, table: str) -> None:
        """Say how much of something there is now."""
        ...

    def time(self, name: str, seconds: float, *, table: str) -> None:
        """Say how long something took."""
        ...


def tell_verdicts(meter: Meter, verdicts: Iterable[Verdict]) -> None:
    """Count what a step has loaded, and what it had already."""
    counted: Counter[tuple[str, str]] = Counter()
    for verdict in verdicts:
        if isinstance(verdict, Loaded):
            load = verdict.load
            counted[Metric.LOADS, load.table_name] += 1
            counted[Metric.ROWS, load.table_name] += load.row_count
            counted[Metric.REJECTED, load.table_name] += load.rejected_count
            counted[Metric.BYTES, load.table_name] += load.size_bytes
        elif isinstance(verdict, Duplicate):
            counted[Metric.DUPLICATES, verdict.delivery.mapping.table] += 1
    _tell(meter, counted)


def tell_failed(meter: Meter, outcomes: Iterable[Outcome]) -> None:
    """Count the files that went to the failed zone, by the code of what they were refused for."""
    _tell(meter, _by_code(Metric.FAILURES, outcomes, "failed"))


def tell_left(meter: Meter, outcomes: Iterable[Outcome]) -> None:
    """Count the files that a run leaves in landing, by the code of what they were left for."""
    _tell(meter, _by_code(Metric.LEFT, outcomes, "left"))


def tell_refused(meter: Meter, codes: Iterable[str], table: str) -> None:
    """Count the files that are refused where they lie and fail a run for it, by code."""
    _tell(meter, Counter((_level(Metric.FAILURES, code), table) for code in codes))


def tell_windows(meter: Meter, records: Iterable[ArrivalRecord]) -> None:
    """Count windows that have ended, by outcome, and incidents that have, as ``mended``.

    :param records: those that are new.
    """
    ended = ((r, "mended" if r.mended_at else r.outcome) for r in records)
    _tell(
        meter,
        Counter(
            (_level(Metric.WINDOWS, outcome), record.table_name)
            for record, outcome in ended
            if outcome != "expected"
        ),
    )


def tell_waiting(
    meter: Meter,
    found: Discovery,
    mappings: Sequence[TableMapping],
    *,
    taken: Collection[str] = (),
) -> None:
    """Gauge the data files in landing that no run has taken, of each table.

    :param mappings: those whose files were looked for.
    :param taken: names of the files that the run takes now.
    """
    there = [*found.ready, *found.unsettled, *(held.delivery for held in found.held)]
    waiting = Counter(d.mapping.table for d in there if d.data.name not in taken)
    waiting.update(entry.mapping.table for entry in found.waiting)
    for table in dict.fromkeys(mapping.table for mapping in mappings):
        meter.gauge(Metric.WAITING, waiting[table], table=table)


def tell_step(meter: Meter, step: StepName, seconds: float, table: str) -> None:
    """Time a step of a lane that came to its end."""
    meter.time(_level(Metric.STEP, step), seconds, table=table)


def _by_code(
    metric: Metric, outcomes: Iterable[Outcome], status: Literal["failed", "left"]
) -> Counter[tuple[str, str]]:
    return Counter(
        (_level(metric, outcome.error.code if outcome.error else _SILENT), outcome.table)
        for outcome in outcomes
        if outcome.status == status
    )


_SILENT = ErrorCode.INTERNAL_UNEXPECTED.value


def _level(metric: Metric, last: str) -> str:
    """A name with its last level; the dot of a code would make it two."""
    return f"{metric}.{last.replace('.', '_')}"


def _tell(meter: Meter, counted: Counter[tuple[str, str]]) -> None:
    for (name, table), number in counted.items():
        if number:
            meter.count(name, number, table=table)
