"""A file that becomes a link, a folder, a pipe or nothing on its way is left: others load."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSkipException

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.loading.warehouses.duckdb import batch as duckdb_batch
from airflow_landing_loader.operators.landing import LoadFilesOperator, ValidateFilesOperator


def _a_link(path: Path) -> None:
    path.rename(path.parent / ".x")
    path.symlink_to(path.parent / ".x")


def _a_second_name(path: Path) -> None:
    os.link(path, path.parent / ".second")


def _a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _a_socket(path: Path) -> None:
    path.unlink()
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket is short
    try:
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.chdir(here)


def _cut(path: Path) -> None:
    """As a sender that preserves the time does: the file seems to be the same."""
    status = path.stat()
    os.truncate(path, 4)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _gone(path: Path) -> None:
    path.unlink()


SWAPS = [_a_link, _a_second_name, _a_folder, _a_pipe, _a_socket, _cut, _gone]
# It is looked at anew then, and is whole as it is.
TAKEN = ((_cut, "load"),)
NO_FILE = (_a_link, _a_second_name, _a_folder, _a_pipe, _a_socket)


@pytest.mark.parametrize("swap", SWAPS)
@pytest.mark.parametrize("moment", ["validate", "load", "commit", "move"])
def test_a_file_that_becomes_another_thing(
    world: Any, swap: Callable[[Path], None], moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.map()
    for name in ("a_1.csv", "a_2.csv", "a_3.csv"):
        world.deliver(name, f"id\n{name}\n")
    bad = world.zones.landing / "a_2.csv"
    pipeline = world.pipeline
    ready = pipeline.discover().ready

    def swapped(*_: Any, then: Any = None, **__: Any) -> Any:
        if not os.path.lexists(bad.parent / ".done"):
            (bad.parent / ".done").touch()
            swap(bad)
        return None if then is None else then()

    if moment == "validate":
        swapped()
    elif moment == "load":
        load = pipeline.load
        monkeypatch.setattr(pipeline, "load", lambda b: swapped(then=lambda: load(b)))
    elif moment == "commit":
        same = duckdb_batch.still_same
        monkeypatch.setattr(duckdb_batch, "still_same", lambda *a: swapped(then=lambda: same(*a)))
    else:
        finish = pipeline.finish
        monkeypatch.setattr(pipeline, "finish", lambda v: swapped(then=lambda: finish(v)))
    outcomes = {o.name: o for o in pipeline.run_batch(ready)}
    assert [outcomes[n].status for n in ("a_1.csv", "a_3.csv")] == ["loaded", "loaded"]
    if moment == "move" or (swap, moment) in TAKEN:
        # What was loaded is held on to, whatever its name stands for by then.
        assert outcomes["a_2.csv"].status == "loaded"
        return
    assert outcomes["a_2.csv"].status == "left"
    assert outcomes["a_2.csv"].error is not None
    if swap in NO_FILE:
        # With a second name it is the same file still, of which somebody has changed something.
        codes = {ErrorCode.LANDING_NOT_A_FILE}
        codes |= {ErrorCode.LANDING_CHANGED} if swap is _a_second_name else set()
        assert outcomes["a_2.csv"].error.code in codes
    if swap is _cut:
        assert outcomes["a_2.csv"].error.transient
    # And the next poll is none the worse for it.
    world.deliver("a_4.csv", "id\nnew\n")
    pipeline = world.pipeline
    later = {o.name: o.status for o in pipeline.run_batch(pipeline.discover().ready)}
    assert later["a_4.csv"] == "loaded"


def test_the_tasks_of_airflow_go_on_with_the_other_files(world: Any) -> None:
    world.map()
    for name in ("a_1.csv", "a_2.csv"):
        world.deliver(name, f"id\n{name}\n")
    keys = {"settings": world.settings, "mapping": world.mappings}
    context: Any = {"run_id": "r", "ti": None}
    first = ValidateFilesOperator(task_id="v", files=["a_1.csv", "a_2.csv"], **keys)
    validated = first.execute(context)
    _a_folder(world.zones.landing / "a_1.csv")
    loaded = LoadFilesOperator(task_id="l", validated=validated, **keys).execute(context)
    words = {f["delivery"]["data"]["name"]: f.get("error") for f in loaded["files"]}
    assert words["a_2.csv"] is None
    assert words["a_1.csv"]["code"] == "landing.not_a_file"


def test_a_task_of_airflow_whose_only_file_has_gone_is_skipped(world: Any) -> None:
    world.map()
    world.deliver("a_1.csv", "id\n1\n")
    _gone(world.zones.landing / "a_1.csv")
    task = ValidateFilesOperator(
        task_id="v", files=["a_1.csv"], settings=world.settings, mapping=world.mappings
    )
    with pytest.raises(AirflowSkipException):
        task.execute({"run_id": "r", "ti": None})  # type: ignore[typeddict-item]
