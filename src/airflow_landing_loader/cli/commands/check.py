"""The command `check`: what would become of one file, now; nothing is moved, made or locked."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from airflow_landing_loader.cli import session
from airflow_landing_loader.cli.commands.list import proof_of
from airflow_landing_loader.cli.terminal import Screen, utc
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, LandingError, TerminalError, TransientError
from airflow_landing_loader.landing.control.totals import proved_totals
from airflow_landing_loader.landing.discovery.discover import discover, find_delivery, still_same
from airflow_landing_loader.landing.formats.csv.header.promise import effective_names
from airflow_landing_loader.landing.model import Delivery, LineSpan, TrailerContent, Validated
from airflow_landing_loader.landing.moves.sidecar import find_sidecar, sidecar_name
from airflow_landing_loader.landing.text.stream import open_text
from airflow_landing_loader.loading.model import Load
from airflow_landing_loader.loading.warehouses.opening import open_warehouse
from airflow_landing_loader.pipeline.forecast import Forecast, forecast
from airflow_landing_loader.pipeline.validation import require_rest, validate
from airflow_landing_loader.runs.wording import replay_text, short_error
from airflow_landing_loader.safe_text import (
    counted,
    delivered,
    ended,
    shortened,
    shown,
    shown_name,
    storable,
)
from airflow_landing_loader.settings import Settings
from airflow_landing_loader.storage.content import FileContent
from airflow_landing_loader.storage.local import files as local_files
from airflow_landing_loader.storage.local.zone import LocalZone
from airflow_landing_loader.storage.opening import open_folder, open_zones
from airflow_landing_loader.storage.zone import Zone, is_plain_name

_SHOWN_LINES = 5
_SHOWN_BYTES = 1000
_SHOWN_TOTAL = 60


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What a check has found out.

    :param go_name: name of the go file that the delivery needs, ``None`` if it needs none.
    :param lacks: another data file that it waits for, as its go file names it, too.
    :param unsettled: why it would not be taken at this moment; ``None``: it has come to rest.
    """

    delivery: Delivery
    go_name: str | None
    lacks: str | None
    unsettled: str | None
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
    delivery, go_name, lacks = _delivery(settings, zone, found.mappings, name)
    unsettled = _unsettled(zone, delivery)
    if not as_json:
        _tell_delivery(out, delivery, go_name, lacks)
    if unsettled and not as_json:
        out.line(f"settled   not yet: {unsettled}", "yellow", hang=10)
    validated = validate(zone, _as_settled(delivery), now=time.time())
    if not as_json:
        _tell_content(out, validated)
        _tell_ends(out, zone, validated)
    checked = Checked(
        delivery=delivery,
        go_name=go_name,
        lacks=lacks,
        unsettled=unsettled,
        validated=validated,
        forecast=forecast(settings, validated),
    )
    if as_json:
        out.json(_document(checked))
    else:
        _tell_forecast(out, checked)


def _unsettled(zone: Zone, delivery: Delivery) -> str | None:
    """Why the files may still be written, if so: what `run` waits for."""
    try:
        if zone.settles:
            require_rest(delivery, time.time())
        still_same(zone, delivery)
    except TransientError as error:
        if error.code is ErrorCode.LANDING_UNSETTLED:
            return error.detail.message
        raise
    return None


def _as_settled(delivery: Delivery) -> Delivery:
    """The same delivery, to be looked at as it is now."""
    mapping = delivery.mapping.model_copy(update={"settle_seconds": 0})
    return replace(delivery, mapping=mapping)


def _place(settings: Settings, file: str) -> tuple[Zone, str]:
    """The folder and the name of the file: in the landing zone, else where the path leads."""
    landing = open_zones(settings).landing
    path = Path(file)
    lies_here = local_files.exists(file) and not local_files.exists(f"{landing.path}/{file}")
    if path.name != file or lies_here:
        return LocalZone(str(path.parent.absolute())), path.name
    return landing, file


