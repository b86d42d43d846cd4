"""A discarded delivery is the same in the books of all warehouses."""

from __future__ import annotations

from typing import Any

from tests.support.proofs import unloader

from airflow_landing_loader.maintenance.discarding import Discarder

GO = {"pattern": "day_*.ctl", "format": "csv", "lists_files": 1, "row_count_column": 2}


def test_refused_alone_in_a_set_and_unloaded(both: Any) -> None:
    for letter in "ab":
        both.map(f"{letter}_*.csv", f"raw_{letter}", go_file=GO)
    both.map("c_*.csv", "raw_c")
    both.deliver("c_1.csv", 'id\n"1\n')
    both.deliver("c_2.csv", "id\n1\n")
    both.deliver("a_1.csv", "id\n1\n")
    both.deliver("b_1.csv", "id\n1\n")
    both.deliver("day_1.ctl", "a_1.csv,1\nb_1.csv,9\n")
    loaded = both.run()["c_2.csv"]
    assert loaded.status == "loaded"
    states = []
    for side in both.sides:
        pipeline = side.pipeline
        ledger = pipeline.warehouse
        (load,) = ledger.find_loads("c_2.csv", None, 1)
        unloader(side.settings).unload(load.load_id, "failed")
        discarder = Discarder(pipeline.zones, lambda at=ledger: at, by="ann", reason="why \u00fc")
        for name in ("c_1.csv", "c_2.csv", "b_1.csv"):
            discarder.discard(name)
        state = side.state()
        states.append(state)
        assert state["zones"]["failed"] == []
    assert states[0] == states[1]
    outcomes = {dict(row)["filename"]: dict(row)["outcome"] for row in states[0]["load_deliveries"]}
    assert outcomes == {
        "a_1.csv": "discarded",
        "b_1.csv": "discarded",
        "c_1.csv": "discarded",
        "c_2.csv": "unloaded",
    }
