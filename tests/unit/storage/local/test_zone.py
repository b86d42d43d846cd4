"""Listings of hostile folders."""

from __future__ import annotations

import errno
import json
import os
import socket
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import (
    ConfigurationError,
    ErrorCode,
    TerminalError,
    TransientError,
    shown,
)
from airflow_landing_loader.landing.discovery.discover import discover, find_delivery
from airflow_landing_loader.storage.local import files as local_files
from airflow_landing_loader.storage.local import zone as local_zone
from airflow_landing_loader.storage.local.status import FileStatus, status_of
from airflow_landing_loader.storage.local.zone import LocalZone
from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.zone import SpecialEntry


def test_lists_direct_children_in_name_order_with_size_time_and_token(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_bytes(b"12345")
    (tmp_path / "a.csv").write_bytes(b"")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "c.csv").write_bytes(b"x")
    os.utime(tmp_path / "b.csv", ns=(1, 1_700_000_000_123_456_789))

    entries = list(LocalZone(str(tmp_path)).list())

    assert [entry.name for entry in entries] == ["a.csv", "b.csv", "sub"]
    status = status_of(f"{tmp_path}/b.csv")
    assert entries[1] == LandedFile(
        name="b.csv",
        path=f"{tmp_path}/b.csv",
        size=5,
        mtime_ns=1_700_000_000_123_456_789,
        token=status.token,
        changed_ns=status.changed_ns,
    )
    assert status.token.startswith(f"{status.inode}-1700000000123456789")


def test_what_is_no_plain_file_is_named_for_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "zone").mkdir()
    outside = tmp_path / "outside.csv"
    outside.write_text("secret")
    zone = tmp_path / "zone"
    (zone / "dir.csv").mkdir()
    (zone / "link.csv").symlink_to(outside)
    (zone / "dangling.csv").symlink_to(tmp_path / "nothing")
    (zone / "hard.csv").hardlink_to(outside)
    os.mkfifo(zone / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(zone / "sock.csv"))

        kinds = {e.name: e.kind for e in LocalZone(str(zone)).list() if isinstance(e, SpecialEntry)}

    assert kinds == {
        "dir.csv": "a directory",
        "link.csv": "a symbolic link",
        "dangling.csv": "a symbolic link",
        "hard.csv": "a file with 2 hard links",
        "pipe.csv": "a named pipe",
        "sock.csv": "a socket",
    }
    for name in kinds:
        with pytest.raises(TerminalError) as caught:
            LocalZone(str(zone)).stat(name)
        assert caught.value.code is ErrorCode.LANDING_NOT_A_FILE
        assert caught.value.detail.file == name


HOSTILE_NAMES = [
    b"with space.csv",
    b"'quotes\".csv",
    "\N{SNOWMAN}-é.csv".encode(),
    b"100%.csv",
    b"new\nline.csv",
    b"a[1]*?{x}.csv",
    b"-rf.csv",
    b"\xff\xfe.csv",
    b"a\\b.csv",
    b"x" * 255,
]


@pytest.mark.parametrize("raw", HOSTILE_NAMES)
def test_any_name_survives_listing_stat_and_json(tmp_path: Path, raw: bytes) -> None:
    with open(os.path.join(os.fsencode(tmp_path), raw), "wb") as stream:  # noqa: PTH118
        stream.write(b"abc")

    (entry,) = LocalZone(str(tmp_path)).list()

    assert isinstance(entry, LandedFile)
    assert os.fsencode(entry.name) == raw
    assert LocalZone(str(tmp_path)).stat(entry.name) == entry
    assert LandedFile(**json.loads(json.dumps(asdict(entry)))) == entry
    name = shown(entry.name)
    assert name.isprintable()
    assert name.encode("utf-8")


def test_stat_of_nothing_is_none(tmp_path: Path) -> None:
    assert LocalZone(str(tmp_path)).stat("a.csv") is None


@pytest.mark.parametrize("name", ["", ".", "..", "../a", "sub/a", "/etc/passwd", "a\0b"])
def test_stat_refuses_what_is_not_a_plain_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(TerminalError) as caught:
        LocalZone(str(tmp_path)).stat(name)
    assert caught.value.code is ErrorCode.LANDING_UNKNOWN_FILE


@pytest.mark.parametrize("what", ["missing", "a file"])
def test_a_zone_that_is_not_there_is_transient_and_says_so(tmp_path: Path, what: str) -> None:
    path = tmp_path / "zone"
    if what == "a file":
        path.write_text("")
    zone = LocalZone(str(path))

    for ask in (zone.list, zone.require, lambda: zone.stat("a.csv")):
        with pytest.raises(TransientError) as caught:
            ask()
        assert caught.value.code is ErrorCode.ZONE_UNAVAILABLE
        assert caught.value.detail.file == str(path)
        assert caught.value.detail.hint


