"""A place for a database."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where a database would be; there is none."""
    return tmp_path / "dev.duckdb"
