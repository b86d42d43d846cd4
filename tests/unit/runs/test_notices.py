"""What no run takes is told once, and within bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.pipeline.pipeline import Pipeline
from airflow_landing_loader.runs.notices import (
    MAX_NEW_NOTICES,
    MAX_NOTICES,
    all_new_notices,
    new_notices,
)
from airflow_landing_loader.settings import Settings

if TYPE_CHECKING:
    from tests.support.zones import Zones

OWN = TableMapping(pattern="a_*.csv", table="raw_a", settle_seconds=0)
OTHER = TableMapping(pattern="b_*.csv", table="raw_b", settle_seconds=0)


def test_each_is_told_once_for_as_long_as_it_is_true(
    settings: Callable[..., Settings], zones: Zones
) -> None:
    pipeline = Pipeline(settings(), [OWN])
    (zones.landing / "a_1.csv").mkdir()
    first = new_notices(pipeline, (), ())
    assert len(first.new) == 1
    assert "a_1.csv" in first.new[0]
    again = new_notices(pipeline, (), first.current)
    assert (again.new, again.current) == ((), first.current)
    (zones.landing / "a_1.csv").rmdir()
    gone = new_notices(pipeline, (), again.current)
    (zones.landing / "a_1.csv").mkdir()
    assert new_notices(pipeline, (), gone.current).new == first.new


def test_a_file_that_waits_for_its_set_is_no_trouble(
    settings: Callable[..., Settings], zones: Zones
) -> None:
    go_file = {"pattern": "day.ctl", "format": "csv", "lists_files": 1}
    own = TableMapping.model_validate(OWN.model_dump() | {"go_file": go_file})
    for name in ("a_1.csv", "a_2.csv"):
        (zones.landing / name).write_text("id\n1\n")
    (zones.landing / "day.ctl").write_text("a_1.csv\na_3.csv\n")
    told = new_notices(Pipeline(settings(), [own]), (), ())
    assert [text.partition(" ")[0] for text in told.waits] == ["a_1.csv", "a_2.csv"]


def test_a_file_that_waits_for_its_go_file_is_no_trouble(
    settings: Callable[..., Settings], zones: Zones
) -> None:
    go_file = {"pattern": "a_*.go", "format": "properties", "row_count_key": "n"}
    own = TableMapping.model_validate(OWN.model_dump() | {"go_file": go_file})
    pipeline = Pipeline(settings(), [own])
    (zones.landing / "a_1.csv").touch()
    (zones.landing / "a_2.go").touch()
    first = new_notices(pipeline, (), ())
    assert len(first.new) == 2
    assert [text.split()[0] for text in first.waits] == ["a_1.csv"]
    assert new_notices(pipeline, (), first.current).waits == ()


def test_others_files_and_strangers_are_told_elsewhere(
    settings: Callable[..., Settings], zones: Zones
) -> None:
    for name in ("b_1.csv", "stranger.csv"):
        (zones.landing / name).mkdir()
    assert new_notices(Pipeline(settings(), [OWN]), [OTHER], ()).current == ()


def test_a_file_that_two_tables_may_take_is_told_by_each(
    settings: Callable[..., Settings], zones: Zones
) -> None:
    greedy = TableMapping(pattern="a_*", table="raw_b", settle_seconds=0)
    (zones.landing / "a_1.csv").touch()
    for own, neighbours in ((OWN, [greedy]), (greedy, [OWN, greedy])):
        (text,) = new_notices(Pipeline(settings(), [own]), neighbours, ()).new
        assert "matches more than one pattern" in text


def test_a_name_that_is_not_utf8_can_be_sent(
    settings: Callable[..., Settings], zones: Zones
) -> None:
    (zones.landing / "a_\udcff.csv").mkdir()
    (text,) = new_notices(Pipeline(settings(), [OWN]), (), ()).new
    assert text.encode()


def test_strange_names_at_every_look_stay_within_bounds(
    settings: Callable[..., Settings], zones: Zones
) -> None:
    pipeline = Pipeline(settings(), [OWN])
    known: tuple[str, ...] = ()
    said: list[str] = []
    for look in range(8):
        for path in zones.landing.iterdir():
            path.rmdir()
        for number in range(500):
            (zones.landing / f"a_{look}_{number}.csv").mkdir()
        notices = new_notices(pipeline, (), known)
        known = notices.current
        assert len(known) == MAX_NOTICES + 1
        assert len(notices.new) <= MAX_NOTICES + 1
        said = all_new_notices(said, notices.new)
    assert len(said) == MAX_NEW_NOTICES == 1_000
    assert "a_7_" in said[-1] or "more files" in said[-1]
