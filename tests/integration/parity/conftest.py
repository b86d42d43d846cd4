"""Two empty worlds for each test."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import running
import worlds


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.BigQuery]:
    """Both emulators of this test process."""
    with worlds.emulators(tmp_path_factory) as emulator:
        yield emulator


@pytest.fixture
def both(
    emulator: running.BigQuery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> worlds.Both:
    """Two empty worlds; the one in BigQuery has a dataset and a bucket of its own."""
    return worlds.make_both(emulator, tmp_path, monkeypatch)


@pytest.fixture
def make_both(
    emulator: running.BigQuery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], worlds.Both]:
    """Makes two empty worlds, as often as it is called."""
    numbers = itertools.count()
    return lambda: worlds.make_both(emulator, tmp_path / str(next(numbers)), monkeypatch)
