"""One record as its fields, and the header record as column names."""

from __future__ import annotations

import unicodedata

from airflow_landing_loader.landing.marks import Dialect


def fields_of(record: str, dialect: Dialect) -> tuple[str, ...]:
    """Split one record into its fields, quotes and escapes resolved.

    :param record: a whole record that follows the grammar, without its line end.
    :param dialect: how it is written.
    """
    delimiter = dialect.delimiter.decode()
    quote = None if dialect.quote is None else chr(dialect.quote)
    fields: list[str] = []
    at = 0
    while True:
        if quote is not None and record.startswith(quote, at):
            field, at = _quoted(record, at + 1, quote, dialect)
        else:
            end = record.find(delimiter, at)
            end = len(record) if end < 0 else end
            field, at = record[at:end], end
        fields.append(field)
        if at >= len(record):
            return tuple(fields)
        at += len(delimiter)


def _quoted(record: str, at: int, quote: str, dialect: Dialect) -> tuple[str, int]:
    """A quoted field from behind its opening quote, and the offset behind its closing one."""
    escape = quote if dialect.escape is None else chr(dialect.escape)
    parts: list[str] = []
    while True:
        end = at
        while record[end] not in (quote, escape):
            end += 1
        parts.append(record[at:end])
        if record[end] == escape and record[end + 1 : end + 2] in (quote, escape):
            parts.append(record[end + 1])
            at = end + 2
        else:
            return "".join(parts), end + 1


def clean_name(name: str) -> str:
    """A column name as the sender means it: trimmed and in Unicode form NFC."""
    return unicodedata.normalize("NFC", name.strip())


def column_names(record: str, dialect: Dialect) -> tuple[str, ...]:
    """Column names from a header record, clean; whether they are legal is not asked here.

    :param record: the header record, without its line end.
    :param dialect: how it is written.
    """
    return tuple(clean_name(field) for field in fields_of(record, dialect))
