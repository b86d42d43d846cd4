"""The small protocol behind which DuckDB and BigQuery stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.loading.drift import TableColumn
from airflow_landing_loader.loading.identity import PriorLoad
from airflow_landing_loader.loading.model import (
    DbtDue,
    DeliveryRecord,
    Overview,
    RunContext,
    Verdict,
)


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


class Warehouse(Protocol):
    """Where rows go. Every method takes the locks it needs and gives them back."""

    def load(self, batch: Sequence[Validated], run: RunContext) -> tuple[Verdict, ...]:
        """Load a batch; one verdict per delivery, in the batch's order.

        One bad file of a batch fails alone. Rows, metadata and delivery records of a load commit
        together. Raises :class:`TransientError` when the warehouse as a whole cannot be used, and
        :class:`StillRunningError` when it was made not to wait for long jobs and there is one.
        """
        ...

    def record_deliveries(self, records: Sequence[DeliveryRecord]) -> None:
        """Write or replace rows of ``load_deliveries`` by ``delivery_id``."""
        ...

    def record_archived(self, moved: Sequence[tuple[str, str]]) -> None:
        """Correct ``archive_uri`` for (load id, uri) pairs where a name was taken."""
        ...

    def mark_replayed(self, filenames: Sequence[str], at: datetime) -> None:
        """Turn the newest ``failed`` delivery record of each file name into ``replayed``."""
        ...

    def columns_of(self, table: str) -> tuple[TableColumn, ...] | None:
        """Columns of a table in order, ``None`` if there is no such table."""
        ...

    def prior_loads(self, filename: str, sha256: str) -> tuple[PriorLoad, ...]:
        """The earlier loads of this file name or of this content."""
        ...

    def relations(self) -> frozenset[tuple[str, str]]:
        """All tables and views that can be seen, as (schema or dataset, name), case-folded."""
        ...

    def cancel(self) -> None:
        """Stop the work that this process has begun elsewhere and waits for, if there is any."""
        ...

    def overview(self, limit: int) -> Overview:
        """Recent loads and deliveries; answers within a second also while a writer works."""
        ...

    def dbt_due(self, tables: Sequence[str]) -> tuple[DbtDue, ...]:
        """Those of the tables whose newest load dbt has not yet seen successfully."""
        ...

    def record_dbt_run(self, due: Sequence[DbtDue], *, succeeded: bool) -> None:
        """Remember that dbt ran for these; success covers loads up to each one's ``sequence``."""
        ...
