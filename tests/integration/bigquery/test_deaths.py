"""Loaders that are killed at each step, and several at once: every delivery is loaded once."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import worlds

from airflow_landing_loader.loading.bigquery import recovery

HERE = Path(__file__).parent
EMULATORS = Path(worlds.__file__).parent
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
        env={**os.environ, "PYTHONPATH": str(EMULATORS)},
    )


def deliver(side: worlds.Side, **keys: Any) -> None:
    """What is there when the loader starts: two tables, one file with a record to set aside."""
    side.map(on_bad_row="reject", max_rejected=0.5, **keys)
    side.map("b_*.csv", "raw_b", **keys)
    side.deliver("a_1.csv", A)
    side.deliver("a_2.csv", "id,name\n101,Ann\n102\n103,Cid\n")
    side.deliver("b_1.csv", A)


def compare(side: worlds.Side, other: worlds.Side, *, all_staged_known: bool = True) -> None:
    """Everything is equal, and nothing is left in staging but what no manifest names."""
    assert side.state(ordered=False) == other.state(ordered=False)
    assert other.staged() == []
    left = side.staged()
    assert [name for name in left if "/parts/" not in name] == []
    if all_staged_known:
        assert left == []


@pytest.mark.parametrize("step", STEPS)
def test_a_loader_that_is_killed(
    side: worlds.Side, undisturbed: worlds.Side, step: str, tmp_path: Path
) -> None:
    known = step not in ("during staging", "after staging")
    die_and_compare(side, undisturbed, step, tmp_path, all_staged_known=known)


@pytest.mark.parametrize("step", AFTER_SUBMIT)
def test_a_direct_loader_that_is_killed(
    side: worlds.Side, undisturbed: worlds.Side, step: str, tmp_path: Path
) -> None:
    # Each table has a manifest of its own: the second one's was not written yet.
    keys = {"bigquery": {"commit": "load_job"}, "all_staged_known": False}
    die_and_compare(side, undisturbed, step, tmp_path, **keys)


def die_and_compare(
    side: worlds.Side,
    undisturbed: worlds.Side,
    step: str,
    folder: Path,
    *,
    all_staged_known: bool,
    **keys: Any,
) -> None:
    for world in (side, undisturbed):
        deliver(world, **keys)
    assert start(side, folder, step).wait(120) == -signal.SIGKILL
    undisturbed.run()
    for world in (side, undisturbed):
        world.deliver("b_2.csv", LATER)
    for world in (side, undisturbed):
        world.run()
    # What died while it moved a file is finished by the next look.
    side.run()
    compare(side, undisturbed, all_staged_known=all_staged_known)


@pytest.mark.parametrize("commit", ["transaction", "load_job"])
def test_two_loaders_at_once(
    side: worlds.Side, undisturbed: worlds.Side, commit: str, tmp_path: Path
) -> None:
    for world in (side, undisturbed):
        deliver(world, bigquery={"commit": commit})
    for loader in [start(side, tmp_path), start(side, tmp_path)]:
        assert loader.wait(120) == 0
    undisturbed.run()
    side.run()
    compare(side, undisturbed)


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
