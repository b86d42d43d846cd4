"""`replay` dies at every step, with sets too: the next call finishes, whatever was loaded since."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from tests.support import worlds
from tests.support.sets import deliver
from tests.support.step_deaths import MOST_STEPS, killed

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.maintenance.discarding import Discarder
from airflow_landing_loader.maintenance.replaying import BroughtBack, bring_back

GO = {"pattern": "a_*.go", "format": "properties"}
SET_GO = {"pattern": "day_*.ctl", "format": "csv", "lists_files": 1}
COUNTS = {"right": ({"row_count_key": "right"}, {"row_count_column": 2})}
COUNTS["wrong"] = ({"row_count_key": "wrong"}, {"row_count_column": 3})


def expect(side: worlds.Side, counts: str) -> None:
    """Look at the right or the wrong counts of go files."""
    alone, of_set = COUNTS[counts]
    side.mappings[:] = [
        TableMapping.model_validate(
            {"pattern": pattern, "table": f"raw_{pattern[0]}", "settle_seconds": 0, "go_file": go}
        )
        for pattern, go in (
            ("x_*.csv", GO | {"pattern": "x_*.go"} | alone),
            ("a_*.csv", SET_GO | of_set),
            ("b_*.csv", SET_GO | of_set),
        )
    ]


def refuse(side: worlds.Side, name: str) -> None:
    """A file with a go file of its own, or a set, that is refused."""
    expect(side, "wrong")
    if name == "x_1.csv":
        side.deliver("x_1.csv", "id\n7\n")
        side.deliver("x_1.go", "right=1\nwrong=9\n")
    else:
        deliver(side, listed="a_1.csv,1,9\nb_1.csv,2,9\n")
    assert {o.status for o in side.run().values()} == {"failed"}
    expect(side, "right")


def replay(side: worlds.Side, name: str) -> BroughtBack:
    pipeline = side.pipeline
    warehouse = pipeline.warehouse
    return bring_back([name], zones=pipeline.zones, ledger=lambda: warehouse)


def rows_of(side: worlds.Side) -> list[int]:
    tables = filter(None, (side.table(f"raw_{letter}") for letter in "xab"))
    return sorted(int(row["id"]) for table in tables for row in table)


@pytest.mark.parametrize("meanwhile", [False, True], ids=["at once", "after a run"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", ["x_1.csv", "a_1.csv", "day_1.ctl"])
def test_a_death_at_any_step(side: worlds.Side, name: str, after: bool, meanwhile: bool) -> None:
    deaths = 0
    for number in range(1, MOST_STEPS):
        refuse(side, name)
        if not killed(partial(replay, side, name), number, after=after):
            break
        deaths += 1
        if meanwhile:
            side.run()
        if side.zones()["failed"]:
            assert replay(side, name).unbooked == frozenset()
        side.run()
        zones = side.zones()
        assert (zones["landing"], zones["failed"]) == ({}, {}), number
        assert rows_of(side) == ([7] if name == "x_1.csv" else [1, 2, 3]), number
        told = side.sql("SELECT filename, outcome FROM load_deliveries ORDER BY 1, 2")
        names = ["x_1.csv"] if name == "x_1.csv" else ["a_1.csv", "b_1.csv"]
        both = ("loaded", "replayed")
        assert [(r["filename"], r["outcome"]) for r in told] == [
            (n, outcome) for n in names for outcome in both
        ], number
        for table in ("load_deliveries", "load_metadata", *(f"raw_{n[0]}" for n in names)):
            side.sql(f"DELETE FROM {table}")
    else:
        pytest.fail(f"more than {MOST_STEPS} steps")
    assert deaths >= 6


def test_what_is_refused_again_meanwhile_is_another_delivery(side: worlds.Side) -> None:
    """The first replay has died before it told the books."""
    side.map()
    side.deliver("a_1.csv", "id\n1,2\n")
    side.run()
    zones = side.pipeline.zones

    def dead() -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bring_back(["a_1.csv"], zones=zones, ledger=dead)
    (outcome,) = side.run().values()
    assert outcome.status == "failed"
    assert replay(side, "a_1.csv").unbooked == frozenset()
    told = side.sql("SELECT outcome FROM load_deliveries ORDER BY 1")
    assert [row["outcome"] for row in told] == ["failed", "replayed"]
    assert side.zones()["landing"] == {}
    (left,) = (n for n in side.zones()["failed"] if not n.endswith(".error.json"))
    replay(side, left)
    assert set(side.zones()["landing"]) == {"a_1.csv"}
    told = side.sql("SELECT DISTINCT outcome FROM load_deliveries")
    assert [row["outcome"] for row in told] == ["replayed"]


@pytest.mark.parametrize("world", ["side", "theirs"])
@pytest.mark.parametrize("action", ["replayed", "discarded"])
def test_equal_files_that_lie_there_as_one(
    request: pytest.FixtureRequest, world: str, action: str
) -> None:
    """Sent twice, refused twice: what is done to the one file is done to both."""
    side: worlds.Side = request.getfixturevalue(world)
    side.map()
    for age, content in ((9000, "id\n1,2\n"), (8000, "id\n1,2\n"), (7000, "id\n1,3\n")):
        side.deliver("a_1.csv", content, age=age)
        side.run()
    warehouse = side.pipeline.warehouse
    if action == "replayed":
        replay(side, "a_1.csv")
    else:
        zones = side.pipeline.zones
        Discarder(zones, lambda: warehouse, by="ann", reason="why").discard("a_1.csv")
    told = [(d.outcome, "~" in (d.final_uri or "")) for d in warehouse.overview(9).deliveries]
    assert sorted(told) == sorted([(action, False), (action, False), ("failed", True)])
    assert [table.open_failures for table in warehouse.summary().tables] == [1]


def test_in_bigquery(theirs: worlds.Side) -> None:
    """The books tell of two files of one name which of them went back."""
    theirs.map()
    for content in ('id\n"1\n', 'id\n"2\n'):
        theirs.deliver("a_1.csv", content)
        theirs.run()
    rows = theirs.sql("SELECT final_uri FROM load_deliveries ORDER BY LENGTH(final_uri)")
    first, second = (row["final_uri"] for row in rows)
    assert replay(theirs, "a_1.csv").unbooked == frozenset()
    told = theirs.sql("SELECT final_uri, outcome FROM load_deliveries")
    assert {r["final_uri"]: r["outcome"] for r in told} == {first: "replayed", second: "failed"}
    theirs.sql("DELETE FROM load_deliveries WHERE true")
    name = second.rpartition("/")[2]
    theirs.folder("landing").joinpath("a_1.csv").unlink()
    assert replay(theirs, name).unbooked == {name}
