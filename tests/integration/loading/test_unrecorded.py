"""What became of one file cannot be written down, or not finished: others go on."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_landing_loader.landing.moves import journal, mover
from airflow_landing_loader.landing.moves import move as moves
from airflow_landing_loader.loading.warehouses.duckdb.warehouse import DuckDBWarehouse
from airflow_landing_loader.storage.local.folder import LocalFolder
from airflow_landing_loader.storage.model import FileToMove


def test_a_record_that_cannot_be_written_leaves_its_file_where_it_is(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = DuckDBWarehouse.record_deliveries

    def refusing(self: Any, records: Any, events: Any = ()) -> None:
        if any(r.filename == "a_2.csv" for r in records):
            raise UnicodeEncodeError("utf-8", "\udcff", 0, 1, "bad")
        record(self, records, events)

    world.map()
    for number in range(5):
        world.deliver(f"a_{number}.csv", "id\n1,2\n")
    world.deliver("a_good.csv", "id\n1\n")
    monkeypatch.setattr(DuckDBWarehouse, "record_deliveries", refusing)
    outcomes = {o.name: o.status for o in world.pipeline.run_batch(world.pipeline.discover().ready)}
    failed = dict.fromkeys(["a_0.csv", "a_1.csv", "a_3.csv", "a_4.csv"], "failed")
    assert outcomes == {**failed, "a_2.csv": "left", "a_good.csv": "loaded"}


def test_a_move_that_cannot_be_finished_does_not_keep_others_from_it(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = mover.move

    def breaking(note: Any, *ends: Any, **keys: Any) -> Any:
        if note.files[0].file.name == "a_1.csv":
            raise ValueError("nobody thought of this")
        return move(note, *ends, **keys)

    world.map()
    for number in (1, 2):
        world.deliver(f"a_{number}.csv", f"id\n{number}\n")
    work = world.zones.failed / ".landing-loader"
    work.mkdir()
    for delivery in world.pipeline.discover().ready:
        files = journal.note_of((FileToMove(file=delivery.data),), "abc", "", None)
        journal.write_note(LocalFolder(str(work)), files)
    monkeypatch.setattr(mover, "move", breaking)
    assert [d.data.name for d in world.pipeline.discover().ready] == ["a_1.csv"]


def _archive_taken(world: Any, *names: str) -> None:
    for name in names:
        (world.zones.archive / name).write_text("another content")


def _refusing_to_record(monkeypatch: pytest.MonkeyPatch, when: Callable[[], bool]) -> list[str]:
    """No place of the second of the loads can be written down."""
    at_fault: list[str] = []
    record = DuckDBWarehouse.record_archived

    def refusing(self: Any, moved: Any) -> None:
        at_fault.extend(id_ for id_, uri in moved if "a_2" in uri and not at_fault)
        if when() and any(id_ in at_fault for id_, _ in moved):
            raise OSError(errno.EIO, "Input/output error")
        record(self, moved)

    monkeypatch.setattr(DuckDBWarehouse, "record_archived", refusing)
    return at_fault


def test_a_place_that_cannot_be_recorded_leaves_its_file_where_it_is(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.map()
    names = [f"a_{n}.csv" for n in (1, 2, 3)]
    _archive_taken(world, *names)
    for name in names:
        world.deliver(name, f"id\n{name}\n")
    with monkeypatch.context() as patch:
        _refusing_to_record(patch, lambda: True)
        outcomes = world.run()
    assert {n: outcomes[n].status for n in names} == dict(
        zip(names, ("loaded", "left", "loaded"), strict=True)
    )
    assert (world.zones.landing / "a_2.csv").exists()
    again = world.run()
    assert again["a_2.csv"].status == "loaded"
    assert world.count("raw_a") == 3
    lies = {uri for (uri,) in world.sql("SELECT archive_uri FROM load_metadata")}
    assert all(Path(uri).read_text() != "another content" for uri in lies)


def test_a_place_that_cannot_be_corrected_is_told_with_its_file(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names that are taken between the look ahead and the move."""
    world.map()
    names = [f"a_{n}.csv" for n in (1, 2, 3)]
    for name in names:
        world.deliver(name, f"id\n{name}\n")
    move = moves.move

    def taken_meanwhile(*arguments: Any, **keys: Any) -> Any:
        _archive_taken(world, arguments[0][0].file.name)
        return move(*arguments, **keys)

    with monkeypatch.context() as patch:
        patch.setattr(moves, "move", taken_meanwhile)
        _refusing_to_record(patch, lambda: True)
        outcomes = world.pipeline.run_batch(world.pipeline.discover().ready)
    notes = {o.name: " ".join(o.notes) for o in outcomes}
    assert {o.status for o in outcomes} == {"loaded"}
    assert "could not be told where it lies" in notes["a_2.csv"]
    assert "could not" not in notes["a_1.csv"] + notes["a_3.csv"]
    assert all(Path(o.uri).read_text() == f"id\n{o.name}\n" for o in outcomes)
