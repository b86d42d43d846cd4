"""How raw tables are made in BigQuery, and what is said when they cannot be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from tests.support.worlds import Side

from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode


def table(side: Side, name: str = "raw_a") -> bigquery.Table:
    """The table as the service describes it."""
    client = bigquery.Client(side.settings.gcp_project, AnonymousCredentials())
    return client.get_table(f"{side.settings.gcp_project}.{side.settings.bq_dataset}.{name}")


def test_a_table_is_partitioned_clustered_and_labelled_as_the_mapping_says(side: Side) -> None:
    layout = {
        "partition_by": "month",
        "cluster_by": ["symbol", "_load_id"],
        "labels": {"team": "market-data"},
    }
    side.map(bigquery=layout)
    side.deliver("a_1.csv", "Symbol,price\nACME,1\n")
    assert side.run()["a_1.csv"].status == "loaded"

    made = table(side)
    assert made.time_partitioning == bigquery.TimePartitioning(type_="MONTH")
    assert made.clustering_fields == ["Symbol", "_load_id"]
    assert made.labels == {"team": "market-data"}
    assert [field.name for field in made.schema] == ["Symbol", "price", "_load_id", "_extra"]
    assert {field.field_type for field in made.schema} == {"STRING"}


def test_a_named_part_says_the_partition(side: Side) -> None:
    side.map(
        "a_{day:%Y%m%d}.csv",
        add_columns={"day": "{day}"},
        types={"DAY": "DATE"},
        bigquery={"partition_by": "month", "partition_column": "Day"},
    )
    side.deliver("a_20240115.csv", "symbol\nACME\n")
    side.deliver("a_20240229.csv", "symbol\nMOON\n")
    assert {outcome.status for outcome in side.run().values()} == {"loaded"}
    made = table(side)
    assert made.time_partitioning == bigquery.TimePartitioning(type_="MONTH", field="day")
    rows = sorted((row["symbol"], str(row["day"])) for row in side.table("raw_a") or [])
    assert rows == [("ACME", "2024-01-15"), ("MOON", "2024-02-29")]


def test_a_column_to_partition_by_that_the_file_lacks_is_named(side: Side) -> None:
    layout = {"partition_by": "day", "partition_column": "day"}
    side.map(types={"day": "DATE"}, bigquery=layout)
    side.deliver("a_1.csv", "symbol\nACME\n")
    error = side.run()["a_1.csv"].error
    assert error is not None
    assert (error.code, error.column) == (ErrorCode.LOAD_TABLE_UNFIT, "day")
    assert "bigquery.partition_column" in str(error.hint)


def test_a_table_that_is_there_stays_as_it_is(side: Side) -> None:
    side.map()
    side.deliver("a_1.csv", "symbol\nACME\n")
    side.run()
    side.mappings.clear()
    side.map(bigquery={"partition_by": "day", "cluster_by": ["symbol"], "labels": {"a": "b"}})
    side.deliver("a_2.csv", "symbol\nMOON\n")
    assert side.run()["a_2.csv"].status == "loaded"
    made = table(side)
    assert (made.time_partitioning, made.clustering_fields, made.labels) == (None, None, {})


def test_a_column_to_cluster_by_that_the_file_lacks_is_named(side: Side) -> None:
    side.map(bigquery={"cluster_by": ["symbl"]})
    side.deliver("a_1.csv", "symbol\nACME\n")
    error = side.run()["a_1.csv"].error
    assert error is not None
    assert (error.code, error.column) == (ErrorCode.LOAD_TABLE_UNFIT, "symbl")
    assert "bigquery.cluster_by" in str(error.hint)
    assert (side.folder("failed") / "a_1.csv").read_text() == "symbol\nACME\n"
    assert side.staged() == []


def test_a_default_dataset_that_is_not_there_is_named_and_the_file_stays(side: Side) -> None:
    side.map()
    side.deliver("a_1.csv", "symbol\nACME\n")
    side.settings = replace(side.settings, bq_dataset="not_there")
    with pytest.raises(ConfigurationError, match="not_there") as raised:
        side.run()
    assert raised.value.detail.code == ErrorCode.WAREHOUSE_NOT_FOUND
    assert [path.name for path in side.folder("landing").glob("[!.]*")] == ["a_1.csv"]
    assert not any(side.folder("failed").iterdir())


def test_a_load_is_found_among_the_columns_of_all_loads_without_reading_them_all(
    side: Side,
) -> None:
    side.map()
    side.deliver("a_1.csv", "symbol\nACME\n")
    assert side.run()["a_1.csv"].status == "loaded"
    assert table(side, "load_columns").clustering_fields == ["load_id"]


def test_what_is_not_sent_yet_is_found_among_all_events_without_reading_them_all(
    side: Side,
) -> None:
    side.map()
    side.deliver("a_1.csv", "symbol\nACME\n")
    assert side.run()["a_1.csv"].status == "loaded"
    assert table(side, "load_events").clustering_fields == ["published_at", "table_name"]


def test_the_numbers_of_loads_go_on_where_their_table_was_dropped(side: Side) -> None:
    side.map()
    for number in (1, 2):
        side.deliver(f"a_{number}.csv", f"id\n{number}\n")
        side.run()
    side.sql("DROP TABLE load_sequence")
    side.deliver("a_1.csv", "id\n3\n")
    assert side.run()["a_1.csv"].status == "loaded"
    loads = side.table("load_metadata") or []
    assert sorted(load["sequence"] for load in loads) == [1, 2, 3]
