"""Column names: from what the sender wrote to what both warehouses take. One pure function.

A name is trimmed and brought to NFC; then every character that BigQuery does not allow in a column
name becomes ``_`` (letters, digits and underscores are allowed, a digit may not come first, at most
300 characters: BigQuery documentation, "Column names"). The sender's own name is kept in
``load_columns``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from airflow_landing_loader.exceptions import ErrorCode, TerminalError

LOAD_ID = "_load_id"
EXTRA = "_extra"
ROW_NUMBER = "_row_number"
OWN_COLUMNS = (LOAD_ID, EXTRA, ROW_NUMBER)
MAX_LENGTH = 300

_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_]")


def column_names(
    sender_names: Sequence[str], *, file: str, line: int | None = None
) -> tuple[str, ...]:
    """Return the table's name for each of the sender's names, in file order.

    :param sender_names: names as the header has them.
    :param file: file name, for the error.
    :param line: physical line of the header, for the error.
    :raises TerminalError: a name is empty, begins with ``_``, is too long, stands twice (case does
        not count), or two become the same name.
    """
    try:
        return _column_names(tuple(sender_names))
    except TerminalError as error:
        detail = error.detail
        raise TerminalError(
            error.code,
            detail.message,
            hint=detail.hint,
            **{**detail.place(), "file": file, "line": line},
        ) from None


# A flood of small files has one header.
@lru_cache(maxsize=16)
def _column_names(sender_names: tuple[str, ...]) -> tuple[str, ...]:
    seen: set[str] = set()
    taken: dict[str, str] = {}
    result = []
    for position, raw in enumerate(sender_names, start=1):
        name = unicodedata.normalize("NFC", raw.strip())
        column = _column_name(name, position)
        if name.casefold() in seen:
            raise _duplicate(name)
        seen.add(name.casefold())
        if column.casefold() in taken:
            raise _collision(name, taken[column.casefold()], column)
        taken[column.casefold()] = name
        result.append(column)
    return tuple(result)


def storable(text: str) -> str:
    """Return text that any database takes: undecodable bytes of a file name become ``\\xNN``."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _column_name(name: str, position: int) -> str:
    if not name:
        raise TerminalError(
            ErrorCode.HEADER_EMPTY_NAME,
            f"column {position} of the header has no name",
            hint="ask the sender for a name, or name the columns with csv.columns in the mapping",
        )
    if name.startswith("_"):
        raise TerminalError(
            ErrorCode.HEADER_RESERVED_NAME,
            f"column {position} begins with an underscore; such names are kept for the loader",
            hint="ask the sender for another name, or rename it with csv.columns in the mapping",
            column=name,
        )
    column = _NOT_ALLOWED.sub("_", name)
    if column[0].isdigit():
        column = f"_{column}"
    if len(column) > MAX_LENGTH:
        raise TerminalError(
            ErrorCode.HEADER_NAME_TOO_LONG,
            f"the name of column {position} has {len(column)} characters; {MAX_LENGTH} are allowed",
            hint="shorten it with csv.columns in the mapping; a missing line end looks like this",
        )
    if column.casefold() in OWN_COLUMNS:
        raise TerminalError(
            ErrorCode.HEADER_RESERVED_NAME,
            f"column {position} would become {column}, a column of the loader's own",
            hint="rename it with csv.columns in the mapping",
            column=name,
        )
    return column


def _duplicate(name: str) -> TerminalError:
    return TerminalError(
        ErrorCode.HEADER_DUPLICATE_NAME,
        "the header has this name twice (upper and lower case do not count)",
        hint="ask the sender to mend the header, or name the columns with csv.columns",
        column=name,
    )


def _collision(name: str, earlier: str, column: str) -> TerminalError:
    return TerminalError(
        ErrorCode.HEADER_NAME_COLLISION,
        f"this name and {earlier!r} both become the column {column}",
        hint="rename one of them with csv.columns in the mapping",
        column=name,
    )
