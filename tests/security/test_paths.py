"""Whoever may write into a zone's folder tries to have the loader touch what lies elsewhere."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.support.sidecars import read_sidecar

from airflow_landing_loader.exceptions import ErrorCode, LandingError, TerminalError, TransientError
from airflow_landing_loader.landing.moves import journal, move
from airflow_landing_loader.landing.moves.holding import Holding
from airflow_landing_loader.landing.moves.journal import MoveNote
from airflow_landing_loader.loading.warehouses.duckdb import (
    DuckDBWarehouse,
    SessionOptions,
    kept_summary,
)
from airflow_landing_loader.storage.local import files as local_files
from airflow_landing_loader.storage.local import lock
from airflow_landing_loader.storage.local.folder import LocalFolder
from airflow_landing_loader.storage.local.zone import LocalZone
from airflow_landing_loader.storage.model import FileToMove, LandedFile
from airflow_landing_loader.storage.names import HELD_FOLDER, WORK_FOLDER
from airflow_landing_loader.storage.opening import open_folder

ID = "1a2b3c4d"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file of the loader's user that is nobody's delivery."""
    path = tmp_path / "home" / "id_rsa"
    path.parent.mkdir()
    path.write_text("secret")
    return path


def note_of(path: Path, **changes: Any) -> MoveNote:
    """A forged note: move ``path`` into the zone."""
    found = local_files.look_up(str(path))
    assert found is not None
    return MoveNote(files=(FileToMove(file=replace(found, **changes)),), suffix_id=ID, subfolder="")


def plant(zone: Path, note: MoveNote) -> Path:
    """Put a note into the zone's work folder, as a dead mover leaves it."""
    with lock.exclusive(str(zone)) as work:
        journal.write_note(LocalFolder(work), note)
        return Path(work, journal.note_name(note))


def finish(zones: Any) -> Any:
    return move.finish_interrupted(LocalZone(str(zones.landing)), LocalZone(str(zones.archive)))


def test_a_forged_note_moves_no_file_from_outside_the_landing_zone(
    zones: Any, secret: Path
) -> None:
    for name in ("id_rsa", "other"):
        plant(zones.archive, note_of(secret, name=name))
        assert finish(zones) == ()
    assert secret.read_text() == "secret"
    assert zones.names()["archive"] == []


@pytest.mark.parametrize("name", ["../home/id_rsa", "..", "", "a/b", "a\0b"])
def test_a_forged_note_with_a_path_for_a_name_is_dropped(
    zones: Any, secret: Path, name: str
) -> None:
    path = plant(zones.archive, note_of(secret, name=name))
    assert finish(zones) == ()
    assert secret.read_text() == "secret"
    assert not path.exists()


@pytest.mark.parametrize("suffix_id", ["../../x", "a/b", "", "123456789", 5, None])
def test_a_forged_note_with_a_path_for_a_suffix_is_dropped(zones: Any, suffix_id: Any) -> None:
    (zones.landing / "a.csv").write_text("new")
    (zones.archive / "a.csv").write_text("old")
    plant(zones.archive, replace(note_of(zones.landing / "a.csv"), suffix_id=suffix_id))
    assert finish(zones) == ()
    assert zones.names() == {"landing": ["a.csv"], "archive": ["a.csv"], "failed": []}


