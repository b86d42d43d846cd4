"""Which numbers are told under which names."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, ErrorDetail
from airflow_landing_loader.landing.discovery.model import (
    Discovery,
    HeldForNumber,
    Waiting,
)
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.loading.model import ArrivalRecord, Duplicate, Load, Loaded, Refused
from airflow_landing_loader.monitoring.metrics import (
    Metric,
    tell_failed,
    tell_left,
    tell_refused,
    tell_step,
    tell_verdicts,
    tell_waiting,
    tell_windows,
)
from airflow_landing_loader.pipeline.outcome import Outcome, Status
from airflow_landing_loader.storage.model import LandedFile

NOW = datetime(2024, 1, 15, tzinfo=UTC).replace(tzinfo=None)
A = TableMapping(pattern="a_*.csv", table="raw_a")
B = TableMapping(pattern="b_*.csv", table="other.raw_b")


@dataclass
class Sums:
    """A meter that remembers.

    :param told: how often it was told anything.
    """

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    gauges: dict[tuple[str, str], int] = field(default_factory=dict)
    times: dict[tuple[str, str], float] = field(default_factory=dict)
    told: int = 0

    def count(self, name: str, number: int, *, table: str) -> None:
        assert number > 0
        self.counts[name, table] += number
        self.told += 1

    def gauge(self, name: str, value: int, *, table: str) -> None:
        self.gauges[name, table] = value

    def time(self, name: str, seconds: float, *, table: str) -> None:
        self.times[name, table] = seconds


@pytest.fixture
def meter() -> Sums:
    return Sums()


def delivery(name: str, mapping: TableMapping = A) -> Delivery:
    data = LandedFile(name=name, path=f"/landing/{name}", size=9, mtime_ns=1, token="t")
    return Delivery(mapping=mapping, data=data)


def loaded(mapping: TableMapping = A, **changes: Any) -> Loaded:
    fields: dict[str, Any] = {
        "load_id": "l",
        "filename": "a_1.csv",
        "table_name": mapping.table,
        "row_count": 5,
        "started_at": NOW,
        "completed_at": NOW,
        "sequence": 1,
        "uri": "/landing/a_1.csv",
        "size_bytes": 100,
        "sha256": "ab",
        "delivery_token": "t",
        "go_filename": None,
        "go_sha256": None,
        "record_count": 6,
        "expected_count": None,
        "rejected_count": 1,
        "drift_columns": (),
        "missing_columns": (),
        "restates_load_id": None,
        "same_content_load_id": None,
        "archive_uri": "/archive/a_1.csv",
        "dag_id": None,
        "run_id": None,
    }
    return Loaded(delivery=delivery("a_1.csv", mapping), load=Load(**(fields | changes)))


def outcome(status: Status, code: ErrorCode | None = None, table: str = "raw_a") -> Outcome:
    error = None if code is None else ErrorDetail(code=code.value, message="m")
    return Outcome(name="secret-name.csv", table=table, status=status, uri="", error=error)


def test_what_was_loaded_is_summed_by_table(meter: Sums) -> None:
    error = ErrorDetail(code="csv.ragged", message="m")
    verdicts = [
        *[loaded() for _ in range(1000)],
        loaded(B, rejected_count=0),
        Duplicate(delivery=delivery("a_2.csv"), sha256="ab", of_load_id="l"),
        Refused(delivery=delivery("a_3.csv"), error=error),
    ]
    tell_verdicts(meter, verdicts)
    assert meter.counts == {
        ("landing_loader.loads", "raw_a"): 1000,
        ("landing_loader.rows", "raw_a"): 5000,
        ("landing_loader.rejected", "raw_a"): 1000,
        ("landing_loader.bytes", "raw_a"): 100_000,
        ("landing_loader.duplicates", "raw_a"): 1,
        ("landing_loader.loads", "other.raw_b"): 1,
        ("landing_loader.rows", "other.raw_b"): 5,
        ("landing_loader.bytes", "other.raw_b"): 100,
    }
    assert meter.told == 8  # packets, however many files there are


def test_failed_and_left_files_are_counted_by_code(meter: Sums) -> None:
    outcomes = [
        outcome("failed", ErrorCode.CSV_STRAY_QUOTE),
        outcome("failed", ErrorCode.CSV_STRAY_QUOTE),
        outcome("failed", ErrorCode.COUNT_TOO_FEW, "raw_b"),
        outcome("left", ErrorCode.WAREHOUSE_LOCKED),
        outcome("left"),
        outcome("loaded"),
        outcome("duplicate"),
    ]
    tell_failed(meter, outcomes)
    assert meter.counts == {
        ("landing_loader.failures.csv_stray_quote", "raw_a"): 2,
        ("landing_loader.failures.count_too_few", "raw_b"): 1,
    }
    meter.counts.clear()
    tell_left(meter, outcomes)
    assert meter.counts == {
        ("landing_loader.left.warehouse_locked", "raw_a"): 1,
        ("landing_loader.left.internal_unexpected", "raw_a"): 1,
    }
    meter.counts.clear()
    tell_refused(meter, ["landing.two_patterns"] * 2, "raw_a")
    assert meter.counts == {("landing_loader.failures.landing_two_patterns", "raw_a"): 2}


def test_a_window_is_counted_when_it_ends_and_again_when_it_is_mended(meter: Sums) -> None:
    missing = ArrivalRecord(
        table_name="raw_a",
        pattern="a_*.csv",
        day="2024-01-15",
        opens_at=NOW,
        due_at=NOW,
        until_at=NOW,
        outcome="missing",
        reason="no file",
        file_count=0,
        row_count=0,
        arrived_at=None,
        mended_at=None,
        recorded_at=NOW,
    )
    records = [replace(missing, outcome="expected"), replace(missing, outcome="on_time")]
    records += [replace(missing, outcome="late"), replace(missing, outcome="wrong"), missing]
    tell_windows(meter, records)
    tell_windows(meter, [replace(missing, mended_at=NOW)])
    assert meter.counts == {
        (f"landing_loader.windows.{outcome}", "raw_a"): 1
        for outcome in ("on_time", "late", "wrong", "missing", "mended")
    }


def test_what_waits_is_what_no_run_has_taken(meter: Sums) -> None:
    found = Discovery(
        ready=(delivery("a_1.csv"), delivery("a_2.csv")),
        unsettled=(delivery("a_3.csv"),),
        waiting=(Waiting(A, "a_4.csv", "a_4.go"),),
        held=(HeldForNumber(delivery("a_5.csv"), 4),),
    )
    tell_waiting(meter, found, [A, A, B], taken={"a_1.csv"})
    assert meter.gauges == {
        ("landing_loader.waiting", "raw_a"): 4,
        ("landing_loader.waiting", "other.raw_b"): 0,
    }
    tell_waiting(meter, Discovery(), [A])
    assert meter.gauges["landing_loader.waiting", "raw_a"] == 0


def test_a_step_is_timed_under_its_name(meter: Sums) -> None:
    tell_step(meter, "load", 1.5, "raw_a")
    assert meter.times == {("landing_loader.step.load", "raw_a"): 1.5}


def test_no_code_makes_two_levels_or_a_name_that_airflow_drops(meter: Sums) -> None:
    tell_refused(meter, [code.value for code in ErrorCode], "raw_a")
    assert len(meter.counts) == len(ErrorCode)
    allowed = re.compile(r"landing_loader\.failures\.[a-z0-9_]{1,100}")
    assert all(allowed.fullmatch(name) for name, _ in meter.counts)


def test_the_docs_have_all_names_and_no_other() -> None:
    page = (Path(__file__).parents[3] / "docs" / "alerts.md").read_text()
    told = set(
        re.findall(r"^\| `(landing_loader\.[a-z_.]+)(?:\.<[a-z]+>)?` \|", page, re.MULTILINE)
    )
    assert told == set(Metric)
