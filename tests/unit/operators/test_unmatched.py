"""Files that no mapping matches are told once, in one place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_landing_loader.operators import unmatched
from airflow_landing_loader.operators.unmatched import ReportUnmatchedOperator
from airflow_landing_loader.runs import refusals
from airflow_landing_loader.settings import Settings

if TYPE_CHECKING:
    from tests.support.zones import Zones

MAPPINGS = (
    {
        "pattern": "a_*.csv",
        "table": "raw_a",
        "go_file": {"pattern": "a_*.go", "format": "properties", "row_count_key": "n"},
    },
    {"pattern": "b_*.csv", "table": "raw_b"},
)


@pytest.fixture
def look(
    settings: Callable[..., Settings], context: Any, ti: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., str]:
    """One run of the task, some seconds after the first one: what its state says, and why."""
    ti.task_id = "report_unmatched"
    runs = iter(range(3, 100))

    def look(after: float = 0.0, claimed: tuple[str, ...] = ()) -> str:
        monkeypatch.setattr(unmatched.time, "time", lambda: 1_700_000_000.0 + after)
        task = ReportUnmatchedOperator(
            task_id="report_unmatched",
            mapping=MAPPINGS,
            settings=settings(),
            claimed_patterns=claimed,
        )
        with pytest.raises((AirflowFailException, AirflowSkipException)) as caught:
            task.execute(context)
        ti.previous_run, ti.run_id = ti.run_id, f"run-{next(runs)}"
        state = "failed" if caught.type is AirflowFailException else "skipped"
        return f"{state}: {caught.value}"

    return look


def test_what_some_mapping_matches_is_not_told(zones: Zones, look: Any) -> None:
    for name in ("a_1.csv", "a_2.go", "b_1.csv", ".hidden", "x.part"):
        (zones.landing / name).touch()
    assert look().startswith("skipped: Every file in ")


def test_a_stranger_fails_one_run_and_again_only_after_it_was_gone(zones: Zones, look: Any) -> None:
    stranger = zones.landing / "c_1.csv"
    stranger.touch()
    first = look()
    assert first.startswith("failed: [landing.unknown_file] No mapping matches 1 file in ")
    assert "\n  c_1.csv\n" in first
    for after in (600, 1200, 90_000):
        assert look(after).startswith("skipped: 1 file in ")
    stranger.unlink()
    assert look(90_600).startswith("skipped: Every")
    stranger.touch()
    assert look(91_200).startswith("failed")


def test_only_the_new_one_is_named(zones: Zones, look: Any) -> None:
    (zones.landing / "c_1.csv").touch()
    look()
    (zones.landing / "d_1.csv").touch()
    assert look(1).startswith("skipped")  # not two alarms within ten minutes
    second = look(700)
    assert second.startswith("failed")
    assert "d_1.csv" in second
    assert "c_1.csv" not in second


def test_what_dags_of_ones_own_take_is_not_told(zones: Zones, look: Any) -> None:
    (zones.landing / "theirs_1.csv").touch()
    (zones.landing / "theirs_1.go").touch()
    assert look(claimed=("theirs_*.csv", "theirs_*.go")).startswith("skipped: Every")
    told = look(claimed=("theirs_*.csv",))
    assert "theirs_1.go" in told
    assert "theirs_1.csv" not in told


def test_by_the_name_of_one_table_others_files_are_no_strangers(
    zones: Zones, settings: Callable[..., Settings], context: Any
) -> None:
    (zones.tables / "tables.yaml").write_text("a_*.csv: raw_a\nb_*.csv: raw_b\n")
    (zones.landing / "b_1.csv").touch()
    task = ReportUnmatchedOperator(task_id="report", table="raw_a", settings=settings())
    with pytest.raises(AirflowSkipException, match="Every file"):
        task.execute(context)


def test_a_flood_of_hostile_names_is_one_bounded_alarm(zones: Zones, look: Any, ti: Any) -> None:
    (zones.landing / "0\nforged line").touch()
    for number in range(refusals.MAX_REFUSALS + 99):
        (zones.landing / f"c_{number:04}.csv").touch()
    told = look()
    assert "100 more" in told
    assert "\nforged line" not in told
    assert len(told.splitlines()) < refusals.MAX_REFUSALS + 5
    (entries,) = ti.xcoms.values()
    assert len(entries) == refusals.MAX_REFUSALS


def test_a_zone_that_is_away_is_tried_again(
    zones: Zones, settings: Callable[..., Settings], context: Any
) -> None:
    from airflow.providers.common.compat.sdk import AirflowException

    zones.landing.rmdir()
    task = ReportUnmatchedOperator(
        task_id="report_unmatched", mapping=MAPPINGS, settings=settings()
    )
    with pytest.raises(AirflowException) as caught:
        task.execute(context)
    assert not isinstance(caught.value, AirflowFailException | AirflowSkipException)
