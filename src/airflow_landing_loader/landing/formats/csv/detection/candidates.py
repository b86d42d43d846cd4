"""The ways in which the head of a text can be read as a table, for the detection of a dialect.

There is no score: what breaks a rule is out, and what is left is right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, product
from typing import Any

from airflow_landing_loader.config.mapping.model import CsvDialect, TableMapping
from airflow_landing_loader.landing.formats.csv.detection.header_signs import is_value
from airflow_landing_loader.landing.formats.csv.detection.readings import (
    DELIMITERS,
    LINE_END,
    QUOTES,
    Broken,
    Head,
    Reading,
    behind,
    read_by,
)
from airflow_landing_loader.landing.formats.csv.ends.cutting import lines_of_table

ESCAPES = (None, "\\")
MAX_SKIPPED = 10_000


def read_head(head: Head, mapping: TableMapping) -> Iterator[Reading | Broken]:
    """Read the head in every way that the mapping leaves open, the simplest first."""
    known: dict[tuple[object, ...], Reading | Broken | None] = {}
    for csv in _candidates(head, mapping):
        for skip, most in _starts(head, csv, mapping):
            csv = csv.model_copy(update={"skip_rows": skip})
            # A mark that the head does not hold changes nothing in it.
            marks = (
                mark for mark in (csv.quote, csv.escape) if mark and mark.encode() in head.text
            )
            key = (csv.delimiter, skip, *marks)
            if key not in known:
                known[key] = _read_from(head, mapping, csv, most)
            found = known[key]
            if found is not None:
                yield replace(found, csv=csv)


def _read_from(
    head: Head, mapping: TableMapping, csv: CsvDialect, most: int
) -> Reading | Broken | None:
    found = read_by(head, mapping, csv)
    return _below_text(head, found, most) if isinstance(found, Reading) and most else found


def _candidates(head: Head, mapping: TableMapping) -> Iterator[CsvDialect]:
    """The plain dialects that are tried.

    What does not occur in a text changes no cell of it; behind a head that is not all, it may.
    """
    written, text = mapping.csv, head.text
    # Of lines that the mapping leaves out no delimiter is one of the table.
    below = text if written.is_open("skip_rows") else behind(text, written.skip_rows)
    table = lines_of_table(below, mapping)
    present = tuple(text for text in DELIMITERS if text.encode() in table)
    delimiters = _choices(written, "delimiter", present or DELIMITERS[:1])
    quotes, escapes = _choices(written, "quote", QUOTES), _choices(written, "escape", ESCAPES)
    for delimiter, quote, escape in product(delimiters, quotes, escapes):
        if (escape and not quote) or (quote and quote in delimiter):
            continue
        rarer = [quote or '"'] if quote != quotes[0] else []
        rarer += [escape] if escape != escapes[0] else []
        if not head.whole or all(text.encode() in head.text for text in rarer):
            update = {"delimiter": delimiter, "quote": quote, "escape": escape, "auto": False}
            yield written.model_copy(update=update)


def _choices(written: CsvDialect, key: str, choices: tuple[Any, ...]) -> tuple[Any, ...]:
    return choices if written.is_open(key) else (getattr(written, key),)


def _starts(head: Head, csv: CsvDialect, mapping: TableMapping) -> Iterator[tuple[int, int]]:
    """Lines to skip so that the table may begin behind them, and the most fields of such a line.

    A line before the table has at most half as many fields as the table: so much more than any line
    before it has only the first line of a table that is worth a try.
    """
    told = mapping.csv.data_start is not None or mapping.header_record is not None
    if told or not mapping.csv.is_open("skip_rows"):
        yield csv.skip_rows, 0
        return
    yield 0, 0
    if not csv.header:
        return
    most = 1
    delimiter = csv.delimiter.encode()
    for number, line in enumerate(LINE_END.split(head.text, MAX_SKIPPED + 1)[:-1]):
        fields = line.count(delimiter) + 1
        if number and fields >= 2 * most:
            yield number, most
        most = max(most, fields)


def _below_text(head: Head, reading: Reading, most: int) -> Reading | None:
    """A reading that skips lines: as it is, or with a doubt; ``None`` if it may not skip them.

    :param most: fields of the richest of these lines.
    """
    header = reading.rows[0]
    plain = all(map(_is_plain_name, header))
    told = reading.tells_header(below_text=True)
    if len(header) < 2 * most or not (plain or told):
        return None
    ends = islice(LINE_END.finditer(head.text), reading.csv.skip_rows + 1)
    if plain and told and len({end[0] for end in ends}) == 1:
        return reading
    return replace(reading, doubt="may be no header, and text stands above it")


def _is_plain_name(cell: str | None) -> bool:
    """Whether a cell is a name, and does not look like what another dialect makes of a record."""
    name = (cell or "").strip()
    return not (
        is_value(name)
        or name.startswith(('"', "'"))
        or name.endswith(('"', "'"))
        or any(delimiter in name for delimiter in DELIMITERS)
    )
