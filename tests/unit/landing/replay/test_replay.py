"""Replay: back under the original names, as new arrivals, overwriting nothing."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, ErrorDetail, TerminalError, TransientError
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.landing.moves.model import Moved, files_of
from airflow_landing_loader.landing.moves.move import move
from airflow_landing_loader.landing.moves.sidecar import sidecar_of
from airflow_landing_loader.landing.replay.replay import Replayed, replay
from airflow_landing_loader.storage.local import files as local_files
from airflow_landing_loader.storage.local.status import status_of
from airflow_landing_loader.storage.local.zone import LocalZone
from airflow_landing_loader.storage.names import WORK_FOLDER

fork = multiprocessing.get_context("fork")
MAPPING = TableMapping(pattern="*.csv", table="t")
LONG_AGO = 1_600_000_000


@dataclass(frozen=True)
class Lab:
    """A failed and a landing zone."""

    failed: Path
    landing: Path

    def fail(self, name: str, content: bytes, go: bytes | None = None) -> Moved:
        """A delivery that has been refused and quarantined, long ago."""
        go_name = name.removesuffix(".csv") + ".go"
        for each, text in ((name, content), (go_name, go)):
            if text is not None:
                (self.landing / each).write_bytes(text)
                os.utime(self.landing / each, (LONG_AGO, LONG_AGO))
        landing = LocalZone(str(self.landing))
        data = landing.stat(name)
        assert data is not None
        delivery = Delivery(
            mapping=MAPPING, data=data, go=landing.stat(go_name) if go is not None else None
        )
        error = ErrorDetail(code="count.too_few", message="Wrong.")
        return move(
            files_of(delivery),
            landing,
            LocalZone(str(self.failed)),
            suffix_id="1a2b3c4d",
            sidecar=sidecar_of(delivery, error, when=datetime(2024, 1, 15, tzinfo=UTC)),
        )

    def replay(self, *names: str) -> list[Replayed]:
        return replay(LocalZone(str(self.failed)), LocalZone(str(self.landing)), names)

    def landed(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.landing.iterdir()}

    def left(self) -> dict[str, bytes]:
        work = WORK_FOLDER
        return {p.name: p.read_bytes() for p in self.failed.iterdir() if p.name != work}


@pytest.fixture(params=["rename", "link", "across"])
def lab(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Lab]:
    """The three ways in which a file gets from one place to another."""
    failed, landing = tmp_path / "failed", tmp_path / "landing"
    landing.mkdir()
    if request.param != "across":
        if request.param == "link":
            monkeypatch.setattr(local_files, "_renameat2", None)
        failed.mkdir()
        yield Lab(failed, landing)
        return
    folder = Path(tempfile.mkdtemp(dir="/dev/shm", prefix="landing-loader-test-"))
    try:
        if folder.stat().st_dev == tmp_path.stat().st_dev:
            pytest.skip("needs /dev/shm on another device")
        yield Lab(folder, landing)
    finally:
        shutil.rmtree(folder)


def test_a_delivery_comes_back_with_its_go_file_as_a_new_arrival(lab: Lab) -> None:
    moved = lab.fail("a.csv", b"data", b"go")
    before = status_of(moved.data)
    started = time.time_ns()

    found = lab.replay("a.csv")

    assert found == [
        Replayed(
            data=f"{lab.landing}/a.csv",
            go=f"{lab.landing}/a.go",
            stored="a.csv",
            code="count.too_few",
        )
    ]
    assert lab.landed() == {"a.csv": b"data", "a.go": b"go"}
    assert lab.left() == {}
    # The kernel's clock for files may be a tick behind.
    for name in ("a.csv", "a.go"):
        assert (lab.landing / name).stat().st_mtime_ns > started - 1_000_000_000
    token = LocalZone(str(lab.landing)).stat("a.csv")
    assert token is not None
    assert token.token != before.token


def test_a_suffix_goes_and_the_original_names_come_back(lab: Lab) -> None:
    lab.fail("a.csv", b"first", b"go 1")
    second = lab.fail("a.csv", b"second", b"go 2")
    assert second.suffix == "~1a2b3c4d"

    lab.replay("a~1a2b3c4d.csv")

    assert lab.landed() == {"a.csv": b"second", "a.go": b"go 2"}
    assert set(lab.left()) == {"a.csv", "a.go", "a.csv.error.json"}


@pytest.mark.parametrize(
    "name",
    [
        "with space.csv",
        "'\".csv",
        "\N{SNOWMAN}.csv",
        "100%.csv",
        "new\nline.csv",
        "[a]*?{x}.csv",
        "\udcff.csv",
        "日" * 83 + ".csv",
    ],
)
def test_any_name_comes_back_beside_a_decoy(lab: Lab, name: str) -> None:
    lab.fail("a.csv", b"decoy")
    lab.fail(name, b"data", b"go")
    lab.replay(name)
    assert lab.landed() == {name: b"data", name.removesuffix(".csv") + ".go": b"go"}
    assert set(lab.left()) == {"a.csv", "a.csv.error.json"}


def test_names_are_taken_in_several_forms(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    forms = [
        "1.csv",
        "2.csv.error.json",
        f"{lab.failed}/3.csv",
        f"{lab.failed}/4.csv.error.json",
        f"{lab.failed}/../{lab.failed.name}/5.csv",
        "./6.csv",
    ]
    for number in range(1, 7):
        lab.fail(f"{number}.csv", b"%d" % number)
    monkeypatch.chdir(lab.failed)

    lab.replay(*forms)

    assert set(lab.landed()) == {f"{number}.csv" for number in range(1, 7)}
    assert lab.left() == {}


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../landing/a.csv", "{failed}/sub/a.csv", "{failed}", "", "..", "a\0b"]
)
def test_nothing_outside_of_the_failed_zone_is_touched(lab: Lab, name: str) -> None:
    lab.fail("a.csv", b"data")
    (lab.failed / "sub").mkdir()
    with pytest.raises(TerminalError) as caught:
        lab.replay(name.replace("{failed}", str(lab.failed)))
    assert caught.value.code is ErrorCode.LANDING_UNKNOWN_FILE
    assert lab.landed() == {}


@pytest.mark.parametrize("stored", ["../a.csv", "/etc/passwd", "..", "sub/a.csv"])
@pytest.mark.parametrize("key", ["data_name", "go_name", "stored_data", "stored_go"])
def test_a_forged_sidecar_leads_nowhere(lab: Lab, key: str, stored: str) -> None:
    moved = lab.fail("a.csv", b"data", b"go")
    path = Path(moved.sidecar or "")
    old = {"data_name": "a.csv", "go_name": "a.go", "stored_data": "a.csv", "stored_go": "a.go"}
    text = path.read_text()
    path.write_text(text.replace(f'"{key}": "{old[key]}"', f'"{key}": "{stored}"'))
    assert path.read_text() != text

    with pytest.raises(TerminalError) as caught:
        lab.replay("a.csv")

    assert caught.value.code is ErrorCode.LANDING_UNKNOWN_FILE
    assert lab.landed() == {}
    assert {"a.csv", "a.go"} <= set(lab.left())


@pytest.mark.parametrize("taken", ["a.csv", "a.go"])
def test_it_refuses_to_overwrite_and_then_moves_nothing_at_all(lab: Lab, taken: str) -> None:
    lab.fail("0.csv", b"good")
    lab.fail("a.csv", b"data", b"go")
    (lab.landing / taken).write_bytes(b"newer")
    before = lab.left()

    with pytest.raises(TerminalError) as caught:
        lab.replay("0.csv", "a.csv")

    assert caught.value.code is ErrorCode.REPLAY_NAME_TAKEN
    assert caught.value.detail.file == taken
    assert (lab.landed(), lab.left()) == ({taken: b"newer"}, before)


def test_two_deliveries_that_want_one_name_stay_both(lab: Lab) -> None:
    lab.fail("0.csv", b"good")
    for content in (b"first", b"second"):
        lab.fail("a.csv", content, b"go of " + content)
    before = lab.left()

    with pytest.raises(TerminalError) as caught:
        lab.replay("0.csv", "a.csv", "a~1a2b3c4d.csv")

    assert caught.value.code is ErrorCode.REPLAY_NAME_TAKEN
    assert "a.csv and a~1a2b3c4d.csv both go back as a.csv" in caught.value.detail.message
    assert (lab.landed(), lab.left()) == ({}, before)


def test_one_delivery_by_two_names_comes_back_once(lab: Lab) -> None:
    lab.fail("a.csv", b"data", b"go")
    assert len(lab.replay("a.csv", "a.csv.error.json")) == 1
    assert lab.landed() == {"a.csv": b"data", "a.go": b"go"}


def test_a_name_that_is_taken_at_the_last_moment_is_not_overwritten(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.fail("a.csv", b"data")
    real = local_files.rename_no_replace

    def racing(source: str, target: str) -> None:
        if target == f"{lab.landing}/a.csv":
            Path(target).write_bytes(b"newer")
        real(source, target)

    monkeypatch.setattr(local_files, "rename_no_replace", racing)
    with pytest.raises(TerminalError) as caught:
        lab.replay("a.csv")

    assert caught.value.code is ErrorCode.REPLAY_NAME_TAKEN
    assert lab.landed() == {"a.csv": b"newer"}
    assert set(lab.left()) == {"a.csv", "a.csv.error.json"}


def test_a_go_file_sent_again_is_used_after_the_old_one_was_deleted(lab: Lab) -> None:
    lab.fail("a.csv", b"data", b"wrong")
    (lab.landing / "a.go").write_bytes(b"right")
    (lab.failed / "a.go").unlink()

    (found,) = lab.replay("a.csv")

    assert found.go == f"{lab.landing}/a.go"
    assert lab.landed() == {"a.csv": b"data", "a.go": b"right"}
    assert lab.left() == {}


def test_a_data_file_whose_go_file_is_nowhere_comes_back_alone(lab: Lab) -> None:
    lab.fail("a.csv", b"data", b"go")
    (lab.failed / "a.go").unlink()
    (found,) = lab.replay("a.csv")
    assert found.go is None
    assert lab.landed() == {"a.csv": b"data"}


def test_what_cannot_be_replayed_says_why(lab: Lab) -> None:
    with pytest.raises(TerminalError) as caught:
        lab.replay("nothing.csv")
    assert caught.value.code is ErrorCode.REPLAY_NO_SIDECAR
    assert "no nothing.csv" in caught.value.detail.message

    (lab.failed / "stray.csv").write_text("x")
    with pytest.raises(TerminalError) as caught:
        lab.replay("stray.csv")
    assert caught.value.code is ErrorCode.REPLAY_NO_SIDECAR
    assert "by hand" in (caught.value.detail.hint or "")

    moved = lab.fail("a.csv", b"data")
    Path(moved.data).unlink()
    with pytest.raises(TerminalError) as caught:
        lab.replay("a.csv")
    assert caught.value.code is ErrorCode.LANDING_UNKNOWN_FILE

    Path(moved.data).symlink_to("/etc/hostname")
    with pytest.raises(TerminalError) as caught:
        lab.replay("a.csv")
    assert caught.value.code is ErrorCode.LANDING_NOT_A_FILE
    assert lab.landed() == {}


def test_zones_that_are_missing_or_broken_are_transient(lab: Lab) -> None:
    lab.fail("a.csv", b"data")
    with pytest.raises(TransientError) as caught:
        replay(LocalZone(str(lab.failed)), LocalZone(f"{lab.landing}/none"), ["a.csv"])
    assert caught.value.code is ErrorCode.ZONE_UNAVAILABLE
    shutil.rmtree(lab.failed / WORK_FOLDER)
    (lab.failed / WORK_FOLDER).write_text("in the way")
    with pytest.raises(TransientError) as caught:
        lab.replay("a.csv")
    assert caught.value.code is ErrorCode.ZONE_UNWRITABLE
    assert set(lab.left()) == {"a.csv", "a.csv.error.json"}


def die_at_step(lab: Lab, kill_at: int) -> None:
    count = 0

    def step() -> None:
        nonlocal count
        count += 1
        if count == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(event: str, _: Any) -> None:
        if event in {"open", "os.rename", "os.link", "os.remove", "os.utime", "os.chmod"}:
            step()

    real = local_files._renameat2
    if real is not None:

        def stepping(*arguments: Any) -> Any:
            step()
            return real(*arguments)

        local_files._renameat2 = stepping
    sys.addaudithook(audit)
    lab.replay("a.csv")
    kill_at = -1


def test_death_at_any_step_is_finished_by_the_same_command(lab: Lab) -> None:
    number = 0
    while True:
        number += 1
        for folder in (lab.failed, lab.landing):
            shutil.rmtree(folder)
            folder.mkdir()
        lab.fail("a.csv", b"data", b"go")
        child = fork.Process(target=die_at_step, args=(lab, number))
        child.start()
        child.join()
        assert child.exitcode in (0, -signal.SIGKILL)
        both = {**lab.left(), **lab.landed()}
        assert {b"data", b"go"} <= set(both.values()), f"lost at step {number}"
        if "a.csv.error.json" in lab.left():
            lab.replay("a.csv")
        assert (lab.landed(), lab.left()) == ({"a.csv": b"data", "a.go": b"go"}, {}), number
        if child.exitcode == 0:
            break
    assert number > 8


def test_a_file_of_another_table_is_refused_where_one_table_is_meant(lab: Lab) -> None:
    lab.fail("a.csv", b"data")
    failed, landing = LocalZone(str(lab.failed)), LocalZone(str(lab.landing))
    with pytest.raises(TerminalError) as caught:
        replay(failed, landing, ["a.csv"], of_dag="landing__other")
    assert caught.value.code is ErrorCode.ACTION_OTHER_TABLE
    assert "a.csv" in lab.left()
    assert replay(failed, landing, ["a.csv"], of_dag="landing__t")
