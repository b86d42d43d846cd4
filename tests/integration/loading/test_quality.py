"""Rules for records: counted for each load, and no reason to leave one out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.support.worlds import Side, duckdb_side

from airflow_landing_loader.exceptions import ErrorCode as Code
from airflow_landing_loader.pipeline.outcome import Outcome


@pytest.fixture
def side(tmp_path: Path) -> Side:
    """An empty world with a database beside its zones."""
    return duckdb_side(tmp_path)


def _load(side: Side, content: str, name: str = "a_1.csv") -> Outcome:
    side.deliver(name, content)
    return side.run()[name]


def _lines(side: Side) -> dict[tuple[str, str | None], int]:
    rows = side.sql("SELECT rule, column_name, failed_count FROM load_quality")
    return {(row["rule"], row["column_name"]): row["failed_count"] for row in rows}


_RULES: dict[str, Any] = {
    "required": ["id", "name"],
    "types": {"price": "DECIMAL(6,2)", "day": "DATE"},
    "unique": ["id", ["day", "name"]],
}
_FILE = """\
id,name,price,day
1,Ann,1.50,2024-01-01
2,,x,2024-02-30
2,Bob,1.234,2024-01-02
3," \t",,
4,Cy,99999.00,2024-01-02
5,Bob,"",2024-01-02
6,Dee,1.00,2024-01-05
"""


def test_each_rule_is_counted(side: Side) -> None:
    side.map(quality=_RULES)
    outcome = _load(side, _FILE)
    assert (outcome.status, outcome.rows) == ("loaded", 7)
    assert _lines(side) == {
        ("all", None): 5,
        ("required", "id"): 0,
        ("required", "name"): 2,
        ("types", "price"): 3,
        ("types", "day"): 1,
        ("unique", "id"): 2,
        ("unique", "day, name"): 2,
        ("rejected", None): 0,
    }
    (note,) = outcome.notes
    assert note == (
        "quality 28.57 (required name 2, types price 3, types day 1, unique id 2, "
        "unique day, name 2)"
    )
    assert side.sql("SELECT quality_score FROM load_metadata")[0]["quality_score"] == 100 * 2 / 7


@pytest.mark.parametrize(
    ("least", "status"), [(28.57, "loaded"), (28.58, "failed"), (100, "failed")]
)
def test_a_score_below_what_is_asked_for_fails_the_file(
    side: Side, least: float, status: str
) -> None:
    side.map(quality={**_RULES, "fail_below": least})
    side.deliver("a_2.csv", "id,name,price,day\n1,Ann,,\n")
    outcome = _load(side, _FILE)
    assert outcome.status == status
    if status == "loaded":
        return
    assert outcome.error is not None
    assert outcome.error.code == Code.QUALITY_TOO_LOW
    assert "5 of 7 records break" in outcome.error.message
    assert "required name 2, types price 3" in outcome.error.message
    assert [row["id"] for row in side.table("raw_a") or []] == ["1"]  # of the other file
    assert _lines(side)["all", None] == 0


def test_rejected_records_are_not_good(side: Side) -> None:
    side.map(quality={"required": ["id"]}, on_bad_row="reject", max_rejected=0.9)
    outcome = _load(side, "id,name\n1,a\n2\n3,c\n,d\n")
    assert outcome.rows == 3
    assert _lines(side) == {("all", None): 2, ("required", "id"): 1, ("rejected", None): 1}


def test_columns_in_extra_and_columns_that_nobody_has(side: Side) -> None:
    side.map(
        quality={
            "required": ["venue", "Lot Size", "nobody"],
            "types": {"lot size": "BIGINT", "nobody": "DATE"},
            "unique": [["venue", "nobody"], "venue"],
        }
    )
    _load(side, "id\n1\n")
    side.sql("DELETE FROM load_quality")
    outcome = _load(side, "id,venue,LOT SIZE\n1,x,1\n2,x,\n3,,2.5\n", "a_2.csv")
    assert _lines(side) == {
        ("all", None): 3,
        ("required", "venue"): 1,
        ("required", "Lot Size"): 1,
        ("required", "nobody"): 3,
        ("types", "lot size"): 1,
        ("types", "nobody"): 0,
        ("unique", "venue, nobody"): 0,
        ("unique", "venue"): 2,
        ("rejected", None): 0,
    }
    assert any(note.endswith("neither file nor table has nobody") for note in outcome.notes)


def test_a_typed_column_is_measured_by_what_the_file_says(side: Side) -> None:
    side.map(types={"n": "DOUBLE"}, quality={"types": {"n": "BIGINT"}, "unique": ["n"]})
    _load(side, "id,n\n1,1e3\n2,1000\n3,7\n4,7\n")
    assert _lines(side) == {
        ("all", None): 3,
        ("types", "n"): 1,
        ("unique", "n"): 2,
        ("rejected", None): 0,
    }


def test_files_without_records_are_good(side: Side) -> None:
    side.map(quality=_RULES)
    assert _load(side, "id,name,price,day\n").notes == ("quality 100.00",)
    assert _lines(side)["required", "id"] == 0


def test_small_files_that_are_read_together_are_counted_apart(side: Side) -> None:
    side.map("a_*.csv", "raw_a", quality={"required": ["n"], "unique": ["n"]})
    side.map("b_*.csv", "raw_a", quality={"required": ["id"], "fail_below": 60})
    side.deliver("a_1.csv", "id,n\n1,1\n2,2\n", age=9)
    side.deliver("a_2.csv", "id,n\n1,1\n2,1\n3,\n", age=8)
    side.deliver("b_1.csv", "id,n\n,1\n2,1\n", age=7)
    side.deliver("b_2.csv", "id,n\n2,1\n", age=6)
    outcomes = side.run()
    notes = {name: outcome.notes[:1] for name, outcome in outcomes.items()}
    assert notes == {
        "a_1.csv": ("quality 100.00",),
        "a_2.csv": ("quality 0.00 (required n 1, unique n 2)",),
        "b_1.csv": (),
        "b_2.csv": ("quality 100.00",),
    }
    assert outcomes["b_1.csv"].error.code == Code.QUALITY_TOO_LOW  # type: ignore[union-attr]


def test_quality_stays_in_the_books_when_its_load_goes(side: Side) -> None:
    side.map(quality={"required": ["id"]}, on_redelivery="replace")
    _load(side, "id,n\n,1\n")
    _load(side, "id,n\n1,1\n2,2\n")
    scores = side.sql("SELECT quality_score FROM load_metadata ORDER BY sequence")
    assert [row["quality_score"] for row in scores] == [0.0, 100.0]
    assert len(side.sql("SELECT 1 FROM load_quality WHERE rule = 'all'")) == 2
