"""Empty worlds for each test: one of each warehouse, or each in its turn.

Whatever is delivered to all, tables, books, zones and verdicts must be equal after each run.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from tests.support import worlds
from tests.support.emulators import running


@pytest.fixture
def both(
    emulator: running.BigQuery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[worlds.Sides]:
    """An empty world of each warehouse, with a place of its own there."""
    with worlds.all_sides(emulator, tmp_path, monkeypatch) as both:
        yield both


@pytest.fixture
def new_worlds(
    emulator: running.BigQuery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], AbstractContextManager[worlds.Sides]]:
    """Opens an empty world of each warehouse, as often as it is called."""
    numbers = itertools.count()
    return lambda: worlds.all_sides(emulator, tmp_path / str(next(numbers)), monkeypatch)


@pytest.fixture
def new_side(
    emulator: running.BigQuery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], AbstractContextManager[worlds.Side]]:
    """Opens an empty world of the warehouse of a name, as often as it is called."""
    numbers = itertools.count()
    return lambda name: worlds.WORLDS[name](emulator, tmp_path / str(next(numbers)), monkeypatch)


@pytest.fixture(params=worlds.WORLDS)
def side(
    request: pytest.FixtureRequest,
    emulator: running.BigQuery,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[worlds.Side]:
    """An empty world, of one warehouse after the other."""
    with worlds.WORLDS[request.param](emulator, tmp_path / "side", monkeypatch) as side:
        yield side
