"""The loop on a pipeline that plays a script."""

from __future__ import annotations

import errno
import io
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from airflow_landing_loader.cli.failures import ExitCode
from airflow_landing_loader.cli.loop import loop as loop_module
from airflow_landing_loader.cli.loop.loop import Loop, LoopOptions
from airflow_landing_loader.cli.loop.run_log import RunLog
from airflow_landing_loader.cli.loop.stop import Stop, StopRequested
from airflow_landing_loader.cli.terminal import Screen
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import (
    ConfigurationError,
    ErrorCode,
    ErrorDetail,
    TransientError,
)
from airflow_landing_loader.landing.discovery.model import Discovery, RefusedFile
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.zone import Entry, SpecialEntry, UnknownEntry

MAPPING = TableMapping(pattern="*.csv", table="raw", settle_seconds=0.0)
LOCKED = TransientError(ErrorCode.WAREHOUSE_LOCKED, "held by pid 12")


def _delivery(name: str, size: int = 1) -> Delivery:
    data = LandedFile(name=name, path=f"/l/{name}", size=size, mtime_ns=0, token="1")
    return Delivery(mapping=MAPPING, data=data)


def _found(*, ready: str = "", unsettled: str = "") -> Discovery:
    return Discovery(
        ready=tuple(_delivery(name) for name in ready.split()),
        unsettled=tuple(_delivery(name) for name in unsettled.split()),
    )


@dataclass
class _Pipeline:
    """Finds what the script says, the last of it again and again; loads by name."""

    script: Sequence[Discovery | Exception | Callable[[], Discovery]] = (Discovery(),)
    loaded: list[str] = field(default_factory=list)
    looks: int = 0
    mappings: tuple[TableMapping, ...] = (MAPPING,)
    raises: BaseException | None = None

    def discover(self, previous: object = None) -> Discovery:
        step = self.script[min(self.looks, len(self.script) - 1)]
        self.looks += 1
        if isinstance(step, Exception):
            raise step
        return step if isinstance(step, Discovery) else step()

    def in_sequence(self, found: Discovery) -> Discovery:
        return found

    def take_up(self) -> None:
        """Nothing is held."""

    def run_batch(
        self,
        deliveries: Sequence[Delivery],
        on_outcome: Callable[[Outcome], None],
        enough: Callable[[], bool],
    ) -> tuple[Outcome, ...]:
        """In batches of two."""
        if self.raises is not None:
            raise self.raises
        outcomes = []
        for number, delivery in enumerate(deliveries, start=1):
            self.loaded.append(delivery.data.name)
            outcomes.append(_outcome(delivery.data.name))
            on_outcome(outcomes[-1])
            if number % 2 == 0 and enough():
                break
        return tuple(outcomes)


def _outcome(name: str) -> Outcome:
    """``bad*`` fails, ``left*`` is left, ``gone*`` has disappeared."""
    word = name.rstrip("0123456789.csv")
    code = {"bad": "csv.ragged", "left": "zone.unwritable", "gone": "landing.disappeared"}.get(word)
    status = {"bad": "failed", "left": "left", "gone": "left"}.get(word, "loaded")
    error = ErrorDetail(code=code, message="m") if code else None
    fields = {"table": "raw", "rows": 1, "rejected": 0, "uri": "", "error": error}
    return Outcome(name=name, status=status, **fields)  # type: ignore[arg-type]


@dataclass
class _Dbt:
    code: ExitCode = ExitCode.GOOD
    raises: BaseException | None = None
    failure: ErrorDetail | None = None
    calls: list[bool] = field(default_factory=list)

    def run(self, mappings: object, *, patient: bool) -> ExitCode:
        self.calls.append(patient)
        if self.raises is not None:
            raise self.raises
        return self.code


@dataclass
class _Arrivals:
    calls: list[bool] = field(default_factory=list)

    def run(self, mappings: object, *, loaded: bool) -> None:
        self.calls.append(loaded)


@dataclass
class _Stage:
    """A loop, with what it says."""

    pipeline: _Pipeline
    stop: Stop
    dbt: _Dbt = field(default_factory=_Dbt)
    arrivals: _Arrivals = field(default_factory=_Arrivals)
    stream: io.StringIO = field(default_factory=io.StringIO)
    refresh: Callable[[], Any] = lambda: None

    def loop(self, patience: float = 60.0) -> Loop:
        return Loop(
            self.pipeline,  # type: ignore[arg-type]
            options=LoopOptions(interval=0.01, patience=patience),
            log=RunLog(Screen(self.stream)),
            stop=self.stop,
            dbt=self.dbt,  # type: ignore[arg-type]
            arrivals=self.arrivals,  # type: ignore[arg-type]
            refresh=self.refresh,
        )


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_module, "_AGAIN", 0.001)


@pytest.fixture
def stage() -> Iterator[Callable[..., _Stage]]:
    with Stop() as stop:
        yield lambda *script, **fields: _Stage(
            pipeline=_Pipeline(script or (Discovery(),), **fields), stop=stop
        )


