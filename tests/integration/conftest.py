"""What is started once for all integration tests of a process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support import dag_runs, worlds
from tests.support.emulators import running


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.BigQuery]:
    """The emulators of BigQuery and of its bucket."""
    with worlds.emulators(tmp_path_factory) as emulator:
        yield emulator


@pytest.fixture(autouse=True)
def _no_task_is_left() -> Iterator[None]:
    """The tests after this one see no task that it has run."""
    yield
    dag_runs.forget_tasks()
