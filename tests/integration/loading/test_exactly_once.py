"""Exactly once, whatever is delivered again, changes meanwhile, or dies half way."""

from __future__ import annotations

import hashlib
import os
import pickle
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from airflow_landing_loader.exceptions import ErrorCode as Code
from airflow_landing_loader.exceptions import TransientError
from airflow_landing_loader.loading.model import Duplicate, Loaded

A, B = "id,x\n1,a\n", "id,x\n1,b\n2,b\n"
GO = {"pattern": "a_*.go", "format": "properties", "row_count_key": "count"}


def outcomes_of(world: Any) -> list[tuple[str, str]]:
    return world.sql("SELECT filename, outcome FROM load_deliveries ORDER BY recorded_at, filename")


def test_the_same_name_and_content_again_is_a_duplicate(world: Any) -> None:
    first = world.load(A)
    again = world.load(A)
    assert (again.status, again.rows, again.load_id) == ("duplicate", 0, first.load_id)
    assert world.zones.names() == {"landing": [], "archive": ["a_1.csv"], "failed": []}
    assert world.rows(columns="id, x") == [("1", "a")]
    assert [o for _, o in outcomes_of(world)] == ["loaded", "duplicate"]
    assert world.count("load_metadata") == 1


def test_a_duplicate_may_be_loaded_or_refused(world: Any) -> None:
    world.load(A, on_duplicate="load")
    second = world.load(A)
    assert (second.status, second.rows) == ("loaded", 1)
    assert world.count("raw_a") == 2
    world.mappings.clear()
    third = world.load(A, on_duplicate="fail")
    assert third.error.code == Code.DELIVERY_DUPLICATE
    assert world.count("raw_a") == 2


def test_content_that_comes_back_is_a_new_delivery(world: Any) -> None:
    loads = [world.load(content) for content in (A, B, A)]
    assert [load.status for load in loads] == ["loaded"] * 3
    assert len({load.load_id for load in loads}) == 3
    assert world.count("raw_a") == 4
    archived = world.zones.names()["archive"]
    assert len(archived) == 2  # the third is equal to the first, which counts as its copy
    assert sorted((world.zones.archive / n).read_text() for n in archived) == sorted([A, B])


def test_a_restatement_appends_and_says_so(world: Any) -> None:
    first = world.load(A)
    second = world.load(B)
    assert second.notes == (f"restates load {first.load_id}",)
    assert world.sql("SELECT restates_load_id FROM load_metadata ORDER BY sequence") == [
        (None,),
        (first.load_id,),
    ]
    suffixed = f"a_1~{second.load_id[:8]}.csv"
    assert world.zones.names()["archive"] == ["a_1.csv", suffixed]
    assert world.sql("SELECT archive_uri FROM load_metadata ORDER BY sequence") == [
        (str(world.zones.archive / "a_1.csv"),),
        (str(world.zones.archive / suffixed),),
    ]


def test_a_restatement_may_replace(world: Any) -> None:
    first = world.load(A, on_redelivery="replace")
    world.load("id,x\n9,other\n", "a_2.csv")
    second = world.load(B)
    assert world.rows(columns="id, x") == [("1", "b"), ("2", "b"), ("9", "other")]
    assert world.sql("SELECT outcome FROM load_deliveries WHERE load_id = ?", first.load_id) == [
        ("superseded",)
    ]
    assert second.status == "loaded"


def test_what_was_a_duplicate_of_a_replaced_load_stays_one(world: Any) -> None:
    world.load(A, on_redelivery="replace")
    world.load(A)
    world.load(B)
    outcomes = world.sql("SELECT outcome FROM load_deliveries ORDER BY recorded_at")
    assert outcomes == [("superseded",), ("duplicate",), ("loaded",)]


@pytest.mark.parametrize("together", [False, True])
def test_content_whose_rows_were_replaced_is_loaded_under_another_name(
    world: Any, together: bool
) -> None:
    world.load(A, on_redelivery="replace", identity="content")
    world.deliver("a_1.csv", B)
    if not together:
        world.run()
    world.deliver("a_2.csv", A)
    assert world.run()["a_2.csv"].status == "loaded"
    assert world.rows(columns="id, x") == [("1", "a"), ("1", "b"), ("2", "b")]
    assert world.load(A, "a_3.csv").status == "duplicate"


