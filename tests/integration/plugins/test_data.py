"""The books over HTTP, as Airflow's API server serves them: rights, and what a database says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.api import ETL, ROOT, SEED_LAYERS, Api, change_run
from tests.support.locking import other_process

from airflow_landing_loader.loading.operations import ExecutionRecord, Layer
from airflow_landing_loader.loading.warehouses.base import Warehouse
from airflow_landing_loader.loading.warehouses.duckdb.kept_summary import ARCHIVE_NAME
from airflow_landing_loader.loading.warehouses.opening import open_warehouse
from airflow_landing_loader.plugins.api.problems import MEDIA_TYPE
from airflow_landing_loader.runs.executions import run_of
from airflow_landing_loader.settings.airflow import airflow_settings
from airflow_landing_loader.storage.names import WORK_FOLDER
from airflow_landing_loader.storage.opening import open_zones

DATA = f"{ROOT}/api/v1"
PATHS = (
    *("overview", "tables", "tables/raw_a", "loads", "loads/x", "deliveries", "failures"),
    *("arrivals", "drift", "unmatched", "actions", "metrics"),
)
NOT_THERE = ("loads/x",)


@pytest.fixture
def books(api: Api) -> Iterator[Warehouse]:
    """The database that the server reads, instead of books of a test."""
    from airflow_landing_loader.plugins.api.services import Books
    from airflow_landing_loader.plugins.landing_loader import LandingLoaderPlugin

    app = LandingLoaderPlugin.fastapi_apps[0]["app"].app()
    app.state.open_books = lambda: Books.of(app.state.installation.monitor())
    settings = airflow_settings()
    yield open_warehouse(settings, open_zones(settings))
    Path(settings.duckdb_path).unlink(missing_ok=True)
    # What is left of it in the archive would say that it is on another machine.
    Path(settings.archive_path, WORK_FOLDER, ARCHIVE_NAME).unlink(missing_ok=True)


def test_every_endpoint_is_tried_here(api: Api) -> None:
    paths = api.asking("viewer").get(f"{ROOT}/openapi.json").json()["paths"]
    known = {
        path.removeprefix("/api/v1/").replace("{table}", "raw_a").replace("{load_id}", "x"): methods
        for path, methods in paths.items()
        if not path.startswith("/api/v1/etl/")
    }
    assert set(known) == set(PATHS)
    assert {method for methods in known.values() for method in methods} == {"get"}


@pytest.mark.parametrize("path", PATHS)
class TestRights:
    @pytest.mark.parametrize(
        ("headers", "status"),
        [({}, 401), ({"authorization": "Bearer rubbish"}, 403)],
    )
    def test_without_a_login_nothing_is_answered(
        self, api: Api, path: str, headers: dict[str, str], status: int
    ) -> None:
        answer = api.asking(None, **headers).get(f"{DATA}/{path}")
        assert answer.status_code == status
        assert answer.headers["content-type"] == MEDIA_TYPE

    def test_a_viewer_reads(self, api: Api, path: str) -> None:
        answer = api.asking("viewer").get(f"{DATA}/{path}")
        assert answer.status_code == (404 if path in NOT_THERE else 200)
        assert answer.headers["cache-control"] == "private, no-store"

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
    def test_nothing_is_changed(self, api: Api, path: str, method: str) -> None:
        assert api.asking("admin").request(method, f"{DATA}/{path}").status_code == 405


def test_what_a_viewer_is_told(api: Api) -> None:
    tables = api.asking("viewer").get(f"{DATA}/tables").json()["tables"]
    assert [table["pipeline_id"] for table in tables] == ["landing__raw_a", "landing__raw_b"]


class TestExecutions:
    def trigger(self, api: Api) -> str:
        answer = api.asking("user").post(f"{ETL}/trigger", json={"pipeline_id": "raw_a"})
        execution_id: str = answer.json()["execution_id"]
        return execution_id

    def test_with_the_layers_of_the_books(self, api: Api, books: Warehouse) -> None:
        execution_id = self.trigger(api)
        run = run_of(execution_id)
        assert run is not None
        began = datetime(2024, 12, 23, 6, tzinfo=UTC)
        ended = began + timedelta(seconds=11)
        change_run(run, state="success", start_date=began, end_date=ended)
        books.record_executions(list(_records(execution_id, run, ended)))
        (execution,) = api.asking("viewer").get(f"{ETL}/executions").json()["executions"]
        assert execution == {
            "id": execution_id,
            "pipeline_id": "landing__raw_a",
            "pipeline_name": "raw_a",
            "status": "completed",
            "layers": SEED_LAYERS,
            "total_duration_ms": 10900,
            "started_at": "2024-12-23T06:00:00Z",
            "completed_at": "2024-12-23T06:00:11Z",
        }

    def test_while_somebody_writes(self, api: Api, books: Warehouse) -> None:
        execution_id = self.trigger(api)
        run = run_of(execution_id)
        books.record_executions(list(_records(execution_id, run, datetime.now(UTC))))
        database = Path(airflow_settings().duckdb_path)
        with other_process("exclusive", database, "loading secret.csv into raw_b"):
            for path in ("executions", "data-quality"):
                answer = api.asking("viewer").get(f"{ETL}/{path}")
                assert answer.status_code == 503
                assert answer.headers["retry-after"] == "5"
                assert answer.json()["code"] == "warehouse.locked"
                assert "secret.csv" not in answer.text
        assert api.asking("viewer").get(f"{ETL}/executions").status_code == 200


def test_quality_before_the_first_load(api: Api, books: Warehouse) -> None:
    answer = api.asking("viewer").get(f"{ETL}/data-quality").json()
    assert answer["quality_metrics"]["last_24h"]["total_records"] == 0
    assert answer["by_pipeline"] == []


def _records(execution_id: str, run: Any, ended: datetime) -> Iterator[ExecutionRecord]:
    whole = ExecutionRecord(
        execution_id=execution_id,
        dag_id=run.dag_id,
        run_id=run.run_id,
        table_name="raw_a",
        layer="run",
        status="completed",
        completed_at=ended.replace(tzinfo=None),
    )
    figures: dict[Layer, dict[str, Any]] = {
        "run": {},
        "bronze": {
            "records_processed": 125000,
            "records_failed": 0,
            "size_bytes": 45_300_000,
            "duration_ms": 3200,
        },
        "silver": {"records_processed": 124850, "records_failed": 150, "duration_ms": 5600},
        "gold": {
            "duration_ms": 2100,
            "result": '{"models": ["campaign_daily", "pacing_metrics"], "failed": []}',
        },
    }
    for layer, values in figures.items():
        yield replace(whole, layer=layer, **values)
