"""Empty worlds in BigQuery."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support import worlds
from tests.support.emulators import running


@pytest.fixture
def side(
    emulator: running.BigQuery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[worlds.Side]:
    """An empty world."""
    with worlds.bigquery_side(emulator, tmp_path / "side", monkeypatch) as side:
        yield side
