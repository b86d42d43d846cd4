"""The raw table in BigQuery: what it looks like, making it, and fitting it for our columns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from google.api_core.exceptions import NotFound
from google.cloud import bigquery

from airflow_landing_loader.config.mapping.column_names import clean_name, same
from airflow_landing_loader.config.mapping.model import BigQueryTable
from airflow_landing_loader.exceptions import ErrorCode, LandingError, TerminalError
from airflow_landing_loader.loading.columns.drift import TableColumn
from airflow_landing_loader.loading.columns.names import EXTRA, LOAD_ID, ROW_NUMBER
from airflow_landing_loader.loading.columns.own import (
    check_own_columns,
    lacking_own,
    load_id_of,
    own_columns,
    unfit_tables,
)
from airflow_landing_loader.loading.warehouses.bigquery.errors import GOOGLE_ERRORS, translate
from airflow_landing_loader.loading.warehouses.bigquery.jobs import Jobs
from airflow_landing_loader.loading.warehouses.bigquery.options import BigQueryOptions
from airflow_landing_loader.loading.warehouses.bigquery.values import (
    schema_field,
    texts,
    type_of_field,
)

_WORKERS = 8  # requests at a time; the client's pool has ten connections
_OWN_TYPES = {LOAD_ID: "STRING", EXTRA: "STRING", ROW_NUMBER: "INT64"}


def quoted(table: str) -> str:
    """Return ``dataset.table`` as quoted SQL."""
    return ".".join(quoted_name(part) for part in table.split("."))


def quoted_name(name: str) -> str:
    """Return a quoted identifier; ours and the tables' names hold no backtick."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


