"""Logs of executions over HTTP, from the files that Airflow's tasks write."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.api import ETL, Api, write_log

from airflow_landing_loader.loading.operations import ExecutionRecord
from airflow_landing_loader.runs.executions import RunKey, id_of, run_of

SECOND = "2024-12-23T06:00:%02dZ"


@pytest.fixture
def run(api: Api) -> RunKey:
    """A run in which nothing has begun."""
    answer = api.asking("user").post(f"{ETL}/trigger", json={"pipeline_id": "raw_a"})
    run = run_of(answer.json()["execution_id"])
    assert run is not None
    return run


def logged(*events: str | dict[str, Any], second: int = 0) -> str:
    """Lines as Airflow's tasks write them, each a second later."""
    lines = [
        {"timestamp": SECOND % (second + i), "level": "info", "logger": "task", "event": event}
        if isinstance(event, str)
        else event
        for i, event in enumerate(events)
    ]
    return "".join(json.dumps(line) + "\n" for line in lines)


def read(api: Api, run: RunKey, **query: Any) -> dict[str, Any]:
    path = f"{ETL}/executions/{id_of(run)}/logs"
    answer = api.asking("viewer").get(path, params=query)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


def test_a_run_that_has_not_begun_has_none(api: Api, run: RunKey) -> None:
    assert read(api, run) == {"logs": [], "next_cursor": None}


def test_lines_look_as_promised(api: Api, run: RunKey) -> None:
    write_log(run, "wait_for_files", 1, logged("Started data ingestion", "Fetched 125000 records"))
    assert read(api, run)["logs"] == [
        {
            "timestamp": "2024-12-23T06:00:00Z",
            "level": "info",
            "layer": "bronze",
            "message": "Started data ingestion",
        },
        {
            "timestamp": "2024-12-23T06:00:01Z",
            "level": "info",
            "layer": "bronze",
            "message": "Fetched 125000 records",
        },
    ]


def test_tasks_stand_in_the_order_in_which_they_began_and_try_by_try(api: Api, run: RunKey) -> None:
    write_log(run, "wait_for_files", 1, logged("waits"))
    write_log(run, "any_loaded", 1, logged("asks"))
    write_log(run, "report", 1, logged("reports"))
    write_log(run, "report", 2, logged("reports again"))
    assert [(line["layer"], line["message"]) for line in read(api, run)["logs"]] == [
        ("bronze", "waits"),
        ("run", "asks"),
        ("run", "reports"),
        ("run", "reports again"),
    ]


def test_airflows_own_marks_and_places_are_left_out(api: Api, run: RunKey) -> None:
    write_log(run, "wait_for_files", 1, logged("::group::Pre", "inside", "::endgroup::", "outside"))
    page = read(api, run)
    assert [line["message"] for line in page["logs"]] == ["inside", "outside"]
    assert "attempt=1.log" not in json.dumps(page)


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error", "critical"])
def test_levels_are_told(api: Api, run: RunKey, level: str) -> None:
    line = {"timestamp": SECOND % 0, "level": level.upper(), "event": "x"}
    write_log(run, "wait_for_files", 1, logged(line))
    assert [line["level"] for line in read(api, run)["logs"]] == [level]


def test_what_was_raised_is_told_without_its_traceback(api: Api, run: RunKey) -> None:
    frames = [{"filename": "/opt/secret.py", "lineno": 7, "name": "execute"}]
    raised = {"exc_type": "AirflowFailException", "exc_value": "count.too_few", "frames": frames}
    line = {
        "timestamp": SECOND % 0,
        "level": "error",
        "event": "Task failed",
        "error_detail": [{**raised, "exc_notes": [], "syntax_error": None, "is_cause": False}],
    }
    write_log(run, "report", 1, logged(line))
    (told,) = read(api, run)["logs"]
    assert told["message"] == "Task failed\nAirflowFailException: count.too_few"


@pytest.mark.parametrize(
    "text",
    [
        "plain text\nof a library\n",
        '{"event": "half',
        '{"event": 5, "timestamp": "never"}\n',
        '{"no": "event"}\n',
        "\x00\x01\n",
        '{"event": "\\ud83d half a sign", "timestamp": "2024-12-23T06:00:00Z"}\n',
    ],
)
def test_lines_that_are_no_events_break_nothing(api: Api, run: RunKey, text: str) -> None:
    write_log(run, "wait_for_files", 1, text)
    write_log(run, "report", 1, logged("the end"))
    assert read(api, run)["logs"][-1]["message"] == "the end"


