"""The second names by which a file is held: others' are left alone, and rubbish stops nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.replacing import FIRST, HIDDEN, World, held_names, replace_all

from airflow_landing_loader.landing.moves import holding
from airflow_landing_loader.loading.model import Refused
from airflow_landing_loader.storage.content import changed
from airflow_landing_loader.storage.local import files as local_files


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[" * 100_000,
        b"[1]",
        json.dumps([{"table": 5}]).encode(),
        json.dumps(
            [
                {
                    "table": "raw_a",
                    "sha256": "0" * 64,
                    "go": None,
                    "data": {
                        "name": name,
                        "path": "/etc/passwd",
                        "size": 1,
                        "mtime_ns": 1,
                        "token": token,
                    },
                }
                for name in ("a_1.csv", "../a_1.csv", "a\ud800")
                for token in ("1-1", "../x-1", "", "/")
            ]
        ).encode(),
    ],
)
def test_what_others_write_among_the_second_names_stops_nothing(
    world: World, content: bytes
) -> None:
    held = world.landing / HIDDEN
    (held / "of-1").mkdir(parents=True)
    (held / "x.held.json").write_bytes(content)
    (held / "dir.held.json").mkdir()
    (held / "1").symlink_to("/etc/passwd")
    world.deliver(FIRST)
    (outcome,) = world.run()
    assert outcome.status == "loaded"
    assert Path("/etc/passwd").exists()


def test_another_loader_leaves_alone_what_is_being_loaded(world: World) -> None:
    """Its rows may be committed yet, though its sender has replaced it already."""
    world.deliver(FIRST)
    pipeline = world.pipeline()
    (delivery,) = pipeline.discover().ready
    with holding.Holding(pipeline.zones.landing).hold([pipeline.validate(delivery)]):
        before = held_names(world)
        replace_all(world)
        world.pipeline().discover()
        assert sorted(held_names(world)) == sorted(before)
    world.pipeline().discover()
    assert held_names(world) == []


def test_what_another_loader_holds_on_to_has_not_changed(world: World) -> None:
    world.deliver(FIRST)
    slow = world.pipeline()
    found = slow.discover()
    world.load()
    (outcome,) = slow.run_batch(found.ready)
    assert outcome.status == "loaded"
    world.each_load_has_its_file(FIRST)


def test_what_another_loader_has_archived_is_gone_and_has_not_changed(world: World) -> None:
    world.deliver(FIRST)
    slow = world.pipeline()
    (delivery,) = slow.discover().ready
    world.run()
    assert slow.run_batch([delivery])[0].error.code == "landing.disappeared"
    seen_changing = Refused(delivery=delivery, error=changed("a_1.csv").detail)
    assert slow.finish([seen_changing])[0].error.code == "landing.disappeared"


def test_a_second_name_that_goes_during_a_look_makes_no_file_one_that_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.deliver(FIRST)
    pipeline, _ = world.load()

    def too_late(*_: Any) -> bool:
        for name in held_names(world):
            (world.landing / HIDDEN / name).unlink(missing_ok=True)
        return False

    monkeypatch.setattr(local_files, "is_held", too_late)
    found = pipeline.discover()
    assert ([d.data.name for d in found.ready], found.refused) == (["a_1.csv"], ())


def test_an_inode_that_has_come_back_costs_no_other_arrival_its_second_name(world: World) -> None:
    world.deliver(FIRST)
    pipeline, (loaded,) = world.load()
    inode, _, born = loaded.delivery.data.token.partition("-")
    if "-" not in born:
        pytest.skip("this file system knows no time of birth")
    before = sorted(held_names(world))
    earlier = replace(loaded.delivery.data, token=f"{inode}-1-1")
    holding.Holding(pipeline.zones.landing).release([earlier])
    assert sorted(held_names(world)) == before
