"""Empty worlds in BigQuery."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support import worlds
from tests.support.emulators import running


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.BigQuery]:
    """Both emulators of this test process."""
    with worlds.emulators(tmp_path_factory) as emulator:
        yield emulator


@pytest.fixture
def side(
    emulator: running.BigQuery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[worlds.Side]:
    """An empty world."""
    with worlds.bigquery_side(emulator, tmp_path / "side", monkeypatch) as side:
        yield side
