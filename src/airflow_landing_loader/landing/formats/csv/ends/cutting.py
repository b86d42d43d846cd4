"""The beginning of a text without what stands above and below its table, whatever its dialect."""

from __future__ import annotations

from itertools import islice, takewhile

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.landing.formats.csv.dialect import Dialect
from airflow_landing_loader.landing.formats.csv.ends.above import MAX_LINES, lines_above
from airflow_landing_loader.landing.formats.csv.ends.ending import Ending
from airflow_landing_loader.landing.formats.csv.ends.rules import rule_for


def without_ends(text: bytes, mapping: TableMapping) -> tuple[bytes, int]:
    """Cut what the mapping says to be no table, as far as no dialect has to be known for it.

    :param text: a text, or the beginning of one; lines that ``skip_rows`` counts are left.
    :returns: what is left, and the physical line at which it begins. Nothing is left where the data
        do not begin in this text.
    """
    lines = text.splitlines(keepends=True)
    above = 0
    if mapping.csv.data_start is not None:
        rule = rule_for(mapping.csv.data_start.expression)
        ends = (n for n, line in enumerate(lines, 1) if rule.matches(line.rstrip(b"\r\n")))
        above = next(islice(ends, 1), len(lines))
        above = above if above <= MAX_LINES else len(lines)
    elif not mapping.csv.skip_rows:
        above = lines_above(mapping)
    end = max(above, len(lines) - mapping.csv.footer_rows)
    return b"".join(lines[above:end]), above + 1


def lines_of_table(text: bytes, mapping: TableMapping) -> bytes:
    """The lines of a text that are surely of its table: without comments, and up to a line that may
    be the end of the data. What stands within quotes may be taken for such a line, too."""
    ending, dialect = Ending.of(mapping, ""), Dialect.of(mapping.csv)
    lines = iter(text.splitlines(keepends=True))
    if ending is not None:
        lines = takewhile(lambda line: not ending.rule.matches(line.rstrip(b"\r\n")), lines)
    return b"".join(line for line in lines if not dialect.is_comment(line))
