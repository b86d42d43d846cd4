"""When refused files fail a run of Airflow."""

from __future__ import annotations

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.landing.discovery.model import RefusedFile
from airflow_landing_loader.runs import refusals
from airflow_landing_loader.runs.holdback import LONG_PAUSE, PATIENCE
from airflow_landing_loader.runs.refusals import Refusal
from airflow_landing_loader.storage.zone import SpecialEntry, UnknownEntry

START = 1_700_000_000.0


def refused(name: str, *, passes: bool = False) -> RefusedFile:
    entry = (
        UnknownEntry(name=name, path=f"/l/{name}", why="no answer")
        if passes
        else SpecialEntry(name=name, path=f"/l/{name}", kind="a pipe")
    )
    return RefusedFile(name, f"/l/{name}", entry=entry)


class World:
    """Looks, and the runs that fail over them: moment and names."""

    def __init__(self) -> None:
        self.known: tuple[Refusal, ...] = ()
        self.failures: list[tuple[float, tuple[str, ...]]] = []

    def look(self, at: float, *names: str, passes: bool = False) -> None:
        now = START + at
        files = [refused(name, passes=passes) for name in sorted(names)]
        judged = refusals.judge(self.known, refusals.refusals_of(files, now), now)
        if judged.over:
            self.failures.append((at, tuple(entry.name for entry in judged.over)))
        self.known = judged.remembered
        text = json.dumps(refusals.dump_refusals(self.known))
        assert refusals.load_refusals(json.loads(text)) == self.known


def test_each_fails_one_run_and_again_only_after_it_was_gone() -> None:
    world = World()
    for now in (1.0, 2.0, 5000.0, 9000.0):
        world.look(now, "a")
    world.look(9001.0)
    world.look(9002.0, "a")
    assert world.failures == [(1.0, ("a",)), (9002.0, ("a",))]


def test_what_comes_within_ten_minutes_waits_and_fails_together() -> None:
    world = World()
    world.look(1.0, "a")
    world.look(2.0, "a", "b")
    world.look(3.0, "c", "b")
    world.look(1.0 + LONG_PAUSE, "b", "c")
    assert world.failures == [(1.0, ("a",)), (1.0 + LONG_PAUSE, ("b", "c"))]


def test_what_may_pass_by_itself_has_fifteen_minutes() -> None:
    world = World()
    world.look(1.0, "a", passes=True)
    world.look(PATIENCE, "a", passes=True)
    assert world.failures == []
    world.look(1.0 + PATIENCE, "a", passes=True)
    assert world.failures == [(1.0 + PATIENCE, ("a",))]


def test_a_name_that_is_not_utf8_is_carried() -> None:
    world = World()
    world.look(1.0, "a\udcff")
    assert world.failures == [(1.0, ("a\udcff",))]


def test_a_flood_is_remembered_within_bounds() -> None:
    world = World()
    world.look(1.0, *(f"{number:05}" for number in range(10_000)))
    assert len(world.known) == refusals.MAX_REFUSALS


def test_a_stranger_is_told_with_what_to_do_and_names_cannot_break_the_text() -> None:
    names = refusals.unclaimed(("a.csv", "theirs.csv", "x\ny"), ("theirs.*", "A.csv"))
    assert names == ("a.csv", "x\ny")
    over = refusals.judge((), refusals.strangers(names, START), START).over
    lines = refusals.strangers_text(over, len(over), "/l").splitlines()
    assert lines[0] == (
        "[landing.unknown_file] No mapping matches 2 files in /l; nothing takes them:"
    )
    assert len(lines) == 4
    assert lines[3].startswith("Hint: Add a mapping")
    one = refusals.strangers_text(over[:1], 1, "/l")
    assert "1 file in /l; nothing takes it:" in one
    assert "them" not in one
    assert "Every file in /l" in refusals.no_strangers_text(0, "/l")
    assert "2 files in /l that no mapping matches" in refusals.no_strangers_text(2, "/l")


@given(st.lists(st.tuples(st.floats(1, 400), st.sets(st.sampled_from("abc"))), max_size=30))
def test_no_two_runs_fail_within_ten_minutes_and_nothing_that_stays_is_missed(
    looks: list[tuple[float, set[str]]],
) -> None:
    world, now = World(), 0.0
    for pause, names in looks:
        now += pause
        world.look(now, *names)
    moments = [moment for moment, _ in world.failures]
    assert all(b - a >= LONG_PAUSE - 0.001 for a, b in pairwise(moments))
    last = looks[-1][1] if looks else set()
    world.look(now + LONG_PAUSE + 1, *last)
    assert last <= {name for _, names in world.failures for name in names}
