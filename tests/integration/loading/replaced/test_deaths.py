"""The loader dies while its sender replaces: the next look finishes, and nothing stays behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.hostile.steps import killed_at
from tests.support.replacing import FIRST, HIDDEN, SECOND, World, replace_all

from airflow_landing_loader.cli import main


def test_a_dead_loader_has_left_it(world: World) -> None:
    world.deliver(FIRST)
    world.load()
    replace_all(world)
    (again,) = world.run()
    assert again.status == "loaded"
    world.both_are_kept()


def test_a_dead_loader_has_left_it_and_its_name_is_gone(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.deliver(FIRST)
    world.load()
    for path in world.landing.glob("a_*"):
        path.unlink()
    assert world.run() == []
    assert "a_1.csv was loaded by a run that ended too soon: it is archived now" in caplog.text
    assert [p.read_text() for p in world.archive.glob("*.csv")] == [FIRST]
    world.is_tidy()


def test_a_dead_loader_and_nothing_replaced(world: World) -> None:
    """A second name of ours makes no file one that is refused."""
    world.deliver(FIRST)
    world.load()
    assert not world.pipeline().discover().refused
    (outcome,) = world.run()
    assert outcome.status == "loaded"
    assert world.sql("select x from raw_a") == [("first",)]
    world.is_tidy()


def test_a_dead_loader_and_the_file_is_written_anew_in_its_place(world: World) -> None:
    world.deliver(FIRST)
    world.load()
    (world.landing / "a_1.csv").write_text("x\nsecond, longer\n".replace(",", ""))
    (outcome,) = world.run()
    assert outcome.status == "loaded"
    world.is_tidy()


def once(world: World) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["run", "--once"])
    assert ended.value.code == 0


def one_look(world: World) -> None:
    """What is held after it is needed: it is of files that lie in landing."""
    world.pipeline().discover()
    there = {str(path.stat().st_ino) for path in world.landing.glob("a_*")}
    assert {p.name for p in (world.landing / HIDDEN).glob("*") if p.name.isdecimal()} <= there
    world.run()


def tasks(world: World) -> None:
    """A task loads, the next one moves."""
    pipeline = world.pipeline()
    verdicts = pipeline.load(pipeline.validate_batch(["a_1.csv"]))
    world.pipeline().finish(verdicts)


@pytest.mark.parametrize(
    ("replaced", "after"), [(False, once), (True, once), (True, one_look), (True, tasks)]
)
def test_a_death_at_any_step_loses_nothing_and_nothing_stays_behind(
    zones: Any,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    replaced: bool,
    after: Callable[[World], None],
) -> None:
    world = World(zones.landing, zones.archive, settings(), with_go=True)
    world.serve(monkeypatch, zones)

    def work() -> None:
        pipeline, verdicts = world.load()
        if replaced:
            world.deliver(SECOND)
        pipeline.finish(verdicts)

    number, died = 0, True
    while died:
        number += 1
        world.deliver(FIRST)
        died = killed_at(number, work, about=HIDDEN)
        if replaced and SECOND not in [p.read_text() for p in world.landing.glob("*.csv")]:
            world.deliver(SECOND)
        after(world)
        world.each_load_has_its_file(SECOND if replaced else FIRST)
        for path in (*world.archive.glob("a_*"), Path(world.settings.duckdb_path)):
            path.unlink()
    assert number > 10
