"""Tables, and what is expected of them."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from airflow_landing_loader.loading.model import ArrivalOutcome
from airflow_landing_loader.monitoring.arrivals import State
from airflow_landing_loader.monitoring.outcomes import Standing
from airflow_landing_loader.monitoring.overview import Level, ProblemKind
from airflow_landing_loader.plugins.api.datamodels.books import (
    AsOf,
    BookPage,
    FileName,
    Instant,
    PageQuery,
    Row,
    TableName,
    Text,
)
from airflow_landing_loader.plugins.api.datamodels.common import Request


class TablesQuery(PageQuery):
    """Which tables."""

    level: list[Level] = Field([], max_length=4, description="Whose worst problem is such.")
    problem: list[ProblemKind] = Field([], max_length=10, description="With one of these.")
    text: Text = Field("", description="A part of the name.")


class ProblemEntry(Row):
    """One thing that is wrong with a table."""

    kind: ProblemKind
    level: Level
    count: int
    text: str


class LastLoadEntry(Row):
    """The newest load of a table."""

    load_id: str
    filename: str
    completed_at: Instant
    row_count: int


class LastFailureEntry(Row):
    """The newest delivery that lies in failed."""

    filename: str
    code: str | None
    recorded_at: Instant


class DriftEntry(Row):
    """A column of files that the table lacks: its values are in `_extra`."""

    name: str
    loads: int = Field(description="Whose rows have it.")
    first_at: Instant
    last_at: Instant


class DayEntry(Row):
    """What one day brought."""

    day: date
    loads: int
    rows: int
    rejected: int
    size_bytes: int
    failed: int
    quality: float | None


class WindowEntry(Row):
    """A window in which files are expected, and that has not ended."""

    day: date
    due_at: Instant
    until_at: Instant
    standing: Standing
    reason: str


class TableEntry(Row):
    """One table, as it is now."""

    table: str
    pipeline_id: str = Field(description="Id of its DAG.")
    description: str
    mapped: bool = Field(description="Whether a mapping feeds it still.")
    level: Level
    problems: list[ProblemEntry] = Field(description="The worst first.")
    loads: int = Field(description="Whose rows are in the table.")
    rows: int = Field(description="That these loads have committed.")
    last_load: LastLoadEntry | None
    open_failures: int = Field(description="Deliveries that lie in failed.")
    last_failure: LastFailureEntry | None
    quality: float | None = Field(description="Score of the newest load that has one.")
    drift: list[DriftEntry]
    days: list[DayEntry] = Field(description="Those of the last 14 on which something came.")
    landed: dict[State, int] | None = Field(
        description="Files in landing, by state; null: it cannot be read."
    )
    windows: list[WindowEntry]


class Tables(BookPage):
    """A page of tables, by name."""

    landing_trouble: str | None = Field(description="Why landing cannot be read.")
    tables: list[TableEntry]


class LandedFileEntry(Row):
    """A file in landing."""

    name: FileName
    state: State
    size: int | None
    partner: FileName | None = Field(
        description="The go file of a data file, or the other way round."
    )
    why: str = Field(description="Why it does not load now.")


class TableWhole(AsOf):
    """One table."""

    landing_trouble: str | None = Field(description="Why landing cannot be read.")
    state: TableEntry
    files: list[LandedFileEntry] = Field(description="In landing, the first 200.")


class DriftQuery(Request):
    """Drift of which tables."""

    table: TableName | None = None


class TableDrift(DriftEntry):
    """A column of a table's files that the table lacks."""

    table: str


class Drift(AsOf):
    """Columns that wait to be promoted, by table and name; the first 1,000."""

    columns: list[TableDrift]


class ArrivalsQuery(Request):
    """Whose windows."""

    table: TableName | None = None
    windows: Annotated[int, Field(ge=1, le=400)] = Field(
        30, description="Rates are of so many last windows of each table at most."
    )


class ArrivalEntry(Row):
    """What became of a window that has ended."""

    table: str = Field(validation_alias="table_name")
    pattern: str
    day: date
    due_at: Instant
    until_at: Instant
    outcome: ArrivalOutcome
    reason: str
    file_count: int
    row_count: int
    arrived_at: Instant | None
    mended_at: Instant | None


class OpenWindow(Row):
    """A window that has not ended, and the mapping that it is of."""

    table: str
    pattern: str
    window: WindowEntry


class RateEntry(Row):
    """How the last windows of a table ended."""

    table: str
    windows: int
    on_time: int
    late: int
    wrong: int
    missing: int
    share: float = Field(description="Of the windows, those that were on time: 0 to 1.")


class ArrivalsOfTables(AsOf):
    """What should have come, and what did."""

    records: list[ArrivalEntry] = Field(description="The newest first, 500 at most.")
    open: list[OpenWindow] = Field(description="The first to be due first, 500 at most.")
    rates: list[RateEntry]


class Unmatched(Row):
    """What lies in landing and belongs to no table."""

    as_of: Instant
    trouble: str | None = Field(description="Why landing cannot be read.")
    counts: dict[State, int]
    files: list[LandedFileEntry] = Field(description="The first 200.")
