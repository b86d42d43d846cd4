"""System calls that a file system does not know, or that fail half-way."""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path
from typing import Any

import pytest

from airflow_landing_loader.exceptions import shown
from airflow_landing_loader.storage.local import files as local_files
from airflow_landing_loader.storage.local import lock
from airflow_landing_loader.storage.local.files import (
    rename_no_replace,
    same_inode,
    write_whole,
)
from airflow_landing_loader.storage.local.names import fitting_name, temporary_path


@pytest.fixture(params=["rename", "link", "old kernel", "old file system"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How a rename that does not replace is done."""
    way = str(request.param)
    number = {"old kernel": errno.ENOSYS, "old file system": errno.EINVAL}.get(way)

    def unsupported(*_: Any) -> int:
        ctypes.set_errno(number or 0)
        return -1

    if way == "link":
        monkeypatch.setattr(local_files, "_renameat2", None)
    elif number:
        monkeypatch.setattr(local_files, "_renameat2", unsupported)
    return way


def test_a_rename_never_replaces(tmp_path: Path, way: str) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("1")
    two.write_text("2")
    with pytest.raises(FileExistsError):
        rename_no_replace(str(one), str(two))
    assert (one.read_text(), two.read_text()) == ("1", "2")

    two.unlink()
    two.symlink_to(tmp_path / "nothing")
    with pytest.raises(FileExistsError):
        rename_no_replace(str(one), str(two))

    two.unlink()
    rename_no_replace(str(one), str(two))
    assert (one.exists(), two.read_text()) == (False, "1")
    with pytest.raises(FileNotFoundError):
        rename_no_replace(str(one), str(tmp_path / "three"))


def test_a_link_that_was_made_already_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_files, "_renameat2", None)
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("1")
    two.hardlink_to(one)
    rename_no_replace(str(one), str(two))
    assert (one.exists(), two.read_text(), two.stat().st_nlink) == (False, "1", 1)


def test_a_source_that_may_not_be_removed_keeps_one_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_files, "_renameat2", None)
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("1")
    real = os.unlink

    def forbidden(path: str) -> None:
        if path == str(one):
            raise PermissionError(errno.EACCES, "no")
        real(path)

    monkeypatch.setattr(os, "unlink", forbidden)
    with pytest.raises(PermissionError):
        rename_no_replace(str(one), str(two))
    assert (one.stat().st_nlink, two.exists()) == (1, False)


def test_same_inode_of_nothing_is_false(tmp_path: Path) -> None:
    assert not same_inode(f"{tmp_path}/a", f"{tmp_path}/b")


def test_a_small_file_is_there_whole_or_not_at_all(tmp_path: Path, way: str) -> None:
    path = tmp_path / "a.json"
    left = Path(temporary_path(str(tmp_path), "a.json", "tag"))
    left.write_text("half of what a dead pro")
    write_whole(str(path), b"new", mode=0o600, tag="tag")
    assert path.read_bytes() == b"new"

    with pytest.raises(FileExistsError):
        write_whole(str(path), b"newer", mode=0o600, tag="tag")
    assert path.read_bytes() == b"new"

    write_whole(str(path), b"newest", mode=0o600, tag="tag", replace=True)
    assert path.read_bytes() == b"newest"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("letter", ["x", "é", "\udcff"])
def test_names_are_cut_between_characters(tmp_path: Path, letter: str) -> None:
    name = fitting_name(letter * 300, "~1.csv", str(tmp_path))
    assert 253 <= len(os.fsencode(name)) <= 255
    assert name.strip(letter) == "~1.csv"
    (tmp_path / name).touch()


def test_a_folder_that_is_not_there_has_the_usual_limit(tmp_path: Path) -> None:
    assert len(fitting_name("x" * 300, ".csv", f"{tmp_path}/none")) == 255


def test_a_limit_is_asked_for_again_once_the_folder_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an encrypted file system: 143 bytes."""

    def pathconf(folder: str, name: str) -> int:
        Path(folder).stat()
        return {"PC_NAME_MAX": 143}[name]

    monkeypatch.setattr(os, "pathconf", pathconf)
    folder = tmp_path / "later"
    assert len(fitting_name("x" * 300, ".csv", str(folder))) == 255
    folder.mkdir()
    assert len(fitting_name("x" * 300, ".csv", str(folder))) == 143


def test_long_names_have_temporary_names_of_their_own(tmp_path: Path) -> None:
    paths = {temporary_path(str(tmp_path), "x" * 251 + end, "t") for end in (".csv", ".go", "")}
    assert len(paths) == 3


def test_shown_escapes_what_could_forge_or_break_output() -> None:
    assert shown("a\nb\x1b[0m\udcff é") == "a\\nb\\x1b[0m\\xff é"


def test_who_may_write_into_a_zone_may_use_its_lock(tmp_path: Path) -> None:
    tmp_path.chmod(0o2770)
    before = os.umask(0o077)
    try:
        with lock.exclusive(str(tmp_path)) as work:
            assert Path(work).stat().st_mode & 0o777 == 0o770
            assert Path(work, "lock").stat().st_mode & 0o777 == 0o660
        with lock.exclusive(str(tmp_path)):
            pass
    finally:
        os.umask(before)