Make = Callable[..., _Stage]


def test_once_loads_what_is_ready_in_order(stage: Make) -> None:
    played = stage()
    assert played.loop().once(_found(ready="a b c d e")) == ExitCode.GOOD
    assert played.pipeline.loaded == ["a", "b", "c", "d", "e"]
    assert played.dbt.calls == [False]
    assert played.pipeline.looks == 0


def test_once_waits_for_what_has_not_settled(stage: Make) -> None:
    played = stage(_found(unsettled="b c"), _found(ready="b", unsettled="c"), _found(ready="c"))
    assert played.loop().once(_found(ready="a", unsettled="b c")) == ExitCode.GOOD
    assert played.pipeline.loaded == ["a", "b", "c"]


def test_once_ends_though_new_files_keep_coming(stage: Make) -> None:
    played = stage(_found(ready="b new1", unsettled="new2"))
    assert played.loop().once(_found(unsettled="b")) == ExitCode.GOOD
    assert played.pipeline.loaded == ["b"]


def test_once_gives_a_file_up_that_keeps_changing(stage: Make) -> None:
    played = stage(_found(unsettled="b.csv"))
    assert played.loop(patience=0.05).once(_found(unsettled="b.csv")) == ExitCode.ENVIRONMENT
    assert "b.csv: it keeps changing" in played.stream.getvalue()


def test_once_says_that_it_waits_where_that_takes_long(stage: Make) -> None:
    slow = MAPPING.model_copy(update={"settle_seconds": 10.0})
    found = _found(unsettled="b.csv c.csv")
    young = replace(found, unsettled=tuple(replace(d, mapping=slow) for d in found.unsettled))
    played = stage(_found(ready="b.csv c.csv"))
    played.loop().once(young)
    said = played.stream.getvalue()
    assert said.count("settling  b.csv and 1 more file wait until they rest") == 1


def test_once_ends_when_an_unsettled_file_is_taken_away(stage: Make) -> None:
    assert stage(Discovery()).loop().once(_found(unsettled="b")) == ExitCode.GOOD


def test_once_tries_a_left_file_once(stage: Make) -> None:
    played = stage(_found(ready="left", unsettled="b"), _found(ready="left b"))
    assert played.loop().once(_found(ready="left", unsettled="b")) == ExitCode.ENVIRONMENT
    assert played.pipeline.loaded == ["left", "b"]


@pytest.mark.parametrize(
    ("ready", "dbt", "code"),
    [
        ("", ExitCode.GOOD, ExitCode.GOOD),
        ("gone", ExitCode.GOOD, ExitCode.GOOD),
        ("a bad", ExitCode.GOOD, ExitCode.DATA),
        ("a left", ExitCode.GOOD, ExitCode.ENVIRONMENT),
        ("bad left", ExitCode.GOOD, ExitCode.DATA),
        ("a", ExitCode.DATA, ExitCode.DATA),
        ("left", ExitCode.DATA, ExitCode.DATA),
        ("a", ExitCode.ENVIRONMENT, ExitCode.ENVIRONMENT),
        ("bad", ExitCode.ENVIRONMENT, ExitCode.DATA),
    ],
)
def test_exit_code_of_once(stage: Make, ready: str, dbt: ExitCode, code: ExitCode) -> None:
    played = stage()
    played.dbt.code = dbt
    assert played.loop().once(_found(ready=ready)) == code


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (SpecialEntry(name="x.csv", path="/l/x.csv", kind="a pipe"), ExitCode.DATA),
        (UnknownEntry(name="x.csv", path="/l/x.csv", why="no answer"), ExitCode.ENVIRONMENT),
    ],
)
def test_what_is_refused_where_it_lies_shows_in_exit_code_and_sum(
    stage: Make, entry: Entry, code: ExitCode
) -> None:
    refused = RefusedFile("x.csv", "/l/x.csv", entry=entry)
    played = stage()
    loop = played.loop()
    assert loop.once(replace(_found(ready="a"), refused=(refused,))) == code
    assert (loop.tally.count("loaded"), loop.tally.count("left")) == (1, 1)
    assert played.stream.getvalue().count("refused   ") == 1


def test_a_file_that_somebody_holds_open_does_not_quicken_the_polls() -> None:
    unsettled = _found(unsettled="a b")
    assert unsettled.settles_soon
    assert replace(unsettled, being_written=("a",)).settles_soon
    assert not replace(unsettled, being_written=("a", "b")).settles_soon


def test_once_with_a_warehouse_that_cannot_be_used(stage: Make) -> None:
    played = stage(raises=LOCKED)
    assert played.loop().once(_found(ready="a")) == ExitCode.ENVIRONMENT
    assert "held by pid 12" in played.stream.getvalue()
    assert played.dbt.calls == []


