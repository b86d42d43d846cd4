"""What dbt's manifest says of a project: its sources, models and tests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from airflow_landing_loader.dbt.project import DbtProject
from airflow_landing_loader.dbt.results import Place
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode

Relation = tuple[str, str]  # schema and name, both case-folded

BUILT = frozenset({"model", "seed", "snapshot"})
"""What becomes something in the warehouse, as dbt's resource types."""

_RUN = BUILT | {"test", "unit_test"}


_DEFAULT_SCHEMA = "main"


@dataclass(frozen=True, kw_only=True)
class DbtNode:
    """One node of a manifest.

    :param kind: dbt's resource type: ``model``, ``source``, ``test`` ...
    :param relation: schema and name in the database, ``None`` if it does not become one.
    :param database: the database that relation lies in.
    :param source: name of the dbt source it belongs to, if it is a table of one.
    :param selector: what selects exactly this node on dbt's command line.
    :param parents: unique ids of the nodes it reads.
    :param folders: of the project that it lies in, the outermost first.
    :param materialized: dbt's word for what it becomes: ``table``, ``view`` ...
    :param place: ``relation`` as the warehouse spells it.
    """

    unique_id: str
    name: str
    kind: str
    relation: Relation | None
    database: str | None
    source: str | None
    selector: str
    parents: tuple[str, ...]
    folders: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    materialized: str | None = None
    place: Place | None = None


class Manifest:
    """What a dbt project consists of, as ``dbt parse`` wrote it.

    :param nodes: all nodes by unique id, in the manifest's order.
    """

    def __init__(self, nodes: Mapping[str, DbtNode]) -> None:
        self.nodes = nodes
        self._children: dict[str, list[str]] = {}
        for node in nodes.values():
            for parent in node.parents:
                self._children.setdefault(parent, []).append(node.unique_id)

    def sources(self, tables: Iterable[str], source: str) -> tuple[DbtNode, ...]:
        """The source tables that stand for these raw tables, in the manifest's order.

        :param tables: names as the mappings have them, ``table`` or ``schema.table``.
        :param source: name of the dbt source they belong to.
        """
        wanted = tuple(tables)
        return tuple(
            node
            for node in self.nodes.values()
            if node.kind == "source"
            and node.source == source
            and any(_stands_for(node, table) for table in wanted)
        )

    def select(self, tables: Iterable[str], source: str) -> tuple[str, ...]:
        """dbt's selectors for everything below these raw tables; empty if dbt builds nothing of it.

        :param tables: as for :meth:`sources`.
        :param source: as for :meth:`sources`.
        """
        return tuple(
            f"{node.selector}+"
            for node in self.sources(tables, source)
            if any(self.nodes[child].kind in BUILT for child in self._below([node.unique_id]))
        )

    def waiting(
        self, tables: Iterable[str], source: str, existing: frozenset[Relation]
    ) -> dict[str, tuple[str, ...]]:
        """What below the raw tables cannot be built or tested yet, and for want of what.

        A model over two raw tables has to wait until both were loaded. It does not fail: whatever
        brings the missing one builds the model too, because the model is below that one as well.
        A parent that no raw table leads to is not waited for; dbt says what is wrong with it.

        :param tables: as for :meth:`sources`.
        :param source: as for :meth:`sources`.
        :param existing: tables and views that the database has.
        :return: by unique id, the names of the raw tables and models that are missing.
        """
        landing = [node for node in self.nodes.values() if node.source == source]
        databases = {node.database for node in landing}
        selected = self._below(node.unique_id for node in self.sources(tables, source))
        awaited = {node.unique_id for node in landing}
        awaited |= self._below(awaited)
        waiting: dict[str, tuple[str, ...]] = {}
        for unique_id in self._parents_first(selected):
            missing = [
                parent.name
                for parent in self.read_by(unique_id)
                if parent.unique_id in waiting
                or (
                    parent.unique_id in awaited - selected
                    and parent.database in databases
                    and not _exists(parent, existing)
                )
            ]
            if missing and self.nodes[unique_id].kind in _RUN:
                waiting[unique_id] = tuple(dict.fromkeys(missing))
        return waiting

    def read_by(self, unique_id: str) -> list[DbtNode]:
        """What a node reads in the database; an ephemeral model stands for its own parents.

        :raises KeyError: the manifest does not know it.
        """
        found: list[DbtNode] = []
        for parent in self.nodes[unique_id].parents:
            node = self.nodes.get(parent)
            if node is None:
                continue
            ephemeral = node.kind == "model" and node.relation is None
            found += self.read_by(parent) if ephemeral else [node]
        return found

    def _below(self, unique_ids: Iterable[str]) -> set[str]:
        found: set[str] = set()
        todo = list(unique_ids)
        while todo:
            fresh = [c for c in self._children.get(todo.pop(), ()) if c not in found]
            found.update(fresh)
            todo += fresh
        return found

    def _parents_first(self, unique_ids: set[str]) -> list[str]:
        ordered: dict[str, None] = {}
        todo = sorted(unique_ids, reverse=True)
        while todo:
            parents = [
                p for p in self.nodes[todo[-1]].parents if p in unique_ids and p not in ordered
            ]
            if parents:
                todo += parents
            else:
                ordered[todo.pop()] = None
        return list(ordered)


