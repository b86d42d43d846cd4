"""Where the database is not on the API server's machine: what the copy in the archive tells, and
nothing that it does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.pages import ROOT, Visitor, words_of
from tests.support.showcase import Showcase

DATA = "api/v1/"


@pytest.fixture
def elsewhere(showcase: Showcase, tmp_path: Path) -> Visitor:
    """Somebody at an API server that has the zones, and not the database."""
    visitor = Visitor(replace(showcase.settings, duckdb_path=str(tmp_path / "no.duckdb")))
    assert visitor.monitor.summary().is_copy
    return visitor


RUN = {
    "dag_id": "landing__raw_trades",
    "dag_run_id": "manual__1",
    "state": "success",
    **dict.fromkeys(("run_after", "start_date", "end_date"), "2026-01-02T03:04:05+00:00"),
}


@pytest.mark.parametrize(
    "path", ["actions", "loads/00000000", "etl/data-quality", "etl/executions"]
)
def test_what_nobody_knows_here_is_no_answer(elsewhere: Visitor, path: str) -> None:
    answer = Visitor(elsewhere.monitor.settings, runs=[RUN]).get(DATA + path)
    assert (answer.status_code, answer.json()["code"]) == (503, "warehouse.elsewhere")
    assert "not on this machine" in answer.json()["detail"]
    assert "retry-after" not in answer.headers


def test_what_the_copy_has_is_told(elsewhere: Visitor, visitor: Visitor) -> None:
    for path in ("tables", "loads", "failures"):
        here, there = (each.get(DATA + path).json() for each in (elsewhere, visitor))
        assert here[path] == there[path] or path == "tables"
    assert elsewhere.get(DATA + "loads").json()["newest_only"]
    # Windows that ended on time have not become missing.
    outcomes = {one["outcome"] for one in elsewhere.get(DATA + "arrivals").json()["records"]}
    assert "on_time" in outcomes


def test_pages_say_so(elsewhere: Visitor) -> None:
    failure = elsewhere.look("failures").xpath("//tbody//th/a/@href")[0]
    paths = ["", "tables/raw_trades", "loads", "failures", "drift", "arrivals", "executions"]
    for path in [*paths, failure.removeprefix(f"{ROOT}/")]:
        said = words_of(elsewhere.look(path))
        assert "The database is not on this machine" in said, path
        assert "A writer has" not in said, path
    assert "Not known here." in words_of(elsewhere.look("tables/raw_trades"))
    load = elsewhere.look("loads").xpath("//table//th//a/@href")[0].removeprefix(f"{ROOT}/")
    assert "The database is elsewhere" in words_of(elsewhere.look(load))
    column = words_of(elsewhere.look("drift/raw_trades", column="venue"))
    assert "what Promote would do is not known here" in column
    assert "is no table" not in column
    unknown = elsewhere.get("failures/00000000")
    assert unknown.status_code == 404
    assert "only the newest deliveries are known" in unknown.text


def test_runs_are_told_without_layers(elsewhere: Visitor) -> None:
    said = words_of(Visitor(elsewhere.monitor.settings, runs=[RUN]).look("executions"))
    assert "manual__1" in said
    assert "layers, rows and reasons are not known here" in said


def test_an_installation_without_anything_is_no_copy(showcase: Showcase, tmp_path: Path) -> None:
    empty = replace(
        showcase.settings, duckdb_path=str(tmp_path / "no.duckdb"), archive_path=str(tmp_path)
    )
    visitor = Visitor(empty)
    assert visitor.get(DATA + "actions").json() == {"actions": []}
    for path in ("", "loads", "failures"):
        said = words_of(visitor.look(path))
        assert "not on this machine" not in said
        assert "cannot be asked from here" not in said
