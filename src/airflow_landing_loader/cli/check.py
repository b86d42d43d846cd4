"""The command `check`: what would become of one file, now; nothing is moved, made or locked."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_landing_loader.cli import session
from airflow_landing_loader.cli.forecast import Forecast, forecast
from airflow_landing_loader.cli.listing import proof_of
from airflow_landing_loader.cli.terminal import Screen, shown_name
from airflow_landing_loader.landing import local_files
from airflow_landing_loader.landing.discovery import discover, find_delivery
from airflow_landing_loader.landing.local_zone import LocalZone
from airflow_landing_loader.landing.model import Delivery, Validated
from airflow_landing_loader.landing.zone import Zone
from airflow_landing_loader.landing.zones import open_zones
from airflow_landing_loader.mapping.model import TableMapping
from airflow_landing_loader.settings import Settings
from airflow_landing_loader.validation import validate


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What a check has found out.

    :param go_name: name of the go file that the delivery needs, ``None`` if it needs none.
    """

    delivery: Delivery
    go_name: str | None
    validated: Validated
    forecast: Forecast


def check(out: Screen, file: str, *, as_json: bool) -> None:
    """Check one file and write what would become of it.

    :param file: name of a file in the landing zone, or path of a file anywhere, which is looked at
        as if it lay in the landing zone together with its neighbours.
    :raises LandingError: the file would not load, and why; or it cannot be looked at.
    """
    settings = session.read_settings()
    found = session.mappings_of(settings)
    zone, name = _place(settings, file)
    delivery, go_name = _delivery(zone, found.mappings, name)
    if not as_json:
        _tell_delivery(out, delivery, go_name)
    validated = validate(zone, delivery, now=time.time())
    if not as_json:
        _tell_content(out, validated)
    ahead = forecast(settings, validated)
    checked = Checked(delivery=delivery, go_name=go_name, validated=validated, forecast=ahead)
    if as_json:
        out.json(_document(checked))
    else:
        _tell_forecast(out, checked)


def _place(settings: Settings, file: str) -> tuple[Zone, str]:
    """The folder and the name of the file: in the landing zone, else where the path leads."""
    landing = open_zones(settings).landing
    path = Path(file)
    lies_here = local_files.exists(file) and not local_files.exists(f"{landing.path}/{file}")
    if path.name != file or lies_here:
        return LocalZone(str(path.parent.absolute())), path.name
    return landing, file


def _delivery(
    zone: Zone, mappings: Sequence[TableMapping], name: str
) -> tuple[Delivery, str | None]:
    """The delivery as it lies there, also while its go file is missing."""
    for waiting in discover(zone, mappings, now=time.time()).waiting:
        if waiting.data.name == name:
            return Delivery(mapping=waiting.mapping, data=waiting.data), waiting.go_name
    delivery = find_delivery(zone, mappings, name)
    return delivery, delivery.go.name if delivery.go else None


def _tell_delivery(out: Screen, delivery: Delivery, go_name: str | None) -> None:
    mapping = delivery.mapping
    out.line(f"file      {shown_name(delivery.data.name)}  {delivery.data.size:,} bytes")
    out.line(f"mapping   {mapping.pattern} -> {mapping.table}  ({mapping.origin})")
    out.line(f"proof     {proof_of(mapping)}")
    if go_name is not None:
        there = "" if delivery.go else "  not there yet: the file waits for it"
        out.line(f"go file   {shown_name(go_name)}{there}", None if delivery.go else "yellow")


def _tell_content(out: Screen, validated: Validated) -> None:
    found = validated.inspection
    promise = (
        "" if validated.expected_records is None else f"  {validated.expected_records:,} promised"
    )
    ragged = f"  {found.ragged:,} with a wrong number of fields" if found.ragged else ""
    out.line(f"records   {found.records:,}{promise}{ragged}")
    if validated.detected is not None:
        out.line(f"dialect   {validated.detected}  (detected)")
    out.line(f"content   {found.compression} compression, sha256 {found.sha256}")


def _tell_forecast(out: Screen, checked: Checked) -> None:
    ahead = checked.forecast
    for label, names in (
        ("known", ahead.known),
        ("_extra", ahead.extra),
        ("missing", ahead.missing),
    ):
        if names:
            out.line(f"{label:<10}{', '.join(names)}")
    for note in ahead.notes:
        out.line(f"note      {note}", "yellow")
    table = checked.delivery.mapping.table
    waits = checked.go_name is not None and checked.delivery.go is None
    when = " once its go file is there" if waits else ""
    out.line(f"result    {ahead.sentence(table)}{when}", "yellow" if waits else "green")


def _document(checked: Checked) -> dict[str, Any]:
    mapping, found = checked.delivery.mapping, checked.validated.inspection
    ahead = checked.forecast
    return {
        "file": checked.delivery.data.name,
        "path": checked.delivery.data.path,
        "size": checked.delivery.data.size,
        "pattern": mapping.pattern,
        "table": mapping.table,
        "origin": mapping.origin,
        "go_file": checked.go_name,
        "go_file_is_there": checked.delivery.go is not None,
        "records": found.records,
        "expected_records": checked.validated.expected_records,
        "ragged": found.ragged,
        "sha256": found.sha256,
        "dialect_detected": checked.validated.detected,
        "columns": {
            "known": list(ahead.known),
            "extra": list(ahead.extra),
            "missing": list(ahead.missing),
        },
        "would": ahead.would,
        "load_id": ahead.load_id,
        "notes": list(ahead.notes),
    }
