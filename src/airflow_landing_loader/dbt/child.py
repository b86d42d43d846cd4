"""The process in which the command line runs dbt: parse once, leave out what waits, build the rest.

A process of its own, because dbt keeps its DuckDB connection open until its process ends, and
because a stop from outside must end dbt at once. Started by ``dbt_command`` only.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_landing_loader.codec import adapter_of, to_json
from airflow_landing_loader.dbt.manifest import Manifest, Relation, load_manifest


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to build.

    :param arguments: options that every dbt command of this run gets.
    :param manifest_path: where ``dbt parse`` with these options writes its manifest.
    :param tables: raw tables whose children are built.
    :param source: name of the dbt source they belong to.
    :param existing: tables and views that the database has, as (schema, name).
    """

    arguments: tuple[str, ...]
    manifest_path: str
    tables: tuple[str, ...]
    source: str
    existing: tuple[Relation, ...]

    def write(self, path: Path) -> None:
        """Write it for :func:`main`."""
        path.write_bytes(to_json(self))

    @classmethod
    def read(cls, path: Path) -> Request:
        """Read what :meth:`write` wrote."""
        return adapter_of(cls).validate_json(path.read_bytes())

    def build_arguments(self, manifest: Manifest) -> tuple[str, ...]:
        """Options that select what can be built; empty if dbt has nothing to do for the tables."""
        select = manifest.select(self.tables, self.source)
        if not select:
            return ()
        exclude = [manifest.nodes[unique_id].selector for unique_id in self.waiting(manifest)]
        return ("--select", *select, *(("--exclude", *exclude) if exclude else ()))

    def waiting(self, manifest: Manifest) -> dict[str, tuple[str, ...]]:
        """As :meth:`Manifest.waiting`, for the tables of this request."""
        return manifest.waiting(self.tables, self.source, frozenset(self.existing))


def main(arguments: Sequence[str]) -> int:
    """Do what the request file says; return dbt's kind of exit code: 0 good, 1 failed, 2 broken."""
    from dbt.cli.main import dbtRunner

    request = Request.read(Path(arguments[0]))
    parsed = dbtRunner().invoke(["parse", *request.arguments])
    if not parsed.success:
        return 2
    build = request.build_arguments(load_manifest(Path(request.manifest_path)))
    if not build:
        return 0
    manifest: Any = parsed.result
    built = dbtRunner(manifest=manifest).invoke(["build", *request.arguments, *build])
    if built.exception is not None:
        return 2
    return 0 if built.success else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
