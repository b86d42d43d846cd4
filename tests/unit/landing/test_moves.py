"""Moves: nothing is lost, nothing is overwritten, whatever happens in between."""

from __future__ import annotations

import errno
import hashlib
import json
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from airflow_landing_loader.exceptions import (
    ConfigurationError,
    ErrorCode,
    ErrorDetail,
    TransientError,
)
from airflow_landing_loader.landing import local_files, move_notes, moves, transfer
from airflow_landing_loader.landing.archive_layout import archive_folder
from airflow_landing_loader.landing.local_zone import LocalZone
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.landing.moving import Finished, Moved, files_of
from airflow_landing_loader.landing.sidecar import Sidecar, read_sidecar, sidecar_of
from airflow_landing_loader.landing.transfer import FileToMove
from airflow_landing_loader.mapping.model import TableMapping

ID = "1a2b3c4d-0000-5000-8000-000000000000"
MAPPING = TableMapping.model_validate(
    {
        "pattern": "*.csv",
        "table": "t",
        "go_file": {"pattern": "*.go", "format": "properties", "row_count_key": "n"},
    }
)
LANDING = LocalZone("/")  # which folder it is does not matter between local ones


def move(files: Sequence[FileToMove], target: LocalZone, **keys: Any) -> Moved:
    return moves.move(files, LANDING, target, **keys)


fork = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Lab:
    """A landing and a target zone."""

    landing: Path
    target: Path

    @property
    def zone(self) -> LocalZone:
        return LocalZone(str(self.target))

    def deliver(self, name: str, content: bytes, go: bytes | None = None) -> Delivery:
        """Put a delivery into the landing zone and look at it."""
        (self.landing / name).write_bytes(content)
        go_name = name.removesuffix(".csv") + ".go"
        if go is not None:
            (self.landing / go_name).write_bytes(go)
        zone = LocalZone(str(self.landing))
        data = zone.stat(name)
        assert data is not None
        return Delivery(
            mapping=MAPPING, data=data, go=zone.stat(go_name) if go is not None else None
        )

    def finish_interrupted(self) -> tuple[Finished, ...]:
        return moves.finish_interrupted(LocalZone(str(self.landing)), self.zone)

    def kept(self) -> dict[str, bytes]:
        """Every visible file of the target, sidecars left out."""
        return {
            path.name: path.read_bytes()
            for path in self.target.rglob("*")
            if path.is_file()
            and not path.name.endswith(".error.json")
            and not set(path.relative_to(self.target).parts) & {local_files.WORK_FOLDER}
        }

    def landed(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.landing.iterdir()}

    def assert_tidy(self) -> None:
        """No temporary file and no note is left."""
        hidden = [p.name for p in self.landing.iterdir() if p.name.startswith(".")]
        hidden += [p.name for p in self.target.rglob(".*") if p.name != local_files.WORK_FOLDER]
        assert hidden == []
        work = self.target / local_files.WORK_FOLDER
        assert [p.name for p in work.glob("*") if p.name != "lock"] == []


def folder_on_another_device(beside: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir="/dev/shm", prefix="landing-loader-test-"))
    if folder.stat().st_dev == beside.stat().st_dev:
        folder.rmdir()
        pytest.skip("needs /dev/shm on another device")
    yield folder
    shutil.rmtree(folder)


WAYS = ["rename", "link", "across"]


@pytest.fixture(params=WAYS)
def lab(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Lab]:
    """The three ways in which a file gets from one place to another."""
    landing, target = tmp_path / "landing", tmp_path / "target"
    landing.mkdir()
    if request.param == "link":
        monkeypatch.setattr(local_files, "_renameat2", None)
    if request.param == "across":
        for folder in folder_on_another_device(tmp_path):
            yield Lab(landing, folder)
    else:
        target.mkdir()
        yield Lab(landing, target)