DIES = """
import os, pickle, signal, sys
from airflow_landing_loader.pipeline import finishing
from airflow_landing_loader.loading.warehouses.duckdb import snapshot
from airflow_landing_loader.pipeline.pipeline import Pipeline

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

settings, mappings, where = pickle.loads(sys.stdin.buffer.read())
if where == "after the move":
    move = finishing.moves.move
    finishing.moves.move = lambda *args, **keys: (move(*args, **keys), die())
else:
    snapshot.Path.replace = die
pipeline = Pipeline(settings, mappings)
pipeline.run_batch(pipeline.discover().ready)
"""


def die(world: Any, where: str) -> None:
    """Run a loader that dies at a place."""
    told = pickle.dumps((world.settings, world.mappings, where))
    died = subprocess.run([sys.executable, "-c", DIES], input=told, check=False)
    assert died.returncode == -signal.SIGKILL


@pytest.mark.parametrize("second", [B, A, 'id,x\n"', ""])
def test_a_death_after_the_move_leaves_the_right_place_in_the_books(
    world: Any, second: str
) -> None:
    bad = second not in (A, B)
    world.load('id,x\n"1' if bad else A)
    world.deliver("a_1.csv", second)
    die(world, "after the move")
    world.run()
    assert world.zones.names()["landing"] == []
    uris = world.sql(
        "SELECT final_uri FROM load_deliveries UNION ALL SELECT archive_uri FROM load_metadata"
    )
    lies = {Path(uri).read_text() for (uri,) in uris}
    assert lies == {'id,x\n"1' if bad else A, second}


def test_a_death_while_the_status_is_copied_leaves_nothing_for_ever(world: Any) -> None:
    world.load(A)
    folder = Path(world.settings.duckdb_path).parent
    tidy = {path.name for path in folder.iterdir()}
    world.deliver("a_2.csv", B)
    die(world, "status copy")
    world.run()
    assert {path.name for path in folder.iterdir()} == tidy


def test_a_replacement_that_fails_leaves_the_old_rows(world: Any) -> None:
    world.load(A, on_redelivery="replace")
    with world.database() as con:
        con.execute("ALTER TABLE raw_a ALTER COLUMN id TYPE INTEGER")
    assert world.load("id,x\n1,b\nbad,b\n").error.code == Code.LOAD_BAD_VALUE
    assert world.sql("SELECT id, x FROM raw_a") == [(1, "a")]


def test_a_restatement_may_be_refused(world: Any) -> None:
    world.load(A, on_redelivery="fail")
    assert world.load(B).error.code == Code.DELIVERY_REDELIVERED
    assert world.rows(columns="id, x") == [("1", "a")]
    assert (world.zones.failed / "a_1.csv").read_text() == B


def test_equal_content_under_another_name_loads_unless_content_is_the_identity(world: Any) -> None:
    first = world.load(A)
    second = world.load(A, "a_2.csv")
    assert second.notes == (f"content equals load {first.load_id} of another file",)
    world.mappings.clear()
    third = world.load(A, "a_3.csv", identity="content")
    assert third.status == "duplicate"
    assert world.count("raw_a") == 2


def test_equal_files_of_one_batch_are_told_apart(world: Any) -> None:
    world.map(identity="content")
    for number in range(3):
        world.deliver(f"a_{number}.csv", A)
    statuses = sorted(o.status for o in world.run().values())
    assert statuses == ["duplicate", "duplicate", "loaded"]
    assert world.count("raw_a") == 1


def test_every_step_may_be_repeated(world: Any) -> None:
    world.map(go_file=GO)
    world.deliver("a_1.go", "count=1\n")
    world.deliver("a_1.csv", A)
    validated = world.pipeline.validate_batch(["a_1.csv"])
    assert validated == world.pipeline.validate_batch(["a_1.csv"])
    first, again = world.pipeline.load(validated), world.pipeline.load(validated)
    assert isinstance(first[0], Loaded)
    assert isinstance(again[0], Loaded)
    assert first[0].load == again[0].load
    done = world.pipeline.finish(again)
    assert done[0].status == "loaded"
    assert world.pipeline.finish(again)[0].uri == done[0].uri
    # also a load that is tried again after the file has moved
    once_more = world.pipeline.load(validated)[0]
    assert (once_more.load, once_more.notes) == (again[0].load, again[0].notes)
    assert world.count("raw_a") == 1
    assert world.zones.names() == {
        "landing": [],
        "archive": ["a_1.csv", "a_1.go"],
        "failed": [],
    }
    go_sha256 = hashlib.sha256(b"count=1\n").hexdigest()
    assert world.sql("SELECT go_filename, go_sha256 FROM load_metadata") == [("a_1.go", go_sha256)]


