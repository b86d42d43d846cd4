"""What a look means for a run, and when a wait is over: no Airflow, no clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.landing.discovery.model import Discovery, RefusedFile
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.pipeline.pipeline import Pipeline
from airflow_landing_loader.runs import waiting
from airflow_landing_loader.runs.holdback import LONG_PAUSE, PATIENCE, HeldBack
from airflow_landing_loader.runs.waiting import Memory, NextLook, Watch, next_look, weigh
from airflow_landing_loader.settings import Settings
from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.zone import SpecialEntry

if TYPE_CHECKING:
    from tests.support.zones import Zones

NOW = 1_700_000_000.0
MAPPING = TableMapping(pattern="*.csv", table="raw", settle_seconds=0)


def delivery(name: str = "a.csv") -> Delivery:
    data = LandedFile(name=name, path=f"/l/{name}", size=1, mtime_ns=0, token="1")
    return Delivery(mapping=MAPPING, data=data)


def found(*ready: str, refused: tuple[str, ...] = ()) -> Discovery:
    entries = (SpecialEntry(name=name, path=f"/l/{name}", kind="a pipe") for name in refused)
    return Discovery(
        ready=tuple(map(delivery, ready)),
        refused=tuple(RefusedFile(e.name, e.path, entry=e) for e in entries),
    )


def held(name: str, until: float) -> HeldBack:
    return HeldBack(name=name, token=None, code="x", since=NOW, until=until, failed=False)


def lanes(look: Discovery, memory: Memory, *, due: bool = False) -> Any:
    plan = weigh(look, memory, NOW).plan(due=due, max_lanes=9, batch_files=9)
    return None if plan is None else plan.lanes


class TestRun:
    def test_it_begins_with_what_is_ready(self) -> None:
        assert lanes(found("a.csv", "b.csv"), Memory()) == (("a.csv",), ("b.csv",))

    def test_nothing_is_no_run(self) -> None:
        assert lanes(found(), Memory()) is None

    def test_a_held_file_waits_for_its_time(self) -> None:
        later = Memory(held=(held("a.csv", NOW + 1),))
        assert lanes(found("a.csv"), later) is None
        assert lanes(found("a.csv", "b.csv"), later) == (("b.csv",),)
        assert lanes(found("a.csv"), Memory(held=(held("a.csv", NOW),))) == (("a.csv",),)

    def test_dbt_alone_makes_a_run_without_lanes(self) -> None:
        assert lanes(found(), Memory(), due=True) == ()
        assert lanes(found("a.csv"), Memory(), due=True) == (("a.csv",),)

    def test_a_refused_file_makes_one_run_that_fails(self) -> None:
        look = found(refused=("a.csv",))
        assert lanes(look, Memory(refused=())) == ()
        refusals = weigh(look, Memory(refused=()), NOW).refusals
        assert refusals is not None
        assert [entry.name for entry in refusals.over] == ["a.csv"]
        assert lanes(look, Memory(refused=refusals.remembered)) is None

    def test_where_nobody_could_tell_refused_files_do_not_count(self) -> None:
        weighed = weigh(found(refused=("a.csv",)), Memory(refused=None), NOW)
        assert (weighed.refusals, weighed.alarm) == (None, ())


class TestWatch:
    @pytest.fixture
    def watch(self) -> Watch:
        return Watch(memory=Memory(refused=()), deadline=NOW + 100)

    def test_a_file_ends_it_even_after_its_time(self, watch: Watch) -> None:
        assert watch.after_look(found("a.csv"), NOW).ended == "ready"
        assert watch.after_look(found("a.csv"), NOW + 500).ended == "ready"

    def test_a_refusal_ends_it_once(self, watch: Watch) -> None:
        after = watch.after_look(found(refused=("a.csv",)), NOW)
        assert after.ended == "refused"
        again = replace(watch, memory=after.memory)
        assert again.after_look(found(refused=("a.csv",)), NOW + 1).ended is None

    def test_time_ends_it(self, watch: Watch) -> None:
        assert watch.after_look(found(), NOW + 99).ended is None
        assert watch.after_look(found(), NOW + 100).ended == "timeout"

    def test_a_moment_ends_it(self, watch: Watch) -> None:
        watch = replace(watch, wake_at=NOW + 10)
        assert watch.after_look(found(), NOW + 9).ended is None
        assert watch.after_look(found(), NOW + 10).ended == "due"
        assert watch.after_trouble(NOW + 10).ended == "due"
        assert watch.after_look(found(), NOW + 100).ended == "timeout"

    def test_trouble_outlasts_the_deadline_but_not_patience(self, watch: Watch) -> None:
        troubled = watch.after_trouble(NOW + 99)
        assert troubled.after_trouble(NOW + 101).ended is None
        assert troubled.after_trouble(NOW + 98 + PATIENCE).ended is None
        assert troubled.after_trouble(NOW + 99 + PATIENCE).ended == "error"

    def test_trouble_that_passes_is_forgotten(self, watch: Watch) -> None:
        watch = replace(watch, deadline=NOW + 1e6)
        after = watch.after_trouble(NOW).after_look(found(), NOW + 899).after_trouble(NOW + 901)
        assert (after.ended, after.trouble_since) == (None, NOW + 901)

    @given(st.floats(0.001, 60), st.floats(-100, 200))
    def test_no_pause_passes_the_deadline_and_none_is_no_pause(
        self, longest: float, before: float
    ) -> None:
        watch = Watch(memory=Memory(), deadline=NOW)
        now = NOW - before
        pause = watch.pause(longest, now)
        assert 0 < pause <= longest
        assert now >= NOW or now + pause <= NOW + 0.001


class TestNextLook:
    def test_a_sensor_that_was_woken_for_nothing_makes_no_loop(self) -> None:
        for wake_at in (None, NOW + 500):
            first = next_look(NOW, 10, woken=False, trouble=False, wake_at=wake_at)
            assert first == NextLook(start_at=NOW, wake_at=wake_at)
            again = next_look(NOW, 10, woken=True, trouble=False, wake_at=wake_at)
            assert again == NextLook(start_at=NOW + 10, wake_at=wake_at)

    @pytest.mark.parametrize("woken", [True, False])
    @pytest.mark.parametrize("wake_at", [None, NOW + 500])
    def test_after_trouble_the_sensor_itself_looks_again_slowly(
        self, woken: bool, wake_at: float | None
    ) -> None:
        # The trigger sees landing only; an archive that is away would never be an error.
        look = next_look(NOW, 10, woken=woken, trouble=True, wake_at=wake_at)
        assert look.start_at == NOW + waiting.TROUBLE_PAUSE
        watch = Watch(memory=Memory(), deadline=NOW + 1e6, wake_at=look.wake_at)
        assert watch.after_look(found(), look.start_at).ended == "due"

    def test_whom_nobody_wakes_waits_longer_than_all_others(self) -> None:
        assert waiting.OVERTIME >= PATIENCE + LONG_PAUSE


class TestTwoLooks:
    def test_a_file_that_has_to_rest_is_looked_at_twice(
        self, settings: Callable[..., Settings], zones: Zones, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        slept: list[float] = []

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            (zones.landing / "a.csv").write_text("id\n1\n2\n")

        monkeypatch.setattr(waiting.time, "sleep", sleep)
        (zones.landing / "a.csv").write_text("id\n1\n")
        mapping = MAPPING.model_copy(update={"settle_seconds": 1.0})
        look = waiting.look_twice(Pipeline(settings(), [mapping]))
        assert slept == [1.0]
        assert (look.ready, len(look.unsettled)) == ((), 1)

    def test_one_look_is_enough_where_nothing_has_to_rest(
        self, settings: Callable[..., Settings], zones: Zones, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(waiting.time, "sleep", lambda _: pytest.fail("slept"))
        (zones.landing / "a.csv").write_text("id\n1\n")
        assert waiting.look_twice(Pipeline(settings(), [MAPPING])).ready
