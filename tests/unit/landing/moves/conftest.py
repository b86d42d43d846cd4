"""The ways in which a file gets from one place to another."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.moving import Lab

from airflow_landing_loader.storage.local import files as local_files

WAYS = ["rename", "link", "across"]


@pytest.fixture(params=WAYS)
def lab(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Lab]:
    """The three ways in which a file gets from one place to another."""
    landing, target = tmp_path / "landing", tmp_path / "target"
    landing.mkdir()
    if request.param == "link":
        monkeypatch.setattr(local_files, "_renameat2", None)
    if request.param == "across":
        for folder in folder_on_another_device(tmp_path):
            yield Lab(landing, folder)
    else:
        target.mkdir()
        yield Lab(landing, target)


@pytest.fixture
def near(tmp_path: Path) -> Lab:
    """Two folders of one device, moved between by rename."""
    for name in ("landing", "target"):
        (tmp_path / name).mkdir()
    return Lab(tmp_path / "landing", tmp_path / "target")


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Lab]:
    """Two folders of two devices."""
    (tmp_path / "landing").mkdir()
    for folder in folder_on_another_device(tmp_path):
        yield Lab(tmp_path / "landing", folder)


def folder_on_another_device(beside: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir="/dev/shm", prefix="landing-loader-test-"))
    if folder.stat().st_dev == beside.stat().st_dev:
        folder.rmdir()
        pytest.skip("needs /dev/shm on another device")
    yield folder
    shutil.rmtree(folder)
