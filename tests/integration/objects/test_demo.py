"""The sample deliveries in a bucket, as docker-compose.yaml puts them there."""

from __future__ import annotations

import pytest

import deliveries

from .conftest import Cloud


def test_the_samples_arrive_whole_and_are_never_overwritten(cloud: Cloud) -> None:
    samples = [sample for sample in deliveries.samples() if sample.wave == 1]
    uri = f"gs://{cloud.bucket.name}/landing"
    deliveries.upload(samples, uri)
    wanted = {name: content for sample in samples for name, content in sample.files().items()}
    assert {name: cloud.content("landing", name) for name in cloud.names("landing")} == wanted
    with pytest.raises(FileExistsError, match=r"gs://.*/landing/.* lies there still"):
        deliveries.upload(samples, uri)
