"""Moves: byte for byte, under any name, into the folder that was asked for."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.moving import ID, Lab, landing_of, move, sha, sidecar

from airflow_landing_loader.exceptions import (
    ConfigurationError,
    ErrorCode,
    TransientError,
)
from airflow_landing_loader.landing.moves import move as moves
from airflow_landing_loader.landing.moves.model import Moved, files_of
from airflow_landing_loader.storage.local import transfer
from airflow_landing_loader.storage.local.zone import LocalZone
from airflow_landing_loader.storage.model import FileToMove


def test_a_delivery_moves_byte_for_byte_with_its_go_file(lab: Lab) -> None:
    content = os.urandom(3_000_000)
    delivery = lab.deliver("a.csv", content, b"n=1\r\n\0\xff")
    (lab.landing / "a.csv").chmod(0o640)

    moved = move(files_of(delivery, data_sha256=sha(content)), lab.zone, suffix_id=ID)

    assert moved == Moved(
        paths=(f"{lab.target}/a.csv", f"{lab.target}/a.go"), sidecar=None, suffix=""
    )
    assert (moved.data, moved.go) == moved.paths
    assert lab.kept() == {"a.csv": content, "a.go": b"n=1\r\n\0\xff"}
    assert lab.landed() == {}
    kept = Path(moved.data).stat()
    assert (kept.st_mode & 0o777, kept.st_mtime_ns) == (0o640, delivery.data.mtime_ns)
    lab.assert_tidy()


@pytest.mark.parametrize("known", [True, False])
def test_the_same_call_again_finds_its_work_done(lab: Lab, known: bool) -> None:
    delivery = lab.deliver("a.csv", b"data", b"go")
    (lab.target / "a.csv").write_bytes(b"some other content")
    files = files_of(delivery, data_sha256=sha(b"data") if known else None)

    first = move(files, lab.zone, suffix_id=ID, sidecar=sidecar(delivery))
    again = move(files, lab.zone, suffix_id=ID, sidecar=sidecar(delivery))

    assert first == again
    assert lab.landed() == {}
    assert lab.kept() == {
        "a.csv": b"some other content",
        "a~1a2b3c4d.csv": b"data",
        "a~1a2b3c4d.go": b"go",
    }
    lab.assert_tidy()


NAMES = [
    b"with space.csv",
    b"'quo\"tes'.csv",
    "\N{SNOWMAN}é日本.csv".encode(),
    b"100%20.csv",
    b"new\nline.csv",
    b"[a]*?{b,c}.csv",
    b"\xff\xfe.csv",
    b"-rf.csv",
    b"$(x)`y`;.csv",
    b"noending",
    b"~tilde~1a2b3c4d.csv",
]


@pytest.mark.parametrize("raw", NAMES)
@pytest.mark.parametrize("taken", [False, True])
def test_any_name_moves_and_its_decoy_stays(lab: Lab, raw: bytes, taken: bool) -> None:
    name = os.fsdecode(raw)
    delivery = lab.deliver(name, b"data", b"go")
    (lab.landing / "a.csv").write_bytes(b"a decoy that a glob would match")
    if taken:
        (lab.target / name).write_bytes(b"other")

    moved = move(files_of(delivery), lab.zone, suffix_id=ID, sidecar=sidecar(delivery))

    assert lab.landed() == {"a.csv": b"a decoy that a glob would match"}
    assert Path(moved.data).read_bytes() == b"data"
    assert Path(moved.go or "").read_bytes() == b"go"
    assert (moved.suffix == "") == (not taken)
    written = json.loads(Path(moved.sidecar or "").read_bytes())
    assert written["data_name"] == name
    assert written["stored_data"] == Path(moved.data).name
    lab.assert_tidy()


def test_subfolders_are_created_and_never_leave_the_zone(lab: Lab) -> None:
    delivery = lab.deliver("a.csv", b"data")
    for bad in ("../x", "a/../../x", "/abs", "a//b", "./a", ".hidden", "a\0b", "x/{table}"):
        with pytest.raises(ConfigurationError) as caught:
            move(files_of(delivery), lab.zone, suffix_id=ID, subfolder=bad)
        assert caught.value.code is ErrorCode.MAPPING_BAD_VALUE
    (lab.target / "away").symlink_to(lab.landing)
    with pytest.raises(TransientError) as refused:
        move(files_of(delivery), lab.zone, suffix_id=ID, subfolder="away/x")
    assert refused.value.code is ErrorCode.ZONE_UNWRITABLE
    assert lab.landed() == {"a.csv": b"data"}

    for _ in range(2):
        moved = move(files_of(delivery), lab.zone, suffix_id=ID, subfolder="t/2024/01")
    assert moved.data == f"{lab.target}/t/2024/01/a.csv"


@pytest.mark.parametrize("bad", ["", "~", "../x"])
def test_a_suffix_id_must_be_plain(near: Lab, bad: str) -> None:
    with pytest.raises(ValueError, match="suffix id"):
        move(files_of(near.deliver("a.csv", b"")), near.zone, suffix_id=bad)


def test_only_a_name_without_content_is_copied_across_devices(
    far: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    (far.target / "a.csv").write_bytes(b"data")
    copied = []
    real = transfer._copy

    def counting(item: FileToMove, source: Any, copy: Any) -> None:
        copied.append(item.file.name)
        real(item, source, copy)

    monkeypatch.setattr(transfer, "_copy", counting)
    move(files_of(far.deliver("a.csv", b"data", b"go")), far.zone, suffix_id=ID)
    assert copied == ["a.go"]


def test_where_a_move_leads_can_be_foreseen(near: Lab) -> None:
    for content in (b"one", b"other", b"other"):
        delivery = near.deliver("a.csv", content, b"go")
        seen = foresee(files_of(delivery), near.zone)
        moved = move(files_of(delivery), near.zone, suffix_id=ID, subfolder="t/x")
        assert seen == moved.data
    gone = files_of(replace(delivery, data=replace(delivery.data, size=7)))
    assert foresee(gone, near.zone) is None
    near.assert_tidy()


def foresee(files: Sequence[FileToMove], target: LocalZone) -> str | None:
    return moves.foresee(files, landing_of(files), target, suffix_id=ID, subfolder="t/x")
