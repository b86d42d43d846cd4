"""The command `list`: what is mapped, and what lies in the landing zone; changes nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from airflow_landing_loader.cli import session
from airflow_landing_loader.cli.grid import Grid
from airflow_landing_loader.cli.terminal import Screen
from airflow_landing_loader.config.channels.channel_set import ChannelSet
from airflow_landing_loader.config.channels.model import BUILT_IN
from airflow_landing_loader.config.mapping.mapping_set import MappingSet
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.loading.warehouses.opening import open_warehouse
from airflow_landing_loader.monitoring.arrivals import LandedEntry, landed_files
from airflow_landing_loader.safe_text import counted, shown_name
from airflow_landing_loader.settings import Settings
from airflow_landing_loader.storage.opening import open_zones

_STYLES: dict[str, str] = {
    "ready": "green",
    "orphan": "yellow",
    "unmatched": "yellow",
    "refused": "red",
    "broken": "red",
}
_ZONES = ("landing_path", "archive_path", "failed_path")


def list_all(out: Screen, *, as_json: bool) -> bool:
    """Write mappings, zones and files; return whether all mappings are good.

    :raises LandingError: settings are wrong, or the landing zone cannot be read.
    """
    settings = session.read_settings()
    found, channels = session.mappings_of(settings), session.channels_of(settings)
    zones = open_zones(settings)
    files = landed_files(zones.landing, found, lambda: open_warehouse(settings, zones))
    if as_json:
        out.json(_document(settings, found, files, channels))
        return not found.errors and not channels.errors
    out.grid(_zones(settings))
    out.line()
    out.grid(_mappings(found))
    out.line()
    if grid := _channels(channels, found):
        out.grid(grid)
        out.line()
    out.grid(_files(files))
    if files:
        counts = Counter(f.state for f in files)
        out.line(", ".join(f"{n:,} {state}" for state, n in counts.most_common()), "bold")
    if found.errors:
        out.line()
        wrong = f"{counted(len(found.errors), 'problem')} in the mappings"
        wrong = "no mapping yet" if found.none_yet else wrong
        out.line(f"{wrong}: see `landing-loader validate`", "red")
    if channels.errors:
        wrong = counted(len(channels.errors), "problem")
        out.line(f"{wrong} in the channels: see `landing-loader validate`", "red")
    return not found.errors and not channels.errors


def proof_of(mapping: TableMapping) -> str:
    """How a file of this mapping proves that it is complete, in a few words."""
    parts = []
    if mapping.go_file is not None:
        parts.append(f"go file {mapping.go_file.pattern}")
    if mapping.trailer is not None:
        parts.append("trailer")
    if mapping.header_record is not None:
        parts.append("header record")
    if mapping.name_count is not None:
        parts.append("count in the name")
    if mapping.csv.data_end is not None:
        parts.append("end of data")
    return " and ".join(parts) or "none"


def _zones(settings: Settings) -> Grid:
    rows = [(name.removesuffix("_path"), str(getattr(settings, name))) for name in _ZONES]
    rows += [("mappings", settings.table_config_path), ("warehouse", settings.warehouse_name)]
    return Grid(title="Places", headers=("what", "where"), rows=tuple(rows))


def _mappings(found: MappingSet) -> Grid:
    return Grid(
        title="Mappings",
        headers=("pattern", "table", "proof", "expected", "written in"),
        rows=tuple(
            (m.pattern, m.table, proof_of(m), _expected(m), m.origin) for m in found.mappings
        ),
    )


def _expected(mapping: TableMapping) -> str:
    expect = mapping.expect
    if expect is None:
        return ""
    days = "" if expect.days == "mon-sun" else f"{expect.days} "
    return f"{days}by {expect.by} {expect.timezone}"


def _channels(channels: ChannelSet, found: MappingSet) -> Grid | None:
    """The channels that somebody has written or that something is sent to; ``None``: none."""
    told = _told(channels, found)
    shown = [c for c in channels.channels if c not in BUILT_IN or told[c.name]]
    if not shown and not channels.broken:
        return None
    rows = [(c.name, c.type, told[c.name], ", ".join(c.wants)) for c in shown]
    rows += [(name, "broken", told[name], "") for name in sorted(channels.broken)]
    return Grid(
        title="Channels",
        headers=("channel", "type", "told of", "events"),
        rows=tuple(rows),
        styled="type",
        styles=_STYLES,
    )


def _told(channels: ChannelSet, found: MappingSet) -> dict[str, str]:
    """The tables that each channel is told of, as a text."""
    tables: dict[str, set[str]] = defaultdict(set)
    for mapping in found.mappings:
        notify = channels.notify_of(mapping.notify)
        for name in notify.to if notify else ():
            tables[name].add(mapping.table)
    every = len(found.tables())
    texts = {
        name: "all tables" if len(named) == every > 1 else ", ".join(sorted(named))
        for name, named in tables.items()
    }
    return defaultdict(str, texts)


def _files(files: tuple[LandedEntry, ...]) -> Grid:
    return Grid(
        title="Files in landing",
        headers=("state", "file", "table", "bytes", "go or data file", "why"),
        rows=tuple(
            (
                f.state,
                shown_name(f.name),
                f.table or "",
                "" if f.size is None else f"{f.size:,}",
                shown_name(f.partner or ""),
                f.why,
            )
            for f in files
        ),
        right=("bytes",),
        styled="state",
        styles=_STYLES,
    )


def _document(
    settings: Settings,
    found: MappingSet,
    files: tuple[LandedEntry, ...],
    channels: ChannelSet,
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
                "expect": list(m.expect.in_words) if m.expect else None,
                "origin": m.origin,
            }
            for m in found.mappings
        ],
        "channels": [
            {"name": c.name, "type": c.type, "events": list(c.wants)} for c in channels.channels
        ],
        "problems": [problem.detail.to_dict() for problem in (*found.errors, *channels.errors)],
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