def test_a_failed_file_counts_more_than_dbt_that_has_to_wait(stage: Make) -> None:
    played = stage()
    played.dbt.raises = LOCKED
    assert played.loop().once(_found(ready="bad")) == ExitCode.DATA


def test_a_stop_while_waiting_for_the_database_ends_once(stage: Make) -> None:
    played = stage(raises=StopRequested())
    assert played.loop().once(_found(ready="a")) == ExitCode.GOOD
    assert played.dbt.calls == []


def test_a_file_that_somebody_else_took_is_no_trouble(stage: Make) -> None:
    played = stage()
    loop = played.loop()
    assert loop.once(_found(ready="gone a")) == ExitCode.GOOD
    assert loop.tally.total().startswith("1 loaded, 0 duplicate, 0 failed, 0 left")
    assert "another loader or person took it" in played.stream.getvalue()


def _then_stop(found: Discovery) -> Callable[[], Discovery]:
    def step() -> Discovery:
        os.kill(os.getpid(), signal.SIGTERM)
        return found

    return step


def test_the_loop_polls_until_it_is_stopped(stage: Make) -> None:
    played = stage(_found(ready="a"), _found(), _found(ready="b c"), _then_stop(_found(ready="d")))
    played.loop().forever()
    assert played.pipeline.loaded == ["a", "b", "c"]  # d: the stop came before its batch
    assert played.dbt.calls == [True, True, True]


def test_a_stop_lets_the_batch_in_hand_finish(stage: Make) -> None:
    played = stage(_found(ready="a b c"))
    loop = played.loop()
    run_batch = played.pipeline.run_batch

    def stopped_meanwhile(*arguments: Any, **keys: Any) -> tuple[Outcome, ...]:
        os.kill(os.getpid(), signal.SIGTERM)
        return run_batch(*arguments, **keys)

    played.pipeline.run_batch = stopped_meanwhile  # type: ignore[method-assign]
    loop.forever()
    assert played.pipeline.loaded == ["a", "b"]  # one batch of two
    assert loop.tally.count("loaded") == 2
    assert played.dbt.calls == []


def test_trouble_that_may_pass_is_told_once_and_does_not_end_the_loop(stage: Make) -> None:
    played = stage(LOCKED, LOCKED, LOCKED, _found(ready="a"), LOCKED, _then_stop(_found()))
    played.loop().forever()
    assert played.pipeline.loaded == ["a"]
    assert played.stream.getvalue().count("held by pid 12") == 2


@pytest.mark.parametrize(
    "trouble", [ValueError("x"), ConfigurationError(ErrorCode.CONFIG_UNREADABLE, "no")]
)
def test_nothing_that_goes_wrong_ends_the_loop(stage: Make, trouble: Exception) -> None:
    played = stage(trouble, trouble, _found(ready="a"), _then_stop(_found()))
    played.loop().forever()
    assert played.pipeline.loaded == ["a"]
    assert played.stream.getvalue().count("\n") == 2  # the trouble once, and the file


def test_what_arrives_meanwhile_does_not_wait_for_all_that_was_there(stage: Make) -> None:
    played = stage(_found(ready="a b c d"), _found(ready="c d e"), _then_stop(_found()))

    def take_long(outcome: Outcome, note: Any = Loop._outcome) -> None:
        time.sleep(0.02)  # longer than the interval
        note(loop, outcome)

    loop = played.loop()
    loop._outcome = take_long  # type: ignore[method-assign]
    loop.forever()
    assert played.pipeline.loaded == ["a", "b", "c", "d"]
    assert played.pipeline.looks == 3


def test_a_full_disk_does_not_end_the_loop(stage: Make) -> None:
    full = OSError(errno.ENOSPC, "No space left on device", "/data/x")
    played = stage(full, full, _found(ready="a"), _then_stop(_found()))
    played.loop().forever()
    assert played.pipeline.loaded == ["a"]
    assert played.stream.getvalue().count("No space left on device") == 1


def test_a_stop_while_dbt_runs_ends_the_loop(stage: Make) -> None:
    played = stage(_found(ready="a"))
    played.dbt.raises = StopRequested()
    played.loop().forever()
    assert played.pipeline.looks == 1


def test_changed_mappings_are_used_from_the_next_poll_on(stage: Make) -> None:
    played = stage(_found(ready="a"))
    other = _Pipeline((_then_stop(_found()),))
    pipelines = iter([None, other])
    played.refresh = lambda: next(pipelines)
    played.loop().forever()
    assert (played.pipeline.looks, other.looks) == (1, 1)


def test_a_left_file_is_told_and_counted_once(stage: Make) -> None:
    left = _found(ready="left.csv")
    played = stage(*[left] * 50, _then_stop(left))
    loop = played.loop()
    loop.forever()
    assert loop.tally.count("left") == 1
    assert 1 <= len(played.pipeline.loaded) < 20
    assert played.stream.getvalue().count("left.csv") == 1
