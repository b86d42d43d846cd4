"""One record as its fields, and the header record as column names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from airflow_landing_loader.config.mapping.column_names import clean_name
from airflow_landing_loader.landing.formats.csv.dialect import NULL_SEQUENCE, Dialect
from airflow_landing_loader.landing.formats.csv.escapes import unescaped

_FORMULA = re.compile('="((?:[^"]|"")*)"')


class Field(NamedTuple):
    """One field: its text, quotes and escapes resolved, and whether it stood in quotes, or has
    backslash sequences: then it is text, whatever means NULL."""

    text: str
    quoted: bool


def without_line_end(record: str) -> str:
    """A record without its line end, which it need not have."""
    return record.removesuffix("\n").removesuffix("\r")


def split(record: str, dialect: Dialect) -> Iterator[Field]:
    """Split one record into its fields.

    :param record: a whole record that follows the grammar, without its line end.
    :param dialect: how it is written.
    """
    if dialect.has_own_fields:
        yield from _own_fields(record, dialect)
        return
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


def _own_fields(record: str, dialect: Dialect) -> Iterator[Field]:
    """Split a record of a dialect that writes fields in ways of its own."""
    pattern, width, at = _field_pattern(dialect), len(dialect.delimiter.decode()), 0
    while True:
        found = pattern.match(record, at)
        if found is None:
            raise ValueError("a field does not follow the grammar")
        yield _bare(found["bare"], dialect) if found["quoted"] is None else _inside(found, dialect)
        at = found.end() + width
        if at > len(record):
            return


@cache
def _field_pattern(dialect: Dialect) -> re.Pattern[str]:
    """One field, up to a delimiter or the end of the record; what is matched is not given back, so
    that no text takes longer than its length."""
    delimiter = re.escape(dialect.delimiter.decode())
    end = rf"(?={delimiter}|\Z)"
    pairs = r"\\.|" if dialect.sequences else ""
    bare = rf"(?P<bare>(?:{pairs}(?!{delimiter}).)*+){end}"
    if dialect.quote is None:
        return re.compile(f"(?P<equals>)(?P<quoted>(?!))?{bare}", re.DOTALL)
    quote = re.escape(chr(dialect.quote))
    doubled, escape = f"|{quote}{quote}", ""
    if dialect.sequences:
        escape = r"\\"
    elif dialect.escape is not None:
        doubled, escape = "", re.escape(chr(dialect.escape))
    pairs = f"|{escape}." if escape else ""
    inside = f"{quote}(?P<quoted>(?:[^{quote}{escape}]++{doubled}{pairs})*+){quote}"
    equals = f"(?P<equals>{'=?' if dialect.formulas else ''})"
    blanks = f"[{re.escape(dialect.blanks.decode())}]*+" if dialect.blanks else ""
    return re.compile(f"(?:{blanks}{equals}{inside}{blanks}{end}|{bare})", re.DOTALL)


def _bare(text: str, dialect: Dialect) -> Field:
    """A field without quotes; NULL is known by how it is written."""
    if dialect.sequences and "\\" in text and text != NULL_SEQUENCE:
        return Field(unescaped(text, dialect), True)
    return Field(text, False)


def _inside(found: re.Match[str], dialect: Dialect) -> Field:
    """A field with quotes; MySQL takes its mark of NULL for that within quotes, too."""
    text, quote = found["quoted"], chr(dialect.quote or 0)
    if dialect.sequences:
        if text == NULL_SEQUENCE:
            return Field(text, False)
        return Field(unescaped(text.replace(quote * 2, quote), dialect), True)
    if dialect.escape is None:
        text = text.replace(quote * 2, quote)
    elif chr(dialect.escape) in text:
        escape = re.escape(chr(dialect.escape))
        text = re.sub(f"{escape}([{re.escape(quote)}{escape}])", r"\1", text)
    formula = _FORMULA.fullmatch(text) if dialect.formulas and not found["equals"] else None
    return Field(text if formula is None else formula[1].replace('""', '"'), True)


def fields_of(record: str, dialect: Dialect, columns: int | None = None) -> tuple[Field, ...]:
    """The fields of a record; see :func:`split`.

    :param columns: how many the file has: the empty field behind a delimiter that ends the record
        is none where it would be one too many. ``None``: it is none in any case.
    """
    fields = tuple(split(record, dialect))
    if dialect.trailing and len(fields) > 1 and fields[-1] == ("", False):
        return fields[:-1] if columns in (None, len(fields) - 1) else fields
    return fields


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


@lru_cache(maxsize=16)  # a flood of small files has one header
def column_names(record: str, dialect: Dialect, columns: int | None = None) -> tuple[str, ...]:
    """Column names from a header record, clean; whether they are legal is not asked here.

    :param record: the header record, without its line end.
    :param dialect: how it is written.
    :param columns: as of :func:`fields_of`, where it is not the first header of the file.
    """
    return tuple(clean_name(field.text) for field in fields_of(record, dialect, columns))
