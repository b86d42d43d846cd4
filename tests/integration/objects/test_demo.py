"""The sample deliveries in a bucket, as docker-compose.yaml puts them there."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.emulators.buckets import GcsBucket

import deliveries

from .conftest import world


def test_the_samples_arrive_whole_and_are_never_overwritten(
    gcs_bucket: GcsBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "p")
    cloud = world(gcs_bucket, tmp_path)
    samples = [sample for sample in deliveries.samples() if sample.wave == 1]
    uri = f"{gcs_bucket.uri}/landing"
    deliveries.upload(samples, uri)
    wanted = {name: content for sample in samples for name, content in sample.files().items()}
    assert {name: cloud.content("landing", name) for name in cloud.names("landing")} == wanted
    with pytest.raises(FileExistsError, match=r"gs://.*/landing/.* lies there still"):
        deliveries.upload(samples, uri)
