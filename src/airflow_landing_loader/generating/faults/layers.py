"""Lines above and below the records are missing, and headers are not as they should be."""

from __future__ import annotations

from dataclasses import replace

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.generating.draft import Layer
from airflow_landing_loader.generating.faults.ground import (
    SEVERAL,
    Fault,
    Faulty,
    Ground,
    records_of,
)
from airflow_landing_loader.generating.records import record_of


def missing_layer(layer: Layer, code: ErrorCode) -> Fault:
    def make(at: Ground) -> Faulty | None:
        csv, mapping = at.mapping.csv, at.mapping
        there = {
            "trailer": mapping.trailer,
            "header_record": mapping.header_record,
            "data_start": csv.data_start,
            "data_end": csv.data_end,
        }
        if there[layer] is None or csv.auto:
            return None
        # A trailer behind the line that ends the data is no record; without that line it is one.
        gone: frozenset[Layer] = frozenset((layer, "trailer") if layer == "data_end" else (layer,))
        return Faulty(f"missing_{layer}", replace(at.draft, without=gone), at.failed(code))

    return make


def header_changed(at: Ground) -> Faulty | None:
    """Names that are promised, or renamed, are not there."""
    csv = at.mapping.csv
    if not csv.header or (csv.columns is None and not csv.rename) or csv.auto:
        return None
    other = replace(at.draft, header=tuple(f"{name}_new" for name in at.draft.header))
    return Faulty("other_header", other, at.failed(ErrorCode.HEADER_NOT_AS_PROMISED))


def name_twice(at: Ground) -> Faulty | None:
    csv, header = at.mapping.csv, at.draft.header
    if not csv.header or csv.columns is not None or csv.rename or csv.auto:
        return None
    if len(header) < SEVERAL:
        return None
    twice = replace(at.draft, header=(header[1], *header[1:]))
    return Faulty("name_twice", twice, at.failed(ErrorCode.HEADER_DUPLICATE_NAME))


def header_again(at: Ground) -> Faulty | None:
    """The header stands among the records, too."""
    draft, csv = at.draft, at.mapping.csv
    if not csv.header or csv.repeated_header != "refuse" or at.rejects or csv.auto:
        return None
    records = records_of(draft)
    records.insert(len(records) // 2, record_of(draft.header, csv))
    again = replace(draft, records=tuple(records))
    return Faulty("header_again", again, at.failed(ErrorCode.CSV_REPEATED_HEADER))
