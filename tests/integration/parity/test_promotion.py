"""Drift columns that become columns with their history, equal on all warehouses."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.promoting import promote, promote_all, proved, warehouse_of
from tests.support.worlds import Side

from airflow_landing_loader.exceptions import ErrorCode as Code
from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.loading.warehouses.bigquery.jobs import Jobs


def _rows(side: Side, columns: str = "id, venue, _extra") -> list[tuple[Any, ...]]:
    rows = side.sql(f"SELECT {columns} FROM raw_a ORDER BY id")
    return [tuple(row.values()) for row in rows]


def _deliver_drift(side: Any) -> None:
    side.deliver("a_1.csv", "id\n1\n", age=9)
    side.deliver("a_2.csv", 'id,venue,z\n2,"X ""1""\n,",\n3,,\n4,"",1\n', age=8)
    side.deliver("a_3.csv", "VENUE,id\nnull,5\n", age=7)


def test_a_drift_column_becomes_a_column_of_all_loads(both: Any) -> None:
    both.map()
    _deliver_drift(both)
    both.run()
    done = promote_all(both, "raw_a", "venue")
    assert (done.column, done.type, done.loads, done.rows, done.values) == (
        "venue",
        "VARCHAR",
        2,
        4,
        3,
    )
    expected = [
        ("1", None, None),
        ("2", 'X "1"\n,', '{"z":null}'),
        ("3", None, '{"z":null}'),
        ("4", "", '{"z":"1"}'),
        ("5", "null", None),
    ]
    assert [_rows(side) for side in both.sides] == [expected, expected]
    assert both.load("id,Venue\n6,new\n", "a_4.csv").notes == ()
    assert promote_all(both, "raw_a", "venue").is_done
    assert [proved(side) for side in both.sides] == [4, 4]


def test_some_values_are_told_in_order_and_each_once(both: Any) -> None:
    both.map()
    _deliver_drift(both)
    both.deliver("a_4.csv", "id,venue\n6,null\n7,A`b\n")
    both.run()
    for side in both.sides:
        warehouse = warehouse_of(side)
        assert warehouse.samples("raw_a", "Venue", 9) == ("A`b", 'X "1"\n,', "null")
        assert len(warehouse.samples("raw_a", "venue", 2)) == 2
        assert warehouse.samples("raw_a", "id", 9) == ()
        assert warehouse.samples("raw_none", "venue", 9) == ()


_COLUMNS = {
    "a`b\"c'd": ("BIGINT", ["+1", "-9223372036854775808", ""]),
    "Дата\nl\\u00aam": ("TIMESTAMP", ["2024-02-29T23:59:59.123456", "0001-01-01 00:00:00", ""]),
    "(.*)$.[a-z]+{}:names": ("DOUBLE", ["1e-3", "-.5", "+1.7976931348623157e308"]),
    "🚀": ("BOOLEAN", ["true", "FALSE", ""]),
    "n/o~p": ("DATE", ["2024-02-29", "0001-01-01", ""]),
    "Yield %": ("DECIMAL(38,9)", ["1.50", "-99999999999999999999999999999.123456789", "+.5"]),
}


def test_any_name_and_each_type(both: Any) -> None:
    both.map()
    both.deliver("a_1.csv", "id\n1\n", age=9)
    header = ",".join('"' + name.replace('"', '""') + '"' for name in ("id", *_COLUMNS))
    lines = [f"{i},{','.join(cells[i] for _, cells in _COLUMNS.values())}" for i in range(3)]
    both.deliver("a_2.csv", "\n".join([header, *lines, ""]))
    both.run()
    for name, (type_, _) in _COLUMNS.items():
        promote_all(both, "raw_a", name, type_)
    tables = [sorted(map(repr, side.table("raw_a") or [])) for side in both.sides]
    assert len(tables[0]) == 4
    assert [proved(side) for side in both.sides] == [2, 2]
    for side in both.sides:
        with pytest.raises(LandingError) as caught:
            promote(side, "raw_a", "yield $")
        assert caught.value.code is Code.PROMOTE_TAKEN


def test_values_that_do_not_fit(both: Any) -> None:
    """All that one type or the other refuses, as columns of one file."""
    bad = {
        "BIGINT": ("9223372036854775808", "1.0"),
        "DOUBLE": ("1e400", "nan"),
        "DECIMAL(4,2)": ("100", "1.234"),
        "BOOLEAN": ("yes", "1"),
        "DATE": ("2023-02-29", "x"),
        "TIMESTAMP": ("2024-01-01", "2024-01-01 24:00:00"),
    }
    both.map()
    both.deliver("a_1.csv", "id\n1\n", age=9)
    lines = [",".join(cells) for cells in zip(*bad.values(), strict=True)]
    names = ",".join(f"c{i}" for i, _ in enumerate(bad))
    both.deliver("a_2.csv", f"id,{names}\n1,{lines[0]}\n2,{lines[1]}\n")
    both.run()
    for index, (type_, cells) in enumerate(bad.items()):
        for side in both.sides:
            with pytest.raises(LandingError, match="2 values") as caught:
                promote(side, "raw_a", f"c{index}", type_)
            assert (caught.value.code, caught.value.detail.file) == (
                Code.PROMOTE_BAD_VALUE,
                "a_2.csv",
            )
            assert not any(cell in caught.value.detail.text() for cell in cells if len(cell) > 3)
    assert both.load("id\n9\n", "a_3.csv").notes == ()  # nothing has changed anywhere


class _Killed(BaseException):
    pass


@pytest.mark.parametrize("before", ["ALTER TABLE", "BEGIN TRANSACTION"])
def test_a_dead_promotion_is_finished_by_the_next(
    both: Any, before: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before each of its steps, in the warehouse without one transaction over all."""
    both.map()
    _deliver_drift(both)
    both.run()
    query = Jobs.query

    def dies(self: Jobs, sql: str, *args: Any) -> Any:
        if sql.startswith(before):
            raise _Killed
        return query(self, sql, *args)

    with monkeypatch.context() as patched:
        patched.setattr(Jobs, "query", dies)
        with pytest.raises(_Killed):
            promote(both.bigquery, "raw_a", "venue")
    assert proved(both.bigquery) == 3
    for side in both.sides:
        side.deliver("a_4.csv", "id,venue\n8,between\n")
        side.run()
        promote(side, "raw_a", "venue")
    assert _rows(both.bigquery) == _rows(both.duckdb)
    assert [proved(side) for side in both.sides] == [4, 4]


def test_types_of_a_mapping(both: Any) -> None:
    both.map(types={"n": "BIGINT", "day": "DATE", "new": "DOUBLE", "venue": "VARCHAR"})
    both.deliver("a_1.csv", "id,n,day\n1,007,2024-02-29\n2,,\n", age=9)
    both.deliver("a_2.csv", "id,n,new\n3,7,\n", age=8)
    outcomes = both.run()
    assert {o.status for o in outcomes.values()} == {"loaded"}
    both.deliver("a_3.csv", "id,new,venue\n4,1e3,x\n")
    assert both.run()["a_3.csv"].status == "loaded"
    assert both.load("id,day\n1,x\n", "a_4.csv").error.code == Code.LOAD_BAD_VALUE
    assert [proved(side) for side in both.sides] == [3, 3]
