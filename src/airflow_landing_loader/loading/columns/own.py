"""Our own columns in a table: whether they can hold what is ours, and tell whose a row is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from airflow_landing_loader.config.mapping.column_names import same
from airflow_landing_loader.exceptions import ErrorCode, LandingError, TerminalError
from airflow_landing_loader.loading.columns.drift import TableColumn
from airflow_landing_loader.loading.columns.names import EXTRA, LOAD_ID, ROW_NUMBER


def own_columns(*, row_number: bool) -> tuple[str, ...]:
    """Return our own columns of a raw table, in order.

    :param row_number: whether rows shall have numbers.
    """
    return (LOAD_ID, EXTRA, ROW_NUMBER) if row_number else (LOAD_ID, EXTRA)


def lacking_own(columns: Sequence[TableColumn], *, row_number: bool) -> tuple[str, ...]:
    """Return those of :func:`own_columns` that a table made by hand lacks."""
    have = {same(column.name) for column in columns}
    return tuple(name for name in own_columns(row_number=row_number) if name not in have)


def check_own_columns(
    table: str, columns: Sequence[TableColumn], types: Mapping[str, Sequence[str]], cure: str
) -> None:
    """Refuse a table in which one of our columns cannot hold our values.

    :param types: those that can, in the warehouse's words, by column; others are passed over.
    :param cure: the hint, with ``{table}``, ``{column}`` and ``{type}``.
    :raises TerminalError: ``LOAD_TABLE_UNFIT``.
    """
    for column in columns:
        fit = types.get(same(column.name))
        if fit is None or (column.type in fit and not column.generated):
            continue
        why = f"has type {column.type}; it must be {' or '.join(fit)}"
        raise TerminalError(
            ErrorCode.LOAD_TABLE_UNFIT,
            f"column {column.name} of {table} "
            f"{'is one that the table generates itself' if column.generated else why}",
            hint=(
                f"Drop the column from {table}, then replay."
                if column.generated
                else cure.format(table=table, column=column.name, type=fit[0])
            ),
            column=column.name,
        )


def load_id_of(columns: Sequence[TableColumn]) -> TableColumn | None:
    """Return the column that says whose a row is, if the table has it."""
    return next((column for column in columns if same(column.name) == LOAD_ID), None)


def unfit_tables(
    tables: Iterable[str],
    columns_of: Callable[[str], Sequence[TableColumn] | None],
    with_loads: Callable[[Sequence[str]], Collection[str]],
    is_empty: Callable[[str], bool],
) -> dict[str, LandingError]:
    """Return why no file can be loaded, by table, of those that none can be loaded into.

    :param columns_of: a table's columns; raises an error if it is none for loads.
    :param with_loads: those of some tables that by the books have rows of loads.
    :param is_empty: whether a table has no rows.
    """
    unfit: dict[str, LandingError] = {}
    nameless = []
    for table in dict.fromkeys(tables):
        try:
            columns = columns_of(table)
        except LandingError as error:
            unfit[table] = error
            continue
        if columns is not None and load_id_of(columns) is None:
            nameless.append(table)
    for table in with_loads(nameless) if nameless else ():
        if not is_empty(table):
            unfit[table] = load_ids_lost(table)
    return unfit


def load_ids_lost(table: str, *, file: str | None = None) -> TerminalError:
    """The error for a table that was loaded into, and whose rows nothing tells apart any more."""
    return TerminalError(
        ErrorCode.LOAD_TABLE_UNFIT,
        f"{table} has no column {LOAD_ID} any more: nothing tells which rows are of which load",
        hint="Put the column back with its values, from a backup; or drop the table and let its "
        "files load again. Where it is another table than the one that was loaded into, add a "
        f"text column {LOAD_ID} to it: its rows are nobody's then.",
        file=file,
        column=LOAD_ID,
    )
