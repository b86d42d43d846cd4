"""Whose sets a loader takes."""

from __future__ import annotations

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.sets import by_set, mappings_taken


def mapping(letter: str, go: str | None, table: str | None = None) -> TableMapping:
    keys: dict[str, object] = {"pattern": f"{letter}_*.csv", "table": table or f"raw_{letter}"}
    if go is not None:
        keys["go_file"] = {"pattern": go, "format": "csv", "lists_files": 1}
    return TableMapping.model_validate(keys)


A, B, C, D = mapping("a", "x.go"), mapping("b", "x.go"), mapping("c", None), mapping("d", "y.go")
B_ALONE = mapping("e", None, "raw_b")
EVERYBODY = (A, B, B_ALONE, C, D)
SETS = by_set(EVERYBODY)


def test_each_mapping_is_taken_by_one_table() -> None:
    assert mappings_taken((A,), SETS) == (A, B)
    assert mappings_taken((B, B_ALONE), SETS) == (B_ALONE,)
    assert mappings_taken((C,), SETS) == (C,)
    assert mappings_taken((D,), SETS) == (D,)
    assert mappings_taken((B,), SETS) == ()


def test_who_works_for_all_takes_all() -> None:
    assert mappings_taken(EVERYBODY, SETS) == EVERYBODY
    assert mappings_taken((B, A), SETS) == (A, B)
