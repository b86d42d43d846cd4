"""Which layer a dbt node belongs to, and what its run is told by."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_landing_loader.dbt.layers import gold_names, layer_of, node_runs
from airflow_landing_loader.dbt.manifest import Manifest, load_manifest
from airflow_landing_loader.dbt.results import read_results

GOLD = gold_names("gold, Marts,")


def model(name: str, *parents: str, folder: str = "silver", **changes: Any) -> dict[str, Any]:
    return {
        "unique_id": f"model.p.{name}",
        "resource_type": "model",
        "name": name,
        "schema": "Main",
        "relation_name": f'"db"."Main"."{name}"',
        "fqn": ["p", *filter(None, folder.split("/")), name],
        "config": {"materialized": "table"},
        "tags": [],
        "depends_on": {"nodes": list(parents)},
        **changes,
    }


def source(name: str) -> dict[str, Any]:
    return {
        "unique_id": f"source.p.landing.{name}",
        "resource_type": "source",
        "source_name": "landing",
        "name": name,
        "schema": "main",
        "relation_name": f'"db"."main"."{name}"',
        "fqn": ["p", "landing", name],
    }


def a_test(name: str, *parents: str) -> dict[str, Any]:
    return {
        "unique_id": f"test.p.{name}.1",
        "resource_type": "test",
        "name": name,
        "fqn": ["p", name],
        "depends_on": {"nodes": list(parents)},
    }


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    raw, books = "source.p.landing.raw_a", "source.p.landing.load_metadata"
    nodes = [
        model("stg_a", raw, books),
        model("joined", raw, "model.p.stg_a"),
        model("view", raw, config={"materialized": "view"}),
        model("mart", "model.p.stg_a", folder="finance/marts"),
        model("tagged", "model.p.stg_a", tags=["GOLD"]),
        model("marts", raw, folder=""),
        a_test("not_null_stg_a", "model.p.stg_a"),
        a_test("relationships", "model.p.mart", "model.p.stg_a"),
    ]
    path = tmp_path / "manifest.json"
    path.write_text(
        json.dumps(
            {
                "nodes": {node["unique_id"]: node for node in nodes},
                "sources": {s["unique_id"]: s for s in map(source, ("raw_a", "load_metadata"))},
            }
        )
    )
    return load_manifest(path)


@pytest.mark.parametrize(
    ("node", "layer"),
    [
        ("model.p.stg_a", "silver"),
        ("model.p.mart", "gold"),
        ("model.p.tagged", "gold"),
        ("model.p.marts", "silver"),  # its own name is no folder
        ("test.p.not_null_stg_a.1", "silver"),
        ("test.p.relationships.1", "gold"),
        ("model.p.unheard_of", "silver"),
    ],
)
def test_the_layer(manifest: Manifest, node: str, layer: str) -> None:
    assert layer_of(manifest, node, GOLD) == layer


def test_without_a_name_nothing_is_gold(manifest: Manifest) -> None:
    assert layer_of(manifest, "model.p.mart", gold_names(" , ")) == "silver"


def test_what_became_of_nodes(manifest: Manifest, tmp_path: Path) -> None:
    names = ("stg_a", "joined", "view", "mart")
    results = [
        {
            "unique_id": f"model.p.{name}",
            "status": "success",
            "message": "secret-cell",
            "execution_time": 1.5,
        }
        for name in names
    ]
    strange = {**results[0], "unique_id": "model.p.unheard_of", "status": "error"}
    (tmp_path / "run_results.json").write_text(json.dumps({"results": [*results, strange]}))
    runs = {run.name: run for run in node_runs(read_results(tmp_path), manifest, GOLD)}
    assert runs["stg_a"].table == ("Main", "stg_a")
    assert runs["stg_a"].made_from == ("main", "raw_a")
    assert runs["joined"].made_from is None
    assert runs["view"].table is None
    assert runs["mart"].made_from is None
    assert (runs["unheard_of"].status, runs["unheard_of"].table) == ("failed", None)
    assert "secret-cell" not in str(runs)


@pytest.mark.parametrize("content", [None, "", "{", '{"results": [{}]}', "[]", '{"results": 7}'])
def test_results_that_are_none(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "run_results.json").write_text(content)
    assert read_results(tmp_path) == ()
