"""Generated DAGs that load into BigQuery, by an Airflow connection."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.fernet import Fernet
from google.cloud import bigquery
from tests.support import worlds
from tests.support.actions import run_action
from tests.support.emulators import running
from tests.support.fernet import fernet_keys

from airflow_landing_loader.loading.warehouses.base import StillRunningError
from airflow_landing_loader.loading.warehouses.bigquery.jobs import Jobs
from airflow_landing_loader.operators.landing import LoadFilesOperator
from airflow_landing_loader.runs.actions import request

if TYPE_CHECKING:
    from tests.support.dag_runs import Lab

_datasets = itertools.count()


@pytest.fixture
def client(emulator: running.BigQuery, monkeypatch: pytest.MonkeyPatch) -> bigquery.Client:
    """The emulator's client; Airflow's side takes its own from the connection."""
    connection = {
        "conn_type": "google_cloud_platform",
        "extra": {"is_anonymous": True, "project": emulator.project},
    }
    monkeypatch.setenv("AIRFLOW_CONN_LANDING_GCP", json.dumps(connection))
    return worlds.point_at(emulator, monkeypatch)


@pytest.fixture
def on_bigquery(lab: Lab, emulator: running.BigQuery, client: bigquery.Client) -> Lab:
    name = f"airflow_{next(_datasets)}"
    worlds.make_places(client, name)
    lab.settings = replace(
        lab.settings,
        loader_backend="bigquery",
        gcp_project=emulator.project,
        bq_dataset=name,
        staging_bucket=name,
        gcp_conn_id="landing_gcp",
    )
    return lab


def rows(lab: Lab, client: bigquery.Client, table: str) -> list[tuple[Any, ...]]:
    return sorted(
        tuple(row.values()) for row in client.list_rows(f"{lab.settings.warehouse_name}.{table}")
    )


def test_a_good_and_a_bad_file(on_bigquery: Lab, client: bigquery.Client) -> None:
    on_bigquery.mapping("good_*.csv: raw_good")
    on_bigquery.deliver("good_1.csv", "id,name\n1,a\n")
    on_bigquery.deliver("good_2.csv", 'id,name\n1,"a\n')
    run = on_bigquery.run("raw_good")
    assert run.states_of("good_1.csv")["file.archive"] == "success"
    assert run.states_of("good_2.csv")["file.fail"] == "success"
    assert [row[:2] for row in rows(on_bigquery, client, "raw_good")] == [("1", "a")]
    (load,) = client.list_rows(f"{on_bigquery.settings.warehouse_name}.load_metadata")
    assert (load["dag_id"], load["row_count"]) == ("landing__raw_good", 1)


def test_the_worker_is_free_while_bigquery_works(
    on_bigquery: Lab, client: bigquery.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every job is taken for one that runs on, once: the task has to come back for each."""
    seen: list[str] = []
    wait = Jobs._await

    def slow(jobs: Jobs, job: Any) -> None:
        if job.job_id not in seen:
            seen.append(job.job_id)
            raise StillRunningError(job.job_id, job.project, job.location, own=True)
        wait(jobs, job)

    monkeypatch.setattr(Jobs, "_await", slow)
    on_bigquery.mapping("good_*.csv: raw_good")
    on_bigquery.deliver("good_1.csv", "id,name\n1,a\n")
    run = on_bigquery.run("raw_good")
    assert [job.rsplit("_", 2)[1] for job in seen] == ["load0", "commit"]
    assert run.states_of("good_1.csv")["file.archive"] == "success"
    assert [row[:2] for row in rows(on_bigquery, client, "raw_good")] == [("1", "a")]


def test_a_task_that_is_killed_stops_its_own_job_only(
    on_bigquery: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[str] = []
    monkeypatch.setattr(bigquery.LoadJob, "cancel", lambda job, **_: stopped.append(job.job_id))
    monkeypatch.setattr(bigquery.QueryJob, "cancel", lambda job, **_: stopped.append(job.job_id))
    waiting: list[str] = []
    wait = Jobs._await

    def killed(jobs: Jobs, job: Any) -> None:
        waiting.append(job.job_id)
        task.on_kill()
        wait(jobs, job)

    monkeypatch.setattr(Jobs, "_await", killed)
    original = LoadFilesOperator.execute

    def execute(self: LoadFilesOperator, context: Any) -> Any:
        nonlocal task
        task = self
        return original(self, context)

    task: Any = None
    monkeypatch.setattr(LoadFilesOperator, "execute", execute)
    on_bigquery.mapping("good_*.csv: raw_good")
    on_bigquery.deliver("good_1.csv", "id,name\n1,a\n")
    on_bigquery.run("raw_good")
    assert waiting
    assert stopped == waiting
    task.on_kill()
    assert stopped == waiting


def test_actions(
    on_bigquery: Lab, client: bigquery.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = on_bigquery
    lab.mapping("good_*.csv: raw_good")
    lab.deliver("good_1.csv", "id,name\n1,a\n")
    for name in ("good_2.csv", "good_3.csv"):
        lab.deliver(name, 'id,name\n1,"a\n')
    lab.run("raw_good")
    name = lab.settings.warehouse_name
    (load,) = client.list_rows(f"{name}.load_metadata")
    wanted = [
        request("discard", "raw_good", ("good_2.csv",), asked_by="ann", reason="why"),
        request("replay", "raw_good", ("good_3.csv",), asked_by="ann"),
        request("verify", "raw_good", (load["load_id"],), asked_by="ann"),
        request("unload", "raw_good", (load["load_id"],), asked_by="ann", reason="why"),
    ]
    with fernet_keys(Fernet.generate_key().decode()):
        for each in wanted:
            ran = run_action(lab, each)
            assert ran.state == "success"
            assert ran.xcoms[("record", "return_value")]["outcome"] == "done"
    assert rows(lab, client, "raw_good") == []
    booked = {row["action"]: row for row in client.list_rows(f"{name}.load_actions")}
    assert {action: row["outcome"] for action, row in booked.items()} == dict.fromkeys(
        ("discard", "replay", "verify", "unload"), "done"
    )
    outcomes = {
        row["filename"]: row["outcome"] for row in client.list_rows(f"{name}.load_deliveries")
    }
    assert outcomes == {
        "good_1.csv": "unloaded",
        "good_2.csv": "discarded",
        "good_3.csv": "replayed",
    }
