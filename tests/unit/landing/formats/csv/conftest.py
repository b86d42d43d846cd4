"""A landing folder, read in blocks of both extremes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.inspecting import Landing

from airflow_landing_loader.landing.formats.csv import inspection as inspection_module
from airflow_landing_loader.landing.text import stream


@pytest.fixture(params=[3, stream.BLOCK_BYTES], ids=["tiny", "real"])
def landing(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Landing:
    """A folder whose files are read in tiny blocks, and in those of every day."""
    monkeypatch.setattr(stream, "BLOCK_BYTES", request.param)
    monkeypatch.setattr(inspection_module, "BLOCK_BYTES", request.param)
    return Landing(tmp_path)