class Tables:
    """Raw tables of one project."""

    def __init__(self, jobs: Jobs, options: BigQueryOptions) -> None:
        self._jobs = jobs
        self._options = options

    def columns_of(self, table: str) -> tuple[TableColumn, ...] | None:
        """Return a table's columns in order, ``None`` if there is no such table.

        :raises TerminalError: the name is not a table's.
        """
        dataset, _, name = table.rpartition(".")
        dataset = dataset or self._options.dataset
        try:
            found = self._jobs.client.get_table(f"{self._options.project}.{dataset}.{name}")
        except NotFound:
            return None
        except GOOGLE_ERRORS as error:
            raise translate(error) from error
        if found.table_type != "TABLE":
            raise TerminalError(
                ErrorCode.LOAD_TABLE_UNFIT,
                f"{table} is a {found.table_type.lower()}; files load into tables",
                hint="Name a table in the mapping, or drop the view.",
            )
        return tuple(
            TableColumn(field.name, type_of_field(field), _is_generated(field))
            for field in found.schema
        )

    def relations(self) -> frozenset[tuple[str, str]]:
        """Return all tables and views of the project's datasets, case-folded."""
        client = self._jobs.client
        try:
            datasets = [d.dataset_id for d in client.list_datasets(self._options.project)]
            names = [f"{self._options.project}.{dataset}" for dataset in datasets]
            with ThreadPoolExecutor(_WORKERS) as pool:
                tables = list(pool.map(lambda name: list(client.list_tables(name)), names))
        except GOOGLE_ERRORS as error:
            raise translate(error) from error
        return frozenset(
            (dataset.casefold(), table.table_id.casefold())
            for dataset, found in zip(datasets, tables, strict=True)
            for table in found
        )

    def row_counts(self, tables: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """Return how many rows tables have, as (dataset, name); views are left out."""
        if not tables:
            return {}
        client = self._jobs.client

        def ask(place: tuple[str, str]) -> int | None:
            try:
                found = client.get_table(".".join((self._options.project, *place)))
            except NotFound:
                return None
            return found.num_rows if found.table_type == "TABLE" else None

        try:
            with ThreadPoolExecutor(_WORKERS) as pool:
                counts = dict(zip(tables, pool.map(ask, tables), strict=True))
        except GOOGLE_ERRORS as error:
            raise translate(error) from error
        return {place: int(count) for place, count in counts.items() if count is not None}

    def create(
        self,
        table: str,
        theirs: Sequence[tuple[str, str]],
        layout: BigQueryTable,
        *,
        row_number: bool,
    ) -> None:
        """Create a raw table unless it is there: the file's columns, then our own.

        Its dataset is made too, if it is not the default one.

        :param theirs: (name, type) of the file's, in BigQuery's words.
        :raises TerminalError: ``LOAD_TABLE_UNFIT``, the table shall be clustered or partitioned by
            a column that the file lacks.
        """
        dataset, _, name = table.rpartition(".")
        if dataset:
            self._create_dataset(dataset, layout.location or self._jobs.location)
        own = [(name, _OWN_TYPES[name]) for name in own_columns(row_number=row_number)]
        columns = [schema_field(name, type_) for name, type_ in (*theirs, *own)]
        made = bigquery.Table(
            f"{self._options.project}.{dataset or self._options.dataset}.{name}",
            schema=columns,
        )
        spelled = {same(column.name): column.name for column in columns}
        if layout.partition_by is not None:
            made.time_partitioning = bigquery.TimePartitioning(
                type_=layout.partition_by.upper(),
                field=layout.partition_column and _named(table, spelled, layout.partition_column),
            )
        if layout.cluster_by:
            named = [_named(table, spelled, name, "cluster") for name in layout.cluster_by]
            made.clustering_fields = named
        made.labels = layout.labels
        try:
            self._jobs.client.create_table(made, exists_ok=True)
        except GOOGLE_ERRORS as error:
            raise translate(error) from error

    def _create_dataset(self, name: str, location: str | None) -> None:
        dataset = bigquery.Dataset(f"{self._options.project}.{name}")
        dataset.location = location
        try:
            self._jobs.client.create_dataset(dataset, exists_ok=True)
        except GOOGLE_ERRORS as error:
            raise translate(error) from error

    def present(
        self, table: str, columns: Sequence[TableColumn] | None, load_ids: Sequence[str]
    ) -> set[str] | None:
        """Return which of these loads have rows in a table; ``None`` if nothing tells.

        :param columns: the table's; ``None``: it is not there.
        """
        if columns is None:
            return set()
        load_id = load_id_of(columns)
        if load_id is None or load_id.type != _OWN_TYPES[LOAD_ID]:
            return set() if self._is_empty(table) else None
        there = self._jobs.query(
            f"SELECT DISTINCT {LOAD_ID} FROM {quoted(table)} WHERE {LOAD_ID} IN UNNEST(@ids)",
            [texts("ids", load_ids)],
        )
        return {row[0] for row in there}

    def unfit(
        self,
        tables: Iterable[str],
        columns_of: Callable[[str], Sequence[TableColumn] | None],
        with_loads: Callable[[Sequence[str]], Collection[str]],
    ) -> dict[str, LandingError]:
        """See :func:`~airflow_landing_loader.loading.columns.own.unfit_tables`."""

        def checked(table: str) -> Sequence[TableColumn] | None:
            columns = columns_of(table)
            _check_own(table, columns or ())
            return columns

        return unfit_tables(tables, checked, with_loads, self._is_empty)

    def _is_empty(self, table: str) -> bool:
        return not self._jobs.query(f"SELECT 1 FROM {quoted(table)} LIMIT 1")

    def fit(self, table: str, columns: Sequence[TableColumn], *, row_number: bool) -> None:
        """Add those of our columns that a table made by hand lacks."""
        lacking = lacking_own(columns, row_number=row_number)
        if lacking:
            clauses = [f"ADD COLUMN IF NOT EXISTS {n} {_OWN_TYPES[n]}" for n in lacking]
            self._jobs.query(f"ALTER TABLE {quoted(table)} {', '.join(clauses)}")


def _check_own(table: str, columns: Sequence[TableColumn]) -> None:
    types = {name: (type_,) for name, type_ in _OWN_TYPES.items()}
    check_own_columns(
        table, columns, types, "Drop the column {column} or give it the type {type}, then replay."
    )


def _is_generated(field: bigquery.SchemaField) -> bool:
    """Whether the table takes no values for a column; the client has no word for it."""
    made: dict[str, str] = field.to_api_repr().get("generatedColumn") or {}
    return made.get("generatedMode") == "GENERATED_ALWAYS"


def _named(
    table: str,
    spelled: Mapping[str, str],
    name: str,
    how: Literal["partition", "cluster"] = "partition",
) -> str:
    """A column that a layout names, as the table spells it.

    :param spelled: names of the table's columns, by :func:`same`.
    """
    found = spelled.get(same(clean_name(name)))
    if found is None:
        key = "bigquery.partition_column" if how == "partition" else "bigquery.cluster_by"
        raise TerminalError(
            ErrorCode.LOAD_TABLE_UNFIT,
            f"{table} shall be {how}ed by {name}, but this first file has no such column",
            hint=f"Name the file's columns in {key}, or create the table by hand.",
            column=name,
        )
    return found
