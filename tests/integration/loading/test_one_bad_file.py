"""Whatever goes wrong with one file, at whatever step, is the verdict on that file: others load."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from airflow.providers.common.compat.sdk import AirflowSkipException

from airflow_landing_loader.exceptions import (
    ConfigurationError,
    ErrorCode,
    LandingError,
    TerminalError,
    TransientError,
)
from airflow_landing_loader.landing.moves import journal, mover
from airflow_landing_loader.landing.moves import move as moves
from airflow_landing_loader.loading.reading.records import RecordReader
from airflow_landing_loader.loading.warehouses.duckdb import batch as duckdb_batch
from airflow_landing_loader.loading.warehouses.duckdb.warehouse import DuckDBWarehouse
from airflow_landing_loader.operators.landing import LoadFilesOperator, ValidateFilesOperator
from airflow_landing_loader.pipeline import pipeline as pipeline_module
from airflow_landing_loader.pipeline import validation
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.storage.local.folder import LocalFolder
from airflow_landing_loader.storage.model import FileToMove

RAW: dict[str, Exception] = {
    "raw_eio": OSError(errno.EIO, "Input/output error"),
    "raw_estale": OSError(errno.ESTALE, "Stale file handle"),
    "raw_errorless": OSError("short"),
    "raw_value": ValueError("x"),
    "raw_unicode": UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
    "raw_type": TypeError("x"),
    "raw_memory": MemoryError(),
    "raw_recursion": RecursionError("deep"),
    "raw_assertion": AssertionError(),
    "raw_engine_io": duckdb.IOException("IO Error: x"),
    "raw_engine_input": duckdb.InvalidInputException("Invalid Input Error: x"),
    "raw_engine": duckdb.InternalException("INTERNAL Error: x"),
}
SETTINGS = ("config", "mapping", "settings", "warehouse")
STAYS = (*SETTINGS, "zone", "internal")


def _error(code: ErrorCode, number: int) -> LandingError:
    """Every kind in turn, and of what a person has to mend elsewhere the one for that."""
    of_settings = code.partition(".")[0] in SETTINGS and number % 2
    kind = ConfigurationError if of_settings else (TerminalError, TransientError)[number % 2]
    return kind(code, "it is so")


ERRORS: dict[str, Exception] = {
    code.value.replace(".", "_"): _error(code, number) for number, code in enumerate(ErrorCode)
} | RAW
GOOD = [f"a_good_{n}.csv" for n in (1, 2, 3)]


class Trap:
    """Raises what the name of a bad file says; else calls what it stands in for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def at(self, owner: Any, function: str, name_of: Callable[..., str]) -> None:
        called = getattr(owner, function)

        def trapped(*arguments: Any, **keys: Any) -> Any:
            word = name_of(*arguments).removeprefix("a_bad_").removesuffix(".csv")
            if word in ERRORS:
                raise ERRORS[word]
            return called(*arguments, **keys)

        self._monkeypatch.setattr(owner, function, trapped)


STEPS: dict[str, Callable[[Trap], None]] = {
    "inspect": lambda trap: trap.at(validation, "inspect", lambda source, *_: source.name),
    "freshen": lambda trap: _at_freshening(trap),
    "read": lambda trap: trap.at(RecordReader, "_file", lambda _, v: v.delivery.data.name),
    "before the commit": lambda trap: trap.at(
        duckdb_batch, "still_same", lambda _, delivery: delivery.data.name
    ),
    "move": lambda trap: trap.at(moves, "move", lambda files, *_: files[0].file.name),
}


def _at_freshening(trap: Trap) -> None:
    trap.at(pipeline_module, "still_same", lambda _, delivery: delivery.data.name)
    trap.at(pipeline_module, "find_delivery", lambda _, __, name: name)


