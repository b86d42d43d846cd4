"""Notes of movers below a bucket, or about files in one: forged ones and those of other loaders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.support.hostile.forging import Ground

from airflow_landing_loader.clients import DefaultClients
from airflow_landing_loader.storage.local.zone import LocalZone
from airflow_landing_loader.storage.opening import open_zone
from airflow_landing_loader.storage.zone import Zone


@pytest.fixture(params=["from a folder", "to a folder", "bucket to bucket"])
def ground(request: pytest.FixtureRequest, cloud: Any, tmp_path: Path) -> Ground:
    """A bucket on one side of the moves, or on both."""
    for name in ("landing", "other", "archive"):
        (tmp_path / name).mkdir()

    def bucket(name: str) -> Zone:
        return open_zone(f"{cloud.bucket.uri}/{name}", DefaultClients("p"))

    def folder(name: str) -> LocalZone:
        return LocalZone(str(tmp_path / name))

    landing, archive = {
        "from a folder": (folder, bucket),
        "to a folder": (bucket, folder),
        "bucket to bucket": (bucket, bucket),
    }[request.param]
    return Ground(landing("landing"), landing("other"), archive("archive"))


def test_no_file_outside_of_the_landing_zone_is_touched(ground: Ground, tmp_path: Path) -> None:
    ground.refuse_what_is_outside(tmp_path)


def test_the_note_of_another_landing_zone_is_left_to_its_loader(ground: Ground) -> None:
    ground.leave_what_is_of_another()


def test_what_is_no_note_is_dropped(ground: Ground) -> None:
    ground.drop_what_is_no_note()
