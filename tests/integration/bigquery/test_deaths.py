"""Loaders that are killed at each step, and several at once: every delivery is loaded once."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.support import worlds
from tests.support.emulators import running

from airflow_landing_loader.loading.warehouses import recovery
from airflow_landing_loader.storage.names import HELD_FOLDER, WORK_FOLDER

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
STEPS = (
    "before staging",
    "during staging",
    "after staging",
    "after the manifest",
    "after a load is submitted",
    "after a load is done",
    "after the commit is submitted",
    "after the transaction",
    "during cleaning",
    "after cleaning",
    "before archiving",
    "during archiving",
)
AFTER_SUBMIT = (
    "after the manifest",
    "after a load is submitted",
    "after a load is done",
    "after the transaction",
    "during cleaning",
)
A = "id,name\n" + "".join(f"{n},Ann\n" for n in range(100))
LATER = "id,name,new\n200,Bob,x\n"


def start(side: worlds.Side, folder: Path, *step: str) -> subprocess.Popen[bytes]:
    """Start a loader of its own process, which dies at ``step``."""
    pickled = folder / "side.pickle"
    pickled.write_bytes(pickle.dumps(side))
    return subprocess.Popen(
        [sys.executable, str(HERE / "dying.py"), str(pickled), *step],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def deliver(side: worlds.Side, commit: str = "transaction") -> None:
    """What is there when the loader starts: two tables, one file with a record to set aside."""
    side.map(on_bad_row="reject", max_rejected=0.5, bigquery={"commit": commit})
    side.map("b_*.csv", "raw_b", bigquery={"commit": commit})
    side.deliver("a_1.csv", A)
    side.deliver("a_2.csv", "id,name\n101,Ann\n102\n103,Cid\n")
    side.deliver("b_1.csv", A)


@pytest.fixture(scope="module")
def undisturbed(
    emulator: running.BigQuery, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, bool], Any]:
    """The state in which the same deliveries end where nobody dies.

    By the way of committing, and whether one more file came after a first run.
    """

    @cache
    def run(commit: str, later: bool) -> Any:
        folder = tmp_path_factory.mktemp("undisturbed") / "side"
        with (
            pytest.MonkeyPatch.context() as patch,
            worlds.bigquery_side(emulator, folder, patch) as side,
        ):
            deliver(side, commit)
            side.run()
            if later:
                side.deliver("b_2.csv", LATER)
                side.run()
            assert side.staged() == []
            return side.state(ordered=False)

    return run


@pytest.mark.parametrize("step", STEPS)
def test_a_loader_that_is_killed(
    side: worlds.Side, undisturbed: Any, step: str, tmp_path: Path
) -> None:
    die_and_load(side, "transaction", step, tmp_path)
    left = side.staged()
    if step in ("during staging", "after staging"):
        # No manifest names them: see the last test.
        assert [name for name in left if "/parts/" not in name] == []
    else:
        assert left == []
    assert side.state(ordered=False) == undisturbed("transaction", True)


@pytest.mark.parametrize("step", AFTER_SUBMIT)
def test_a_direct_loader_that_is_killed(
    side: worlds.Side, undisturbed: Any, step: str, tmp_path: Path
) -> None:
    die_and_load(side, "load_job", step, tmp_path)
    # Each table has a manifest of its own: the second one's was not written yet.
    assert [name for name in side.staged() if "/parts/" not in name] == []
    assert side.state(ordered=False) == undisturbed("load_job", True)


def die_and_load(side: worlds.Side, commit: str, step: str, folder: Path) -> None:
    deliver(side, commit)
    assert start(side, folder, step).wait(120) == -signal.SIGKILL
    side.deliver("b_2.csv", LATER)
    side.run()
    # What died while it moved a file is finished by the next look.
    side.run()


def test_nothing_is_decided_while_a_batch_with_the_file_is_open(
    side: worlds.Side, tmp_path: Path
) -> None:
    """Its rows are committed, its manifest still says that they may not be; its sender is fast."""
    side.map()
    side.deliver("a_1.csv", A)
    assert start(side, tmp_path, "after the transaction").wait(120) == -signal.SIGKILL
    held = side.folder("landing") / WORK_FOLDER / HELD_FOLDER
    before = sorted(path.name for path in held.iterdir())
    assert len(before) == 2  # the second name, and the note
    side.deliver("a_1.csv", LATER)
    side.pipeline.discover()
    assert sorted(path.name for path in held.iterdir()) == before
    side.run()
    side.run()
    kept = {path.read_text() for path in side.folder("archive").glob("a_1*")}
    assert kept == {A, LATER}
    assert not held.exists()


@pytest.mark.parametrize("commit", ["transaction", "load_job"])
def test_two_loaders_at_once(
    undisturbed: Any,
    commit: str,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = undisturbed(commit, False)
    with (
        worlds.emulators(tmp_path_factory, lake=True) as emulator,
        worlds.bigquery_side(emulator, tmp_path / "contended", monkeypatch) as side,
    ):
        deliver(side, commit)
        for loader in [start(side, tmp_path), start(side, tmp_path)]:
            assert loader.wait(120) == 0
        side.run()
        assert side.staged() == []
        assert side.state(ordered=False) == expected


def test_what_nobody_knows_of_goes_after_a_week(
    side: worlds.Side, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(side)
    assert start(side, tmp_path, "after staging").wait(120) == -signal.SIGKILL
    left = side.staged()
    assert left
    side.run()
    assert side.staged() == left
    monkeypatch.setattr(recovery, "_LEFTOVER", timedelta(0))
    side.deliver("b_2.csv", LATER)
    side.run()
    assert side.staged() == []
