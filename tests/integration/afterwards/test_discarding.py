"""`discard` dies at every step, in all warehouses and with sets: the next call finishes."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from tests.support import worlds
from tests.support.sets import GO as SET_GO
from tests.support.sets import LISTED, A, B, deliver
from tests.support.sidecars import read_sidecar
from tests.support.step_deaths import MOST_STEPS, killed

from airflow_landing_loader.landing.replay.replay import replay
from airflow_landing_loader.maintenance.discarding import Discarded, Discarder

GO = {"pattern": "a_*.go", "format": "properties", "row_count_key": "count"}


def discard(side: worlds.Side, name: str, reason: str = "why") -> tuple[Discarded, ...]:
    pipeline = side.pipeline
    warehouse = pipeline.warehouse
    return Discarder(pipeline.zones, lambda: warehouse, by="ann", reason=reason).discard(name)


def files(side: worlds.Side, zone: str) -> dict[str, Any]:
    """Data and go files by name."""
    found = {n.rpartition("/")[2]: c for n, c in side.zones()[zone].items()}
    return {name: content for name, content in found.items() if not name.endswith(".json")}


def books(side: worlds.Side) -> dict[str, tuple[str, str]]:
    rows = side.sql("SELECT filename, outcome, final_uri FROM load_deliveries")
    return {row["filename"]: (row["outcome"], row["final_uri"]) for row in rows}


def assert_discarded(side: worlds.Side, wanted: dict[str, bytes]) -> None:
    """All is in the archive once, explained, and the books say so; nothing is left elsewhere."""
    assert files(side, "failed") == {}
    assert side.zones()["failed"] == {}
    assert files(side, "landing") == {}
    assert files(side, "archive") == wanted
    for path in side.folder("archive").rglob("*.error.json"):
        sidecar = read_sidecar(str(path))
        assert (path.parent / str(sidecar.stored_data)).exists()
        assert sidecar.stored_go is None or (path.parent / sidecar.stored_go).exists()
        assert (sidecar.discarded_by, bool(sidecar.discard_reason)) == ("ann", True)
        assert books(side)[sidecar.data_name] == (
            "discarded",
            str(path.parent / str(sidecar.stored_data)),
        )
    work = side.folder("archive") / ".landing-loader"
    assert [*work.glob("*.move.json"), *work.glob(".*")] == []


def refuse_one(side: worlds.Side) -> dict[str, bytes]:
    if not side.mappings:
        side.map(go_file=GO)
    side.deliver("a_1.csv", A)
    side.deliver("a_1.go", "count=7\n")
    assert {o.status for o in side.run().values()} == {"failed"}
    return {"a_1.csv": A.encode(), "a_1.go": b"count=7\n"}


def refuse_set(side: worlds.Side) -> dict[str, bytes]:
    if not side.mappings:
        for letter in "ab":
            side.map(f"{letter}_*.csv", f"raw_{letter}", go_file=SET_GO)
    wrong = LISTED.replace("2", "9")
    deliver(side, listed=wrong)
    assert {o.status for o in side.run().values()} == {"failed"}
    return {"a_1.csv": A.encode(), "b_1.csv": B.encode(), "day_1.ctl": wrong.encode()}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("refuse", [refuse_one, refuse_set])
def test_a_death_at_any_step(side: worlds.Side, refuse: Any, after: bool) -> None:
    deaths = 0
    name = "a_1.csv"
    for number in range(1, MOST_STEPS):
        wanted = refuse(side)
        if not killed(partial(discard, side, name, "the first"), number, after=after):
            break
        deaths += 1
        everywhere = [n for zone in ("landing", "failed", "archive") for n in files(side, zone)]
        assert set(everywhere) == set(wanted), number
        side.pipeline.discover()  # a poll in between must not spoil it
        if side.zones()["failed"]:
            discard(side, name, "the second")
        assert_discarded(side, wanted)
        for path in sorted(side.folder("archive").rglob("*"), reverse=True):
            if path.is_file() and ".landing-loader" not in path.parts:
                path.unlink()
        side.sql("DELETE FROM load_deliveries")
    else:
        pytest.fail(f"more than {MOST_STEPS} steps")
    assert deaths >= 5
    assert_discarded(side, wanted)


@pytest.mark.parametrize("name", ["a_1.csv", "b_1.csv", "day_1.ctl"])
def test_all_of_a_set_goes_together(side: worlds.Side, name: str) -> None:
    wanted = refuse_set(side)
    done = discard(side, name)
    assert sorted(each.stored for each in done) == ["a_1.csv", "b_1.csv"]
    assert_discarded(side, wanted)


def test_a_go_file_that_two_sets_share_stays_for_the_other(side: worlds.Side) -> None:
    """Equal go files of two days are one file in failed."""
    refuse_set(side)
    deliver(side, listed=LISTED.replace("2", "9"), a="id\n5\n", b="id\n6\n")
    assert {o.status for o in side.run().values()} == {"failed"}
    first, second = sorted(n for n in files(side, "failed") if n.startswith("a_1"))
    discard(side, first)
    assert "day_1.ctl" in {name[:5] + name[-4:] for name in files(side, "failed")}
    discard(side, second)
    assert files(side, "failed") == {}
    assert {o[0] for o in books(side).values()} == {"discarded"}
    assert len(files(side, "archive")) >= 4


def test_unloaded_loads_of_a_set(side: worlds.Side) -> None:
    from tests.support.proofs import unloader

    for letter in "ab":
        side.map(f"{letter}_*.csv", f"raw_{letter}", go_file=SET_GO)
    deliver(side)
    for outcome in side.run().values():
        unloader(side.settings).unload(str(outcome.load_id), "failed")
    discard(side, "b_1.csv")
    assert set(files(side, "archive")) == {"a_1.csv", "b_1.csv", "day_1.ctl"}
    assert {outcome for outcome, _ in books(side).values()} == {"unloaded"}
    for path in side.folder("archive").rglob("*.error.json"):
        assert read_sidecar(str(path)).stored_go == "day_1.ctl"


def test_moved_back_by_hand_it_is_replayed(side: worlds.Side) -> None:
    wanted = refuse_set(side)
    done = discard(side, "a_1.csv")
    folder = side.folder("archive") / done[0].data.removeprefix(f"{side.folder('archive')}/")
    for path in folder.parent.iterdir():
        path.rename(side.folder("failed") / path.name)
    zones = side.pipeline.zones
    replay(zones.failed, zones.landing, ["a_1.csv"])
    assert files(side, "landing") == wanted


def test_what_is_replayed_meanwhile_is_not_discarded(
    side: worlds.Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_one(side)
    zones = side.pipeline.zones
    original = Discarder._moved

    def later(self: Discarder, plans: Any) -> Any:
        replay(zones.failed, zones.landing, ["a_1.csv"])
        return original(self, plans)

    monkeypatch.setattr(Discarder, "_moved", later)
    with pytest.raises(Exception, match=r"landing\.disappeared"):
        discard(side, "a_1.csv")
    assert set(files(side, "landing")) == {"a_1.csv", "a_1.go"}
    assert books(side)["a_1.csv"][0] == "failed"


def test_in_bigquery(theirs: worlds.Side) -> None:
    wanted = refuse_one(theirs)
    (done,) = discard(theirs, "a_1.csv")
    assert_discarded(theirs, wanted)
    (row,) = theirs.sql("SELECT message, code, recorded_at, failed_at FROM load_deliveries")
    assert "why" in row["message"]
    assert row["code"] in row["message"]
    assert row["failed_at"] <= row["recorded_at"]
    assert done.code == row["code"]
