"""Worlds with loads that are looked at again, or taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support import worlds
from tests.support.emulators import running


@pytest.fixture
def side(tmp_path: Path) -> worlds.Side:
    """An empty world in DuckDB."""
    return worlds.duckdb_side(tmp_path / "side")


@pytest.fixture
def theirs(
    emulator: running.BigQuery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[worlds.Side]:
    """An empty world in BigQuery."""
    with worlds.bigquery_side(emulator, tmp_path / "theirs", monkeypatch) as side:
        yield side
