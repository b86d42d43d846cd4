"""Rows of our own tables as values: the one place where what a hand has altered is noticed.

Anybody who may write to the warehouse may write to our tables too. A row that no loader can have
written is said, with its columns, before anything is done by it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from airflow_landing_loader.codec import adapter_of
from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.loading.ledger.tables import LOAD_COLUMNS, OwnTable
from airflow_landing_loader.loading.model import Load

_Row = TypeVar("_Row")

# It becomes part of file names.
_LOAD_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,63}")


def row_of(kind: type[_Row], table: OwnTable, values: Mapping[str, Any]) -> _Row:
    """The value that a row of one of our tables is.

    :param values: the row's, by the names of the value's fields.
    :raises TransientError: ``WAREHOUSE_BOOKS_ALTERED``: no loader has written it so.
    """
    load_id = values.get("load_id")
    if isinstance(load_id, str) and not _LOAD_ID.fullmatch(load_id):
        raise altered(table, ["load_id"])
    try:
        row: _Row = adapter_of(kind).validate_python(values)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        columns = [str(fault["loc"][0]) for fault in faults if fault["loc"]]
        raise altered(table, columns) from None  # its text quotes the values
    if isinstance(row, Load) and (row.go_filename is None) != (row.go_sha256 is None):
        raise altered(table, ["go_filename", "go_sha256"])
    return row


def columns_lost(load_id: str) -> TransientError:
    """The error for a load whose columns somebody has taken out of ``load_columns``."""
    return TransientError(
        ErrorCode.WAREHOUSE_BOOKS_ALTERED,
        f"{LOAD_COLUMNS.name} has no columns of load {load_id} any more: nothing tells which of "
        "the table's columns its file has filled",
        hint=f"Somebody has altered the loader's own table {LOAD_COLUMNS.name}: put its rows back "
        "as they were, from a backup if need be.",
    )


def no_table(table: OwnTable) -> TransientError:
    """The error for one of our tables in whose place there is a view."""
    return TransientError(
        ErrorCode.WAREHOUSE_BOOKS_ALTERED,
        f"{table.name} is a view, and no table that a loader could write into",
        hint=f"Somebody has put it in the place of the loader's own table {table.name}: drop it "
        "and put the table back, from a backup if need be; no file is loaded meanwhile.",
    )


def altered(table: OwnTable, columns: Sequence[str]) -> TransientError:
    """The error for a row that no loader can have written.

    :param columns: by which it shows.
    """
    named = ", ".join(dict.fromkeys(columns))
    return TransientError(
        ErrorCode.WAREHOUSE_BOOKS_ALTERED,
        f"a row of {table.name} holds in {named} what no loader has written",
        hint=f"Somebody has altered the loader's own table {table.name}: put the row back as it "
        "was, from a backup if need be; no file is moved meanwhile.",
    )
