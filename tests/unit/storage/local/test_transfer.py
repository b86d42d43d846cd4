"""One file to one name while its sender does not wait."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.storage.local import files as local_files
from airflow_landing_loader.storage.local import names, transfer
from airflow_landing_loader.storage.local.transfer import (
    AcrossDevicesError,
    discard,
    place,
    publish,
    remove_dead_copy,
    staged_copy,
)
from airflow_landing_loader.storage.model import FileToMove


def item_at(path: Path, content: bytes = b"data") -> FileToMove:
    path.write_bytes(content)
    file = local_files.look_up(str(path))
    assert file is not None
    return FileToMove(file=file)


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Path]:
    """A folder on another device."""
    folder = Path(tempfile.mkdtemp(dir="/dev/shm", prefix="landing-loader-test-"))
    try:
        if folder.stat().st_dev == tmp_path.stat().st_dev:
            pytest.skip("needs /dev/shm on another device")
        yield folder
    finally:
        shutil.rmtree(folder)


def hidden(folder: Path) -> Path:
    return Path(names.temporary_path(str(folder), "a.csv", "t"))


def test_place_takes_only_the_arrival_it_was_asked_for(tmp_path: Path) -> None:
    item = item_at(tmp_path / "a.csv")
    (tmp_path / "a.csv").write_bytes(b"newer!")
    with pytest.raises(TransientError) as caught:
        place(item, f"{tmp_path}/b")
    assert caught.value.code is ErrorCode.LANDING_CHANGED
    assert not (tmp_path / "b").exists()


def test_a_source_that_vanishes_at_the_last_moment_is_transient(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = item_at(tmp_path / "a.csv")
    real = local_files.rename_no_replace

    def racing(source: str, target: str) -> None:
        (tmp_path / "a.csv").unlink()
        real(source, target)

    monkeypatch.setattr(local_files, "rename_no_replace", racing)
    with pytest.raises(TransientError) as caught:
        place(item, f"{tmp_path}/b")
    assert caught.value.code is ErrorCode.LANDING_DISAPPEARED
    (tmp_path / "a.csv").write_bytes(b"data")
    discard(item_at(tmp_path / "a.csv"), tag="t")  # gone is what it wanted


def test_a_taken_name_is_never_replaced(tmp_path: Path, far: Path) -> None:
    item = item_at(tmp_path / "a.csv")
    for folder in (tmp_path, far):
        (folder / "b").write_bytes(b"other")
    with pytest.raises(FileExistsError):
        place(item, f"{tmp_path}/b")
    with pytest.raises(AcrossDevicesError):
        place(item, f"{far}/b")
    with staged_copy(item, str(far), tag="t") as copy, pytest.raises(FileExistsError):
        publish(copy, f"{far}/b")
    assert ((tmp_path / "b").read_bytes(), (far / "b").read_bytes()) == (b"other", b"other")
    assert (tmp_path / "a.csv").read_bytes() == b"data"
    assert list(far.iterdir()) == [far / "b"]


def test_what_a_dead_discard_has_hidden_is_sorted_out(tmp_path: Path) -> None:
    item = item_at(tmp_path / "a.csv")
    (tmp_path / "a.csv").rename(hidden(tmp_path))
    discard(item, tag="t")
    assert list(tmp_path.iterdir()) == []

    # A newer arrival that was caught by mistake comes back.
    hidden(tmp_path).write_bytes(b"newer")
    discard(item, tag="t")
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]

    # It stays hidden rather than lost while its name is taken.
    hidden(tmp_path).write_bytes(b"newest")
    discard(item, tag="t")
    assert {path.read_bytes() for path in tmp_path.iterdir()} == {b"newer", b"newest"}
    with pytest.raises(TransientError) as caught:
        discard(item_at(tmp_path / "a.csv"), tag="t")
    assert caught.value.code is ErrorCode.LANDING_CHANGED
    assert (tmp_path / "a.csv").read_bytes() == b"data"


@pytest.mark.parametrize("change", ["grows", "shrinks", "is replaced", "changes in place"])
def test_a_source_that_changes_while_it_is_copied_is_not_placed(
    tmp_path: Path, far: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    path = tmp_path / "a.csv"
    item = item_at(path, b"x" * 100)
    real = transfer._copy

    def racing(moving: FileToMove, source: Any, copy: Any) -> None:
        if change == "grows":
            path.write_bytes(b"x" * 101)
        elif change == "shrinks":
            path.write_bytes(b"x")
        elif change == "is replaced":
            path.rename(tmp_path / "old")
            path.write_bytes(b"y" * 100)
            os.utime(tmp_path / "old", ns=(0, 0))
        else:
            path.write_bytes(b"y" * 100)
        real(moving, source, copy)

    monkeypatch.setattr(transfer, "_copy", racing)
    with (
        pytest.raises(TransientError) as caught,
        staged_copy(item, str(far), tag="t") as copy,
    ):
        publish(copy, f"{far}/a.csv")
    assert caught.value.code is ErrorCode.LANDING_CHANGED
    assert list(far.iterdir()) == []


def test_a_living_copy_is_not_taken_for_a_dead_one(tmp_path: Path, far: Path) -> None:
    item = item_at(tmp_path / "a.csv")
    with staged_copy(item, str(far), tag="t") as copy:
        remove_dead_copy(item.file.name, str(far), tag="t")
        assert Path(copy).read_bytes() == b"data"
    assert list(far.iterdir()) == []

    hidden(far).write_bytes(b"da")
    remove_dead_copy(item.file.name, str(far), tag="t")
    assert list(far.iterdir()) == []


def test_a_dead_copy_makes_way_for_a_new_one(tmp_path: Path, far: Path) -> None:
    item = item_at(tmp_path / "a.csv")
    hidden(far).write_bytes(b"da")
    with staged_copy(item, str(far), tag="t") as copy:
        publish(copy, f"{far}/a.csv")
    discard(item, tag="t")
    assert {path.name: path.read_bytes() for path in far.iterdir()} == {"a.csv": b"data"}
    assert list(tmp_path.iterdir()) == []