def _delivery(
    settings: Settings, zone: Zone, mappings: Sequence[TableMapping], name: str
) -> tuple[Delivery, str | None, str | None]:
    """The delivery as it lies there, also while its go file is missing; with the name of that, and
    of another data file that it waits for, as its go file names it.
    """
    for waiting in discover(zone, mappings, now=time.time()).waiting:
        data = zone.stat(name) if waiting.name == name else None
        # A go file that is there, with all that it names, is refused: why is told below.
        is_refused = waiting.lacks == "" and zone.stat(waiting.go_name) is not None
        if data is not None and not is_refused:
            waits_for = waiting.lacks or None
            return Delivery(mapping=waiting.mapping, data=data), waiting.go_name, waits_for
    try:
        delivery = find_delivery(zone, mappings, name)
    except LandingError as error:
        if is_plain_name(name) and zone.stat(name) is None:
            raise _absent(settings, zone, name) from error
        raise
    return delivery, delivery.go.name if delivery.go else None, None


def _absent(settings: Settings, zone: Zone, name: str) -> TerminalError:
    """The error for a file that is not where it is looked for: where it lies, as far as known."""
    zones = open_zones(settings)
    message = f"There is no such file in {shown(zone.path)}."
    hint = "Look at its name: `landing-loader list` shows what lies in landing."
    if zone.path == zones.landing.path:
        folder = open_folder(zones.failed)
        sidecar = find_sidecar(folder, sidecar_name(name, zones.failed.path))
        loads: tuple[Load, ...] = ()
        with suppress(LandingError):  # without the books there is less to say, and no more
            loads = open_warehouse(settings, zones).find_loads(storable(name), None, 1)
        if sidecar is not None and folder.taken(name):
            message = f"It lies in failed: {short_error(sidecar.error)}"
            hint = f"{ended(sidecar.error.hint or '')} {replay_text(session.program())}".strip()
        elif loads and loads[0].removed_sequence is None:
            load = loads[0]
            message = (
                f"It was loaded into {load.table_name} at {utc(load.completed_at)}, and lies in"
                f" the archive: {shown(delivered(load.archive_uri))}."
            )
            hint = "`landing-loader verify` compares its rows with it."
    return TerminalError(ErrorCode.LANDING_UNKNOWN_FILE, message, hint=hint, file=name)


def _tell_delivery(out: Screen, delivery: Delivery, go_name: str | None, lacks: str | None) -> None:
    mapping = delivery.mapping
    out.line(f"file      {shown_name(delivery.data.name)}  {counted(delivery.data.size, 'byte')}")
    out.line(f"mapping   {mapping.pattern} -> {mapping.table}  ({mapping.origin})", hang=10)
    out.line(f"proof     {proof_of(mapping)}")
    if mapping.sequence is not None:
        out.line(f"sequence  {mapping.sequence.in_words}.", hang=10)
    if mapping.expect is not None:
        out.line(f"expected  {'. '.join(mapping.expect.in_words)}.", hang=10)
    if go_name is not None:
        of_set = f"  names {counted(delivery.members, 'data file')}: all are loaded, or none"
        there = of_set if delivery.members else ""
        if delivery.go is None:
            there = "  not there yet: the file waits for it"
        if lacks is not None:
            there = f"  names {shown_name(lacks)}, too, which is not there yet"
        out.line(f"go file   {shown_name(go_name)}{there}", None if delivery.go else "yellow")


def _tell_content(out: Screen, validated: Validated) -> None:
    found = validated.inspection
    names = effective_names(found.columns, validated.delivery.mapping.csv)
    promise = (
        "" if validated.expected_records is None else f"  {validated.expected_records:,} promised"
    )
    ragged = f"  {found.ragged:,} that cannot be loaded" if found.ragged else ""
    skipped = (
        f"  {found.skipped_headers:,} repeated headers left out" if found.skipped_headers else ""
    )
    comments = f"  {counted(found.comments, 'comment line')} left out" if found.comments else ""
    out.line(f"records   {found.records:,}{promise}{ragged}{skipped}{comments}")
    if validated.detected is not None:
        out.line(f"dialect   {validated.detected}  (detected)", hang=10)
    for sent, name in zip(found.columns, names, strict=True):
        if sent != name:
            out.line(f"renamed   {sent!r} -> {name}", hang=10)
    packed = "" if found.compression == "none" else f"  compressed with {found.compression}"
    out.line(f"sha256    {found.sha256}{packed}", hang=10)
    for total in proved_totals(found, validated.go):
        value = "none" if total.computed is None else shortened(total.computed, _SHOWN_TOTAL)
        by = total.promised_by.replace("_", " ")
        out.line(f"total     {total.column} {total.kind}: {value}, as the {by} promises", hang=10)
    go = validated.go
    if go is not None and go.checksum is not None:
        out.line(f"checksum  {go.checksum.algorithm} of the go file is right")
    if go is not None and go.business_date is not None:
        out.line(f"date      {go.business_date}  (business date)")
    if go is not None and go.sequence_number is not None:
        out.line(f"number    {go.sequence_number}  (of its sequence, by the go file)")