@pytest.mark.parametrize("step", STEPS)
def test_every_error_at_every_step(world: Any, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world.map()
    for number, word in enumerate(ERRORS):
        world.deliver(f"a_bad_{word}.csv", f"id\n{number}\n")
    for name in GOOD:
        world.deliver(name, f"id\n{name}\n")
    ready = world.pipeline.discover().ready
    STEPS[step](Trap(monkeypatch))
    outcomes = {o.name: o for o in world.pipeline.run_batch(ready)}
    assert {name: outcomes[name].status for name in GOOD} == dict.fromkeys(GOOD, "loaded")
    for word, error in ERRORS.items():
        _assert_is_verdict(outcomes[f"a_bad_{word}.csv"], error, step)
    zones = world.zones.names()
    assert {*GOOD} <= {*zones["archive"]}
    everywhere = [n for z in zones.values() for n in z if n.endswith(".csv")]
    assert sorted(everywhere) == sorted(outcomes)  # nothing is lost or doubled


def _assert_is_verdict(outcome: Outcome, error: Exception, step: str) -> None:
    if step == "freshen" and getattr(error, "code", None) is ErrorCode.LANDING_DISAPPEARED:
        assert outcome.status == "loaded"  # the warehouse knows better than a look
        return
    assert outcome.error is not None, outcome
    if isinstance(error, TerminalError) and step == "freshen":
        assert outcome.status == "left"  # a name that nobody can look at is not moved
    elif isinstance(error, LandingError):
        assert outcome.error.code == error.code
        foreseen = not error.transient and error.code.partition(".")[0] not in STAYS
        stays = error.code in (
            ErrorCode.LANDING_NOT_A_FILE,
            ErrorCode.LANDING_TWO_PATTERNS,
            ErrorCode.LANDING_UNKNOWN_FILE,
        )
        goes = foreseen and not stays and step != "move"
        assert outcome.status == ("failed" if goes else "left"), outcome
    elif step in ("read", "before the commit") and isinstance(error, duckdb.Error):
        assert outcome.error.code.startswith(("warehouse.", "load.", "internal."))
    else:
        assert outcome.status == "left"
        assert outcome.error.code in (
            ErrorCode.LANDING_UNREADABLE,
            ErrorCode.INTERNAL_UNEXPECTED,
        )


def test_a_record_that_cannot_be_written_leaves_its_file_where_it_is(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = DuckDBWarehouse.record_deliveries

    def refusing(self: Any, records: Any) -> None:
        if any(r.filename == "a_2.csv" for r in records):
            raise UnicodeEncodeError("utf-8", "\udcff", 0, 1, "bad")
        record(self, records)

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
        files = moves._note((FileToMove(file=delivery.data),), "abc", "", None)
        journal.write_note(LocalFolder(str(work)), files)
    monkeypatch.setattr(mover, "move", breaking)
    assert [d.data.name for d in world.pipeline.discover().ready] == ["a_1.csv"]


def _a_link(path: Path) -> None:
    path.rename(path.parent / ".x")
    path.symlink_to(path.parent / ".x")


def _a_second_name(path: Path) -> None:
    os.link(path, path.parent / ".second")


def _a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _a_socket(path: Path) -> None:
    path.unlink()
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket is short
    try:
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.chdir(here)


def _cut(path: Path) -> None:
    """As a sender that preserves the time does: the file seems to be the same."""
    status = path.stat()
    os.truncate(path, 4)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _gone(path: Path) -> None:
    path.unlink()


SWAPS = [_a_link, _a_second_name, _a_folder, _a_pipe, _a_socket, _cut, _gone]
# It is looked at anew then, and is whole as it is.
TAKEN = ((_cut, "load"),)
NO_FILE = (_a_link, _a_second_name, _a_folder, _a_pipe, _a_socket)


@pytest.mark.parametrize("swap", SWAPS)
@pytest.mark.parametrize("moment", ["validate", "load", "commit", "move"])
def test_a_file_that_becomes_another_thing(
    world: Any, swap: Callable[[Path], None], moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.map()
    for name in ("a_1.csv", "a_2.csv", "a_3.csv"):
        world.deliver(name, f"id\n{name}\n")
    bad = world.zones.landing / "a_2.csv"
    pipeline = world.pipeline
    ready = pipeline.discover().ready

    def swapped(*_: Any, then: Any = None, **__: Any) -> Any:
        if not os.path.lexists(bad.parent / ".done"):
            (bad.parent / ".done").touch()
            swap(bad)
        return None if then is None else then()

    if moment == "validate":
        swapped()
    elif moment == "load":
        load = pipeline.load
        monkeypatch.setattr(pipeline, "load", lambda b: swapped(then=lambda: load(b)))
    elif moment == "commit":
        same = duckdb_batch.still_same
        monkeypatch.setattr(duckdb_batch, "still_same", lambda *a: swapped(then=lambda: same(*a)))
    else:
        finish = pipeline.finish
        monkeypatch.setattr(pipeline, "finish", lambda v: swapped(then=lambda: finish(v)))
    outcomes = {o.name: o for o in pipeline.run_batch(ready)}
    assert [outcomes[n].status for n in ("a_1.csv", "a_3.csv")] == ["loaded", "loaded"]
    if moment == "move" or (swap, moment) in TAKEN:
        # What was loaded is held on to, whatever its name stands for by then.
        assert outcomes["a_2.csv"].status == "loaded"
        return
    assert outcomes["a_2.csv"].status == "left"
    assert outcomes["a_2.csv"].error is not None
    if swap in NO_FILE:
        # With a second name it is the same file still, of which somebody has changed something.
        codes = {ErrorCode.LANDING_NOT_A_FILE}
        codes |= {ErrorCode.LANDING_CHANGED} if swap is _a_second_name else set()
        assert outcomes["a_2.csv"].error.code in codes
    if swap is _cut:
        assert outcomes["a_2.csv"].error.transient
    # And the next poll is none the worse for it.
    world.deliver("a_4.csv", "id\nnew\n")
    pipeline = world.pipeline
    later = {o.name: o.status for o in pipeline.run_batch(pipeline.discover().ready)}
    assert later["a_4.csv"] == "loaded"


@pytest.mark.parametrize("size", [1, 400_000], ids=["gathered", "alone"])
@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE])
def test_a_disk_that_fails_under_one_file(
    world: Any, size: int, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.map()
    for name in ("a_1.csv", "a_2.csv", "a_3.csv"):
        world.deliver(name, f"id\n{name}\n" + "12345\n" * size)
    pipeline = world.pipeline
    validated = pipeline.validate_batch(["a_1.csv", "a_2.csv", "a_3.csv"])
    pread = os.pread
    bad = (world.zones.landing / "a_2.csv").stat().st_ino

    def failing(descriptor: int, *arguments: int) -> bytes:
        if os.fstat(descriptor).st_ino == bad:
            raise OSError(number, os.strerror(number))
        return pread(descriptor, *arguments)

    monkeypatch.setattr(os, "pread", failing)
    verdicts = pipeline.load(validated)
    outcomes = {o.name: o for o in pipeline.finish(verdicts)}
    assert [outcomes[n].status for n in ("a_1.csv", "a_3.csv")] == ["loaded", "loaded"]
    error = outcomes["a_2.csv"].error
    assert error is not None
    assert (error.code, error.transient) == (ErrorCode.LANDING_UNREADABLE, True)
    monkeypatch.setattr(os, "pread", pread)
    assert world.run()["a_2.csv"].status == "loaded"


def test_the_tasks_of_airflow_go_on_with_the_other_files(world: Any) -> None:
    world.map()
    for name in ("a_1.csv", "a_2.csv"):
        world.deliver(name, f"id\n{name}\n")
    keys = {"settings": world.settings, "mapping": world.mappings}
    context: Any = {"run_id": "r", "ti": None}
    first = ValidateFilesOperator(task_id="v", files=["a_1.csv", "a_2.csv"], **keys)
    validated = first.execute(context)
    _a_folder(world.zones.landing / "a_1.csv")
    loaded = LoadFilesOperator(task_id="l", validated=validated, **keys).execute(context)
    words = {f["delivery"]["data"]["name"]: f.get("error") for f in loaded["files"]}
    assert words["a_2.csv"] is None
    assert words["a_1.csv"]["code"] == "landing.not_a_file"


def test_a_task_of_airflow_whose_only_file_has_gone_is_skipped(world: Any) -> None:
    world.map()
    world.deliver("a_1.csv", "id\n1\n")
    _gone(world.zones.landing / "a_1.csv")
    task = ValidateFilesOperator(
        task_id="v", files=["a_1.csv"], settings=world.settings, mapping=world.mappings
    )
    with pytest.raises(AirflowSkipException):
        task.execute({"run_id": "r", "ti": None})  # type: ignore[typeddict-item]


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
