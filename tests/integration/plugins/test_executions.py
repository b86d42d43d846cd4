"""Executions over HTTP: seed shapes, filters, pages; and how one is started."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.support.api import ETL, SEED_LAYERS, Api, change_run

from airflow_landing_loader.loading.operations import ExecutionRecord
from airflow_landing_loader.runs.executions import RunKey, id_of, run_of

START = datetime(2024, 12, 23, 6, tzinfo=UTC)


def started(api: Api, table: str = "raw_a", **parameters: Any) -> RunKey:
    """Start a run."""
    body = {"pipeline_id": table, "parameters": parameters}
    answer = api.asking("user").post(f"{ETL}/trigger", json=body)
    assert answer.status_code == 200, answer.text
    run = run_of(answer.json()["execution_id"])
    assert run is not None
    return run


def listed(api: Api, **query: Any) -> list[dict[str, Any]]:
    answer = api.asking("viewer").get(f"{ETL}/executions", params=query)
    assert answer.status_code == 200, answer.text
    executions: list[dict[str, Any]] = answer.json()["executions"]
    return executions


def layer(run: RunKey, name: str, milliseconds: int | None, **values: Any) -> ExecutionRecord:
    return ExecutionRecord(
        **{
            "execution_id": id_of(run),
            "dag_id": run.dag_id,
            "run_id": run.run_id,
            "table_name": "main.raw_a",
            "layer": name,
            "status": "completed",
            "duration_ms": milliseconds,
            "completed_at": START.replace(tzinfo=None),
            **values,
        }
    )


def test_an_execution_looks_as_promised(api: Api) -> None:
    run = started(api)
    change_run(run, state="success", start_date=START, end_date=START + timedelta(seconds=11))
    size = {"records_processed": 125_000, "size_bytes": 45_300_000}
    models = json.dumps({"models": ["campaign_daily", "pacing_metrics"]})
    api.books.records = [
        layer(run, "run", 3_600_000, table_name="not this one"),
        layer(run, "bronze", 3200, **size),
        layer(run, "silver", 5600, records_processed=124_850, records_failed=150),
        layer(run, "gold", 2100, result=models),
    ]
    (execution,) = listed(api)
    assert run_of(execution.pop("id")) == run
    assert execution == {
        "pipeline_id": "landing__raw_a",
        "pipeline_name": "main.raw_a",
        "status": "completed",
        "layers": SEED_LAYERS,
        "total_duration_ms": 10900,
        "started_at": "2024-12-23T06:00:00Z",
        "completed_at": "2024-12-23T06:00:11Z",
    }


def test_what_the_books_do_not_know_is_null(api: Api) -> None:
    run = started(api)
    api.books.records = [
        layer(run, "bronze", None),
        layer(run, "silver", 5, status="skipped"),
        layer(run, "gold", None, status="failed"),
    ]
    (execution,) = listed(api)
    assert execution["total_duration_ms"] == 5
    assert execution["layers"] == {
        "bronze": {"status": "completed", "records": None, "size_mb": None, "duration_ms": None},
        "silver": {
            "status": "skipped",
            "records": None,
            "records_filtered": None,
            "duration_ms": 5,
        },
        "gold": {"status": "failed", "tables_updated": [], "duration_ms": None},
    }


def test_of_one_that_runs_airflow_knows_all_that_is_known(api: Api) -> None:
    started(api)
    (execution,) = listed(api)
    assert execution["status"] == "running"
    assert execution["pipeline_name"] == "raw_a"
    assert execution["layers"] == {"bronze": None, "silver": None, "gold": None}
    for name in ("total_duration_ms", "started_at", "completed_at"):
        assert execution[name] is None


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("queued", "running"),
        ("running", "running"),
        ("success", "completed"),
        ("failed", "failed"),
    ],
)
def test_the_status_is_the_runs_state(api: Api, state: str, status: str) -> None:
    change_run(started(api), state=state)
    for asked in ("running", "completed", "failed"):
        found = [execution["status"] for execution in listed(api, status=asked)]
        assert found == ([status] if asked == status else [])


@pytest.mark.parametrize("pipeline_id", ["landing__raw_b", "raw_b"])
def test_of_one_pipeline(api: Api, pipeline_id: str) -> None:
    started(api)
    run = started(api, "raw_b")
    (execution,) = listed(api, pipeline_id=pipeline_id)
    assert run_of(execution["id"]) == run
    assert len(listed(api)) == 2


def test_runs_of_other_dags_are_no_executions(api: Api) -> None:
    api.asking("user").post(f"{ETL}/verify", json={"table": "raw_a", "loads": ["x"]})
    assert not listed(api)


def test_days_are_whole_and_both_included(api: Api) -> None:
    run = started(api)
    times = {
        "2024-12-19T23:59:59.999999+00:00": False,
        "2024-12-20T00:00:00+00:00": True,
        "2024-12-21T23:59:59.999999+00:00": True,
        "2024-12-22T00:00:00+00:00": False,
    }
    for time, found in times.items():
        change_run(run, run_after=datetime.fromisoformat(time))
        asked = listed(api, date_from="2024-12-20", date_to="2024-12-21")
        assert bool(asked) == found, time
        assert bool(listed(api, date_from="2024-12-20")) == (time >= "2024-12-20")
        assert bool(listed(api, date_to="2024-12-21")) == (time < "2024-12-22")


def pages(api: Api, limit: int, between: Any = lambda: None) -> list[list[str]]:
    """All pages, by the ids on them."""
    found, query = [], {"limit": limit}
    while True:
        page = api.asking("viewer").get(f"{ETL}/executions", params=query).json()
        found.append([execution["id"] for execution in page["executions"]])
        if page["next_cursor"] is None:
            return found
        query["cursor"] = page["next_cursor"]
        between()


def test_pages_have_each_once_the_newest_first(api: Api) -> None:
    runs = [started(api, table) for table in ("raw_a", "raw_b", "raw_a", "raw_b", "raw_a")]
    found = pages(api, 2)
    assert [len(page) for page in found] == [2, 2, 1]
    assert [run_of(execution_id) for page in found for execution_id in page] == runs[::-1]
    assert [len(page) for page in pages(api, 5)] == [5]


def test_a_new_one_shifts_no_page(api: Api) -> None:
    runs = [started(api) for _ in range(4)]
    found = pages(api, 2, between=lambda: started(api, "raw_b"))
    assert [run_of(execution_id) for page in found for execution_id in page] == runs[::-1]


def test_runs_of_one_moment_are_told_apart(api: Api) -> None:
    runs = [started(api) for _ in range(5)]
    for run in runs:
        change_run(run, run_after=START)
    found = [execution_id for page in pages(api, 2) for execution_id in page]
    assert len(found) == 5
    assert {run_of(execution_id) for execution_id in found} == set(runs)


def test_more_than_airflow_gives_at_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_landing_loader.plugins.api import airflow_api

    runs = [started(api) for _ in range(5)]
    monkeypatch.setattr(airflow_api, "_PAGE", 2)
    assert [run_of(e["id"]) for e in listed(api, limit=500)] == runs[::-1]


def test_a_pipeline_is_started_with_its_parameters(api: Api) -> None:
    days = {"start": "2024-12-20", "end": "2024-12-23"}
    before = datetime.now(UTC)
    answer = api.asking("user").post(
        f"{ETL}/trigger",
        json={"pipeline_id": "raw_a", "parameters": {"date_range": days, "force": True}},
    )
    assert answer.status_code == 200
    assert set(answer.json()) == {"execution_id", "status", "estimated_start"}
    assert answer.json()["status"] == "scheduled"
    assert datetime.fromisoformat(answer.json()["estimated_start"]) >= before
    run = run_of(answer.json()["execution_id"])
    assert run is not None
    found = api.asking("admin").get(f"/api/v2/dags/{run.dag_id}/dagRuns/{run.run_id}").json()
    assert found["conf"] == {"date_range": days, "force": True}


def test_parameters_need_not_be_given(api: Api) -> None:
    run = started(api)
    found = api.asking("admin").get(f"/api/v2/dags/{run.dag_id}/dagRuns/{run.run_id}").json()
    assert found["conf"] == {"date_range": None, "force": False}


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "body.pipeline_id"),
        ({"pipeline_id": 1}, "body.pipeline_id"),
        ({"pipeline_id": ""}, "body.pipeline_id"),
        ({"pipeline_id": "../x"}, "body.pipeline_id"),
        ({"pipeline_id": "a\ud800"}, "body.pipeline_id"),
        ({"pipeline_id": "raw_a", "colour": "red"}, "body.colour"),
        ({"pipeline_id": "raw_a", "parameters": None}, "body.parameters"),
        ({"pipeline_id": "raw_a", "parameters": {"dates": {}}}, "body.parameters.dates"),
        ({"pipeline_id": "raw_a", "parameters": {"force": "yes"}}, "body.parameters.force"),
        ({"pipeline_id": "raw_a", "parameters": {"force": 1}}, "body.parameters.force"),
        (
            {"pipeline_id": "raw_a", "parameters": {"date_range": {"start": "2024-12-20"}}},
            "body.parameters.date_range.end",
        ),
        *(
            (
                {
                    "pipeline_id": "raw_a",
                    "parameters": {"date_range": {"start": start, "end": "2024-12-23"}},
                },
                where,
            )
            for start, where in (
                ("2024-12-24", "body.parameters.date_range"),
                ("2024-02-30", "body.parameters.date_range.start"),
                ("20241220", "body.parameters.date_range.start"),
                ("2024-12-20T00:00:00", "body.parameters.date_range.start"),
                (0, "body.parameters.date_range.start"),
            )
        ),
    ],
)
def test_a_wrong_request_is_told_where_it_is_wrong(
    api: Api, body: dict[str, Any], where: str
) -> None:
    answer = api.asking("user").post(
        f"{ETL}/trigger",
        content=json.dumps(body),
        headers={"content-type": "application/json"},
    )
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["where"] == where
    assert not listed(api)


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ({"limit": 0}, "query.limit"),
        ({"limit": 501}, "query.limit"),
        ({"status": "lost"}, "query.status"),
        ({"date_from": "yesterday"}, "query.date_from"),
        ({"date_to": "0"}, "query.date_to"),
        ({"pipelineid": "raw_a"}, "query.pipelineid"),
        ({"pipeline_id": "raw a"}, "query.pipeline_id"),
    ],
)
def test_a_wrong_query_is_told_where_it_is_wrong(
    api: Api, query: dict[str, Any], where: str
) -> None:
    answer = api.asking("viewer").get(f"{ETL}/executions", params=query)
    assert answer.status_code == 422
    assert [error["where"] for error in answer.json()["errors"]] == [where]


def test_a_cursor_that_is_none_of_ours_is_refused(api: Api) -> None:
    answer = api.asking("viewer").get(f"{ETL}/executions", params={"cursor": "MQ"})
    assert answer.status_code == 422
    assert "next_cursor" in answer.json()["hint"]


def test_a_paused_pipeline_is_not_started(api: Api) -> None:
    admin = api.asking("admin")
    for paused in (True, False):
        admin.patch("/api/v2/dags/landing__raw_b", json={"is_paused": paused})
        answer = admin.post(f"{ETL}/trigger", json={"pipeline_id": "raw_b"})
        assert answer.status_code == (409 if paused else 200)
        assert len(listed(api)) == (0 if paused else 1)
