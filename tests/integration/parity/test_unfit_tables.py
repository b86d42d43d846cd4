"""What a hand has made of a table, or of the loader's own: `check` and a run say the same of it."""

from __future__ import annotations

from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from tests.support import worlds
from tests.support.proofs import proof_of, unloader

from airflow_landing_loader.exceptions import ErrorCode as Code
from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.maintenance.chosen import chosen_load
from airflow_landing_loader.pipeline.forecast import Forecast, forecast

A, B = "id,name\n1,Ann\n2,Bob\n", "id,name\n3,Cid\n"


def check(side: worlds.Side, name: str) -> Forecast | str:
    """What `check` says of a file: what would be, or the code of what is against it."""
    pipeline = side.pipeline
    try:
        return forecast(side.settings, pipeline.validate(pipeline.delivery(name)))
    except LandingError as error:
        return f"{error.code} {error.detail.column}"


def failed(side: worlds.Side, name: str, content: str) -> str:
    """Deliver what is refused, by `check` as by the run; code and column."""
    side.deliver(name, content)
    foretold = check(side, name)
    outcome = side.run()[name]
    assert outcome.status == "failed", outcome
    assert foretold == f"{outcome.error.code} {outcome.error.column}"
    assert (side.folder("failed") / name).exists()
    return str(foretold)


def loaded(side: worlds.Side, name: str, content: str) -> Any:
    side.deliver(name, content)
    outcome = side.run()[name]
    assert outcome.status == "loaded", outcome
    return outcome


def make_generating(side: worlds.Side) -> None:
    """A table with a column of its own making."""
    if side.settings.loader_backend == "duckdb":
        side.sql(
            "CREATE TABLE raw_a (id VARCHAR, g BIGINT GENERATED ALWAYS AS (length(id)), "
            "n BIGINT DEFAULT 7, _load_id VARCHAR)"
        )
        return
    made = {"generatedMode": "GENERATED_ALWAYS", "generatedExpressionInfo": {"stored": True}}
    fields = [
        {"name": "id", "type": "STRING"},
        {"name": "g", "type": "INTEGER", "generatedColumn": made},
        {"name": "n", "type": "INTEGER", "defaultValueExpression": "7"},
        {"name": "_load_id", "type": "STRING"},
    ]
    table = bigquery.Table(
        f"{side.settings.warehouse_name}.raw_a",
        [bigquery.SchemaField.from_api_repr(field) for field in fields],
    )
    bigquery.Client(side.settings.gcp_project, AnonymousCredentials()).create_table(table)


@pytest.mark.parametrize("commit", ["transaction", "load_job"])
def test_a_column_that_the_table_generates_is_left_to_it(side: worlds.Side, commit: str) -> None:
    side.map(bigquery={"commit": commit})
    make_generating(side)
    side.deliver("a_1.csv", "id\n1\n")
    ahead = check(side, "a_1.csv")
    assert isinstance(ahead, Forecast)
    assert (ahead.would, ahead.known, ahead.missing) == ("load", ("id",), ("n",))
    outcome = side.run()["a_1.csv"]
    assert (outcome.status, outcome.rows) == ("loaded", 1)
    (load,) = side.table("load_metadata") or []
    assert list(load["missing_columns"]) == ["n"]
    assert [row["n"] for row in side.table("raw_a") or []] == [None]
    assert proof_of(side.settings, side.mappings, outcome.load_id).error is None

    for content in ("id,g\n2,1\n", "ID,n,G\n2,1,1\n", "g\n2\n"):
        assert failed(side, "a_2.csv", content).lower() == f"{Code.LOAD_TABLE_UNFIT} g"
    side.deliver("a_3.csv", "id\n3\n")
    side.deliver("a_4.csv", "id,more\n4,x\n")
    assert {o.status for o in side.run().values()} == {"loaded"}
    assert unloader(side.settings).unload(outcome.load_id, "failed").rows == 1
    assert sorted(row["id"] for row in side.table("raw_a") or []) == ["3", "4"]


def test_a_file_may_bring_it_under_another_name(side: worlds.Side) -> None:
    side.map(csv={"rename": {"g": "their_g"}})
    make_generating(side)
    loaded(side, "a_1.csv", "id,g\n1,8\n")
    assert [row["_extra"] for row in side.table("raw_a") or []] == ['{"their_g":"8"}']


IN_ITS_PLACE = {
    "a view": ("DROP TABLE raw_a", "CREATE VIEW raw_a AS SELECT '1' AS id, 'Ann' AS name"),
    "no load id": ("ALTER TABLE raw_a DROP COLUMN _load_id",),
    "a load id that is a number": (
        "ALTER TABLE raw_a DROP COLUMN _load_id",
        "ALTER TABLE raw_a ADD COLUMN _load_id INT64",
    ),
    "an _extra that is a number": (
        "ALTER TABLE raw_a DROP COLUMN _extra",
        "ALTER TABLE raw_a ADD COLUMN _extra INT64",
    ),
}


