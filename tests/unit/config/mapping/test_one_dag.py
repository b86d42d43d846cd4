"""The mappings of one DAG, read without the others, are those that reading all would give."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_landing_loader.config.mapping.dag_ids import (
    dag_id_of,
    is_table_dag,
    may_feed,
    table_shown,
    words_of,
)
from airflow_landing_loader.config.mapping.reader import read_mappings, read_mappings_of_dag

NEIGHBOUR = "n_*.csv: raw_neighbour\n"


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    (tmp_path / "neighbour.yaml").write_text(NEIGHBOUR)
    return tmp_path


@pytest.mark.parametrize(
    ("written", "table"),
    [
        ("a_*.csv: raw_a", "raw_a"),
        ("a_*.csv: 'raw_a'", "raw_a"),
        ('a_*.csv: "raw_a"', "raw_a"),
        (r'a_*.csv: "raw\x5fa"', "raw_a"),
        (r'a_*.csv: "\u0072aw_a"', "raw_a"),
        (r'a_*.csv: {"t\x61ble": raw_a}', "raw_a"),
        ('a_*.csv: "raw\\\n  _a"', "raw_a"),
        ("a_*.csv: !!str raw_a", "raw_a"),
        ("a_*.csv: &name raw_a\nb_*.csv: *name", "raw_a"),
        ("a_*.csv:\n  table:\n    raw_a", "raw_a"),
        ("{a_*.csv: {table: raw_a}}", "raw_a"),
        ("\ufeffa_*.csv: raw_a", "raw_a"),
        ("a_*.csv: Raw_A", "Raw_A"),
        ("a_*.csv: finance.raw_a", "finance.raw_a"),
        ("a_*.csv: finance__raw_a", "finance__raw_a"),
        ("a_*.csv: finance_.raw_a", "finance_.raw_a"),
        ("a_*.csv: _._a", "_._a"),
        ("a_*.csv: _", "_"),
        ("a_*.csv: main.raw_a", "main.raw_a"),
        ("a_*.csv: main__raw_a", "main__raw_a"),
        ("a_*.csv: main.main__a", "main.main__a"),
    ],
)
def test_however_the_table_is_spelled(written: str, table: str, tables: Path) -> None:
    (tables / "a.yaml").write_text(written + "\n", encoding="utf-8")
    whole = read_mappings(tables)
    assert not whole.errors
    assert whole.for_table(table)
    found = read_mappings_of_dag(tables, dag_id_of(table))
    assert found is not None
    assert found.for_table(table) == whole.for_table(table)


def test_only_files_that_may_name_the_table_are_parsed(tables: Path) -> None:
    (tables / "a.yaml").write_text("a_*.csv: raw_a\n")
    found = read_mappings_of_dag(tables, "landing__raw_a")
    assert found is not None
    assert [mapping.table for mapping in found.mappings] == ["raw_a"]


def test_what_another_file_says_of_the_same_table_counts(tables: Path) -> None:
    (tables / "a.yaml").write_text("a_*.csv: raw_a\n")
    (tables / "b.yaml").write_text("b_*.csv: {table: raw_a, schedule: daily, workers: 2}\n")
    found = read_mappings_of_dag(tables, "landing__raw_a")
    assert found is not None
    assert found.for_table("raw_a") == read_mappings(tables).for_table("raw_a")
    assert {mapping.workers for mapping in found.mappings} == {2}


@pytest.mark.parametrize(
    "other",
    [
        "b_*.csv: {table: raw_a, nonsense: 1}",
        "b_*.csv: {table: raw_a, trailer: 7}",
        "a_1_*.csv: raw_a",
        "b_*.csv: RAW_A",
        "b_*.csv: main.raw_a",
        "b_*.csv: {table: raw_a, dag: {owner: other}}",
    ],
)
def test_a_table_with_a_problem_is_left_to_the_whole_reading(other: str, tables: Path) -> None:
    (tables / "a.yaml").write_text("a_*.csv: {table: raw_a, dag: {owner: finance}}\n")
    (tables / "b.yaml").write_text(other + "\n")
    assert "raw_a" in read_mappings(tables).problems_by_table()
    assert read_mappings_of_dag(tables, "landing__raw_a") is None


def test_two_tables_with_one_dag_id_are_refused_here_too(tables: Path) -> None:
    (tables / "a.yaml").write_text("a_*.csv: s.raw_a\n")
    (tables / "b.yaml").write_text("b_*.csv: s__raw_a\n")
    assert read_mappings_of_dag(tables, "landing__s__raw_a") is None


@pytest.mark.parametrize(
    "dag_id",
    ["landing__raw_b", "landing__broken__b.yaml", "landing_dbt", "landing__", "", "\u00e9"],
)
def test_a_dag_of_no_table(dag_id: str, tables: Path) -> None:
    (tables / "b.yaml").write_text("b_*.csv: [\n")
    assert read_mappings_of_dag(tables, dag_id) is None


@pytest.mark.parametrize("rubbish", [b"raw_a: [", b"raw_a\xff", b"raw_a: " + b"x" * 1024 * 1024])
def test_a_broken_file_is_in_nobodys_way(rubbish: bytes, tables: Path) -> None:
    (tables / "a.yaml").write_text("a_*.csv: raw_a\n")
    (tables / "rubbish.yaml").write_bytes(rubbish)
    found = read_mappings_of_dag(tables, "landing__raw_a")
    assert found is not None
    assert found.for_table("raw_a") == read_mappings(tables).for_table("raw_a")


def test_others_are_read_until_enough_tables_are_known(tables: Path) -> None:
    for number in range(9):
        (tables / f"{number}.yaml").write_text(f"f{number}_*.csv: raw_f{number}\n")
    for enough, known in ((0, 1), (1, 1), (4, 4), (10, 10), (99, 10)):
        found = read_mappings_of_dag(tables, "landing__raw_f5", tables=enough)
        assert found is not None
        assert len(found.table_names()) == known
        assert found.for_table("raw_f5")


def test_a_file_of_any_length_is_read_whole(tables: Path) -> None:
    comment = "# " + "x" * 70 + "\n"
    for lines in (900, 2000):
        (tables / "a.yaml").write_text(comment * lines + "a_*.csv: raw_a\n")
        assert read_mappings_of_dag(tables, "landing__raw_a")


def test_a_name_that_is_not_there() -> None:
    assert not may_feed(b"b_*.csv: raw_b\n", words_of("landing__raw_a"))
    assert not may_feed(b"raw_a: finance\n", words_of("landing__sales__raw_a"))


@pytest.mark.parametrize(
    ("dag_id", "table"),
    [("landing__raw_a", "raw_a"), ("landing__main__raw_a", "main__raw_a"), ("landing____", "__")],
)
def test_the_dag_of_a_table_is_known_by_its_id(dag_id: str, table: str) -> None:
    assert is_table_dag(dag_id)
    assert table_shown(dag_id) == table


@pytest.mark.parametrize(
    "dag_id",
    [
        *("landing__broken__a.yaml", "landing_dbt", "landing_unmatched", "landing_actions"),
        *("landing__", "landing__a b", "landing__a\n", "other__landing__a", "", "landing__\u00e9"),
    ],
)
def test_other_dags_are_no_tables(dag_id: str) -> None:
    assert not is_table_dag(dag_id)


@pytest.mark.parametrize("table", ["raw_a", "main.raw_a", "A", "_", "broken.raw_a"])
def test_each_table_has_a_dag_that_is_known_as_one(table: str) -> None:
    assert is_table_dag(dag_id_of(table))