def test_the_note_of_another_landing_zone_is_left_to_its_loader(zones: Any, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.csv").write_text("data")
    path = plant(zones.archive, note_of(other / "a.csv"))
    assert finish(zones) == ()
    assert path.exists()
    archive = LocalZone(str(zones.archive))
    (done,) = move.finish_interrupted(LocalZone(str(other)), archive)
    assert done.moved is not None
    assert zones.names()["archive"] == ["a.csv"]


@pytest.mark.parametrize(
    "make", [os.mkfifo, lambda p: p.symlink_to("/dev/zero"), lambda p: p.mkdir()]
)
def test_what_is_no_file_is_no_note(zones: Any, make: Callable[[Path], None]) -> None:
    with lock.exclusive(str(zones.archive)) as work:
        make(Path(work, f"0123456789abcdef{journal.NOTE_ENDING}"))
    assert finish(zones) == ()


def test_a_link_in_place_of_a_note_is_not_written_through(zones: Any, secret: Path) -> None:
    (zones.landing / "a.csv").write_text("data")
    note = note_of(zones.landing / "a.csv")
    with lock.exclusive(str(zones.archive)) as work:
        Path(work, journal.note_name(note)).symlink_to(secret)
    path = plant(zones.archive, note)
    assert secret.read_text() == "secret"
    assert not path.is_symlink()
    assert json.loads(path.read_bytes())["suffix_id"] == ID


def test_a_note_may_quote_a_cell_and_is_not_for_everybody(zones: Any) -> None:
    (zones.landing / "a.csv").write_text("data")
    before = os.umask(0)
    try:
        path = plant(zones.archive, note_of(zones.landing / "a.csv"))
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_in_place_of_the_work_folder_is_refused(zones: Any, secret: Path) -> None:
    (zones.landing / "a.csv").write_text("data")
    (zones.archive / WORK_FOLDER).symlink_to(secret.parent)
    landing, archive = LocalZone(str(zones.landing)), LocalZone(str(zones.archive))
    files = note_of(zones.landing / "a.csv").files
    for way in (
        lambda: move.move(files, landing, archive, suffix_id=ID),
        lambda: open_folder(archive).work_folder(make=True),
        open_folder(archive).work_folder,
    ):
        with pytest.raises(TransientError) as caught:
            way()
        assert caught.value.code is ErrorCode.ZONE_UNWRITABLE
    assert sorted(path.name for path in secret.parent.iterdir()) == ["id_rsa"]
    assert zones.names()["landing"] == ["a.csv"]


def test_a_link_in_place_of_the_snapshot_is_not_written_through(
    tmp_path: Path, secret: Path
) -> None:
    database = tmp_path / "w.duckdb"
    (tmp_path / f".{database.name}.status.json.{os.getpid()}").symlink_to(secret)
    kept_summary.path_of(database).symlink_to(secret)
    empty = kept_summary.read(database)
    assert empty is None
    archive = LocalZone(str(tmp_path))
    warehouse = DuckDBWarehouse(database, SessionOptions(), landing=archive, archive=archive)
    duckdb.connect(str(database)).close()
    warehouse.publish_summary()
    assert secret.read_text() == "secret"
    assert kept_summary.read(database) is not None


@pytest.mark.parametrize(
    "make", [os.mkfifo, lambda p: p.mkdir(), lambda p: p.write_bytes(b"[" * 9)]
)
def test_what_is_no_snapshot_is_none_and_nobody_waits_for_it(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    database = tmp_path / "w.duckdb"
    make(kept_summary.path_of(database))
    assert kept_summary.read(database) is None


@pytest.mark.parametrize("kind", ["note", "what is held", "sidecar", "snapshot"])
def test_no_own_file_is_read_beyond_its_bound(zones: Any, tmp_path: Path, kind: str) -> None:
    """A file that no memory could hold stands in the place of each."""
    held = zones.landing / WORK_FOLDER / HELD_FOLDER
    held.mkdir(parents=True)
    with lock.exclusive(str(zones.archive)) as work:
        path = {
            "note": Path(work, f"0123456789abcdef{journal.NOTE_ENDING}"),
            "what is held": held / "0123456789abcdef.held.json",
            "sidecar": zones.failed / "a.csv.error.json",
            "snapshot": kept_summary.path_of(tmp_path / "w.duckdb"),
        }[kind]
    with path.open("wb") as file:
        file.truncate(2**42)
    assert finish(zones) == ()
    assert list(Holding(LocalZone(str(zones.landing))).replaced()) == []
    assert kept_summary.read(tmp_path / "w.duckdb") is None
    with pytest.raises(TerminalError) as caught:
        read_sidecar(str(zones.failed / "a.csv.error.json"))
    assert caught.value.code is ErrorCode.REPLAY_NO_SIDECAR


@pytest.mark.parametrize("swap", ["symlink", "hard link", "fifo", "folder"])
def test_what_is_swapped_between_look_and_use_is_not_read(
    zones: Any, secret: Path, swap: str
) -> None:
    """The name stays, and what it stands for becomes something else, of equal size and time."""
    path = zones.landing / "a.csv"
    path.write_text("x" * secret.stat().st_size)
    zone = LocalZone(str(zones.landing))
    found = zone.stat("a.csv")
    assert isinstance(found, LandedFile)
    os.utime(secret, ns=(found.mtime_ns, found.mtime_ns))
    path.unlink()
    make: dict[str, Callable[[], Any]] = {
        "symlink": lambda: path.symlink_to(secret),
        "hard link": lambda: path.hardlink_to(secret),
        "fifo": lambda: os.mkfifo(path),
        "folder": path.mkdir,
    }
    make[swap]()
    uses: tuple[Callable[[], object], ...] = (
        zone.source(found).open,
        lambda: move.move(
            (FileToMove(file=found),), zone, LocalZone(str(zones.archive)), suffix_id=ID
        ),
    )
    for use in uses:
        with pytest.raises(LandingError) as caught:
            use()
        assert caught.value.code in (ErrorCode.LANDING_NOT_A_FILE, ErrorCode.LANDING_CHANGED)
    assert secret.read_text() == "secret"
    assert zones.names()["archive"] == []
