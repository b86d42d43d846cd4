"""What the file system says, by the system call and without it."""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path
from typing import Any

import pytest

from airflow_landing_loader.storage.local import status as file_status
from airflow_landing_loader.storage.local.status import status_of, status_of_open


def made(folder: Path) -> list[Path]:
    file = folder / "a b\udcff.csv"
    file.write_bytes(b"1234567")
    file.chmod(0o640)
    (folder / "second").hardlink_to(file)
    (folder / "link").symlink_to(file)
    (folder / "nowhere").symlink_to("nothing")
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    return sorted(folder.iterdir())


def test_it_says_what_python_says(tmp_path: Path) -> None:
    for path in made(tmp_path):
        told, known = status_of(str(path)), path.lstat()
        assert (told.mode, told.links, told.inode, told.size) == (
            known.st_mode,
            known.st_nlink,
            known.st_ino,
            known.st_size,
        )
        assert (told.modified_ns, told.changed_ns) == (known.st_mtime_ns, known.st_ctime_ns)
        assert told.born_ns is None or 0 < told.born_ns <= told.changed_ns


def test_an_open_file_is_looked_at_and_not_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"1")
    before = status_of(str(path))
    with path.open("rb") as stream:
        path.rename(tmp_path / "b.csv")
        path.write_bytes(b"12")
        assert status_of_open(stream.fileno()).token == before.token
    assert status_of(str(path)).token != before.token


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.EPERM, None])
def test_where_there_is_no_such_call_it_is_told_without_the_birth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int | None
) -> None:
    def refused(*_: Any) -> int:
        assert code is not None
        ctypes.set_errno(code)
        return -1

    path = tmp_path / "a.csv"
    path.write_bytes(b"1234567")
    known = status_of(str(path))
    monkeypatch.setattr(file_status, "_statx", None if code is None else refused)
    told = status_of(str(path))
    assert (told.inode, told.size, told.modified_ns) == (known.inode, 7, known.modified_ns)
    assert (told.born_ns, told.token) == (None, f"{told.inode}-{told.modified_ns}")
    with path.open("rb") as stream:
        assert status_of_open(stream.fileno()) == told
    with pytest.raises(FileNotFoundError):
        status_of(str(tmp_path / "nothing"))


def test_errors_are_those_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"")
    with pytest.raises(FileNotFoundError):
        status_of(str(tmp_path / "nothing"))
    with pytest.raises(NotADirectoryError):
        status_of(str(tmp_path / "a.csv" / "b"))


def test_an_inode_and_a_time_that_come_back_are_another_arrival(tmp_path: Path) -> None:
    """As far as the file system gives the inode again and knows when a file was born."""
    path = tmp_path / "a.csv"
    tokens, inodes = set(), set()
    for _ in range(50):
        path.write_bytes(b"1")
        os.utime(path, ns=(1, 1))
        told = status_of(str(path))
        tokens.add(told.token)
        inodes.add(told.inode)
        path.unlink()
    if told.born_ns is None:
        pytest.skip("the file system does not know when a file was born")
    # births within one tick of the system's clock are equal
    assert len(tokens) > 1
    assert len(tokens) >= len(inodes)


def test_a_rename_and_a_second_name_leave_the_token(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"1")
    token = status_of(str(path)).token
    (tmp_path / "b.csv").hardlink_to(path)
    path.rename(tmp_path / "c.csv")
    assert {status_of(str(tmp_path / name)).token for name in ("b.csv", "c.csv")} == {token}
