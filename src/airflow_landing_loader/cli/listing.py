"""The command `list`: what is mapped, and what lies in the landing zone; changes nothing."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any, Literal

from airflow_landing_loader.cli import session
from airflow_landing_loader.cli.terminal import Grid, Screen, counted, shown_name
from airflow_landing_loader.landing.discovery import LOOK_INTERVAL, Discovery, Look, discover
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.landing.zones import open_zones
from airflow_landing_loader.mapping.model import TableMapping
from airflow_landing_loader.mapping.result import MappingSet
from airflow_landing_loader.settings import Settings

State = Literal["ready", "unsettled", "waiting", "orphan", "unmatched", "refused"]
_ZONES = ("landing_path", "archive_path", "failed_path")


@dataclass(frozen=True, kw_only=True)
class LandedEntry:
    """One file in the landing zone.

    :param state: ``ready`` to load; ``unsettled``, changed a moment ago; ``waiting`` for its go
        file; ``orphan``, a go file without data file; ``unmatched`` by any pattern; ``refused``.
    :param partner: the go file of a data file, the data file of a go file.
    :param why: why it does not load now.
    """

    name: str
    state: State
    table: str | None = None
    size: int | None = None
    partner: str | None = None
    why: str = ""


def list_all(out: Screen, *, as_json: bool) -> bool:
    """Write mappings, zones and files; return whether all mappings are good.

    :raises LandingError: settings are wrong, or the landing zone cannot be read.
    """
    settings = session.read_settings()
    found = session.mappings_of(settings)
    files = landed_files(settings, found)
    if as_json:
        out.json(_document(settings, found, files))
        return not found.errors
    out.grid(_zones(settings))
    out.line()
    out.grid(_mappings(found))
    out.line()
    out.grid(_files(files))
    if found.errors:
        out.line()
        wrong = counted(len(found.errors), "problem")
        out.line(f"{wrong} in the mappings: see `landing-loader validate`", "red")
    return not found.errors


def landed_files(settings: Settings, found: MappingSet) -> tuple[LandedEntry, ...]:
    """All files in the landing zone that are not hidden, by name.

    One look can only go by modification times: the last moments count as if we had watched.
    """
    zone = open_zones(settings).landing
    now = time.time()
    look = discover(zone, found.mappings, now=now).look
    watched = tuple(replace(seen, since=seen.since - LOOK_INTERVAL) for seen in look.seen)
    return _entries(discover(zone, found.mappings, now=now, previous=Look(seen=watched)))


def proof_of(mapping: TableMapping) -> str:
    """How a file of this mapping proves that it is complete, in a few words."""
    parts = []
    if mapping.go_file is not None:
        parts.append(f"go file {mapping.go_file.pattern}")
    if mapping.trailer is not None:
        parts.append("trailer")
    return " and ".join(parts) or "none"


def _entries(found: Discovery) -> tuple[LandedEntry, ...]:
    entries = [_delivery(d, "ready") for d in found.ready]
    entries += [_delivery(d, "unsettled", "changed a moment ago") for d in found.unsettled]
    entries += [
        LandedEntry(
            name=w.data.name,
            state="waiting",
            table=w.mapping.table,
            size=w.data.size,
            partner=w.go_name,
            why="its go file is not there yet",
        )
        for w in found.waiting
    ]
    entries += [
        LandedEntry(
            name=o.go.name,
            state="orphan",
            table=o.mapping.table,
            size=o.go.size,
            partner=o.data_name,
            why="its data file is not there",
        )
        for o in found.orphans
    ]
    entries += [
        LandedEntry(name=u.name, state="unmatched", size=u.size, why="no pattern matches it")
        for u in found.unmatched
    ]
    entries += [
        LandedEntry(name=r.name, state="refused", why=r.error.message) for r in found.refused
    ]
    return tuple(sorted(entries, key=lambda entry: entry.name))


def _delivery(delivery: Delivery, state: State, why: str = "") -> LandedEntry:
    return LandedEntry(
        name=delivery.data.name,
        state=state,
        table=delivery.mapping.table,
        size=delivery.data.size,
        partner=delivery.go.name if delivery.go else None,
        why=why,
    )


def _zones(settings: Settings) -> Grid:
    rows = [(name.removesuffix("_path"), str(getattr(settings, name))) for name in _ZONES]
    rows += [("mappings", settings.table_config_path), ("warehouse", settings.warehouse_name)]
    return Grid(title="Places", headers=("what", "where"), rows=tuple(rows))


def _mappings(found: MappingSet) -> Grid:
    return Grid(
        title="Mappings",
        headers=("pattern", "table", "proof", "written in"),
        rows=tuple((m.pattern, m.table, proof_of(m), m.origin) for m in found.mappings),
    )


def _files(files: tuple[LandedEntry, ...]) -> Grid:
    return Grid(
        title="Files in landing",
        headers=("file", "state", "table", "bytes", "go or data file", "why"),
        rows=tuple(
            (
                shown_name(f.name),
                f.state,
                f.table or "",
                "" if f.size is None else f"{f.size:,}",
                shown_name(f.partner or ""),
                f.why,
            )
            for f in files
        ),
        right=("bytes",),
    )


def _document(
    settings: Settings, found: MappingSet, files: tuple[LandedEntry, ...]
) -> dict[str, Any]:
    return {
        "zones": {name.removesuffix("_path"): getattr(settings, name) for name in _ZONES},
        "mapping_folder": settings.table_config_path,
        "warehouse": settings.warehouse_name,
        "mappings": [
            {
                "pattern": m.pattern,
                "table": m.table,
                "go_file": m.go_file.pattern if m.go_file else None,
                "trailer": m.trailer is not None,
                "origin": m.origin,
            }
            for m in found.mappings
        ],
        "problems": [problem.detail.to_dict() for problem in found.errors],
        "files": [
            {
                "name": f.name,
                "state": f.state,
                "table": f.table,
                "size": f.size,
                "partner": f.partner,
                "why": f.why,
            }
            for f in files
        ],
    }