def test_a_zone_may_be_a_link_to_a_folder(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.csv").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "real")

    assert [e.name for e in LocalZone(str(tmp_path / "link")).list()] == ["a.csv"]
    assert LocalZone(f"{tmp_path}/real/") == LocalZone(f"{tmp_path}/real")


@pytest.mark.parametrize("path", ["", "relative/zone", "gs://bucket/landing/", "s3://b", "/a\0b"])
def test_a_zone_must_be_an_absolute_local_folder(path: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        LocalZone(path)
    assert caught.value.code is ErrorCode.SETTINGS_BAD_VALUE


def test_a_file_that_vanishes_during_the_listing_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        (tmp_path / name).write_text("")
    real = os.scandir

    class Vanishing:
        def __init__(self, path: str) -> None:
            with real(path) as children:
                self._children = list(children)
            (tmp_path / "b.csv").unlink()

        def __enter__(self) -> list[os.DirEntry[str]]:
            return self._children

        def __exit__(self, *_: object) -> None:
            return None

    monkeypatch.setattr(os, "scandir", Vanishing)

    assert [entry.name for entry in LocalZone(str(tmp_path)).list()] == ["a.csv", "c.csv"]


def test_opening_follows_no_link_and_waits_for_no_pipe(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/hostname")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dir").mkdir()
    for name in ("link", "pipe", "dir"):
        with pytest.raises(TerminalError) as caught:
            local_files.open_regular(f"{tmp_path}/{name}", name=name)
        assert caught.value.code is ErrorCode.LANDING_NOT_A_FILE
    with pytest.raises(TransientError) as gone:
        local_files.open_regular(f"{tmp_path}/nothing", name="nothing")
    assert gone.value.code is ErrorCode.LANDING_DISAPPEARED


def test_a_file_that_cannot_be_opened_is_transient(tmp_path: Path) -> None:
    with pytest.raises(TransientError) as caught:
        local_files.open_regular(f"{tmp_path}/{'x' * 300}", name="x")
    assert caught.value.code is ErrorCode.LANDING_UNREADABLE
    assert caught.value.detail.hint


def fail_stat(monkeypatch: pytest.MonkeyPatch, name: str, number: int) -> None:
    """Let the file system say this of every entry of this name."""

    def look(path: str) -> FileStatus:
        if path.endswith(f"/{name}"):
            raise OSError(number, os.strerror(number))
        return status_of(path)

    for module in (local_files, local_zone):
        monkeypatch.setattr(module, "status_of", look)


@pytest.mark.parametrize(
    "number", [errno.ESTALE, errno.EACCES, errno.EIO, errno.ELOOP, errno.ENAMETOOLONG]
)
def test_an_entry_that_nothing_is_told_about_is_left_alone_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    zone = LocalZone(str(tmp_path))
    for name in ("bad_1.csv", "good_1.csv"):
        (tmp_path / name).write_text("id\n1\n")
    rules = TableMapping.model_validate({"pattern": "*_1.csv", "table": "t", "settle_seconds": 0})
    fail_stat(monkeypatch, "bad_1.csv", number)

    found = discover(zone, [rules], now=time.time())

    assert [delivery.data.name for delivery in found.ready] == ["good_1.csv"]
    (refused,) = found.refused
    assert (refused.name, refused.error.code) == ("bad_1.csv", ErrorCode.LANDING_UNREADABLE)
    assert refused.error.transient
    assert os.strerror(number) in refused.error.message
    with pytest.raises(TransientError) as caught:
        find_delivery(zone, [rules], "bad_1.csv")
    gone = number == errno.ESTALE  # it is as if it were not there
    assert caught.value.code is (
        ErrorCode.LANDING_DISAPPEARED if gone else ErrorCode.LANDING_UNREADABLE
    )


def test_an_entry_that_vanishes_meanwhile_was_never_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("bad_1.csv", "good_1.csv"):
        (tmp_path / name).write_text("id\n1\n")
    fail_stat(monkeypatch, "bad_1.csv", errno.ENOENT)
    assert [entry.name for entry in LocalZone(str(tmp_path)).list()] == ["good_1.csv"]
    assert LocalZone(str(tmp_path)).stat("bad_1.csv") is None


@pytest.mark.parametrize("number", [errno.EACCES, errno.ESTALE])
def test_a_zone_of_which_nothing_is_told_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n")

    def look(path: Any) -> Any:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(local_zone, "status_of", look)
    monkeypatch.setattr(os, "lstat", look)
    for ask in (
        lambda: list(LocalZone(str(tmp_path)).list()),
        lambda: LocalZone(str(tmp_path)).stat("a"),
    ):
        with pytest.raises(TransientError) as caught:
            ask()
        assert caught.value.code is ErrorCode.ZONE_UNAVAILABLE


def test_a_stale_handle_is_a_file_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n")
    fail_stat(monkeypatch, "a.csv", errno.ESTALE)
    assert local_files.look_up(f"{tmp_path}/a.csv") is None

    def fail(*_: object) -> int:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    monkeypatch.setattr(os, "open", fail)
    with pytest.raises(TransientError) as caught:
        local_files.open_regular(f"{tmp_path}/a.csv", name="a.csv")
    assert caught.value.code is ErrorCode.LANDING_DISAPPEARED
