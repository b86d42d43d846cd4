"""A task instance without Airflow behind it, and operators that see it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, ErrorDetail
from airflow_landing_loader.landing.model import Delivery, Inspection, Validated
from airflow_landing_loader.loading.model import Duplicate, Load, Loaded, Refused
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.storage.model import LandedFile

MAPPING = TableMapping(pattern="*.csv", table="raw_a", settle_seconds=0)


@dataclass
class FakeTaskInstance:
    """Keeps XComs in a dict, by run, task, key and map index.

    :param not_found: what was asked for by map index and is not there, which Airflow logs as error.
    """

    task_id: str = "task"
    run_id: str = "run-2"
    map_index: int = -1
    try_number: int = 1
    max_tries: int = 8
    previous_run: str | None = None
    states: dict[str, str] = field(default_factory=dict)
    xcoms: dict[tuple[str, str, str, int], Any] = field(default_factory=dict)
    not_found: list[tuple[str, str, str, int]] = field(default_factory=list)

    def xcom_push(self, key: str, value: Any) -> None:
        self.xcoms[self.run_id, self.task_id, key, self.map_index] = value

    def put(self, task_id: str, value: Any, *, key: str = "return_value", index: int = -1) -> None:
        self.xcoms[self.run_id, task_id, key, index] = value

    def pushed(self, key: str) -> Any:
        return self.xcoms.get((self.run_id, self.task_id, key, self.map_index))

    def xcom_pull(
        self,
        task_ids: str | Iterable[str],
        key: str = "return_value",
        map_indexes: int | None = None,
        run_id: str | None = None,
    ) -> Any:
        run = run_id or self.run_id
        if not isinstance(task_ids, str):
            return [self.xcom_pull(t, key, map_indexes, run_id) for t in task_ids]
        if map_indexes is not None:
            entry = (run, task_ids, key, map_indexes)
            if entry not in self.xcoms:
                self.not_found.append(entry)
            return self.xcoms.get(entry)
        found = [
            v for (r, t, k, _), v in sorted(self.xcoms.items()) if (r, t, k) == (run, task_ids, key)
        ]
        return found[0] if len(found) == 1 else found or None

    def get_previous_dagrun(self) -> Any:
        return SimpleNamespace(run_id=self.previous_run) if self.previous_run else None

    def get_task_states(
        self,
        dag_id: str,
        run_ids: list[str],
        task_ids: Sequence[str] = (),
        map_index: int | None = None,
    ) -> dict[str, dict[str, str]]:
        return {run_id: self.states for run_id in run_ids}


@pytest.fixture
def ti() -> FakeTaskInstance:
    return FakeTaskInstance()


@pytest.fixture
def context(ti: FakeTaskInstance) -> dict[str, Any]:
    run = SimpleNamespace(
        dag_id="landing__raw_a",
        run_id=ti.run_id,
        conf={},
        start_date=datetime(2024, 1, 15, tzinfo=UTC),
    )
    return {"ti": ti, "run_id": ti.run_id, "dag_run": run, "outlet_events": {}}


def delivery(name: str = "a.csv") -> Delivery:
    data = LandedFile(name=name, path=f"/landing/{name}", size=9, mtime_ns=1, token=f"t-{name}")
    return Delivery(mapping=MAPPING, data=data)


def validated(name: str = "a.csv", *, records: int = 2) -> Validated:
    inspection = Inspection(
        sha256="ab" * 32,
        size=9,
        compression="none",
        line_end="\n",
        columns=("id",),
        body_start=3,
        body_end=9,
        body_line=2,
        records=records,
        ragged=0,
        longest_record=2,
    )
    return Validated(delivery=delivery(name), inspection=inspection)


def loaded(name: str = "a.csv", **changes: Any) -> Loaded:
    now = datetime(2024, 1, 15, 7, tzinfo=UTC).replace(tzinfo=None)
    fields: dict[str, Any] = {
        "load_id": f"id-{name}",
        "filename": name,
        "table_name": "raw_a",
        "row_count": 2,
        "started_at": now,
        "completed_at": now,
        "sequence": 1,
        "uri": f"/landing/{name}",
        "size_bytes": 9,
        "sha256": "ab" * 32,
        "delivery_token": "t",
        "go_filename": None,
        "go_sha256": None,
        "record_count": 2,
        "expected_count": None,
        "rejected_count": 0,
        "drift_columns": (),
        "missing_columns": (),
        "restates_load_id": None,
        "same_content_load_id": None,
        "archive_uri": f"/archive/{name}",
        "dag_id": None,
        "run_id": None,
    }
    return Loaded(delivery=delivery(name), load=Load(**(fields | changes)))


def duplicate(name: str = "a.csv") -> Duplicate:
    return Duplicate(delivery=delivery(name), sha256="ab" * 32, of_load_id="id-old")


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Factory of operators whose core is a stand-in: ``make(Operator, core, **arguments)``."""

    def build(operator: type[Any], core: Any, **arguments: Any) -> Any:
        from airflow.sdk import DAG

        dag = DAG("landing__raw_a", schedule=None)
        task = operator(**({"task_id": "task", "mapping": MAPPING, "dag": dag} | arguments))
        monkeypatch.setattr(task, "make_pipeline", lambda context: core)
        return task

    return build


def refused(name: str = "a.csv", *, transient: bool = False, value: str | None = None) -> Refused:
    code = ErrorCode.LANDING_CHANGED if transient else ErrorCode.CSV_RAGGED
    error = ErrorDetail(
        code=code.value, message="is wrong", file=name, line=7, value=value, transient=transient
    )
    return Refused(delivery=delivery(name), error=error)


def gone(name: str = "a.csv") -> Refused:
    error = ErrorDetail(
        code=ErrorCode.LANDING_DISAPPEARED.value, message="is gone", file=name, transient=True
    )
    return Refused(delivery=delivery(name), error=error)


def outcome(name: str = "a.csv", status: str = "loaded", **changes: Any) -> Outcome:
    fields: dict[str, Any] = {
        "name": name,
        "table": "raw_a",
        "status": status,
        "rows": 2,
        "rejected": 0,
        "uri": f"/somewhere/{name}",
    }
    return Outcome(**(fields | changes))


@pytest.fixture
def values() -> Any:
    """Makers of the core's values."""
    return SimpleNamespace(
        mapping=MAPPING,
        delivery=delivery,
        validated=validated,
        loaded=loaded,
        duplicate=duplicate,
        refused=refused,
        gone=gone,
        outcome=outcome,
    )