def test_a_message_is_bounded(api: Api, run: RunKey) -> None:
    write_log(run, "wait_for_files", 1, logged("x" * 100_000))
    (line,) = read(api, run)["logs"]
    assert len(line["message"]) == 8000


def test_pages_have_each_line_once(api: Api, run: RunKey) -> None:
    write_log(run, "wait_for_files", 1, logged(*"abcde"))
    write_log(run, "any_loaded", 1, logged(*"fg"))
    write_log(run, "report", 1, logged(*"h"))
    for limit in (1, 2, 3, 4, 5, 7, 8, 100):
        messages, query = [], {"limit": limit}
        while True:
            page = read(api, run, **query)
            assert len(page["logs"]) <= limit
            messages += [line["message"] for line in page["logs"]]
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]
        assert "".join(messages) == "abcdefgh", limit


def test_a_page_reads_no_more_than_some_logs(
    api: Api, run: RunKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_landing_loader.plugins.api.routes import logs

    monkeypatch.setattr(logs, "_LOGS_AT_ONCE", 2)
    for task in ("wait_for_files", "any_loaded", "report"):
        write_log(run, task, 1, logged(task))
    first = read(api, run)
    assert [line["message"] for line in first["logs"]] == ["wait_for_files", "any_loaded"]
    rest = read(api, run, cursor=first["next_cursor"])
    assert [line["message"] for line in rest["logs"]] == ["report"]
    assert rest["next_cursor"] is None


def test_a_log_that_is_gone_is_no_error(api: Api, run: RunKey) -> None:
    write_log(run, "wait_for_files", 3, logged("third try"))
    messages = [line["message"] for line in read(api, run)["logs"]]
    assert messages[-1] == "third try"


@pytest.mark.parametrize(
    ("task_id", "layer"),
    [
        ("wait_for_files", "bronze"),
        ("file.validate", "bronze"),
        ("file.load", "bronze"),
        ("file.archive", "bronze"),
        ("file.fail", "bronze"),
        ("any_loaded", "run"),
        ("report", "run"),
        ("dbt.start", "silver"),
        ("dbt.stg_trades.run", "silver"),
        ("dbt.campaign_daily.run", "gold"),
        ("dbt.campaign_daily.test", "gold"),
        ("dbt.campaign_daily_run", "gold"),
        ("dbt.campaign_daily_hourly_run", "silver"),
        ("dbtx.campaign_daily", "run"),
    ],
)
def test_the_layer_is_the_tasks(task_id: str, layer: str) -> None:
    from airflow_landing_loader.plugins.api.routes.logs import layer_of

    assert layer_of(task_id, frozenset({"campaign_daily"})) == layer


def test_gold_models_are_those_of_the_books(api: Api, run: RunKey) -> None:
    from datetime import datetime

    from airflow_landing_loader.plugins.api.routes.logs import gold_models

    now = datetime(2024, 12, 23)  # noqa: DTZ001 - as the books have it
    api.books.records = [
        ExecutionRecord(
            execution_id=id_of(run),
            dag_id=run.dag_id,
            run_id=run.run_id,
            table_name="raw_a",
            layer=name,
            status="completed",
            result=json.dumps({"models": [f"{name}_model"]}),
            completed_at=now,
        )
        for name in ("silver", "gold")
    ]
    assert gold_models(api.books, id_of(run)) == {"gold_model"}


@pytest.mark.parametrize(
    "execution_id", ["exec_", "exec_x", "x", "..", "%2e%2e", "exec_" + "a" * 5000]
)
def test_what_is_no_id_is_not_found(api: Api, execution_id: str) -> None:
    answer = api.asking("viewer").get(f"{ETL}/executions/{execution_id}/logs")
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("run", "status"),
    [
        (RunKey("landing__raw_a", "manual__never"), 404),
        (RunKey("landing__raw_unknown", "manual__never"), 404),
    ],
)
def test_a_run_that_there_is_not_is_not_found(api: Api, run: RunKey, status: int) -> None:
    answer = api.asking("viewer").get(f"{ETL}/executions/{id_of(run)}/logs")
    assert answer.status_code == status


def test_the_run_of_no_table_has_no_log_here(api: Api) -> None:
    done = api.asking("user").post(f"{ETL}/verify", json={"table": "raw_a", "loads": ["x"]}).json()
    run = RunKey(done["dag_id"], done["run_id"])
    answer = api.asking("viewer").get(f"{ETL}/executions/{id_of(run)}/logs")
    assert answer.status_code == 404
