"""Columns of a table that are not text, and which values they take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.loading.columns.drift import TableColumn
from airflow_landing_loader.loading.columns.literals import TEXT_TYPES, LiteralForm, literal_form
from airflow_landing_loader.loading.sql import sql_text


@dataclass(frozen=True)
class TypedColumn:
    """A known column that is not text.

    :param position: its place in the file from 0.
    :param column: the column, with the warehouse's word for its type.
    :param type: the reader's word for that type; values are tried against it.
    :param form: the form that its values take.
    """

    position: int
    column: TableColumn
    type: str
    form: LiteralForm

    def is_good(self) -> str:
        """Return SQL that is true where a value is NULL, empty, or of the column's form."""
        value = f"c{self.position}"
        form = f"regexp_full_match({value}, {sql_text(self.form.pattern)})"
        cast = f"TRY_CAST({value} AS {self.type})"
        # The reader makes what is too large for a DOUBLE infinite.
        finite = f"coalesce(isfinite({cast}), false)"
        fits = finite if self.type == "DOUBLE" else f"{cast} IS NOT NULL"
        return f"({value} IS NULL OR {value} = '' OR ({form} AND {fits}))"


def typed_columns(
    table: str,
    known: Sequence[tuple[int, TableColumn]],
    *,
    file: str,
    type_of: Callable[[str], str | None] = str.upper,
) -> tuple[TypedColumn, ...]:
    """Return the known columns whose values must have a literal form.

    :param known: as :func:`~airflow_landing_loader.loading.columns.drift.plan_columns` gives them.
    :param type_of: from the warehouse's word for a type to the reader's; ``None``: it has none.
    :raises TerminalError: a column has a type that text cannot be loaded into.
    """
    typed = []
    for position, column in known:
        type_ = type_of(column.type)
        if type_ in TEXT_TYPES:
            continue
        form = None if type_ is None else literal_form(type_)
        if type_ is None or form is None:
            raise TerminalError(
                ErrorCode.LOAD_TABLE_UNFIT,
                f"column {column.name} of {table} has type {column.type}, "
                "which text is not loaded into",
                hint="Make it a text column and cast in dbt; docs/mappings.md lists the types.",
                file=file,
                column=column.name,
            )
        typed.append(TypedColumn(position, column, type_, form))
    return tuple(typed)
