"""Loads of a set taken back one by one: the others stay, and the go file goes with the first."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.proofs import proof_of, unloader
from tests.support.sets import GO, LISTED, A, B, deliver

from airflow_landing_loader.landing.replay.replay import replay

BY_NAME = {"pattern": "day_*.ctl", "format": "csv", "lists_files": 1}
NAMES = "a_1.csv\nb_1.csv\n"
ALL = {"a_1.csv": A.encode(), "b_1.csv": B.encode(), "day_1.ctl": LISTED.encode()}


def loaded(side: Any, **keys: Any) -> dict[str, str]:
    for letter in "ab":
        side.map(f"{letter}_*.csv", f"raw_{letter}", go_file=GO, **keys)
    deliver(side)
    return {name: outcome.load_id for name, outcome in side.run().items()}


def files(side: Any, zone: str) -> set[str]:
    return {n.rpartition("/")[2] for n in side.zones()[zone] if not n.endswith(".error.json")}


@pytest.mark.parametrize("layout", ["", "{table}"])
@pytest.mark.parametrize("first", ["a_1.csv", "b_1.csv"])
def test_the_go_file_goes_with_the_first(side: Any, layout: str, first: str) -> None:
    ids = loaded(side, archive_layout=layout)
    second = next(name for name in ids if name != first)
    for load_id in ids.values():
        assert proof_of(side.settings, side.mappings, load_id).error is None
    done = unloader(side.settings).unload(ids[first], "failed")
    assert done.stay_loaded == (second,)
    sidecar = json.loads((side.folder("failed") / f"{first}.error.json").read_text())
    assert "Unload the other files" in sidecar["hint"]
    assert files(side, "failed") == {first, "day_1.ctl"}
    assert files(side, "archive") == {second}
    assert proof_of(side.settings, side.mappings, ids[second]).error is None
    for _ in range(2):  # the same again changes nothing
        unloader(side.settings).unload(ids[second], "failed")
        assert files(side, "failed") == set(ALL)
        assert files(side, "archive") == set()
    zones = side.pipeline.zones
    replay(zones.failed, zones.landing, [first])
    assert files(side, "landing") == set(ALL)
    assert {o.status for o in side.run().values()} == {"loaded"}
    assert [len(side.table(f"raw_{letter}")) for letter in "ab"] == [1, 2]


def test_what_goes_back_to_landing_waits_for_the_others(side: Any) -> None:
    ids = loaded(side)
    unloader(side.settings).unload(ids["a_1.csv"], "landing")
    assert files(side, "landing") == {"a_1.csv", "day_1.ctl"}
    assert side.run() == {}
    unloader(side.settings).unload(ids["b_1.csv"], "landing")
    assert {o.status for o in side.run().values()} == {"loaded"}
    assert files(side, "archive") == set(ALL)


def days(side: Any) -> list[dict[str, str]]:
    """Load ids by name of two days that have the same names, and the same go file's content."""
    for letter in "ab":
        side.map(f"{letter}_*.csv", f"raw_{letter}", go_file=BY_NAME)
    return [day(side, number) for number in (1, 2)]


def day(side: Any, number: int) -> dict[str, str]:
    deliver(side, listed=NAMES, **{letter: f"id\n{letter}{number}\n" for letter in "ab"})
    return {name: outcome.load_id for name, outcome in side.run().items()}


def landed(side: Any) -> dict[str, str]:
    folder = side.folder("landing")
    return {name: (folder / name).read_text() for name in files(side, "landing")}


def of_day(number: int) -> dict[str, str]:
    data = {f"{letter}_1.csv": f"id\n{letter}{number}\n" for letter in "ab"}
    return {**data, "day_1.ctl": NAMES}


def stored(side: Any, content: str) -> str:
    """The name of the file of this content in failed."""
    texts = {path.name: path.read_text() for path in side.folder("failed").glob("*.csv")}
    return next(name for name, text in texts.items() if text == content)


def values(side: Any) -> set[str]:
    return {str(row["id"]) for letter in "ab" for row in side.table(f"raw_{letter}") or []}


