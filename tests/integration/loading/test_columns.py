"""Whose a column is: a sender's name fills the column that it made, and no other one does."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.column_names import clean_name, same
from airflow_landing_loader.exceptions import ErrorCode as Code


def test_another_name_that_becomes_the_same_column_goes_to_extra(world: Any) -> None:
    world.load("id,Yield %\n1,0.05\n")
    outcome = world.load("id,Yield $\n2,5000\n", "a_2.csv")
    assert world.rows() == [("1", "0.05", None), ("2", None, '{"Yield $":"5000"}')]
    assert any("'Yield $' went to _extra" in note for note in outcome.notes)
    world.load("id,YIELD %\n3,0.07\n", "a_3.csv")
    assert world.rows()[-1] == ("3", "0.07", None)


def test_names_in_other_scripts_are_columns_of_their_own(world: Any) -> None:
    world.load("id,Цена\n1,100\n")
    world.load("id,Дата\n2,2024-01-15\n", "a_2.csv")
    assert world.sql('SELECT id, "Цена", _extra FROM raw_a ORDER BY id') == [
        ("1", "100", None),
        ("2", None, '{"Дата":"2024-01-15"}'),
    ]


def test_within_a_batch_the_first_name_owns_the_column(world: Any) -> None:
    """Together as one by one: files of one header are written by one statement."""
    world.map()
    for number, name in enumerate(("a b", "a-b", "A B", "a.b", "a b")):
        world.deliver(f"a_{number}.csv", f"id,{name}\n{number},x{number}\n")
    world.run()
    assert world.rows() == [
        ("0", "x0", None),
        ("1", None, '{"a-b":"x1"}'),
        ("2", "x2", None),
        ("3", None, '{"a.b":"x3"}'),
        ("4", "x4", None),
    ]
    owners = "SELECT sender_name, owner FROM load_columns WHERE owner IS NOT NULL ORDER BY position"
    assert world.sql(owners) == [("id", "id"), ("a b", "a b")]


def test_a_table_made_by_hand_belongs_to_the_first_that_comes(world: Any) -> None:
    with world.database() as con:
        con.execute("CREATE TABLE raw_a (id VARCHAR, a_b VARCHAR)")
    world.load("id,a-b\n1,x\n")
    world.load("id,a b\n2,y\n", "a_2.csv")
    assert world.rows() == [("1", "x", None), ("2", None, '{"a b":"y"}')]


def test_a_table_that_is_made_anew_has_new_owners(world: Any) -> None:
    world.load("id,a-b\n1,x\n")
    with world.database() as con:
        con.execute("DROP TABLE raw_a")
    world.load("id,a b\n2,y\n", "a_2.csv")
    world.load("id,a b\n3,z\n", "a_3.csv")
    assert world.rows() == [("2", "y", None), ("3", "z", None)]


def test_the_books_of_an_earlier_release_say_who_came_first(world: Any) -> None:
    world.load("id,a-b\n1,x\n")
    with world.database() as con:
        con.execute("ALTER TABLE load_columns DROP COLUMN owner")
    world.load("id,a b\n2,y\n", "a_2.csv")
    assert world.rows() == [("1", "x", None), ("2", None, '{"a b":"y"}')]


def test_a_restatement_under_another_name_does_not_take_the_column(world: Any) -> None:
    world.map(on_redelivery="replace")
    world.load("id,a-b\n1,x\n")
    world.load("id,a b\n1,y\n")
    assert world.rows() == [("1", None, '{"a b":"y"}')]


def test_a_promoted_column_takes_the_values_from_then_on(world: Any) -> None:
    world.load("id\n1\n")
    world.load("id,Yield $\n2,5\n", "a_2.csv")
    with world.database() as con:
        con.execute("ALTER TABLE raw_a ADD COLUMN Yield__ VARCHAR")
        con.execute(
            """UPDATE raw_a SET Yield__ = _extra->>'$."Yield $"' WHERE _extra IS NOT NULL"""
        )
    world.load("id,Yield $\n3,6\n", "a_3.csv")
    assert world.rows(columns="id, Yield__") == [("1", None), ("2", "5"), ("3", "6")]


def test_a_column_is_renamed_beside_a_header_that_is_read(world: Any) -> None:
    world.map(csv={"rename": {"": "filler", "_load_id": "their_id", "px": "price"}})
    world.load("_load_id,price,\nL1,1,f\n")
    world.load(",_LOAD_ID,px\nf,L2,2\n", "a_2.csv")
    assert world.rows(columns="their_id, price, filler") == [("L1", "1", "f"), ("L2", "2", "f")]
    error = world.load("_load_id,prize,\nL1,1,f\n", "a_3.csv").error
    assert error.code == Code.HEADER_NOT_AS_PROMISED


def test_columns_beside_a_header_are_a_promise_in_any_order(world: Any) -> None:
    world.map(csv={"columns": ["id", "bid", "ask"]})
    world.load("id,bid,ask\n1,100,101\n")
    world.load("id,ASK,bid\n2,201,200\n", "a_2.csv")
    assert world.rows() == [("1", "100", "101", None), ("2", "200", "201", None)]
    for number, header in enumerate(("id,bid", "id,bid,ask,x", "id,bid,x")):
        error = world.load(f"{header}\n", f"a_1{number}.csv").error
        assert error.code == Code.HEADER_NOT_AS_PROMISED


def test_names_by_position_hold_only_in_the_promised_order(world: Any) -> None:
    world.map(csv={"rename": {"#2": "x", "#4": "y"}, "columns": ["id", "x", "b", "y"]})
    world.load("id,,b,\n1,2,3,4\n")
    assert world.rows() == [("1", "2", "3", "4", None)]
    for number, header in enumerate(("b,,id,", "id,b,,", "id,,b")):
        error = world.load(f"{header}\n", f"a_1{number}.csv").error
        assert error.code == Code.HEADER_NOT_AS_PROMISED


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("_id,name,_sdc_extracted_at", ["_id", "name", "_sdc_extracted_at"]),
        ("select,order,rowid,_PARTITIONTIME", ["select", "order", "rowid", "__PARTITIONTIME"]),
        ('\ufeff"id","\u200bname\ufeff"', ["id", "name"]),
        ("\ufeff\ufeffid,\ufeffname", ["id", "name"]),
    ],
)
def test_what_a_header_becomes(world: Any, header: str, names: list[str]) -> None:
    width = header.count(",") + 1
    world.load(f"{header}\n{','.join('123456'[:width])}\n")
    found = world.sql("SELECT column_name FROM duckdb_columns() WHERE table_name = 'raw_a'")
    assert [name for (name,) in found] == [*names, "_load_id", "_extra"]


def test_a_header_that_appears_is_no_row(world: Any) -> None:
    world.map(csv={"header": False, "columns": ["id", "name"]})
    assert world.load("1,a\n2,b\n").rows == 2
    error = world.load("id,name\n3,c\n", "a_2.csv").error
    assert (error.code, error.line, error.record) == (Code.CSV_REPEATED_HEADER, 1, 1)


def test_repeated_headers_are_rejected_with_the_bad_rows(world: Any) -> None:
    world.map(on_bad_row="reject", max_rejected=0.9, csv={"row_number": True})
    outcome = world.load('id,name\n1,a\n"id","name"\n2\n3,c\n')
    assert (outcome.rows, outcome.rejected) == (2, 2)
    assert world.sql("SELECT record, line, code FROM load_rejects ORDER BY record") == [
        (2, 3, "csv.repeated_header"),
        (3, 4, "csv.ragged"),
    ]
    assert world.rows(columns="id, _row_number") == [("1", 1), ("3", 4)]


def test_repeated_headers_are_skipped_and_counted(world: Any) -> None:
    """A go file that counts headers counts each of them; alone as together with others."""
    world.map(
        csv={"repeated_header": "skip"},
        go_file={
            "pattern": "a_*.go",
            "format": "properties",
            "row_count_key": "n",
            "count_includes": ["header"],
        },
    )
    for number in range(3):
        world.deliver(f"a_{number}.csv", f"id,name\n{number},a\nID,Name\n{number},b\nid,name\n")
        world.deliver(f"a_{number}.go", "n=5\n")
    outcomes = world.run()
    assert {outcome.rows for outcome in outcomes.values()} == {2}
    assert any("2 repeated header" in note for note in outcomes["a_0.csv"].notes)
    assert world.sql("SELECT record_count, row_count FROM load_metadata") == [(2, 2)] * 3


_NAME = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), min_size=1, max_size=5)
_NEAR = st.text("aA _-.%é\u0301Жש\u05b0取🚀\x01", min_size=1, max_size=3)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(headers=st.lists(st.lists(_NAME | _NEAR, min_size=1, max_size=4), min_size=1, max_size=4))
def test_no_cell_ever_stands_in_the_column_of_another_name(
    world: Any, headers: list[list[str]]
) -> None:
    """Every cell holds its header's name: it says itself where it came from.

    That what is loaded is what was delivered is proved after each run, by ``verify``.
    """
    table = f"raw_{uuid.uuid4().hex}"
    world.mappings = []
    world.map(pattern=f"{table}_*.csv", table=table)
    for number, header in enumerate(headers):
        names = ["id", *header]
        quoted = ",".join('"' + name.replace('"', '""') + '"' for name in names)
        cells = ",".join('"' + name.replace('"', '""') + '"' for name in names)
        world.deliver(f"{table}_{number}.csv", f"{quoted}\n{cells}\n")
    outcomes = world.run()
    if not any(outcome.status == "loaded" for outcome in outcomes.values()):
        return
    owners = dict(
        world.sql(
            "SELECT column_name, owner FROM load_columns JOIN load_metadata USING (load_id) "
            "WHERE table_name = ? AND owner IS NOT NULL",
            table,
        )
    )
    columns = ", ".join('"' + name.replace('"', '""') + '"' for name in owners)
    for row in world.sql(f"SELECT {columns} FROM {table}"):
        for owner, cell in zip(owners.values(), row, strict=True):
            assert cell is None or same(clean_name(cell)) == same(owner)
    for (extra,) in world.sql(f"SELECT _extra FROM {table} WHERE _extra IS NOT NULL"):
        for name, cell in json.loads(extra).items():
            assert clean_name(cell) == name
