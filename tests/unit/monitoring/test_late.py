"""What is told of windows says when it was so, and is the same however often it is told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from airflow_landing_loader.config.channels.channel_set import ChannelSet
from airflow_landing_loader.config.channels.model import EVENT_TYPES
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.notify import Notify
from airflow_landing_loader.loading.model import ArrivalOutcome, ArrivalRecord, RunContext
from airflow_landing_loader.loading.operations import EventRecord
from airflow_landing_loader.monitoring.late import late_records

DUE = datetime.fromisoformat("2024-01-15T07:00")
UNTIL = datetime.fromisoformat("2024-01-15T19:00")
MINUTE = timedelta(minutes=1)
RUN = RunContext(events=(("all", EVENT_TYPES),))


def record(outcome: ArrivalOutcome, recorded: datetime, *, table: str = "raw_a") -> ArrivalRecord:
    return ArrivalRecord(
        table_name=table,
        pattern="a_*.csv",
        day="2024-01-15",
        opens_at=DUE - timedelta(hours=12),
        due_at=DUE,
        until_at=UNTIL,
        outcome=outcome,
        reason="no file",
        file_count=0,
        row_count=0,
        arrived_at=None,
        mended_at=None,
        recorded_at=recorded,
    )


def told(*records: ArrivalRecord) -> tuple[EventRecord, ...]:
    notified = TableMapping(
        pattern="a_*.csv", table="raw_a", notify=Notify(to=("log",), on=("late",))
    )
    found = late_records(records, [notified], ChannelSet(), RUN)
    assert {r.event_type for r in found} == {"file.late", "notification"}
    for row in found:
        assert row.occurred_at <= max(r.recorded_at for r in records)
        assert f"{row.occurred_at:%Y-%m-%dT%H:%M}" in json.loads(row.body)["occurred_at"]
    return found


@pytest.mark.parametrize(
    ("outcome", "recorded", "at"),
    [
        ("late", DUE + MINUTE, DUE),
        ("wrong", DUE + MINUTE, DUE),
        ("wrong", UNTIL + MINUTE, UNTIL),
        ("missing", UNTIL, UNTIL),
        ("missing", UNTIL + MINUTE, UNTIL),
        ("late", UNTIL + MINUTE, UNTIL),
        # By clocks that do not agree, from just before.
        ("late", DUE - MINUTE, DUE - MINUTE),
        ("missing", UNTIL - MINUTE, UNTIL - MINUTE),
    ],
)
def test_what_is_told_has_happened(
    outcome: ArrivalOutcome, recorded: datetime, at: datetime
) -> None:
    assert {row.occurred_at for row in told(record(outcome, recorded))} == {at}


@pytest.mark.parametrize("outcome", ["late", "wrong", "missing"])
def test_what_is_told_again_has_the_same_ids(outcome: ArrivalOutcome) -> None:
    first = record(outcome, DUE + MINUTE)
    again = replace(first, recorded_at=UNTIL + MINUTE)
    assert [r.event_id for r in told(first)] == [r.event_id for r in told(again)]
