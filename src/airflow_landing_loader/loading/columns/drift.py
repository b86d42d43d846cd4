"""Schema drift: which column of a file goes where, given the table. Pure, for all warehouses.

The table is the schema. Columns it knows load (case does not count), columns it lacks go to
``_extra``, columns the file lacks are NULL, those that it generates are left to it. Each of its
columns belongs to the name that made it, or that came to it first: another name that would become
the same column goes to ``_extra``, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from airflow_landing_loader.config.mapping.column_names import OWN_COLUMNS, clean_name, same
from airflow_landing_loader.config.mapping.column_types import TEXT
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.loading.columns.names import FileColumn, collision
from airflow_landing_loader.safe_text import counted

Owners = Mapping[str, str]
"""The names that a table's columns belong to, by column, :func:`same`; others belong to nobody."""


def owners_by_table(rows: Iterable[tuple[str, str, str]]) -> dict[str, Owners]:
    """Return owners by table, of rows of table, column and owner."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for table, column, owner in rows:
        found[table][same(column)] = owner
    return dict(found)


@dataclass(frozen=True)
class TableColumn:
    """A column of a table: its name and the warehouse's own word for its type.

    :param generated: the table makes its values itself, and takes none.
    """

    name: str
    type: str
    generated: bool = False


def filled(table: Sequence[TableColumn]) -> tuple[TableColumn, ...]:
    """Return those of a table's columns that files fill: neither ours nor made by the table."""
    return tuple(c for c in table if same(c.name) not in OWN_COLUMNS and not c.generated)


@dataclass(frozen=True)
class Taken:
    """A name that would become a column that belongs to another one."""

    name: str
    column: str
    owner: str

    def sentence(self) -> str:
        """Say so, with what can be done."""
        return (
            f"column {self.name!r} went to _extra: {self.column} belongs to the sender's "
            f"{self.owner!r}; csv.rename can name it otherwise"
        )


@dataclass(frozen=True, kw_only=True)
class ColumnPlan:
    """Where each column of a file goes.

    :param known: (position in the file from 0, column of the table), in the table's order.
    :param extra: (position in the file from 0, name in ``_extra``), in file order.
    :param missing: columns of the table that the file lacks, in the table's order; a file without
        any column, which has no record, lacks none.
    :param owners: the owners of the table's columns from now on.
    :param owned: names of the file that become owners now, by position in the file.
    :param taken: why columns are in ``_extra`` though the table has a column of that name.
    :param delivered: how many columns are the file's; those behind them the mapping adds.
    """

    known: tuple[tuple[int, TableColumn], ...]
    extra: tuple[tuple[int, str], ...]
    missing: tuple[TableColumn, ...]
    owners: Owners
    owned: Mapping[int, str]
    taken: tuple[Taken, ...]
    delivered: int

    @property
    def lacks_most(self) -> bool:
        """Whether a file lacks more than half of what it might bring of the table's columns."""
        known = sum(position < self.delivered for position, _ in self.known)
        return self.delivered > 0 and len(self.missing) > known

    @property
    def new_owners(self) -> Owners:
        """The owners that the file makes."""
        return {same(c.name): self.owned[index] for index, c in self.known if index in self.owned}

    def for_next(self) -> ColumnPlan:
        """The plan of a later file with the same columns: the first one has taken what was free."""
        return replace(self, owned={}) if self.owned else self


def first_columns(
    columns: Sequence[FileColumn], types: Mapping[str, str]
) -> tuple[TableColumn, ...]:
    """Return the columns that a table is made with, text unless the mapping gives them a type.

    :param columns: of its first file.
    :param types: the mapping's ``types``; all in the reader's words.
    """
    by_name = {same(clean_name(name)): type_ for name, type_ in types.items()}
    return tuple(
        TableColumn(column.column, by_name.get(same(column.name), TEXT)) for column in columns
    )


def plan_columns(
    columns: Sequence[FileColumn], table: Sequence[TableColumn], owners: Owners, *, file: str
) -> ColumnPlan:
    """Match a file's columns with a table's.

    :param columns: the file's, as :func:`names.file_columns` gives them.
    :param table: the table's columns in order; our own are passed over.
    :param owners: whose they are.
    :raises TerminalError: the table knows none of the file's columns, those aside that the mapping
        adds, or generates one of them, or two of them would go to one column. A file without any,
        which has no records either, fits every table.
    """
    theirs = filled(table)
    of_table = {same(c.name): c for c in reversed(table) if same(c.name) not in OWN_COLUMNS}
    places = _places(columns, of_table, owners)
    for key, index in places.items():
        if of_table[key].generated:
            raise _generated(columns[index], of_table[key], file)
    own = sum(not column.added for column in columns)
    if own and all(columns[index].added for index in places.values()):
        raise TerminalError(
            ErrorCode.HEADER_NO_KNOWN_COLUMN,
            f"the table knows none of the file's {counted(own, 'column')} "
            f"(it has {', '.join(c.name for c in theirs[:8]) or 'none of its own'})",
            hint="Is this the right file for this table? Check the pattern, csv.delimiter and "
            "csv.header of the mapping.",
            file=file,
        )
    position = {of_table[key].name: index for key, index in places.items()}
    known = tuple((position[c.name], c) for c in theirs if c.name in position)
    extra = sorted(set(range(len(columns))) - set(places.values()))
    owned = {key: columns[index].name for key, index in places.items() if key not in owners}
    return ColumnPlan(
        known=known,
        extra=tuple((index, columns[index].name) for index in extra),
        missing=tuple(c for c in theirs if c.name not in position) if columns else (),
        owners={**owners, **owned},
        owned={places[key]: name for key, name in owned.items()},
        taken=tuple(
            Taken(columns[i].name, columns[i].column, owners[same(columns[i].column)])
            for i in extra
            if same(columns[i].column) in of_table
        ),
        delivered=own,
    )


def _generated(column: FileColumn, of_table: TableColumn, file: str) -> TerminalError:
    return TerminalError(
        ErrorCode.LOAD_TABLE_UNFIT,
        f"the table generates its column {of_table.name} itself, so that no file can fill it",
        hint="Drop the column from the table, or give the file's another name with csv.rename.",
        file=file,
        column=column.name,
    )


def _places(
    columns: Sequence[FileColumn], of_table: Mapping[str, TableColumn], owners: Owners
) -> dict[str, int]:
    """Positions in the file of the columns that the table knows, by column of the table."""
    owned = {same(owner): key for key, owner in owners.items() if key in of_table}
    places: dict[str, int] = {}
    for index, column in enumerate(columns):
        key = _place(column, of_table, owners, owned)
        if key is None:
            continue
        if key in places:
            raise collision(column.name, columns[places[key]].name, of_table[key].name)
        places[key] = index
    return places


def place_of(column: FileColumn, of_table: Mapping[str, TableColumn], owners: Owners) -> str | None:
    """The column of the table that a file's column goes to, if there is one.

    :param of_table: the table's columns by their names, :func:`same`.
    """
    owned = {same(owner): key for key, owner in owners.items() if key in of_table}
    return _place(column, of_table, owners, owned)


def _place(
    column: FileColumn,
    of_table: Mapping[str, TableColumn],
    owners: Owners,
    owned: Mapping[str, str],
) -> str | None:
    """The column of the table that a file's column goes to, if there is one."""
    key, name = same(column.column), same(column.name)
    # What the mapping names goes to the column of that name, whoever made it: a person says so.
    mine = column.renamed or same(owners.get(key, column.name)) == name
    return key if key in of_table and mine else owned.get(name)
