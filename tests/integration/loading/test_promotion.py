"""Drift columns that become columns: names, types, owners, and what speaks against it."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.support.promoting import promote, proved
from tests.support.worlds import Side, duckdb_side

from airflow_landing_loader.exceptions import ErrorCode as Code
from airflow_landing_loader.exceptions import LandingError


@pytest.fixture
def side(tmp_path: Path) -> Side:
    """An empty world with a database beside its zones."""
    return duckdb_side(tmp_path)


def _load(side: Side, content: str, name: str) -> Any:
    side.deliver(name, content)
    return side.run()[name]


def _with_drift(side: Side, **keys: Any) -> None:
    side.map(**keys)
    _load(side, "id\n1\n", "a_1.csv")
    _load(side, 'id,venue,z\n2,"X ""1""\n,",\n3,,\n4,"",1\n', "a_2.csv")
    _load(side, "VENUE,id\nnull,5\n", "a_3.csv")


def _rows(side: Side, columns: str = "id, venue, _extra") -> list[tuple[Any, ...]]:
    rows = side.sql(f"SELECT {columns} FROM raw_a ORDER BY id")
    return [tuple(row.values()) for row in rows]


_HOSTILE = (
    "id",
    'a"b',
    "c'd",
    "e.f",
    "$.g",
    "h`i",
    "j\nk",
    "l\\u00aam",
    "n/o~p",
    "Дата",
    "Straße",
    "🚀",
    "(.*)[a-z]+",
    "%s{}:names",
    "x\x1fy",
    "0",
    "null",
)


def test_any_name_is_promoted_and_only_it(side: Side) -> None:
    side.map()
    _load(side, "id\n1\n", "a_1.csv")
    header = ",".join('"' + name.replace('"', '""') + '"' for name in _HOSTILE)
    cells = ",".join(f'"v{i} ""{name[:1]}"":"' for i, name in enumerate(_HOSTILE))
    _load(side, f"{header}\n{cells}\n", "a_2.csv")
    for name in _HOSTILE[1:]:
        promote(side, "raw_a", name)
    assert side.sql("SELECT COUNT(*) AS n FROM raw_a WHERE _extra IS NULL") == [{"n": 2}]
    _load(side, f"{header}\n{cells}\n3{',' * (len(_HOSTILE) - 1)}\n", "a_3.csv")
    assert proved(side) == 3


@pytest.mark.parametrize(
    ("type_", "bad"),
    [("BIGINT", "9223372036854775808"), ("DECIMAL(2,2)", "1.2"), ("DATE", "2023-02-29")],
)
def test_a_value_that_does_not_fit_is_refused_with_its_load(
    side: Side, type_: str, bad: str
) -> None:
    side.map(csv={"row_number": True})
    _load(side, "id\n1\n", "a_1.csv")
    _load(side, "id,venue\n1,\n", "a_2.csv")
    _load(side, f"id,venue\n1,\n2,{bad}\n3,{bad}\n", "a_3.csv")
    before = side.state()
    with pytest.raises(LandingError) as caught:
        promote(side, "raw_a", "venue", type_)
    detail = caught.value.detail
    assert (detail.code, detail.file, detail.record) == (Code.PROMOTE_BAD_VALUE, "a_3.csv", 2)
    assert "2 values" in detail.message
    assert bad not in detail.text()
    assert side.state() == before


def test_a_column_stays_its_owners(side: Side) -> None:
    side.map()
    _load(side, "id\n1\n", "a_1.csv")
    _load(side, "id,Yield %\n2,a\n", "a_2.csv")
    _load(side, "id,Yield $\n3,b\n", "a_3.csv")
    assert promote(side, "raw_a", "Yield $").column == "Yield__"
    with pytest.raises(LandingError) as caught:
        promote(side, "raw_a", "Yield %")
    assert caught.value.code is Code.PROMOTE_TAKEN
    _load(side, "id,Yield %\n4,c\n", "a_4.csv")
    _load(side, "id,Yield $\n5,d\n", "a_5.csv")
    assert _rows(side, "id, Yield__") == [
        ("1", None),
        ("2", None),
        ("3", "b"),
        ("4", None),
        ("5", "d"),
    ]
    assert proved(side) == 5


def test_a_column_that_a_hand_added_is_filled(side: Side) -> None:
    _with_drift(side)
    side.sql("ALTER TABLE raw_a ADD COLUMN Venue BIGINT")
    _load(side, "id,z,venue\n7,,7\n", "a_4.csv")
    with pytest.raises(LandingError, match="which BIGINT takes"):
        promote(side, "raw_a", "venue")
    with pytest.raises(LandingError, match="the table has the column Venue already"):
        promote(side, "raw_a", "venue", "VARCHAR")
    side.sql("ALTER TABLE raw_a ADD COLUMN z STRING")
    assert promote(side, "raw_a", "z").there
    assert proved(side) == 4


def test_replaced_and_rejected(side: Side) -> None:
    side.map(on_redelivery="replace", on_bad_row="reject", max_rejected=0.9)
    _load(side, "id\n1\n", "a_1.csv")
    _load(side, "id,venue\n2,a\n", "a_2.csv")
    _load(side, "id,venue\n2,b\n3\n4,c\n", "a_2.csv")
    done = promote(side, "raw_a", "venue")
    assert (done.loads, done.rows, done.values) == (2, 2, 2)
    assert proved(side) == 2


@pytest.mark.parametrize("altered", ['\'{"venue":"x"\'', "'{}'", "NULL", "'{\"venue\":1}'"])
def test_what_somebody_wrote_into_extra_is_not_moved(side: Side, altered: str) -> None:
    _with_drift(side)
    side.sql(f"UPDATE raw_a SET _extra = {altered} WHERE id = '2'")
    before = side.state()
    with pytest.raises(LandingError) as caught:
        promote(side, "raw_a", "venue")
    assert caught.value.code is Code.PROMOTE_ALTERED
    assert side.state() == before


@pytest.mark.parametrize(
    ("table", "column"), [("raw_b", "venue"), ("raw_a", "venu"), ("raw_a", ""), ("x'y\"z`", "a")]
)
def test_what_is_not_there(side: Side, table: str, column: str) -> None:
    _with_drift(side)
    with pytest.raises(LandingError) as caught:
        promote(side, table, column)
    assert caught.value.code is Code.PROMOTE_UNKNOWN


# --- types in a mapping


def _type_of(side: Side, column: str) -> str | None:
    rows = side.sql("DESCRIBE raw_a")
    return next((row["column_type"] for row in rows if row["column_name"] == column), None)


def test_a_table_is_made_with_the_types_of_its_mapping(side: Side) -> None:
    side.map(types={"price": "decimal(18, 4)", "Day ": "date", "never": "BIGINT"})
    assert _load(side, "id,PRICE,day\n1,1.50,2024-02-29\n2,,\n", "a_1.csv").rows == 2
    assert [_type_of(side, c) for c in ("id", "PRICE", "day", "never")] == [
        "VARCHAR",
        "DECIMAL(18,4)",
        "DATE",
        None,
    ]
    assert _load(side, "id,price\n1,1.23456\n", "a_2.csv").error.code == Code.LOAD_BAD_VALUE
    assert proved(side) == 1


def test_a_first_file_with_a_value_that_does_not_fit_makes_no_table(side: Side) -> None:
    side.map(types={"price": "BIGINT"})
    assert _load(side, "id,price\n1,x\n", "a_1.csv").error.code == Code.LOAD_BAD_VALUE
    assert side.table("raw_a") is None


def test_a_type_makes_a_drift_column_a_column_with_its_history(side: Side) -> None:
    _with_drift(side)
    side.mappings.clear()
    side.map(types={"venue": "VARCHAR", "z": "BIGINT", "later": "DATE"})
    outcome = _load(side, "id\n6\n", "a_4.csv")
    assert [note for note in outcome.notes if "became the column" in note] == [
        "'venue' became the column venue (VARCHAR), with its values of 2 loads",
        "'z' became the column z (BIGINT), with its values of 1 load",
    ]
    outcome = _load(side, "id,later,other\n7,2024-01-01,x\n", "a_5.csv")
    assert "'later' became the column later (DATE)" in outcome.notes
    assert _rows(side, "id, venue, z, later, _extra")[3:] == [
        ("4", "", 1, None, None),
        ("5", "null", None, None, None),
        ("6", None, None, None, None),
        ("7", None, None, datetime.date(2024, 1, 1), '{"other":"x"}'),
    ]
    assert proved(side) == 5


def test_history_that_does_not_fit_stays_and_is_told(side: Side) -> None:
    _with_drift(side)
    side.mappings.clear()
    side.map(types={"venue": "BIGINT"})
    outcome = _load(side, "id,venue\n6,7\n", "a_4.csv")
    assert outcome.status == "loaded"
    (note,) = [note for note in outcome.notes if "types would" in note]
    assert "2 values in _extra are not a whole number" in note
    assert _rows(side, "id, _extra")[-1] == ("6", '{"venue":"7"}')
    assert proved(side) == 4


def test_a_file_that_does_not_belong_here_makes_no_column(side: Side) -> None:
    side.map(types={"venue": "VARCHAR"})
    _load(side, "id\n1\n", "a_1.csv")
    outcome = _load(side, "venue\nx\n", "a_2.csv")
    assert outcome.error.code == Code.HEADER_NO_KNOWN_COLUMN
    assert _type_of(side, "venue") is None


def test_small_files_together_and_types(side: Side) -> None:
    side.map(types={"n": "BIGINT"}, on_bad_row="reject", max_rejected=0.9)
    for number in range(5):
        side.deliver(f"a_{number}.csv", f"id,n\n{number},{number}\n{number},x\n", age=90 - number)
    assert {o.rows for o in side.run().values()} == {1}
    assert proved(side) == 5


def test_a_batch_that_makes_its_table_and_drifts(side: Side) -> None:
    side.map(types={"venue": "VARCHAR", "n": "BIGINT"})
    side.deliver("a_1.csv", "id\n1\n", age=9)
    side.deliver("a_2.csv", "id,venue,n\n2,x,7\n", age=8)
    outcomes = side.run()
    assert (
        "'n' became the column n (BIGINT), with its values of 1 load" in outcomes["a_2.csv"].notes
    )
    assert _rows(side, "id, venue, n, _extra") == [("1", None, None, None), ("2", "x", 7, None)]
    assert proved(side) == 2
