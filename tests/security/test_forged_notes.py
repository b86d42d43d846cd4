"""Whoever may write where the notes of movers lie tries to steer a loader by them."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.support.hostile.forging import Ground, forged

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.landing.moves import journal, move
from airflow_landing_loader.landing.moves.model import files_of
from airflow_landing_loader.pipeline.pipeline import Pipeline
from airflow_landing_loader.storage.local.zone import LocalZone
from airflow_landing_loader.storage.names import WORK_FOLDER


@pytest.fixture(params=["same disk", "another disk"])
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ground]:
    """Local zones, the archive on the landing zone's disk or not."""
    away = tempfile.mkdtemp(dir="/dev/shm") if request.param == "another disk" else None
    if away is not None and Path(away).stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs /dev/shm on another device")
    folders = [tmp_path / "landing", tmp_path / "other", Path(away or tmp_path / "archive")]
    for folder in folders:
        folder.mkdir(exist_ok=True)
    yield Ground(*(LocalZone(str(folder)) for folder in folders))
    if away is not None:
        shutil.rmtree(away)


def test_no_file_outside_of_the_landing_zone_is_touched(ground: Ground, tmp_path: Path) -> None:
    ground.refuse_what_is_outside(tmp_path)


def test_the_note_of_another_landing_zone_is_left_to_its_loader(ground: Ground) -> None:
    ground.leave_what_is_of_another()


def test_what_is_no_note_is_dropped(ground: Ground) -> None:
    ground.drop_what_is_no_note()


def test_a_folder_that_changes_behind_its_name_is_not_followed(
    ground: Ground, tmp_path: Path
) -> None:
    """The note names the landing zone by a link, which leads elsewhere after it was compared."""
    secret = tmp_path / "home" / "a.csv"
    secret.parent.mkdir()
    secret.write_text("data")
    found = ground.deliver("a.csv", b"data")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "landing")
    ground.plant(forged(replace(found, path=str(link / "a.csv"))))
    work = ground.work()
    ((_, note),) = journal.read_notes(work)
    mine = journal.of_landing(note, ground.landing)
    assert mine is not None
    link.unlink()
    link.symlink_to(secret.parent)
    assert mine.files[0].file.path == f"{tmp_path}/landing/a.csv"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def twisted(draw: st.DrawFn) -> bytes:
    """A note as a mover writes it, one of its values put to something else."""
    file = {"name": "a.csv", "path": "/LANDING/a.csv", "size": 8, "mtime_ns": 1, "token": "1-1"}
    note: dict[str, Any] = {
        "files": [{"file": file, "sha256": None}],
        "suffix_id": "abc",
        "subfolder": "",
        "sidecar": None,
    }
    key = draw(st.sampled_from([*note, *file, "sha256"]))
    odd = st.sampled_from(
        ["a\ud800", "../x", "a\0b", "x/" * 3000, "{x}", ".x", "~" * 300, 2**70, -1]
    )
    holder = note if key in note else file if key in file else note["files"][0]
    holder[key] = draw(json_values | odd)
    return json.dumps(note).encode()


@given(
    content=st.binary(max_size=200) | json_values.map(lambda v: json.dumps(v).encode()) | twisted()
)
@example(content=b"[" * 100_000)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_content_of_a_note_keeps_good_files_from_loading(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, settings: Any
) -> None:
    root = tmp_path_factory.mktemp("world")
    names = {f"{zone}_path": str(root / zone) for zone in ("landing", "archive", "failed")}
    for path in names.values():
        work = Path(path, WORK_FOLDER)
        work.mkdir(parents=True)
        here = content.replace(b"/LANDING", str(root / "landing").encode())
        (work / f"0{journal.NOTE_ENDING}").write_bytes(here)
    (root / "landing" / "a.csv").write_text("id\n1\n")
    mapping = TableMapping.model_validate(
        {"pattern": "*.csv", "table": "raw_a", "settle_seconds": 0}
    )
    pipeline = Pipeline(settings(**names, duckdb_path=str(root / "w.duckdb")), [mapping])
    (delivery,) = pipeline.discover().ready
    move.move(files_of(delivery), pipeline.zones.landing, pipeline.zones.archive, suffix_id="1a2b")
    assert (root / "archive" / "a.csv").read_text() == "id\n1\n"


def test_a_note_comes_back_as_it_was_written(tmp_path: Path) -> None:
    """Names that are not UTF-8, and a sidecar, too."""
    from airflow_landing_loader.exceptions import ErrorDetail
    from airflow_landing_loader.landing.moves.sidecar import Sidecar

    zone = LocalZone(str(tmp_path))
    name = "b\udcff\x10.csv"
    (tmp_path / name).write_text("data")
    found = zone.stat(name)
    assert found is not None
    sidecar = Sidecar(
        error=ErrorDetail(code="csv.ragged", message=name, column=2),
        data_name=name,
        data_token=found.token,
        table="t",
        mapping="m.yaml:1",
        time="2024-01-15T00:00:00+00:00",
    )
    note = replace(forged(found), sidecar=sidecar, subfolder="t/2024")
    again = journal.note_from_json(journal.note_to_json(note))
    assert again == note
    assert again is not None
    assert asdict(again) == asdict(note)


def test_what_lies_in_the_way_of_the_work_folder_is_named(zones: Any) -> None:
    (zones.archive / WORK_FOLDER).write_text("a file")
    (zones.landing / "a.csv").write_text("data")
    landing, archive = LocalZone(str(zones.landing)), LocalZone(str(zones.archive))
    found = landing.stat("a.csv")
    assert found is not None
    for act in (
        lambda: move.finish_interrupted(landing, archive),
        lambda: move.move(forged(found).files, landing, archive, suffix_id="1a2b3c4d"),
    ):
        with pytest.raises(Exception, match=r"\.landing-loader is in the way") as caught:
            act()
        assert caught.value.code == "zone.unwritable"  # type: ignore[attr-defined]
