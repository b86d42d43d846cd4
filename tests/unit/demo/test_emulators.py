"""What docker-compose.yaml makes in the emulators."""

from __future__ import annotations

import pytest

import emulators

ZONES = {
    "AIRFLOW__LANDING_LOADER__LANDING_PATH": "gs://zones/landing",
    "AIRFLOW__LANDING_LOADER__ARCHIVE_PATH": "gs://zones/archive",
    "AIRFLOW__LANDING_LOADER__FAILED_PATH": "/data/failed",
}


def test_each_bucket_is_named_once() -> None:
    staging = {"AIRFLOW__LANDING_LOADER__STAGING_BUCKET": "staging"}
    assert emulators.buckets(ZONES | staging) == ["staging", "zones"]
    assert emulators.buckets(ZONES) == ["zones"]
    assert emulators.buckets({}) == []


def test_google_itself_is_never_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:1")
    monkeypatch.delenv("BIGQUERY_EMULATOR_HOST", raising=False)
    assert emulators.main() == 3
    assert "BIGQUERY_EMULATOR_HOST must name an emulator" in capsys.readouterr().err
