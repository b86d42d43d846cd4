"""Rows into our own tables by their key: in place of the ones that are there, if they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from airflow_landing_loader.loading.ledger.queries import Books, Rows
from airflow_landing_loader.loading.ledger.tables import OwnTable


def put(books: Books, table: OwnTable, key: Sequence[str], records: Sequence[object]) -> None:
    """Write rows, over those of equal keys.

    :param key: the columns that tell rows from each other, none of them NULL; of the records no two
        have equal ones. Only columns without lists.
    """
    if not records:
        return
    source, rows = bound_rows(books, table, records)
    names = table.column_names
    changed = ", ".join(f"{n} = r.{n}" for n in names if n not in key)
    books.ask(
        f"MERGE INTO {table.name} t USING ({source}) r "
        f"ON {' AND '.join(f't.{n} = r.{n}' for n in key)} "
        f"WHEN MATCHED THEN UPDATE SET {changed} "
        f"WHEN NOT MATCHED THEN INSERT ({', '.join(names)}) "
        f"VALUES ({', '.join(f'r.{n}' for n in names)})",
        rows=rows,
    )


def bound_rows(books: Books, table: OwnTable, records: Sequence[object]) -> tuple[str, Rows]:
    """Return a SELECT of rows that are bound as ``rows``, with the table's types, and the rows."""
    columns = ", ".join(
        f"CAST(x.{name} AS {books.dialect.type_of(type_)}) AS {name}"
        for name, type_ in table.columns
    )
    texts = [[_text(value) for value in row] for row in table.rows(records)]
    return f"SELECT {columns} FROM ROWS(:rows) x", Rows(table.column_names, texts)


def _text(value: Any) -> str | None:
    """A value as a text that is cast."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S.%f}"
    return None if value is None else str(value)
