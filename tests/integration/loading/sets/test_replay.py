"""What one go file names comes back from failed together, whichever of it is asked for."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from tests.support.hostile.steps import killed_at
from tests.support.proofs import unloader
from tests.support.sets import GO, A, B, deliver

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.replay.replay import replay

WRONG = "a_1.csv,1\nb_1.csv,3\n"
ALL = ["a_1.csv", "b_1.csv", "day_1.ctl"]


def back(world: Any, *names: str) -> list[Any]:
    zones = world.pipeline.zones
    return replay(zones.failed, zones.landing, names)


@pytest.mark.parametrize(
    "names",
    [["a_1.csv"], ["b_1.csv"], ["day_1.ctl"], ["b_1.csv.error.json"], ["a_1.csv", "b_1.csv"]],
)
def test_any_name_brings_all_back(two: Any, names: list[str]) -> None:
    deliver(two, listed=WRONG)
    two.run()
    returned = back(two, *names)
    assert [r.stored for r in returned] == ["a_1.csv", "b_1.csv"]
    assert two.zones.names() == {"landing": ALL, "archive": [], "failed": []}
    two.deliver("b_1.csv", B + "4\n")
    assert {o.status for o in two.run().values()} == {"loaded"}


def test_names_that_were_taken_in_failed(two: Any) -> None:
    for _ in range(2):
        deliver(two, listed=WRONG)
        two.run()
    (two.zones.failed / "a_1.csv").write_text("id\n5\n")
    deliver(two, listed=WRONG)
    two.run()
    assert any("~" in name for name in two.zones.names()["failed"])
    back(two, "day_1.ctl")
    assert two.zones.names()["landing"] == ALL
    assert (two.zones.landing / "a_1.csv").read_text() == A


def test_nothing_comes_back_over_another_file(two: Any) -> None:
    deliver(two, listed=WRONG)
    two.run()
    two.deliver("b_1.csv", "id\n9\n")
    with pytest.raises(TerminalError) as refused:
        back(two, "a_1.csv")
    assert refused.value.code is ErrorCode.REPLAY_NAME_TAKEN
    assert two.zones.names()["landing"] == ["b_1.csv"]


@pytest.mark.parametrize("other", ["b_1.csv", "a_3.csv"])
def test_two_sets_that_want_one_name_stay_both(two: Any, other: str) -> None:
    """A mate that was not named, or only the go files."""
    deliver(two, listed=WRONG)
    two.run()
    for name, content in (("a_2.csv", A), (other, A + "7\n")):
        two.deliver(name, content)
    two.deliver("day_1.ctl", f"a_2.csv,9\n{other},9\n")
    two.run()
    before = two.zones.names()
    assert before["landing"] == []
    with pytest.raises(TerminalError) as refused:
        back(two, "a_1.csv", "a_2.csv")
    assert refused.value.code is ErrorCode.REPLAY_NAME_TAKEN
    assert "both go back as" in refused.value.detail.message
    assert two.zones.names() == before


def test_an_unknown_name_is_no_go_file_either(two: Any) -> None:
    deliver(two, listed=WRONG)
    two.run()
    with pytest.raises(TerminalError) as refused:
        back(two, "day_2.ctl")
    assert refused.value.code is ErrorCode.REPLAY_NO_SIDECAR


SET = {"a_1.csv": A, "b_1.csv": B, "c_1.csv": "id\n4\n", "b_2.csv": "id\n5\n"}


def all_in_failed(world: Any, way: str) -> None:
    """A set in the failed zone: refused, or loaded and taken back."""
    for zone in (world.zones.landing, world.zones.archive, world.zones.failed):
        for path in zone.glob("*.*"):
            path.unlink() if path.is_file() else None
    for name, content in SET.items():
        world.deliver(name, content)
    counts = (1, 2, 1, 1 if way == "unloaded" else 9)
    rows = zip(SET, counts, strict=True)
    world.deliver("day_1.ctl", "".join(f"{name},{count}\n" for name, count in rows))
    for outcome in world.run().values():
        if way == "unloaded":
            unloader(world.settings).unload(outcome.load_id, "failed")
    assert {n for n in world.zones.names()["failed"] if "error" not in n} == {*SET, "day_1.ctl"}


@pytest.mark.parametrize("way", ["refused", "unloaded"])
@pytest.mark.parametrize("names", [["a_1.csv"], ["b_2.csv"], ["day_1.ctl"], ["b_1.csv", "a_1.csv"]])
def test_a_death_at_any_step_is_finished_by_the_same_command(
    two: Any, way: str, names: list[str]
) -> None:
    two.map("c_*.csv", "raw_c", go_file=GO)
    all_in_failed(two, way)
    before = two.zones.failed
    kept = two.zones.root / "kept"
    shutil.copytree(before, kept)
    number, died = 0, True
    while died:
        number += 1
        shutil.rmtree(before)
        shutil.copytree(kept, before)
        for path in two.zones.landing.glob("*.*"):
            path.unlink()
        died = killed_at(number, lambda: back(two, *names), about=str(two.zones.root))
        if any(left := two.zones.names()["failed"]):
            back_there = "day_1.ctl" in two.zones.names()["landing"]
            assert not back_there or not any(n in SET for n in left), number  # the last of all
            # Of several names, the first ones may be back with nothing left to do.
            several = len(names) > 1 and "b_1.csv.error.json" not in left
            back(two, *(names[1:] if several else names))
        assert two.zones.names()["failed"] == [], number
        assert two.zones.names()["landing"] == sorted([*SET, "day_1.ctl"]), number
    assert number > 20
