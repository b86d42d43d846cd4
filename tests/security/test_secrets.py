"""Passwords, tokens and signatures do not come out again."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airflow_landing_loader.clients import DefaultClients
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import (
    ConfigurationError,
    ErrorCode,
    ErrorDetail,
    TerminalError,
)
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.pipeline.validation import validate
from airflow_landing_loader.safe_text import masked
from airflow_landing_loader.settings import from_environment
from airflow_landing_loader.storage.local.zone import LocalZone
from airflow_landing_loader.xcom.values import dump

SECRET = "hunter2"
PATHS = {
    "LANDING_PATH": "/d/landing",
    "ARCHIVE_PATH": "/d/archive",
    "FAILED_PATH": "/d/failed",
    "TABLE_CONFIG_PATH": "/d/tables",
}


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("LANDING_PATH", f"s3://AKIA:{SECRET}@bucket/landing"),
        ("LANDING_PATH", f"gs://{SECRET}@bucket/landing"),
        ("ARCHIVE_PATH", f"sftp://user:{SECRET}@host/archive"),
        ("ARCHIVE_PATH", f"sftp://user:{SECRET}/x@host/archive"),
        ("FAILED_PATH", f"https://bucket.example/x?X-Amz-Expires=9&X-Amz-Signature={SECRET}"),
        ("TABLE_CONFIG_PATH", f"https://user:{SECRET}@git.example/tables"),
        ("DUCKDB_PATH", f"md:my_db?motherduck_token={SECRET}"),
        ("DUCKDB_PATH", f"postgres://user:{SECRET}@host/db?sslpassword={SECRET}"),
    ],
)
def test_a_uri_with_a_secret_is_refused_without_it(option: str, text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        from_environment(PATHS | {option: text}, base=Path("/"))
    assert caught.value.code is ErrorCode.SETTINGS_BAD_VALUE
    assert SECRET not in str(caught.value)
    assert SECRET not in str(caught.value.detail.to_dict(show_value=True))
    assert option in str(caught.value)


def test_what_is_no_secret_is_not_masked() -> None:
    for text in ("gs://bucket/a/b", "Did you mean x? Use a=b.", "/d/what?/x", "a@b"):
        assert masked(text) == text
    assert masked("x 's3://k:s@b/p?a=b' y") == "x 's3://***@b/p?***' y"


def test_the_endpoint_of_a_server_may_hold_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"nonsense://user:{SECRET}@ho st")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with pytest.raises(ConfigurationError) as caught:
        DefaultClients().s3()
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("show", [True, False])
def test_a_cell_travels_by_xcom_only_where_that_is_asked_for(show: bool) -> None:
    error = ErrorDetail(code="load.bad_value", message="m", value=SECRET)
    outcome = Outcome(
        name="a", status="failed", rows=0, rejected=0, uri="/x", table="t", error=error
    )
    for value in (error, outcome):
        assert (SECRET in str(dump(value, show_values=show))) is show


def test_of_a_column_with_totals_they_alone_travel(tmp_path: Path) -> None:
    """The least and the greatest number are cells; the one between them is nobody's business."""
    (tmp_path / "a_1.csv").write_text("id,n\n1,70001\n2,80001\n3,90001\n")
    (tmp_path / "a_1.go").write_text("lo=70001\nhi=90001\n")
    totals = {"n": {"min_at": "lo", "max_at": "hi"}}
    go = {"pattern": "a_*.go", "format": "properties", "totals": totals}
    mapping = TableMapping.model_validate(
        {"pattern": "a_*.csv", "table": "t", "settle_seconds": 0, "grace_seconds": 0, "go_file": go}
    )
    zone = LocalZone(str(tmp_path))
    data = zone.stat("a_1.csv")
    assert data is not None
    delivery = Delivery(mapping=mapping, data=data, go=zone.stat("a_1.go"))
    told = str(dump(validate(zone, delivery, now=2e9)))
    assert [number in told for number in ("70001", "80001", "90001")] == [True, False, True]
    (tmp_path / "a_1.go").write_text("lo=1\nhi=90001\n")
    with pytest.raises(TerminalError) as refused:
        validate(zone, replace(delivery, go=zone.stat("a_1.go")), now=2e9)
    message = refused.value.detail.text()
    assert [number in message for number in ("70001", "80001")] == [True, False]


def test_no_environment_reaches_the_zones_the_database_or_the_log(
    zones: Any,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A good and a bad file, with credentials in the environment as deployments have them."""
    from airflow_landing_loader.pipeline.pipeline import Pipeline

    for name in ("AWS_SECRET_ACCESS_KEY", "AIRFLOW_CONN_X", "AIRFLOW__CORE__FERNET_KEY"):
        monkeypatch.setenv(name, SECRET)
    caplog.set_level(logging.DEBUG)
    (zones.landing / "a_1.csv").write_text("id\n1\n")
    (zones.landing / "a_2.csv").write_text('id\n"1\n')
    mapping = {"pattern": "a_*.csv", "table": "t", "settle_seconds": 0, "grace_seconds": 0}
    pipeline = Pipeline(settings(), [TableMapping.model_validate(mapping)])
    outcomes = pipeline.run_batch([pipeline.delivery(f"a_{n}.csv") for n in (1, 2)])
    assert [o.status for o in outcomes] == ["loaded", "failed"]
    out, err = capfd.readouterr()
    assert SECRET not in out + err + caplog.text
    files = [path for path in zones.root.rglob("*") if path.is_file()]
    assert len(files) >= 5
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []
