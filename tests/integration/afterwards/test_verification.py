"""`verify`: the table holds exactly the records of the archived file, or what is wrong is said."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support import worlds
from tests.support.proofs import proof_of

from airflow_landing_loader.exceptions import ErrorCode as Code
from airflow_landing_loader.exceptions import TerminalError, TransientError
from airflow_landing_loader.maintenance.proof import Proof

CONTENT = 'id,name,note\n1,Ann,""\n2,Bob,\n2,Bob,\n3,"a ""b""\nc",x\n'


def load(side: worlds.Side, content: str | bytes = CONTENT, name: str = "a_1.csv") -> str:
    """Load a file and return its load id."""
    if not side.mappings:
        side.map()
    side.deliver(name, content)
    outcome = side.run()[name]
    assert outcome.status == "loaded", outcome
    return str(outcome.load_id)


def proof(side: worlds.Side, load_id: str) -> Proof:
    return proof_of(side.settings, side.mappings, load_id)


def refusal(side: worlds.Side, load_id: str) -> TerminalError:
    with pytest.raises(TerminalError) as caught:
        proof(side, load_id)
    return caught.value


def differing(side: worlds.Side, load_id: str) -> list[str]:
    found = proof(side, load_id)
    assert found.error is not None
    assert found.error.code == Code.LOAD_ROWS_DIFFER
    return [column.name for column in found.columns if not column.equal]


def test_a_load_as_delivered(side: worlds.Side) -> None:
    found = proof(side, load(side))
    assert found.error is None
    assert (found.rows, found.records) == (4, 4)
    assert found.file == found.table
    assert [c.name for c in found.columns] == ["id", "name", "note", "_extra", "load_rejects"]


def test_totals_are_added_up_anew(side: worlds.Side) -> None:
    totals = {"id": {"sum_at": 2, "max_at": 3, "hash_total_at": 4, "width": 1}}
    side.map(trailer={"row_count_column": 1, "tag": "T", "totals": totals})
    load_id = load(side, CONTENT + "T,4,8,3,8\n")
    found = proof(side, load_id)
    assert found.error is None
    kinds = [(t.booked.kind, t.booked.promised, t.file) for t in found.totals]
    assert kinds == [("hash_total", "8", "8"), ("max", "3", "3"), ("sum", "8", "8")]
    # Whatever the mapping says of totals by now.
    side.mappings.clear()
    side.map(trailer={"row_count_column": 1, "tag": "T"})
    assert proof(side, load_id).totals == found.totals

    side.sql("UPDATE load_totals SET computed = '9' WHERE kind = 'sum'")
    error = proof(side, load_id).error
    assert error is not None
    assert error.code == Code.LOAD_TOTALS_DIFFER
    assert error.message.endswith("comes to: id (sum)")
    side.sql("UPDATE load_totals SET computed = '8', column_name = 'name' WHERE kind = 'sum'")
    assert refusal(side, load_id).code == Code.MAPPING_CHANGED
    side.sql("UPDATE load_totals SET kind = 'x' WHERE kind = 'sum'")
    with pytest.raises(TransientError) as altered:
        proof(side, load_id)
    assert altered.value.code == Code.WAREHOUSE_BOOKS_ALTERED


def test_columns_from_the_name(side: worlds.Side) -> None:
    side.map(
        "{region}_*.csv",
        add_columns={"region": "{region}", "feed": "x"},
        on_bad_row="reject",
        max_rejected=0.9,
    )
    first = load(side, "id\n1\n2,3\n", "eu_1.csv")
    second = load(side, "id\n2\n", "_1.csv")
    assert proof(side, first).error is None
    assert proof(side, second).error is None
    side.sql("UPDATE raw_a SET region = 'us' WHERE region = 'eu'")
    assert differing(side, first) == ["region"]


@pytest.mark.parametrize(
    ("statement", "columns"),
    [
        ("UPDATE raw_a SET note = 'y' WHERE id = '3'", ["note"]),
        ("UPDATE raw_a SET note = NULL WHERE note = ''", ["note"]),
        ("UPDATE raw_a SET note = '' WHERE note IS NULL", ["note"]),
        ("UPDATE raw_a SET name = trim(name) || ' ' WHERE id = '1'", ["name"]),
        # two equal rows, which an XOR would cancel
        ("DELETE FROM raw_a WHERE id = '2'", ["id", "name", "note", "_extra"]),
        ("UPDATE raw_a SET _extra = '{}' WHERE id = '1'", ["_extra"]),
        # values that only changed places
        ("UPDATE raw_a SET name = CASE id WHEN '1' THEN 'Bob' ELSE 'Ann' END "
         "WHERE id = '1' OR rowid = (SELECT min(rowid) FROM raw_a WHERE id = '2')", []),
        ("ALTER TABLE raw_a DROP COLUMN note", ["note"]),
        ("INSERT INTO load_rejects SELECT _load_id, 'a_1.csv', 'raw_a', 1, 2, 'x', NULL, 'x', 'x' "
         "FROM raw_a WHERE id = '1'", ["id", "name", "note", "_extra", "load_rejects"]),
    ],
)  # fmt: skip
def test_what_was_changed_is_named(side: worlds.Side, statement: str, columns: list[str]) -> None:
    load_id = load(side)
    side.sql(statement)
    assert differing(side, load_id) == columns


def test_other_loads_of_the_table_do_not_count(side: worlds.Side) -> None:
    load_id = load(side)
    load(side, "id,name,note\n9,x,y\n", "a_2.csv")
    side.sql("UPDATE raw_a SET name = 'z' WHERE id = '9'")
    assert proof(side, load_id).equal


def test_drift_missing_columns_and_promotion(side: worlds.Side) -> None:
    load(side)
    load_id = load(side, 'NAME,x y,id,z\nCid,"a ""b""\nc",3,\nDan,€,4,"\\"\n', "a_2.csv")
    found = proof(side, load_id)
    assert found.error is None
    assert {c.name for c in found.columns} >= {"name", "x y", "z", "note"}
    side.sql("ALTER TABLE raw_a ADD COLUMN z VARCHAR DEFAULT 'd'")
    side.sql("UPDATE raw_a SET z = _extra->>'$.z' WHERE _extra IS NOT NULL")
    assert proof(side, load_id).equal
    side.sql("UPDATE raw_a SET note = 'd' WHERE id = '3' AND name = 'Cid'")
    assert differing(side, load_id) == ["note"]
    side.sql("UPDATE raw_a SET note = NULL WHERE id = '3' AND name = 'Cid'")
    side.sql("UPDATE raw_a SET _extra = replace(_extra, '€', '$') WHERE id = '4'")
    assert differing(side, load_id) == ["x y"]
    for broken in ('{"x y":"a"}', "[1]", "no"):
        side.sql(f"UPDATE raw_a SET _extra = '{broken}' WHERE id = '4'")
        assert differing(side, load_id) == ["x y", "z"]


def test_rejects_row_numbers_trailer_and_compression(side: worlds.Side) -> None:
    side.map(
        "a_*.csv.gz",
        on_bad_row="reject",
        max_rejected=0.9,
        csv={"row_number": True, "null_values": ["-"]},
        trailer={"row_count_column": 1},
    )
    side.sql("CREATE TABLE raw_a (id BIGINT, name VARCHAR)")
    text = 'id,name\n1,-\n2\n3,"-"\nx,Dan\n+5,Eve\nTRAILER,5\n'
    load_id = load(side, gzip.compress(text.encode()), "a_1.csv.gz")
    found = proof(side, load_id)
    assert found.error is None
    assert (found.rows, found.load.rejected_count) == (3, 2)
    side.sql("UPDATE raw_a SET _row_number = 7 WHERE id = 5")
    assert differing(side, load_id) == ["_row_number"]
    side.sql("UPDATE raw_a SET _row_number = 5 WHERE id = 5")
    assert proof(side, load_id).equal
    side.sql("UPDATE load_rejects SET text = 'x,Don' WHERE record = 4")
    assert differing(side, load_id) == ["load_rejects"]
    # a ragged record that is nowhere
    side.sql("UPDATE load_rejects SET text = 'x,Dan' WHERE record = 4")
    side.sql("DELETE FROM load_rejects WHERE record = 2")
    assert differing(side, load_id) == ["load_rejects"]


def test_a_header_alone(side: worlds.Side) -> None:
    found = proof(side, load(side, "id,name\n"))
    assert found.equal
    assert found.rows == 0


TYPED = {
    "BIGINT": ["007", "+2", "-3", "-0", "9223372036854775807"],
    "UTINYINT": ["255"],
    "HUGEINT": ["99999999999999999999999999999999999999"],
    "DOUBLE": ["1.5", "-1e-3", ".5", "-0.0", "5.", "0.1234567890123456789", "9007199254740993"],
    "DECIMAL(10, 2)": ["1.5", "12", "-3.25", "99999999.99", "-0", "+.5", "7.", "100"],
    "DECIMAL(38, 9)": ["12345678901234567890123456789.123456789"],
    "BOOLEAN": ["true", "FALSE"],
    "DATE": ["2024-02-29", "0001-01-01"],
    "TIME": ["23:59:59.5", "00:00:00", "12:00:00.123456"],
    "TIMESTAMP": ["2024-02-29 23:59:59.123456", "2024-02-29T00:00:00", "9999-12-31 23:59:59.9"],
    "TIMESTAMP WITH TIME ZONE": [
        "2024-02-29 12:00:00Z",
        "2024-02-29T12:00:00.5+01:30",
        "0001-01-01 00:00:00+01:00",
        "2024-01-01 00:00:00-23:59",
    ],
    "UUID": ["6F0D1C9E-5b1e-5c43-9d55-0a4f1b1f7a10"],
}


@pytest.mark.parametrize("column_type", TYPED)
def test_typed_values_in_every_literal_form(side: worlds.Side, column_type: str) -> None:
    side.map()
    side.sql(f"CREATE TABLE raw_a (v {column_type}, id VARCHAR)")
    lines = "".join(f'"{value}",{n}\n' for n, value in enumerate(["", *TYPED[column_type]]))
    load_id = load(side, f"v,id\n{lines}")
    assert proof(side, load_id).error is None
    side.sql("UPDATE raw_a SET v = NULL WHERE id = '1'")
    assert differing(side, load_id) == ["v"]


def test_a_number_too_large_for_its_type_does_not_become_infinite(side: worlds.Side) -> None:
    side.map(on_bad_row="reject", max_rejected=0.9)
    side.sql("CREATE TABLE raw_a (v DOUBLE, id VARCHAR)")
    load(side, "v,id\n1e308,1\n1e400,2\n-1e400,3\n,4\n")
    held = side.sql("SELECT v, id FROM raw_a ORDER BY id")
    assert [(row["v"], row["id"]) for row in held] == [(1e308, "1"), (None, "4")]


def test_a_column_that_got_a_type_later(side: worlds.Side) -> None:
    load_id = load(side, "v,w\n007,1.50\n")
    side.sql("ALTER TABLE raw_a ALTER COLUMN v TYPE INTEGER")
    assert proof(side, load_id).equal
    side.sql("ALTER TABLE raw_a ALTER COLUMN v TYPE DATE USING DATE '2024-01-01'")
    assert differing(side, load_id) == ["v"]
    side.sql("ALTER TABLE raw_a ALTER COLUMN w TYPE FLOAT")
    found = {column.name: column.hindrance for column in proof(side, load_id).columns}
    assert found["w"] == "type FLOAT has no documented literal form"


def test_what_cannot_be_verified_is_explained(side: worlds.Side) -> None:
    load_id = load(side)
    archived = side.folder("archive") / "a_1.csv"
    assert refusal(side, "nope").code == Code.LOAD_UNKNOWN
    archived.rename(side.folder("archive") / "b.csv")
    assert refusal(side, load_id).code == Code.ARCHIVE_MISSING
    archived.write_text(CONTENT.replace("Ann", "Eve"))
    assert refusal(side, load_id).code == Code.ARCHIVE_CHANGED
    archived.write_text('id\n"')
    assert refusal(side, load_id).code == Code.ARCHIVE_CHANGED
    archived.write_text(CONTENT)
    mappings, side.mappings = side.mappings, []
    assert refusal(side, load_id).code == Code.LANDING_UNKNOWN_FILE
    for csv in ({"quote": ""}, {"header": False, "columns": ["a", "b", "c"]}):
        side.mappings = []
        side.map(csv=csv)
        assert refusal(side, load_id).code == Code.MAPPING_CHANGED
    side.mappings = mappings
    side.sql("ALTER TABLE raw_a RENAME COLUMN _load_id TO other")
    assert refusal(side, load_id).code == Code.LOAD_TABLE_UNFIT
    side.sql("DROP TABLE raw_a")
    assert refusal(side, load_id).code == Code.LOAD_TABLE_UNFIT


def test_a_file_that_has_other_columns_now_is_not_read_as_it_was(side: worlds.Side) -> None:
    load_id = load(side, "id,name\n1,Ann\n")
    mappings, side.mappings = side.mappings, []
    side.map(csv={"delimiter": "|"})
    error = refusal(side, load_id)
    assert error.code == Code.MAPPING_CHANGED
    assert error.detail.message.endswith("it has 1 column now, and load_columns names 2")
    side.mappings = mappings
    side.sql("INSERT INTO load_columns SELECT * FROM load_columns")
    assert refusal(side, load_id).code == Code.MAPPING_CHANGED


def test_rows_that_a_restatement_replaced(side: worlds.Side) -> None:
    side.map(on_redelivery="replace")
    first = load(side)
    second = load(side, "id,name,note\n9,x,y\n")
    assert refusal(side, first).code == Code.LOAD_REMOVED
    assert proof(side, second).equal


def test_bigquery(theirs: worlds.Side) -> None:
    theirs.map(on_bad_row="reject", max_rejected=0.9)
    theirs.sql(
        "CREATE TABLE raw_a (n NUMERIC(10, 2), i INT64, d DATE, b BOOL, dt DATETIME, ts TIMESTAMP,"
        " f FLOAT64, t TIME, text STRING)"
    )
    load_id = load(
        theirs,
        "n,i,d,b,dt,ts,f,t,text,more\n"
        "1.50,+7,2024-02-29,TRUE,2024-02-29T01:02:03.5,2024-02-29 12:00:00+01:30,1e-3,01:02:03,"
        '"",é\n'
        ',,,,,,,,,\n'
        "1,2\n",
    )  # fmt: skip
    found = proof(theirs, load_id)
    assert found.error is None
    assert (found.rows, found.load.rejected_count) == (2, 1)
    theirs.sql("UPDATE raw_a SET text = NULL WHERE text = ''")
    assert differing(theirs, load_id) == ["text"]


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
CELLS = st.none() | TEXT | st.sampled_from(['"', '""', ",", "\n", "\r\n", "NULL", " "])


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=6))
def test_whatever_is_delivered_is_in_the_table(
    side: worlds.Side, rows: list[tuple[str | None, ...]]
) -> None:
    side.mappings.clear()
    side.map(on_duplicate="load", on_redelivery="replace")
    lines = [
        ",".join("" if c is None else '"' + c.replace('"', '""') + '"' for c in row) for row in rows
    ]
    load_id = load(side, "a,b,c\n" + "".join(f"{line}\n" for line in lines))
    assert proof(side, load_id).records == len(rows)
    held = side.sql(f"SELECT a, b, c FROM raw_a WHERE _load_id = '{load_id}'")
    key = json.dumps
    assert sorted((tuple(r.values()) for r in held), key=key) == sorted(rows, key=key)