@pytest.fixture
def near(tmp_path: Path) -> Lab:
    """Two folders of one device, moved between by rename."""
    for name in ("landing", "target"):
        (tmp_path / name).mkdir()
    return Lab(tmp_path / "landing", tmp_path / "target")


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Lab]:
    """Two folders of two devices."""
    (tmp_path / "landing").mkdir()
    for folder in folder_on_another_device(tmp_path):
        yield Lab(tmp_path / "landing", folder)


def sidecar(delivery: Delivery, message: str = "The count is wrong.") -> Sidecar:
    error = ErrorDetail(code="count.too_few", message=message, file=delivery.data.name)
    return sidecar_of(delivery, error, when=datetime(2024, 1, 15, tzinfo=UTC))


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


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


@pytest.mark.parametrize("taken", ["a.csv", "a.go", "a.csv.error.json"])
def test_one_taken_name_gives_all_three_the_same_suffix(lab: Lab, taken: str) -> None:
    delivery = lab.deliver("a.csv", b"data", b"go")
    (lab.target / taken).write_bytes(b"other content")

    moved = move(files_of(delivery), lab.zone, suffix_id=ID, sidecar=sidecar(delivery))

    assert moved == Moved(
        paths=(f"{lab.target}/a~1a2b3c4d.csv", f"{lab.target}/a~1a2b3c4d.go"),
        sidecar=f"{lab.target}/a~1a2b3c4d.csv.error.json",
        suffix="~1a2b3c4d",
    )
    assert (lab.target / taken).read_bytes() == b"other content"
    stored = read_sidecar(moved.sidecar or "")
    assert (stored.data_name, stored.go_name) == ("a.csv", "a.go")
    assert (stored.stored_data, stored.stored_go) == ("a~1a2b3c4d.csv", "a~1a2b3c4d.go")
    assert lab.landed() == {}
    lab.assert_tidy()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.csv", "a~1a2b3c4d.csv"),
        ("a.2024.01.csv", "a.2024.01~1a2b3c4d.csv"),
        ("a.csv.gz", "a~1a2b3c4d.csv.gz"),
        ("a.csv.zst", "a~1a2b3c4d.csv.zst"),
        ("a", "a~1a2b3c4d"),
        ("a.", "a~1a2b3c4d."),
        ("a." + "x" * 40, "a." + "x" * 40 + "~1a2b3c4d"),
    ],
)
def test_a_suffix_keeps_the_ending(near: Lab, name: str, expected: str) -> None:
    (near.target / name).write_bytes(b"other")
    moved = move(files_of(near.deliver(name, b"data")), near.zone, suffix_id=ID)
    assert Path(moved.data).name == expected


def test_suffixed_names_that_are_taken_too_are_counted_on(lab: Lab) -> None:
    for name in ("a.csv", "a~1a2b3c4d.go", "a~1a2b3c4d-2.csv"):
        (lab.target / name).write_bytes(b"other " + name.encode())
    before = lab.kept()

    moved = move(files_of(lab.deliver("a.csv", b"data", b"go")), lab.zone, suffix_id=ID)

    assert moved.suffix == "~1a2b3c4d-3"
    assert lab.kept() == before | {"a~1a2b3c4d-3.csv": b"data", "a~1a2b3c4d-3.go": b"go"}


@pytest.mark.parametrize("known", [True, False])
def test_a_name_taken_by_the_same_content_counts_as_moved(lab: Lab, known: bool) -> None:
    for name, content in (("a.csv", b"data"), ("a.go", b"go")):
        (lab.target / name).write_bytes(content)
    delivery = lab.deliver("a.csv", b"data", b"go")

    moved = move(
        files_of(delivery, data_sha256=sha(b"data") if known else None), lab.zone, suffix_id=ID
    )

    assert moved.suffix == ""
    assert lab.kept() == {"a.csv": b"data", "a.go": b"go"}
    assert lab.landed() == {}
    lab.assert_tidy()