def _tell_ends(out: Screen, zone: Zone, validated: Validated) -> None:
    """What was taken as no data, and with which words it begins."""
    found, delivery = validated.inspection, validated.delivery
    for what, counted_line in (("header", found.header_record), ("trailer", found.trailer)):
        if counted_line is not None:
            out.line(f"{what:<10}line {counted_line.line}: {counted_line.expected_records:,}")
    source = zone.source(delivery.data)
    for what, span in (("head", found.head), ("footer", found.footer)):
        if span is not None:
            out.line(f"{what:<10}{_lines(span)}, not loaded")
            for line in _first_lines(source, validated, span):
                out.line(f"          | {shown(line)}", "dim")


def _lines(span: LineSpan) -> str:
    return f"line {span.line}" if span.lines == 1 else f"lines {span.line} to {span.last}"


def _first_lines(source: FileContent, validated: Validated, span: LineSpan) -> list[str]:
    csv = validated.delivery.mapping.csv
    with open_text(source, validated.inspection.compression, csv.encoding) as text:
        text.seek(span.start)
        content = text.read(min(span.end - span.start, _SHOWN_BYTES))
    return content.decode("utf-8", "replace").splitlines()[:_SHOWN_LINES]


def _tell_forecast(out: Screen, checked: Checked) -> None:
    ahead = checked.forecast
    for label, names in (
        ("known", ahead.known),
        ("_extra", ahead.extra),
        ("missing", ahead.missing),
    ):
        if names:
            out.line(f"{label:<10}{', '.join(names)}", hang=10)
    for note in ahead.notes:
        out.line(f"note      {note}", "yellow", hang=10)
    table = checked.delivery.mapping.table
    when = ""
    if checked.lacks is not None:
        when = f" once {shown(checked.lacks)} is there, which its go file names, too"
    elif checked.go_name is not None and checked.delivery.go is None:
        when = " once its go file is there"
    elif checked.unsettled:
        when = " once it has settled, if it stays as it is"
    style = "yellow" if when else "green"
    out.line(f"result    {ahead.sentence(table)}{when}", style, hang=10)


def _counted(found: TrailerContent | None) -> dict[str, int] | None:
    return None if found is None else {"line": found.line, "count": found.expected_records}


def _span(span: LineSpan | None) -> dict[str, int] | None:
    return None if span is None else {"line": span.line, "lines": span.lines}


def _document(checked: Checked) -> dict[str, Any]:
    mapping, found = checked.delivery.mapping, checked.validated.inspection
    ahead, go, turn = checked.forecast, checked.validated.go, checked.validated.delivery.turn
    names = effective_names(found.columns, mapping.csv)
    return {
        "file": checked.delivery.data.name,
        "path": checked.delivery.data.path,
        "size": checked.delivery.data.size,
        "pattern": mapping.pattern,
        "table": mapping.table,
        "origin": mapping.origin,
        "go_file": checked.go_name,
        "go_file_is_there": checked.delivery.go is not None,
        "sequence": mapping.sequence.in_words if mapping.sequence else None,
        "expect": list(mapping.expect.in_words) if mapping.expect else None,
        "settled": checked.unsettled is None,
        "records": found.records,
        "expected_records": checked.validated.expected_records,
        "ragged": found.ragged,
        "skipped_headers": found.skipped_headers,
        "header_record": _counted(found.header_record),
        "trailer": _counted(found.trailer),
        "head": _span(found.head),
        "footer": _span(found.footer),
        "comments": found.comments,
        "sha256": found.sha256,
        "checksum": go.checksum.algorithm if go and go.checksum else None,
        "business_date": go.business_date if go else None,
        "sequence_number": turn.number if turn else None,
        "totals": [asdict(total) for total in proved_totals(found, go)],
        "dialect_detected": checked.validated.detected,
        "columns": {
            "known": list(ahead.known),
            "extra": list(ahead.extra),
            "missing": list(ahead.missing),
        },
        "renamed": [
            {"sender": sent, "column": name}
            for sent, name in zip(found.columns, names, strict=True)
            if sent != name
        ],
        "would": ahead.would,
        "load_id": ahead.load_id,
        "notes": list(ahead.notes),
    }
