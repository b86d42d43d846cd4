"""Deliveries depend on the mapping and the seed alone, and are of nobody else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from tests.support.mapping_strategies import mappings

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode
from airflow_landing_loader.generating.deliveries import Sender, all_parcels, mapping_named
from airflow_landing_loader.generating.names import Names
from airflow_landing_loader.generating.sending import send


def mapping(pattern: str = "a_*.csv", **keys: Any) -> TableMapping:
    return TableMapping.model_validate({"pattern": pattern, "table": "raw_a", **keys})


@given(mappings())
def test_the_same_seed_makes_the_same_bytes(of: TableMapping) -> None:
    one, two = (all_parcels(Sender(of, rows=3, seed=1), 2, faults=True) for _ in range(2))
    assert one == two
    assert all_parcels(Sender(of, rows=3, seed=2), 2, faults=True) != one


@given(mappings())
def test_every_delivery_has_names_of_its_own(of: TableMapping) -> None:
    parcels = all_parcels(Sender(of, rows=2, seed=1), 5, faults=True)
    first = [one for one in parcels if one.turn == 1]
    names = [one.name for one in first]
    go_names = [one.go_name for one in first if one.go is not None]
    assert len(set(names)) == len(names)
    assert len(set(go_names)) == len(go_names)
    for one in first:
        fits = of.matches(one.name) and of.data_pattern.misfit(one.name) is None
        assert fits is (one.kind != "bad_date")


def test_no_name_is_of_another_mapping() -> None:
    other = mapping("a_2024*.csv")
    given_names = [Names(mapping(), [other]).next().data for _ in range(3)]
    assert not any(other.matches(name) for name in given_names)


def test_a_name_without_parts_is_delivered_once() -> None:
    parcels = all_parcels(Sender(mapping("a.csv"), rows=2, seed=1), 5, faults=True)
    assert [(one.name, one.kind) for one in parcels] == [
        ("a.csv", "right"),
        ("a.csv", "duplicate"),
    ]
    names = Names(mapping("a.csv"))
    names.next()
    with pytest.raises(ConfigurationError) as caught:
        names.next()
    assert caught.value.code is ErrorCode.GENERATE_NO_EXAMPLE


def test_a_mapping_is_known_by_its_table_or_its_pattern() -> None:
    one, two = mapping("a_*.csv"), mapping("b_*.csv")
    assert mapping_named("b_*.csv", [one, two]) is two
    assert mapping_named("raw_a", [one]) is one
    for wrong in ("raw_a", "raw_b"):
        with pytest.raises(ConfigurationError) as caught:
            mapping_named(wrong, [one, two])
        assert caught.value.code is ErrorCode.GENERATE_NO_EXAMPLE


def test_no_file_is_overwritten_and_nothing_unfinished_is_seen(tmp_path: Path) -> None:
    go_file = {"pattern": "a_*.go", "format": "csv", "row_count_column": 2}
    parcels = all_parcels(Sender(mapping(go_file=go_file), rows=2, seed=1), 2, faults=False)
    send(parcels, tmp_path, table="raw_a")
    there = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert {*there} == {
        ".expected.raw_a.json",
        *(one.name for one in parcels),
        *(one.go_name for one in parcels),
    }
    assert all(there[one.name] <= there[str(one.go_name)] for one in parcels)
    with pytest.raises(ConfigurationError) as caught:
        send(parcels, tmp_path, table="raw_a")
    assert caught.value.code is ErrorCode.CONFIG_UNREADABLE
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == there