def test_equal_data_with_another_go_file_is_kept_apart(lab: Lab) -> None:
    for name, content in (("a.csv", b"data"), ("a.go", b"an older go")):
        (lab.target / name).write_bytes(content)

    moved = move(files_of(lab.deliver("a.csv", b"data", b"go")), lab.zone, suffix_id=ID)

    assert moved.suffix == "~1a2b3c4d"
    assert lab.kept() == {
        "a.csv": b"data",
        "a.go": b"an older go",
        "a~1a2b3c4d.csv": b"data",
        "a~1a2b3c4d.go": b"go",
    }


def test_the_same_bad_delivery_again_refreshes_the_reason(lab: Lab) -> None:
    first = lab.deliver("a.csv", b"data", b"go")
    move(files_of(first), lab.zone, suffix_id=ID, sidecar=sidecar(first, "Reason one."))
    second = lab.deliver("a.csv", b"data", b"go")

    moved = move(files_of(second), lab.zone, suffix_id=ID, sidecar=sidecar(second, "Reason two."))

    assert moved.suffix == ""
    assert lab.kept() == {"a.csv": b"data", "a.go": b"go"}
    assert read_sidecar(moved.sidecar or "").error.message == "Reason two."
    lab.assert_tidy()


def test_the_same_size_is_not_the_same_content(lab: Lab) -> None:
    (lab.target / "a.csv").write_bytes(b"atad")
    moved = move(files_of(lab.deliver("a.csv", b"data")), lab.zone, suffix_id=ID)
    assert moved.suffix == "~1a2b3c4d"
    assert lab.kept() == {"a.csv": b"atad", "a~1a2b3c4d.csv": b"data"}


@pytest.mark.parametrize("kind", ["directory", "link", "dangling link", "pipe"])
def test_a_name_taken_by_something_else_is_taken(lab: Lab, kind: str) -> None:
    delivery = lab.deliver("a.csv", b"data")
    name = lab.target / "a.csv"
    if kind == "directory":
        name.mkdir()
    elif kind == "pipe":
        os.mkfifo(name)
    else:
        name.symlink_to(lab.landing / ("a.csv" if kind == "link" else "nothing"))

    moved = move(files_of(delivery), lab.zone, suffix_id=ID)

    assert Path(moved.data).name == "a~1a2b3c4d.csv"
    assert Path(moved.data).read_bytes() == b"data"


