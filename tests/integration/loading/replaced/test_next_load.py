"""What was accepted is archived, and the new content loads next."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.replacing import FIRST, HIDDEN, SECOND, World, replace_all

from airflow_landing_loader.clients import DefaultClients
from airflow_landing_loader.exceptions import TerminalError
from airflow_landing_loader.landing.moves import holding
from airflow_landing_loader.maintenance.archived import archived_place
from airflow_landing_loader.pipeline.finishing import LOST
from airflow_landing_loader.storage.names import WORK_FOLDER


def replace_data(world: World) -> None:
    world.put("a_1.csv", SECOND)


def test_what_was_accepted_is_archived_and_the_new_content_loads_next(world: World) -> None:
    world.deliver(FIRST)
    pipeline, verdicts = world.load()
    assert (world.landing / HIDDEN).is_dir()
    replace_all(world)
    (outcome,) = pipeline.finish(verdicts)
    assert (outcome.status, outcome.rows) == ("loaded", 1)
    assert Path(outcome.uri).read_text() == FIRST
    assert any("replaced by its sender" in note for note in outcome.notes)
    (again,) = world.run()
    assert again.status == "loaded"
    world.both_are_kept()


def test_only_the_data_file_is_replaced(world: World) -> None:
    world.deliver(FIRST)
    pipeline, verdicts = world.load()
    replace_data(world)
    (outcome,) = pipeline.finish(verdicts)
    assert Path(outcome.uri).read_text() == FIRST
    if world.with_go:
        world.put("a_1.go", "n=1\n# second\n")
    world.run()
    world.both_are_kept()


def test_only_the_go_file_is_replaced(zones: Any, settings: Any) -> None:
    world = World(zones.landing, zones.archive, settings(), with_go=True)
    world.deliver(FIRST)
    pipeline, verdicts = world.load()
    world.put("a_1.go", "n=1\n# second\n")
    (outcome,) = pipeline.finish(verdicts)
    assert Path(outcome.uri).read_text() == FIRST
    world.put("a_1.csv", SECOND)
    world.run()
    world.both_are_kept()


def test_what_was_not_committed_goes_with_its_name(world: World) -> None:
    world.deliver(FIRST)
    pipeline = world.pipeline()
    (delivery,) = pipeline.discover().ready
    with holding.Holding(pipeline.zones.landing).hold([pipeline.validate(delivery)]):
        pass
    replace_all(world)
    (outcome,) = world.run()
    assert Path(outcome.uri).read_text() == SECOND
    assert world.sql("select x from raw_a") == [("second",)]
    world.is_tidy()


def test_a_second_name_that_is_not_ours_is_refused_as_before(world: World, tmp_path: Path) -> None:
    world.deliver(FIRST)
    world.load()
    os.link(world.landing / "a_1.csv", tmp_path / "elsewhere.csv")
    found = world.pipeline().discover()
    assert [file.name for file in found.refused] == ["a_1.csv"]
    assert found.ready == ()


@pytest.fixture(params=["no links", "a link in the way", "written in its place"])
def not_held(
    request: pytest.FixtureRequest, world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[], None]:
    """Ways in which nothing can be held; returns how the sender replaces."""
    if request.param == "written in its place":
        return lambda: (
            [(world.landing / p.name).write_text(SECOND) for p in world.landing.glob("*.csv")]
            and None
        )
    if request.param == "no links":

        def refuse(*_: Any, **__: Any) -> None:
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuse)
    else:
        (tmp_path / "elsewhere").mkdir()
        (world.landing / WORK_FOLDER).symlink_to(tmp_path / "elsewhere")
    return lambda: replace_all(world)


def test_where_it_cannot_be_held_that_is_said_and_recorded(
    world: World, not_held: Callable[[], None], tmp_path: Path
) -> None:
    world.deliver(FIRST)
    pipeline, verdicts = world.load()
    not_held()
    (outcome,) = pipeline.finish(verdicts)
    assert (outcome.status, outcome.rows, outcome.uri) == ("loaded", 1, "")
    assert LOST in outcome.notes
    assert world.sql("select archive_uri from load_metadata") == [("",)]
    recorded = world.sql("select outcome, code, message, final_uri from load_deliveries")
    assert recorded == [("loaded", "landing.changed", LOST, None)]
    with pytest.raises(TerminalError, match="before it could be archived") as caught:
        archived_place(
            verdicts[0].load.__class__(**{**vars(verdicts[0].load), "archive_uri": ""}),
            DefaultClients("p"),
        )
    assert caught.value.code == "archive.missing"
    (again,) = world.run()
    assert Path(again.uri).read_text() == SECOND
    uris = [uri for (uri,) in world.sql("select archive_uri from load_metadata order by sequence")]
    assert uris == ["", again.uri]
    assert not (tmp_path / "elsewhere").exists() or not list((tmp_path / "elsewhere").iterdir())


def test_on_another_disk(zones: Any, settings: Any, tmp_path: Path) -> None:
    away = Path(tempfile.mkdtemp(dir="/dev/shm"))
    if away.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs /dev/shm on another device")
    try:
        world = World(zones.landing, away, settings(archive_path=str(away)), with_go=True)
        test_what_was_accepted_is_archived_and_the_new_content_loads_next(world)
    finally:
        shutil.rmtree(away)
