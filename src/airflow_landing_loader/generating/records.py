"""A row as the text of a record, by a dialect."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_landing_loader.config.mapping.dialect import CsvDialect
from airflow_landing_loader.landing.formats.csv.dialect import NULL_SEQUENCE

_SEQUENCES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def record_of(row: Sequence[str | None], csv: CsvDialect) -> str:
    """The text of a record, without its line end."""
    text = csv.delimiter.join([field_of(cell, csv) for cell in row])
    return text + csv.delimiter if csv.trailing_delimiter == "ignore" else text


def field_of(cell: str | None, csv: CsvDialect) -> str:
    """The text of one field."""
    if csv.escape_sequences in ("mysql", "postgres"):
        return NULL_SEQUENCE if cell is None else _with_sequences(cell, csv)
    if cell is None:
        return ""
    if csv.excel_formulas and cell.isalnum() and cell[:1] == "R":
        return f'="{cell}"'
    if not _needs_quotes(cell, csv):
        return cell
    field = f"{csv.quote}{_with_quotes_inside(cell, csv)}{csv.quote}"
    return f" {field} " if csv.blank_around_quotes and csv.delimiter not in (" ", "\t") else field


def _needs_quotes(cell: str, csv: CsvDialect) -> bool:
    if not csv.quote:
        return False
    special = (csv.delimiter, csv.quote, "\n", "\r")
    return cell == "" or cell in csv.null_values or any(sign in cell for sign in special)


def _with_quotes_inside(cell: str, csv: CsvDialect) -> str:
    quote = csv.quote
    if csv.escape_sequences == "spark":
        return cell.replace(quote, f"\\{quote}")
    if csv.escape:
        return cell.replace(csv.escape, csv.escape * 2).replace(quote, f"{csv.escape}{quote}")
    return cell.replace(quote, quote * 2)


def _with_sequences(cell: str, csv: CsvDialect) -> str:
    text = "".join([_SEQUENCES.get(char, char) for char in cell])
    for sign in {*csv.delimiter, csv.quote} - {"", "\t", "\\"}:
        text = text.replace(sign, f"\\{sign}")
    return text