@pytest.mark.parametrize("letter", ["x", "é", "日"])
def test_the_longest_names_move_also_with_suffix_and_sidecar(lab: Lab, letter: str) -> None:
    stem = letter * (251 // len(letter.encode()))
    name = f"{stem}.csv"
    for round_ in range(3):
        delivery = lab.deliver(name, b"data %d" % round_, b"go %d" % round_)
        moved = move(files_of(delivery), lab.zone, suffix_id=ID, sidecar=sidecar(delivery))
        stored = read_sidecar(moved.sidecar or "")
        assert stored.data_name == name
        assert stored.stored_data == Path(moved.data).name
        assert Path(moved.data).name.endswith(f"{moved.suffix}.csv")
        assert Path(moved.go or "").name.endswith(f"{moved.suffix}.go")
    assert sorted(lab.kept().values()) == sorted(
        b"%s %d" % (kind, round_) for kind in (b"data", b"go") for round_ in range(3)
    )
    assert lab.landed() == {}


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


@pytest.mark.parametrize(
    ("layout", "table", "expected"),
    [
        ("", "t", ""),
        ("{table}/{yyyy}/{mm}/{dd}", "raw.trades", "raw.trades/2024/01/05"),
        ("/in/{yyyy}{mm}/", "t", "in/202401"),
        ("{table}", "{yyyy}", None),
        ("{table}", "..", None),
        ("{table.__class__}", "t", None),
        ("{}", "t", None),
        ("{yyyy", "t", None),
        ("../{table}", "t", None),
        (".landing-loader", "t", None),
        ("{dd:>10}", "t", None),
    ],
)
def test_archive_folder(layout: str, table: str, expected: str | None) -> None:
    # Already the next day where it was loaded: the UTC date counts.
    when = datetime(2024, 1, 6, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    if expected is None:
        with pytest.raises(ConfigurationError) as caught:
            archive_folder(layout, table, when)
        assert caught.value.code is ErrorCode.MAPPING_BAD_VALUE
    else:
        assert archive_folder(layout, table, when) == expected


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
        local_files.exclusive(zone),
        pytest.raises(TransientError) as caught,
        local_files.exclusive(zone, timeout=0),
    ):
        pass
    assert caught.value.code is ErrorCode.ZONE_UNWRITABLE
    assert f"{near.target}/.landing-loader/lock" in caught.value.detail.message


@pytest.mark.parametrize("bad", ["", "~", "../x"])
def test_a_suffix_id_must_be_plain(near: Lab, bad: str) -> None:
    with pytest.raises(ValueError, match="suffix id"):
        move(files_of(near.deliver("a.csv", b"")), near.zone, suffix_id=bad)


# --- Death at every step ------------------------------------------------------------------------

STEPS = {"open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.utime", "os.chmod"}


def run_to_step(action: Callable[[], Any], kill_at: int | None) -> int:
    """Run ``action``, in a child of ours, and count its steps on the file system; at ``kill_at``
    die just before that step is done."""
    count, running = 0, True

    def step() -> None:
        nonlocal count
        count += running
        if count == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(event: str, _: Any) -> None:
        if event in STEPS:
            step()

    real = local_files._renameat2
    if real is not None:

        def stepping(*arguments: Any) -> Any:
            step()
            return real(*arguments)

        local_files._renameat2 = stepping
    sys.addaudithook(audit)
    action()
    running = False
    return count


def killed_at(number: int, action: Callable[[], Any]) -> bool:
    """Run ``action`` in a child that dies at a step; whether it died."""
    child = fork.Process(target=run_to_step, args=(action, number))
    child.start()
    child.join()
    assert child.exitcode in (0, -signal.SIGKILL)
    return child.exitcode != 0


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
    real = transfer.place

    def dying(item: transfer.FileToMove, *arguments: Any, **keys: Any) -> None:
        if item.file.name.endswith(".go"):
            os.kill(os.getpid(), signal.SIGKILL)
        real(item, *arguments, **keys)

    transfer.place = dying
    move(files_of(delivery), lab.zone, suffix_id=ID)


def test_a_move_that_cannot_be_finished_is_forgotten_once_told(near: Lab) -> None:
    delivery = near.deliver("a.csv", b"data", b"go")
    note = move_notes.MoveNote(files=files_of(delivery), suffix_id="1a2b3c4d", subfolder="")
    with local_files.exclusive(str(near.target)) as work:
        move_notes.write_note(work, note)
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
    with local_files.exclusive(str(near.target)) as work:
        Path(work, "0123456789abcdef.move.json").write_bytes(content)
    assert near.finish_interrupted() == ()
    near.assert_tidy()


def test_a_zone_without_work_folder_has_nothing_to_finish(near: Lab) -> None:
    assert near.finish_interrupted() == ()
    assert list(near.target.iterdir()) == []


# --- Several processes --------------------------------------------------------------------------


def in_parallel(actions: list[Callable[[], Any]]) -> list[Any]:
    """Run each in its own process, all released at once; what they return, or their error code."""
    barrier, queue = fork.Barrier(len(actions)), fork.SimpleQueue()

    def run(number: int, action: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            queue.put((number, action()))
        except TransientError as error:
            queue.put((number, error.code))

    children = [fork.Process(target=run, args=item) for item in enumerate(actions)]
    for child in children:
        child.start()
    results = dict(queue.get() for _ in children)
    for child in children:
        child.join()
        assert child.exitcode == 0
    return [results[number] for number in range(len(actions))]


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    deliveries=st.lists(
        st.tuples(st.sampled_from([b"A", b"B"]), st.sampled_from([b"g", b"h", None])),
        min_size=2,
        max_size=4,
    ),
    failing=st.booleans(),
)
def test_processes_that_want_the_same_names_lose_nothing(
    lab: Lab, deliveries: list[tuple[bytes, bytes | None]], failing: bool
) -> None:
    shutil.rmtree(lab.target)
    lab.target.mkdir()
    actions, landings = [], []
    for number, (content, go) in enumerate(deliveries):
        own = Lab(lab.landing / str(number), lab.target)
        own.landing.mkdir(exist_ok=True)
        delivery = own.deliver("a.csv", content, go)
        landings.append(own)
        actions.append(
            lambda d=delivery, n=number: move(
                files_of(d),
                lab.zone,
                suffix_id=f"{n}{n}{n}{n}",
                sidecar=sidecar(d) if failing else None,
            )
        )

    results = in_parallel(actions)

    assert [own.landed() for own in landings] == [{}] * len(landings), results
    kept = lab.kept()
    for (content, go), moved in zip(deliveries, results, strict=True):
        assert isinstance(moved, Moved)
        assert kept[Path(moved.data).name] == content
        assert (moved.go and kept[Path(moved.go).name]) == go
        for path in moved.paths:
            assert moved.suffix in path
        if failing:
            assert read_sidecar(moved.sidecar or "").stored_data == Path(moved.data).name
    assert set(kept) == {Path(path).name for moved in results for path in moved.paths}
    lab.assert_tidy() if not list(lab.landing.glob(".*")) else None


def test_processes_that_move_the_same_delivery_move_it_once(lab: Lab) -> None:
    content = os.urandom(2_000_000)
    for _ in range(3):
        delivery = lab.deliver("a.csv", content, b"go")
        files = files_of(delivery, data_sha256=sha(content))

        results = in_parallel([partial(move, files, lab.zone, suffix_id=ID)] * 3)

        assert (
            results
            == [Moved(paths=(f"{lab.target}/a.csv", f"{lab.target}/a.go"), sidecar=None, suffix="")]
            * 3
        )
        assert lab.kept() == {"a.csv": content, "a.go": b"go"}
        assert lab.landed() == {}
        lab.assert_tidy()


# --- A model ------------------------------------------------------------------------------------


class Archive(RuleBasedStateMachine):
    """Deliveries, redeliveries, people who put files into the archive: nothing is ever lost."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.lab = Lab(self.root / "landing", self.root / "target")
        self.lab.landing.mkdir()
        self.lab.target.mkdir()
        self.lying: dict[str, tuple[Delivery, bytes, bytes | None]] = {}
        self.expected: dict[str, bytes] = {}

    @rule(
        name=st.sampled_from(["a.csv", "b.csv", "a~1a2b3c4d.csv"]),
        content=st.sampled_from([b"A", b"B", b"CC"]),
        go=st.sampled_from([b"g", b"h", None]),
    )
    def deliver(self, name: str, content: bytes, go: bytes | None) -> None:
        if name not in self.lying:
            self.lying[name] = (self.lab.deliver(name, content, go), content, go)

    @precondition(lambda self: self.lying)
    @rule(data=st.data(), id_=st.sampled_from(["1a2b3c4d", "ffffffff"]))
    def archive(self, data: st.DataObject, id_: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.lying)))
        delivery, content, go = self.lying.pop(name)
        moved = move(files_of(delivery), self.lab.zone, suffix_id=id_)
        for path, text in zip(moved.paths, (content, go), strict=False):
            assert text is not None
            assert self.expected.setdefault(Path(path).name, text) == text
        assert len({Path(path).stem for path in moved.paths}) == 1

    @rule(
        name=st.sampled_from(["a.csv", "a.go", "a~1a2b3c4d.go", "b~ffffffff.csv"]),
        content=st.sampled_from([b"A", b"x"]),
    )
    def someone_puts_a_file_there(self, name: str, content: bytes) -> None:
        if name not in self.expected:
            (self.lab.target / name).write_bytes(content)
            self.expected[name] = content

    @invariant()
    def nothing_is_lost_or_changed(self) -> None:
        assert self.lab.kept() == self.expected
        landed = self.lab.landed()
        assert set(self.lying) == {name for name in landed if name.endswith(".csv")}

    def teardown(self) -> None:
        shutil.rmtree(self.root)


TestArchive = Archive.TestCase
TestArchive.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)


def test_long_names_that_shrink_to_the_same_text_stay_apart(near: Lab) -> None:
    for ending in ("x", "y"):
        name = "n" * 250 + ending + ".csv"
        (near.target / name).write_bytes(b"other")
        move(files_of(near.deliver(name, ending.encode())), near.zone, suffix_id=ID)
    assert sorted(near.kept().values()) == [b"other", b"other", b"x", b"y"]


def test_an_unknown_digest_is_replaced_by_identity_after_a_rename(near: Lab) -> None:
    delivery = near.deliver("a.csv", b"data")
    (near.landing / "a.csv").rename(near.target / "a.csv")
    assert move(files_of(delivery), near.zone, suffix_id=ID).suffix == ""

    other = replace(delivery, data=replace(delivery.data, mtime_ns=5, token="1-5"))
    with pytest.raises(TransientError) as caught:
        move(files_of(other), near.zone, suffix_id=ID)
    assert caught.value.code is ErrorCode.LANDING_DISAPPEARED


def test_a_go_file_whose_name_was_taken_meanwhile_is_not_lost(near: Lab) -> None:
    delivery = near.deliver("a.csv", b"data", b"go")
    (near.landing / "a.csv").rename(near.target / "a.csv")  # a mover died here
    (near.target / "a.go").write_bytes(b"put there by a person")

    moved = move(files_of(delivery), near.zone, suffix_id=ID)

    assert moved.paths == (f"{near.target}/a.csv", f"{near.target}/a~1a2b3c4d.go")
    assert near.landed() == {}


def test_threads_that_want_the_same_name_lose_nothing(lab: Lab) -> None:
    deliveries = []
    for number in range(12):
        own = Lab(lab.landing / str(number), lab.target)
        own.landing.mkdir()
        deliveries.append(own.deliver("a.csv", b"%d" % number, b"go %d" % number))

    def archive(delivery: Delivery) -> Moved:
        return move(files_of(delivery), lab.zone, suffix_id=ID)

    with ThreadPoolExecutor(4) as pool:
        moved = list(pool.map(archive, deliveries))

    for number, found in enumerate(moved):
        assert Path(found.data).read_bytes() == b"%d" % number
        assert Path(found.go or "").read_bytes() == b"go %d" % number
    assert len({found.suffix for found in moved}) == 12


def test_two_arrivals_in_one_moment_are_both_kept_and_named(
    near: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = near.deliver("a.csv", b"data")
    real = local_files.rename_no_replace

    def racing(source: str, target: str) -> None:
        if source == delivery.data.path:
            (near.landing / "new").write_bytes(b"second")
            (near.landing / "new").replace(source)
            real(source, target)
            Path(source).write_bytes(b"third")
        else:
            real(source, target)

    monkeypatch.setattr(local_files, "rename_no_replace", racing)
    with pytest.raises(TransientError) as caught:
        move(files_of(delivery), near.zone, suffix_id=ID)
    assert caught.value.code is ErrorCode.LANDING_CHANGED
    assert f"{near.target}/a.csv" in caught.value.detail.message
    assert (near.landed(), near.kept()) == ({"a.csv": b"third"}, {"a.csv": b"second"})


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
        seen = moves.foresee(files_of(delivery), LANDING, near.zone, suffix_id=ID, subfolder="t/x")
        moved = move(files_of(delivery), near.zone, suffix_id=ID, subfolder="t/x")
        assert seen == moved.data
    gone = files_of(replace(delivery, data=replace(delivery.data, size=7)))
    assert moves.foresee(gone, LANDING, near.zone, suffix_id=ID, subfolder="t/x") is None
    near.assert_tidy()
