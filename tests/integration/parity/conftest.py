"""Two empty worlds for each test."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
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
) -> Iterator[worlds.Both]:
    """Two empty worlds; the one in BigQuery has a dataset and a bucket of its own."""
    with worlds.two_sides(emulator, tmp_path, monkeypatch) as both:
        yield both


@pytest.fixture
def new_worlds(
    emulator: running.BigQuery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], AbstractContextManager[worlds.Both]]:
    """Opens two empty worlds, as often as it is called."""
    numbers = itertools.count()
    return lambda: worlds.two_sides(emulator, tmp_path / str(next(numbers)), monkeypatch)
