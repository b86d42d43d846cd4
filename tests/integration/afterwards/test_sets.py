"""Loads of a set taken back one by one: the others stay, and the go file goes with the first."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.proofs import proof_of, unloader
from tests.support.sets import GO, LISTED, A, B, deliver

from airflow_landing_loader.landing.replay.replay import replay

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
