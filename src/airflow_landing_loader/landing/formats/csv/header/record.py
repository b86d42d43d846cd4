"""One record as its fields, and the header record as column names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from airflow_landing_loader.config.mapping.column_names import clean_name
from airflow_landing_loader.landing.formats.csv.tokenizer import Dialect


class Field(NamedTuple):
    """One field: its text, quotes and escapes resolved, and whether it stood in quotes."""

    text: str
    quoted: bool


def split(record: str, dialect: Dialect) -> Iterator[Field]:
    """Split one record into its fields.

    :param record: a whole record that follows the grammar, without its line end.
    :param dialect: how it is written.
    """
    delimiter = dialect.delimiter.decode()
    quote = None if dialect.quote is None else chr(dialect.quote)
    if quote is None or quote not in record:
        yield from (Field(text, False) for text in record.split(delimiter))
        return
    escape = quote if dialect.escape is None else chr(dialect.escape)
    at = 0
    while True:
        if record.startswith(quote, at):
            text, at = _quoted(record, at + 1, quote, escape)
            yield Field(text, True)
        else:
            end = record.find(delimiter, at)
            end = len(record) if end < 0 else end
            yield Field(record[at:end], False)
            at = end
        if at >= len(record):
            return
        at += len(delimiter)


def fields_of(record: str, dialect: Dialect) -> tuple[str, ...]:
    """The texts of a record's fields; see :func:`split`."""
    return tuple(field.text for field in split(record, dialect))


def _quoted(record: str, at: int, quote: str, escape: str) -> tuple[str, int]:
    """A quoted field from behind its opening quote, and the offset behind its closing one."""
    special = re.compile(f"[{re.escape(quote + escape)}]")
    parts: list[str] = []
    while True:
        found = special.search(record, at)
        if found is None:
            raise ValueError("a quoted field is not closed")
        end = found.start()
        parts.append(record[at:end])
        if record[end] == escape and record[end + 1 : end + 2] in (quote, escape):
            parts.append(record[end + 1])
            at = end + 2
        else:
            return "".join(parts), end + 1


def column_names(record: str, dialect: Dialect) -> tuple[str, ...]:
    """Column names from a header record, clean; whether they are legal is not asked here.

    :param record: the header record, without its line end.
    :param dialect: how it is written.
    """
    return tuple(clean_name(field) for field in fields_of(record, dialect))
