"""An action that is tried again finds what an earlier try has done; a hostile one does no harm."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support import worlds
from tests.support.proofs import unloader

from airflow_landing_loader.clients import DefaultClients
from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.loading.model import RunContext
from airflow_landing_loader.loading.warehouses.duckdb import DuckDBWarehouse
from airflow_landing_loader.runs.acted import (
    TargetResult,
    as_table,
    dump_lying,
    dump_results,
    load_lying,
    load_results,
    record_of,
)
from airflow_landing_loader.runs.acting import Place, carry_out, lying_in_failed
from airflow_landing_loader.runs.actions import ActionRequest, request


@pytest.fixture
def side(tmp_path: Path) -> worlds.Side:
    """Two tables, with refused files of the first."""
    side = worlds.duckdb_side(tmp_path / "side")
    side.map()
    side.map("b_*.csv", "raw_b")
    for name in ("a_1.csv", "a_2.csv", "a_\udcff.csv", "b_1.csv"):
        side.deliver(name, 'id\n"1\n')
    side.run()
    return side


def place(side: worlds.Side) -> Place:
    pipeline = side.pipeline
    return Place(
        zones=pipeline.zones,
        warehouse=pipeline.warehouse,
        clients=DefaultClients(None),
        mappings=lambda: side.mappings,
    )


def asked(action: Any, *targets: str) -> ActionRequest:
    return request(action, "raw_a", targets, asked_by="ann", reason="why")


def said(results: tuple[TargetResult, ...]) -> list[str]:
    return [r.outcome if r.error is None else r.error.code for r in results]


@pytest.mark.parametrize("action", ["replay", "discard"])
def test_a_try_after_a_dead_one_finds_its_work_done(side: worlds.Side, action: str) -> None:
    wanted, where = asked(action, "a_1.csv", "a_2.csv", "nope.csv"), place(side)
    lay = lying_in_failed(wanted, where.zones)
    assert [each.target for each in lay] == ["a_1.csv", "a_2.csv"]
    assert load_lying(dump_lying(lay)) == lay
    carry_out(replace(wanted, targets=("a_1.csv",)), where, lay)  # and died
    results = carry_out(wanted, where, lay)
    assert said(results) == ["done", "done", ErrorCode.REPLAY_NO_SIDECAR]
    assert results[0].message == "out of the failed zone already"


@pytest.mark.parametrize("action", ["replay", "discard"])
def test_a_name_that_is_not_utf_8_is_named_as_the_books_have_it(
    side: worlds.Side, action: str
) -> None:
    wanted = asked(action, "a_\\xff.csv")
    results = carry_out(wanted, place(side))
    assert said(results) == ["done"]
    assert load_results(dump_results(results)) == results
    record = record_of(wanted, results, "", RunContext())
    record.message.encode()
    side.pipeline.warehouse.record_actions([record])
    assert side.pipeline.warehouse.action(wanted.action_id) == record


@pytest.mark.parametrize("action", ["replay", "discard"])
@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("b_1.csv", ErrorCode.ACTION_OTHER_TABLE),
        ("b_1.csv.error.json", ErrorCode.ACTION_OTHER_TABLE),
        ("../failed/a_1.csv", ErrorCode.LANDING_UNKNOWN_FILE),
        ("/etc/passwd", ErrorCode.LANDING_UNKNOWN_FILE),
        (".landing-loader", ErrorCode.REPLAY_NO_SIDECAR),
        ("..", ErrorCode.LANDING_UNKNOWN_FILE),
        ("a\0.csv", ErrorCode.LANDING_UNKNOWN_FILE),
        ("a_\\x41.csv", ErrorCode.LANDING_UNKNOWN_FILE),
        ("x" * 900, ErrorCode.REPLAY_NO_SIDECAR),
        ("", ErrorCode.LANDING_UNKNOWN_FILE),
    ],
)
def test_what_is_no_file_of_the_table_in_failed(
    side: worlds.Side, action: str, target: str, code: str
) -> None:
    before = side.zones()
    results = carry_out(asked(action, target), place(side))
    assert said(results) == [code]
    assert side.zones() == before
    assert "\0" not in as_table(results)


@pytest.mark.parametrize("action", ["unload", "verify"])
@pytest.mark.parametrize("target", ["", "%", "' OR 1=1 --", "x" * 1000, "\0"])
def test_what_is_no_load(side: worlds.Side, action: str, target: str) -> None:
    results = carry_out(asked(action, target), place(side))
    assert said(results) == [ErrorCode.LOAD_UNKNOWN]


@pytest.mark.parametrize("action", ["replay", "discard"])
def test_what_somebody_else_has_taken_out_was_not_done(side: worlds.Side, action: str) -> None:
    wanted, where = asked(action, "a_1.csv"), place(side)
    lay = lying_in_failed(wanted, where.zones)
    other = {"replay": "discard", "discard": "replay"}[action]
    carry_out(asked(other, "a_1.csv"), where)
    before = side.zones()
    (result,) = carry_out(wanted, where, lay)
    assert result.error is not None
    assert result.error.code == ErrorCode.REPLAY_NO_SIDECAR
    assert f"says {other}ed" in result.error.message
    assert side.zones() == before


@pytest.mark.parametrize("action", ["replay", "discard"])
def test_of_an_unloaded_load_it_is_known_where_it_went(side: worlds.Side, action: str) -> None:
    side.deliver("a_3.csv", "id\n1\n")
    (outcome,) = side.run().values()
    unloader(side.settings).unload(str(outcome.load_id), "failed")
    wanted, where = asked(action, "a_3.csv"), place(side)
    lay = lying_in_failed(wanted, where.zones)
    assert said(carry_out(wanted, where, lay)) == ["done"]
    other = asked({"replay": "discard", "discard": "replay"}[action], "a_3.csv")
    assert said(carry_out(wanted, where, lay)) == ["done"]
    assert said(carry_out(other, where, lay)) == [ErrorCode.REPLAY_NO_SIDECAR]


@pytest.mark.parametrize("action", ["replay", "discard"])
def test_an_error_that_may_pass_is_one(
    side: worlds.Side, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    def busy(*_: Any, **__: Any) -> None:
        raise TransientError(ErrorCode.WAREHOUSE_LOCKED, "Busy.")

    wanted, where = asked(action, "a_1.csv", "a_2.csv"), place(side)
    lay = lying_in_failed(wanted, where.zones)
    with monkeypatch.context() as patch:
        patch.setattr(DuckDBWarehouse, f"mark_{action}ed", busy)
        results = carry_out(wanted, where, lay)
    assert [r.error and r.error.transient for r in results] == [True, True]
    for name in ("a_1.csv", "a_2.csv"):  # taken up meanwhile
        side.folder("landing").joinpath(name).unlink(missing_ok=True)
    assert said(carry_out(wanted, where, lay)) == ["done", "done"]
    told = side.sql("SELECT outcome FROM load_deliveries WHERE filename IN ('a_1.csv', 'a_2.csv')")
    assert {row["outcome"] for row in told} == {f"{action}ed"}


def test_a_record_of_many_targets_is_short_and_harmless() -> None:
    many = tuple(TargetResult(target=f"t{i}\x1b", message="m") for i in range(200))
    record = record_of(asked("verify", *(r.target for r in many)), many, "", RunContext())
    assert record.outcome == "done"
    assert "\x1b" not in record.message
    assert "and 150 more" in record.message


def test_what_came_to_no_end_has_failed() -> None:
    record = record_of(asked("verify", "x"), (), "It died.", RunContext())
    assert (record.outcome, record.message) == ("failed", "It died.")
