"""Senders and disks that refuse in the middle of a move: nothing is lost, and a retry finishes."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.moving import ID, Lab, move, sha

from airflow_landing_loader.exceptions import (
    ErrorCode,
    TransientError,
)
from airflow_landing_loader.landing.moves.model import files_of
from airflow_landing_loader.storage.local import files as local_files
from airflow_landing_loader.storage.local import lock, transfer
from airflow_landing_loader.storage.model import FileToMove


def test_a_source_that_is_gone_or_changed_is_transient(lab: Lab) -> None:
    delivery = lab.deliver("a.csv", b"data")
    (lab.landing / "a.csv").write_bytes(b"something newer")
    with pytest.raises(TransientError) as caught:
        move(files_of(delivery), lab.zone, suffix_id=ID)
    assert caught.value.code is ErrorCode.LANDING_CHANGED
    assert lab.landed() == {"a.csv": b"something newer"}

    (lab.landing / "a.csv").unlink()
    with pytest.raises(TransientError) as caught:
        move(files_of(delivery), lab.zone, suffix_id=ID)
    assert caught.value.code is ErrorCode.LANDING_DISAPPEARED
    assert lab.kept() == {}
    lab.assert_tidy()


def test_a_file_whose_content_is_not_the_inspected_one_is_not_copied(far: Lab) -> None:
    delivery = far.deliver("a.csv", b"data")
    with pytest.raises(TransientError) as caught:
        move(files_of(delivery, data_sha256=sha(b"what was inspected")), far.zone, suffix_id=ID)
    assert caught.value.code is ErrorCode.LANDING_CHANGED
    assert (far.landed(), far.kept()) == ({"a.csv": b"data"}, {})
    far.assert_tidy()


def test_a_sender_that_replaces_the_file_at_the_last_moment_loses_nothing(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = lab.deliver("a.csv", b"data", b"go")
    real = local_files.rename_no_replace
    fresh = lab.landing / ".fresh"

    def racing(source: str, target: str) -> None:
        if source == delivery.data.path and not fresh.exists():
            fresh.write_bytes(b"the next delivery")
            fresh.replace(source)
            fresh.mkdir()
        real(source, target)

    monkeypatch.setattr(local_files, "rename_no_replace", racing)
    with pytest.raises(TransientError) as caught:
        move(files_of(delivery), lab.zone, suffix_id=ID)
    fresh.rmdir()

    assert caught.value.code is ErrorCode.LANDING_CHANGED
    assert lab.landed() == {"a.csv": b"the next delivery", "a.go": b"go"}


def test_two_arrivals_in_one_moment_are_both_kept_and_named(
    near: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = near.deliver("a.csv", b"data")
    real = local_files.rename_in_one_step

    def racing(source: str, target: str) -> bool:
        if source == delivery.data.path:
            (near.landing / "new").write_bytes(b"second")
            (near.landing / "new").replace(source)
            done = real(source, target)
            Path(source).write_bytes(b"third")
            return done
        return real(source, target)

    monkeypatch.setattr(local_files, "rename_in_one_step", racing)
    with pytest.raises(TransientError) as caught:
        move(files_of(delivery), near.zone, suffix_id=ID)
    assert caught.value.code is ErrorCode.LANDING_CHANGED
    assert f"{near.target}/a.csv" in caught.value.detail.message
    assert (near.landed(), near.kept()) == ({"a.csv": b"third"}, {"a.csv": b"second"})


def test_a_name_that_a_person_takes_at_the_last_moment_is_looked_at_again(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = lab.deliver("a.csv", b"data", b"go")
    real = local_files.rename_no_replace

    def racing(source: str, target: str) -> None:
        if target == f"{lab.target}/a.go" and not lab.kept().get("a.go"):
            Path(target).write_bytes(b"put there by a person")
        real(source, target)

    monkeypatch.setattr(local_files, "rename_no_replace", racing)
    moved = move(files_of(delivery), lab.zone, suffix_id=ID)

    assert Path(moved.go or "").read_bytes() == b"go"
    assert Path(moved.data).read_bytes() == b"data"
    assert lab.kept()["a.go"] == b"put there by a person"
    assert lab.landed() == {}
    lab.assert_tidy()


def test_a_new_arrival_is_not_removed_for_its_look_alike(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    (lab.target / "a.csv").write_bytes(b"data")
    delivery = lab.deliver("a.csv", b"data")
    real = local_files.rename_no_replace

    def racing(source: str, target: str) -> None:
        if source == delivery.data.path:
            (lab.landing / "new").write_bytes(b"a newer one")
            (lab.landing / "new").replace(source)
        real(source, target)

    monkeypatch.setattr(local_files, "rename_no_replace", racing)
    with pytest.raises(TransientError) as caught:
        move(files_of(delivery), lab.zone, suffix_id=ID)
    assert caught.value.code is ErrorCode.LANDING_CHANGED
    assert lab.landed() == {"a.csv": b"a newer one"}


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("call", [1, 2])
def test_an_unwritable_zone_is_transient_and_a_later_call_finishes(
    near: Lab, monkeypatch: pytest.MonkeyPatch, number: int, call: int
) -> None:
    delivery = near.deliver("a.csv", b"data", b"go")
    real, calls = local_files.rename_no_replace, 0

    def failing(source: str, target: str) -> None:
        nonlocal calls
        calls += 1
        if calls == call:
            raise OSError(number, os.strerror(number))
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(local_files, "rename_no_replace", failing)
        with pytest.raises(TransientError) as caught:
            move(files_of(delivery), near.zone, suffix_id=ID)

    assert caught.value.code is ErrorCode.ZONE_UNWRITABLE
    assert str(near.target) in caught.value.detail.message
    assert near.kept() | near.landed() == {"a.csv": b"data", "a.go": b"go"}
    move(files_of(delivery), near.zone, suffix_id=ID)
    assert near.kept() == {"a.csv": b"data", "a.go": b"go"}
    near.assert_tidy()


def test_a_full_disk_leaves_the_source_and_no_rest(far: Lab) -> None:
    delivery = far.deliver("a.csv", b"x" * 200_000)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(TransientError) as caught:
            move(files_of(delivery), far.zone, suffix_id=ID)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.code is ErrorCode.ZONE_UNWRITABLE
    assert len(far.landed()["a.csv"]) == 200_000
    assert far.kept() == {}
    far.assert_tidy()


def test_a_copy_that_reads_back_different_is_never_placed(
    far: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = far.deliver("a.csv", b"data")
    real = transfer._copy

    def lying(item: FileToMove, source: Any, copy: Any) -> None:
        real(item, source, copy)
        copy.seek(0)
        copy.write(b"D")
        copy.flush()

    monkeypatch.setattr(transfer, "_copy", lying)
    with pytest.raises(TransientError) as caught:
        move(files_of(delivery), far.zone, suffix_id=ID)
    assert caught.value.code is ErrorCode.ZONE_UNWRITABLE
    assert (far.landed(), far.kept()) == ({"a.csv": b"data"}, {})
    far.assert_tidy()


def test_a_missing_zone_is_not_created(near: Lab) -> None:
    delivery = near.deliver("a.csv", b"data")
    near.target.rmdir()
    with pytest.raises(TransientError) as caught:
        move(files_of(delivery), near.zone, suffix_id=ID)
    assert caught.value.code is ErrorCode.ZONE_UNAVAILABLE
    assert not near.target.exists()
    assert near.landed() == {"a.csv": b"data"}


def test_a_lock_that_is_held_for_too_long_is_named(near: Lab) -> None:
    zone = str(near.target)
    with (
        lock.exclusive(zone),
        pytest.raises(TransientError) as caught,
        lock.exclusive(zone, timeout=0),
    ):
        pass
    assert caught.value.code is ErrorCode.ZONE_UNWRITABLE
    assert f"{near.target}/.landing-loader/lock" in caught.value.detail.message


def test_a_copy_is_on_disk_before_its_source_goes(
    far: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy itself, and then its name: neither power nor disk may leave nothing of a file."""
    steps: list[str] = []

    def watched(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **keys: Any) -> Any:
            steps.append(name)
            return real(*args, **keys)

        return step

    delivery = far.deliver("a.csv", b"data")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", watched("sync", os.fsync))
        patch.setattr(
            local_files, "rename_no_replace", watched("name", local_files.rename_no_replace)
        )
        move(files_of(delivery), far.zone, suffix_id=ID)
    # the copy, its name, the folder with that name; only then the source is put aside and removed
    assert steps[steps.index("sync") :][:4] == ["sync", "name", "sync", "name"]


@pytest.mark.parametrize("lacking", ["flock", "names"])
def test_where_nothing_can_be_locked_or_named_safely_the_file_stays(
    near: Lab, monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    delivery = near.deliver("a.csv", b"data")

    def refuses(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    with monkeypatch.context() as patch:
        if lacking == "flock":
            patch.setattr(lock.fcntl, "flock", refuses)
        else:
            patch.setattr(local_files, "_renameat2", None)
            patch.setattr(os, "link", refuses)
        with pytest.raises(TransientError) as caught:
            move(files_of(delivery), near.zone, suffix_id=ID)
    assert caught.value.code is ErrorCode.ZONE_UNWRITABLE
    assert (near.landed(), near.kept()) == ({"a.csv": b"data"}, {})
