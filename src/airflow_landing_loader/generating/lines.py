"""The lines above and below the data, and the trailer."""

from __future__ import annotations

from collections.abc import Container

from airflow_landing_loader.config.mapping.lines import LineMark
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.generating.counting import as_counted
from airflow_landing_loader.generating.examples import example
from airflow_landing_loader.landing.formats.csv.ends.above import lines_above

_ABOVE = "made by a sender"
_BELOW = "end of report"


def above(mapping: TableMapping, count: int, without: Container[str]) -> list[str]:
    """The lines above the header, or above the first record.

    :param count: of the data records.
    :param without: what is left out of them: ``data_start``, ``header_record``.
    """
    csv, record = mapping.csv, mapping.header_record
    lines = []
    if record is not None and "header_record" not in without:
        lines.append(example(record.match, as_counted(mapping, count, record.count_includes)))
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


def trailer_record(mapping: TableMapping, count: int, columns: int) -> list[str]:
    """The trailer that is a record, if the mapping has one.

    :param columns: fields of a data record.
    """
    trailer = mapping.trailer
    if trailer is None or trailer.match is not None:
        return []
    fields = [] if trailer.tag is False else [trailer.expected_tag or ""]
    fields += ["x"] * (trailer.column - 1)
    fields.append(str(as_counted(mapping, count, trailer.count_includes)))
    if len(fields) == columns and trailer.tag is False:
        fields.append("EOF")
    return [mapping.csv.delimiter.join(fields)]


def below(mapping: TableMapping, count: int, without: Container[str]) -> list[str]:
    """The lines behind the data.

    :param without: what is left out of them: ``data_end``, ``trailer``, ``footer``.
    """
    csv, trailer = mapping.csv, mapping.trailer
    lines = []
    if csv.data_end is not None and "data_end" not in without:
        lines.append(line_of(csv.data_end))
    if trailer is not None and trailer.match is not None and "trailer" not in without:
        said = as_counted(mapping, count, trailer.count_includes)
        lines.append(example(trailer.match, said))
    if csv.footer_rows and "footer" not in without:
        lines += [_BELOW] * (csv.footer_rows - len(lines))
    elif csv.data_end is not None and "data_end" not in without:
        lines.append(_BELOW)
    return lines


def line_of(mark: LineMark) -> str:
    """A line that a mapping means."""
    return mark.line if mark.line is not None else example(mark.expression)
