"""dbt's profile from an Airflow connection, by Cosmos's mapping."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from airflow_landing_loader.dag_factory.cosmos import connection_profile
from airflow_landing_loader.settings import Settings


def profile(settings: Settings, monkeypatch: pytest.MonkeyPatch, **extra: Any) -> Any:
    """What dbt is given, and the environment with it."""
    connection = {"conn_type": "google_cloud_platform", "extra": {"project": "other", **extra}}
    monkeypatch.setenv("AIRFLOW_CONN_LANDING_GCP", json.dumps(connection))
    config = connection_profile(settings, "landing", "bigquery")
    with config.ensure_profile() as (path, environ):
        (output,) = yaml.safe_load(path.read_text())["landing"]["outputs"].values()
    return output, environ


@pytest.fixture
def on_bigquery(settings: Callable[..., Settings]) -> Settings:
    return settings(
        loader_backend="bigquery",
        gcp_project="p",
        bq_dataset="raw",
        bq_location="EU",
        staging_bucket="staging",
        gcp_conn_id="landing_gcp",
        dbt_profile="connection",
    )


def test_the_machines_own_account(on_bigquery: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    output, _ = profile(on_bigquery, monkeypatch)
    assert output["type"] == "bigquery"
    assert (output["method"], output["project"], output["dataset"]) == ("oauth", "p", "raw")
    assert output["location"] == "EU"


def test_a_key_in_the_connection_reaches_dbt_by_the_environment(
    on_bigquery: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = json.dumps({"private_key_id": "k", "private_key": "secret-key"})
    output, environ = profile(on_bigquery, monkeypatch, keyfile_dict=key, dataset="raw")
    assert output["method"] == "service-account-json"
    assert "secret-key" not in str(output)
    assert "secret-key" in str(environ)