def test_a_crash_between_commit_and_archive_ends_with_one_load(world: Any) -> None:
    world.map()
    world.deliver("a_1.csv", A)
    world.pipeline.load(world.pipeline.validate_batch(["a_1.csv"]))
    outcome = world.run()["a_1.csv"]
    assert (outcome.status, outcome.notes) == ("loaded", ("loaded by an earlier try",))
    assert world.count("raw_a") == 1
    assert world.count("load_metadata") == 1
    assert outcomes_of(world) == [("a_1.csv", "loaded")]


def test_a_file_that_grows_after_validation_is_validated_again(world: Any) -> None:
    world.map()
    world.deliver("a_1.csv", A)
    validated = world.pipeline.validate_batch(["a_1.csv"])
    world.deliver("a_1.csv", B)
    verdict = world.pipeline.load(validated)[0]
    assert isinstance(verdict, Loaded)
    assert verdict.load.row_count == 2
    assert world.rows(columns="id, x") == [("1", "b"), ("2", "b")]


def test_a_file_that_is_written_on_after_validation_has_to_come_to_rest(world: Any) -> None:
    world.map(settle_seconds=30)
    world.deliver("a_1.csv", A)
    validated = world.pipeline.validate_batch(["a_1.csv"])
    world.deliver("a_1.csv", B, age=0)
    refused = world.pipeline.load(validated)[0]
    assert (refused.error.code, refused.error.transient) == (Code.LANDING_UNSETTLED, True)
    assert world.count("raw_a") == 0
    assert world.pipeline.finish([refused])[0].status == "left"
    assert (world.zones.landing / "a_1.csv").read_text() == B