ORDERS = [[(1, "a"), (1, "b"), (2, "a"), (2, "b")], [(2, "b"), (1, "b"), (2, "a"), (1, "a")]]
ORDERS += [order[::-1] for order in ORDERS]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("letter", ["a", "b"])
@pytest.mark.parametrize("first", [1, 2])
def test_two_days_of_one_go_file_do_not_mix(
    side: Any, order: list[tuple[int, str]], letter: str, first: int
) -> None:
    ids = days(side)
    for number, each in order:
        unloader(side.settings).unload(ids[number - 1][f"{each}_1.csv"], "failed")
    assert files(side, "archive") == set()
    zones = side.pipeline.zones
    for number in (first, 3 - first):
        replay(zones.failed, zones.landing, [stored(side, f"id\n{letter}{number}\n")])
        assert landed(side) == of_day(number)
        assert {o.status for o in side.run().values()} == {"loaded"}
    assert side.zones()["failed"] == {}
    assert values(side) == {"a1", "a2", "b1", "b2"}


@pytest.mark.parametrize("to", ["failed", "landing"])
@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("letters", ["ab", "ba"])
def test_an_unload_leaves_the_other_day_alone(
    side: Any, to: Any, number: int, letters: str
) -> None:
    ids = days(side)
    archived = side.zones()["archive"]
    taken, other = ids[number - 1], ids[2 - number]
    told = [unloader(side.settings).unload(taken[f"{e}_1.csv"], to).stay_loaded for e in letters]
    assert told == [(f"{letters[1]}_1.csv",), ()]
    left = side.zones()["archive"]
    assert len(left) == 3
    assert left.items() <= archived.items()
    # The go file that stays is the one that came with the data files that stay.
    suffixes = {name.partition("~")[2].partition(".")[0] for name in left}
    assert ("" in suffixes) is (number == 2)
    for load_id in other.values():
        assert proof_of(side.settings, side.mappings, load_id).error is None
    if to == "landing":
        assert landed(side) == of_day(number)
        assert {o.status for o in side.run().values()} == {"loaded"}


def test_equal_go_files_that_met_in_failed_serve_both_sets(side: Any) -> None:
    for letter in "ab":
        side.map(f"{letter}_*.csv", f"raw_{letter}", go_file=BY_NAME)
    for number in (1, 2):
        for load_id in day(side, number).values():
            unloader(side.settings).unload(load_id, "failed")
    zones = side.pipeline.zones
    for number in (1, 2):
        replay(zones.failed, zones.landing, [stored(side, f"id\na{number}\n")])
        assert landed(side) == of_day(number)
        assert {o.status for o in side.run().values()} == {"loaded"}
    assert side.zones()["failed"] == {}


def test_a_duplicate_of_a_set_does_not_cost_the_other_day_its_go_file(side: Any) -> None:
    days(side)
    deliver(side, listed=NAMES, a="id\na3\n", b="id\nb2\n")
    outcomes = side.run()
    assert [outcomes[name].status for name in sorted(outcomes)] == ["loaded", "duplicate"]
    before = side.zones()["archive"]
    done = unloader(side.settings).unload(outcomes["a_1.csv"].load_id, "landing")
    assert done.stay_loaded == ()
    assert landed(side) == {"a_1.csv": "id\na3\n", "day_1.ctl": NAMES}
    left = side.zones()["archive"]
    assert sum(name.endswith(".ctl") for name in left) >= 2
    assert len(left) < len(before)


def test_equal_go_files_of_single_files_stay_with_their_own(side: Any) -> None:
    side.map("a_*.csv", "raw_a", go_file={"pattern": "a_*.done", "format": "presence"})
    ids = []
    for number in (1, 2):
        side.deliver("a_1.csv", f"id\n{number}\n")
        side.deliver("a_1.done", "")
        ids.append(side.run()["a_1.csv"].load_id)
    unloader(side.settings).unload(ids[1], "failed")
    assert files(side, "archive") == {"a_1.csv", "a_1.done"}
    unloader(side.settings).unload(ids[0], "failed")
    assert len(files(side, "failed")) == 4


def test_in_bigquery_a_commit_tells_a_set_from_the_next(theirs: Any) -> None:
    ids = days(theirs)
    for number in (2, 1):
        done = unloader(theirs.settings).unload(ids[number - 1]["a_1.csv"], "failed")
        assert done.stay_loaded == ("b_1.csv",)
        assert unloader(theirs.settings).unload(ids[number - 1]["b_1.csv"], "failed").rows == 1
    zones = theirs.pipeline.zones
    replay(zones.failed, zones.landing, [stored(theirs, "id\nb2\n")])
    assert landed(theirs) == of_day(2)