@pytest.mark.parametrize("what", IN_ITS_PLACE)
def test_what_takes_no_file_has_no_duplicates_either(side: worlds.Side, what: str) -> None:
    side.map()
    load_id = loaded(side, "a_1.csv", A).load_id
    loaded(side, "a_2.csv", "id,name\n")
    side.map("b_*.csv", "raw_b")
    for statement in IN_ITS_PLACE[what]:
        side.sql(statement)
    side.deliver("b_1.csv", B)
    for name, content in (("a_1.csv", A), ("a_2.csv", "id,name\n"), ("a_3.csv", B)):
        assert failed(side, name, content).startswith(Code.LOAD_TABLE_UNFIT)
    assert len(side.table("raw_b") or []) == 1  # the other table's file is loaded meanwhile
    if "_extra" in what:
        return
    for look in (
        lambda: proof_of(side.settings, side.mappings, load_id),
        lambda: unloader(side.settings).unload(load_id, "failed"),
    ):
        with pytest.raises(LandingError) as caught:
            look()
        assert caught.value.code == Code.LOAD_TABLE_UNFIT
    assert (side.folder("archive") / "a_1.csv").exists()


def test_a_new_table_of_the_name_needs_its_column_only_where_it_has_rows(
    side: worlds.Side,
) -> None:
    side.map()
    loaded(side, "a_1.csv", A)
    side.sql("DROP TABLE raw_a")
    side.sql("CREATE TABLE raw_a (id STRING, name STRING)")
    assert loaded(side, "a_1.csv", A).rows == 2  # nothing is there, so that it is no duplicate
    side.sql("DROP TABLE raw_a")
    side.sql("CREATE TABLE raw_a AS SELECT '9' AS id, 'Zoe' AS name")
    assert failed(side, "a_1.csv", A) == f"{Code.LOAD_TABLE_UNFIT} _load_id"
    side.sql("ALTER TABLE raw_a ADD COLUMN _load_id STRING")
    assert loaded(side, "a_1.csv", A).rows == 2
    assert len(side.table("raw_a") or []) == 3


def test_a_type_that_text_is_not_loaded_into(side: worlds.Side) -> None:
    side.map()
    blob = "BLOB" if side.settings.loader_backend == "duckdb" else "BYTES"
    side.sql(f"CREATE TABLE raw_a (id STRING, name {blob})")
    assert failed(side, "a_1.csv", A) == f"{Code.LOAD_TABLE_UNFIT} name"
    assert loaded(side, "a_2.csv", "id\n1\n").rows == 1


OWN = ("load_metadata", "load_columns", "load_rejects", "load_deliveries", "load_dbt_runs")


@pytest.mark.parametrize("dropped", OWN)
def test_of_the_loaders_own_tables_one_is_not_there(side: worlds.Side, dropped: str) -> None:
    side.map()
    load_id = loaded(side, "a_1.csv", A).load_id
    warehouse = side.pipeline.warehouse
    warehouse.record_dbt_run(warehouse.dbt_due(["raw_a"]), succeeded=True)
    side.sql(f"DROP TABLE {dropped}")
    overview = side.pipeline.warehouse.overview(9)
    assert len(overview.loads) == (dropped != "load_metadata")
    assert len(overview.deliveries) == (dropped != "load_deliveries")
    side.deliver("a_1.csv", A)
    ahead = check(side, "a_1.csv")
    assert isinstance(ahead, Forecast)
    assert ahead.would == ("load" if dropped == "load_metadata" else "skip")
    if dropped == "load_metadata":
        with pytest.raises(LandingError) as caught:
            chosen_load(side.pipeline.warehouse, "a_1.csv")
        assert caught.value.code == Code.LOAD_UNKNOWN
        assert "load_metadata" in caught.value.detail.message
    else:
        assert chosen_load(side.pipeline.warehouse, "a_1.csv") == load_id
        assert verified(side, load_id) == (
            Code.WAREHOUSE_BOOKS_ALTERED if dropped == "load_columns" else None
        )
    assert side.run()["a_1.csv"].status == ("loaded" if dropped == "load_metadata" else "duplicate")
    assert len(side.table("raw_a") or []) == 2
    if dropped != "load_metadata":
        assert verified(side, load_id) == (
            Code.WAREHOUSE_BOOKS_ALTERED if dropped == "load_columns" else None
        )
        assert unloader(side.settings).unload(load_id, "failed").rows == 2
    assert [due.table for due in side.pipeline.warehouse.dbt_due(["raw_a"])] == ["raw_a"]


def test_the_books_of_an_earlier_release_are_read_as_they_will_be(side: worlds.Side) -> None:
    side.map()
    loaded(side, "a_1.csv", A)
    side.sql("ALTER TABLE load_columns DROP COLUMN owner")
    side.deliver("a_2.csv", B)
    ahead = check(side, "a_2.csv")
    assert isinstance(ahead, Forecast), ahead
    assert (ahead.would, ahead.known) == ("load", ("id", "name"))


def verified(side: worlds.Side, load_id: str) -> str | None:
    """The code of what `verify` has against a load."""
    try:
        error = proof_of(side.settings, side.mappings, load_id).error
    except LandingError as refused:
        return refused.code
    return error and error.code


def test_a_view_in_the_place_of_an_own_table_is_named(side: worlds.Side) -> None:
    side.map()
    load_id = loaded(side, "a_1.csv", A).load_id
    side.sql("CREATE TABLE loads AS SELECT * FROM load_metadata")
    side.sql("DROP TABLE load_metadata")
    side.sql("CREATE VIEW load_metadata AS SELECT * FROM loads")
    assert verified(side, load_id) is None
    with pytest.raises(LandingError) as caught:
        unloader(side.settings).unload(load_id, "failed")
    assert caught.value.code == Code.WAREHOUSE_BOOKS_ALTERED
    assert "load_metadata is a view" in caught.value.detail.message
    assert len(side.table("raw_a") or []) == 2