def test_a_file_that_changes_while_it_is_read_does_not_commit(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The swap happens between the check at the start of the load and its commit."""
    from airflow_landing_loader.loading.warehouses.duckdb.rows import RowWriter

    world.map()
    world.deliver("a_1.csv", A)
    validated = world.pipeline.validate_batch(["a_1.csv"])
    write = RowWriter.write

    def write_then_swap(self: Any, *args: Any, **keys: Any) -> Any:
        written = write(self, *args, **keys)
        world.deliver("a_1.csv", B)
        return written

    monkeypatch.setattr(RowWriter, "write", write_then_swap)
    verdict = world.pipeline.load(validated)[0]
    monkeypatch.undo()
    assert verdict.error.code == Code.LANDING_CHANGED
    assert verdict.error.transient
    assert world.count("raw_a") == 0
    assert world.pipeline.finish([verdict])[0].status == "left"
    assert world.run()["a_1.csv"].rows == 2


def test_a_file_that_disappears_is_left_to_its_sender(world: Any) -> None:
    world.map()
    path = world.deliver("a_1.csv", A)
    validated = world.pipeline.validate_batch(["a_1.csv"])
    path.unlink()
    verdict = world.pipeline.load(validated)[0]
    assert (verdict.error.code, verdict.error.transient) == (Code.LANDING_DISAPPEARED, True)
    assert world.pipeline.validate_batch(["a_1.csv"])[0].error.code == Code.LANDING_DISAPPEARED
    assert world.count("raw_a") == 0


def test_an_archive_that_cannot_be_written_loses_nothing(world: Any) -> None:
    world.map()
    world.deliver("a_1.csv", A)
    shutil.rmtree(world.zones.archive)
    world.zones.archive.write_text("in the way")
    pipeline = world.pipeline
    outcome = pipeline.finish(pipeline.load(pipeline.validate_batch(["a_1.csv"])))[0]
    assert outcome.status == "left"
    assert outcome.error.transient
    assert (world.zones.landing / "a_1.csv").read_text() == A
    world.zones.archive.unlink()
    world.zones.archive.mkdir()
    assert world.run()["a_1.csv"].status == "loaded"
    assert world.count("raw_a") == 1


def test_a_failed_file_can_be_mended_and_replayed(world: Any) -> None:
    from airflow_landing_loader.landing.replay.replay import replay

    world.map(csv={"delimiter": ";"})
    assert world.load("id,x\n1;2\n").status == "failed"
    world.mappings.clear()
    world.map()
    world.zones.failed.joinpath("a_1.csv").write_text(A)
    pipeline = world.pipeline
    replay(pipeline.zones.failed, pipeline.zones.landing, ["a_1.csv"])
    assert world.zones.names()["failed"] == []
    assert world.run()["a_1.csv"].status == "loaded"
    assert world.rows(columns="id, x") == [("1", "a")]


def test_the_archived_file_is_the_delivered_one(world: Any) -> None:
    content = b'\xef\xbb\xbfid,x\r\n1,"a\nb"\r\n\r\n2,\xc3\xa9'
    world.load(content, archive_layout="{table}/{yyyy}")
    (path,) = world.zones.names()["archive"]
    assert path.startswith("raw_a/20")
    assert (world.zones.archive / path).read_bytes() == content


WORKER = """
import sys
from pathlib import Path
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.pipeline.pipeline import Pipeline
from airflow_landing_loader.settings import Settings
root = Path(sys.argv[1])
settings = Settings(
    landing_path=str(root / "landing"), archive_path=str(root / "archive"),
    failed_path=str(root / "failed"), table_config_path=str(root / "tables"),
    duckdb_path=str(root / "warehouse.duckdb"), lock_timeout=60.0, loader_workers=2,
)
pipeline = Pipeline(settings, [
    TableMapping(pattern="a_*.csv", table="raw_a", settle_seconds=0),
    TableMapping(pattern="b_*.csv", table="raw_b", settle_seconds=0),
])
print("ready", flush=True)
sys.stdin.readline()
ready = pipeline.discover().ready
for start in range(0, len(ready), 10):
    pipeline.run_batch(ready[start:start + 10])
"""


def start_worker(world: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(world.zones.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def check_each_loaded_once(world: Any, files: int) -> None:
    assert world.zones.names()["landing"] == []
    assert world.zones.names()["failed"] == []
    assert len(world.zones.names()["archive"]) == 2 * files
    for table in ("raw_a", "raw_b"):
        assert world.rows(table, "id") == sorted((str(n),) for n in range(files))
    assert world.count("load_metadata") == 2 * files
    assert world.sql("SELECT DISTINCT outcome FROM load_deliveries") == [("loaded",)]


def test_two_loops_on_the_same_zones_both_finish(world: Any) -> None:
    files = 30
    for number in range(files):
        world.deliver(f"a_{number}.csv", f"id\n{number}\n")
        world.deliver(f"b_{number}.csv", f"id\n{number}\n")
    workers = [start_worker(world) for _ in range(2)]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    results = [worker.communicate("go\n", timeout=120) for worker in workers]
    assert [w.returncode for w in workers] == [0, 0], results
    check_each_loaded_once(world, files)


def test_sigkill_at_any_moment_loses_and_doubles_nothing(world: Any) -> None:
    files = 40
    for number in range(files):
        world.deliver(f"a_{number}.csv", f"id\n{number}\n")
        world.deliver(f"b_{number}.csv", f"id\n{number}\n")
    killed = 0
    for kill in range(8):
        worker = start_worker(world)
        assert worker.stdout is not None
        assert worker.stdin is not None
        worker.stdout.readline()
        worker.stdin.write("go\n")
        worker.stdin.flush()
        try:
            worker.wait(timeout=0.1 + 0.13 * kill)
        except subprocess.TimeoutExpired:
            os.kill(worker.pid, signal.SIGKILL)
            killed += 1
        worker.communicate()
        delivered = sum(len(names) for names in world.zones.names().values())
        assert delivered == 2 * files  # each file in exactly one zone
    assert killed
    worker = start_worker(world)
    _, errors = worker.communicate("go\n", timeout=120)
    assert worker.returncode == 0, errors
    check_each_loaded_once(world, files)


HOLDER = """
import duckdb, sys
con = duckdb.connect(sys.argv[1])
con.execute("CREATE TABLE IF NOT EXISTS mine (x INTEGER)")
print("open", flush=True)
sys.stdin.readline()
"""


def test_a_person_with_the_database_open_makes_loads_wait_and_is_named(world: Any) -> None:
    world.load(A)
    person = subprocess.Popen(
        [sys.executable, "-c", HOLDER, world.settings.duckdb_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert person.stdout is not None
    assert person.stdout.readline() == "open\n"
    world.deliver("a_2.csv", B)
    waited: list[str] = []

    def heard(message: str) -> None:
        if not waited:
            person.communicate("\n")
        waited.append(message)

    from airflow_landing_loader.pipeline.pipeline import Pipeline

    pipeline = Pipeline(world.settings, world.mappings, on_wait=heard)
    outcomes = pipeline.run_batch(pipeline.discover().ready)
    assert [o.status for o in outcomes] == ["loaded"]
    assert f"process {person.pid}" in waited[0]


def test_who_waits_too_long_gets_a_transient_error_and_status_still_answers(
    world: Any, settings: Any
) -> None:
    from airflow_landing_loader.pipeline.pipeline import Pipeline

    world.load(A)
    person = subprocess.Popen(
        [sys.executable, "-c", HOLDER, world.settings.duckdb_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert person.stdout is not None
    person.stdout.readline()
    try:
        world.deliver("a_2.csv", B)
        impatient = Pipeline(settings(lock_timeout=0.2), world.mappings)
        with pytest.raises(TransientError) as caught:
            impatient.run_batch(impatient.discover().ready)
        assert caught.value.code is Code.WAREHOUSE_LOCKED
        assert str(person.pid) in caught.value.detail.message
        assert (world.zones.landing / "a_2.csv").exists()
        overview = impatient.warehouse.overview(10)
        assert [load.filename for load in overview.loads] == ["a_1.csv"]
        assert overview.busy_with is not None
        assert str(person.pid) in overview.busy_with
    finally:
        person.communicate("\n")
    assert world.run()["a_2.csv"].status == "loaded"


def test_dbt_is_due_until_it_has_seen_the_newest_load(world: Any) -> None:
    warehouse = world.pipeline.warehouse
    assert warehouse.dbt_due(["raw_a"]) == ()
    world.load(A)
    due = warehouse.dbt_due(["raw_a"])
    assert [(d.table, d.last_attempt) for d in due] == [("raw_a", None)]
    warehouse.record_dbt_run(due, succeeded=False)
    assert warehouse.dbt_due(["raw_a"])[0].last_attempt is not None
    # a load that comes while dbt runs is not covered by that run
    world.load(B, "a_2.csv")
    warehouse.record_dbt_run(due, succeeded=True)
    assert [d.table for d in warehouse.dbt_due(["raw_a", "raw_b"])] == ["raw_a"]
    warehouse.record_dbt_run(warehouse.dbt_due(["raw_a"]), succeeded=True)
    assert warehouse.dbt_due(["raw_a"]) == ()


def test_verdicts_survive_json(world: Any) -> None:
    import json

    from airflow_landing_loader.xcom import values

    world.map(on_redelivery="append")
    world.deliver("a_1.csv", A)
    pipeline = world.pipeline
    for steps in (
        pipeline.validate_batch(["a_1.csv"]),
        pipeline.load(pipeline.validate_batch(["a_1.csv"])),
        pipeline.finish(pipeline.load(pipeline.validate_batch(["a_1.csv"]))),
    ):
        for value in steps:
            assert values.load(json.loads(json.dumps(values.dump(value)))) == value
    world.deliver("a_1.csv", A)
    duplicate = pipeline.load(pipeline.validate_batch(["a_1.csv"]))[0]
    assert isinstance(duplicate, Duplicate)
    assert values.load(json.loads(json.dumps(values.dump(duplicate)))) == duplicate


def test_the_clock_may_go_backwards(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    from airflow_landing_loader.loading.warehouses.duckdb import batch

    world.load(A)
    now = batch.now
    monkeypatch.setattr(batch, "now", lambda: now() - timedelta(days=400))
    world.load(B)
    # B is the latest though its clock says otherwise: A again is new, B again a duplicate
    assert world.load(B).status == "duplicate"
    assert world.load(A).status == "loaded"
