"""The questions to our own tables: each is asked, in words that every warehouse has."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb
import pytest

from airflow_landing_loader.loading.ledger import queries
from airflow_landing_loader.loading.ledger.operations import mark_replayed
from airflow_landing_loader.loading.ledger.queries import Rows
from airflow_landing_loader.loading.ledger.tables import LOAD_DELIVERIES, LOAD_METADATA, now
from airflow_landing_loader.loading.model import DbtDue
from airflow_landing_loader.loading.planning.identity import Asked, Content
from airflow_landing_loader.loading.warehouses.bigquery.ledger import Ledger as BigQueryLedger
from airflow_landing_loader.loading.warehouses.duckdb.ledger import Ledger

HOSTILE = "x' OR '1'='1; :id = ANY(:ids) ROWS(:rows) $id @id --"
AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC).replace(tzinfo=None)


@pytest.fixture
def books() -> Ledger:
    """Our tables, with nothing in them."""
    books = Ledger(duckdb.connect())
    books.ensure_tables()
    return books


def load(books: Ledger, load_id: str, sequence: int, **keys: object) -> None:
    """Write a load down."""
    row = dict.fromkeys(LOAD_METADATA.column_names) | {
        "load_id": load_id,
        "filename": f"{load_id}.csv",
        "table_name": "raw_a",
        "row_count": 1,
        "started_at": AT,
        "completed_at": AT,
        "sequence": sequence,
        "uri": "/landing/a",
        "size_bytes": 1,
        "sha256": f"hash {load_id}",
        "delivery_token": "t",
        "record_count": 1,
        "rejected_count": 0,
        "drift_columns": ["x", "y"],
        "missing_columns": [],
        "archive_uri": f"/archive/{load_id}.csv",
    }
    row |= keys
    books.insert(LOAD_METADATA, [tuple(row.values())])


def delivery(books: Ledger, delivery_id: str, outcome: str, at: datetime, **keys: object) -> None:
    """Write down what became of a delivery."""
    row = dict.fromkeys(LOAD_DELIVERIES.column_names) | {
        "delivery_id": delivery_id,
        "filename": "a.csv",
        "table_name": "raw_a",
        "outcome": outcome,
        "landing_uri": "/landing/a.csv",
        "recorded_at": at,
    }
    books.insert(LOAD_DELIVERIES, [tuple((row | keys).values())])


def test_what_is_bound_is_said_as_each_warehouse_says_it() -> None:
    sql = "SELECT a::INT FROM ROWS(:r) WHERE x = ANY(:ids) AND y = :one"
    values = {"r": Rows(("a", "b"), [("1", "2")]), "ids": ["i"], "one": 1, "INT": None}
    sql = sql.replace("::INT", "")
    assert BigQueryLedger.dialect.said(sql, values) == (
        "SELECT a FROM UNNEST(@r) WHERE x IN UNNEST(@ids) AND y = @one"
    )
    assert Ledger.dialect.said(sql, values) == (
        "SELECT a FROM (SELECT unnest($r_a::VARCHAR[]) AS a, unnest($r_b::VARCHAR[]) AS b) "
        "WHERE x = ANY($ids) AND y = $one"
    )


def test_a_value_that_nobody_binds_is_not_said() -> None:
    with pytest.raises(KeyError):
        Ledger.dialect.said("SELECT :other", {"one": 1})


def test_no_value_becomes_part_of_a_statement(
    books: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    run = Ledger._run

    def listening(self: Ledger, sql: str, values: queries.Values) -> list[tuple[object, ...]]:
        said.append(sql)
        return run(self, sql, values)

    monkeypatch.setattr(Ledger, "_run", listening)
    load(books, "one", 1)
    delivery(books, "d", "failed", AT)
    assert books.prior_loads([Content("raw_a", HOSTILE, HOSTILE, HOSTILE)]) == []
    assert books.remembered([Asked("raw_a", HOSTILE, HOSTILE, HOSTILE)]) == []
    assert books.loads_by_id([HOSTILE]) == {}
    assert books.find_loads(HOSTILE, HOSTILE, 9) == ()
    assert books.outcome_of(HOSTILE) == "loaded"
    assert books.columns_of_load(HOSTILE) == ()
    assert list(books.rejects_of(HOSTILE)) == []
    assert books.owners_of({HOSTILE}) == {}
    books.set_archived([(HOSTILE, HOSTILE)])
    assert mark_replayed(books, [HOSTILE], now()) == frozenset()
    assert [d.outcome for d in books.recent_deliveries(9)] == ["failed"]
    assert len(said) >= 9
    assert [sql for sql in said if HOSTILE in sql] == []


def test_a_load_is_found_by_name_by_its_archived_name_and_by_the_beginning_of_its_id(
    books: Ledger,
) -> None:
    load(books, "abc-1", 1, filename="a.csv")
    load(books, "abd-2", 2, archive_uri="/archive/2026/a.csv")
    load(books, "xyz-3", 3)

    def found(name: str, beginning: str | None, most: int = 9) -> list[str]:
        return [load.load_id for load in books.find_loads(name, beginning, most)]

    assert found("a.csv", None) == ["abd-2", "abc-1"]
    assert found("none.csv", "ab") == ["abd-2", "abc-1"]
    assert found("none.csv", None) == []
    assert found("a.csv", "xyz", 2) == ["xyz-3", "abd-2"]
    assert books.recent_loads(1)[0].drift_columns == ("x", "y")
    assert books.loads_by_id([]) == {}


def test_files_that_lie_elsewhere_and_files_that_are_gone_are_written_down(books: Ledger) -> None:
    for number in (1, 2, 3):
        load(books, f"l{number}", number, archive_uri="/archive/shared.csv")
        delivery(books, f"d{number}", "loaded", AT, load_id=f"l{number}", final_uri="/a")
    first = books.loads_by_id(["l1"])["l1"]
    assert sorted(books.sharing(first)) == [2, 3]
    books.set_archived([("l1", "/archive/l1.csv"), ("l2", "")])
    assert {load.load_id: load.archive_uri for load in books.recent_loads(9)} == {
        "l1": "/archive/l1.csv",
        "l2": "",
        "l3": "/archive/shared.csv",
    }
    lie = {d.delivery_id: d.final_uri for d in books.recent_deliveries(9)}
    assert lie == {"d1": "/archive/l1.csv", "d2": None, "d3": "/a"}


def test_what_went_back_is_told_by_its_key(books: Ledger) -> None:
    for number, outcome in enumerate(("failed", "failed", "unloaded", "discarded", "replayed")):
        delivery(books, f"d{number}", outcome, AT)
    at = AT.replace(minute=3)
    told = mark_replayed(books, ["d0", "d2", "d3", "d4", "none"], at)
    assert told == {"d0", "d2", "d4"}
    outcomes = {d.delivery_id: (d.outcome, d.recorded_at) for d in books.recent_deliveries(9)}
    assert outcomes == {
        "d0": ("replayed", at),
        "d1": ("failed", AT),
        "d2": ("unloaded", AT),
        "d3": ("discarded", AT),
        "d4": ("replayed", AT),
    }


def test_dbt_is_due_after_a_load_and_after_an_unload_until_it_went_well(books: Ledger) -> None:
    load(books, "l1", 1)
    load(books, "l2", 2, table_name="raw_b")
    assert [(due.table, due.sequence) for due in books.dbt_due()] == [("raw_a", 1), ("raw_b", 2)]
    assert [due.table for due in books.dbt_due(["raw_b"])] == ["raw_b"]
    due = [DbtDue(table="raw_a", sequence=1, last_attempt=None)]
    books.put_dbt_runs(due, succeeded=False)
    (failed,) = books.dbt_due(["raw_a"])
    assert failed.last_attempt is not None
    books.put_dbt_runs(due, succeeded=True)
    assert books.dbt_due(["raw_a"]) == ()
    books.mark_unloaded("l1")
    (again,) = books.dbt_due(["raw_a"])
    assert (again.sequence, again.last_attempt) == (3, None)
