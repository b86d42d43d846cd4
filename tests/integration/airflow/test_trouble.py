"""Trouble that no file is to blame for: nothing is lost, it is named, and no DAG fails hot."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock

if TYPE_CHECKING:
    from tests.support.dag_runs import Lab, Run
    from tests.support.zones import Zones

BROKEN = 'id,name\n1,"a\n'


def replaced_by_a_file(folder: Path) -> None:
    """Make a zone unusable, for root too."""
    shutil.rmtree(folder)
    folder.write_text("not a folder")


def restored(folder: Path) -> None:
    folder.unlink()
    folder.mkdir()


def reason(run: Run) -> str:
    """Why the report failed the run is what the person on duty reads."""
    held = run.xcoms[("report", "landing_held")]
    return ", ".join(entry["name"] for entry in held if entry["failed"])


def test_a_file_that_cannot_be_quarantined_fails_one_run_and_then_waits(
    lab: Lab, zones: Zones, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_landing_loader.operators.landing import QuarantineFilesOperator
    from airflow_landing_loader.runs import holdback

    lab.mapping("stuck_*.csv: {table: raw_stuck, settle_seconds: 0}")
    lab.deliver("stuck_1.csv", BROKEN)
    make_pipeline = QuarantineFilesOperator.make_pipeline

    def without_failed_zone(self: Any, context: Any) -> Any:
        replaced_by_a_file(zones.failed)
        return make_pipeline(self, context)

    with monkeypatch.context() as patch:
        patch.setattr(QuarantineFilesOperator, "make_pipeline", without_failed_zone)
        patch.setattr(holdback, "PATIENCE", 0.0)
        first = lab.run("raw_stuck")
    assert first.state == "failed"
    assert first.states_of("stuck_1.csv") == {"file.validate": "failed", "file.fail": "failed"}
    assert reason(first) == "stuck_1.csv"
    assert (zones.landing / "stuck_1.csv").exists()

    restored(zones.failed)
    second = lab.run("raw_stuck")
    assert second.state == "success"
    assert second.states["wait_for_files"] == "skipped"
    assert second.xcoms[("report", "landing_held")] == first.xcoms[("report", "landing_held")]

    lab.deliver("stuck_2.csv")
    third = lab.run("raw_stuck")
    assert third.states_of("stuck_2.csv")["file.archive"] == "success"
    assert zones.names()["landing"] == ["stuck_1.csv"]

    lab.deliver("stuck_1.csv", "id,name\n1,mended\n", age=1800)
    fourth = lab.run("raw_stuck")
    assert fourth.states_of("stuck_1.csv")["file.archive"] == "success"
    assert zones.names()["landing"] == []


def test_a_locked_database_leaves_the_file_and_names_the_holder(
    lab: Lab, zones: Zones, capfd: pytest.CaptureFixture[str]
) -> None:
    lab.mapping("locked_*.csv: {table: raw_locked, settle_seconds: 0}")
    lab.deliver("locked_1.csv")
    with DatabaseLock(Path(lab.settings.duckdb_path)).exclusive("a long report", timeout=0):
        run = lab.run("raw_locked")
    assert run.state == "failed"
    assert run.states_of("locked_1.csv") == {
        "file.validate": "success",
        "file.load": "failed",
        "file.fail": "success",
    }
    assert zones.names() == {"landing": ["locked_1.csv"], "archive": [], "failed": []}
    output = capfd.readouterr()
    assert "warehouse.locked" in output.out + output.err
    assert "a long report" in output.out + output.err
    assert lab.run("raw_locked").states["wait_for_files"] == "skipped"


def test_a_file_that_is_not_fit_yet_holds_up_nobody(
    lab: Lab, zones: Zones, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_landing_loader.runs import holdback

    lab.mapping(
        "early_*.csv: {table: raw_early, settle_seconds: 0, trailer: {row_count_column: 1}}"
    )
    lab.deliver("early_1.csv", "id\n1\n2\n", age=0)
    lab.deliver("early_2.csv", "id\n1\nT,1\n")
    first = lab.run("raw_early")
    assert first.state == "success"
    assert first.states_of("early_1.csv") == {"file.validate": "skipped"}
    assert first.states_of("early_2.csv")["file.archive"] == "success"
    assert first.xcoms[("report", "return_value")]["left"] == 1
    assert lab.run("raw_early").states["wait_for_files"] == "skipped"
    with (lab.landing / "early_1.csv").open("a") as file:
        file.write("T,2\n")
    assert lab.run("raw_early").states_of("early_1.csv")["file.archive"] == "success"

    lab.deliver("early_3.csv", "id\n1\n2\n", age=0)
    monkeypatch.setattr(holdback, "PATIENCE", 0.0)
    last = lab.run("raw_early")
    assert last.state == "failed"
    assert reason(last) == "early_3.csv"
    assert zones.names()["landing"] == ["early_3.csv"]


def test_a_transient_error_is_tried_again(
    lab: Lab, zones: Zones, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_landing_loader.exceptions import ErrorCode, TransientError
    from airflow_landing_loader.pipeline.pipeline import Pipeline

    lab.mapping("again_*.csv: {table: raw_again, settle_seconds: 0}")
    lab.deliver("again_1.csv")
    load, tries = Pipeline.load, []

    def locked_at_first(self: Pipeline, batch: Any) -> Any:
        tries.append(batch)
        if len(tries) == 1:
            raise TransientError(ErrorCode.WAREHOUSE_LOCKED, "held by a test")
        return load(self, batch)

    monkeypatch.setattr(Pipeline, "load", locked_at_first)
    dag = lab.dag("raw_again")
    task = dag.get_task("file.load")
    task.retries, task.retry_delay = 1, task.retry_delay * 0
    run = lab.run(dag)
    assert len(tries) == 2
    assert run.state == "success"
    assert zones.names()["archive"] == ["again_1.csv"]
    assert ("file.load_0", "landing_error") not in run.xcoms


def test_a_task_that_dies_without_a_word_leaves_its_file_and_is_named(
    lab: Lab, zones: Zones, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_landing_loader.operators.landing import LoadFilesOperator

    def killed(self: Any, context: Any) -> None:
        raise RuntimeError("killed")

    lab.mapping("dead_*.csv: {table: raw_dead, settle_seconds: 0}")
    lab.deliver("dead_1.csv")
    monkeypatch.setattr(LoadFilesOperator, "execute", killed)
    run = lab.run("raw_dead")
    assert run.state == "failed"
    assert run.states["file.fail_0"] == "success"
    assert reason(run) == "dead_1.csv"
    assert zones.names() == {"landing": ["dead_1.csv"], "archive": [], "failed": []}


@pytest.mark.parametrize("zone", ["landing", "archive"])
def test_a_missing_zone_is_waited_for_and_fails_the_run_at_last(
    lab: Lab, zones: Zones, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_landing_loader.runs import waiting

    monkeypatch.setattr(waiting, "PATIENCE", 4.0)
    monkeypatch.setattr(waiting, "TROUBLE_PAUSE", 1.0)
    lab.mapping(f"lost_*.csv: {{table: raw_lost_{zone}, settle_seconds: 0}}")
    lab.deliver("lost_1.csv")
    replaced_by_a_file(getattr(zones, zone))
    run = lab.run(f"raw_lost_{zone}")
    assert run.state == "failed"
    assert run.states["wait_for_files"] == "failed"
    assert run.states["report"] == "failed"
    assert run.states["any_loaded"] == "skipped"


def test_what_no_run_takes_is_told_once(lab: Lab, capfd: pytest.CaptureFixture[str]) -> None:
    lab.mapping(
        "told_*.csv: {table: raw_told, go_file: {pattern: told_*.go, format: properties,"
        " row_count_key: n}}\nother_*.csv: raw_other\n"
    )
    lab.deliver("told_1.csv")
    lab.deliver("told_2.go", "n=1")
    lab.deliver("other_1.csv")
    lab.deliver("stranger.txt")
    (lab.landing / "told_3.csv").mkdir()
    first = lab.run("raw_told")
    assert first.state == "failed"  # a folder has the name of a delivery
    news = first.xcoms[("wait_for_files", "landing_news")]
    assert len(news) == 2  # that a file waits for its go file is no trouble: its log says it
    for name in ("told_2.go", "told_3.csv"):
        assert any(name in text for text in news)
    assert "told_1.csv waits for its go file" in "".join(capfd.readouterr())
    second = lab.run("raw_told")
    assert second.state == "success"
    assert ("wait_for_files", "landing_news") not in second.xcoms
    assert "told_1.csv" not in "".join(capfd.readouterr())


def test_what_no_mapping_matches_fails_one_run_of_one_dag(
    lab: Lab, capfd: pytest.CaptureFixture[str]
) -> None:
    lab.mapping("one_*.csv: raw_one\ntwo_*.csv: raw_two\n")
    lab.deliver("stranger.txt")
    assert "stranger.txt" not in str(lab.run("raw_one").xcoms)
    assert lab.run(lab.dag_with_id("landing_unmatched")).state == "failed"
    assert "No mapping matches 1 file" in "".join(capfd.readouterr())
    again = lab.run(lab.dag_with_id("landing_unmatched"))
    assert (again.state, again.states) == ("success", {"report_unmatched": "skipped"})


def test_a_broken_mapping_fails_once_and_its_neighbour_loads(
    lab: Lab, zones: Zones, capfd: pytest.CaptureFixture[str]
) -> None:
    lab.mapping("fine_*.csv: {table: raw_fine, settle_seconds: 0}\n")
    lab.mapping("sick_*.csv: {table: raw_sick, on_duplicate: maybe}\n", "sick.yaml")
    lab.deliver("fine_1.csv")
    first = lab.run("raw_sick")
    assert first.states == {"mapping_is_broken": "failed"}
    output = "".join(capfd.readouterr())
    assert "sick.yaml:1" in output
    assert "maybe" in output
    assert lab.run("raw_sick").states == {"mapping_is_broken": "skipped"}
    lab.mapping("sick_*.csv: {table: raw_sick, on_duplicate: perhaps}\n", "sick.yaml")
    assert lab.run("raw_sick").states == {"mapping_is_broken": "failed"}
    assert lab.run("raw_fine").state == "success"
    assert zones.names()["archive"] == ["fine_1.csv"]


def test_a_refused_file_fails_one_run_and_the_good_ones_go_on(
    lab: Lab, zones: Zones, capfd: pytest.CaptureFixture[str]
) -> None:
    lab.mapping("strange_*.csv: {table: raw_strange, settle_seconds: 0}")
    (lab.landing / "strange_1.csv").mkdir()
    first = lab.run("raw_strange")
    assert first.state == "failed"
    assert first.states["wait_for_files"] == "success"
    output = capfd.readouterr()
    assert "[landing.not_a_file] strange_1.csv is refused" in output.out + output.err

    lab.deliver("strange_2.csv")
    second = lab.run("raw_strange")
    assert second.state == "success"
    assert second.states_of("strange_2.csv")["file.archive"] == "success"
    for _ in range(2):
        later = lab.run("raw_strange")
        assert (later.state, later.states["wait_for_files"]) == ("success", "skipped")
        assert ("wait_for_files", "landing_news") not in later.xcoms

    (lab.landing / "strange_3.csv").symlink_to(zones.archive)
    soon = lab.run("raw_strange")
    assert (soon.state, soon.states["wait_for_files"]) == ("success", "skipped")
    assert [f["name"] for f in soon.xcoms["wait_for_files", "landing_refused"]] == [
        "strange_1.csv",
        "strange_3.csv",
    ]


def test_a_table_that_goes_on_over_bad_files_goes_on_over_refused_ones(lab: Lab) -> None:
    lab.mapping("odd_*.csv: {table: raw_odd, settle_seconds: 0, on_failed_file: continue}")
    (lab.landing / "odd_1.csv").mkdir()
    assert lab.run("raw_odd").state == "success"
