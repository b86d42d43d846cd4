"""Whatever goes wrong with one file, at whatever step, is the verdict on that file: others load."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from airflow_landing_loader.exceptions import (
    ConfigurationError,
    ErrorCode,
    LandingError,
    TerminalError,
    TransientError,
)
from airflow_landing_loader.landing.moves import move as moves
from airflow_landing_loader.loading.reading.records import RecordReader
from airflow_landing_loader.loading.warehouses.duckdb import batch as duckdb_batch
from airflow_landing_loader.pipeline import pipeline as pipeline_module
from airflow_landing_loader.pipeline import validation
from airflow_landing_loader.pipeline.outcome import Outcome

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
    trap.at(pipeline_module.Finder, "find", lambda _, name: name)


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
