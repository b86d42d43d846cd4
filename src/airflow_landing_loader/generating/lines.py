"""The lines above and below the data, and the trailer."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass

from airflow_landing_loader.config.mapping.expressions import COUNT
from airflow_landing_loader.config.mapping.lines import LineMark
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.generating.counting import as_counted
from airflow_landing_loader.generating.examples import example
from airflow_landing_loader.generating.records import field_of
from airflow_landing_loader.landing.formats.csv.ends.above import lines_above

_ABOVE = "made by a sender"
_BELOW = "end of report"

Texts = Mapping[str | int, str]
"""Totals by their places."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What a file says of itself.

    :param count: of the data records.
    :param above: the totals of its header record.
    :param below: those of its trailer.
    """

    count: int
    above: Texts
    below: Texts


def above(mapping: TableMapping, proof: Proof, without: Container[str]) -> list[str]:
    """The lines above the header, or above the first record.

    :param without: what is left out of them: ``data_start``, ``header_record``.
    """
    csv, record = mapping.csv, mapping.header_record
    lines = []
    if record is not None and "header_record" not in without:
        count = as_counted(mapping, proof.count, record.count_includes)
        lines.append(_counting(record.match, count, proof.above))
    if csv.data_start is not None:
        lines.append(_ABOVE)
        lines += [] if "data_start" in without else [line_of(csv.data_start)]
        return lines
    lines += [f"{_ABOVE} {at}" for at in range(lines_above(mapping) - len(lines))]
    return lines


def skipped(mapping: TableMapping) -> list[str]:
    """Lines behind the header that are no records."""
    mark = mapping.csv.skip_lines
    return [] if mark is None else [line_of(mark)]


def trailer_record(mapping: TableMapping, proof: Proof, columns: int) -> list[str]:
    """The trailer that is a record, if the mapping has one.

    :param columns: fields of a data record.
    """
    trailer = mapping.trailer
    if trailer is None or trailer.match is not None:
        return []
    said = {int(place): field_of(text, mapping.csv) for place, text in proof.below.items()}
    said[trailer.column] = str(as_counted(mapping, proof.count, trailer.count_includes))
    fields = [] if trailer.tag is False else [trailer.expected_tag or ""]
    fields += [said.get(at, "x") for at in range(1, max(said) + 1)]
    if len(fields) == columns and trailer.tag is False:
        fields.append("EOF")
    return [mapping.csv.delimiter.join(fields)]


def below(mapping: TableMapping, proof: Proof, without: Container[str]) -> list[str]:
    """The lines behind the data.

    :param without: what is left out of them: ``data_end``, ``trailer``, ``footer``.
    """
    csv, trailer = mapping.csv, mapping.trailer
    lines = []
    if csv.data_end is not None and "data_end" not in without:
        lines.append(line_of(csv.data_end))
    if trailer is not None and trailer.match is not None and "trailer" not in without:
        count = as_counted(mapping, proof.count, trailer.count_includes)
        lines.append(_counting(trailer.match, count, proof.below))
    if csv.footer_rows and "footer" not in without:
        lines += [_BELOW] * (csv.footer_rows - len(lines))
    elif csv.data_end is not None and "data_end" not in without:
        lines.append(_BELOW)
    return lines


def _counting(match: str, count: int, totals: Texts) -> str:
    groups = {str(place): text for place, text in totals.items()}
    return example(match, {COUNT: str(count), **groups})


def line_of(mark: LineMark) -> str:
    """A line that a mapping means."""
    return mark.line if mark.line is not None else example(mark.expression)
