"""Which layer a dbt node belongs to, and what has become of it there.

Bronze is the raw table. What dbt builds below it is silver, but for the models whose folder or tag
says gold; a test belongs to what it tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from airflow_landing_loader.config.mapping import own_tables
from airflow_landing_loader.dbt.manifest import BUILT, DbtNode, Manifest
from airflow_landing_loader.dbt.results import DbtLayer, DbtNodeResult, DbtNodeRun, Place

_NO_TABLE = ("view", "ephemeral")


def gold_names(setting: str) -> frozenset[str]:
    """The names of folders and tags that make a model gold, case-folded.

    :param setting: with commas between.
    """
    return frozenset(filter(None, (name.strip().casefold() for name in setting.split(","))))


def layer_of(manifest: Manifest, unique_id: str, gold: frozenset[str]) -> DbtLayer:
    """The layer of a node; silver if the manifest does not know it.

    :param gold: of :func:`gold_names`.
    """
    node = manifest.nodes.get(unique_id)
    if node is None:
        return "silver"
    if node.kind in BUILT:
        return (
            "gold" if any(n.casefold() in gold for n in (*node.folders, *node.tags)) else "silver"
        )
    parents = (p for p in node.parents if p in manifest.nodes and manifest.nodes[p].kind in BUILT)
    return "gold" if any(layer_of(manifest, p, gold) == "gold" for p in parents) else "silver"


def node_runs(
    results: Sequence[DbtNodeResult], manifest: Manifest, gold: frozenset[str]
) -> tuple[DbtNodeRun, ...]:
    """What became of nodes, without dbt's own words: they may quote values.

    :param gold: of :func:`gold_names`.
    """
    return tuple(_node_run(result, manifest, gold) for result in results)


def _node_run(result: DbtNodeResult, manifest: Manifest, gold: frozenset[str]) -> DbtNodeRun:
    node = manifest.nodes.get(result.unique_id)
    layer = layer_of(manifest, result.unique_id, gold)
    built = node is not None and node.kind in BUILT and node.materialized not in _NO_TABLE
    reads_one = node is not None and node.kind == "model" and layer == "silver"
    return DbtNodeRun(
        name=result.name,
        kind=result.kind,
        layer=layer,
        status=result.status,
        table=node.place if node is not None and built else None,
        made_from=_only(manifest.read_by(result.unique_id)) if reads_one else None,
    )


def _only(parents: Iterable[DbtNode]) -> Place | None:
    places = {
        node.place
        for node in parents
        if not (node.kind == "source" and node.name in own_tables.NAMES)
    }
    return places.pop() if len(places) == 1 else None
