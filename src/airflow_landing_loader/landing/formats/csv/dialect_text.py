"""Dialects in words, for people, and as a mapping says them."""

from __future__ import annotations

import json

from airflow_landing_loader.config.mapping.model import CsvDialect
from airflow_landing_loader.safe_text import counted


def in_words(csv: CsvDialect) -> str:
    """``delimiter ';', quote '"', 2 lines before the header``"""
    parts = [f"delimiter {_shown(csv.delimiter)}"]
    parts.append(f"quote {_shown(csv.quote)}" if csv.quote else "no quotes")
    if csv.escape:
        parts.append(f"escape {_shown(csv.escape)}")
    if csv.trailing_delimiter == "ignore":
        parts.append("a delimiter behind the last field")
    if csv.blank_around_quotes:
        parts.append("blanks beside quotes")
    if csv.skip_rows:
        before = "header" if csv.header else "data"
        parts.append(f"{counted(csv.skip_rows, 'line')} before the {before}")
    elif not csv.header:
        parts.append("no header")
    return ", ".join(parts)


def as_written(csv: CsvDialect) -> str:
    """The line of a mapping that says a plain dialect: ``csv: {delimiter: ";"}``."""
    said, default = csv.model_dump(mode="json"), CsvDialect()
    keys = [
        f"{name}: {json.dumps(said[name], ensure_ascii=False)}"
        for name in CsvDialect.model_fields
        if name == "delimiter" or getattr(csv, name) != getattr(default, name)
    ]
    return f"csv: {{{', '.join(keys)}}}"


def _shown(text: str) -> str:
    return "tab" if text == "\t" else repr(text)
