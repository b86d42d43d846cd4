"""`unload` takes a load back: rows, books, file; also when it dies at any step."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.support import worlds
from tests.support.proofs import proof_of, unloader

from airflow_landing_loader.exceptions import ErrorCode as Code
from airflow_landing_loader.exceptions import TerminalError
from airflow_landing_loader.maintenance.unloading import Unloaded

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
A, B = "id,x\n1,a\n2,b\n", "id,x\n9,z\n"
GO = {"pattern": "a_*.go", "format": "properties", "row_count_key": "count"}
STEPS = (
    "before the transaction",
    "in the transaction",
    "after the transaction",
    "after the sidecar",
    "after the data file",
    "after both files",
    "after the record",
    "after the data file is back",
    "after both files are back",
    "after all",
)


def load(side: worlds.Side, content: str = A, name: str = "a_1.csv", **keys: Any) -> str:
    """Load a file and return its load id."""
    if not side.mappings:
        side.map(**keys)
    side.deliver(name, content)
    outcome = side.run()[name]
    assert outcome.status == "loaded", outcome
    return str(outcome.load_id)


def unload(side: worlds.Side, load_id: str, to: Any = "failed") -> Unloaded:
    return unloader(side.settings).unload(load_id, to)


def refusal(side: worlds.Side, load_id: str, to: Any = "failed") -> TerminalError:
    with pytest.raises(TerminalError) as caught:
        unload(side, load_id, to)
    return caught.value


def ids(side: worlds.Side, table: str = "raw_a") -> list[str]:
    return sorted(row["id"] for row in side.sql(f"SELECT id FROM {table}"))


def files(side: worlds.Side) -> dict[str, list[str]]:
    return {zone: sorted(found) for zone, found in side.zones().items()}


def outcomes(side: worlds.Side) -> list[str]:
    rows = side.sql("SELECT outcome FROM load_deliveries ORDER BY recorded_at")
    return [row["outcome"] for row in rows]


@pytest.mark.parametrize("name", ["side", "theirs"])
def test_to_failed_and_from_there_by_replay(name: str, request: pytest.FixtureRequest) -> None:
    side: worlds.Side = request.getfixturevalue(name)
    first = load(side)
    other = load(side, B, "a_2.csv")
    done = unload(side, first)
    assert (done.rows, done.uri) == (2, str(side.folder("failed") / "a_1.csv"))
    assert ids(side) == ["9"]
    assert files(side) == {
        "landing": [],
        "archive": ["a_2.csv"],
        "failed": ["a_1.csv", "a_1.csv.error.json"],
    }
    assert Code.LOAD_UNLOADED in side.zones()["failed"]["a_1.csv.error.json"]
    assert sorted(outcomes(side)) == ["loaded", "unloaded"]
    again = unload(side, first, "landing")
    assert (again.rows, again.uri) == (0, str(side.folder("landing") / "a_1.csv"))
    assert unload(side, first, "landing").uri == again.uri
    outcome = side.run()["a_1.csv"]
    assert (outcome.status, outcome.rows, outcome.notes) == ("loaded", 2, ())
    assert outcome.load_id not in (first, other)
    assert ids(side) == ["1", "2", "9"]
    assert proof_of(side.settings, side.mappings, str(outcome.load_id)).equal
    books = side.sql("SELECT load_id, removed_sequence FROM load_metadata ORDER BY sequence")
    assert [(b["load_id"], b["removed_sequence"]) for b in books] == [
        (first, 3), (other, None), (outcome.load_id, None),
    ]  # fmt: skip
    # The old one is done with: its file is the new load's by now.
    assert unload(side, first).rows == 0
    assert files(side)["archive"] == ["a_1.csv", "a_2.csv"]


def test_the_same_content_again_is_no_duplicate_of_what_was_unloaded(side: worlds.Side) -> None:
    first = load(side, identity="content")
    unload(side, first)
    assert load(side) != first
    side.deliver("a_3.csv", A)
    assert side.run()["a_3.csv"].status == "duplicate"


def test_what_was_before_is_the_latest_load_again(side: worlds.Side) -> None:
    first = load(side)
    second = load(side, B)
    unload(side, second)
    side.deliver("a_1.csv", A)
    assert side.run()["a_1.csv"].status == "duplicate"
    third = load(side, B)
    assert third not in (first, second)
    (book,) = side.sql(f"SELECT restates_load_id FROM load_metadata WHERE load_id = '{third}'")
    assert book["restates_load_id"] == first


def test_what_a_replacement_took_does_not_come_back_as_a_duplicate(side: worlds.Side) -> None:
    first = load(side, on_redelivery="replace")
    second = load(side, B)
    assert refusal(side, first).code == Code.LOAD_REMOVED
    unload(side, second)
    assert ids(side) == []
    load(side)
    assert ids(side) == ["1", "2"]


def test_a_file_that_two_loads_share_stays_for_the_other(side: worlds.Side) -> None:
    first, _, third = load(side), load(side, B), load(side)
    unload(side, third, "landing")
    assert sorted(ids(side)) == ["1", "2", "9"]
    assert "a_1.csv" in files(side)["archive"]
    assert files(side)["landing"] == ["a_1.csv"]
    assert proof_of(side.settings, side.mappings, first).equal
    assert unload(side, third, "landing").rows == 0
    assert files(side)["landing"] == ["a_1.csv"]


def test_a_restated_file_gets_its_own_name_back(side: worlds.Side) -> None:
    side.map(go_file=GO)
    for content, count in ((A, 2), (B, 1)):
        side.deliver("a_1.go", f"count={count}\n")
        second = load(side, content)
    unload(side, second, "landing")
    assert files(side) == {
        "landing": ["a_1.csv", "a_1.go"],
        "archive": ["a_1.csv", "a_1.go"],
        "failed": [],
    }
    assert (side.folder("landing") / "a_1.csv").read_text() == B


def test_dbt_is_due_after_an_unload(side: worlds.Side) -> None:
    first = load(side)
    warehouse = side.pipeline.warehouse
    warehouse.record_dbt_run(warehouse.dbt_due(["raw_a"]), succeeded=True)
    assert warehouse.dbt_due(["raw_a"]) == ()
    unload(side, first)
    assert [due.table for due in warehouse.dbt_due(["raw_a"])] == ["raw_a"]


def test_what_cannot_be_taken_back_stays_as_it_is(side: worlds.Side) -> None:
    side.map(go_file=GO)
    side.deliver("a_1.go", "count=2\n")
    first = load(side)
    assert refusal(side, "nope").code == Code.LOAD_UNKNOWN
    side.deliver("a_1.go", "count=7\n", age=0)
    assert refusal(side, first, "landing").code == Code.REPLAY_NAME_TAKEN
    archived = side.folder("archive") / "a_1.go"
    archived.rename(archived.with_suffix(".away"))
    assert refusal(side, first).code == Code.ARCHIVE_MISSING
    archived.with_suffix(".away").rename(archived)
    (side.folder("archive") / "a_1.csv").write_text(B)
    assert refusal(side, first).code == Code.ARCHIVE_CHANGED
    assert ids(side) == ["1", "2"]
    assert outcomes(side) == ["loaded"]


def test_a_table_that_is_gone(side: worlds.Side) -> None:
    first = load(side)
    side.sql("DROP TABLE raw_a")
    assert unload(side, first, "landing").rows == 0
    side.run()
    assert ids(side) == ["1", "2"]


def die(side: worlds.Side, folder: Path, load_id: str, step: str) -> None:
    """Unload to landing in a process that dies at a step."""
    pickled = folder / "side.pickle"
    pickled.write_bytes(pickle.dumps(side))
    arguments = [str(HERE / "dying.py"), str(pickled), load_id, "landing", step]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    assert subprocess.run([sys.executable, *arguments], env=environment).returncode == (
        -signal.SIGKILL
    )


@pytest.mark.parametrize("step", STEPS)
def test_an_unload_that_is_killed_is_finished_by_the_next(
    side: worlds.Side, tmp_path: Path, step: str
) -> None:
    side.map(go_file=GO)
    side.deliver("a_1.go", "count=2\n")
    first = load(side)
    die(side, tmp_path, first, step)
    # All or nothing, and every file is in exactly one zone.
    (book,) = side.sql("SELECT removed_sequence FROM load_metadata")
    assert ids(side) == (["1", "2"] if book["removed_sequence"] is None else [])
    everywhere = [name for zone in files(side).values() for name in zone]
    assert sorted(n for n in everywhere if not n.endswith(".json")) == ["a_1.csv", "a_1.go"]
    # A poll in between, while go file and data file may be apart, must not spoil it.
    side.pipeline.discover()
    unload(side, first, "landing")
    assert files(side) == {"landing": ["a_1.csv", "a_1.go"], "archive": [], "failed": []}
    assert outcomes(side) == ["unloaded"]
    outcome = side.run()["a_1.csv"]
    assert (outcome.status, outcome.rows) == ("loaded", 2)
    assert ids(side) == ["1", "2"]
    assert unload(side, first, "landing").rows == 0
    assert files(side) == {"landing": [], "archive": ["a_1.csv", "a_1.go"], "failed": []}


def test_one_that_is_killed_and_never_finished_loses_nothing(
    side: worlds.Side, tmp_path: Path
) -> None:
    """The file stays in the archive, and its content may be delivered again."""
    first = load(side)
    die(side, tmp_path, first, "after the transaction")
    assert files(side)["archive"] == ["a_1.csv"]
    second = load(side)
    assert unload(side, first, "landing").rows == 0
    assert ids(side) == ["1", "2"]
    assert files(side) == {"landing": [], "archive": ["a_1.csv"], "failed": []}
    assert proof_of(side.settings, side.mappings, second).equal


def test_one_that_is_killed_on_bigquery(theirs: worlds.Side, tmp_path: Path) -> None:
    first = load(theirs)
    die(theirs, tmp_path, first, "after BigQuery's transaction")
    assert ids(theirs) == []
    unload(theirs, first, "landing")
    assert files(theirs) == {"landing": ["a_1.csv"], "archive": [], "failed": []}
    assert theirs.run()["a_1.csv"].status == "loaded"
    assert ids(theirs) == ["1", "2"]
