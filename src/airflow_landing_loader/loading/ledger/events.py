"""What happened, as it is told to programs: the events, their ids and their JSON.

``docs/alerts.md`` has the form. An event holds names, counts and codes: never a cell value, and
nothing that stands in a file but names of columns.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from airflow_landing_loader.loading.ledger.views import METRIC_OF_RULE, REJECTED_METRIC
from airflow_landing_loader.loading.model import ArrivalRecord, DeliveryRecord, Load, RunContext
from airflow_landing_loader.loading.operations import EventRecord
from airflow_landing_loader.loading.planning.identity import NAMESPACE
from airflow_landing_loader.loading.reading.quality import QualityLine
from airflow_landing_loader.loading.summary import MOST_NAMES
from airflow_landing_loader.safe_text import shortened

SCHEMA = 1
"""The version of the form; one that adds keys is the same."""
NOTIFICATION = "notification"
"""The type of a message to people."""
_MOST_TEXT = 1000


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened.

    :param key: what it happened to: a load, a delivery, a run, a window.
    :param at: when, UTC without zone.
    :param data: what its type has beside the others.
    """

    type: str
    key: tuple[str, ...]
    at: datetime
    table: str
    load_id: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The same for the same type and key."""
        return str(uuid.uuid5(NAMESPACE, json.dumps(["event", self.type, *self.key])))

    def document(self, run: RunContext) -> dict[str, Any]:
        """What is sent, before it is text."""
        return {
            "schema": SCHEMA,
            "event_id": self.id,
            "type": self.type,
            "occurred_at": instant(self.at),
            "table": self.table,
            "load_id": self.load_id,
            "dag_id": run.dag_id,
            "run_id": run.run_id,
            "data": dict(self.data),
        }


def instant(at: datetime) -> str:
    """A time of our tables as events have it: ISO 8601 in UTC."""
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}Z"


def event_records(events: Iterable[Event], run: RunContext) -> tuple[EventRecord, ...]:
    """The rows of ``load_events`` that events make: one for each channel that wants its type."""
    return tuple(
        record_of(event, run, channel)
        for event in events
        for channel, wanted in run.events
        if event.type in wanted
    )


def record_of(event: Event, run: RunContext, channel: str) -> EventRecord:
    """The row of ``load_events`` for one channel."""
    return EventRecord(
        event_id=event.id,
        channel=channel,
        event_type=event.type,
        occurred_at=event.at,
        table_name=event.table,
        load_id=event.load_id,
        dag_id=run.dag_id,
        run_id=run.run_id,
        body=json.dumps(event.document(run)),
    )


def started(run: RunContext, table: str, at: datetime) -> Iterator[Event]:
    """That a run has begun to work; nothing on the command line, which has no runs."""
    if run.dag_id is not None and run.run_id is not None:
        key = (run.dag_id, run.run_id)
        yield Event(type="execution.started", key=key, at=at, table=table)


def of_loads(
    loads: Sequence[tuple[Load, Sequence[QualityLine]]], run: RunContext, at: datetime
) -> tuple[EventRecord, ...]:
    """What loads that are about to be committed tell.

    :param loads: at least one, each with what was counted of its records.
    :param at: when, UTC without zone; what is told first is a moment before.
    """
    if not run.events:
        return ()
    first, _ = loads[0]
    events = [*started(run, first.table_name, first.started_at)]
    for number, (load, lines) in enumerate(loads):
        moment = at + timedelta(microseconds=number)
        events.append(layer_completed(load, moment))
        events += _quality_issue(load, lines, moment)
    return event_records(events, run)


def layer_completed(load: Load, at: datetime) -> Event:
    """That a load is in its table."""
    return Event(
        type="layer.completed",
        key=(load.load_id,),
        at=at,
        table=load.table_name,
        load_id=load.load_id,
        data={
            "layer": "bronze",
            "file": load.filename,
            "rows": load.row_count,
            "rejected": load.rejected_count,
            "size_bytes": load.size_bytes,
            "sha256": load.sha256,
            "duration_ms": round((at - load.started_at) / timedelta(milliseconds=1)),
            "drift_columns": list(load.drift_columns[:MOST_NAMES]),
            "missing_columns": list(load.missing_columns[:MOST_NAMES]),
            "restates_load_id": load.restates_load_id,
        },
    )


def _quality_issue(load: Load, lines: Sequence[QualityLine], at: datetime) -> Iterator[Event]:
    issues: list[dict[str, Any]] = [
        {"metric_type": METRIC_OF_RULE[line.rule], "column": line.column, "count": line.failed}
        for line in lines
        if line.failed and line.rule in METRIC_OF_RULE
    ]
    if load.rejected_count:
        count = load.rejected_count
        issues.append({"metric_type": REJECTED_METRIC, "column": None, "count": count})
    if issues:
        yield Event(
            type="quality.issue_detected",
            key=(load.load_id,),
            at=at,
            table=load.table_name,
            load_id=load.load_id,
            data={
                "layer": "bronze",
                "severity": "warning",
                "file": load.filename,
                "records": load.record_count,
                "score": load.quality_score,
                "issues": issues[:MOST_NAMES],
            },
        )


def of_refused(records: Sequence[DeliveryRecord], run: RunContext) -> tuple[EventRecord, ...]:
    """What deliveries tell that go to the failed zone."""
    failed = [record for record in records if record.outcome == "failed"]
    if not run.events or not failed:
        return ()
    events = [*started(run, failed[0].table_name, failed[0].recorded_at)]
    events += (
        Event(
            type="file.refused",
            key=(record.delivery_id,),
            at=record.recorded_at,
            table=record.table_name,
            data={
                "file": record.filename,
                "code": record.code,
                "reason": shortened(record.message or "", _MOST_TEXT),
                "delivery_id": record.delivery_id,
                "sha256": record.sha256,
            },
        )
        for record in failed
    )
    return event_records(events, run)


def told_at(record: ArrivalRecord) -> datetime:
    """When a window was first as it is told, UTC without zone and never to come: at its deadline if
    that is told before its end, else at its end."""
    is_open = record.outcome != "missing" and record.recorded_at < record.until_at
    return min(record.due_at if is_open else record.until_at, record.recorded_at)


def of_late(records: Sequence[ArrivalRecord], run: RunContext) -> tuple[EventRecord, ...]:
    """What windows tell that ended without all that was expected."""
    return event_records(
        (
            Event(
                type="file.late",
                key=(record.table_name, record.pattern, record.day, record.outcome),
                at=told_at(record),
                table=record.table_name,
                data={
                    "outcome": record.outcome,
                    "pattern": record.pattern,
                    "day": record.day,
                    "due_at": instant(record.due_at),
                    "until_at": instant(record.until_at),
                    "reason": shortened(record.reason, _MOST_TEXT),
                    "files": record.file_count,
                    "rows": record.row_count,
                },
            )
            for record in records
            if record.outcome in ("late", "missing", "wrong")
        ),
        run,
    )
