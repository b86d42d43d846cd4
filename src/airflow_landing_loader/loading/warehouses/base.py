"""What a warehouse is to those who use it, by role: whoever asks names the least that it needs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.loading.columns.drift import Owners, TableColumn
from airflow_landing_loader.loading.columns.promotion import Prospect
from airflow_landing_loader.loading.ledger.history import History
from airflow_landing_loader.loading.model import (
    ArrivalRecord,
    Arrivals,
    DbtDue,
    DeliveryOutcome,
    DeliveryRecord,
    DiscardedDelivery,
    Load,
    LoadColumn,
    LoadTotal,
    Overview,
    RunContext,
    Verdict,
    WantedSince,
)
from airflow_landing_loader.loading.operations import ActionRecord, EventRecord, ExecutionRecord
from airflow_landing_loader.loading.planning.identity import Content, PriorLoad
from airflow_landing_loader.loading.reading.quality import QualityLine
from airflow_landing_loader.loading.summary import Summary


class StillRunningError(Exception):
    """A job of the warehouse goes on without us; calling the same method later takes its result.

    :param job_id: the job, for whoever waits in our place.
    :param own: whether this process has submitted it.
    """

    def __init__(self, job_id: str, project: str, location: str, *, own: bool) -> None:
        super().__init__(f"job {project}:{location}.{job_id} is still running")
        self.job_id = job_id
        self.project = project
        self.location = location
        self.own = own


class CommittedLoad(Protocol):
    """One load as the warehouse holds it, for as long as it is open."""

    @property
    def load(self) -> Load:
        """Its row of ``load_metadata``."""
        ...

    @property
    def outcome(self) -> DeliveryOutcome:
        """``loaded``; or ``superseded`` or ``unloaded``, its rows are out of the table."""
        ...

    @property
    def columns(self) -> tuple[LoadColumn, ...]:
        """Its file's columns in file order."""
        ...

    @property
    def totals(self) -> tuple[LoadTotal, ...]:
        """The totals that its sender promised, as they were booked."""
        ...

    @property
    def quality(self) -> tuple[QualityLine, ...]:
        """What was counted of its records; nothing where its mapping had no rules."""
        ...

    @property
    def table(self) -> tuple[TableColumn, ...] | None:
        """The table's columns now, with types in the reader's words; ``None``: it is gone."""
        ...

    @property
    def sharing(self) -> tuple[int, ...]:
        """Sequences of other loads that have the same archived file, their rows in a table."""
        ...

    @property
    def set_mates(self) -> tuple[Load, ...]:
        """Loads of other files that the same go file names."""
        ...

    def rows(self, columns: Sequence[TableColumn], longest: int) -> Iterator[tuple[Any, ...]]:
        """Stream its rows, in any order; instants may come as microseconds since 1970.

        :param columns: those of the table's columns that are wanted, in this order.
        :param longest: bytes of the longest record that a row came from.
        """
        ...

    def rejects(self) -> Iterator[tuple[int, str]]:
        """Stream its rejects in the order of their records: number of the record, and text."""
        ...


class Loader(Protocol):
    """Rows into tables, and out of them again."""

    def load(self, batch: Sequence[Validated], run: RunContext) -> tuple[Verdict, ...]:
        """Load a batch; one verdict per delivery, in the batch's order.

        One bad file of a batch fails alone. Rows, metadata and delivery records of a load commit
        together. Raises :class:`TransientError` when the warehouse as a whole cannot be used, and
        :class:`StillRunningError` when it was made not to wait for long jobs and there is one.
        """
        ...

    def unload(self, load_id: str) -> int:
        """Take a load's rows out of the table and mark it so, in one transaction.

        Does nothing if its rows are out already. Returns how many rows went.
        """
        ...

    def cancel(self) -> None:
        """Stop the work that this process has begun elsewhere and waits for, if there is any."""
        ...

    @property
    def last_job(self) -> str | None:
        """The last job elsewhere that came to its end by this process: after a load, the one that
        committed it. ``None``: there is none."""
        ...


class Promoter(Protocol):
    """Drift columns that become columns."""

    def prospect(self, table: str, name: str, type_: str | None) -> Prospect:
        """What the promotion of a column that is in ``_extra`` would do.

        Raises :class:`TerminalError` where it cannot be promoted.

        :param name: the sender's, or the mapping's where that names it.
        :param type_: of :mod:`~airflow_landing_loader.config.mapping.column_types`; ``None``: text,
            or the type of a column that is there.
        """
        ...

    def samples(self, table: str, name: str, limit: int) -> tuple[str, ...]:
        """Some of the different values that are in ``_extra`` under a name, in order: cell values,
        for those who may see any. Nothing where there is no such table or name.
        """
        ...

    def promote(self, table: str, name: str, type_: str | None) -> Prospect:
        """Do it, and say what was done; the same call finishes what a dead one has begun."""
        ...


