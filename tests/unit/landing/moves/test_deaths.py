"""Movers that die at every step, and what finishes their work."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.hostile.steps import killed_at
from tests.support.moving import ID, Lab, fork, move, sha, sidecar
from tests.support.sidecars import read_sidecar

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.landing.moves import journal
from airflow_landing_loader.landing.moves.model import Moved, files_of
from airflow_landing_loader.storage.local import files as local_files
from airflow_landing_loader.storage.local import lock
from airflow_landing_loader.storage.local.folder import LocalFolder
from airflow_landing_loader.storage.local.zone import LocalZone
from airflow_landing_loader.storage.model import FileToMove


def refill(lab: Lab, taken: str) -> Delivery:
    for folder in (lab.landing, lab.target):
        shutil.rmtree(folder)
        folder.mkdir()
    if taken == "other content":
        (lab.target / "a.csv").write_bytes(b"earlier")
    if taken == "same content":
        (lab.target / "a.csv").write_bytes(b"data")
    return lab.deliver("a.csv", b"data", b"go")


@pytest.mark.parametrize("taken", ["free", "other content", "same content"])
@pytest.mark.parametrize("retry", ["same call", "finish_interrupted"])
@pytest.mark.parametrize("known", [True, False])
def test_death_at_any_step_is_finished_by_a_retry(
    lab: Lab, taken: str, retry: str, known: bool
) -> None:
    def action(delivery: Delivery) -> Callable[[], Moved]:
        files = files_of(delivery, data_sha256=sha(b"data") if known else None)
        return lambda: move(files, lab.zone, suffix_id=ID, sidecar=sidecar(delivery))

    action(refill(lab, taken))()
    done = lab.kept()
    number = 0
    while True:
        number += 1
        delivery = refill(lab, taken)
        died = killed_at(number, action(delivery))
        visible = {**lab.kept(), **lab.landed()}
        assert {b"data", b"go"} <= set(visible.values()), f"lost at step {number}"
        if retry == "finish_interrupted":
            assert [f.error for f in lab.finish_interrupted()] in ([], [None])
            if lab.landed():
                # It had not begun: the listing shows the whole delivery.
                zone = LocalZone(str(lab.landing))
                assert (zone.stat("a.csv"), zone.stat("a.go")) == (delivery.data, delivery.go)
        moved = action(delivery)()
        assert (lab.kept(), lab.landed()) == (done, {}), f"died at step {number}"
        assert read_sidecar(moved.sidecar or "").stored_data == Path(moved.data).name
        lab.assert_tidy()
        if not died:
            break
    assert number > 8


def test_what_a_dead_mover_began_is_finished_without_its_arguments(near: Lab) -> None:
    delivery = near.deliver("a.csv", b"data", b"go")

    def half() -> None:
        real = local_files.rename_no_replace

        def dying(source: str, target: str) -> None:
            if source.endswith(".go"):
                os.kill(os.getpid(), signal.SIGKILL)
            real(source, target)

        local_files.rename_no_replace = dying
        move(files_of(delivery), near.zone, suffix_id=ID, subfolder="t/2024")

    child = fork.Process(target=half)
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert near.landed() == {"a.go": b"go"}

    (finished,) = near.finish_interrupted()

    assert finished.names == ("a.csv", "a.go")
    assert finished.moved is not None
    assert finished.moved.go == f"{near.target}/t/2024/a.go"
    assert near.landed() == {}
    assert near.finish_interrupted() == ()
    near.assert_tidy()


def test_death_at_any_step_of_the_finishing_is_finished_by_the_next(lab: Lab) -> None:
    number, died = 0, True
    while died:
        number += 1
        delivery = refill(lab, "free")
        first = fork.Process(target=die_before_the_go_file, args=(lab, delivery))
        first.start()
        first.join()
        assert (first.exitcode, lab.landed()) == (-signal.SIGKILL, {"a.go": b"go"})
        died = killed_at(number, lab.finish_interrupted)
        assert {b"data", b"go"} <= {*lab.kept().values(), *lab.landed().values()}
        assert [f.error for f in lab.finish_interrupted()] in ([], [None])
        assert lab.landed() == {}, f"left behind after a death at step {number}"
        lab.assert_tidy()
    assert number > 4


def die_before_the_go_file(lab: Lab, delivery: Delivery) -> None:
    bring, discard = LocalFolder.bring, LocalFolder.discard

    def dying(folder: LocalFolder, name: str, *arguments: Any, **keys: Any) -> bool:
        if name.endswith(".go") and keys["staged"] is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return bring(folder, name, *arguments, **keys)

    def dying_over_its_source(folder: LocalFolder, item: FileToMove, **keys: Any) -> None:
        if item.file.name.endswith(".go"):
            os.kill(os.getpid(), signal.SIGKILL)
        discard(folder, item, **keys)

    LocalFolder.bring, LocalFolder.discard = dying, dying_over_its_source
    move(files_of(delivery), lab.zone, suffix_id=ID)


def test_a_move_that_cannot_be_finished_is_forgotten_once_told(near: Lab) -> None:
    delivery = near.deliver("a.csv", b"data", b"go")
    note = journal.MoveNote(files=files_of(delivery), suffix_id="1a2b3c4d", subfolder="")
    with lock.exclusive(str(near.target)) as work:
        journal.write_note(LocalFolder(work), note)
    (near.landing / "a.csv").write_bytes(b"a newer one")

    (finished,) = near.finish_interrupted()

    assert finished.error is not None
    assert finished.error.code == ErrorCode.LANDING_CHANGED
    assert near.landed() == {"a.csv": b"a newer one", "a.go": b"go"}
    assert near.finish_interrupted() == ()
    near.assert_tidy()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"files": []}', b'{"files": [1]}', b"\xff", b"[" * 9999]
)
def test_a_note_that_was_being_written_is_dropped(near: Lab, content: bytes) -> None:
    with lock.exclusive(str(near.target)) as work:
        Path(work, "0123456789abcdef.move.json").write_bytes(content)
    assert near.finish_interrupted() == ()
    near.assert_tidy()


def test_a_zone_without_work_folder_has_nothing_to_finish(near: Lab) -> None:
    assert near.finish_interrupted() == ()
    assert list(near.target.iterdir()) == []
