"""Deliveries that are made to be misread: whole runs on real files and a real database."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_landing_loader.exceptions import ErrorCode as Code
from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.landing.moves.sidecar import Sidecar, sidecar_bytes
from airflow_landing_loader.landing.replay.replay import replay
from airflow_landing_loader.storage.local.status import status_of
from airflow_landing_loader.storage.local.zone import LocalZone

GO = {"pattern": "a_*.go", "format": "properties", "row_count_key": "n"}


@pytest.fixture
def usual_umask() -> Iterator[None]:
    """What most services run with."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_a_header_of_100_000_columns_fails_its_file_alone(world: Any) -> None:
    world.map()
    world.deliver("a_1.csv", ",".join(f"c{i}" for i in range(100_000)) + "\n")
    world.deliver("a_2.csv", "id\n1\n")
    outcomes = world.run()
    assert outcomes["a_1.csv"].error.code == Code.HEADER_TOO_MANY_COLUMNS
    assert outcomes["a_2.csv"].status == "loaded"


def test_a_header_name_of_a_megabyte_stays_out_of_logs_and_sidecars(world: Any) -> None:
    error = world.refused("id,_" + "x" * 1_000_000 + "\n1,2\n")
    assert error.code == Code.HEADER_NAME_TOO_LONG
    assert len(error.text()) < 1000
    assert (world.zones.failed / "a_1.csv.error.json").stat().st_size < 4000


@pytest.mark.parametrize("cell", ["\u00e9" * 500_000, "\x01" * 1_000_000])
def test_a_bad_cell_of_a_megabyte_leaves_a_sidecar_that_replay_reads(world: Any, cell: str) -> None:
    with world.database() as con:
        con.execute("CREATE TABLE raw_a (id INTEGER)")
    world.map()
    world.deliver("a_1.csv", f"id\n{cell}\n")
    assert world.run()["a_1.csv"].error.code == Code.LOAD_BAD_VALUE
    assert (world.zones.failed / "a_1.csv.error.json").stat().st_size < 16_000
    failed, landing = LocalZone(str(world.zones.failed)), LocalZone(str(world.zones.landing))
    assert [done.code for done in replay(failed, landing, ["a_1.csv"])] == [Code.LOAD_BAD_VALUE]


def test_thousands_of_new_columns_are_one_short_note(world: Any) -> None:
    world.load("id\n1\n")
    new = ",".join(f"new_{i}" for i in range(5000))
    loaded = world.load(f"id,{new}\n1{',x' * 5000}\n", "a_2.csv")
    assert loaded.status == "loaded"
    (note,) = loaded.notes
    assert note.endswith(" and 4980 more")
    assert len(note) < 400
    ((extra,),) = world.sql("SELECT _extra FROM raw_a WHERE _extra IS NOT NULL")
    assert len(json.loads(extra)) == 5000


def test_the_name_of_a_go_file_forges_no_line_of_a_log(world: Any) -> None:
    world.map(go_file=GO, grace_seconds=0)
    stars = "1\n2024-01-15T07:00:03Z loaded everything\x1b[2J"
    world.deliver(f"a_{stars}.csv", "id\n1\n")
    world.deliver(f"a_{stars}.go", "n=2\n")
    error = world.run()[f"a_{stars}.csv"].error
    assert error.code == Code.COUNT_TOO_FEW
    assert error.text().isprintable()
    ((message,),) = world.sql("SELECT message FROM load_deliveries")
    assert message.isprintable()


def test_what_may_quote_a_cell_is_not_for_everybody(world: Any, usual_umask: None) -> None:
    """Sidecars and notes; the zone's lock is for whoever may write into the zone."""
    for zone in (world.zones.failed, world.zones.archive):
        zone.chmod(0o750)
    world.refused('id\n1\n"secret\n')
    world.deliver("a_2.csv", "id\n1\n")
    world.run()
    open_to_all = [
        str(path.relative_to(world.zones.root))
        for zone in (world.zones.failed, world.zones.archive)
        for path in zone.rglob("*")
        if path.stat().st_mode & stat.S_IRWXO and path.name not in ("a_1.csv", "a_2.csv")
    ]
    assert open_to_all == []


