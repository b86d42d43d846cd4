"""What a run of a generated DAG does with good and bad files."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

if TYPE_CHECKING:
    from tests.support.dag_runs import Lab
    from tests.support.zones import Zones

BROKEN = 'id,name\n1,"secret-cell\n'


def rows(lab: Lab, table: str) -> int:
    with duckdb.connect(lab.settings.duckdb_path, read_only=True) as con:
        found = con.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert found is not None
    return int(found[0])


def test_good_files_are_loaded_and_archived(lab: Lab, zones: Zones) -> None:
    lab.mapping("good_*.csv: {table: raw_good, settle_seconds: 0}")
    lab.deliver("good_1.csv")
    lab.deliver("good_2.csv", "id,name\n1,a\n2,b\n")
    run = lab.run("raw_good")
    assert run.state == "success"
    assert zones.names() == {"landing": [], "archive": ["good_1.csv", "good_2.csv"], "failed": []}
    assert rows(lab, "raw_good") == 3
    assert run.states_of("good_1.csv") == {
        "file.validate": "success",
        "file.load": "success",
        "file.archive": "success",
    }
    assert run.count("file.fail") == {"skipped": 2}
    assert len(run.events) == 1
    assert run.events[0]["files"] == ["good_1.csv", "good_2.csv"]
    assert run.events[0]["rows"] == [1, 2]
    assert len(set(run.events[0]["load_ids"])) == 2


def test_a_bad_file_among_good_ones_is_quarantined_and_fails_the_run(
    lab: Lab, zones: Zones
) -> None:
    lab.mapping("mixed_*.csv: {table: raw_mixed, settle_seconds: 0}")
    for name in ("mixed_1.csv", "mixed_3.csv"):
        lab.deliver(name)
    lab.deliver("mixed_2.csv", BROKEN)
    run = lab.run("raw_mixed")
    assert run.state == "failed"
    assert zones.names() == {
        "landing": [],
        "archive": ["mixed_1.csv", "mixed_3.csv"],
        "failed": ["mixed_2.csv", "mixed_2.csv.error.json"],
    }
    assert rows(lab, "raw_mixed") == 2
    assert run.states_of("mixed_2.csv") == {"file.validate": "failed", "file.fail": "success"}
    assert run.states_of("mixed_3.csv")["file.archive"] == "success"
    assert run.states["any_loaded"] == "success"
    assert run.states["report"] == "failed"
    assert run.events[0]["files"] == ["mixed_1.csv", "mixed_3.csv"]


def test_only_bad_files_load_nothing_and_send_no_event(lab: Lab, zones: Zones) -> None:
    lab.mapping("bad_*.csv: {table: raw_bad, settle_seconds: 0}")
    lab.deliver("bad_1.csv", BROKEN)
    lab.deliver("bad_2.csv", BROKEN)
    run = lab.run("raw_bad")
    assert run.state == "failed"
    assert run.count("file.fail") == {"success": 2}
    assert run.states["any_loaded"] == "skipped"
    assert not run.events
    assert zones.names()["landing"] == []
    assert "bad_2.csv.error.json" in zones.names()["failed"]


def test_the_run_goes_well_where_failed_files_shall_not_fail_it(lab: Lab, zones: Zones) -> None:
    lab.mapping("lax_*.csv: {table: raw_lax, settle_seconds: 0, on_failed_file: continue}")
    lab.deliver("lax_1.csv", BROKEN)
    run = lab.run("raw_lax")
    assert run.state == "success"
    assert zones.names()["failed"] == ["lax_1.csv", "lax_1.csv.error.json"]


def test_no_file_is_no_failure(lab: Lab) -> None:
    lab.mapping("none_*.csv: raw_none")
    run = lab.run("raw_none")
    assert run.state == "success"
    assert set(run.states.values()) == {"skipped"}


def test_no_cell_value_reaches_airflow(lab: Lab) -> None:
    lab.mapping("cells_*.csv: {table: raw_cells, settle_seconds: 0}")
    lab.deliver("cells_1.csv", BROKEN)
    lab.deliver("cells_2.csv", "id,name\n1,secret-cell\n")
    run = lab.run("raw_cells")
    assert run.xcoms
    assert "secret-cell" not in json.dumps([*run.xcoms.values(), *run.labels.values()])


def test_strange_names_are_files_and_nothing_else(lab: Lab, zones: Zones) -> None:
    names = ["odd_{{ 7*7 }}.csv", "odd_[1]*?.csv", "odd_a b\n\u00e4'\".csv", "odd_%s{x}.csv"]
    lab.mapping("odd_*.csv: {table: raw_odd, settle_seconds: 0}")
    for name in names:
        lab.deliver(name)
    lab.deliver('odd_["x"].csv', BROKEN)
    run = lab.run("raw_odd")
    assert zones.names()["archive"] == sorted(names)
    assert zones.names()["failed"] == ['odd_["x"].csv', 'odd_["x"].csv.error.json']
    assert "odd_{{ 7*7 }}.csv" in run.labels.values()


def test_names_that_are_no_text_hold_up_nobody(lab: Lab, zones: Zones) -> None:
    lab.mapping("bytes_*.csv: {table: raw_bytes, settle_seconds: 0}")
    good, bad = (os.fsdecode(name) for name in (b"bytes_\xff.csv", b"bytes_\xfe.csv"))
    lab.deliver(good)
    lab.deliver(bad, BROKEN)
    lab.deliver("bytes_plain.csv")
    run = lab.run("raw_bytes")
    assert run.count("file.archive") == {"success": 2, "upstream_failed": 1}
    assert zones.names()["archive"] == sorted([good, "bytes_plain.csv"])
    assert zones.names()["failed"] == sorted([bad, f"{bad}.error.json"])


def test_a_flood_of_small_files_takes_a_few_lanes(lab: Lab, zones: Zones) -> None:
    lab.mapping("flood_*.csv: {table: raw_flood, settle_seconds: 0}")
    lab.settings = replace(lab.settings, batch_files=500)
    for number in range(600):
        lab.deliver(f"flood_{number:03}.csv", f"id\n{number}\n")
    lab.deliver("flood_bad.csv", BROKEN)
    run = lab.run("raw_flood")
    assert run.count("file.load") == {"success": 2}
    assert run.labels["file.load_0"] == "301 files: flood_000.csv \u2026 flood_300.csv"
    assert rows(lab, "raw_flood") == 600
    assert len(zones.names()["archive"]) == 600
    assert zones.names()["failed"] == ["flood_bad.csv", "flood_bad.csv.error.json"]
    assert run.state == "failed"


def test_a_file_that_has_gone_is_nobodys_failure(
    lab: Lab, zones: Zones, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_landing_loader.operators.landing import ValidateFilesOperator

    lab.mapping("gone_*.csv: {table: raw_gone, settle_seconds: 0}")
    kept, gone = lab.deliver("gone_1.csv"), lab.deliver("gone_2.csv")
    execute = ValidateFilesOperator.execute

    def after_removal(self: Any, context: Any) -> Any:
        gone.unlink(missing_ok=True)
        return execute(self, context)

    monkeypatch.setattr(ValidateFilesOperator, "execute", after_removal)
    run = lab.run("raw_gone")
    assert kept.name in zones.names()["archive"]
    assert run.states_of("gone_2.csv") == {"file.validate": "skipped"}
    assert run.state == "success"


def test_more_files_than_the_lanes_take_wait_for_the_next_run(lab: Lab, zones: Zones) -> None:
    lab.settings = replace(lab.settings, max_lanes=2, batch_files=2)
    lab.mapping("many_*.csv: {table: raw_many, settle_seconds: 0}")
    for number in range(5):
        lab.deliver(f"many_{number}.csv")
    first = lab.run("raw_many")
    assert first.xcoms[("report", "return_value")]["waiting"] == len(zones.names()["landing"])
    second = lab.run("raw_many")
    assert second.state == "success"
    assert len(zones.names()["archive"]) == 5


def test_a_file_that_arrives_while_the_sensor_waits_is_loaded(
    lab: Lab, zones: Zones, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_landing_loader.triggers import landing as trigger

    lab.mapping("late_*.csv: {table: raw_late, settle_seconds: 0}")
    discover = trigger.discover

    def and_then_it_arrives(*args: Any, **kwargs: Any) -> Any:
        found = discover(*args, **kwargs)
        if not found.ready:
            lab.deliver("late_1.csv")
        return found

    monkeypatch.setattr(trigger, "discover", and_then_it_arrives)
    run = lab.run("raw_late")
    assert run.state == "success"
    assert zones.names()["archive"] == ["late_1.csv"]


def test_a_file_settles_before_it_is_taken(lab: Lab, zones: Zones) -> None:
    lab.mapping("young_*.csv: {table: raw_young, settle_seconds: 1}")
    lab.deliver("young_1.csv", age=0)
    assert lab.run("raw_young").state == "success"
    assert zones.names()["archive"] == ["young_1.csv"]