class Ledger(Protocol):
    """The books: our own tables, asked and written."""

    def prior_loads(self, content: Content) -> tuple[PriorLoad, ...]:
        """The earlier loads of this file name, of this key or of this content."""
        ...

    def sequences(self, tables: Sequence[str]) -> dict[tuple[str, str], int]:
        """The last number of each sequence whose rows are there, by table and its key.

        Raises :class:`TransientError` ``WAREHOUSE_LOCKED`` soon while a writer holds the books.
        """
        ...

    def find_loads(self, name: str, beginning: str | None, limit: int) -> tuple[Load, ...]:
        """The loads that a person may mean, newest first.

        :param name: of the file as delivered, or as it lies in the archive.
        :param beginning: of an id; ``None`` if it can be none.
        """
        ...

    def committed(self, load_id: str) -> AbstractContextManager[CommittedLoad | None]:
        """Open a load to look at it; ``None`` if there is none of this id."""
        ...

    def owners_of(self, table: str) -> Owners:
        """The names that a table's columns belong to."""
        ...

    def overview(self, limit: int) -> Overview:
        """Recent loads and deliveries; answers within a second also while a writer works."""
        ...

    def summary(self) -> Summary:
        """What the books come to, table by table; it waits for no writer.

        On DuckDB it is what the last writer has left, on BigQuery it is asked now.
        """
        ...

    def publish_summary(self) -> None:
        """Let those who cannot reach the books have the newest summary, in the archive."""
        ...

    def record_executions(self, records: Sequence[ExecutionRecord]) -> None:
        """Write runs and their layers, over what was written of them before."""
        ...

    def record_actions(self, records: Sequence[ActionRecord]) -> None:
        """Write what became of what people asked for."""
        ...

    def action(self, action_id: str) -> ActionRecord | None:
        """What became of an action; ``None`` while that is not written."""
        ...

    def arrivals(
        self, tables: Sequence[str], ended_since: datetime, wanted: WantedSince
    ) -> Arrivals:
        """What is decided of what should come into tables, and what came; answers also while a
        writer works.

        :param ended_since: windows that ended from then on, or have not yet, UTC without zone.
        :param wanted: says from when on loads are asked for.
        """
        ...

    def record_arrivals(
        self, records: Sequence[ArrivalRecord], events: Sequence[EventRecord] = ()
    ) -> None:
        """Write what became of windows; what was decided before stays, but for what mends it.

        :param events: what is to be told of them, written before.
        """
        ...

    def record_events(self, records: Sequence[EventRecord]) -> None:
        """Write what is to be sent to channels; what is there already stays as it is."""
        ...

    def pending_events(
        self, tables: Sequence[str] | None, leaving_out: Collection[str], limit: int
    ) -> tuple[EventRecord, ...]:
        """What has not been sent, the oldest first.

        :param tables: only of these; ``None``: of all.
        :param leaving_out: names of channels.
        """
        ...

    def mark_published(self, records: Sequence[EventRecord]) -> None:
        """Say of events that they have been sent."""
        ...

    def dbt_due(self, tables: Sequence[str]) -> tuple[DbtDue, ...]:
        """Those of the tables whose newest load dbt has not yet seen successfully."""
        ...

    def record_deliveries(
        self, records: Sequence[DeliveryRecord], events: Sequence[EventRecord] = ()
    ) -> None:
        """Write or replace rows of ``load_deliveries`` by ``delivery_id``, but for ``failed_at``,
        which stays once it is there.

        :param events: what is to be told of them, written before: whoever dies in between comes
            back to the same files.
        """
        ...

    def record_archived(self, moved: Sequence[tuple[str, str]]) -> None:
        """Correct ``archive_uri`` for (load id, uri) pairs where a name was taken.

        An empty URI: the file was replaced before it could be archived.
        """
        ...

    def mark_replayed(self, ids: Sequence[str], at: datetime) -> frozenset[str]:
        """Say of refused deliveries that they went back to landing.

        :param ids: their ``delivery_id``.
        :return: the ids of those of which the books say so now; of others they have no failure.
        """
        ...

    def mark_discarded(self, of: Sequence[DiscardedDelivery], at: datetime) -> frozenset[str]:
        """Say of refused deliveries that they are not wanted, and where they lie now.

        :return: as of :meth:`mark_replayed`.
        """
        ...

    def delivery(self, delivery_id: str) -> DeliveryRecord | None:
        """What became of a delivery; ``None`` if the books do not know it."""
        ...

    def record_dbt_run(
        self,
        due: Sequence[DbtDue],
        *,
        succeeded: bool,
        executions: Sequence[ExecutionRecord] = (),
    ) -> None:
        """Remember that dbt ran for these; success covers loads up to each one's ``sequence``.

        :param executions: of the run that dbt was a part of, as :meth:`record_executions`.
        """
        ...


class Catalog(Protocol):
    """What tables there are, and what they look like."""

    def columns_of(self, table: str, *, row_number: bool) -> tuple[TableColumn, ...] | None:
        """Columns of a table in order, with types in the reader's words, as a load finds them;
        ``None`` if there is no such table.

        Raises :class:`TerminalError` where no file can be loaded into it.

        :param row_number: whether rows shall have numbers.
        """
        ...

    def relations(self) -> frozenset[tuple[str, str]]:
        """All tables and views that can be seen, as (schema or dataset, name), case-folded."""
        ...

    def row_counts(self, tables: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """How many rows tables have, which the warehouse knows without reading them; what is a
        view, or not there, is left out.

        :param tables: as (schema or dataset, name).
        """
        ...


class Warehouse(Loader, Promoter, Ledger, Catalog, Protocol):
    """Where rows go. Every method takes the locks it needs and gives them back."""

    @property
    def history(self) -> History:
        """The books' past, for whoever shows it."""
        ...
