"""Column names: from what the sender wrote to what both warehouses take. One pure function.

A name is clean (:func:`~airflow_landing_loader.config.mapping.column_names.clean_name`). Letters,
marks and numbers of all scripts and ``_`` stay; every other character becomes ``_``. A ``_`` comes
before a name that begins with neither letter nor ``_``, or in a way that BigQuery keeps for itself
(BigQuery documentation, "Column names" and "Flexible column names"). The sender's own name is kept
in ``load_columns``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from airflow_landing_loader.config.mapping.column_names import (
    OWN_COLUMNS,
    clean_name,
    named_by,
    same,
)
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.model import Delivery, Inspection

LOAD_ID, EXTRA, ROW_NUMBER = OWN_COLUMNS
MAX_LENGTH = 300

_PLAIN = re.compile(r"[A-Za-z0-9_]*")
_OF_BIGQUERY = re.compile(
    r"_TABLE_|_FILE_|_PARTITION|_ROW_TIMESTAMP|__ROOT__|_COLIDENTIFIER", re.IGNORECASE
)
_RENAME = "Name it with csv.rename in the mapping"


@dataclass(frozen=True)
class FileColumn:
    """One column of a file.

    :param sender: its name in the header.
    :param name: the name that it goes by: the sender's, or the mapping's.
    :param column: what a table calls it.
    :param renamed: whether the mapping names it.
    :param added: whether the mapping adds it, and the file has no such column.
    """

    sender: str
    name: str
    column: str
    renamed: bool = False
    added: bool = False


def columns_of(delivery: Delivery, inspection: Inspection) -> tuple[FileColumn, ...]:
    """Return a delivery's columns: those of the file in its order, then those that its mapping
    adds; none where the file has none.

    :raises TerminalError: as :func:`file_columns`.
    """
    mapping = delivery.mapping
    return file_columns(
        inspection.columns,
        mapping.csv.rename,
        tuple(mapping.add_columns) if inspection.columns else (),
        file=delivery.data.name,
        line=inspection.header_line,
    )


def file_columns(
    sender_names: Sequence[str],
    rename: Mapping[str, str] | None = None,
    added: Sequence[str] = (),
    *,
    file: str,
    line: int | None = None,
) -> tuple[FileColumn, ...]:
    """Return a file's columns, in file order, and those that are added.

    :param sender_names: names as the header has them.
    :param rename: the mapping's ``csv.rename``.
    :param added: the names in the mapping's ``add_columns``.
    :param file: file name, for the error.
    :param line: physical line of the header, for the error.
    :raises TerminalError: a name is empty, becomes one of the loader's own, is too long, stands
        twice (case does not count), or two become the same name.
    """
    try:
        return _file_columns(tuple(sender_names), tuple((rename or {}).items()), tuple(added))
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
def _file_columns(
    sender_names: tuple[str, ...],
    rename: tuple[tuple[str, str], ...],
    added: tuple[str, ...],
) -> tuple[FileColumn, ...]:
    names = [*zip(sender_names, named_by(sender_names, dict(rename)), strict=True)]
    names += [(name, name) for name in map(clean_name, added)]
    seen: dict[str, bool] = {}
    taken: dict[str, str] = {}
    result = []
    for position, (sender, own) in enumerate(names, start=1):
        name = sender if own is None else own
        is_added = position > len(sender_names)
        column = _column_name(name, position, last=position == len(sender_names))
        if is_added and (same(name) in seen or same(column) in taken):
            raise _added_twice(name)
        if same(name) in seen:
            raise _duplicate(name, renamed=seen[same(name)] or own is not None)
        seen[same(name)] = own is not None
        if same(column) in taken:
            raise collision(name, taken[same(column)], column)
        taken[same(column)] = name
        result.append(FileColumn(sender, name, column, own is not None, is_added))
    return tuple(result)


def column_name(name: str) -> str:
    """Return what a table calls a column of a clean name, which may be too long or our own."""
    column = name
    if not _PLAIN.fullmatch(name):
        column = unicodedata.normalize("NFC", "".join(c if _is_allowed(c) else "_" for c in name))
    if not (column[0] == "_" or column[0].isalpha()) or _OF_BIGQUERY.match(column):
        column = f"_{column}"
    return column


def collision(name: str, earlier: str, column: str) -> TerminalError:
    """Return the error for two names of one header that become one column."""
    return TerminalError(
        ErrorCode.HEADER_NAME_COLLISION,
        f"this name and {earlier!r} both become the column {column}",
        hint=f"{_RENAME}: csv: {{rename: {{{_yaml(name)}: another_name}}}}.",
        column=name,
    )


def _is_allowed(character: str) -> bool:
    return character == "_" or unicodedata.category(character)[0] in "LMN"


def _column_name(name: str, position: int, *, last: bool) -> str:
    if not name:
        behind = "; where a delimiter stands behind the last name, ignore it: csv: "
        raise TerminalError(
            ErrorCode.HEADER_EMPTY_NAME,
            f"column {position} of the header has no name",
            hint="Ask the sender for a name, or name it with csv.rename in the mapping: csv: "
            "{rename: {'': a_name}}; where several are empty, by their positions, see docs/csv.md"
            f"{behind + '{trailing_delimiter: ignore}' if last else ''}.",
        )
    column = column_name(name)
    if len(column) > MAX_LENGTH:
        raise TerminalError(
            ErrorCode.HEADER_NAME_TOO_LONG,
            f"the name of column {position} has {len(column)} characters; {MAX_LENGTH} are allowed",
            hint=f"{_RENAME}; a missing line end looks like this.",
        )
    if same(column) in OWN_COLUMNS:
        raise TerminalError(
            ErrorCode.HEADER_RESERVED_NAME,
            f"column {position} would become {column}, a column of the loader's own",
            hint=f"{_RENAME}: csv: {{rename: {{{_yaml(name)}: another_name}}}}.",
            column=name,
        )
    return column


def _added_twice(name: str) -> TerminalError:
    return TerminalError(
        ErrorCode.HEADER_DUPLICATE_NAME,
        "add_columns adds a column of this name, and the file has it itself",
        hint="Give the column in add_columns another name, or take it out there.",
        column=name,
    )


def _duplicate(name: str, *, renamed: bool) -> TerminalError:
    if renamed:
        return TerminalError(
            ErrorCode.HEADER_DUPLICATE_NAME,
            "csv.rename gives a column this name, and another column of the header has it too",
            hint="Give it a name in csv.rename that no other column has, or rename the other too.",
            column=name,
        )
    return TerminalError(
        ErrorCode.HEADER_DUPLICATE_NAME,
        "the header has this name twice (upper and lower case do not count)",
        hint="Ask the sender to mend the header, or name the columns by their positions with "
        "csv.rename and csv.columns in the mapping, see docs/csv.md.",
        column=name,
    )


def _yaml(name: str) -> str:
    """A name as YAML writes it in single quotes."""
    return "'" + name.replace("'", "''") + "'"