def waiting_text(missing: Iterable[str]) -> str:
    """Why a node waits, for people."""
    return f"waits for {', '.join(missing)}: not there yet"


def read_manifest(project: DbtProject) -> Manifest:
    """Read the project's manifest.

    :raises ConfigurationError: ``DBT_NO_MANIFEST`` if it is missing or no manifest; the hint says
        how to write it.
    """
    try:
        return load_manifest(project.manifest_path)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else "cannot be read"
        raise ConfigurationError(
            ErrorCode.DBT_NO_MANIFEST,
            f"the dbt manifest {project.manifest_path} {reason}",
            hint=f"Write it with `dbt parse --project-dir {project.path}"
            f" --profiles-dir {project.profiles_path}`, at each change of the project.",
        ) from error


def load_manifest(path: Path) -> Manifest:
    """Read a manifest that dbt has just written; an unchanged file is read once per process."""
    status = path.stat()
    return _read_manifest(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4)
def _read_manifest(path: Path, _mtime_ns: int, _size: int) -> Manifest:
    content = json.loads(path.read_bytes())
    entries = [
        *content["nodes"].values(),
        *content["sources"].values(),
        *content.get("unit_tests", {}).values(),
    ]
    return Manifest({entry["unique_id"]: _node(entry) for entry in entries})


def _node(entry: dict[str, Any]) -> DbtNode:
    kind = str(entry["resource_type"])
    is_source = kind == "source"
    stored_as = entry.get("identifier") if is_source else entry.get("alias")
    place = None
    if entry.get("relation_name"):
        place = str(entry["schema"]), str(stored_as or entry["name"])
    return DbtNode(
        unique_id=entry["unique_id"],
        name=str(entry["name"]),
        kind=kind,
        relation=None if place is None else (place[0].casefold(), place[1].casefold()),
        database=entry.get("database"),
        source=entry["source_name"] if is_source else None,
        selector=f"source:{entry['source_name']}.{entry['name']}"
        if is_source
        else f"fqn:{'.'.join(entry['fqn'])}",
        parents=tuple((entry.get("depends_on") or {}).get("nodes") or ()),
        folders=tuple((entry.get("fqn") or ())[1:-1]),
        tags=tuple(entry.get("tags") or ()),
        materialized=(entry.get("config") or {}).get("materialized"),
        place=place,
    )


def _stands_for(source: DbtNode, table: str) -> bool:
    """Whether a source table is this raw table. A source that does not name its schema counts too:
    then dbt itself says that it does not find the table, rather than nothing happening."""
    schema, _, name = table.casefold().rpartition(".")
    if source.relation is None or source.relation[1] != name:
        return False
    return schema in ("", source.relation[0])


def _exists(node: DbtNode, existing: frozenset[Relation]) -> bool:
    if node.relation is None or node.relation in existing:
        return True
    # The raw table is there, and only the source's schema is wrong: that is for dbt to say.
    return node.kind == "source" and (_DEFAULT_SCHEMA, node.relation[1]) in existing