def test_a_narrow_umask_holds_for_everything_that_is_made(world: Any) -> None:
    for zone in (world.zones.landing, world.zones.failed, world.zones.archive):
        zone.chmod(0o700)
    before = os.umask(0o077)
    try:
        world.map(archive_layout="{table}/{yyyy}")
        world.deliver("a_1.csv", "id\n1\n")
        world.deliver("a_2.csv", 'id\n"1\n')
        assert {o.status for o in world.run().values()} == {"loaded", "failed"}
    finally:
        os.umask(before)
    tables = Path(world.settings.table_config_path)
    made = [path for path in world.zones.root.rglob("*") if path != tables]
    assert len(made) > 8
    assert [str(path) for path in made if path.stat().st_mode & 0o077] == []


@pytest.mark.parametrize("umask", [0o022, 0o027])
def test_lock_and_snapshot_are_as_open_as_the_database(world: Any, umask: int) -> None:
    database = Path(world.settings.duckdb_path)
    before = os.umask(umask)
    try:
        assert world.load("id\n1\n").status == "loaded"
    finally:
        os.umask(before)
    beside = {path.name: path.stat().st_mode & 0o777 for path in database.parent.iterdir()}
    made = {mode for name, mode in beside.items() if database.stem in name}
    assert len([name for name in beside if database.stem in name]) >= 3
    assert made == {database.stat().st_mode & 0o777} == {0o666 & ~umask}


def forged(data_name: str, token: str = "1-1") -> str:
    """What looks like the loader's own sidecar of ``data_name``, delivered as data."""
    sidecar = Sidecar(
        error=ErrorDetail(code="csv.ragged", message="forged"),
        data_name=data_name,
        data_token=token,
        stored_data=data_name,
        table="raw_a",
        mapping="t.yaml:1",
        time="2024-01-15T07:00:00.000+00:00",
    )
    return sidecar_bytes(sidecar).decode()


@pytest.mark.parametrize("exact", [False, True])
def test_a_delivery_that_looks_like_a_sidecar_is_not_lost(world: Any, exact: bool) -> None:
    world.map("a_*")
    bad = status_of(str(world.deliver("a_1.csv", 'id\n"1\n')))
    content = forged("a_1.csv", bad.token if exact else "1-1")
    world.deliver("a_1.csv.error.json", content)
    pipeline = world.pipeline
    for name in ("a_1.csv.error.json", "a_1.csv"):
        (outcome,) = pipeline.run_batch([pipeline.delivery(name)])
        assert outcome.status == "failed"
    failed, landing = LocalZone(str(world.zones.failed)), LocalZone(str(world.zones.landing))
    assert (world.zones.failed / "a_1.csv.error.json").read_text() == content
    assert len(world.zones.names()["failed"]) == 4

    (back,) = replay(failed, landing, ["a_1.csv.error.json"])

    assert back.stored == "a_1.csv.error.json"
    assert world.zones.names()["landing"] == ["a_1.csv.error.json"]
    assert (world.zones.landing / "a_1.csv.error.json").read_text() == content
    assert len(world.zones.names()["failed"]) == 2


def test_a_formula_is_a_cell_like_others(world: Any) -> None:
    """It is kept as it was delivered: what it does in a spreadsheet is for whoever exports it."""
    cells = ["=1+1", "=cmd|' /C calc'!A0", "@SUM(A1)", "+1", "-1", "\t=1", "{{ x }}", "$(id)"]
    world.load("id,x\n" + "".join(f"{n},{cell}\n" for n, cell in enumerate(cells)))
    assert [x for (x,) in world.sql("SELECT x FROM raw_a ORDER BY id")] == cells


def test_ten_thousand_bad_records_are_one_line(world: Any) -> None:
    good = "1,x\n" * 90_000
    outcome = world.load(f"id,x\n{good}" + "1\n" * 10_000, on_bad_row="reject", max_rejected=0.2)
    assert (outcome.status, outcome.rejected) == ("loaded", 10_000)
    assert outcome.notes == ("10,000 records rejected, see load_rejects",)
