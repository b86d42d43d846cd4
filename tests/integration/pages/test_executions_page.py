"""Executions: Airflow's runs, with what the books keep of each layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from tests.support.pages import ROOT, Visitor, words_of
from tests.support.showcase import Showcase

from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock
from airflow_landing_loader.settings import Settings

NOW = datetime.now(UTC)
TRADES, POSITIONS = "landing__raw_trades", "landing__raw_positions"
HOSTILE = "manual__<script>alert(1)</script>\u202e"


def run(
    dag_id: str, run_id: str, state: str, age: timedelta, took: timedelta | None = None
) -> Mapping[str, Any]:
    due = NOW - age
    began = None if state == "queued" else due
    ended = None if began is None or took is None else began + took
    times = {"run_after": due, "start_date": began, "end_date": ended}
    said = {name: at.isoformat() if at else None for name, at in times.items()}
    return {"dag_id": dag_id, "dag_run_id": run_id, "state": state, **said}


def of_showcase() -> list[Mapping[str, Any]]:
    runs = []
    for back in range(5):
        day = f"{NOW - timedelta(days=back):%Y-%m-%d}"
        state = "failed" if back == 2 else "success"
        run_id = f"scheduled__{day}T05:00:00+00:00"
        runs.append(
            run(TRADES, run_id, state, timedelta(days=back, hours=1), timedelta(seconds=41))
        )
    return runs


@pytest.fixture(scope="module")
def runs() -> list[Mapping[str, Any]]:
    """What Airflow knows: five days of one table, and two runs of another that have not ended."""
    return [
        *of_showcase(),
        run(POSITIONS, HOSTILE, "running", timedelta(minutes=3)),
        run(POSITIONS, "manual__2", "queued", timedelta(minutes=1)),
        run("landing__secret", "manual__1", "failed", timedelta(0), timedelta(0)),
    ]


@pytest.fixture
def operator(showcase: Showcase, runs: list[Mapping[str, Any]]) -> Visitor:
    """Somebody who may see all tables of the showcase."""
    return Visitor(showcase.settings, runs=runs)


def rows_of(tree: Any) -> list[str]:
    return [words_of(row) for row in tree.xpath("//tbody/tr")]


def test_the_newest_first_with_layers_figures_and_reasons(operator: Visitor) -> None:
    tree = operator.look("executions")
    assert "1 of 7 executions failed, none since" in tree.xpath("string(//h1)")
    waiting, running, good, *_ = rows_of(tree)
    assert "waits for its turn" in waiting
    assert "at work, or waits for files" in running
    assert "files: 1 loaded, 2 refused · 590 rows" in good
    assert "gold: trades_by_day, <b>exposure</b>" in good
    assert "bronze 9.0 s · silver 12.0 s · gold 8.0 s" in good
    (bad,) = tree.xpath("//tr[@class='bad']")
    assert "dbt: 1 of 4 models failed" in words_of(bad)
    assert bad.xpath(".//*[name()='rect' and contains(@class, 'failed')]")
    (way,) = bad.xpath(".//th//a[@target='_top']/@href")
    assert way.startswith(f"/team-a/dags/{TRADES}/runs/scheduled__")
    assert "landing__secret" not in words_of(tree)


def test_a_hostile_run_is_text_and_its_link_quoted(operator: Visitor) -> None:
    answer = operator.get("executions").text
    assert "<script>alert" not in answer
    assert "runs/manual__%3Cscript%3Ealert%281%29%3C%2Fscript%3E%E2%80%AE" in answer


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "failed"}, 1),
        ({"status": "running"}, 2),
        ({"status": "completed"}, 4),
        ({"status": "", "since": "", "until": ""}, 7),
        ({"table": "raw_positions"}, 2),
        ({"table": "secret"}, 0),
        ({"table": "<script>"}, 0),
        ({"until": f"{NOW - timedelta(days=3):%Y-%m-%d}", "status": "completed"}, None),
        ({"since": "2999-01-01"}, 0),
    ],
)
def test_filters(operator: Visitor, query: dict[str, str], found: int | None) -> None:
    rows = rows_of(operator.look("executions", **query))
    assert len(rows) == found if found is not None else 0 < len(rows) < 4


@pytest.mark.parametrize(
    "query", [{"status": "odd"}, {"since": "1"}, {"since": "2026-02-30"}, {"cursor": "rubbish"}]
)
def test_what_cannot_be_asked_for(operator: Visitor, query: dict[str, str]) -> None:
    answer = operator.get("executions", **query)
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/html")


def test_the_newest_that_failed_is_bad(showcase: Showcase) -> None:
    failed = [run(TRADES, "r2", "failed", timedelta(0), timedelta(seconds=1)), *of_showcase()]
    tree = Visitor(showcase.settings, runs=failed).look("executions")
    assert "The newest execution of 1 table failed" in tree.xpath("string(//h1)")


def test_the_headline_speaks_of_what_is_shown(showcase: Showcase) -> None:
    good = [run(TRADES, f"r{n}", "success", timedelta(minutes=n)) for n in range(60)]
    bad = run(POSITIONS, "p", "failed", timedelta(hours=2), timedelta(0))
    visitor = Visitor(showcase.settings, runs=[*good, bad])
    tree = visitor.look("executions")
    assert tree.xpath("string(//h1)") == "None of the 50 shown failed"
    (older,) = tree.xpath("//a[@rel='next']/@href")
    second = html.document_fromstring(visitor.client.get(older).text)
    assert second.xpath("string(//h1)") == "1 of the 11 shown failed"
    day = f"{NOW - timedelta(days=1):%Y-%m-%d}"
    old = [run(TRADES, "old", "failed", timedelta(days=1), timedelta(0)), *good]
    tree = Visitor(showcase.settings, runs=old).look("executions", until=day)
    assert "newest" not in tree.xpath("string(//h1)")
    running = [run(TRADES, f"r{n}", "running", timedelta(minutes=n)) for n in range(60)]
    tree = Visitor(showcase.settings, runs=running).look("executions", status="running")
    assert tree.xpath("string(//h1)") == "50 executions running or waiting, on this page"


def test_only_runs_of_tables_that_one_may_read(
    showcase: Showcase, runs: list[Mapping[str, Any]]
) -> None:
    other = Visitor(showcase.settings, reads=["raw_positions"], runs=runs)
    said = words_of(other.look("executions"))
    assert len(rows_of(other.look("executions"))) == 2
    assert "raw_trades" not in said


def test_pages_follow_each_other(showcase: Showcase) -> None:
    many = [run(TRADES, f"r{n}", "success", timedelta(minutes=n // 2)) for n in range(120)]
    visitor = Visitor(showcase.settings, runs=many)
    told, tree = [], visitor.look("executions")
    while True:
        told += tree.xpath("//tbody//th//a[@target='_top']/@title")
        older = tree.xpath("//a[@rel='next']/@href")
        if not older:
            break
        tree = html.document_fromstring(visitor.client.get(older[0]).text)
    assert sorted(told) == sorted(f"r{n}" for n in range(120))


def test_while_a_writer_works_runs_are_told_without_layers(
    showcase: Showcase, operator: Visitor
) -> None:
    lock = DatabaseLock(Path(showcase.settings.duckdb_path))
    with lock.exclusive("loading a.csv", timeout=10):
        tree = operator.look("executions")
        assert len(rows_of(tree)) == 7
        assert "A writer has the database now" in words_of(tree)
        assert "its log says why" in words_of(tree)
        assert "not known now" in words_of(tree)
        assert "nothing is kept" not in words_of(tree)
        operator.monitor.look_again()
    operator.monitor.look_again()


def test_nothing_has_run_yet(settings: Callable[..., Settings]) -> None:
    assert "Nothing has run yet" in words_of(Visitor(settings()).look("executions"))


def test_addresses_have_the_prefix(operator: Visitor) -> None:
    tree = operator.look("executions", table="raw_trades", status="failed")
    addresses = set(tree.xpath("//@href | //@src | //@action"))
    assert {a for a in addresses if not a.startswith((f"{ROOT}/", "#", "/team-a/"))} == set()
